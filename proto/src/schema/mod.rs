// SPDX-License-Identifier: MPL-2.0
//! Schemas: what a block holds. Written by hand beside the model; [`legal`] and [`drift`] hold them right, [`docs`] tells them.

pub mod docs;
pub mod drift;
pub mod legal;
mod shape;

use std::collections::BTreeMap;

use crate::value::{Type, Value};

/// A resource's, data source's or provider's schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The schema version; raised with every change that old states must be upgraded for.
    pub version: i64,
    /// The root block.
    pub block: Block,
}

/// A block: attributes and nested blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Attributes by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Nested blocks by name.
    pub blocks: BTreeMap<String, NestedBlock>,
    /// Markdown.
    pub description: String,
    /// Why not to use it any more.
    pub deprecation: Option<String>,
}

/// How often and how a nested block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most once; absent reads as null.
    Single,
    /// In order, repeatedly.
    List,
    /// Without order, repeatedly.
    Set,
}

/// A nested block.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedBlock {
    /// How it nests.
    pub nesting: Nesting,
    /// What it holds.
    pub block: Block,
    /// Fewest times.
    pub min_items: i64,
    /// Most times; 0 for no bound.
    pub max_items: i64,
}

/// Whether an attribute is written by the user, by the provider, or by either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The user must write it.
    Required,
    /// The user may write it.
    Optional,
    /// The user may write it; the provider fills it otherwise.
    OptionalComputed,
    /// The provider writes it.
    Computed,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// Who writes it.
    pub mode: Mode,
    /// Markdown; one sentence at least.
    pub description: String,
    /// Hidden in the CLI's output (not in the state).
    pub sensitive: bool,
    /// Never stored.
    pub write_only: bool,
    /// Why not to use it any more.
    pub deprecation: Option<String>,
    /// What it is when the configuration has null; only with [`Mode::OptionalComputed`].
    pub default: Option<Value>,
}

// === impl Schema ===

impl Schema {
    /// A schema of version 0.
    pub fn new(block: Block) -> Self {
        Self { version: 0, block }
    }
}

// === impl Block ===

impl Block {
    /// An empty block.
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// With one more attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, attribute: Attribute) -> Self {
        self.attributes.insert(name.to_owned(), attribute);
        self
    }

    /// With one more nested block that is written at most once.
    #[must_use]
    pub fn single(self, name: &str, block: Block) -> Self {
        self.nested(name, Nesting::Single, block)
    }

    /// With one more nested block that is written any number of times, in order.
    #[must_use]
    pub fn list(self, name: &str, block: Block) -> Self {
        self.nested(name, Nesting::List, block)
    }

    /// With one more nested block that is written any number of times, without order.
    #[must_use]
    pub fn set(self, name: &str, block: Block) -> Self {
        self.nested(name, Nesting::Set, block)
    }

    fn nested(mut self, name: &str, nesting: Nesting, block: Block) -> Self {
        self.blocks
            .insert(name.to_owned(), NestedBlock { nesting, block, min_items: 0, max_items: 0 });
        self
    }
}

// === impl Attribute ===

impl Attribute {
    fn new(ty: Type, mode: Mode, description: &str) -> Self {
        Self {
            ty,
            mode,
            description: description.to_owned(),
            sensitive: false,
            write_only: false,
            deprecation: None,
            default: None,
        }
    }

    /// One the user must write.
    pub fn required(ty: Type, description: &str) -> Self {
        Self::new(ty, Mode::Required, description)
    }

    /// One the user may write.
    pub fn optional(ty: Type, description: &str) -> Self {
        Self::new(ty, Mode::Optional, description)
    }

    /// One the user may write and the provider fills otherwise.
    pub fn optional_computed(ty: Type, description: &str) -> Self {
        Self::new(ty, Mode::OptionalComputed, description)
    }

    /// One the provider writes.
    pub fn computed(ty: Type, description: &str) -> Self {
        Self::new(ty, Mode::Computed, description)
    }

    /// With a default; makes it optional and computed.
    #[must_use]
    pub fn default_value(mut self, value: Value) -> Self {
        self.mode = Mode::OptionalComputed;
        self.default = Some(value);
        self
    }

    /// Hidden in the CLI's output.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }
}
