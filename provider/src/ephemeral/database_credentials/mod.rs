// SPDX-License-Identifier: MPL-2.0
//! `appenv_database_credentials`: a login to one instance's database for the time of one run.
//!
//! # Layout
//!
//! - `schema`, `model`, `validate`: what the user writes. `wish`: from the model to the spec.
//! - `admission`: whether the registry lets it be opened. `opening`: leased or made. `address`: where it is used.
//! - `kept`: what renewal and close are handed. `ending`: both of them. `life`: whether it lived as long as the run.
//! - `report`: what the user reads.

mod address;
mod admission;
mod ending;
mod kept;
mod life;
mod model;
mod opening;
mod report;
mod schema;
mod validate;
mod wish;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::ephemeral::{Ephemeral, Opened};
use tfplugin::schema::Schema;

pub use model::Model;

use self::life::Lives;
use crate::configured::{Configured, Latest};
use crate::world::World;

/// The ephemeral resource.
pub struct DatabaseCredentials {
    latest: Arc<Latest>,
    lives: Lives,
}

impl DatabaseCredentials {
    /// One of a provider that is configured later.
    pub fn new(latest: Arc<Latest>) -> Self {
        Self { latest, lives: Lives::default() }
    }

    fn configured(&self) -> Result<Arc<Configured>, Errors> {
        self.latest.get().ok_or_else(report::not_configured)
    }
}

impl Ephemeral for DatabaseCredentials {
    type Model = Model;

    const TYPE: &'static str = "appenv_database_credentials";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        validate::validate(config)
    }

    async fn open(&self, cx: &mut Context, config: Model) -> Result<Opened<Model>, Errors> {
        Box::pin(opening::open(&*self.configured()?, &self.lives, cx, config)).await
    }

    async fn renew(&self, cx: &mut Context) -> Result<Option<SystemTime>, Errors> {
        ending::renew(&*self.configured()?, &self.lives, cx).await
    }

    async fn close(&self, cx: &mut Context) -> Result<(), Errors> {
        ending::close(&*self.configured()?, &self.lives, cx).await
    }
}

/// When to renew what was granted for so long: at two thirds, which leaves a third for a server that is slow.
fn renew_at(world: &World, granted: Duration) -> SystemTime {
    world.moment_after(granted * 2 / 3)
}
