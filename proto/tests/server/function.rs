// SPDX-License-Identifier: MPL-2.0
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use crate::cli::{Client, connect, dynamic, value};
use crate::toy::Toy;
use crate::wire::tfplugin6 as wire;

async fn toy() -> Client {
    connect(Toy::default(), StopHandle::new()).await
}

fn text(value: impl Into<Value>) -> wire::DynamicValue {
    dynamic(&value.into(), &Type::String)
}

fn number(value: i64) -> wire::DynamicValue {
    dynamic(&value.into(), &Type::Number)
}

async fn call(
    client: &mut Client,
    name: &str,
    arguments: Vec<wire::DynamicValue>,
    returns: &Type,
) -> Result<Value, (Option<i64>, String)> {
    let request = wire::call_function::Request { name: name.to_owned(), arguments };
    let answer = client.call_function(request).await.unwrap().into_inner();
    match answer.error {
        Some(error) => {
            assert!(answer.result.is_none());
            assert!(!error.text.contains("hunter2"), "{}", error.text);
            Err((error.function_argument, error.text))
        }
        None => Ok(value(answer.result.as_ref(), returns)),
    }
}

#[tokio::test]
async fn functions_answer_on_a_provider_that_is_not_configured() {
    let mut client = toy().await;
    let join = |parts: &[&str]| parts.iter().map(|part| text(*part)).collect();
    let string = Type::String;
    let joined = call(&mut client, "join", join(&["-", "a", "b", "c"]), &string).await;
    assert_eq!(joined, Ok("a-b-c".into()));
    assert_eq!(call(&mut client, "join", join(&["-"]), &string).await, Ok("".into()));
    let half = call(&mut client, "half", vec![number(42)], &Type::Number).await;
    assert_eq!(half, Ok(21.into()));
    assert_eq!(call(&mut client, "forty", vec![], &Type::Number).await, Ok(40.into()));

    let functions = client.get_functions(wire::get_functions::Request {}).await.unwrap();
    let names: Vec<_> = functions.into_inner().functions.into_keys().collect();
    assert_eq!(names, ["forty", "half", "join", "kind"]);
}

#[tokio::test]
async fn null_comes_as_nil_or_as_nothing_at_all() {
    let mut client = toy().await;
    let string = Type::String;
    let nothing = wire::DynamicValue::default();
    for (argument, kind) in [
        (text("x"), "known"),
        (text(Value::Null), "null"),
        (nothing.clone(), "null"),
        (text(Value::Unknown), "unknown"),
    ] {
        assert_eq!(call(&mut client, "kind", vec![argument], &string).await, Ok(kind.into()));
    }
    let refused = call(&mut client, "join", vec![text("-"), text("a"), nothing], &string).await;
    assert_eq!(refused, Err((Some(2), "The argument \"parts\" must not be null".to_owned())));
}

#[tokio::test]
async fn what_is_unknown_makes_the_answer_unknown_where_it_is_not_asked_for() {
    let mut client = toy().await;
    let answer = call(&mut client, "join", vec![text("-"), text(Value::Unknown)], &Type::String);
    assert_eq!(answer.await, Ok(Value::Unknown));
}

#[tokio::test]
async fn an_error_names_its_argument() {
    let mut client = toy().await;
    let string = Type::String;
    let half = call(&mut client, "half", vec![number(7)], &Type::Number).await;
    assert_eq!(half, Err((Some(0), "7 is odd".to_owned())));
    let join = call(&mut client, "join", vec![text("-"), text("a"), text("")], &string).await;
    assert_eq!(join, Err((Some(2), "A part must not be empty".to_owned())));

    // A number that the author's type does not take.
    let ratio = dynamic(&Value::Number("1.5".parse().unwrap()), &Type::Number);
    let (argument, _) = call(&mut client, "half", vec![ratio], &Type::Number).await.unwrap_err();
    assert_eq!(argument, Some(0));
    // Bytes that are no string.
    let garbage = wire::DynamicValue { msgpack: vec![0xc1], json: Vec::new() };
    let arguments = vec![text("-"), text("a"), garbage];
    let (argument, message) = call(&mut client, "join", arguments, &string).await.unwrap_err();
    assert_eq!(argument, Some(2));
    assert!(message.starts_with("The argument \"parts\" cannot be read: "), "{message}");
}

#[tokio::test]
async fn wrong_calls_and_panics_are_errors_too() {
    let mut client = toy().await;
    let number_type = Type::Number;
    let (argument, message) = call(&mut client, "ghost", vec![], &number_type).await.unwrap_err();
    assert_eq!(argument, None);
    assert!(message.contains("\"ghost\""), "{message}");
    for arguments in [vec![], vec![number(2), number(4)]] {
        assert!(call(&mut client, "half", arguments, &number_type).await.is_err());
    }
    let panic = call(&mut client, "half", vec![number(13)], &number_type).await;
    let (argument, message) = panic.unwrap_err();
    assert_eq!(argument, None);
    assert!(message.starts_with("Internal error "), "{message}");
    assert_eq!(call(&mut client, "half", vec![number(2)], &number_type).await, Ok(1.into()));
}
