// SPDX-License-Identifier: MPL-2.0
//! What the author of an ephemeral resource writes.

use std::future::Future;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::schema::Schema;

/// An opened ephemeral resource.
#[derive(Clone, Debug)]
pub struct Opened<M> {
    /// What the configuration may use while it is open.
    pub result: M,
    /// When [`Ephemeral::renew`] is to be called.
    pub renew_at: Option<SystemTime>,
}

/// An ephemeral resource. What it needs to renew and close goes through `cx.private`.
pub trait Ephemeral: Send + Sync + 'static {
    /// The model, configuration and result in one.
    type Model: DeserializeOwned + Serialize + Clone + std::fmt::Debug + Send + Sync + 'static;

    /// The type name, provider prefix included.
    const TYPE: &'static str;

    /// The schema; pure.
    fn schema() -> Schema;

    /// Judges a configuration alone; any value may be unknown.
    fn validate(
        &self,
        _cx: &mut Context,
        _config: &Self::Model,
    ) -> impl Future<Output = Result<(), Errors>> + Send {
        async { Ok(()) }
    }

    /// Opens it.
    fn open(
        &self,
        cx: &mut Context,
        config: Self::Model,
    ) -> impl Future<Output = Result<Opened<Self::Model>, Errors>> + Send;

    /// Keeps it open; answers when to come again.
    fn renew(
        &self,
        _cx: &mut Context,
    ) -> impl Future<Output = Result<Option<SystemTime>, Errors>> + Send {
        async { Ok(None) }
    }

    /// Ends it.
    fn close(&self, _cx: &mut Context) -> impl Future<Output = Result<(), Errors>> + Send {
        async { Ok(()) }
    }
}
