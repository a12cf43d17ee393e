// SPDX-License-Identifier: MPL-2.0
//! The directories of the machine that the provider runs on.
//!
//! # Layout
//!
//! - `settings`: what the facet is told.
//! - `disk`: every call on the file system. `way`: from the root of the file system to a path, and who else could
//!   change it.
//! - `registry`: the records below `{root}/.appenv/`. `listing`: all of them at once.
//! - `secrets`: the directory of an instance's secrets, for the store of files.
//! - `observe`, `converge`, `rename`, `dismantle`: the verbs. `failure`: what can stop them, and how a user is told.

mod converge;
mod disk;
mod dismantle;
#[cfg(test)]
pub(crate) mod failing;
mod failure;
mod listing;
mod observe;
mod registry;
mod rename;
mod secrets;
mod settings;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod way;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use self::secrets::{SecretsDir, SecretsOf};
pub use self::settings::{BACKUPS_KEPT, Settings};

use self::disk::Lock;
use self::registry::{Directories, Record, Registry, admits};
use self::way::Way;
use super::{Facet, FacetError, Fault, Observation, Refusal, no_registry};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::plan::host::HostWish;
use crate::registry::{Entry, Expected, Floor, FloorChange, Listing, Look, Phase};

/// How long is waited before a lock that another run has is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// The host facet. Opens nothing before the first call.
#[derive(Debug)]
pub struct Host {
    settings: Arc<Settings>,
    /// The registry that this run founded.
    founded: Arc<Mutex<Option<String>>>,
}

// === impl Host ===

