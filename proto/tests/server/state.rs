// SPDX-License-Identifier: MPL-2.0
use serde_json::json;
use tfplugin::value::{Type, Value};

use crate::cli::{Managed, dynamic, field, private, said, value, with};
use crate::thing;
use crate::wire::tfplugin6 as wire;

#[tokio::test]
async fn a_thing_that_is_gone_reads_as_null_and_one_that_is_there_as_it_is() {
    let (thing, world) = thing().await;
    let config = thing.object(&[("name", "a".into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let seen = thing.read(&made.state, &made.private).await;
    assert_eq!(seen.state, made.state);
    assert_eq!(private(&seen.private), json!({"planned": true, "made": 1, "seen": true}));
    assert!(seen.identity.is_some());
    world.facts().things.clear();
    let gone = thing.read(&made.state, &made.private).await;
    assert_eq!((gone.state, gone.said), (Value::Null, Vec::new()));
    assert!(gone.identity.is_none());
    assert_eq!(thing.read(&Value::Null, b"").await.state, Value::Null);
}

#[tokio::test]
async fn a_read_that_fails_keeps_state_and_private_state() {
    let (thing, _) = thing().await;
    let state = thing.object(&[("name", "a".into()), ("behave", "fail to read".into())]);
    let failed = thing.read(&state, b"{\"kept\":1}").await;
    assert_eq!(failed.said, ["error: Cannot look"]);
    assert_eq!(failed.state, state);
    assert_eq!(failed.private, b"{\"kept\":1}");
}

fn identity_type() -> Type {
    Type::object([("name", Type::String)])
}

async fn import(
    thing: &Managed,
    id: &str,
    identity: Option<&str>,
) -> wire::import_resource_state::Response {
    let identity = identity.map(|name| {
        let value = Value::Map([("name".to_owned(), name.into())].into());
        wire::ResourceIdentityData { identity_data: Some(dynamic(&value, &identity_type())) }
    });
    let request = wire::import_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        id: id.to_owned(),
        identity,
        ..wire::import_resource_state::Request::default()
    };
    thing.client.clone().import_resource_state(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_thing_is_imported_by_id_and_by_identity() {
    let (thing, _) = thing().await;
    for answer in [import(&thing, "a", None).await, import(&thing, "", Some("a")).await] {
        assert_eq!(said(&answer.diagnostics), [""; 0]);
        let [imported] = answer.imported_resources.as_slice() else { panic!("one resource") };
        assert_eq!(imported.type_name, "toy_thing");
        let state = value(imported.state.as_ref(), &thing.ty);
        assert_eq!(state, thing.object(&[("name", "a".into()), ("id", "id-a".into())]));
        assert_eq!(private(&imported.private), json!({"imported": true}));
        let identity = imported.identity.as_ref().unwrap().identity_data.as_ref();
        assert_eq!(field(&value(identity, &identity_type()), "name"), &Value::from("a"));
    }
    let answer = import(&thing, "", None).await;
    assert_eq!(said(&answer.diagnostics), ["error: Import without an id"]);
    assert!(answer.imported_resources.is_empty());
}

async fn upgrade(thing: &Managed, version: i64, json: &[u8]) -> Result<Value, Vec<String>> {
    let request = wire::upgrade_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        version,
        raw_state: Some(wire::RawState { json: json.to_vec(), flatmap: [].into() }),
    };
    let answer = thing.client.clone().upgrade_resource_state(request).await.unwrap().into_inner();
    match said(&answer.diagnostics) {
        said if said.is_empty() => Ok(value(answer.upgraded_state.as_ref(), &thing.ty)),
        said => Err(said),
    }
}

#[tokio::test]
async fn a_state_of_the_present_version_is_read_by_the_schema() {
    let (thing, _) = thing().await;
    let state = json!({
        "name": "a", "size": 2, "ratio": 0.1, "removed_attribute": {"x": 1}, "token": "leaked",
        "tags": ["x"], "labels": {"k": "v"}, "extra": {"value": 7, "type": "number"},
        "network": {"cidr": "c", "gateway": null}, "rule": [{"port": 80, "rule_id": "r"}], "mount": []
    });
    let expected = thing.object(&[
        ("name", "a".into()),
        ("size", 2.into()),
        ("ratio", Value::Number("0.1".parse().unwrap())),
        ("tags", Value::List(vec!["x".into()])),
        ("labels", Value::Map([("k".to_owned(), "v".into())].into())),
        ("extra", Value::Dynamic(Box::new(Type::Number), Box::new(7.into()))),
        ("network", thing.element("network", &[("cidr", "c".into())])),
        (
            "rule",
            Value::List(vec![
                thing.element("rule", &[("port", 80.into()), ("rule_id", "r".into())]),
            ]),
        ),
    ]);
    let pretty = serde_json::to_vec_pretty(&state).unwrap();
    assert_eq!(upgrade(&thing, 1, &pretty).await.unwrap(), expected);
    assert_eq!(upgrade(&thing, 1, b"").await.unwrap(), Value::Null);
}

#[tokio::test]
async fn an_older_state_goes_through_the_author() {
    let (thing, _) = thing().await;
    let upgraded = upgrade(&thing, 0, br#"{"title":"a","id":"id-a","size":1}"#).await.unwrap();
    let expected = thing.object(&[("name", "a".into()), ("id", "id-a".into()), ("size", 1.into())]);
    assert_eq!(upgraded, expected);
    let said = upgrade(&thing, 0, br#"{"title":"panic"}"#).await.unwrap_err();
    assert!(said[0].starts_with("error: Internal error "), "{said:?}");
    assert_eq!(upgrade(&thing, 0, b"[]").await.unwrap_err(), ["error: Not an object"]);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_a_diagnostic() {
    let (thing, _) = thing().await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (version, json) in [
        (1, "{".as_bytes()),
        (0, b"\xff\xfe"),
        (0, b"{\"title\":"),
        (1, b"[1]"),
        (1, br#"{"size":"hunter2"}"#),
        (1, br#"{"rule":{"port":1}}"#),
        (1, deep.as_bytes()),
        (0, deep.as_bytes()),
        (7, b"{}"),
    ] {
        let said = upgrade(&thing, version, json).await.unwrap_err();
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("Cannot read the "), "{said:?}");
    }
    let request = wire::upgrade_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        version: 0,
        raw_state: Some(wire::RawState {
            json: Vec::new(),
            flatmap: [("id".to_owned(), "x".to_owned())].into(),
        }),
    };
    let answer = thing.client.clone().upgrade_resource_state(request).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), ["error: Cannot read the state of toy_thing"]);
}

#[tokio::test]
async fn an_identity_is_read_by_its_schema() {
    let (thing, _) = thing().await;
    let ask = |version, json: &[u8]| wire::upgrade_resource_identity::Request {
        type_name: "toy_thing".to_owned(),
        version,
        raw_identity: Some(wire::RawState { json: json.to_vec(), flatmap: [].into() }),
    };
    let mut client = thing.client.clone();
    let request = ask(0, br#"{"name":"a"}"#);
    let answer = client.upgrade_resource_identity(request).await.unwrap().into_inner();
    let identity = answer.upgraded_identity.unwrap().identity_data;
    assert_eq!(field(&value(identity.as_ref(), &identity_type()), "name"), &Value::from("a"));
    for request in [ask(3, b"{}"), ask(0, b"nonsense")] {
        let answer = client.upgrade_resource_identity(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics), ["error: Cannot read the identity of toy_thing"]);
        assert!(answer.upgraded_identity.is_none());
    }
}

#[tokio::test]
async fn a_thing_takes_over_another_types_state() {
    let (thing, _) = thing().await;
    let ask = |provider: &str, version, json: &[u8]| wire::move_resource_state::Request {
        source_provider_address: provider.to_owned(),
        source_type_name: "blocks_brick".to_owned(),
        source_schema_version: version,
        source_state: Some(wire::RawState { json: json.to_vec(), flatmap: [].into() }),
        target_type_name: "toy_thing".to_owned(),
        source_private: b"{\"alien\":1}".to_vec(),
        ..wire::move_resource_state::Request::default()
    };
    let mut client = thing.client.clone();
    let brick = br#"{"label":"a","id":"b-1","color":"grey"}"#;
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let request = ask(&format!("{host}/example/blocks"), 3, brick);
        let answer = client.move_resource_state(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics), [""; 0]);
        let state = value(answer.target_state.as_ref(), &thing.ty);
        assert_eq!(state, thing.object(&[("name", "a".into()), ("id", "b-1".into())]));
        assert_eq!(answer.target_private, b"", "another type's private state means nothing here");
        assert!(answer.target_identity.is_some());
    }
    for (provider, version, json, expected) in [
        ("h/example/wood", 3, brick.as_slice(), "error: Cannot move blocks_brick to toy_thing"),
        ("h/example/blocks", 2, brick, "error: Unknown brick"),
        ("h/example/blocks", 3, b"{".as_slice(), "error: Cannot read the state of blocks_brick"),
    ] {
        let answer = client.move_resource_state(ask(provider, version, json)).await.unwrap();
        let answer = answer.into_inner();
        assert_eq!(said(&answer.diagnostics), [expected]);
        assert!(answer.target_state.is_none());
    }
}

#[tokio::test]
async fn a_data_source_answers_wholly_known_or_not_at_all() {
    let (thing, _) = thing().await;
    thing.change(&Value::Null, &thing.object(&[("name", "a".into())]), b"").await;
    let ty = Type::object([("name", Type::String), ("id", Type::String), ("exists", Type::Bool)]);
    let config = |name: &str| {
        let fields = [("name", name.into()), ("id", Value::Null), ("exists", Value::Null)];
        Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
    };
    let mut client = thing.client.clone();
    let ask = |name: &str| wire::read_data_source::Request {
        type_name: "toy_lookup".to_owned(),
        config: Some(dynamic(&config(name), &ty)),
        ..wire::read_data_source::Request::default()
    };
    let answer = client.read_data_source(ask("a")).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), [""; 0]);
    let found = with(&config("a"), &[("id", "id-a".into()), ("exists", true.into())]);
    assert_eq!(value(answer.state.as_ref(), &ty), found);

    let answer = client.read_data_source(ask("b")).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), ["warning: No such thing"]);
    assert_eq!(field(&value(answer.state.as_ref(), &ty), "exists"), &Value::from(false));

    let answer = client.read_data_source(ask("unknown")).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), ["error .id: Bug in the provider: toy_lookup"]);
    assert!(answer.state.is_none());

    let answer = client.read_data_source(ask("panic")).await.unwrap().into_inner();
    assert!(said(&answer.diagnostics)[0].starts_with("error: Internal error "));
}
