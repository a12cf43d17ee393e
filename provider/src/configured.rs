// SPDX-License-Identifier: MPL-2.0
//! The provider once it is configured: one run's settings, clients and memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::clients::Clients;
use crate::gate::state::{Address, Unreadable};
use crate::run::Run;
use crate::settings::Settings;
use crate::state_address;
use crate::world::World;

/// What one configuration yielded.
pub struct Configured {
    /// The provider block.
    pub settings: Settings,
    /// What it opens.
    pub clients: Clients,
    /// Where it runs.
    pub world: Arc<World>,
    state_address: Option<String>,
    state_location: Result<Address, Unreadable>,
    run: Mutex<Run>,
}

/// Where resources find what the last configuration yielded; debug mode configures one process several times.
#[derive(Default)]
pub struct Latest(RwLock<Option<Arc<Configured>>>);

// === impl Configured ===

impl Configured {
    /// Opens nothing yet.
    pub fn new(settings: Settings, world: Arc<World>) -> Self {
        Self {
            clients: Clients::new(&settings, &world.random_id()),
            settings,
            state_address: state_address::read(&world),
            state_location: state_address::locate(&world),
            world,
            run: Mutex::default(),
        }
    }

    /// The memory of this run; hold it for one question only.
    pub fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The backend address of the state that is planned, where it can be read.
    pub fn state_address(&self) -> Option<&str> {
        self.state_address.as_deref()
    }

    /// The same address in parts, for the state gate; or why it cannot be told.
    pub fn state_location(&self) -> &Result<Address, Unreadable> {
        &self.state_location
    }
}

// === impl Latest ===

impl Latest {
    /// What the last configuration yielded; `None` in a process that was not configured.
    pub fn get(&self) -> Option<Arc<Configured>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a new one.
    pub fn set(&self, configured: Configured) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(configured));
    }
}
