// SPDX-License-Identifier: MPL-2.0
//! From an author's model to a value.

mod compound;

use serde::ser::{Serialize, Serializer};

use self::compound::{Elements, Entries, Fields, Typed};
use super::{Number, NumberError, Type, Value, ValueError, private};

/// Writes a model as a value of a type.
///
/// The type decides what a sequence is (list, set or tuple) and what a map is (map or object). A struct must have
/// exactly the attributes of its object type; a map that is written as an object gets null where it lacks one.
pub fn to_value<T: Serialize>(model: &T, ty: &Type) -> Result<Value, ValueError> {
    model.serialize(ValueSerializer { ty })
}

/// A place for a value of a type.
#[derive(Clone, Copy)]
struct ValueSerializer<'t> {
    ty: &'t Type,
}

// === impl ValueSerializer ===

impl<'t> ValueSerializer<'t> {
    fn mismatch(self, found: &str) -> ValueError {
        ValueError::mismatch(found, &self.ty.kind())
    }

    fn number(self, number: Result<Number, NumberError>) -> Result<Value, ValueError> {
        match (self.ty, number) {
            (Type::Number, Ok(number)) => Ok(Value::Number(number)),
            (Type::Number, Err(error)) => Err(ValueError::new(error.to_string())),
            _ => Err(self.mismatch("number")),
        }
    }

    fn elements(self, length: Option<usize>) -> Result<Elements<'t>, ValueError> {
        Elements::new(self.ty, length).ok_or_else(|| self.mismatch("list"))
    }
}

/// The text that a value is to serde: a key, the name of a type, the digits of a number.
fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, ValueError> {
    match value.serialize(ValueSerializer { ty: &Type::String })? {
        Value::String(text) => Ok(text),
        value => Err(ValueError::mismatch(value.kind(), &"string")),
    }
}

impl<'t> Serializer for ValueSerializer<'t> {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = Elements<'t>;
    type SerializeTuple = Elements<'t>;
    type SerializeTupleStruct = Elements<'t>;
    type SerializeTupleVariant = Typed;
    type SerializeMap = Entries<'t>;
    type SerializeStruct = Fields<'t>;
    type SerializeStructVariant = Fields<'t>;

    fn serialize_bool(self, value: bool) -> Result<Value, ValueError> {
        match self.ty {
            Type::Bool => Ok(Value::Bool(value)),
            _ => Err(self.mismatch("boolean")),
        }
    }

    fn serialize_i8(self, value: i8) -> Result<Value, ValueError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Value, ValueError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Value, ValueError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, ValueError> {
        self.number(Ok(value.into()))
    }

    fn serialize_u8(self, value: u8) -> Result<Value, ValueError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, ValueError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, ValueError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, ValueError> {
        self.number(Ok(value.into()))
    }

    fn serialize_f32(self, _value: f32) -> Result<Value, ValueError> {
        Err(ValueError::new("cannot be written from an f32; the model needs an f64"))
    }

    fn serialize_f64(self, value: f64) -> Result<Value, ValueError> {
        self.number(value.try_into())
    }

    fn serialize_char(self, value: char) -> Result<Value, ValueError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Value, ValueError> {
        match self.ty {
            Type::String => Ok(Value::String(value.to_owned())),
            _ => Err(self.mismatch("string")),
        }
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<Value, ValueError> {
        Err(self.mismatch("bytes"))
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, ValueError> {
        Ok(if name == private::UNKNOWN { Value::Unknown } else { Value::Null })
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, ValueError> {
        match (name, variant) {
            (private::VALUE, "Null") => Ok(Value::Null),
            (private::VALUE, _) => Ok(Value::Unknown),
            _ => self.serialize_str(variant),
        }
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        match name {
            private::NUMBER => self.number(Number::parse(&text(value)?)),
            _ => value.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        match name {
            private::VALUE => value.serialize(self),
            _ => Err(self.mismatch("enum with content")),
        }
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Elements<'t>, ValueError> {
        self.elements(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Elements<'t>, ValueError> {
        self.elements(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<Elements<'t>, ValueError> {
        self.elements(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Typed, ValueError> {
        match (name, self.ty) {
            (private::VALUE, Type::Dynamic) => Ok(Typed::default()),
            (private::VALUE, _) => Err(self.mismatch("dynamic value")),
            _ => Err(self.mismatch("enum with content")),
        }
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries<'t>, ValueError> {
        Entries::new(self.ty).ok_or_else(|| self.mismatch("map"))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Fields<'t>, ValueError> {
        Fields::new(self.ty).ok_or_else(|| self.mismatch("object"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'t>, ValueError> {
        Err(self.mismatch("enum with content"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
