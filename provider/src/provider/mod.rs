//! The provider: its block, and the list of everything it offers.

pub mod model;
mod schema;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::schema::Schema;
use tfplugin::server::Registry;

use crate::clients::Clients;
use crate::resource::app_instance::{AppInstance, Run};
use crate::settings::Settings;
use crate::state_address;
use crate::world::World;
use model::Model;

/// The provider.
pub struct Appenv {
    world: Arc<World>,
    configured: RwLock<Option<Arc<Configured>>>,
}

/// The provider once it is configured: one run's settings, clients and memory.
pub struct Configured {
    /// The provider block.
    pub settings: Settings,
    /// What it opens.
    pub clients: Clients,
    /// Where it runs.
    pub world: Arc<World>,
    state_address: Option<String>,
    run: Mutex<Run>,
}

// === impl Appenv ===

impl Appenv {
    /// A provider in a world.
    pub fn new(world: World) -> Self {
        Self { world: Arc::new(world), configured: RwLock::new(None) }
    }

    /// What the last configuration yielded.
    pub fn configured(&self) -> Result<Arc<Configured>, Errors> {
        let configured = self.configured.read().unwrap_or_else(PoisonError::into_inner);
        configured.clone().ok_or_else(|| {
            Errors::one(
                "Provider not configured",
                "appenv was asked for a resource before it was configured. This is a bug of the CLI or of the \
                 provider; please report it.",
            )
        })
    }
}

impl Provider for Appenv {
    type Model = Model;

    fn schema() -> Schema {
        schema::schema()
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry.resource(AppInstance(self));
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        Settings::validate(config)
    }

    async fn configure(&self, _cx: &mut Context, config: Model) -> Result<(), Errors> {
        let settings = Settings::read(&config, &self.world)?;
        let configured = Configured {
            clients: Clients::new(&settings, &self.world.random_id()),
            settings,
            state_address: state_address::read(&self.world),
            world: self.world.clone(),
            run: Mutex::default(),
        };
        let mut slot = self.configured.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Arc::new(configured));
        Ok(())
    }
}

// === impl Configured ===

impl Configured {
    /// The memory of this run; hold it for one question only.
    pub fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The backend address of the state that is planned, where it can be read.
    pub fn state_address(&self) -> Option<&str> {
        self.state_address.as_deref()
    }
}
