// SPDX-License-Identifier: MPL-2.0
//! `appenv_names` through the protocol: what it answers, and which attribute a mistake is at.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use appenv::data_source::names::NamesSource;
use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::data_source::DataSource;
use tfplugin::provider::Provider;
use tfplugin::stop::StopHandle;
use tfplugin::value::Value;

use cli::{Client, field};
use wire::tfplugin6 as messages;

fn provider() -> Appenv {
    Appenv::new(World::with(|_| None, std::env::temp_dir()))
}

async fn configured(given: &[(&str, Value)]) -> Client {
    let mut client = cli::connect(provider(), StopHandle::new()).await;
    let block = Appenv::schema().block;
    let request = messages::configure_provider::Request {
        config: Some(cli::dynamic(&cli::object(&block, given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    client
}

fn environment(name: &str, production: bool, apps: Value) -> Value {
    let block = Appenv::schema().block;
    let given = [("name", name.into()), ("production", production.into()), ("apps", apps)];
    cli::object(&block.blocks["environment"].block, &given)
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

fn config(given: &[(&str, Value)]) -> messages::DynamicValue {
    let block = NamesSource::schema().block;
    cli::dynamic(&cli::object(&block, given), &block.ty())
}

fn overrides(given: &[(&str, Value)]) -> Value {
    cli::object(&NamesSource::schema().block.blocks["names"].block, given)
}

/// What is read, or what is said against it.
async fn read(client: &mut Client, given: &[(&str, Value)]) -> Result<Value, Vec<String>> {
    let request = messages::read_data_source::Request {
        type_name: NamesSource::TYPE.to_owned(),
        config: Some(config(given)),
        ..messages::read_data_source::Request::default()
    };
    let answer = client.read_data_source(request).await.unwrap().into_inner();
    if !answer.diagnostics.is_empty() {
        return Err(cli::said(&answer.diagnostics));
    }
    Ok(cli::value(answer.state.as_ref(), &NamesSource::schema().block.ty()))
}

async fn validate(client: &mut Client, given: &[(&str, Value)]) -> Vec<String> {
    let request = messages::validate_data_resource_config::Request {
        type_name: NamesSource::TYPE.to_owned(),
        config: Some(config(given)),
    };
    let answer = client.validate_data_resource_config(request).await.unwrap().into_inner();
    cli::said(&answer.diagnostics)
}

#[tokio::test]
async fn with_nothing_configured_it_answers_by_the_default() {
    let mut client = configured(&[]).await;
    let read = read(&mut client, &[("app", "erp".into())]).await.unwrap();
    for (name, value) in [
        ("env", "prod".into()),
        ("instance", "erp".into()),
        ("production", true.into()),
        ("state_prefix", "erp/main".into()),
        ("convention", "elided-v1".into()),
        ("log_retention_days", Value::Null),
        ("services", Value::Null),
        ("names", Value::Null),
    ] {
        assert_eq!(field(&read, name), &value, "{name}");
    }
    let names = field(&read, "resolved_names");
    assert_eq!(field(names, "owner_role"), &"erp_role".into());
    assert_eq!(field(names, "dns_host"), &Value::Null);
    let Value::List(envs) = field(&read, "environments") else { panic!("{read:?}") };
    let of = |env: &Value| (field(env, "name").clone(), field(env, "production").clone());
    let envs: Vec<_> = envs.iter().map(of).collect();
    let expected = [("prod", true), ("staging", false), ("sandbox", false), ("dev", false)];
    assert_eq!(envs, expected.map(|(name, production)| (name.into(), production.into())));
}

#[tokio::test]
async fn the_provider_configuration_decides() {
    let mut client = configured(&[
        ("organization", "acme".into()),
        ("domain", "acme.org".into()),
        (
            "environment",
            Value::List(vec![
                environment("live", true, Value::Null),
                environment("qa", false, texts(&["erp"])),
            ]),
        ),
    ])
    .await;
    let given = [("app", "erp".into()), ("env", "qa".into()), ("services", texts(&["api"]))];
    let answer = read(&mut client, &given).await.unwrap();
    let names = field(&answer, "resolved_names");
    assert_eq!(field(names, "dns_host"), &"erp-qa.acme.org".into());
    assert_eq!(field(names, "repository"), &"acme/erp".into());
    assert_eq!(field(field(names, "services"), "api"), &"erp-qa-api".into());
    assert_eq!(field(&answer, "production"), &false.into());
    let Value::List(envs) = field(&answer, "environments") else { panic!("{answer:?}") };
    assert_eq!(field(&envs[0], "apps"), &Value::Null);
    assert_eq!(field(&envs[1], "apps"), &texts(&["erp"]));
    let live = read(&mut client, &[("app", "crm".into())]).await.unwrap();
    assert_eq!(field(&live, "env"), &"live".into());
    assert_eq!(field(&live, "instance"), &"crm".into());
    let refused = read(&mut client, &[("app", "crm".into()), ("env", "qa".into())]).await;
    assert_eq!(refused.unwrap_err(), ["error .env: Env \"qa\" is not open to app \"crm\""]);
}

#[tokio::test]
async fn the_days_that_logs_are_kept_are_handed_on() {
    let block = &Appenv::schema().block.blocks["environment"].block;
    let environment = |given: &[(&str, Value)]| cli::object(block, given);
    let environments = vec![
        environment(&[("name", "dev".into()), ("log_retention_days", 7.into())]),
        environment(&[("name", "qa".into())]),
        environment(&[
            ("name", "prod".into()),
            ("production", true.into()),
            ("log_retention_days", 3653.into()),
        ]),
    ];
    let mut client = configured(&[("environment", Value::List(environments))]).await;
    let expected = [("dev", 7.into()), ("qa", Value::Null), ("prod", 3653.into())];
    for (env, days) in &expected {
        let answer = read(&mut client, &[("app", "erp".into()), ("env", (*env).into())]).await;
        let answer = answer.unwrap();
        assert_eq!(field(&answer, "log_retention_days"), days, "{env}");
        let Value::List(envs) = field(&answer, "environments") else { panic!("{answer:?}") };
        let told = envs.iter().map(|of| (field(of, "name"), field(of, "log_retention_days")));
        let all = expected.each_ref().map(|(name, days)| (Value::from(*name), days.clone()));
        assert!(told.eq(all.iter().map(|(name, days)| (name, days))), "{envs:?}");
    }
}

#[tokio::test]
async fn written_names_stand_in_the_place_of_the_conventions() {
    let mut client = configured(&[]).await;
    let written = overrides(&[("database", "erp_old".into()), ("state_prefix", "old/erp".into())]);
    let given = [("app", "erp".into()), ("env", "dev".into()), ("names", written)];
    let answer = read(&mut client, &given).await.unwrap();
    let names = field(&answer, "resolved_names");
    assert_eq!(field(names, "database"), &"erp_old".into());
    assert_eq!(field(names, "owner_role"), &"erp_dev_role".into());
    assert_eq!(field(&answer, "state_prefix"), &"old/erp".into());
    // The block is the same as that of the provider and of an instance: every name but the instance's own.
    let block = NamesSource::schema().block;
    let mut writable: Vec<_> = block.blocks["names"].block.attributes.keys().cloned().collect();
    writable.sort();
    let mut rows: Vec<_> =
        appenv::naming::ROWS.iter().map(|row| row.key).filter(|key| *key != "instance").collect();
    rows.sort_unstable();
    assert_eq!(writable, rows);
}

#[tokio::test]
async fn mistakes_of_form_are_said_at_validate_and_the_rest_at_read() {
    let mut client = cli::connect(provider(), StopHandle::new()).await;
    for (given, says) in [
        ([("app", "Erp".into()), ("env", "dev".into())], "error .app: App \"Erp\" is not a name"),
        ([("app", "erp".into()), ("env", "main".into())], "error .env: Env \"main\" is reserved"),
        (
            [("app", "erp".into()), ("services", texts(&["a.b"]))],
            "error .services: Service \"a.b\" is not a name",
        ),
        (
            [("app", "erp".into()), ("names", overrides(&[("database", "postgres".into())]))],
            "error .names.database: database \"postgres\"",
        ),
    ] {
        let said = validate(&mut client, &given).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with(says), "{said:?}");
    }
    // Anything may be unknown at validate.
    let block = overrides(&[("database", Value::Unknown)]);
    let services = Value::List(vec!["api".into(), Value::Unknown]);
    let given = [
        ("app", Value::Unknown),
        ("env", Value::Unknown),
        ("services", services),
        ("names", block),
    ];
    assert_eq!(validate(&mut client, &given).await, [""; 0]);

    let refused = read(&mut client, &[("app", "erp".into())]).await;
    assert_eq!(refused.unwrap_err(), ["error: Provider not configured"]);
    let mut client = configured(&[]).await;
    let refused = read(&mut client, &[("app", "erp".into()), ("env", "qa".into())]).await;
    assert_eq!(refused.unwrap_err(), ["error .env: Env \"qa\" is not declared"]);
    let refused = read(&mut client, &[("app", "erp-dev".into())]).await;
    assert_eq!(
        refused.unwrap_err(),
        ["error .app: App \"erp-dev\" cannot be told from app \"erp\" in env \"dev\""]
    );
}
