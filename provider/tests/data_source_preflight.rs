// SPDX-License-Identifier: MPL-2.0
//! `appenv_preflight` through the protocol, with no server: what it answers, and which attribute a mistake is at.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use appenv::data_source::preflight::PreflightSource;
use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::data_source::DataSource;
use tfplugin::provider::Provider;
use tfplugin::stop::StopHandle;
use tfplugin::value::Value;

use cli::{Client, field};
use wire::tfplugin6 as messages;

async fn connected() -> Client {
    let provider = Appenv::new(World::with(|_| None, std::env::temp_dir()));
    cli::connect(provider, StopHandle::new()).await
}

async fn configured(given: &[(&str, Value)]) -> Client {
    let mut client = connected().await;
    let block = Appenv::schema().block;
    let request = messages::configure_provider::Request {
        config: Some(cli::dynamic(&cli::object(&block, given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    client
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

fn config(given: &[(&str, Value)]) -> messages::DynamicValue {
    let block = PreflightSource::schema().block;
    cli::dynamic(&cli::object(&block, given), &block.ty())
}

/// What is read, or what is said against it.
async fn read(client: &mut Client, given: &[(&str, Value)]) -> Result<Value, Vec<String>> {
    let request = messages::read_data_source::Request {
        type_name: PreflightSource::TYPE.to_owned(),
        config: Some(config(given)),
        ..messages::read_data_source::Request::default()
    };
    let answer = client.read_data_source(request).await.unwrap().into_inner();
    if !answer.diagnostics.is_empty() {
        return Err(cli::said(&answer.diagnostics));
    }
    Ok(cli::value(answer.state.as_ref(), &PreflightSource::schema().block.ty()))
}

/// `check: status` of every finding.
fn told(read: &Value) -> Vec<String> {
    let Value::List(findings) = field(read, "findings") else { panic!("{read:?}") };
    let text = |finding: &Value, name| match field(finding, name) {
        Value::String(text) => text.clone(),
        other => panic!("{name} is {other:?}"),
    };
    findings.iter().map(|f| format!("{}: {}", text(f, "check"), text(f, "status"))).collect()
}

#[tokio::test]
async fn without_a_server_the_names_are_all_that_is_asked() {
    let mut client = configured(&[]).await;
    let answer = read(&mut client, &[("app", "erp".into())]).await.unwrap();
    assert_eq!(field(&answer, "env"), &"prod".into());
    assert_eq!(field(&answer, "instance"), &"erp".into());
    assert_eq!(field(&answer, "ok"), &true.into());
    assert_eq!(told(&answer), ["names: ok"]);

    let given = [("app", "erp".into()), ("env", "dev".into()), ("probe", true.into())];
    let answer = read(&mut client, &given).await.unwrap();
    assert_eq!(
        told(&answer),
        ["names: ok", "probe_lease: skip", "probe_role: skip", "probe_revoke: skip"]
    );
}

#[tokio::test]
async fn a_server_that_is_known_only_after_apply_is_skipped() {
    let block = Appenv::schema().block;
    let postgres = cli::object(&block.blocks["postgres"].block, &[("host", Value::Unknown)]);
    let given = [("owner", "team".into()), ("postgres", postgres)];
    let mut client = configured(&given).await;
    let answer = read(&mut client, &[("app", "erp".into()), ("probe", true.into())]).await.unwrap();
    let told = told(&answer);
    assert_eq!(told[0], "names: ok");
    assert!(told.contains(&"database_owner: skip".to_owned()), "{told:?}");
    assert!(told[1..].iter().all(|told| told.ends_with(": skip")), "{told:?}");
    assert_eq!(field(&answer, "ok"), &true.into());
}

#[tokio::test]
async fn names_that_cannot_be_are_a_finding() {
    let mut client = configured(&[]).await;
    let (app, service) = ("a".repeat(40), "b".repeat(30));
    let given =
        [("app", (*app).into()), ("env", "sandbox".into()), ("services", texts(&[&service]))];
    let answer = read(&mut client, &given).await.unwrap();
    assert_eq!(field(&answer, "ok"), &false.into());
    assert_eq!(field(&answer, "instance"), &Value::Null);
    assert!(told(&answer).iter().all(|told| told == "names: fail"), "{:?}", told(&answer));
}

#[tokio::test]
async fn mistakes_are_at_their_attribute() {
    let mut client = connected().await;
    let app = ("app", Value::from("erp"));
    for (given, says) in [
        (("env", "main".into()), "error .env: Env \"main\" is reserved"),
        (
            ("required_keys", texts(&["A B"])),
            "error .required_keys: `required_keys` cannot hold \"A B\"",
        ),
        (("timeout", "0s".into()), "error .timeout: `timeout` cannot be \"0s\""),
        (("timeout", "1h".into()), "error .timeout: `timeout` cannot be \"1h\""),
    ] {
        let request = messages::validate_data_resource_config::Request {
            type_name: PreflightSource::TYPE.to_owned(),
            config: Some(config(&[app.clone(), given])),
        };
        let answer = client.validate_data_resource_config(request).await.unwrap().into_inner();
        let said = cli::said(&answer.diagnostics);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with(says), "{said:?}");
    }
    let refused = read(&mut client, std::slice::from_ref(&app)).await;
    assert_eq!(refused.unwrap_err(), ["error: Provider not configured"]);

    let mut client = configured(&[]).await;
    let keys = [app, ("required_keys", texts(&["TOKEN"]))];
    let refused = read(&mut client, &keys).await;
    assert_eq!(refused.unwrap_err(), ["error .store: No store of secrets is configured"]);
}
