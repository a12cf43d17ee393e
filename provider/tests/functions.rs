// SPDX-License-Identifier: MPL-2.0
//! Functions through the protocol, on a process that is not configured and on one that is; and that no value makes them
//! panic.
#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

mod functions {
    mod answers;
    mod any_value;
    mod configured;
    mod refusals;
    mod texts;
}

use std::collections::BTreeMap;

use appenv::function;
use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::function::Function;
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value};

use cli::Client;
use wire::tfplugin6 as messages;

/// A provider that is started and never configured, in a world that must not be asked.
async fn unconfigured() -> Client {
    let world = World::with(|name| panic!("the environment was asked for {name}"), "/nonexistent");
    cli::connect(Appenv::new(world), StopHandle::new()).await
}

fn text(value: impl Into<Value>) -> messages::DynamicValue {
    cli::dynamic(&value.into(), &Type::String)
}

/// An argument of any type, as the CLI sends it: with the type that its value has.
fn any(value: Value) -> messages::DynamicValue {
    let value = match value {
        Value::Null => Value::Null,
        value => Value::Dynamic(Box::new(type_of(&value)), Box::new(value)),
    };
    cli::dynamic(&value, &Type::Dynamic)
}

/// The type that the CLI gives to a literal.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Null | Value::Unknown | Value::Dynamic(..) => Type::Dynamic,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::List(elements) => Type::tuple(elements.iter().map(type_of)),
        Value::Map(attributes) => {
            Type::object(attributes.iter().map(|(name, value)| (name.clone(), type_of(value))))
        }
    }
}

fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    Value::Map(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn list<T: Into<Value>, const N: usize>(elements: [T; N]) -> Value {
    Value::List(elements.into_iter().map(Into::into).collect())
}

/// The type that a function answers with, by its signature.
fn returns(name: &str) -> Type {
    let all = [
        (function::Instance::NAME, function::Instance::signature()),
        (function::Names::NAME, function::Names::signature()),
        (function::ParseInstance::NAME, function::ParseInstance::signature()),
        (function::StatePrefix::NAME, function::StatePrefix::signature()),
    ];
    let all: BTreeMap<_, _> = all.into_iter().collect();
    all[name].returns.clone()
}

/// The answer, or the argument that is at fault and why.
async fn call(
    client: &mut Client,
    name: &str,
    arguments: Vec<messages::DynamicValue>,
) -> Result<Value, (Option<i64>, String)> {
    let request = messages::call_function::Request { name: name.to_owned(), arguments };
    let answer = client.call_function(request).await.unwrap().into_inner();
    match answer.error {
        Some(error) => Err((error.function_argument, error.text)),
        None => Ok(cli::value(answer.result.as_ref(), &returns(name))),
    }
}

/// `instance(app, env, options)`.
async fn instance(
    client: &mut Client,
    app: &str,
    env: Value,
    options: Value,
) -> Result<Value, (Option<i64>, String)> {
    call(client, "instance", vec![text(app), text(env), any(options)]).await
}
