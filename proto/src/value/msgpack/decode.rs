// SPDX-License-Identifier: MPL-2.0
//! MessagePack to a value, by its type.

use std::collections::BTreeMap;

use super::reader::{Reader, Token};
use crate::value::ty::MAX_DEPTH;
use crate::value::{Number, Type, Value, ValueError};

/// Room made before the elements of a list are seen.
const FIRST_ROOM: usize = 1024;

/// Reads a value of a type. No bytes at all read as null.
///
/// Every extension value reads as unknown, whatever its refinements promise. An object that lacks an attribute, or
/// has one too many, is refused, and so are infinite numbers and nesting beyond 64 levels.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader::new(bytes);
    let value = decode_value(&mut reader, ty, 0)?;
    if !reader.is_empty() {
        return Err(ValueError::new("more MessagePack follows the value"));
    }
    Ok(value)
}

fn decode_value(reader: &mut Reader<'_>, ty: &Type, depth: usize) -> Result<Value, ValueError> {
    if depth > MAX_DEPTH {
        return Err(ValueError::new("nests too deep"));
    }
    let mismatch = |token: &Token<'_>| ValueError::mismatch(token.kind(), &ty.kind());
    match (reader.token()?, ty) {
        (Token::Null, _) => Ok(Value::Null),
        (Token::Extension, _) => Ok(Value::Unknown),
        (Token::Bool(value), Type::Bool) => Ok(Value::Bool(value)),
        (Token::Number(value), Type::Number) => Ok(Value::Number(value)),
        (Token::String(text), Type::Number) => Number::parse(text)
            .map(Value::Number)
            .map_err(|error| ValueError::new(error.to_string())),
        (Token::String(text), Type::String) => Ok(Value::String(text.to_owned())),
        (Token::Array(length), Type::List(element) | Type::Set(element)) => {
            let mut elements = Vec::with_capacity(length.min(FIRST_ROOM));
            for index in 0..length {
                let value = decode_value(reader, element, depth + 1);
                elements.push(value.map_err(|error| error.in_index(index))?);
            }
            Ok(Value::List(elements))
        }
        (Token::Array(length), Type::Tuple(types)) if length == types.len() => types
            .iter()
            .enumerate()
            .map(|(index, ty)| {
                decode_value(reader, ty, depth + 1).map_err(|error| error.in_index(index))
            })
            .collect::<Result<_, _>>()
            .map(Value::List),
        (Token::Array(length), Type::Tuple(types)) => Err(ValueError::new(format!(
            "invalid length {length}, expected a tuple of {}",
            types.len()
        ))),
        (Token::Map(length), Type::Map(element)) => decode_map(reader, length, element, depth),
        (Token::Map(length), Type::Object(types)) => decode_object(reader, length, types, depth),
        (Token::Array(2), Type::Dynamic) => decode_dynamic(reader, depth),
        (token, _) => Err(mismatch(&token)),
    }
}

fn decode_map(
    reader: &mut Reader<'_>,
    length: usize,
    element: &Type,
    depth: usize,
) -> Result<Value, ValueError> {
    let mut elements = BTreeMap::new();
    for _ in 0..length {
        let key = decode_key(reader)?;
        let value = decode_value(reader, element, depth + 1).map_err(|error| error.in_key(key))?;
        if elements.insert(key.to_owned(), value).is_some() {
            return Err(ValueError::new("is there twice").in_key(key));
        }
    }
    Ok(Value::Map(elements))
}

fn decode_object(
    reader: &mut Reader<'_>,
    length: usize,
    types: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, ValueError> {
    let mut attributes = BTreeMap::new();
    for _ in 0..length {
        let name = decode_key(reader)?;
        let ty = types
            .get(name)
            .ok_or_else(|| ValueError::new("is not in the schema").in_attribute(name))?;
        let value =
            decode_value(reader, ty, depth + 1).map_err(|error| error.in_attribute(name))?;
        if attributes.insert(name.to_owned(), value).is_some() {
            return Err(ValueError::new("is there twice").in_attribute(name));
        }
    }
    match types.keys().find(|name| !attributes.contains_key(*name)) {
        Some(name) => Err(ValueError::new("is missing").in_attribute(name)),
        None => Ok(Value::Map(attributes)),
    }
}

fn decode_dynamic(reader: &mut Reader<'_>, depth: usize) -> Result<Value, ValueError> {
    let ty = match reader.token()? {
        Token::Binary(json) => Type::from_json(json)?,
        Token::String(json) => Type::from_json(json.as_bytes())?,
        token => return Err(ValueError::mismatch(token.kind(), &"the JSON of a type")),
    };
    let value = decode_value(reader, &ty, depth + 1)?;
    Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
}

fn decode_key<'a>(reader: &mut Reader<'a>) -> Result<&'a str, ValueError> {
    match reader.token()? {
        Token::String(key) => Ok(key),
        token => Err(ValueError::mismatch(token.kind(), &"the name of an attribute or a key")),
    }
}
