// SPDX-License-Identifier: MPL-2.0
//! JSON, as state files hold it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ty::MAX_DEPTH;
use super::{Number, Type, Value, ValueError};

/// Reads a value of a type.
///
/// A state of the same schema version may be older than the last attribute or still hold one that is gone: what is
/// missing reads as null, what the type does not know is passed over. Numbers are exact.
pub fn decode_json(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    let text = str::from_utf8(bytes).map_err(|_| ValueError::new("is not UTF-8"))?;
    // Proves the syntax of the whole before any part is looked at, without recursion.
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        ValueError::new(format!("is not JSON: broken at {place}"))
    })?;
    decode(raw, ty, 0)
}

/// Writes a value of a type. An unknown value has no JSON: it is an error.
pub fn encode_json(value: &Value, ty: &Type) -> Result<Vec<u8>, ValueError> {
    let mut out = Vec::new();
    encode(&mut out, value, ty, 0)?;
    Ok(out)
}

// === reading ===

/// The kind of a JSON value by its first byte.
fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'n') => "null",
        Some(b't' | b'f') => "boolean",
        Some(b'"') => "string",
        Some(b'[') => "list",
        Some(b'{') => "map",
        _ => "number",
    }
}

fn parse<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Result<T, ValueError> {
    serde_json::from_str(raw.get()).map_err(|_| ValueError::new("is not valid JSON"))
}

fn number(text: &str) -> Result<Value, ValueError> {
    Number::parse(text).map(Value::Number).map_err(|error| ValueError::new(error.to_string()))
}

fn decode(raw: &RawValue, ty: &Type, depth: usize) -> Result<Value, ValueError> {
    if depth > MAX_DEPTH {
        return Err(ValueError::new("nests too deep"));
    }
    match (kind(raw), ty) {
        ("null", _) => Ok(Value::Null),
        ("boolean", Type::Bool) => parse(raw).map(Value::Bool),
        ("string", Type::String) => parse(raw).map(Value::String),
        ("number", Type::Number) => number(raw.get()),
        ("string", Type::Number) => number(&parse::<String>(raw)?),
        ("list", Type::List(element) | Type::Set(element)) => parse::<Vec<&RawValue>>(raw)?
            .into_iter()
            .enumerate()
            .map(|(index, raw)| decode(raw, element, depth + 1).map_err(|e| e.in_index(index)))
            .collect::<Result<_, _>>()
            .map(Value::List),
        ("list", Type::Tuple(types)) => {
            let elements: Vec<&RawValue> = parse(raw)?;
            if elements.len() != types.len() {
                return Err(ValueError::new(format!(
                    "invalid length {}, expected a tuple of {}",
                    elements.len(),
                    types.len()
                )));
            }
            let pairs = elements.into_iter().zip(types).enumerate();
            pairs
                .map(|(index, (raw, ty))| decode(raw, ty, depth + 1).map_err(|e| e.in_index(index)))
                .collect::<Result<_, _>>()
                .map(Value::List)
        }
        ("map", Type::Map(element)) => parse::<BTreeMap<String, &RawValue>>(raw)?
            .into_iter()
            .map(|(key, raw)| match decode(raw, element, depth + 1) {
                Ok(value) => Ok((key, value)),
                Err(error) => Err(error.in_key(&key)),
            })
            .collect::<Result<_, _>>()
            .map(Value::Map),
        ("map", Type::Object(types)) => {
            let attributes: BTreeMap<String, &RawValue> = parse(raw)?;
            types
                .iter()
                .map(|(name, ty)| {
                    let value = match attributes.get(name) {
                        Some(raw) => {
                            decode(raw, ty, depth + 1).map_err(|e| e.in_attribute(name))?
                        }
                        None => Value::Null,
                    };
                    Ok((name.clone(), value))
                })
                .collect::<Result<_, _>>()
                .map(Value::Map)
        }
        ("map", Type::Dynamic) => {
            let mut parts: BTreeMap<String, &RawValue> = parse(raw)?;
            let (Some(ty), Some(raw), true) =
                (parts.remove("type"), parts.remove("value"), parts.is_empty())
            else {
                return Err(ValueError::new("is not the type and the value of a dynamic value"));
            };
            let ty = Type::from_json(ty.get().as_bytes())?;
            let value = decode(raw, &ty, depth + 1)?;
            Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
        }
        (found, ty) => Err(ValueError::mismatch(found, &ty.kind())),
    }
}

