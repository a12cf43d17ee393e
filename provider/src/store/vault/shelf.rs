// SPDX-License-Identifier: MPL-2.0
//! An instance's two documents as one run has seen them. A plan looks at every secret of an instance, and they stand in
//! one document: it is asked for once.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use super::VaultStore;
use super::notes::Notes;
use crate::facet::vault::kv::Subkeys;
use crate::facet::{FacetError, Fault};
use crate::store::Place;
use crate::store::record::{Seen, Standing};

/// What was seen; nothing before the first look, and after each write.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Option<Sight>>);

/// One look.
struct Sight {
    notes: Notes,
    subkeys: Subkeys,
    judged: Judged,
}

/// How each noted key stands by its value.
enum Judged {
    /// No value was read yet.
    NotYet,
    /// The token may read none.
    Denied,
    /// By key.
    ByKey(BTreeMap<String, Seen>),
}

// === impl Shelf ===

impl Shelf {
    /// Alone with the documents, to write; what was seen before is forgotten.
    pub async fn for_writing(&self) -> MutexGuard<'_, impl Sized> {
        let mut seen = self.0.lock().await;
        *seen = None;
        seen
    }

    /// How a key stands.
    pub async fn look(&self, store: &VaultStore, place: &Place) -> Result<Seen, FacetError> {
        let mut seen = self.0.lock().await;
        if seen.is_none() {
            *seen = Some(Sight::take(store, place).await?);
        }
        match seen.as_mut() {
            Some(sight) => sight.tell(store, place).await,
            None => Ok(Seen { record: None, value: Standing::Missing, has_previous: false }),
        }
    }
}

// === impl Sight ===

impl Sight {
    async fn take(store: &VaultStore, place: &Place) -> Result<Self, FacetError> {
        let doing = format!("list the names of the secrets at {}", store.path_of(place));
        let subkeys = async {
            let path = &place.names.kv_path;
            store.vault.read_subkeys(&store.mount, path).await.map_err(|error| error.doing(&doing))
        };
        let ((notes, _), subkeys) = tokio::try_join!(store.notes(place), subkeys)?;
        Ok(Self { notes, subkeys, judged: Judged::NotYet })
    }

    async fn tell(&mut self, store: &VaultStore, place: &Place) -> Result<Seen, FacetError> {
        let stands = self.subkeys.names.contains(&place.key);
        let has_previous = self.subkeys.names.contains(&place.previous_key());
        let seen = |record, value| Seen { record, value, has_previous };
        let Some(note) = self.notes.keys.get(&place.key) else {
            let value = if stands { Standing::Unrecorded } else { Standing::Missing };
            return Ok(seen(None, value));
        };
        if let Some(record) = note.settled() {
            let record = Some(record.clone());
            if !stands {
                return Ok(seen(record, Standing::Missing));
            }
            // Nobody wrote since each was noted, so no value need be read.
            if self.notes.version == self.subkeys.version {
                return Ok(seen(record, Standing::AsRecorded));
            }
        }
        let note = note.clone();
        if matches!(self.judged, Judged::NotYet) {
            self.judged = match store.secrets(place).await {
                Ok(secrets) => Judged::ByKey(self.notes.judge(place, &secrets)),
                Err(error) if error.fault == Fault::Forbidden => Judged::Denied,
                Err(error) => return Err(error),
            };
        }
        match &self.judged {
            Judged::ByKey(judged) => {
                Ok(judged.get(&place.key).cloned().unwrap_or(seen(None, Standing::Missing)))
            }
            Judged::NotYet | Judged::Denied => Ok(seen(note.latest().cloned(), Standing::Untold)),
        }
    }
}
