// SPDX-License-Identifier: MPL-2.0
//! Bytes that no CLI sends.

use tfplugin::value::Value;

use crate::cli::{field, private, said};
use crate::thing;
use crate::wire::tfplugin6 as wire;

fn bytes(msgpack: Vec<u8>) -> wire::DynamicValue {
    wire::DynamicValue { msgpack, json: Vec::new() }
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a reserved byte", vec![0xc1]),
        ("an array of 2^32-1", vec![0xdd, 0xff, 0xff, 0xff, 0xff]),
        ("a map of 2^32-1", vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
        ("a string of 2^32-1", vec![0xdb, 0xff, 0xff, 0xff, 0xff]),
        ("a binary of 2^32-1", vec![0xc6, 0xff, 0xff, 0xff, 0xff]),
        ("deep arrays", vec![0x91; 100_000]),
        ("deep maps", [0x81, 0xa1, b'a'].repeat(100_000)),
        ("an object without its attributes", vec![0x80]),
        ("a list for an object", vec![0x90]),
        ("something after the value", vec![0xc0, 0xc0]),
    ]
}

#[tokio::test]
async fn bytes_that_cannot_be_read_are_a_diagnostic_in_every_call() {
    let (thing, _) = thing().await;
    let mut client = thing.client.clone();
    for (what, bomb) in bombs() {
        let name = || "toy_thing".to_owned();
        let request = wire::validate_resource_config::Request {
            type_name: name(),
            config: Some(bytes(bomb.clone())),
            client_capabilities: None,
        };
        let answer = client.validate_resource_config(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
        assert!(answer.diagnostics[0].summary.starts_with("Cannot read the "), "{what}");

        let request = wire::plan_resource_change::Request {
            type_name: name(),
            prior_state: Some(bytes(vec![0xc0])),
            config: Some(bytes(bomb.clone())),
            ..wire::plan_resource_change::Request::default()
        };
        let answer = client.plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");

        let request = wire::read_resource::Request {
            type_name: name(),
            current_state: Some(bytes(bomb.clone())),
            private: b"kept".to_vec(),
            ..wire::read_resource::Request::default()
        };
        let answer = client.read_resource(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
        assert_eq!(answer.private, b"kept", "{what}");

        let request = wire::apply_resource_change::Request {
            type_name: name(),
            prior_state: Some(bytes(vec![0xc0])),
            planned_state: Some(bytes(bomb.clone())),
            planned_private: b"kept".to_vec(),
            ..wire::apply_resource_change::Request::default()
        };
        let answer = client.apply_resource_change(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
        assert_eq!(answer.private, b"kept", "{what}");
        assert_eq!(answer.new_state, Some(bytes(vec![0xc0])), "{what}");

        let config = Some(bytes(bomb));
        let request = wire::configure_provider::Request {
            config: config.clone(),
            ..wire::configure_provider::Request::default()
        };
        let answer = client.configure_provider(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
        let request = wire::read_data_source::Request {
            type_name: "toy_lookup".to_owned(),
            config: config.clone(),
            ..wire::read_data_source::Request::default()
        };
        let answer = client.read_data_source(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
        let request = wire::open_ephemeral_resource::Request {
            type_name: "toy_lease".to_owned(),
            config,
            client_capabilities: None,
        };
        let answer = client.open_ephemeral_resource(request).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics).len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_kind_is_named_by_its_place_and_not_shown() {
    let (thing, _) = thing().await;
    let config = thing.object(&[
        ("name", "a".into()),
        ("rule", Value::List(vec![thing.element("rule", &[("port", 80.into())])])),
    ]);
    // The port is a number; as a string of letters it is none.
    let good = tfplugin::value::encode_msgpack(&config, &thing.ty).unwrap();
    let at = good.windows(5).position(|bytes| bytes == b"\xa4port").unwrap() + 5;
    let mut bad = good[..at].to_vec();
    bad.extend(b"\xa7hunter2");
    bad.extend(&good[at + 1..]);
    let request = wire::validate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        config: Some(bytes(bad)),
        client_capabilities: None,
    };
    let answer = thing.client.clone().validate_resource_config(request).await.unwrap().into_inner();
    let expected = "error .rule[0].port: Cannot read the configuration of toy_thing";
    assert_eq!(said(&answer.diagnostics), [expected]);
}

#[tokio::test]
async fn values_of_many_megabytes_pass() {
    let (thing, _) = thing().await;
    let large = "x".repeat(5 << 20);
    let config = thing.object(&[("name", "a".into()), ("color", large.as_str().into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    assert_eq!(field(&made.state, "color"), &Value::from(large));
}

#[tokio::test]
async fn private_state_that_is_not_ours_reads_as_none() {
    let (thing, _) = thing().await;
    let config = thing.object(&[("name", "a".into())]);
    for blob in [b"\xff\x00".as_slice(), b"[1,2]", b"null", b"\"x\""] {
        let planned = thing.plan(&Value::Null, &config, blob).await.unwrap();
        assert_eq!(private(&planned.private), serde_json::json!({"planned": true}));
    }
}

#[tokio::test]
async fn a_call_that_does_not_exist_is_unimplemented() {
    use tonic::codegen::http::uri::PathAndQuery;
    let stop = tfplugin::stop::StopHandle::new();
    let channel = crate::cli::channel(crate::toy::Toy::default(), stop).await;
    for path in ["/tfplugin6.Provider/DoMagic", "/tfplugin5.Provider/GetSchema", "/x.Y/Z"] {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let codec: tonic_prost::ProstCodec<
            wire::stop_provider::Request,
            wire::stop_provider::Response,
        > = tonic_prost::ProstCodec::default();
        let request = tonic::Request::new(wire::stop_provider::Request {});
        let status = grpc.unary(request, PathAndQuery::from_static(path), codec).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented, "{path}");
    }
}