// === writing ===

fn encode(out: &mut Vec<u8>, value: &Value, ty: &Type, depth: usize) -> Result<(), ValueError> {
    if depth > MAX_DEPTH {
        return Err(ValueError::new("nests too deep"));
    }
    match (value, ty) {
        (Value::Null, _) => out.extend_from_slice(b"null"),
        (Value::Unknown, _) => {
            return Err(ValueError::new("is not known yet and cannot be written as JSON"));
        }
        (Value::Bool(value), Type::Bool) => out.extend_from_slice(value.to_string().as_bytes()),
        (Value::Number(value), Type::Number) => out.extend_from_slice(value.to_string().as_bytes()),
        (Value::String(text), Type::String) => encode_str(out, text)?,
        (Value::List(elements), Type::List(element) | Type::Set(element)) => {
            let types = std::iter::repeat(&**element);
            encode_array(out, elements.iter().zip(types), depth)?;
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            encode_array(out, elements.iter().zip(types), depth)?;
        }
        (Value::List(elements), Type::Tuple(types)) => {
            return Err(ValueError::new(format!(
                "invalid length {}, expected a tuple of {}",
                elements.len(),
                types.len()
            )));
        }
        (Value::Map(elements), Type::Map(element)) => {
            let mut separator = b'{';
            for (key, value) in elements {
                encode_key(out, &mut separator, key)?;
                encode(out, value, element, depth + 1).map_err(|error| error.in_key(key))?;
            }
            close(out, separator, b'{', b'}');
        }
        (Value::Map(attributes), Type::Object(types)) => {
            if let Some(name) = attributes.keys().find(|name| !types.contains_key(*name)) {
                return Err(ValueError::new("is not in the schema").in_attribute(name));
            }
            let mut separator = b'{';
            for (name, ty) in types {
                let value = attributes
                    .get(name)
                    .ok_or_else(|| ValueError::new("is missing").in_attribute(name))?;
                encode_key(out, &mut separator, name)?;
                encode(out, value, ty, depth + 1).map_err(|error| error.in_attribute(name))?;
            }
            close(out, separator, b'{', b'}');
        }
        (Value::Dynamic(own, value), Type::Dynamic) => {
            out.extend_from_slice(b"{\"type\":");
            out.extend_from_slice(&own.to_json());
            out.extend_from_slice(b",\"value\":");
            encode(out, value, own, depth + 1)?;
            out.push(b'}');
        }
        (value, ty) => return Err(ValueError::wrong_type(value, ty)),
    }
    Ok(())
}

fn encode_array<'a>(
    out: &mut Vec<u8>,
    elements: impl Iterator<Item = (&'a Value, &'a Type)>,
    depth: usize,
) -> Result<(), ValueError> {
    let mut separator = b'[';
    for (index, (value, ty)) in elements.enumerate() {
        out.push(separator);
        separator = b',';
        encode(out, value, ty, depth + 1).map_err(|error| error.in_index(index))?;
    }
    close(out, separator, b'[', b']');
    Ok(())
}

fn encode_key(out: &mut Vec<u8>, separator: &mut u8, key: &str) -> Result<(), ValueError> {
    out.push(*separator);
    *separator = b',';
    encode_str(out, key)?;
    out.push(b':');
    Ok(())
}

/// Ends a container; one that is still waiting for its first element was never begun.
fn close(out: &mut Vec<u8>, separator: u8, open: u8, end: u8) {
    if separator == open {
        out.push(open);
    }
    out.push(end);
}

fn encode_str(out: &mut Vec<u8>, text: &str) -> Result<(), ValueError> {
    serde_json::to_writer(out, text).map_err(|_| ValueError::new("could not be written"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
