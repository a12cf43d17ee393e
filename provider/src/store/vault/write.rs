// SPDX-License-Identifier: MPL-2.0
//! The check-and-set of a key: the note with its intent, the document with the value, the note without it.

use serde_json::Value;

use super::notes::{Notes, Secrets};
use super::{TRIES, VaultStore};
use crate::facet::FacetError;
use crate::facet::vault::kv::Put;
use crate::store::note::{Standings, Steps};
use crate::store::record::{Change, Record};
use crate::store::trouble;
use crate::store::{Place, SecretStore as _, SecretValue};

// === impl VaultStore ===

impl VaultStore {
    pub(super) async fn write_alone(
        &self,
        place: &Place,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Record, FacetError> {
        self.vault.keep_alive().await?;
        for attempt in 1..=TRIES {
            let ((mut notes, seen), secrets) =
                tokio::try_join!(self.notes(place), self.secrets(place))?;
            let steps = self.steps(place, &notes, &secrets, expected, change)?;
            let others_stand = notes.others_stand(place, &secrets);
            if let Some(begun) = &steps.begun {
                notes.keys.insert(place.key.clone(), begun.clone());
                if self.put_notes(place, &mut notes, seen).await? == Put::Lost {
                    self.vault.rest(attempt).await;
                    continue;
                }
            }
            let Some(version) = self.put_values(place, &secrets, &steps).await? else {
                self.vault.rest(attempt).await;
                continue;
            };
            let done = steps.done.clone();
            self.change_notes(place, |notes: &mut Notes| {
                notes.stand_in(version, others_stand);
                notes.keys.insert(place.key.clone(), done.clone());
                true
            })
            .await?;
            return steps.record().cloned().ok_or_else(|| self.outpaced(place));
        }
        Err(self.outpaced(place))
    }

    fn steps(
        &self,
        place: &Place,
        notes: &Notes,
        secrets: &Secrets,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Steps, FacetError> {
        let (value, previous) = (secrets.get(&place.key), secrets.get(&place.previous_key()));
        let now = Standings {
            value: value.as_ref().map(SecretValue::expose),
            previous: previous.as_ref().map(SecretValue::expose),
        };
        let of_key = notes.keys.get(&place.key).cloned().unwrap_or_default();
        of_key.steps(place, now, expected, change).map_err(|obstacle| {
            trouble::obstacle(place, &self.server(), &self.path_of(place), obstacle)
        })
    }

    /// Puts the values into the document, beside all others; answers the version that holds them, `None` where another
    /// write came first.
    async fn put_values(
        &self,
        place: &Place,
        secrets: &Secrets,
        steps: &Steps,
    ) -> Result<Option<u64>, FacetError> {
        if steps.values.is_empty() {
            return Ok(Some(secrets.version));
        }
        let mut next = Secrets { values: secrets.values.clone(), version: 0 };
        for (key, value) in &steps.values {
            match value {
                Some(value) => {
                    let text = Value::String(value.expose().to_owned());
                    next.values.insert(key.clone(), text);
                }
                None => {
                    next.values.remove(key);
                }
            }
        }
        self.put_secrets(place, &next, secrets.version).await
    }

    /// Writes the whole document over its version `seen`.
    pub(super) async fn put_secrets(
        &self,
        place: &Place,
        next: &Secrets,
        seen: u64,
    ) -> Result<Option<u64>, FacetError> {
        let document = Value::Object(next.values.clone());
        let doing = format!("write {} at {}", place.key, self.path_of(place));
        let written =
            self.vault.write_secrets(&self.mount, &place.names.kv_path, &document, seen).await;
        // Wiped as it is dropped.
        if let Value::Object(values) = document {
            drop(Secrets { values, version: 0 });
        }
        written.map_err(|error| error.doing(&doing))
    }
}
