// SPDX-License-Identifier: MPL-2.0
//! Places for what is inside lists, maps, objects and dynamic values.

use std::collections::BTreeMap;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{ValueSerializer, text};
use crate::value::{Type, Value, ValueError};

/// Room made before the elements of a list are seen.
const FIRST_ROOM: usize = 1024;

/// A place for the elements of a list, a set or a tuple.
pub(super) struct Elements<'t> {
    ty: &'t Type,
    values: Vec<Value>,
}

/// A place for the elements of a map, or the attributes of an object given as a map.
pub(super) struct Entries<'t> {
    ty: &'t Type,
    key: Option<String>,
    values: BTreeMap<String, Value>,
}

/// A place for the attributes of an object given as a struct.
pub(super) struct Fields<'t> {
    types: &'t BTreeMap<String, Type>,
    values: BTreeMap<String, Value>,
}

/// A place for a dynamic value: its type, then what it is.
#[derive(Default)]
pub(super) struct Typed {
    ty: Option<Type>,
    value: Option<Value>,
}

// === impl Elements ===

impl<'t> Elements<'t> {
    pub(super) fn new(ty: &'t Type, length: Option<usize>) -> Option<Self> {
        let room = length.unwrap_or(0).min(FIRST_ROOM);
        matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
            .then(|| Self { ty, values: Vec::with_capacity(room) })
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let index = self.values.len();
        let ty = match self.ty {
            Type::List(element) | Type::Set(element) => Some(&**element),
            Type::Tuple(types) => types.get(index),
            _ => None,
        };
        let ty = ty.ok_or_else(|| ValueError::new("is beyond the tuple").in_index(index))?;
        let value = value.serialize(ValueSerializer { ty }).map_err(|e| e.in_index(index))?;
        self.values.push(value);
        Ok(())
    }

    fn finish(self) -> Result<Value, ValueError> {
        match self.ty {
            Type::Tuple(types) if types.len() != self.values.len() => {
                Err(ValueError::new(format!(
                    "invalid length {}, expected a tuple of {}",
                    self.values.len(),
                    types.len()
                )))
            }
            _ => Ok(Value::List(self.values)),
        }
    }
}

impl SerializeSeq for Elements<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        self.finish()
    }
}

impl SerializeTuple for Elements<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        self.finish()
    }
}

impl SerializeTupleStruct for Elements<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        self.finish()
    }
}

// === impl Entries ===

impl<'t> Entries<'t> {
    pub(super) fn new(ty: &'t Type) -> Option<Self> {
        matches!(ty, Type::Map(_) | Type::Object(_)).then(|| Self {
            ty,
            key: None,
            values: BTreeMap::new(),
        })
    }
}

impl SerializeMap for Entries<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        self.key = Some(text(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let key = self.key.take().ok_or_else(|| ValueError::new("was written before its key"))?;
        let value = match self.ty {
            Type::Map(element) => {
                value.serialize(ValueSerializer { ty: element }).map_err(|e| e.in_key(&key))?
            }
            Type::Object(types) => match types.get(&key) {
                Some(ty) => {
                    value.serialize(ValueSerializer { ty }).map_err(|e| e.in_attribute(&key))?
                }
                None => return Err(not_in_schema(&key)),
            },
            ty => return Err(ValueError::mismatch("map", &ty.kind())),
        };
        self.values.insert(key, value);
        Ok(())
    }

    fn end(mut self) -> Result<Value, ValueError> {
        if let Type::Object(types) = self.ty {
            for name in types.keys() {
                self.values.entry(name.clone()).or_insert(Value::Null);
            }
        }
        Ok(Value::Map(self.values))
    }
}

// === impl Fields ===

impl<'t> Fields<'t> {
    pub(super) fn new(ty: &'t Type) -> Option<Self> {
        match ty {
            Type::Object(types) => Some(Self { types, values: BTreeMap::new() }),
            _ => None,
        }
    }
}

fn not_in_schema(name: &str) -> ValueError {
    ValueError::new("is in the model but not in the schema").in_attribute(name)
}

impl SerializeStruct for Fields<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        let ty = self.types.get(name).ok_or_else(|| not_in_schema(name))?;
        let value = value.serialize(ValueSerializer { ty }).map_err(|e| e.in_attribute(name))?;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), ValueError> {
        if !self.types.contains_key(name) {
            return Err(not_in_schema(name));
        }
        self.values.insert(name.to_owned(), Value::Null);
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        match self.types.keys().find(|name| !self.values.contains_key(*name)) {
            Some(name) => {
                Err(ValueError::new("is in the schema but not in the model").in_attribute(name))
            }
            None => Ok(Value::Map(self.values)),
        }
    }
}

impl SerializeStructVariant for Fields<'_> {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        SerializeStruct::serialize_field(self, name, value)
    }

    fn end(self) -> Result<Value, ValueError> {
        SerializeStruct::end(self)
    }
}

// === impl Typed ===

impl SerializeTupleVariant for Typed {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        match &self.ty {
            None => self.ty = Some(Type::from_json(text(value)?.as_bytes())?),
            Some(ty) => self.value = Some(value.serialize(ValueSerializer { ty })?),
        }
        Ok(())
    }

    fn end(self) -> Result<Value, ValueError> {
        match (self.ty, self.value) {
            (Some(ty), Some(value)) => Ok(Value::Dynamic(Box::new(ty), Box::new(value))),
            _ => Err(ValueError::new("is a dynamic value without a type or a value")),
        }
    }
}
