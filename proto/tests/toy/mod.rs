// SPDX-License-Identifier: MPL-2.0
//! A provider that uses every trait there is, over a world that is a map in memory.
//!
//! What a thing does wrong it is told by its own `behave` attribute, so that a test reads as the configuration it
//! sends.

pub mod functions;
pub mod lease;
pub mod lookup;
pub mod plain;
pub mod schema;
pub mod thing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::server::Registry;
use tfplugin::value::{Attr, Path, Type};
use tokio::sync::Notify;

/// What is outside the provider: shared by the provider and the test that looks on.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<Facts>>, Arc<Gate>);

/// What can be seen of the world.
#[derive(Default)]
pub struct Facts {
    /// Things by id: their names.
    pub things: BTreeMap<String, String>,
    /// The value of the last write-only token that arrived at an apply.
    pub token: Option<String>,
    /// The endpoints that configurations named, in order.
    pub configured: Vec<String>,
    /// What became of leases, in order.
    pub leases: Vec<String>,
}

/// Where a slow call waits, so that a test decides when it goes on.
#[derive(Default)]
pub struct Gate {
    /// Told when the call has come to the gate.
    pub arrived: Notify,
    /// Tells the call to go on.
    pub open: Notify,
}

/// The provider.
#[derive(Clone, Default)]
pub struct Toy {
    /// The world it works on.
    pub world: World,
}

/// The provider block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToyModel {
    pub endpoint: Attr<String>,
}

// === impl World ===

impl World {
    /// Looks at it.
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The gate of slow calls.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.1)
    }
}

// === impl Toy ===

impl Provider for Toy {
    type Model = ToyModel;

    fn schema() -> Schema {
        let endpoint = Attribute::optional(Type::String, "Where the toys are.");
        Schema::new(Block::new("Toys.").attribute("endpoint", endpoint))
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry
            .resource(thing::ThingResource { world: self.world.clone() })
            .data_source(lookup::Lookup { world: self.world.clone() })
            .ephemeral(lease::LeaseResource { world: self.world.clone() })
            .function(functions::Join)
            .function(functions::Half)
            .function(functions::Kind)
            .function(functions::Forty);
    }

    async fn validate(&self, cx: &mut Context, config: &ToyModel) -> Result<(), Errors> {
        match config.endpoint.known().map(String::as_str) {
            Some("nowhere") => Err(Errors::at(
                Path::attribute("endpoint"),
                "No such endpoint",
                "There are no toys at \"nowhere\". Name a place.",
            )),
            Some("attic") => {
                cx.warn("Dusty endpoint", "Toys in the attic are dusty.");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn configure(&self, _cx: &mut Context, config: ToyModel) -> Result<(), Errors> {
        let endpoint = match config.endpoint {
            Attr::Known(endpoint) => endpoint,
            Attr::Null => "(default)".to_owned(),
            Attr::Unknown => "(unknown)".to_owned(),
        };
        assert_ne!(endpoint, "panic", "hunter2");
        self.world.facts().configured.push(endpoint);
        Ok(())
    }
}
