// SPDX-License-Identifier: MPL-2.0
//! Vault and OpenBao.
//!
//! # Layout
//!
//! - `settings`, `sensitive`: what the facet is told.
//! - `wire`: calls; attempts, limits, tokens, errors.
//! - `kv`, `document`, `registry`: the registry in KV v2 and the app's document in it.
//! - `floors`: what the registry keeps for the gates. `listing`: every registration at once.
//! - `object`: one object, read, written whole and read back, removed. `place`: where an instance's own
//!   ones stand.
//! - `observe` with `standing`, `converge`, `dismantle`: the verbs.
//! - `secrets` with `copying`: the document of an instance's secrets, moved with its versions.
//! - `shared`, `family`: what instances of one app share; `paths`: what none may share.
//! - `examine`: what a preflight asks.
//! - `credential`: a login leased for the time of one run.
//! - `mounts`, `connection`, `leases`: what ours rests on, and what stands in the way.
//! - `memory`: what one run need not ask twice.

mod connection;
mod converge;
mod copying;
mod credential;
mod dismantle;
mod document;
mod examine;
mod family;
mod floors;
pub(crate) mod kv;
mod leases;
mod listing;
mod memory;
mod mounts;
mod object;
mod observe;
mod paths;
mod place;
mod registry;
mod secrets;
mod sensitive;
mod settings;
mod shared;
mod standing;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use self::connection::Connection;
pub use self::credential::Leased;
pub use self::sensitive::Sensitive;
pub use self::settings::{Login, Settings};

use self::memory::{Answers, Known};
use self::object::{Held, Object};
use self::wire::Wire;
use super::{Facet, FacetError, Fault, Observation};
use crate::plan::Spec;
use crate::plan::vault::VaultWish;
use crate::registry::{Entry, Expected, Floor, FloorChange, Floors, Look};

/// The Vault facet: one server, one identity, opened when first used.
pub struct Vault {
    wire: Arc<Wire>,
    writes: AtomicU64,
    /// One founding at a time.
    founding: tokio::sync::Mutex<()>,
    /// The ids of registries seen by this run, by KV mount.
    targets: Mutex<std::collections::HashMap<String, String>>,
    known_mounts: Known,
    connections: Answers<Option<Connection>>,
    shared_reads: Answers<Option<Held>>,
    /// The floors of registries, by KV mount.
    floors: Answers<Arc<Floors>>,
    /// Whose secrets are where, by KV mount.
    taken: Answers<Arc<paths::Taken>>,
    /// Leases that this process took and has not given back.
    leased: Mutex<std::collections::BTreeSet<String>>,
}

// === impl Vault ===

impl Vault {
    /// A facet that opens when first used; nothing is sent and nothing checked here. The run's id goes with every
    /// request, as `X-Appenv-Run`.
    pub fn new(settings: Settings, run_id: impl Into<String>) -> Self {
        Self {
            wire: Wire::new(settings, run_id.into()),
            writes: AtomicU64::new(0),
            founding: tokio::sync::Mutex::default(),
            targets: Mutex::default(),
            known_mounts: Known::default(),
            connections: Answers::default(),
            shared_reads: Answers::default(),
            floors: Answers::default(),
            taken: Answers::default(),
            leased: Mutex::default(),
        }
    }

    /// Ends the leases that nobody gave back, then the token that a login made, and its renewal; a token that was given
    /// stays. Nothing may follow.
    pub async fn close(&self) {
        self.give_all_back().await;
        self.wire.close().await;
    }

    /// A look that failed, told as what a user can act on: which of many reads failed first does not matter where the
    /// server did not answer, and a mount that is not there answers as one that the token may not read.
    async fn explained(&self, spec: &Spec, error: FacetError) -> FacetError {
        match error.fault {
            Fault::Unreachable | Fault::Unauthenticated => FacetError {
                summary: "Could not look at the Vault server".to_owned(),
                attempted: format!("Reading the registry and objects on {}", self.wire.server()),
                ..error
            },
            Fault::Forbidden => match wish(spec) {
                Ok(wish) => self.or_unmounted(&converge::mounts(wish), error).await,
                Err(_) => error,
            },
            _ => error,
        }
    }

