// SPDX-License-Identifier: MPL-2.0
//! Values as the configuration language has them: typed, possibly null, possibly unknown.
//!
//! Bytes become a [`Value`] by schema type (`msgpack`, `json`); a `Value` becomes an author's model through
//! `de`, and back through `ser`. Nothing here knows a resource or an RPC.

mod attr;
mod de;
mod error;
mod json;
mod msgpack;
mod number;
mod path;
pub(crate) mod private;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod samples;
mod secret;
mod ser;
mod ty;

pub use attr::Attr;
pub use de::from_value;
pub use error::ValueError;
pub use json::{decode_json, encode_json};
pub use msgpack::{decode as decode_msgpack, encode as encode_msgpack};
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub use secret::Secret;
pub use ser::to_value;
pub use ty::Type;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One value of the configuration language.
///
/// A model may hold one where a type says too little, in a `dynamic` attribute above all: `Attr<Value>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "$tfplugin::Value")]
pub enum Value {
    /// No value.
    Null,
    /// A value that is known only after apply. Refinements are dropped on reading and never written.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number, exact to the last digit.
    Number(Number),
    /// A string, NFC-normalised by the CLI.
    String(String),
    /// A list, a set or a tuple; sets are ordered as they came.
    List(Vec<Value>),
    /// A map or an object; an object holds every attribute of its type, null where absent.
    Map(BTreeMap<String, Value>),
    /// A value of a `dynamic` attribute, with the type it came with.
    Dynamic(#[serde(with = "ty::as_text")] Box<Type>, Box<Value>),
}

// === impl Value ===

impl Value {
    /// Whether it is null, of whatever type.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Dynamic(_, inner) => inner.is_null(),
            _ => false,
        }
    }

    /// Whether it is unknown as a whole, of whatever type.
    pub fn is_unknown(&self) -> bool {
        match self {
            Value::Unknown => true,
            Value::Dynamic(_, inner) => inner.is_unknown(),
            _ => false,
        }
    }

    /// Whether nothing in it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown => false,
            Value::List(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(elements) => elements.values().all(Value::is_wholly_known),
            Value::Dynamic(_, inner) => inner.is_wholly_known(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    /// One word for what it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Unknown => "unknown value",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Dynamic(..) => "dynamic value",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value)
    }
}
