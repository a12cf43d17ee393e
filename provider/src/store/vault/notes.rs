// SPDX-License-Identifier: MPL-2.0
//! The document of notes: what is recorded of each key, beside the document of the values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::VaultStore;
use crate::facet::vault::kv::Put;
use crate::facet::{FacetError, Fault};
use crate::store::note::{Note, Standings};
use crate::store::record::Standing;
use crate::store::{Place, SecretStore as _, SecretValue};

/// Notes on the secrets of one instance. Fields of later versions are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// The version of the document of values in which each stands as it is noted.
    #[serde(default)]
    pub version: u64,
    /// By key.
    #[serde(default)]
    pub keys: BTreeMap<String, Note>,
    /// The id of the write, see [`crate::facet::vault::kv::WRITE`].
    #[serde(default)]
    write: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The values of one instance.
#[derive(Default)]
pub(super) struct Secrets {
    /// As the server has them; a value need not be a text.
    pub values: Map<String, Value>,
    /// 0: never written.
    pub version: u64,
}

/// The document of notes, below the mount.
pub(super) fn path(place: &Place) -> String {
    format!("appenv/{}", place.names.instance)
}

// === impl Secrets ===

impl Secrets {
    /// One value; what is no text as its JSON.
    pub fn get(&self, key: &str) -> Option<SecretValue> {
        self.values.get(key).map(text).map(|text| SecretValue::new(&*text))
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        for (_, value) in &mut self.values {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

fn text(value: &Value) -> Zeroizing<String> {
    Zeroizing::new(match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

// === impl Notes ===

impl Notes {
    /// How each noted key stands.
    pub fn judge(
        &self,
        place: &Place,
        secrets: &Secrets,
    ) -> BTreeMap<String, crate::store::record::Seen> {
        let judge = |(key, note): (&String, &Note)| {
            let place = Place { key: key.clone(), ..place.clone() };
            let (value, previous) = (secrets.get(key), secrets.get(&place.previous_key()));
            let now = Standings {
                value: value.as_ref().map(SecretValue::expose),
                previous: previous.as_ref().map(SecretValue::expose),
            };
            (key.clone(), note.judge(&place, now))
        };
        self.keys.iter().map(judge).collect()
    }

    /// Notes the version of the document in which each key stands as it is noted; 0 where that is not known, as after one
    /// that is higher: the document was moved or begun anew, and its versions are counted from 1 again.
    pub fn stand_in(&mut self, version: u64, all: bool) {
        if all {
            self.version = version;
        } else if self.version >= version {
            self.version = 0;
        }
    }

    /// Whether every key but one stands as it is noted.
    pub fn others_stand(&self, place: &Place, secrets: &Secrets) -> bool {
        self.version == secrets.version
            || self
                .judge(place, secrets)
                .iter()
                .all(|(key, seen)| *key == place.key || seen.value == Standing::AsRecorded)
    }
}

// === impl VaultStore ===

impl VaultStore {
    /// The notes, and the version of their document.
    pub(super) async fn notes(&self, place: &Place) -> Result<(Notes, u64), FacetError> {
        let path = path(place);
        let doing = format!("read the notes on the secrets of {}", place.names.instance);
        let document = self
            .vault
            .read_document(&self.mount, &path)
            .await
            .map_err(|error| error.doing(&doing))?;
        let Some(value) = document.value else { return Ok((Notes::default(), document.version)) };
        let notes = serde_json::from_value(value).map_err(|_| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {}/data/{path} on {}", self.mount, self.server()),
            cause: "the document is not one that appenv wrote".to_owned(),
            next: format!(
                "restore an earlier version of it (bao kv rollback -mount={} -version=N {path}), then plan again.",
                self.mount
            ),
            attribute: None,
        })?;
        Ok((notes, document.version))
    }

    /// Writes the notes over their version `seen`.
    pub(super) async fn put_notes(
        &self,
        place: &Place,
        notes: &mut Notes,
        seen: u64,
    ) -> Result<Put, FacetError> {
        notes.write = self.vault.write_id();
        // Texts and numbers under text keys: that cannot fail.
        let document = serde_json::to_value(&*notes).unwrap_or_default();
        let doing = format!("write the notes on the secrets of {}", place.names.instance);
        self.vault
            .write_document(&self.mount, &path(place), &document, seen)
            .await
            .map_err(|error| error.doing(&doing))
    }

    /// The values, read.
    pub(super) async fn secrets(&self, place: &Place) -> Result<Secrets, FacetError> {
        let doing = format!("read the secrets at {}", self.path_of(place));
        let document = self
            .vault
            .read_document(&self.mount, &place.names.kv_path)
            .await
            .map_err(|error| error.doing(&doing))?;
        let values = match document.value {
            Some(Value::Object(values)) => values,
            _ => Map::new(),
        };
        Ok(Secrets { values, version: document.version })
    }

    /// Changes the notes over again as long as others write in between.
    pub(super) async fn change_notes(
        &self,
        place: &Place,
        mut change: impl FnMut(&mut Notes) -> bool + Send,
    ) -> Result<(), FacetError> {
        for attempt in 1..=super::TRIES {
            let (mut notes, version) = self.notes(place).await?;
            if !change(&mut notes) {
                return Ok(());
            }
            if self.put_notes(place, &mut notes, version).await? == Put::Landed {
                return Ok(());
            }
            self.vault.rest(attempt).await;
        }
        Err(self.outpaced(place))
    }
}
