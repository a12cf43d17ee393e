// SPDX-License-Identifier: MPL-2.0
use std::time::Duration;

use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use crate::cli::{Client, connect, dynamic, private, said, value};
use crate::toy::lease::RENEW_AT;
use crate::toy::{Toy, World};
use crate::wire::tfplugin6 as wire;

fn ty() -> Type {
    Type::object([("name", Type::String), ("value", Type::String)])
}

fn lease(name: &str, key: Value) -> Value {
    Value::Map([("name".to_owned(), name.into()), ("value".to_owned(), key)].into())
}

async fn toy() -> (Client, World) {
    let toy = Toy::default();
    let world = toy.world.clone();
    (connect(toy, StopHandle::new()).await, world)
}

async fn open(client: &mut Client, name: &str) -> wire::open_ephemeral_resource::Response {
    let request = wire::open_ephemeral_resource::Request {
        type_name: "toy_lease".to_owned(),
        config: Some(dynamic(&lease(name, Value::Null), &ty())),
        client_capabilities: None,
    };
    let answer = client.open_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(answer.deferred.is_none());
    answer
}

async fn renew(
    client: &mut Client,
    private: Option<Vec<u8>>,
) -> wire::renew_ephemeral_resource::Response {
    let type_name = "toy_lease".to_owned();
    let request = wire::renew_ephemeral_resource::Request { type_name, private };
    client.renew_ephemeral_resource(request).await.unwrap().into_inner()
}

async fn close(client: &mut Client, private: Option<Vec<u8>>) {
    let type_name = "toy_lease".to_owned();
    let request = wire::close_ephemeral_resource::Request { type_name, private };
    let answer = client.close_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), [""; 0]);
}

#[tokio::test]
async fn a_lease_is_opened_renewed_and_closed_with_either_private_state() {
    let (mut client, world) = toy().await;
    let opened = open(&mut client, "a").await;
    assert_eq!(said(&opened.diagnostics), [""; 0]);
    assert_eq!(value(opened.result.as_ref(), &ty()), lease("a", "key of a".into()));
    assert_eq!(opened.renew_at, Some(RENEW_AT.into()));
    assert_eq!(private(opened.private()), serde_json::json!({"lease": "a", "renewals": 0}));

    let once = renew(&mut client, opened.private.clone()).await;
    assert_eq!(said(&once.diagnostics), [""; 0]);
    assert_eq!(once.renew_at, Some((RENEW_AT + Duration::from_secs(60)).into()));
    let twice = renew(&mut client, once.private).await;
    assert_eq!(twice.renew_at, Some((RENEW_AT + Duration::from_secs(120)).into()));

    close(&mut client, opened.private).await;
    close(&mut client, twice.private).await;
    assert_eq!(
        world.facts().leases,
        ["open a", "renew 1", "renew 2", "close \"a\" after 0", "close \"a\" after 2"]
    );
}

#[tokio::test]
async fn an_opening_that_fails_has_no_result() {
    let (mut client, _) = toy().await;
    for (name, expected) in [
        ("taken", "error: Taken"),
        ("other", "error: Bug in the provider: toy_lease"),
        ("panic", "error: Internal error "),
    ] {
        let opened = open(&mut client, name).await;
        let said = said(&opened.diagnostics);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with(expected), "{said:?}");
        assert!(opened.result.is_none());
        assert!(opened.renew_at.is_none());
    }
}

#[tokio::test]
async fn a_renewal_without_private_state_is_the_authors_to_judge() {
    let (mut client, _) = toy().await;
    for private in [None, Some(Vec::new()), Some(b"damaged".to_vec())] {
        let renewed = renew(&mut client, private).await;
        assert_eq!(said(&renewed.diagnostics), ["error: Lost"]);
    }
}
