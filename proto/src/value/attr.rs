// SPDX-License-Identifier: MPL-2.0
//! A model's field: known, null or unknown.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::private;

/// The value of one attribute as a model holds it.
///
/// Serde sees it through a private newtype name that only this crate's deserializer and serializer understand:
/// `from_value` and `to_value` keep the three apart, other formats do not.
///
/// In an `Attr<Value>` a null or unknown that came with a type of its own stays
/// `Known(Value::Dynamic(type, null))`, so that the type is not lost; `Value::is_null` and `Value::is_unknown` see
/// through it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attr<T> {
    /// A value.
    Known(T),
    /// No value.
    #[default]
    Null,
    /// Known only after apply.
    Unknown,
}

impl<T> Attr<T> {
    /// The value, where it is known and not null.
    pub fn known(&self) -> Option<&T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    /// Takes the value out, where it is known and not null.
    pub fn into_known(self) -> Option<T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    /// Whether the value is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Attr::Unknown)
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Attr::Null)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Attr::Null, Attr::Known)
    }
}

impl<T: Serialize> Serialize for Attr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Attr::Known(value) => serializer.serialize_newtype_struct(private::ATTR, value),
            Attr::Null => serializer.serialize_none(),
            Attr::Unknown => serializer.serialize_unit_struct(private::UNKNOWN),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct States<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for States<T> {
            type Value = Attr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an attribute")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Attr<T>, D::Error> {
                T::deserialize(deserializer).map(Attr::Known)
            }

            fn visit_none<E: Error>(self) -> Result<Attr<T>, E> {
                Ok(Attr::Null)
            }

            fn visit_unit<E: Error>(self) -> Result<Attr<T>, E> {
                Ok(Attr::Unknown)
            }
        }

        deserializer.deserialize_newtype_struct(private::ATTR, States(PhantomData))
    }
}
