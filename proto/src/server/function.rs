// SPDX-License-Identifier: MPL-2.0
//! `GetFunctions`, `CallFunction`: pure, on a provider that is not configured.

use crate::diagnostic::Errors;
use crate::function::{ArgumentError, Parameter, Signature};
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use wire::{call_function, get_functions};

use super::call::{Core, guard_sync};
use super::convert;

pub(super) fn get_functions(core: &Core) -> get_functions::Response {
    let functions = core.registry.functions.iter();
    get_functions::Response {
        functions: functions
            .map(|(name, twin)| ((*name).to_owned(), convert::function(twin.signature())))
            .collect(),
        diagnostics: Vec::new(),
    }
}

pub(super) fn call_function(
    core: &Core,
    request: &call_function::Request,
) -> call_function::Response {
    match call(core, request) {
        Ok(result) => call_function::Response { result: Some(result), error: None },
        Err(error) => {
            let text = convert::printable(&error.message);
            let error = wire::FunctionError {
                // The CLI writes it into a sentence of its own, which it ends itself.
                text: text.strip_suffix('.').unwrap_or(&text).to_owned(),
                function_argument: error.index.and_then(|index| i64::try_from(index).ok()),
            };
            call_function::Response { result: None, error: Some(error) }
        }
    }
}

fn call(
    core: &Core,
    request: &call_function::Request,
) -> Result<wire::DynamicValue, ArgumentError> {
    let name = request.name.as_str();
    let Some(twin) = core.registry.functions.get(name) else {
        return Err(whole(format!("This version of the provider has no function \"{name}\".")));
    };
    let signature = twin.signature();
    let Some(arguments) = arguments(signature, &request.arguments)? else {
        return encode(&Value::Unknown, signature, name);
    };
    let result = guard_sync("CallFunction", name, || Ok(twin.call(arguments)))
        .map_err(|errors| whole(first_words(&errors)))?;
    encode(&result?, signature, name)
}

/// Decodes the arguments; what a variadic parameter takes becomes one list at the end. `None`: the answer is not
/// known, because an argument is not.
fn arguments(
    signature: &Signature,
    given: &[wire::DynamicValue],
) -> Result<Option<Vec<Value>>, ArgumentError> {
    let fixed = signature.parameters.len();
    if given.len() < fixed || (given.len() > fixed && signature.variadic.is_none()) {
        return Err(whole(format!("It takes {fixed} arguments, and got {}.", given.len())));
    }
    let mut known = true;
    let mut values = Vec::with_capacity(fixed + 1);
    let mut rest = Vec::new();
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    for (index, (parameter, given)) in parameters.zip(given).enumerate() {
        let value = argument(parameter, given)
            .map_err(|message| ArgumentError { index: Some(index), message })?;
        known &= parameter.allow_unknown || value.is_wholly_known();
        if index < fixed { values.push(value) } else { rest.push(value) }
    }
    if signature.variadic.is_some() {
        values.push(Value::List(rest));
    }
    Ok(known.then_some(values))
}

fn argument(parameter: &Parameter, given: &wire::DynamicValue) -> Result<Value, String> {
    let value = convert::plain_decode(Some(given), &parameter.ty)
        .map_err(|error| format!("The argument \"{}\" cannot be read: {error}.", parameter.name))?;
    if value.is_null() && !parameter.allow_null {
        return Err(format!("The argument \"{}\" must not be null.", parameter.name));
    }
    Ok(value)
}

fn encode(
    value: &Value,
    signature: &Signature,
    name: &str,
) -> Result<wire::DynamicValue, ArgumentError> {
    convert::encode(value, &signature.returns, name).map_err(|errors| whole(first_words(&errors)))
}

/// A function has one line to say: what the first diagnostic says, summary and detail.
fn first_words(errors: &Errors) -> String {
    errors.0.first().map(|first| format!("{}. {}", first.summary, first.detail)).unwrap_or_default()
}

fn whole(message: String) -> ArgumentError {
    ArgumentError { index: None, message }
}
