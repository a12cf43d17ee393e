// SPDX-License-Identifier: MPL-2.0
use tfplugin::schema::{Attribute, Block};
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use crate::cli::{connect, dynamic, object, said};
use crate::thing;
use crate::toy::Toy;
use crate::wire::tfplugin6 as wire;

#[tokio::test]
async fn a_right_configuration_passes_in_silence() {
    let (thing, _) = thing().await;
    let config = thing.object(&[
        ("name", "a".into()),
        ("size", Value::Unknown),
        ("token", "t".into()),
        ("network", thing.element("network", &[("cidr", Value::Unknown)])),
        ("rule", Value::List(vec![thing.element("rule", &[("port", 80.into())])])),
    ]);
    assert_eq!(thing.validate(&config, true).await, [""; 0]);
}

#[tokio::test]
async fn what_core_does_not_check_is_checked_by_the_schema() {
    let (thing, _) = thing().await;
    let config = thing.object(&[
        ("id", "mine".into()),
        ("old", "x".into()),
        ("token", Value::Unknown),
        ("rule", Value::List(vec![thing.element("rule", &[("rule_id", Value::Unknown)])])),
    ]);
    assert_eq!(
        thing.validate(&config, false).await,
        [
            "error .id: Value for a read-only attribute",
            "error .name: Missing value for a required argument",
            "error .token: Write-only argument not supported by this CLI",
            "error .rule[0].port: Missing value for a required argument",
            "error .rule[0].rule_id: Value for a read-only attribute",
            "warning .old: The argument \"old\" is deprecated",
        ]
    );
}

#[tokio::test]
async fn the_author_judges_too_and_says_everything_at_once() {
    let (thing, _) = thing().await;
    let rule = |port: i64| thing.element("rule", &[("port", port.into())]);
    let config = thing.object(&[
        ("id", "mine".into()),
        ("name", "a".into()),
        ("size", 101.into()),
        ("rule", Value::List(vec![rule(80), rule(0), rule(70_000)])),
    ]);
    assert_eq!(
        thing.validate(&config, true).await,
        [
            "error .id: Value for a read-only attribute",
            "error .rule[1].port: No such port",
            "error .rule[2].port: No such port",
            "warning: Large thing",
        ]
    );
}

#[tokio::test]
async fn blocks_that_are_not_known_yet_are_judged_later() {
    let (thing, _) = thing().await;
    let open =
        thing.object(&[("id", "mine".into()), ("name", "a".into()), ("rule", Value::Unknown)]);
    let read_only = "error .id: Value for a read-only attribute";
    assert_eq!(thing.validate(&open, true).await, [read_only], "the schema still judges");

    // A model that keeps its blocks in an `Attr` sees that they are unknown, and plans with them.
    let mount = thing.object(&[("name", "a".into()), ("mount", Value::Unknown)]);
    assert_eq!(thing.validate(&mount, true).await, [""; 0]);
    let planned = thing.plan(&Value::Null, &mount, b"").await.unwrap();
    assert_eq!(crate::cli::field(&planned.state, "mount"), &Value::Unknown);

    // One that does not can plan nothing, and says what to do.
    let open = thing.object(&[("name", "a".into()), ("rule", Value::Unknown)]);
    let refused = thing.plan(&Value::Null, &open, b"").await.unwrap_err();
    assert_eq!(refused, ["error .rule: Blocks that are not known yet"]);
}

#[tokio::test]
async fn data_sources_and_ephemeral_resources_are_judged_alike() {
    let mut client = connect(Toy::default(), StopHandle::new()).await;
    let text = |name: &str| (name.to_owned(), Type::String);
    let found = Type::object([text("name"), text("id"), ("exists".to_owned(), Type::Bool)]);
    let config = |name: Value| {
        let fields = [("name", name), ("id", "x".into()), ("exists", Value::Null)];
        Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
    };
    let ask = |config: Value| wire::validate_data_resource_config::Request {
        type_name: "toy_lookup".to_owned(),
        config: Some(dynamic(&config, &found)),
    };
    let answer = client.validate_data_resource_config(ask(config("".into()))).await.unwrap();
    assert_eq!(
        said(&answer.into_inner().diagnostics),
        ["error .id: Value for a read-only attribute", "error .name: Empty name"]
    );

    let lease = Type::object([text("name"), text("value")]);
    let config =
        Value::Map([("name".to_owned(), Value::Null), ("value".to_owned(), Value::Null)].into());
    let request = wire::validate_ephemeral_resource_config::Request {
        type_name: "toy_lease".to_owned(),
        config: Some(dynamic(&config, &lease)),
    };
    let answer = client.validate_ephemeral_resource_config(request).await.unwrap();
    assert_eq!(
        said(&answer.into_inner().diagnostics),
        ["error .name: Missing value for a required argument"]
    );
}

#[tokio::test]
async fn a_provider_block_is_judged_without_being_configured() {
    let toy = Toy::default();
    let world = toy.world.clone();
    let mut client = connect(toy, StopHandle::new()).await;
    let block = Block::new("").attribute("endpoint", Attribute::optional(Type::String, "x"));
    for (endpoint, expected) in [
        (Value::Null, vec![]),
        (Value::Unknown, vec![]),
        ("nowhere".into(), vec!["error .endpoint: No such endpoint"]),
        ("attic".into(), vec!["warning: Dusty endpoint"]),
    ] {
        let config = Some(dynamic(&object(&block, &[("endpoint", endpoint)]), &block.ty()));
        let request = wire::validate_provider_config::Request { config };
        let answer = client.validate_provider_config(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics), expected);
    }
    assert!(world.facts().configured.is_empty());
}

#[tokio::test]
async fn unknown_types_are_a_diagnostic_in_every_call() {
    let mut client = connect(Toy::default(), StopHandle::new()).await;
    let name = || "toy_ghost".to_owned();
    let mut all = Vec::new();
    macro_rules! ask {
        ($rpc:ident { $($field:ident: $value:expr),* }) => {{
            let request = wire::$rpc::Request { $($field: $value,)* ..wire::$rpc::Request::default() };
            all.extend(client.$rpc(request).await.unwrap().into_inner().diagnostics);
        }};
    }
    ask!(validate_resource_config { type_name: name() });
    ask!(validate_data_resource_config { type_name: name() });
    ask!(validate_ephemeral_resource_config { type_name: name() });
    ask!(plan_resource_change { type_name: name() });
    ask!(apply_resource_change { type_name: name() });
    ask!(read_resource { type_name: name() });
    ask!(import_resource_state { type_name: name() });
    ask!(upgrade_resource_state { type_name: name() });
    ask!(upgrade_resource_identity { type_name: name() });
    ask!(move_resource_state { target_type_name: name() });
    ask!(read_data_source { type_name: name() });
    ask!(open_ephemeral_resource { type_name: name() });
    ask!(renew_ephemeral_resource { type_name: name() });
    ask!(close_ephemeral_resource { type_name: name() });
    assert_eq!(all.len(), 14);
    for diagnostic in &all {
        assert!(diagnostic.summary.starts_with("Unknown "), "{}", diagnostic.summary);
        assert!(diagnostic.detail.contains("\"toy_ghost\""), "{}", diagnostic.detail);
    }
}
