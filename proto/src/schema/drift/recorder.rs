// SPDX-License-Identifier: MPL-2.0
//! A deserializer that has no data: it notes what a model asks for at one place, and stops.

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::value::{Type, ValueError, private};

/// What is around a value in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Attr,
    Option,
    Secret,
    List,
    Map,
}

/// What a model wants in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Bool,
    Number,
    String,
    /// A `Value`, whatever it holds.
    Value,
    Tuple,
    Struct(&'static [&'static str]),
    /// What this crate never gives.
    Other(&'static str),
}

/// What a model expects at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) layers: Vec<Layer>,
    pub(super) leaf: Option<Leaf>,
}

/// Notes what `Model` expects at the end of a way through the fields of its structs.
pub(super) fn record<Model: DeserializeOwned>(fields: &[String]) -> Shape {
    let shape = RefCell::new(Shape::default());
    // A model cannot come out of it: the walk ends in an error once it has noted what it came for.
    let _ = Model::deserialize(Recorder { fields, shape: &shape });
    shape.into_inner()
}

#[derive(Clone, Copy)]
struct Recorder<'r> {
    /// The fields still to go through; notes are taken behind the last.
    fields: &'r [String],
    shape: &'r RefCell<Shape>,
}

/// One field, element or entry, the key of which is given.
struct One<'r> {
    key: &'r str,
    inner: Option<Recorder<'r>>,
}

// === impl Layer ===

impl Layer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Layer::Attr => "an `Attr`",
            Layer::Option => "an `Option`",
            Layer::Secret => "a `Secret`",
            Layer::List => "a list",
            Layer::Map => "a map",
        }
    }
}

// === impl Leaf ===

impl Leaf {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Leaf::Bool => "a boolean",
            Leaf::Number => "a number",
            Leaf::String => "a string",
            Leaf::Value => "a `Value`",
            Leaf::Tuple => "a tuple",
            Leaf::Struct(_) => "a struct",
            Leaf::Other(name) => name,
        }
    }

    /// Whether it can be read from any value of a type, as far as the kind goes.
    pub(super) fn takes(&self, ty: &Type) -> bool {
        matches!(
            (self, ty),
            (Leaf::Value, _)
                | (Leaf::Bool, Type::Bool)
                | (Leaf::Number, Type::Number)
                | (Leaf::String, Type::String)
        )
    }
}

// === impl Recorder ===

impl<'r> Recorder<'r> {
    fn layer(&self, layer: Layer) {
        let mut shape = self.shape.borrow_mut();
        if self.fields.is_empty() && shape.leaf.is_none() {
            shape.layers.push(layer);
        }
    }

    fn leaf<T>(&self, leaf: Leaf) -> Result<T, ValueError> {
        if self.fields.is_empty() {
            self.shape.borrow_mut().leaf.get_or_insert(leaf);
        }
        Err(ValueError::new("holds nothing: only its shape was asked for"))
    }

    fn one(self, key: &'r str) -> One<'r> {
        One { key, inner: Some(self) }
    }
}

macro_rules! leaves {
    ($($method:ident: $leaf:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, ValueError> {
            self.leaf($leaf)
        }
    )*};
}

impl<'de> Deserializer<'de> for Recorder<'_> {
    type Error = ValueError;

    leaves! {
        deserialize_bool: Leaf::Bool;
        deserialize_i8: Leaf::Number;
        deserialize_i16: Leaf::Number;
        deserialize_i32: Leaf::Number;
        deserialize_i64: Leaf::Number;
        deserialize_u8: Leaf::Number;
        deserialize_u16: Leaf::Number;
        deserialize_u32: Leaf::Number;
        deserialize_u64: Leaf::Number;
        deserialize_f64: Leaf::Number;
        deserialize_str: Leaf::String;
        deserialize_string: Leaf::String;
        deserialize_char: Leaf::String;
        deserialize_identifier: Leaf::String;
        deserialize_i128: Leaf::Other("an i128");
        deserialize_u128: Leaf::Other("a u128");
        deserialize_f32: Leaf::Other("an f32");
        deserialize_bytes: Leaf::Other("bytes");
        deserialize_byte_buf: Leaf::Other("bytes");
        deserialize_unit: Leaf::Other("nothing");
        deserialize_any: Leaf::Other("anything");
        deserialize_ignored_any: Leaf::Other("anything");
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.layer(Layer::Option);
        visitor.visit_some(self)
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
        match name {
            private::ATTR => self.layer(Layer::Attr),
            private::SECRET => self.layer(Layer::Secret),
            private::NUMBER => return self.leaf(Leaf::Number),
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.layer(Layer::List);
        visitor.visit_seq(self.one(""))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.layer(Layer::Map);
        visitor.visit_map(self.one("key"))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.leaf(Leaf::Tuple)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.leaf(Leaf::Tuple)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.fields {
            [] => self.leaf(Leaf::Struct(fields)),
            [field, rest @ ..] => visitor.visit_map(Self { fields: rest, ..self }.one(field)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.leaf(if name == private::VALUE { Leaf::Value } else { Leaf::String })
    }
}

// === impl One ===

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        self.inner.take().map(|inner| seed.deserialize(inner)).transpose()
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ValueError> {
        match self.inner {
            Some(_) => seed.deserialize(StrDeserializer::<ValueError>::new(self.key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ValueError> {
        match self.inner.take() {
            Some(inner) => seed.deserialize(inner),
            None => Err(ValueError::new("was read twice")),
        }
    }
}
