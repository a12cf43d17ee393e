// SPDX-License-Identifier: MPL-2.0
//! Vault and OpenBao: one KV v2 document an instance, and notes beside it at `{kv_mount}/data/appenv/{instance}`, which
//! runtime and ops policies do not open.
//!
//! # Layout
//!
//! - `notes`: the document of notes. `shelf`: both documents as one run has seen them.
//! - `write`: the check-and-set of a key. `removal`, `relocate`: the other verbs that write.

mod notes;
mod relocate;
mod removal;
mod shelf;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use self::shelf::Shelf;
use super::record::{Change, Record, Seen};
use super::value::{self, SecretValue};
use super::{Place, SecretStore};
use crate::facet::vault::Vault;
use crate::facet::{Facet as _, FacetError, Fault};

/// How often a write that lost to another is made again.
const TRIES: u32 = 24;

/// The store in one KV mount.
pub struct VaultStore {
    vault: Arc<Vault>,
    mount: String,
    shelves: Mutex<HashMap<String, Arc<Shelf>>>,
}

// === impl VaultStore ===

impl VaultStore {
    /// The store in the KV v2 engine of that mount.
    pub fn new(vault: Arc<Vault>, kv_mount: impl Into<String>) -> Self {
        Self { vault, mount: kv_mount.into(), shelves: Mutex::default() }
    }

    /// What this run has seen of an instance's documents. Whoever holds it is alone with them in this process: many keys
    /// are written in one apply, and each write is a check-and-set of the whole document.
    fn shelf(&self, place: &Place) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.entry(shelf_key(place)).or_default().clone()
    }

    /// The same to write. The notes may have been seen beside the values of another path, before an instance moved.
    fn shelf_to_write(&self, place: &Place) -> Arc<Shelf> {
        let (ours, notes) = (shelf_key(place), format!("{} ", notes::path(place)));
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.retain(|key, _| *key == ours || !key.starts_with(&notes));
        shelves.entry(ours).or_default().clone()
    }

    fn path_of(&self, place: &Place) -> String {
        format!("{}/{}", self.mount, place.names.kv_path)
    }

    /// Another run wrote in between every time.
    fn outpaced(&self, place: &Place) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not write {}", place.key),
            attempted: format!(
                "{TRIES} check-and-set writes of {} on {}.",
                self.path_of(place),
                self.server()
            ),
            cause: "another write came first each time".to_owned(),
            next: "apply again when the other runs for this instance are done.".to_owned(),
            attribute: None,
        }
    }
}

/// Where the notes are, and where the values: no name holds a space.
fn shelf_key(place: &Place) -> String {
    format!("{} {}", notes::path(place), place.names.kv_path)
}

#[async_trait]
impl SecretStore for VaultStore {
    fn name(&self) -> &'static str {
        "vault"
    }

    fn facet(&self) -> &'static str {
        "vault"
    }

    fn server(&self) -> String {
        self.vault.server()
    }

    fn path(&self, place: &Place) -> Option<String> {
        Some(self.path_of(place))
    }

    fn check(&self, _place: &Place, value: Option<&SecretValue>) -> Result<(), FacetError> {
        value.map_or(Ok(()), value::check)
    }

    async fn look(&self, place: &Place) -> Result<Seen, FacetError> {
        self.shelf(place).look(self, place).await
    }

    async fn keys(&self, place: &Place) -> Result<BTreeSet<String>, FacetError> {
        let read = self.vault.read_subkeys(&self.mount, &place.names.kv_path).await;
        let doing = format!("list the keys of secrets at {}", self.path_of(place));
        Ok(read.map_err(|error| error.doing(&doing))?.names)
    }

    async fn read(&self, place: &Place) -> Result<Option<SecretValue>, FacetError> {
        Ok(self.secrets(place).await?.get(&place.key))
    }

    async fn write(
        &self,
        place: &Place,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Record, FacetError> {
        let documents = self.shelf_to_write(place);
        let _alone = documents.for_writing().await;
        self.write_alone(place, expected, change).await
    }

    async fn remove(&self, place: &Place, expected: &Record) -> Result<(), FacetError> {
        let documents = self.shelf_to_write(place);
        let _alone = documents.for_writing().await;
        self.remove_alone(place, expected).await
    }

    async fn relocate(
        &self,
        from: &Place,
        to: &Place,
        expected: &Record,
    ) -> Result<(), FacetError> {
        // Always the same one first.
        let mut shelves = [self.shelf(from), self.shelf(to)];
        if shelf_key(from) > shelf_key(to) {
            shelves.reverse();
        }
        let [first, second] = &shelves;
        let _first = first.for_writing().await;
        let _second =
            if Arc::ptr_eq(first, second) { None } else { Some(second.for_writing().await) };
        self.relocate_alone(from, to, expected).await
    }
}
