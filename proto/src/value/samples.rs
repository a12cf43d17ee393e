// SPDX-License-Identifier: MPL-2.0
//! Values and a type that unit tests are written with.

use super::{Number, Type, Value};

/// A number, as it is written.
pub(super) fn n(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

/// An object or a map.
pub(super) fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

/// An object of a text and a number.
pub(super) fn ab() -> Type {
    Type::object([("a", Type::String), ("b", Type::Number)])
}
