// SPDX-License-Identifier: MPL-2.0
//! From a value to an author's model.

mod access;

use std::fmt::Display;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};

use self::access::{Elements, Entries, Verbatim};
use super::{Number, Value, ValueError, private};

/// Reads a model out of a value.
///
/// `Attr<T>` takes a value, null or unknown; `Option<T>` a value or null; anything else a value only. A struct takes
/// an object that has its fields and no other. Numbers must fit what the model has: nothing is rounded. Function
/// arguments are a list that a tuple or a tuple struct takes.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ValueError> {
    T::deserialize(ValueDeserializer(value))
}

/// A value that is being read.
struct ValueDeserializer(Value);

// === impl ValueDeserializer ===

impl ValueDeserializer {
    /// The value without the type it came with.
    fn plain(self) -> Value {
        match self.0 {
            Value::Dynamic(_, inner) => Self(*inner).plain(),
            value => value,
        }
    }

    fn number(self, expected: &dyn Display) -> Result<Number, ValueError> {
        match self.plain() {
            Value::Number(number) => Ok(number),
            value => Err(mismatch(&value, expected)),
        }
    }

    fn list(self) -> Result<Vec<Value>, ValueError> {
        match self.plain() {
            Value::List(elements) => Ok(elements),
            value => Err(mismatch(&value, &"a list")),
        }
    }
}

fn mismatch(value: &Value, expected: &dyn Display) -> ValueError {
    match value {
        Value::Unknown => ValueError::new("is not known yet"),
        value => ValueError::mismatch(value.kind(), expected),
    }
}

/// Serde's visitors say what they expect through a trait of their own.
fn expectation<'de, V: Visitor<'de>>(visitor: &V) -> String {
    (visitor as &dyn serde::de::Expected).to_string()
}

fn misfit<'de, V: Visitor<'de>>(number: &Number, visitor: &V) -> ValueError {
    let found = if number.is_integer() { "number out of range" } else { "number with a fraction" };
    ValueError::invalid_value(Unexpected::Other(found), visitor)
}

macro_rules! integers {
    ($($method:ident: $to:ident, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            let number = self.number(&expectation(&visitor))?;
            match number.$to() {
                Some(integer) => visitor.$visit(integer),
                None => Err(misfit(&number, &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer {
    type Error = ValueError;

    integers! {
        deserialize_i8: to_i64, visit_i64;
        deserialize_i16: to_i64, visit_i64;
        deserialize_i32: to_i64, visit_i64;
        deserialize_i64: to_i64, visit_i64;
        deserialize_u8: to_u64, visit_u64;
        deserialize_u16: to_u64, visit_u64;
        deserialize_u32: to_u64, visit_u64;
        deserialize_u64: to_u64, visit_u64;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let number = self.number(&expectation(&visitor))?;
        match number.to_f64() {
            Some(float) => visitor.visit_f64(float),
            None => Err(ValueError::invalid_value(
                Unexpected::Other("number that a float does not hold exactly"),
                &visitor,
            )),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, ValueError> {
        Err(ValueError::new("cannot be read as an f32 without rounding; the model needs an f64"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::Bool(value) => visitor.visit_bool(value),
            value => Err(mismatch(&value, &expectation(&visitor))),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::String(text) => visitor.visit_string(text),
            value => Err(mismatch(&value, &expectation(&visitor))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        Err(mismatch(&self.plain(), &expectation(&visitor)))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::Null => visitor.visit_unit(),
            Value::List(elements) if elements.is_empty() => visitor.visit_unit(),
            value => Err(mismatch(&value, &"nothing")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match (name, self.0) {
            (private::ATTR, Value::Null) => visitor.visit_none(),
            (private::ATTR, Value::Unknown) => visitor.visit_unit(),
            (private::NUMBER, value) => {
                let text = Self(value).number(&expectation(&visitor))?.to_string();
                visitor.visit_newtype_struct(StringDeserializer::<ValueError>::new(text))
            }
            (_, value) => visitor.visit_newtype_struct(Self(value)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        Elements::visit(self.list()?, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let elements = self.list()?;
        if elements.len() != length {
            return Err(ValueError::invalid_length(elements.len(), &visitor));
        }
        Elements::visit(elements, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::Map(elements) => visitor.visit_map(Entries::of_map(elements)),
            value => Err(mismatch(&value, &"a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::Map(attributes) => {
                match attributes.keys().find(|name| !fields.contains(&name.as_str())) {
                    Some(name) => Err(ValueError::unknown_field(name, fields)),
                    None => visitor.visit_map(Entries::of_object(attributes)),
                }
            }
            value => Err(mismatch(&value, &"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        if name == private::VALUE {
            return visitor.visit_enum(Verbatim(self.0));
        }
        match self.plain() {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            value => Err(mismatch(&value, &"a string")),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.plain() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.to_i64(), number.to_u64(), number.to_f64()) {
                (Some(integer), ..) => visitor.visit_i64(integer),
                (_, Some(integer), _) => visitor.visit_u64(integer),
                (.., Some(float)) => visitor.visit_f64(float),
                _ => Err(misfit(&number, &visitor)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::List(elements) => Elements::visit(elements, visitor),
            Value::Map(elements) => visitor.visit_map(Entries::of_map(elements)),
            value @ (Value::Unknown | Value::Dynamic(..)) => {
                Err(mismatch(&value, &expectation(&visitor)))
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