impl Host {
    /// A facet on the directories of this machine.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), founded: Arc::default() }
    }

    /// Works on the file system, which may be slow, beside everything else.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Settings) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<T, FacetError> {
        let settings = Arc::clone(&self.settings);
        tokio::task::spawn_blocking(move || work(&settings)).await.unwrap_or_else(|error| {
            Err(FacetError {
                fault: Fault::Rejected,
                summary: "The work on the directories was cut off".to_owned(),
                attempted: "Working on the directories of this machine.".to_owned(),
                cause: error.to_string(),
                next: "run the same command again: it goes on from where it was.".to_owned(),
                attribute: None,
            })
        })
    }

    /// Changes the floor of an owner under the lock, whatever instances there are.
    pub async fn write_floor(
        &self,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        if !self.is_founded().await? {
            return Err(no_registry(owner, &self.server()));
        }
        let lock = self.lock(None).await?;
        // A small file, and a change that cannot leave this thread.
        let registry = Registry::locked(&self.settings, &lock)?;
        if let Some(found) = registry.identity.as_ref().and_then(|i| i.other_name(&self.settings)) {
            return Err(failure::refused(&failure::other_name(&self.settings, found)));
        }
        registry.change_floor(owner, change)
    }

    /// Every floor, by owner.
    pub async fn read_floors(&self) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.work(|settings| match Registry::open(settings)? {
            Some(registry) => Ok(registry.floors()?.owners),
            None => Ok(BTreeMap::new()),
        })
        .await
    }

    /// Every registration, with what of its directories is missing.
    pub async fn list(&self) -> Result<Listing, FacetError> {
        self.work(listing::list).await
    }

    async fn is_founded(&self) -> Result<bool, FacetError> {
        self.work(|settings| Ok(Registry::open(settings)?.is_some_and(|r| r.identity.is_some())))
            .await
    }

    /// Waits until no other run writes. The limit of the operation ends the waiting, as it would not in a thread.
    async fn lock(&self, stop: Option<&CancellationToken>) -> Result<Lock, FacetError> {
        loop {
            stop.map_or(Ok(()), stopped)?;
            if let Some(lock) = self.work(Registry::try_lock).await? {
                return Ok(lock);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[async_trait]
impl Facet for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    fn server(&self) -> String {
        format!("the directories in {} of this machine", self.settings.root)
    }

    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError> {
        let spec = spec.clone();
        self.work(move |settings| observe::observe(settings, &spec)).await
    }

    async fn look(&self, spec: &Spec) -> Result<Look, FacetError> {
        let spec = spec.clone();
        self.work(move |settings| match Registry::open(settings)? {
            Some(registry) => registry.look(settings, &spec),
            None => Ok(Look::default()),
        })
        .await
    }

    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError> {
        let lock = self.lock(None).await?;
        let (spec, expected, next) = (spec.clone(), expected.clone(), next.clone());
        let founded = Arc::clone(&self.founded);
        self.work(move |settings| {
            let registry = Registry::locked(settings, &lock)?;
            record(settings, registry, &founded, &spec, &expected, &next, keep_objects)
        })
        .await
    }

    async fn converge(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        let lock = self.lock(Some(stop)).await?;
        let (spec, stop) = (spec.clone(), stop.clone());
        self.work(move |settings| {
            converge::converge(settings, &Registry::locked(settings, &lock)?, &spec, &stop)
        })
        .await
    }

    /// Nobody is cut off: what is in use holds files, and no directory with files is removed.
    async fn unused(&self, _spec: &Spec) -> Result<(), FacetError> {
        Ok(())
    }

    async fn release(&self, _spec: &Spec, _stop: &CancellationToken) -> Result<(), FacetError> {
        Ok(())
    }

    async fn rename(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        stop: &CancellationToken,
    ) -> Result<Expected, FacetError> {
        // An instance that has none here yet has none to move.
        if expected.entry.is_none() {
            return Ok(expected.clone());
        }
        let lock = self.lock(Some(stop)).await?;
        let (spec, expected, next, stop) =
            (spec.clone(), expected.clone(), next.clone(), stop.clone());
        self.work(move |settings| {
            let registry = Registry::locked(settings, &lock)?;
            rename::rename(settings, &registry, &spec, &expected, &next, &stop)
        })
        .await
    }

    async fn left_behind(&self, spec: &Spec) -> Result<Vec<Refusal>, FacetError> {
        let spec = spec.clone();
        self.work(move |settings| dismantle::left_behind(settings, &spec)).await
    }

    async fn dismantle(
        &self,
        spec: &Spec,
        expected: &Expected,
        _force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let lock = self.lock(Some(stop)).await?;
        let (spec, expected, stop) = (spec.clone(), expected.clone(), stop.clone());
        self.work(move |settings| {
            let registry = Registry::locked(settings, &lock)?;
            dismantle::dismantle(settings, &registry, &spec, &expected, &stop)
        })
        .await
    }

    async fn change_floor(
        &self,
        _spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        self.write_floor(owner, change).await
    }

    async fn floors(&self, _spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.read_floors().await
    }

    async fn has_env(&self, _spec: &Spec, env: &str) -> Result<bool, FacetError> {
        let env = env.to_owned();
        self.work(move |settings| match Registry::open(settings)? {
            Some(registry) => registry.has_env(&env),
            None => Ok(false),
        })
        .await
    }
}

/// Writes the instance's entry if the registry is as expected; answers the registry's id.
fn record(
    settings: &Settings,
    mut registry: Registry,
    founded: &Mutex<Option<String>>,
    spec: &Spec,
    expected: &Expected,
    next: &Entry,
    keep_objects: bool,
) -> Result<String, FacetError> {
    let (wish, coordinate) = (wish(spec)?, &spec.coordinate);
    let mut founded = founded.lock().unwrap_or_else(PoisonError::into_inner);
    let found = registry.identity.as_ref().map(|identity| identity.target(settings));
    // Of many creates that saw none, one founds it, and the others go on.
    if found != expected.target && (expected.target.is_some() || found != *founded) {
        let cause = match found {
            Some(found) => format!("the registry is {found} now"),
            None => "there is no registry any more".to_owned(),
        };
        return Err(failure::conflict(&shown(coordinate), cause));
    }
    if let Some(identity) = &registry.identity
        && let Some(found) = identity.other_name(settings)
    {
        return Err(failure::refused(&failure::other_name(settings, found)));
    }
    let mut records = registry.of_app(coordinate.app())?;
    admits(&records, coordinate, expected.entry.as_ref(), next)?;
    let id = registry.found(fresh_id(), settings)?;
    *founded = Some(id.clone());
    let mut record = match records.remove(coordinate.env()) {
        Some(mut record) => {
            record.entry = next.clone();
            record
        }
        None => Record::new(next.clone()),
    };
    match next.phase {
        Phase::Pending | Phase::Live => {
            record.places.extend(wish.places().into_iter().map(|place| place.path));
            record.directories.get_or_insert_with(|| Directories::of(wish));
        }
        Phase::Gone => {
            record.directories = None;
            if !keep_objects {
                record.places.clear();
            }
        }
        Phase::Deleting => {}
    }
    registry.write(coordinate, &record)?;
    Ok(id)
}

/// Fails where others may change what is on the way.
fn trusted(way: &Way) -> Result<(), FacetError> {
    match way.doubts.first() {
        Some(doubt) => Err(failure::refused(&failure::doubt(doubt))),
        None => Ok(()),
    }
}

/// An error once the user asked to stop.
fn stopped(stop: &CancellationToken) -> Result<(), FacetError> {
    if !stop.is_cancelled() {
        return Ok(());
    }
    Err(FacetError {
        fault: Fault::Stopped,
        summary: "stopped".to_owned(),
        attempted: "The work on the directories was asked to stop before its next write."
            .to_owned(),
        cause: "interrupted".to_owned(),
        next: "apply again.".to_owned(),
        attribute: None,
    })
}

/// The host part of a wish.
fn wish(spec: &Spec) -> Result<&HostWish, FacetError> {
    spec.host.as_ref().ok_or_else(|| FacetError {
        fault: Fault::Rejected,
        summary: format!("{} has no host part", shown(&spec.coordinate)),
        attempted: "a call of the host facet".to_owned(),
        cause: "the wish names none".to_owned(),
        next: "Report this: it is a fault of the provider.".to_owned(),
        attribute: None,
    })
}

fn shown(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// An id that no other registry has.
#[expect(
    clippy::disallowed_methods,
    reason = "ids that only have to differ, between machines too: nothing depends on their value"
)]
fn fresh_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
