// SPDX-License-Identifier: MPL-2.0
//! The provider: its block, and the list of everything it offers.

mod schema;

use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::schema::Schema;
use tfplugin::server::Registry;

use crate::configured::{Configured, Latest};
use crate::data_source::app_instance::AppInstanceSource;
use crate::data_source::fleet::FleetSource;
use crate::data_source::names::NamesSource;
use crate::data_source::parity::ParitySource;
use crate::data_source::permissions::PermissionsSource;
use crate::data_source::preflight::PreflightSource;
use crate::ephemeral::database_credentials::DatabaseCredentials;
use crate::ephemeral::env_secret::EnvSecret as SecretValue;
use crate::function;
use crate::resource::app_instance::AppInstance;
use crate::resource::env_secret::EnvSecret;
use crate::settings::Settings;
use crate::settings::model::Model;
use crate::world::World;

/// The provider.
pub struct Appenv {
    world: Arc<World>,
    latest: Arc<Latest>,
}

// === impl Appenv ===

impl Appenv {
    /// A provider in a world.
    pub fn new(world: World) -> Self {
        Self { world: Arc::new(world), latest: Arc::default() }
    }
}

impl Provider for Appenv {
    type Model = Model;

    fn schema() -> Schema {
        schema::schema()
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry.resource(AppInstance(self.latest.clone()));
        registry.resource(EnvSecret(self.latest.clone()));
        registry.data_source(AppInstanceSource(self.latest.clone()));
        registry.data_source(FleetSource(self.latest.clone()));
        registry.data_source(NamesSource(self.latest.clone()));
        registry.data_source(PreflightSource(self.latest.clone()));
        registry.data_source(PermissionsSource(self.latest.clone()));
        registry.data_source(ParitySource(self.latest.clone()));
        registry.ephemeral(DatabaseCredentials::new(self.latest.clone()));
        registry.ephemeral(SecretValue(self.latest.clone()));
        registry
            .function(function::ArgocdApplication)
            .function(function::DotenvDecode)
            .function(function::DotenvEncode)
            .function(function::Instance)
            .function(function::Names)
            .function(function::ParseInstance)
            .function(function::Runbook)
            .function(function::StatePrefix);
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        Settings::validate(config)
    }

    async fn configure(&self, _cx: &mut Context, config: Model) -> Result<(), Errors> {
        let settings = Settings::read(&config, &self.world)?;
        self.latest.set(Configured::new(settings, self.world.clone()));
        Ok(())
    }

    async fn close(&self) {
        if let Some(configured) = self.latest.get() {
            configured.clients.close().await;
        }
    }
}
