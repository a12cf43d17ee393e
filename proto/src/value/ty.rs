//! Types of the configuration language.

use std::collections::BTreeMap;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
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
