// SPDX-License-Identifier: MPL-2.0
//! The object-safe twin of [`DataSource`].

use async_trait::async_trait;

use crate::context::Context;
use crate::data_source::DataSource;
use crate::diagnostic::Errors;
use crate::value::Value;

use super::{Face, Typed, judged, model, value};

/// A data source without its model. The methods are those of [`DataSource`].
#[async_trait]
pub(in crate::server) trait AnyDataSource: Send + Sync {
    fn face(&self) -> &Face;
    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors>;
    async fn read(&self, cx: &mut Context, config: Value) -> Result<Value, Errors>;
}

impl<D: DataSource> Typed<D> {
    /// Takes a data source's model away.
    pub(in crate::server) fn data_source(inner: D) -> Self {
        Self { inner, face: Face::new(D::schema()), identity: None }
    }
}

#[async_trait]
impl<D: DataSource> AnyDataSource for Typed<D> {
    fn face(&self) -> &Face {
        &self.face
    }

    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors> {
        match judged(config, &self.face)? {
            Some(config) => self.inner.validate(cx, &config).await,
            None => Ok(()),
        }
    }

    async fn read(&self, cx: &mut Context, config: Value) -> Result<Value, Errors> {
        value(&self.inner.read(cx, model(config)?).await?, &self.face.ty, D::TYPE)
    }
}
