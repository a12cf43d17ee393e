// SPDX-License-Identifier: MPL-2.0
//! The object-safe twin of [`Provider`].

use std::sync::Arc;

use async_trait::async_trait;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::provider::Provider;
use crate::value::Value;

use super::{Face, judged, wanted};

/// A provider without its model. The methods are those of [`Provider`].
#[async_trait]
pub(in crate::server) trait AnyProvider: Send + Sync {
    fn face(&self) -> &Face;
    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors>;
    async fn configure(&self, cx: &mut Context, config: Value) -> Result<(), Errors>;
}

/// A provider beside its schema.
pub(in crate::server) struct TypedProvider<P> {
    inner: Arc<P>,
    face: Face,
}

impl<P: Provider> TypedProvider<P> {
    /// Takes a provider's model away.
    pub(in crate::server) fn new(inner: Arc<P>) -> Self {
        Self { inner, face: Face::new(P::schema()) }
    }
}

#[async_trait]
impl<P: Provider> AnyProvider for TypedProvider<P> {
    fn face(&self) -> &Face {
        &self.face
    }

    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors> {
        match judged(config, &self.face)? {
            Some(config) => self.inner.validate(cx, &config).await,
            None => Ok(()),
        }
    }

    async fn configure(&self, cx: &mut Context, config: Value) -> Result<(), Errors> {
        self.inner.configure(cx, wanted(config, &self.face)?).await
    }
}
