// SPDX-License-Identifier: MPL-2.0
//! Takes a key to where the instance's secrets are after its names changed. The document of the values goes with the
//! instance, version for version; the note of a key goes with its secret.

use super::notes::{self, Secrets};
use super::{TRIES, VaultStore};
use crate::facet::FacetError;
use crate::store::Place;
use crate::store::note::{Obstacle, Standings};
use crate::store::record::Record;
use crate::store::{SecretStore as _, SecretValue, trouble};

// === impl VaultStore ===

impl VaultStore {
    pub(super) async fn relocate_alone(
        &self,
        from: &Place,
        to: &Place,
        expected: &Record,
    ) -> Result<(), FacetError> {
        self.vault.keep_alive().await?;
        let note = self.notes(from).await?.0.keys.remove(&from.key);
        let record = match &note {
            Some(note) => {
                // By the value: a write that was cut off may have landed.
                let (old, new) = tokio::try_join!(self.secrets(from), self.secrets(to))?;
                let value = old.get(&from.key).or_else(|| new.get(&to.key));
                let value = value.as_ref().map(SecretValue::expose);
                note.judge(from, Standings { value, previous: None }).record
            }
            None => None,
        };
        if from.names.kv_path != to.names.kv_path {
            self.copy_values(from, to).await?;
        }
        if notes::path(from) == notes::path(to) {
            // The versions of the document at the new path are its own.
            return self.change_notes(to, |notes| std::mem::take(&mut notes.version) != 0).await;
        }
        let changed =
            || trouble::obstacle(to, &self.server(), &self.path_of(to), Obstacle::Changed);
        let there = self.notes(to).await?.0.keys.remove(&to.key);
        match (&note, &there) {
            // Moved by a run that was cut off.
            (None, Some(_)) => {}
            (Some(note), None) => {
                if record.is_none_or(|record| !record.is_same(expected)) {
                    return Err(changed());
                }
                self.change_notes(to, |notes| {
                    notes.keys.insert(to.key.clone(), note.clone());
                    notes.version = 0;
                    true
                })
                .await?;
            }
            (Some(note), Some(there)) if note == there => {}
            _ => return Err(changed()),
        }
        self.change_notes(from, |notes| notes.keys.remove(&from.key).is_some()).await?;
        Ok(())
    }

    /// Copies what the instance's own renaming did not move, and removes it at the old place.
    async fn copy_values(&self, from: &Place, to: &Place) -> Result<(), FacetError> {
        let keys = [from.key.clone(), from.previous_key()];
        for attempt in 1..=TRIES {
            let (old, new) = tokio::try_join!(self.secrets(from), self.secrets(to))?;
            let moves = |key: &&String| old.values.contains_key(*key);
            let moving: Vec<&String> = keys.iter().filter(moves).collect();
            if moving.is_empty() {
                return Ok(());
            }
            let mut next = Secrets { values: new.values.clone(), version: 0 };
            for key in &moving {
                if let Some(value) = old.values.get(*key) {
                    next.values.entry((*key).clone()).or_insert_with(|| value.clone());
                }
            }
            let landed = next.values.len() == new.values.len()
                || self.put_secrets(to, &next, new.version).await?.is_some();
            let mut rest = Secrets { values: old.values.clone(), version: 0 };
            rest.values.retain(|key, _| !keys.contains(key));
            if landed && self.put_secrets(from, &rest, old.version).await?.is_some() {
                return Ok(());
            }
            self.vault.rest(attempt).await;
        }
        Err(self.outpaced(to))
    }
}
