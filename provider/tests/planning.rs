// SPDX-License-Identifier: MPL-2.0
//! Plans as the CLI asks for them: real messages over a connection within the process.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use std::time::{Duration, Instant};

use appenv::provider::Appenv;
use appenv::resource::app_instance::AppInstance;
use appenv::world::World;
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::schema::Block;
use tfplugin::stop::StopHandle;
use tfplugin::value::Value;

use cli::{Managed, field, with};
use wire::tfplugin6 as messages;

/// A configured provider in an empty world: one run of the CLI, in which a coordinate is planned once.
async fn configured(given: &[(&str, Value)]) -> Managed {
    let provider = Appenv::new(World::with(|_| None, std::env::temp_dir()));
    let mut client = cli::connect(provider, StopHandle::new()).await;
    let block = Appenv::schema().block;
    let request = messages::configure_provider::Request {
        config: Some(cli::dynamic(&cli::object(&block, given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    Managed::new(client, AppInstance::TYPE, AppInstance::schema())
}

fn nested(block: &Block, name: &str, given: &[(&str, Value)]) -> Value {
    cli::object(&block.blocks[name].block, given)
}

fn set(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

/// Servers whose addresses come from resources that do not exist yet.
fn later() -> Vec<(&'static str, Value)> {
    let block = Appenv::schema().block;
    let postgres = nested(&block, "postgres", &[("host", Value::Unknown), ("user", "u".into())]);
    let vault = nested(&block, "vault", &[("address", Value::Unknown), ("token", Value::Unknown)]);
    // The directory of the tests has no backend.
    let gates = nested(&block, "gates", &[("state", "off".into())]);
    vec![("owner", "team".into()), ("postgres", postgres), ("vault", vault), ("gates", gates)]
}

#[tokio::test]
async fn the_same_question_has_the_same_answer_to_the_byte() {
    let (one, other) = (configured(&later()).await, configured(&later()).await);
    let config = one.object(&[
        ("app", "erp".into()),
        ("services", set(&["web", "api"])),
        ("release", "1.2.3".into()),
    ]);
    let request = |managed: &Managed| messages::plan_resource_change::Request {
        type_name: AppInstance::TYPE.to_owned(),
        prior_state: Some(cli::dynamic(&Value::Null, &managed.ty)),
        proposed_new_state: Some(cli::dynamic(&config, &managed.ty)),
        config: Some(cli::dynamic(&config, &managed.ty)),
        ..messages::plan_resource_change::Request::default()
    };
    let first = one.client.clone().plan_resource_change(request(&one)).await.unwrap();
    let second = other.client.clone().plan_resource_change(request(&other)).await.unwrap();
    let (first, second) = (first.into_inner(), second.into_inner());
    assert!(first.diagnostics.is_empty(), "{:?}", first.diagnostics);
    assert_eq!(first, second);
}

#[tokio::test]
async fn nothing_changed_is_nothing_planned() {
    let instance = configured(&[("domain", "example.org".into())]).await;
    let config = instance.object(&[("app", "erp".into()), ("services", set(&["web", "api"]))]);
    let made = instance.change(&Value::Null, &config, b"").await;
    assert_eq!(field(&made.state, "env"), &"prod".into());
    assert_eq!(field(&made.state, "generation"), &0.into());
    let instance = configured(&[("domain", "example.org".into())]).await;
    let seen = instance.read(&made.state, &made.private).await;
    assert_eq!((&seen.state, &seen.private), (&made.state, &made.private));
    let again = instance.plan(&seen.state, &config, &seen.private).await.unwrap();
    assert_eq!(again.state, made.state);
    assert_eq!(again.private, made.private);
    assert_eq!(again.replace, [""; 0]);
    // Another order of a set is no change.
    let instance = configured(&[("domain", "example.org".into())]).await;
    let turned = with(&config, &[("services", set(&["api", "web"]))]);
    let again = instance.plan(&made.state, &turned, &made.private).await.unwrap();
    for name in ["resolved_names", "spec_digest", "objects", "generation", "id"] {
        assert_eq!(field(&again.state, name), field(&made.state, name), "{name}");
    }
}

#[tokio::test]
async fn what_does_not_depend_on_an_unknown_stays_known() {
    let database = |extensions: Value| {
        nested(&AppInstance::schema().block, "database", &[("extensions", extensions)])
    };
    let limit =
        nested(&AppInstance::schema().block, "database", &[("connection_limit", Value::Unknown)]);
    // What waits for the unknown; all else is known.
    for (name, unknown, waits) in [
        ("services", Value::Unknown, &["services", "log_groups", "spec_digest"][..]),
        (
            "services",
            Value::List(vec!["web".into(), Value::Unknown]),
            &["services", "log_groups", "spec_digest"],
        ),
        ("release", Value::Unknown, &["spec_digest"]),
        ("database", database(Value::Unknown), &["spec_digest", "objects"]),
        ("database", limit, &[]),
    ] {
        let instance = configured(&later()).await;
        let config =
            instance.object(&[("app", "erp".into()), ("env", "sandbox".into()), (name, unknown)]);
        let planned = instance.plan(&Value::Null, &config, b"").await.unwrap().state;
        for (known, value) in [
            ("id", "erp/sandbox"),
            ("instance", "erp-sandbox"),
            ("state_prefix", "erp/sandbox"),
            ("on_destroy", "delete"),
        ] {
            assert_eq!(field(&planned, known), &value.into(), "{name}: {known}");
        }
        assert_eq!(field(&planned, "production"), &false.into());
        assert_eq!(field(&planned, "deletion_protection"), &false.into());
        assert_eq!(field(&planned, "facets"), &set(&["postgres", "vault"]));
        let Value::Map(names) = field(&planned, "resolved_names") else { panic!("{planned:?}") };
        assert_eq!(names["database"], "erp-sandbox".into(), "{name}");
        let Value::Map(fields) = &planned else { panic!("{planned:?}") };
        let unknown: Vec<_> = names
            .iter()
            .chain(fields.iter().filter(|(field, _)| *field != name && *field != "generation"))
            .filter(|(_, value)| **value == Value::Unknown)
            .map(|(field, _)| field.as_str())
            .collect();
        let mut waits = waits.to_vec();
        waits.sort_unstable();
        let mut unknown = unknown;
        unknown.sort_unstable();
        assert_eq!(unknown, waits, "{name}");
    }
}

#[tokio::test]
async fn a_coordinate_must_be_known_at_plan_and_may_be_unknown_at_validate() {
    let instance = configured(&[]).await;
    for (name, given) in [
        ("app", [("app", Value::Unknown), ("env", "dev".into())]),
        ("env", [("app", "erp".into()), ("env", Value::Unknown)]),
    ] {
        let config = instance.object(&given);
        assert_eq!(instance.validate(&config, true).await, [""; 0]);
        let refused = instance.plan(&Value::Null, &config, b"").await.unwrap_err();
        assert_eq!(refused, [format!("error .{name}: `{name}` is not known yet")]);
    }
}

#[tokio::test]
async fn servers_that_are_not_known_yet_are_not_looked_at() {
    let instance = configured(&later()).await;
    let config = instance.object(&[("app", "erp".into()), ("env", "sandbox".into())]);
    let planned = instance.plan(&Value::Null, &config, b"").await.unwrap().state;
    let names = field(&planned, "resolved_names");
    assert_eq!(field(names, "database"), &"erp-sandbox".into());
    assert_eq!(field(&planned, "generation"), &Value::Unknown);
    let Value::Map(objects) = field(&planned, "objects") else { panic!("{planned:?}") };
    assert!(
        objects.len() > 5 && objects.values().all(|state| *state == "ok".into()),
        "{objects:?}"
    );
}

#[tokio::test]
async fn a_call_before_configure_is_refused_in_words() {
    let provider = Appenv::new(World::with(|_| None, std::env::temp_dir()));
    let client = cli::connect(provider, StopHandle::new()).await;
    let instance = Managed::new(client, AppInstance::TYPE, AppInstance::schema());
    let config = instance.object(&[("app", "erp".into())]);
    let refused = instance.plan(&Value::Null, &config, b"").await.unwrap_err();
    assert_eq!(refused, ["error: Provider not configured"]);
}

#[tokio::test]
async fn a_thousand_instances_of_names_are_read_and_planned_at_once() {
    let instance = configured(&[]).await;
    let config = |n: usize| {
        instance.object(&[("app", format!("app{n}").as_str().into()), ("env", "sandbox".into())])
    };
    let mut made = Vec::new();
    for n in 0..1000 {
        let planned = instance.plan(&Value::Null, &config(n), b"").await.unwrap();
        made.push(planned);
    }
    let instance = configured(&[]).await;
    let began = Instant::now();
    for (n, made) in made.iter().enumerate() {
        let seen = instance.read(&made.state, &made.private).await;
        instance.plan(&seen.state, &config(n), &seen.private).await.unwrap();
    }
    // Unoptimised and on a shared machine; what matters is that it is not quadratic and waits for nothing.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
