// SPDX-License-Identifier: MPL-2.0
//! States of an instance that another release wrote, and its identity: real messages over a connection within the
//! process.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use appenv::provider::Appenv;
use appenv::resource::app_instance::AppInstance;
use appenv::world::World;
use proptest::prelude::*;
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use cli::{Managed, field};
use wire::tfplugin6 as messages;

/// What a build of each schema version before this one wrote, attribute by attribute; in the order of the versions.
const FORMER: [&str; 1] = [include_str!("golden/state-v0.json")];

/// Each of those states, with its version.
fn former() -> Vec<(i64, serde_json::Value)> {
    let states = |text| serde_json::from_str::<Vec<_>>(text).unwrap();
    (0..)
        .zip(FORMER)
        .flat_map(|(at, text)| states(text).into_iter().map(move |s| (at, s)))
        .collect()
}

async fn configured() -> Managed {
    let provider = Appenv::new(World::with(|_| None, std::env::temp_dir()));
    let mut client = cli::connect(provider, StopHandle::new()).await;
    let block = Appenv::schema().block;
    let given = [("organization", "arcodange-org".into()), ("domain", "arcodange.lab".into())];
    let request = messages::configure_provider::Request {
        config: Some(cli::dynamic(&cli::object(&block, &given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    Managed::new(client, AppInstance::TYPE, AppInstance::schema())
}

async fn upgraded(
    managed: &Managed,
    version: i64,
    state: &serde_json::Value,
) -> Result<Value, Vec<String>> {
    let request = messages::upgrade_resource_state::Request {
        type_name: managed.name.to_owned(),
        version,
        raw_state: Some(messages::RawState {
            json: serde_json::to_vec(state).unwrap(),
            ..messages::RawState::default()
        }),
    };
    let answer = managed.client.clone().upgrade_resource_state(request).await.unwrap().into_inner();
    let said = cli::said(&answer.diagnostics);
    if !said.is_empty() {
        return Err(said);
    }
    Ok(cli::value(answer.upgraded_state.as_ref(), &managed.ty))
}

#[tokio::test]
async fn a_state_of_a_former_version_plans_no_change() {
    let kept = i64::try_from(FORMER.len()).unwrap();
    assert_eq!(AppInstance::schema().version, kept, "a golden state of each version before it");
    let former = former();
    assert_eq!(former.len(), 2 * FORMER.len());
    for (version, old) in &former {
        // Each in a run of its own.
        let managed = configured().await;
        let state = upgraded(&managed, *version, old).await.unwrap();
        let names = field(&state, "resolved_names");
        let (app, env) = (old["app"].as_str().unwrap(), old["env"].as_str().unwrap());
        assert_eq!(field(names, "own_ops_policy"), &format!("{app}-{env}-ops").into());
        assert_eq!(
            field(names, "database"),
            &old["resolved_names"]["database"].as_str().unwrap().into()
        );

        let mut given = vec![("app", app.into()), ("env", env.into())];
        if !old["services"].is_null() {
            given.push(("services", Value::List(vec!["api".into()])));
            given.push(("release", "1.2.3".into()));
            let extensions = Value::List(vec!["pg_trgm".into()]);
            let wished = [("extensions", extensions), ("connection_limit", Value::from(20_i64))];
            given.push(("database", managed.element("database", &wished)));
        }
        let config = managed.object(&given);
        let planned = managed.plan(&state, &config, &[]).await.unwrap();
        assert_eq!(planned.state, state, "{app}/{env} of version {version}");
        let applied = managed.apply(&state, &planned.state, &config, &planned.private).await;
        assert_eq!((applied.said, applied.state), (vec![], state));
    }
}

#[tokio::test]
async fn the_identity_is_the_coordinate() {
    let managed = configured().await;
    let request = messages::get_resource_identity_schemas::Request {};
    let answer = managed.client.clone().get_resource_identity_schemas(request).await.unwrap();
    let schemas = answer.into_inner().identity_schemas;
    let attributes: Vec<_> = schemas[AppInstance::TYPE]
        .identity_attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.required_for_import))
        .collect();
    assert_eq!(attributes, [("app", true), ("env", true)]);

    let ty = Type::object([("app", Type::String), ("env", Type::String)]);
    let identity = |app: &str, env: &str| {
        Value::Map([("app".to_owned(), app.into()), ("env".to_owned(), env.into())].into())
    };
    let import = |identity: Value| {
        let request = messages::import_resource_state::Request {
            type_name: managed.name.to_owned(),
            identity: Some(messages::ResourceIdentityData {
                identity_data: Some(cli::dynamic(&identity, &ty)),
            }),
            ..messages::import_resource_state::Request::default()
        };
        let mut client = managed.client.clone();
        async move { client.import_resource_state(request).await.unwrap().into_inner() }
    };
    let answer = import(identity("erp", "sandbox")).await;
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    let [imported] = answer.imported_resources.as_slice() else { panic!("one is imported") };
    let stub = cli::value(imported.state.as_ref(), &managed.ty);
    let read = managed.read(&stub, &imported.private).await;
    assert_eq!(field(&read.state, "instance"), &"erp-sandbox".into());
    let told = read.identity.unwrap();
    assert_eq!(cli::value(told.identity_data.as_ref(), &ty), identity("erp", "sandbox"));

    let refused = import(identity("erp", "moon")).await;
    assert_eq!(cli::said(&refused.diagnostics), ["error .env: Env \"moon\" is not declared"]);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z-]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop::sample::select(vec!["app", "env", "resolved_names", "adopt", "names", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((key, inner), 0..6).prop_map(|fields| {
                let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(fields.collect())
            }),
        ]
    })
}

#[test]
fn no_former_state_is_too_strange_to_be_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let managed = runtime.block_on(configured());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&json(), |state| {
            for version in 0..AppInstance::schema().version {
                let answer = runtime.block_on(upgraded(&managed, version, &state));
                // A panic would be said as one.
                for said in answer.err().unwrap_or_default() {
                    prop_assert!(!said.contains("panic") && !said.contains("bug"), "{}", said);
                }
            }
            Ok(())
        })
        .unwrap();
}
