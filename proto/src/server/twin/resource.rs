// SPDX-License-Identifier: MPL-2.0
//! The object-safe twin of [`Resource`].

use async_trait::async_trait;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::resource::{Change, ImportTarget, Resource, Slot};
use crate::value::Value;

use super::{Face, Typed, judged, model, value, wanted};

/// A resource without its model. The methods are those of [`Resource`].
#[async_trait]
pub(in crate::server) trait AnyResource: Send + Sync {
    fn face(&self) -> &Face;
    fn identity_face(&self) -> Option<&Face>;
    fn identity(&self, state: Value) -> Result<Option<Value>, Errors>;
    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors>;
    async fn plan(&self, cx: &mut Context, change: Change<Value>) -> Result<Option<Value>, Errors>;
    async fn create(
        &self,
        cx: &mut Context,
        config: Value,
        planned: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors>;
    async fn read(&self, cx: &mut Context, state: &mut Slot<Value>) -> Result<(), Errors>;
    async fn update(
        &self,
        cx: &mut Context,
        config: Value,
        prior: Value,
        planned: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors>;
    async fn delete(
        &self,
        cx: &mut Context,
        prior: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors>;
    async fn import(&self, cx: &mut Context, target: ImportTarget) -> Result<Value, Errors>;
    fn upgrade(&self, from: i64, state: serde_json::Value) -> Result<serde_json::Value, Errors>;
    fn move_from(
        &self,
        source_provider: &str,
        source_type: &str,
        source_version: i64,
        state: &serde_json::Value,
    ) -> Option<Result<serde_json::Value, Errors>>;
}

impl<R: Resource> Typed<R> {
    /// Takes a resource's model away.
    pub(in crate::server) fn resource(inner: R) -> Self {
        Self { inner, face: Face::new(R::schema()), identity: R::identity_schema().map(Face::new) }
    }

    /// Runs a verb on the author's slot, and keeps what it holds whether the verb failed or not.
    fn keep(
        &self,
        typed: Slot<R::Model>,
        result: Result<(), Errors>,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors> {
        let kept = if let Some(model) = typed.into_inner() {
            value(&model, &self.face.ty, R::TYPE).map(|value| state.put(value))
        } else {
            state.clear();
            Ok(())
        };
        match (result, kept) {
            (Err(mut errors), Err(more)) => {
                errors.extend(more);
                Err(errors)
            }
            (result, kept) => result.and(kept),
        }
    }
}

#[async_trait]
impl<R: Resource> AnyResource for Typed<R> {
    fn face(&self) -> &Face {
        &self.face
    }

    fn identity_face(&self) -> Option<&Face> {
        self.identity.as_ref()
    }

    fn identity(&self, state: Value) -> Result<Option<Value>, Errors> {
        Ok(self.inner.identity(&model(state)?))
    }

    async fn validate(&self, cx: &mut Context, config: Value) -> Result<(), Errors> {
        match judged(config, &self.face)? {
            Some(config) => self.inner.validate(cx, &config).await,
            None => Ok(()),
        }
    }

    async fn plan(&self, cx: &mut Context, change: Change<Value>) -> Result<Option<Value>, Errors> {
        let change = match change {
            Change::Create { config, proposed } => Change::Create {
                config: wanted(config, &self.face)?,
                proposed: wanted(proposed, &self.face)?,
            },
            Change::Update { prior, config, proposed } => Change::Update {
                prior: model(prior)?,
                config: wanted(config, &self.face)?,
                proposed: wanted(proposed, &self.face)?,
            },
            Change::Delete { prior } => Change::Delete { prior: model(prior)? },
        };
        let planned = self.inner.plan(cx, change).await?;
        planned.map(|planned| value(&planned, &self.face.ty, R::TYPE)).transpose()
    }

    async fn create(
        &self,
        cx: &mut Context,
        config: Value,
        planned: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors> {
        let (config, planned) = (model(config)?, model(planned)?);
        let mut typed = Slot::empty();
        let result = self.inner.create(cx, config, planned, &mut typed).await;
        self.keep(typed, result, state)
    }

    async fn read(&self, cx: &mut Context, state: &mut Slot<Value>) -> Result<(), Errors> {
        let mut typed = match state.get() {
            Some(state) => Slot::of(model(state.clone())?),
            None => Slot::empty(),
        };
        let result = self.inner.read(cx, &mut typed).await;
        self.keep(typed, result, state)
    }

    async fn update(
        &self,
        cx: &mut Context,
        config: Value,
        prior: Value,
        planned: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors> {
        let (config, planned) = (model(config)?, model(planned)?);
        let prior: R::Model = model(prior)?;
        let mut typed = Slot::of(prior.clone());
        let result = self.inner.update(cx, config, prior, planned, &mut typed).await;
        self.keep(typed, result, state)
    }

    async fn delete(
        &self,
        cx: &mut Context,
        prior: Value,
        state: &mut Slot<Value>,
    ) -> Result<(), Errors> {
        let prior: R::Model = model(prior)?;
        let mut typed = Slot::of(prior.clone());
        let result = self.inner.delete(cx, prior, &mut typed).await;
        self.keep(typed, result, state)
    }

    async fn import(&self, cx: &mut Context, target: ImportTarget) -> Result<Value, Errors> {
        value(&self.inner.import(cx, target).await?, &self.face.ty, R::TYPE)
    }

    fn upgrade(&self, from: i64, state: serde_json::Value) -> Result<serde_json::Value, Errors> {
        self.inner.upgrade(from, state)
    }

    fn move_from(
        &self,
        source_provider: &str,
        source_type: &str,
        source_version: i64,
        state: &serde_json::Value,
    ) -> Option<Result<serde_json::Value, Errors>> {
        self.inner.move_from(source_provider, source_type, source_version, state)
    }
}
