// SPDX-License-Identifier: MPL-2.0
//! Types of the configuration language.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::Value as Json;

use super::ValueError;

/// How deep types and values may nest.
pub(crate) const MAX_DEPTH: usize = 64;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// Any type; each value brings its own.
    Dynamic,
    /// `list(…)`.
    List(Box<Type>),
    /// `set(…)`.
    Set(Box<Type>),
    /// `map(…)`.
    Map(Box<Type>),
    /// `object({…})`.
    Object(BTreeMap<String, Type>),
    /// `tuple([…])`.
    Tuple(Vec<Type>),
}

// === impl Type ===

impl Type {
    /// `list(element)`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// `set(element)`.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// `map(element)`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// `object({…})`.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// `tuple([…])`.
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Self {
        Self::Tuple(elements.into_iter().collect())
    }

    /// Reads the JSON by which the protocol writes types: `"string"`, `["list","string"]`, ….
    ///
    /// Only types that a value can have are read: no capsules, no optional attributes.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ValueError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ValueError::new(format!("is not the JSON of a type: {error}")))
    }

    /// Writes the JSON by which the protocol writes types.
    pub fn to_json(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Whether a value of this type, or any part of it, brings a type of its own.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Object(attributes) => attributes.values().any(Self::has_dynamic),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
        }
    }

    /// One word for what it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Dynamic => "dynamic value",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Tuple(_) => "tuple",
        }
    }

    fn read(json: Json, depth: usize) -> Result<Self, &'static str> {
        if depth > MAX_DEPTH {
            return Err("types nest too deep");
        }
        let items = match json {
            Json::String(name) => return Self::named(&name),
            Json::Array(items) => items,
            _ => return Err("a type is a name or an array"),
        };
        let [Json::String(kind), inner] = <[Json; 2]>::try_from(items)
            .map_err(|_| "a compound type is an array of its kind and what it holds")?
        else {
            return Err("the kind of a compound type is a name");
        };
        match (kind.as_str(), inner) {
            ("list", inner) => Ok(Self::list(Self::read(inner, depth + 1)?)),
            ("set", inner) => Ok(Self::set(Self::read(inner, depth + 1)?)),
            ("map", inner) => Ok(Self::map(Self::read(inner, depth + 1)?)),
            ("object", Json::Object(attributes)) => attributes
                .into_iter()
                .map(|(name, ty)| Ok((name, Self::read(ty, depth + 1)?)))
                .collect::<Result<_, _>>()
                .map(Self::Object),
            ("tuple", Json::Array(elements)) => elements
                .into_iter()
                .map(|ty| Self::read(ty, depth + 1))
                .collect::<Result<_, _>>()
                .map(Self::Tuple),
            ("object", _) => Err("an object type holds its attributes by name"),
            ("tuple", _) => Err("a tuple type holds an array"),
            _ => Err("there is no such compound type"),
        }
    }

    fn named(name: &str) -> Result<Self, &'static str> {
        match name {
            "bool" => Ok(Self::Bool),
            "number" => Ok(Self::Number),
            "string" => Ok(Self::String),
            "dynamic" => Ok(Self::Dynamic),
            _ => Err("there is no such primitive type"),
        }
    }
}

/// Prints the JSON of [`Type::to_json`].
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn pair<S: Serializer, T: Serialize + ?Sized>(
            serializer: S,
            kind: &str,
            inner: &T,
        ) -> Result<S::Ok, S::Error> {
            let mut seq = serializer.serialize_seq(Some(2))?;
            seq.serialize_element(kind)?;
            seq.serialize_element(inner)?;
            seq.end()
        }

        match self {
            Self::Bool => serializer.serialize_str("bool"),
            Self::Number => serializer.serialize_str("number"),
            Self::String => serializer.serialize_str("string"),
            Self::Dynamic => serializer.serialize_str("dynamic"),
            Self::List(element) => pair(serializer, "list", element),
            Self::Set(element) => pair(serializer, "set", element),
            Self::Map(element) => pair(serializer, "map", element),
            Self::Object(attributes) => pair(serializer, "object", attributes),
            Self::Tuple(elements) => pair(serializer, "tuple", elements),
        }
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Json::deserialize(deserializer)?, 0).map_err(D::Error::custom)
    }
}

/// A type within serde data, as its JSON text: for formats that have no types of their own.
pub(crate) mod as_text {
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    use super::Type;

    pub(crate) fn serialize<S: Serializer>(ty: &Type, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(ty)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Box<Type>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Type::from_json(text.as_bytes()).map(Box::new).map_err(D::Error::custom)
    }
}
