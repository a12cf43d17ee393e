// SPDX-License-Identifier: MPL-2.0
//! What a state entry keeps in private: which record it holds, in which target, as last seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::context::Private;

use crate::gate::Standing;
use crate::naming::Names;
use crate::store::{Kind, Place, Record};

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
        self.names = noted(names);
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
        let (was, now) = (noted(&self.place(now).names), noted(&now.names));
        let keys = Kind::find(store).map_or(&[][..], |kind| kind.names);
        keys.iter().any(|key| was.get(*key) != now.get(*key))
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

/// The names by which any store finds a secret.
fn noted(names: &Names) -> BTreeMap<String, String> {
    [
        ("instance", Some(&names.instance)),
        ("kv_path", Some(&names.kv_path)),
        ("secrets_dir", names.secrets_dir.as_ref()),
        ("parameter_path", Some(&names.parameter_path)),
    ]
    .into_iter()
    .filter_map(|(key, name)| Some((key.to_owned(), name?.clone())))
    .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::inquiry::Declaration;
    use crate::naming::Inputs;
    use crate::store::STORES;

    #[test]
    fn another_name_by_which_a_store_finds_it_is_a_move() {
        let environments = Declaration::default().environments().unwrap();
        let coordinate = environments.coordinate("erp", "dev").unwrap();
        let inputs = Inputs { root: Some("/srv".to_owned()), ..Inputs::default() };
        let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &inputs).unwrap();
        let now = Place {
            coordinate,
            names,
            key: "A".to_owned(),
            parameter_name: None,
            file: String::new(),
        };
        for kind in &STORES {
            let mut held = Held::default();
            held.note_names(&now.names);
            assert!(!held.is_moved(kind.name, &now), "{}", kind.name);
            for key in kind.names {
                let mut held = held.clone();
                let before = held.names.insert((*key).to_owned(), "elsewhere".to_owned());
                assert!(before.is_some(), "{key} of store {} is not noted", kind.name);
                assert!(held.is_moved(kind.name, &now), "{key} of store {}", kind.name);
            }
        }
    }
}