    /// Tells one write of one run from every other.
    pub(crate) fn write_id(&self) -> String {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}-{}", self.wire.run_id(), fresh_id())
    }

    fn founded(&self, kv_mount: &str) -> Option<String> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.get(kv_mount).cloned()
    }

    fn note_founded(&self, kv_mount: &str, id: &str) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.insert(kv_mount.to_owned(), id.to_owned());
    }
}

#[async_trait]
impl Facet for Vault {
    fn name(&self) -> &'static str {
        "vault"
    }

    fn server(&self) -> String {
        format!("Vault at {}", self.wire.server())
    }

    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError> {
        match Box::pin(self.observe_all(spec)).await {
            Err(error) => Err(self.explained(spec, error).await),
            observed => observed,
        }
    }

    async fn look(&self, spec: &Spec) -> Result<Look, FacetError> {
        let kv_mount = &wish(spec)?.kv_mount;
        let (target, (document, _), floors) = tokio::try_join!(
            self.target(kv_mount),
            self.read_app(kv_mount, spec.coordinate.app()),
            self.known_floors(kv_mount),
        )?;
        Ok(Self::look_at(target, &document, &floors, spec))
    }

    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError> {
        self.write_entry(spec, expected, next, keep_objects).await
    }

    async fn converge(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        self.converge_all(spec, stop).await
    }

    async fn unused(&self, spec: &Spec) -> Result<(), FacetError> {
        for (mount, role) in self.noted_roles(spec).await? {
            self.no_leases(spec, &mount, &role).await?;
        }
        Ok(())
    }

    async fn release(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        for (mount, role) in self.noted_roles(spec).await? {
            self.not_stopped(stop)?;
            self.revoke_leases(&mount, &role).await?;
        }
        Ok(())
    }

    /// Roles and policies are made under the new names and removed under the old ones by what follows; the secrets are
    /// copied here, before anything reads them at their new path.
    async fn rename(
        &self,
        spec: &Spec,
        expected: &Expected,
        _next: &Entry,
        stop: &CancellationToken,
    ) -> Result<Expected, FacetError> {
        self.move_secrets(spec, expected, stop).await.map(|()| expected.clone())
    }

    async fn dismantle(
        &self,
        spec: &Spec,
        expected: &Expected,
        force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        self.dismantle_all(spec, expected, force, stop).await
    }

    async fn change_floor(
        &self,
        spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        self.write_floor(&wish(spec)?.kv_mount, owner, change).await
    }

    async fn floors(&self, spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.read_floors(&wish(spec)?.kv_mount).await
    }

    async fn has_env(&self, spec: &Spec, env: &str) -> Result<bool, FacetError> {
        self.was_registered(&wish(spec)?.kv_mount, env).await
    }
}

/// An id that no other run makes.
#[expect(
    clippy::disallowed_methods,
    reason = "ids that only have to differ, between processes too: nothing depends on their value"
)]
fn fresh_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The Vault part of a wish.
fn wish(spec: &Spec) -> Result<&VaultWish, FacetError> {
    spec.vault.as_ref().ok_or_else(|| FacetError {
        fault: Fault::Rejected,
        summary: format!("{} has no Vault part", registry::shown(spec)),
        attempted: "a call of the Vault facet".to_owned(),
        cause: "the wish names none".to_owned(),
        next: "Report this: it is a fault of the provider.".to_owned(),
        attribute: None,
    })
}

/// A name or a mount that cannot stand in a text of ours.
fn rendering(object: &Object, error: &impl std::error::Error) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary: format!("Could not render {}", object.label),
        attempted: "rendering the text from the names of the instance".to_owned(),
        cause: error.to_string(),
        next: "Nothing was sent. Correct the name, the mount or the owner.".to_owned(),
        attribute: None,
    }
}
