// SPDX-License-Identifier: MPL-2.0
//! What is inside lists, maps, objects and values, one after another, with the place of each for errors.

use std::collections::{BTreeMap, btree_map};
use std::iter::Enumerate;
use std::vec;

use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::ValueDeserializer;
use crate::value::{Step, Value, ValueError};

/// The elements of a list.
pub(super) struct Elements(Enumerate<vec::IntoIter<Value>>);

/// The elements of a map, or the attributes of an object.
pub(super) struct Entries {
    rest: btree_map::IntoIter<String, Value>,
    step: fn(String) -> Step,
    value: Option<(String, Value)>,
}

/// A value as the enum that [`Value`] is to serde.
pub(super) struct Verbatim(pub(super) Value);

// === impl Elements ===

impl Elements {
    /// Has all elements visited: one left over is an error.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        elements: Vec<Value>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let length = elements.len();
        let mut rest = Self(elements.into_iter().enumerate());
        let value = visitor.visit_seq(&mut rest)?;
        match rest.0.len() {
            0 => Ok(value),
            _ => Err(ValueError::custom(format_args!("holds too many elements: {length}"))),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        let Some((index, value)) = self.0.next() else { return Ok(None) };
        seed.deserialize(ValueDeserializer(value)).map(Some).map_err(|error| error.in_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

// === impl Entries ===

impl Entries {
    pub(super) fn of_map(elements: BTreeMap<String, Value>) -> Self {
        Self { rest: elements.into_iter(), step: Step::Key, value: None }
    }

    pub(super) fn of_object(attributes: BTreeMap<String, Value>) -> Self {
        Self { rest: attributes.into_iter(), step: Step::Attribute, value: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ValueError> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((key.clone(), value));
        let text = StringDeserializer::<ValueError>::new(key.clone());
        seed.deserialize(text).map(Some).map_err(|error| error.under((self.step)(key)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ValueError> {
        let (key, value) =
            self.value.take().ok_or_else(|| ValueError::new("was read before its key"))?;
        seed.deserialize(ValueDeserializer(value)).map_err(|error| error.under((self.step)(key)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

// === impl Verbatim ===

impl<'de> EnumAccess<'de> for Verbatim {
    type Error = ValueError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), ValueError> {
        let name = match &self.0 {
            Value::Null => "Null",
            Value::Unknown => "Unknown",
            Value::Bool(_) => "Bool",
            Value::Number(_) => "Number",
            Value::String(_) => "String",
            Value::List(_) => "List",
            Value::Map(_) => "Map",
            Value::Dynamic(..) => "Dynamic",
        };
        Ok((seed.deserialize(StrDeserializer::<ValueError>::new(name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Verbatim {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, ValueError> {
        seed.deserialize(ValueDeserializer(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Dynamic(ty, inner) => {
                Elements::visit(vec![Value::String(ty.to_string()), *inner], visitor)
            }
            value => Err(ValueError::mismatch(value.kind(), &"a dynamic value")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, ValueError> {
        Err(ValueError::mismatch(self.0.kind(), &"an object"))
    }
}
