//! Values as the configuration language has them: typed, possibly null, possibly unknown.
//!
//! Bytes become a [`Value`] by schema type (`msgpack`, `json`); a `Value` becomes an author's model through
//! [`de`], and back through [`ser`]. Nothing here knows a resource or an RPC.

mod attr;
mod de;
mod json;
mod msgpack;
mod number;
mod path;
mod secret;
mod ser;
mod ty;

pub use attr::Attr;
pub use de::from_value;
pub use json::{decode_json, encode_json};
pub use msgpack::{decode as decode_msgpack, encode as encode_msgpack};
pub use number::Number;
pub use path::{Path, Step};
pub use secret::Secret;
pub use ser::to_value;
pub use ty::Type;

use std::collections::BTreeMap;

/// One value of the configuration language.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A value that is known only after apply. Refinements are dropped on reading and never written.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number, exact to the last digit.
    Number(Number),
    /// A string, NFC-normalised by the CLI.
    String(String),
    /// A list, a set or a tuple; sets are ordered as they came.
    List(Vec<Value>),
    /// A map or an object; an object holds every attribute of its type, null where absent.
    Map(BTreeMap<String, Value>),
    /// A value of a `dynamic` attribute, with the type it came with.
    Dynamic(Box<Type>, Box<Value>),
}

/// Why bytes or a model could not be read as a value of the wanted type, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{problem}", if path.is_root() { String::new() } else { format!("{path}: ") })]
pub struct ValueError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub problem: String,
}
