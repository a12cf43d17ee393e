// SPDX-License-Identifier: MPL-2.0
//! The object-safe twin of [`Ephemeral`].

use std::time::SystemTime;

use async_trait::async_trait;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::ephemeral::{Ephemeral, Opened};
use crate::value::Value;

use super::{Face, Typed, judged, model, value};

/// An ephemeral resource without its model. The methods are those of [`Ephemeral`].
#[async_trait]
pub(in crate::server) trait AnyEphemeral: Send + Sync {
    fn face(&self) -> &Face;
    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors>;
    async fn open(&self, cx: &mut Context, config: Value) -> Result<Opened<Value>, Errors>;
    async fn renew(&self, cx: &mut Context) -> Result<Option<SystemTime>, Errors>;
    async fn close(&self, cx: &mut Context) -> Result<(), Errors>;
}

impl<E: Ephemeral> Typed<E> {
    /// Takes an ephemeral resource's model away.
    pub(in crate::server) fn ephemeral(inner: E) -> Self {
        Self { inner, face: Face::new(E::schema()), identity: None }
    }
}

#[async_trait]
impl<E: Ephemeral> AnyEphemeral for Typed<E> {
    fn face(&self) -> &Face {
        &self.face
    }

    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors> {
        match judged(config, &self.face)? {
            Some(config) => self.inner.validate(cx, &config).await,
            None => Ok(()),
        }
    }

    async fn open(&self, cx: &mut Context, config: Value) -> Result<Opened<Value>, Errors> {
        let opened = self.inner.open(cx, model(config)?).await?;
        let result = value(&opened.result, &self.face.ty, E::TYPE)?;
        Ok(Opened { result, renew_at: opened.renew_at })
    }

    async fn renew(&self, cx: &mut Context) -> Result<Option<SystemTime>, Errors> {
        self.inner.renew(cx).await
    }

    async fn close(&self, cx: &mut Context) -> Result<(), Errors> {
        self.inner.close(cx).await
    }
}
