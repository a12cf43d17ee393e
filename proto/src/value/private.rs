// SPDX-License-Identifier: MPL-2.0
//! The names by which this crate's types know each other through serde.
//!
//! Serde's data model has no unknown, no exact number and no secret. The types that do announce themselves to the
//! deserializer and the serializer by these names; nobody else is meant to understand them.

/// [`Attr`](super::Attr), and its known case when it is written.
pub(crate) const ATTR: &str = "$tfplugin::Attr";

/// The unknown case of [`Attr`](super::Attr) when it is written.
pub(crate) const UNKNOWN: &str = "$tfplugin::Unknown";

/// [`Number`](super::Number), around its decimal text.
pub(crate) const NUMBER: &str = "$tfplugin::Number";

/// [`Secret`](super::Secret), around what it hides.
pub(crate) const SECRET: &str = "$tfplugin::Secret";

/// [`Value`](super::Value), as an enum. Its derive attributes repeat the name.
pub(crate) const VALUE: &str = "$tfplugin::Value";
