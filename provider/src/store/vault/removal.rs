// SPDX-License-Identifier: MPL-2.0
//! Takes a key out of the document, and its note away. Other keys stay, and so do the document's older versions, as KV v2
//! keeps them.

use super::notes::Secrets;
use super::{TRIES, VaultStore};
use crate::facet::FacetError;
use crate::store::note::Standings;
use crate::store::record::Record;
use crate::store::trouble;
use crate::store::{Place, SecretStore as _, SecretValue};

// === impl VaultStore ===

impl VaultStore {
    pub(super) async fn remove_alone(
        &self,
        place: &Place,
        expected: &Record,
    ) -> Result<(), FacetError> {
        self.vault.keep_alive().await?;
        for attempt in 1..=TRIES {
            let ((notes, _), secrets) = tokio::try_join!(self.notes(place), self.secrets(place))?;
            // Without a note nothing here is ours any more.
            let Some(note) = notes.keys.get(&place.key) else { return Ok(()) };
            let value = secrets.get(&place.key);
            let now = Standings { value: value.as_ref().map(SecretValue::expose), previous: None };
            let gone = note.removal(place, now, expected).map_err(|obstacle| {
                trouble::obstacle(place, &self.server(), &self.path_of(place), obstacle)
            })?;
            let others_stand = notes.others_stand(place, &secrets);
            let mut next = Secrets { values: secrets.values.clone(), version: 0 };
            next.values.retain(|key, _| !gone.contains(key));
            let version = if next.values.len() == secrets.values.len() {
                Some(secrets.version)
            } else {
                self.put_secrets(place, &next, secrets.version).await?
            };
            let Some(version) = version else {
                self.vault.rest(attempt).await;
                continue;
            };
            return self
                .change_notes(place, |notes| {
                    notes.stand_in(version, others_stand);
                    notes.keys.remove(&place.key).is_some()
                })
                .await;
        }
        Err(self.outpaced(place))
    }
}
