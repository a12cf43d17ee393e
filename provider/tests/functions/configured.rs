// SPDX-License-Identifier: MPL-2.0
//! OpenTofu calls functions on the process that it has configured, Terraform on one that it has not: both must be answered
//! alike, whatever the provider block says.

use tfplugin::provider::Provider;
use tfplugin::stop::StopHandle;
use tfplugin::value::Value;

use appenv::provider::Appenv;
use appenv::world::World;

use super::super::{any, call, cli, instance, messages, text, unconfigured};
use cli::Client;

/// Configured with what would change every name, were it read.
async fn configured() -> Client {
    let world = World::with(|_| None, "/nonexistent");
    let mut client = cli::connect(Appenv::new(world), StopHandle::new()).await;
    let block = Appenv::schema().block;
    let given = [
        ("convention", Value::from("suffixed-v1")),
        ("organization", "acme".into()),
        ("domain", "acme.example".into()),
    ];
    let request = messages::configure_provider::Request {
        // What OpenTofu 1.12 and later say, whichever version they are.
        terraform_version: "1.13.0".to_owned(),
        config: Some(cli::dynamic(&cli::object(&block, &given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    client
}

#[tokio::test]
async fn functions_do_not_read_the_provider_block() {
    let (mut bare, mut full) = (unconfigured().await, configured().await);
    for name in ["names", "instance", "state_prefix"] {
        for env in [Value::Null, "sandbox".into()] {
            let arguments = || vec![text("erp"), text(env.clone()), any(Value::Null)];
            let answer = call(&mut bare, name, arguments()).await;
            assert!(answer.is_ok(), "{name}: {answer:?}");
            assert_eq!(call(&mut full, name, arguments()).await, answer, "{name}");
        }
    }
    let parse = || vec![text("erp-sandbox"), any(Value::Null)];
    let parsed = call(&mut bare, "parse_instance", parse()).await;
    assert!(parsed.is_ok(), "{parsed:?}");
    assert_eq!(call(&mut full, "parse_instance", parse()).await, parsed);
    // The default convention, in which production elides; the block's would say `erp-prod`.
    let erp = instance(&mut full, "erp", "prod".into(), Value::Null).await;
    assert_eq!(erp, Ok("erp".into()));
}

#[tokio::test]
async fn the_list_of_functions_is_the_same_before_and_after_configure() {
    let mut listed = Vec::new();
    for mut client in [unconfigured().await, configured().await] {
        let answer = client.get_functions(messages::get_functions::Request {}).await.unwrap();
        let functions = answer.into_inner().functions;
        assert!(functions.contains_key("names"));
        listed.push(functions);
    }
    assert_eq!(listed[0], listed[1]);
}
