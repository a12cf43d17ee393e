// SPDX-License-Identifier: MPL-2.0
//! What the author of a managed resource writes.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::schema::Schema;
use crate::value::Value;

/// What a plan is asked for. Create, update and delete are told apart once, in the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Change<M> {
    /// There is no prior state.
    Create {
        /// The configuration, write-only values included.
        config: M,
        /// The configuration with defaults, write-only values nulled, and unset computed attributes unknown.
        proposed: M,
    },
    /// There is a prior state and a configuration.
    Update {
        /// The state as last read.
        prior: M,
        /// The configuration, write-only values included.
        config: M,
        /// Prior merged with configuration and defaults; unset computed attributes keep the prior value, also
        /// where something else changes: the author marks unknown what will change. In a nested block that is
        /// new they are unknown, as in a new object.
        proposed: M,
    },
    /// The block is gone, or the instance is destroyed.
    Delete {
        /// The state as last read.
        prior: M,
    },
}

/// The place where a method puts the object's state. What it holds when the method returns is saved, also on an
/// error of update or delete; on an error of create it is saved **tainted**, so a create that fails should leave
/// it empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot<M>(Option<M>);

impl<M> Slot<M> {
    /// A slot that holds nothing.
    pub fn empty() -> Self {
        Self(None)
    }

    /// A slot that holds a state.
    pub fn of(state: M) -> Self {
        Self(Some(state))
    }

    /// Puts a state in.
    pub fn put(&mut self, state: M) {
        self.0 = Some(state);
    }

    /// The object is gone.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// What it holds.
    pub fn get(&self) -> Option<&M> {
        self.0.as_ref()
    }

    /// What it holds, to keep.
    pub fn into_inner(self) -> Option<M> {
        self.0
    }
}

/// What the user wants imported.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportTarget {
    /// By the id of `terraform import` or an import block.
    Id(String),
    /// By resource identity.
    Identity(Value),
}

/// A managed resource. Every value is decoded by the schema before it gets here and checked after it leaves.
///
/// Reading puts the object's state into the slot; an empty slot after it means the object is gone.
pub trait Resource: Send + Sync + 'static {
    /// The model: a struct of `Attr<…>` fields, nested structs and `Vec`s for blocks.
    type Model: DeserializeOwned
        + Serialize
        + Clone
        + PartialEq
        + std::fmt::Debug
        + Send
        + Sync
        + 'static;

    /// The type name, provider prefix included.
    const TYPE: &'static str;

    /// The schema; pure.
    fn schema() -> Schema;

    /// The schema of the resource identity, where there is one: attributes only.
    fn identity_schema() -> Option<Schema> {
        None
    }

    /// The identity of a state, or of a plan; asked for only where [`Resource::identity_schema`] answers, and
    /// passed on only where it is wholly known.
    fn identity(&self, _state: &Self::Model) -> Option<Value> {
        None
    }

    /// Judges a configuration alone. The provider is not configured here, and any value may be unknown.
    fn validate(
        &self,
        _cx: &mut Context,
        _config: &Self::Model,
    ) -> impl Future<Output = Result<(), Errors>> + Send {
        async { Ok(()) }
    }

    /// Says what would be. For [`Change::Delete`] the answer is ignored but for its errors.
    fn plan(
        &self,
        cx: &mut Context,
        change: Change<Self::Model>,
    ) -> impl Future<Output = Result<Option<Self::Model>, Errors>> + Send;

    /// Makes the object.
    fn create(
        &self,
        cx: &mut Context,
        config: Self::Model,
        planned: Self::Model,
        state: &mut Slot<Self::Model>,
    ) -> impl Future<Output = Result<(), Errors>> + Send;

    /// Looks at the object. The slot holds the last state.
    fn read(
        &self,
        cx: &mut Context,
        state: &mut Slot<Self::Model>,
    ) -> impl Future<Output = Result<(), Errors>> + Send;

    /// Changes the object in place. The slot holds the prior state.
    fn update(
        &self,
        cx: &mut Context,
        config: Self::Model,
        prior: Self::Model,
        planned: Self::Model,
        state: &mut Slot<Self::Model>,
    ) -> impl Future<Output = Result<(), Errors>> + Send;

    /// Removes the object. The slot holds the prior state and is emptied by the server when there is no error.
    fn delete(
        &self,
        cx: &mut Context,
        prior: Self::Model,
        state: &mut Slot<Self::Model>,
    ) -> impl Future<Output = Result<(), Errors>> + Send;

    /// Makes the stub of an imported state; the CLI reads it at once.
    fn import(
        &self,
        _cx: &mut Context,
        target: ImportTarget,
    ) -> impl Future<Output = Result<Self::Model, Errors>> + Send {
        async move {
            let asked = match target {
                ImportTarget::Id(id) => format!("the id \"{id}\""),
                ImportTarget::Identity(_) => "an identity".to_owned(),
            };
            Err(Errors::one(
                "Import is not supported",
                format!("{} cannot be imported; it was asked for by {asked}.", Self::TYPE),
            ))
        }
    }

    /// Turns the JSON of an older state into one of the present schema version. Never called at equal versions,
    /// where the server reads the state itself and ignores attributes that the schema no longer has.
    fn upgrade(
        &self,
        from_version: i64,
        _state: serde_json::Value,
    ) -> Result<serde_json::Value, Errors> {
        Err(Errors::one(
            "State of an unknown version",
            format!("{} has no upgrade from schema version {from_version}.", Self::TYPE),
        ))
    }

    /// Takes over the state of another resource type (a `moved` block across types); `None`: not from there.
    ///
    /// The provider comes as `host/namespace/type`, and the host is each CLI's own: compare the rest.
    fn move_from(
        &self,
        _source_provider: &str,
        _source_type: &str,
        _source_version: i64,
        _state: &serde_json::Value,
    ) -> Option<Result<serde_json::Value, Errors>> {
        None
    }
}
