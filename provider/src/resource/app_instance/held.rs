//! What a state entry keeps in private: which registration it holds, in which targets, as last seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tfplugin::context::Private;

use crate::facet::Refusal;
use crate::registry::Entry;

const KEY: &str = "appenv";

/// Private state. A blob that is damaged or not ours reads as that of an entry that holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// The random id that this entry's create or adopt wrote into the registry. An imported entry has none.
    pub holder: Option<String>,
    /// Tells imported entries from one another until they have a holder.
    pub import: Option<String>,
    /// The identity of each target, by facet.
    pub targets: BTreeMap<String, String>,
    /// The registration as last read, or as the plan of a create saw it.
    pub seen: Option<Entry>,
    /// Set by a read that found another holder: whose, and since when.
    #[allow(clippy::struct_field_names, reason = "`held twice` is what the user reads")]
    pub held_twice: Option<String>,
    /// Set by a read whose target was another one, or had no registry.
    pub elsewhere: Option<String>,
    /// Kept databases whose time was over when the entry was last read.
    pub over: BTreeSet<String>,
    /// What the last look found against any change.
    pub refusals: Vec<Refusal>,
    /// What the last look found where this entry's instance would have objects of its own, by their line of `objects`.
    pub foreign: BTreeMap<String, String>,
    /// Whether the entry is protected from deletion, for the second half of a replacement, which is planned without it.
    pub protected: bool,
    /// Set by the plan of a changed `app` or `env`, for the second half of the replacement: what is created is not
    /// what this entry holds.
    pub turns_into_another: bool,
    /// Set by the plan of a create: this blob is not that of a state entry.
    pub create: bool,
}

impl Held {
    /// Reads it out of private state.
    pub fn load(private: &Private) -> Self {
        private
            .0
            .get(KEY)
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or_default()
    }

    /// Puts it into private state.
    pub fn store(&self, private: &mut Private) {
        let value = serde_json::to_value(self).unwrap_or_default();
        private.0.insert(KEY.to_owned(), value);
    }

    /// What tells this entry from another of the same coordinate in one run.
    pub fn entry_key(&self) -> Option<&str> {
        self.holder.as_deref().or(self.import.as_deref())
    }

    /// Whether it came by import and was not adopted yet.
    pub fn is_imported(&self) -> bool {
        self.holder.is_none() && !self.create
    }
}
