// SPDX-License-Identifier: MPL-2.0
use std::time::Duration;

use tfplugin::data_source::DataSource as _;
use tfplugin::ephemeral::Ephemeral as _;
use tfplugin::function::Function as _;
use tfplugin::provider::Provider as _;
use tfplugin::resource::Resource as _;
use tfplugin::schema::legal::Kind;
use tfplugin::schema::{Attribute, Block, drift, legal};
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use crate::cli::{Managed, connect, dynamic, object, said};
use crate::toy::plain::{NoteResource, Plain};
use crate::toy::{self, Toy};
use crate::wire::tfplugin6 as wire;

fn endpoint(value: Value) -> wire::configure_provider::Request {
    let block = Block::new("").attribute("endpoint", Attribute::optional(Type::String, "x"));
    wire::configure_provider::Request {
        terraform_version: "1.13.0".to_owned(),
        config: Some(dynamic(&object(&block, &[("endpoint", value)]), &block.ty())),
        client_capabilities: None,
    }
}

#[tokio::test]
async fn one_process_may_be_configured_often_and_with_what_is_not_known() {
    let toy = Toy::default();
    let world = toy.world.clone();
    let mut client = connect(toy, StopHandle::new()).await;
    for value in [Value::Null, Value::Unknown, "shelf".into()] {
        let answer = client.configure_provider(endpoint(value)).await.unwrap().into_inner();
        assert_eq!(said(&answer.diagnostics), [""; 0]);
    }
    assert_eq!(world.facts().configured, ["(default)", "(unknown)", "shelf"]);
    let answer = client.configure_provider(endpoint("panic".into())).await.unwrap().into_inner();
    assert!(said(&answer.diagnostics)[0].starts_with("error: Internal error "));
}

#[tokio::test]
async fn a_stop_reaches_a_running_call_and_ends_with_the_next_configuration() {
    let toy = Toy::default();
    let world = toy.world.clone();
    let client = connect(toy, StopHandle::restartable()).await;
    let thing = Managed::new(client.clone(), "toy_thing", toy::schema::thing());
    let config = thing.object(&[("name", "a".into()), ("behave", "until stopped".into())]);
    let planned = thing.plan(&Value::Null, &config, b"").await.unwrap();
    let stop = async {
        world.gate().arrived.notified().await;
        let request = wire::stop_provider::Request {};
        let answer = client.clone().stop_provider(request).await.unwrap().into_inner();
        assert_eq!(answer.error, "");
    };
    let apply = thing.apply(&Value::Null, &planned.state, &config, &planned.private);
    let (failed, ()) = tokio::join!(apply, stop);
    assert_eq!(failed.said, ["error: Stopped"]);
    assert_eq!(failed.state, Value::Null);

    // Still stopped: the next call ends at once.
    let failed = thing.apply(&Value::Null, &planned.state, &config, &planned.private).await;
    assert_eq!(failed.said, ["error: Stopped"]);

    client.clone().configure_provider(endpoint(Value::Null)).await.unwrap();
    let fresh = thing.apply(&Value::Null, &planned.state, &config, &planned.private);
    let waited = tokio::time::timeout(Duration::from_millis(100), fresh).await;
    assert!(waited.is_err(), "a new run is not stopped");
}

#[tokio::test]
async fn a_create_whose_client_has_gone_is_finished() {
    let toy = Toy::default();
    let world = toy.world.clone();
    let stop = StopHandle::new();
    let client = connect(toy, stop.clone()).await;
    let thing = Managed::new(client, "toy_thing", toy::schema::thing());
    let config = thing.object(&[("name", "a".into()), ("behave", "wait at the gate".into())]);
    let planned = thing.plan(&Value::Null, &config, b"").await.unwrap();
    let request = thing.apply_request(&Value::Null, &planned.state, &config, b"");
    let mut client = thing.client.clone();
    let call = tokio::spawn(async move { client.apply_resource_change(request).await });
    world.gate().arrived.notified().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    drop(thing);
    assert!(world.facts().things.is_empty());
    world.gate().open.notify_one();
    stop.idle().await;
    assert_eq!(world.facts().things["id-a"], "a");
}

#[tokio::test]
async fn five_hundred_calls_at_once_are_all_answered() {
    let (thing, world) = crate::thing().await;
    let calls = (0..500).map(|index| {
        let thing = &thing;
        async move {
            let config = thing.object(&[("name", format!("n{index}").into())]);
            thing.change(&Value::Null, &config, b"").await
        }
    });
    let made = futures_util::future::join_all(calls).await;
    assert_eq!(made.len(), 500);
    assert_eq!(world.facts().things.len(), 500);
}

#[tokio::test]
async fn another_provider_of_another_shape_works_with_the_least_there_is() {
    let client = connect(Plain, StopHandle::new()).await;
    let note = Managed::new(client, "plain_note", NoteResource::schema());
    let config = note.object(&[("text", "hello".into())]);
    let planned = note.plan(&Value::Null, &config, b"").await.unwrap();
    let expected = note.object(&[("text", "hello".into()), ("length", 5.into())]);
    assert_eq!(planned.state, expected);
    assert!(planned.private.is_empty());
    let made = note.apply(&Value::Null, &planned.state, &config, &planned.private).await;
    assert_eq!((made.state.clone(), made.said), (expected, Vec::new()));
    assert!(made.identity.is_none());
    assert_eq!(note.plan(&made.state, &config, b"").await.unwrap().state, made.state);
    let gone = note.apply(&made.state, &Value::Null, &Value::Null, b"").await;
    assert_eq!(gone.state, Value::Null);

    let request = wire::import_resource_state::Request {
        type_name: "plain_note".to_owned(),
        id: "x".to_owned(),
        ..wire::import_resource_state::Request::default()
    };
    let answer = note.client.clone().import_resource_state(request).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), ["error: Import is not supported"]);
    assert!(answer.imported_resources.is_empty());
}

#[test]
fn the_schemas_are_legal_and_the_models_are_theirs() {
    use toy::{functions, lease, lookup, plain, thing};
    let none: [String; 0] = [];
    for (schema, kind) in [
        (Toy::schema(), Kind::Provider),
        (toy::schema::thing(), Kind::Resource),
        (toy::schema::identity(), Kind::Identity),
        (lookup::Lookup::schema(), Kind::DataSource),
        (lease::LeaseResource::schema(), Kind::Ephemeral),
        (Plain::schema(), Kind::Provider),
        (NoteResource::schema(), Kind::Resource),
    ] {
        assert_eq!(legal::check(&schema, kind), none, "{kind:?}");
    }
    for (name, signature) in [
        (functions::Join::NAME, functions::Join::signature()),
        (functions::Half::NAME, functions::Half::signature()),
        (functions::Kind::NAME, functions::Kind::signature()),
        (functions::Forty::NAME, functions::Forty::signature()),
    ] {
        assert_eq!(legal::check_function(name, &signature), none, "{name}");
    }
    assert_eq!(drift::probe::<toy::ToyModel>(&Toy::schema()), none);
    assert_eq!(drift::probe::<thing::Thing>(&toy::schema::thing()), none);
    assert_eq!(drift::probe::<lookup::Found>(&lookup::Lookup::schema()), none);
    assert_eq!(drift::probe::<lease::Lease>(&lease::LeaseResource::schema()), none);
    assert_eq!(drift::probe::<plain::Note>(&NoteResource::schema()), none);
}
