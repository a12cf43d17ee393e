// SPDX-License-Identifier: MPL-2.0
//! Between wire messages and values: what every RPC decodes and encodes. Decides nothing.

mod diagnostic;
mod schema;

pub(super) use diagnostic::{diagnostics, printable, steps};
pub(super) use schema::{function, identity_schema, schema};

use crate::context::Context;
use crate::diagnostic::{Diagnostic, Errors};
use crate::value::{Path, Type, Value, ValueError, decode_json, decode_msgpack, encode_msgpack};
use crate::wire::tfplugin6 as wire;

use super::call::bug;
use super::twin::Face;

/// Reads a value of the configuration or the state; an absent or empty one is null.
pub(super) fn decode(
    dynamic: Option<&wire::DynamicValue>,
    ty: &Type,
    what: &str,
) -> Result<Value, Errors> {
    plain_decode(dynamic, ty).map_err(|error| undecodable(what, error))
}

/// Reads a value without a word about its place.
pub(super) fn plain_decode(
    dynamic: Option<&wire::DynamicValue>,
    ty: &Type,
) -> Result<Value, ValueError> {
    match dynamic {
        Some(dynamic) if !dynamic.msgpack.is_empty() => decode_msgpack(&dynamic.msgpack, ty),
        Some(dynamic) if !dynamic.json.is_empty() => decode_json(&dynamic.json, ty),
        _ => Ok(Value::Null),
    }
}

/// Reads an object that a state file holds as JSON; blocks that are younger than it are empty.
pub(super) fn decode_state(json: &[u8], face: &Face, what: &str) -> Result<Value, Errors> {
    let mut state = decode_json(json, &face.ty).map_err(|error| undecodable(what, error))?;
    face.schema.block.complete(&mut state);
    Ok(state)
}

/// Writes a value of the provider's.
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    subject: &str,
) -> Result<wire::DynamicValue, Errors> {
    match encode_msgpack(value, ty) {
        Ok(msgpack) => Ok(wire::DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => {
            let problem = format!("What it answered does not fit its schema: {error}.");
            let mut diagnostic = bug(subject, problem);
            diagnostic.attribute = place(error.path);
            Err(diagnostic.into())
        }
    }
}

/// Writes the null object: it does not exist.
pub(super) fn null(ty: &Type, subject: &str) -> Result<wire::DynamicValue, Errors> {
    encode(&Value::Null, ty, subject)
}

/// Reads a resource identity, where there is one.
pub(super) fn decode_identity(
    data: Option<&wire::ResourceIdentityData>,
    face: &Face,
    what: &str,
) -> Result<Option<Value>, Errors> {
    let value = decode(data.and_then(|data| data.identity_data.as_ref()), &face.ty, what)?;
    Ok(Some(value).filter(|value| *value != Value::Null))
}

/// Writes a resource identity.
pub(super) fn encode_identity(
    value: &Value,
    face: &Face,
    subject: &str,
) -> Result<wire::ResourceIdentityData, Errors> {
    Ok(wire::ResourceIdentityData { identity_data: Some(encode(value, &face.ty, subject)?) })
}

/// Writes what a call left behind as diagnostics: errors first.
pub(super) fn report(ty: Option<&Type>, errors: Errors, cx: Context) -> Vec<wire::Diagnostic> {
    diagnostics(ty, errors.0.into_iter().chain(cx.warnings))
}

/// Tells an answer from the errors why there is none.
pub(super) fn split<T>(result: Result<T, Errors>) -> (Option<T>, Errors) {
    match result {
        Ok(answer) => (Some(answer), Errors::new()),
        Err(errors) => (None, errors),
    }
}

fn undecodable(what: &str, error: ValueError) -> Errors {
    let mut diagnostic = Diagnostic::error(
        format!("Cannot read the {what}"),
        format!(
            "The {what} does not have the shape that the schema of this provider version gives it: {error}. \
             Look whether the provider version that wrote it is newer than this one."
        ),
    );
    diagnostic.attribute = place(error.path);
    diagnostic.into()
}

fn place(path: Path) -> Option<Path> {
    (!path.is_root()).then_some(path)
}
