// SPDX-License-Identifier: MPL-2.0
//! What a state entry keeps in private: which record it holds, in which target, as last seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::context::Private;

use crate::gate::Standing;
use crate::naming::Names;
use crate::store::{Place, Record};

const KEY: &str = "appenv";

/// Private state. A blob that is damaged or not ours reads as that of an entry that holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// The random id that this entry's create or adoption wrote into the record. An imported entry has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Tells imported entries from one another until they have a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// The identity of the store's target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The record as last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Record>,
    /// The record that the plan of a create saw where the secret is to be. A replacement keeps the rest for its first half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Record>,
    /// Whether the plan of a create saw a value under that record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_value: bool,
    /// The names by which the store has it, by key: those of the configuration may have changed since.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Set by a read that found another holder: whose, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(clippy::struct_field_names, reason = "`held twice` is what the user reads")]
    pub held_twice: Option<String>,
    /// Set by a read whose target was another one, or had no registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// What the registry knows of the instance's app.
    #[serde(skip_serializing_if = "Standing::is_empty")]
    pub standing: Standing,
    /// Set by a read after the time of rotation and that of grace were over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}

impl Held {
    /// Reads it out of private state.
    pub fn load(private: &Private) -> Self {
        private.0.get(KEY).and_then(|value| Self::deserialize(value).ok()).unwrap_or_default()
    }

    /// Puts it into private state.
    pub fn store(&self, private: &mut Private) {
        let value = serde_json::to_value(self).unwrap_or_default();
        private.0.insert(KEY.to_owned(), value);
    }

    /// Notes by which names the store has it.
    pub fn note_names(&mut self, names: &Names) {
        let parameter_path = Some(names.parameter_path.clone());
        self.names = [
            ("instance", Some(names.instance.clone())),
            ("kv_path", Some(names.kv_path.clone())),
            ("secrets_dir", names.secrets_dir.clone()),
            ("parameter_path", parameter_path),
        ]
        .into_iter()
        .filter_map(|(key, name)| Some((key.to_owned(), name?)))
        .collect();
    }

    /// Where the store has it.
    pub fn place(&self, now: &Place) -> Place {
        let mut place = now.clone();
        let name = |key: &str| self.names.get(key).cloned();
        let names = &mut place.names;
        names.instance = name("instance").unwrap_or_else(|| names.instance.clone());
        names.kv_path = name("kv_path").unwrap_or_else(|| names.kv_path.clone());
        names.secrets_dir = name("secrets_dir").or_else(|| names.secrets_dir.clone());
        names.parameter_path =
            name("parameter_path").unwrap_or_else(|| names.parameter_path.clone());
        place
    }

    /// Whether the configuration has it elsewhere by now, as its store finds it.
    pub fn is_moved(&self, store: &str, now: &Place) -> bool {
        let (was, now) = (&self.place(now).names, &now.names);
        match store {
            "vault" => (&was.instance, &was.kv_path) != (&now.instance, &now.kv_path),
            "file" => was.secrets_dir != now.secrets_dir,
            _ => was.parameter_path != now.parameter_path,
        }
    }

    /// What tells this entry from another of the same secret in one run.
    pub fn entry_key(&self) -> Option<&str> {
        self.holder.as_deref().or(self.import.as_deref())
    }

    /// Whether it came by import and was not adopted yet.
    pub fn is_imported(&self) -> bool {
        self.holder.is_none()
    }
}
