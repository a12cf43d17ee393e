// SPDX-License-Identifier: MPL-2.0
//! The service as the CLI sees it: real messages over a connection within the process, against a toy provider that
//! uses every trait.
#![allow(clippy::unwrap_used)]

mod apply;
mod cli;
mod ephemeral;
mod function;
mod hostile;
mod lifecycle;
mod metadata;
mod plan;
mod state;
mod validate;

#[allow(missing_docs, clippy::unused_async, clippy::manual_assert)]
#[path = "../toy/mod.rs"]
mod toy;
#[path = "../../src/gen/mod.rs"]
mod wire;

use tfplugin::stop::StopHandle;

use cli::Managed;
use toy::{Toy, World};

/// A thing under the CLI, and the world it is in.
async fn thing() -> (Managed, World) {
    let toy = Toy::default();
    let world = toy.world.clone();
    let client = cli::connect(toy, StopHandle::new()).await;
    (Managed::new(client, "toy_thing", toy::schema::thing()), world)
}
