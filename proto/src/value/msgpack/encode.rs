// SPDX-License-Identifier: MPL-2.0
//! A value to MessagePack, by its type.

use rmp::encode::{self, ByteBuf};

use super::UNKNOWN;
use crate::value::ty::MAX_DEPTH;
use crate::value::{Number, Type, Value, ValueError};

/// Writes a value of a type.
///
/// An object must hold exactly the attributes of its type. Unknown is written without refinements.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, ValueError> {
    let mut out = ByteBuf::new();
    encode_value(&mut out, value, ty, 0)?;
    Ok(out.into_vec())
}

fn encode_value(
    out: &mut ByteBuf,
    value: &Value,
    ty: &Type,
    depth: usize,
) -> Result<(), ValueError> {
    if depth > MAX_DEPTH {
        return Err(ValueError::new("nests too deep"));
    }
    match (value, ty) {
        (Value::Null, _) => encode::write_nil(out).map_err(unwritten),
        (Value::Unknown, _) => {
            out.as_mut_vec().extend_from_slice(&UNKNOWN);
            Ok(())
        }
        (Value::Bool(value), Type::Bool) => encode::write_bool(out, *value).map_err(unwritten),
        (Value::Number(number), Type::Number) => encode_number(out, number),
        (Value::String(text), Type::String) => encode_str(out, text),
        (Value::List(elements), Type::List(element) | Type::Set(element)) => {
            encode::write_array_len(out, length(elements.len())?).map_err(unwritten)?;
            for (index, value) in elements.iter().enumerate() {
                encode_value(out, value, element, depth + 1)
                    .map_err(|error| error.in_index(index))?;
            }
            Ok(())
        }
        (Value::List(elements), Type::Tuple(types)) => {
            if elements.len() != types.len() {
                return Err(ValueError::new(format!(
                    "invalid length {}, expected a tuple of {}",
                    elements.len(),
                    types.len()
                )));
            }
            encode::write_array_len(out, length(elements.len())?).map_err(unwritten)?;
            for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                encode_value(out, value, ty, depth + 1).map_err(|error| error.in_index(index))?;
            }
            Ok(())
        }
        (Value::Map(elements), Type::Map(element)) => {
            encode::write_map_len(out, length(elements.len())?).map_err(unwritten)?;
            for (key, value) in elements {
                encode_str(out, key)?;
                encode_value(out, value, element, depth + 1).map_err(|error| error.in_key(key))?;
            }
            Ok(())
        }
        (Value::Map(attributes), Type::Object(types)) => {
            if let Some(name) = attributes.keys().find(|name| !types.contains_key(*name)) {
                return Err(ValueError::new("is not in the schema").in_attribute(name));
            }
            encode::write_map_len(out, length(types.len())?).map_err(unwritten)?;
            for (name, ty) in types {
                let value = attributes
                    .get(name)
                    .ok_or_else(|| ValueError::new("is missing").in_attribute(name))?;
                encode_str(out, name)?;
                encode_value(out, value, ty, depth + 1)
                    .map_err(|error| error.in_attribute(name))?;
            }
            Ok(())
        }
        (Value::Dynamic(own, value), Type::Dynamic) => {
            encode::write_array_len(out, 2).map_err(unwritten)?;
            encode::write_bin(out, &own.to_json()).map_err(unwritten)?;
            encode_value(out, value, own, depth + 1)
        }
        (value, ty) => Err(ValueError::wrong_type(value, ty)),
    }
}

/// An integer where it is one of 64 bits, a float where that is exact, and decimal text otherwise.
fn encode_number(out: &mut ByteBuf, number: &Number) -> Result<(), ValueError> {
    if let Some(integer) = number.to_i64() {
        return encode::write_sint(out, integer).map(drop).map_err(unwritten);
    }
    match number.to_f64_exactly() {
        Some(float) if !number.is_integer() => encode::write_f64(out, float).map_err(unwritten),
        _ => encode_str(out, &number.to_string()),
    }
}

fn encode_str(out: &mut ByteBuf, text: &str) -> Result<(), ValueError> {
    length(text.len())?;
    encode::write_str(out, text).map_err(unwritten)
}

fn length(length: usize) -> Result<u32, ValueError> {
    u32::try_from(length).map_err(|_| ValueError::new("is too long for MessagePack"))
}

/// The buffer is memory, which rmp types as unable to fail.
fn unwritten<E>(_error: E) -> ValueError {
    ValueError::new("could not be written")
}
