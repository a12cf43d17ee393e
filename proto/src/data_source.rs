// SPDX-License-Identifier: MPL-2.0
//! What the author of a data source writes.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::schema::Schema;

/// A data source.
pub trait DataSource: Send + Sync + 'static {
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

    /// Answers; the result is wholly known.
    fn read(
        &self,
        cx: &mut Context,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Errors>> + Send;
}
