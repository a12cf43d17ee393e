// SPDX-License-Identifier: MPL-2.0
//! `appenv_env_secret`: one secret of one instance. Its value is in no state and in no plan.
//!
//! # Layout
//!
//! - `schema`, `model`, `validate`: what the user writes. `recipe`: how a value is made.
//! - `planning` with `times`, `reading`, `writing`: plan, read, create, update and delete.
//! - `gating`: what of a change is approved; `clock`: of what the clock asks for. `import`: from an id to the stub of a state. `held`: what an entry keeps in private. `report`: what the user reads.

mod clock;
mod gating;
mod held;
mod import;
mod model;
mod planning;
mod reading;
mod recipe;
mod report;
mod schema;
mod times;
mod validate;
mod writing;

use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::{Change, ImportTarget, Resource, Slot};
use tfplugin::schema::Schema;

pub use model::Model;

use crate::configured::{Configured, Latest};

/// The resource.
pub struct EnvSecret(pub Arc<Latest>);

impl EnvSecret {
    fn configured(&self) -> Result<Arc<Configured>, Errors> {
        self.0.get().ok_or_else(report::not_configured)
    }
}

impl Resource for EnvSecret {
    type Model = Model;

    const TYPE: &'static str = "appenv_env_secret";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, cx: &mut Context, config: &Model) -> Result<(), Errors> {
        validate::validate(cx, config)
    }

    async fn plan(&self, cx: &mut Context, change: Change<Model>) -> Result<Option<Model>, Errors> {
        Box::pin(planning::plan(&*self.configured()?, cx, change)).await
    }

    async fn create(
        &self,
        cx: &mut Context,
        config: Model,
        planned: Model,
        state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(writing::create(&*self.configured()?, cx, &config, planned, state)).await
    }

    async fn read(&self, cx: &mut Context, state: &mut Slot<Model>) -> Result<(), Errors> {
        Box::pin(reading::read(&*self.configured()?, cx, state)).await
    }

    async fn update(
        &self,
        cx: &mut Context,
        config: Model,
        prior: Model,
        planned: Model,
        state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(writing::update(&*self.configured()?, cx, &config, &prior, planned, state)).await
    }

    async fn delete(
        &self,
        cx: &mut Context,
        prior: Model,
        _state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(writing::delete(&*self.configured()?, cx, &prior)).await
    }

    async fn import(&self, cx: &mut Context, target: ImportTarget) -> Result<Model, Errors> {
        import::import(&*self.configured()?, cx, target)
    }
}
