// SPDX-License-Identifier: MPL-2.0
//! `appenv_app_instance`: one application in one environment.
//!
//! # Layout
//!
//! - `schema`, `model`, `validate`: what the user writes. `wanted`, `wish`: from the model to the wholly known spec.
//! - `planning` with `looking` and `planned`, `reading`, `making` with `work` and `failed`, `ending`: plan, read, create and
//!   update, delete. `renaming`: what an update does where names changed.
//! - `apart`: names that must not meet. `upgrade_v0`: states of the schema before this one.
//! - `import`: from an id to the stub of a state.
//! - `claim`: what a create may do about a registration it finds; `adopting`: about objects without one. `held`: what an entry keeps in private. `existing`:
//!   what an entry and its targets say. `limits`: how long an operation may take.
//! - `gating`: what of a change is approved. `directories`: what is said of the directories of a host alone. `report`: what the user reads.

mod adopting;
mod apart;
mod claim;
mod directories;
mod ending;
mod existing;
mod failed;
mod gating;
mod held;
mod import;
mod limits;
mod looking;
mod making;
mod model;
mod planned;
mod planning;
mod reading;
mod renaming;
mod report;
mod schema;
mod upgrade_v0;
mod validate;
mod wanted;
mod wish;
mod work;

use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::{Change, ImportTarget, Resource, Slot};
use tfplugin::schema::Schema;
use tfplugin::value::Value;

pub use model::Model;

use crate::configured::{Configured, Latest};

/// The resource.
pub struct AppInstance(pub Arc<Latest>);

impl AppInstance {
    fn configured(&self) -> Result<Arc<Configured>, Errors> {
        self.0.get().ok_or_else(report::not_configured)
    }
}

impl Resource for AppInstance {
    type Model = Model;

    const TYPE: &'static str = "appenv_app_instance";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        validate::validate(config)
    }

    async fn plan(&self, cx: &mut Context, change: Change<Model>) -> Result<Option<Model>, Errors> {
        // Boxed: a model is large, and every state of the future would hold several.
        Box::pin(planning::plan(&*self.configured()?, cx, change)).await
    }

    async fn create(
        &self,
        cx: &mut Context,
        _config: Model,
        planned: Model,
        state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(making::create(&*self.configured()?, cx, planned, state)).await
    }

    async fn read(&self, cx: &mut Context, state: &mut Slot<Model>) -> Result<(), Errors> {
        Box::pin(reading::read(&*self.configured()?, cx, state)).await
    }

    async fn update(
        &self,
        cx: &mut Context,
        _config: Model,
        prior: Model,
        planned: Model,
        state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(making::update(&*self.configured()?, cx, prior, planned, state)).await
    }

    async fn delete(
        &self,
        cx: &mut Context,
        prior: Model,
        _state: &mut Slot<Model>,
    ) -> Result<(), Errors> {
        Box::pin(ending::delete(&*self.configured()?, cx, prior)).await
    }

    fn upgrade(
        &self,
        from_version: i64,
        state: serde_json::Value,
    ) -> Result<serde_json::Value, Errors> {
        match from_version {
            0 => Ok(upgrade_v0::upgrade(state)),
            later => Err(Errors::one(
                "State of an unknown version",
                format!(
                    "The state has schema version {later} of {}, which no release of the provider wrote. Nothing \
                     was changed.\n\nNext: restore the state from a backup.",
                    Self::TYPE
                ),
            )),
        }
    }

    fn identity_schema() -> Option<Schema> {
        Some(schema::identity())
    }

    fn identity(&self, state: &Model) -> Option<Value> {
        import::identity(state)
    }

    async fn import(&self, cx: &mut Context, target: ImportTarget) -> Result<Model, Errors> {
        import::import(&*self.configured()?, cx, target)
    }
}
