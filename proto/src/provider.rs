// SPDX-License-Identifier: MPL-2.0
//! What the author of a provider writes, and the list of what it offers.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::schema::Schema;
use crate::server::Registry;

/// A provider.
///
/// One process may be configured several times (debug mode) or never (functions, moves, validate); what a
/// configuration yields belongs behind a lock in the provider and is handed to resources through it.
pub trait Provider: Send + Sync + 'static {
    /// The model of the provider block.
    type Model: DeserializeOwned + Serialize + Clone + std::fmt::Debug + Send + Sync + 'static;

    /// The schema of the provider block; pure.
    fn schema() -> Schema;

    /// Puts everything the provider offers into the list.
    fn offer(self: Arc<Self>, registry: &mut Registry);

    /// Judges a provider block alone; any value may be unknown.
    fn validate(
        &self,
        _cx: &mut Context,
        _config: &Self::Model,
    ) -> impl Future<Output = Result<(), Errors>> + Send {
        async { Ok(()) }
    }

    /// Takes the configuration; at plan some values may be unknown.
    fn configure(
        &self,
        cx: &mut Context,
        config: Self::Model,
    ) -> impl Future<Output = Result<(), Errors>> + Send;

    /// Gives back what it holds on servers, such as a login of its own: the process ends. It has a quarter of a second.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}
