// SPDX-License-Identifier: MPL-2.0
//! What a state entry keeps in private: which registration it holds, in which targets, as last seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tfplugin::context::Private;

use crate::facet::Refusal;
use crate::gate::Standing;
use crate::registry::Entry;

const KEY: &str = "appenv";

/// Private state, without what says nothing: the CLI copies the blob of every instance once for each instance of the
/// resource. A blob that is damaged or not ours reads as that of an entry that holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// The random id that this entry's create or adopt wrote into the registry. An imported entry has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Tells imported entries from one another until they have a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// The identity of each target, by facet.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, String>,
    /// The registration as last read, or as the plan of a create saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Entry>,
    /// Set by a read that found another holder: whose, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(clippy::struct_field_names, reason = "`held twice` is what the user reads")]
    pub held_twice: Option<String>,
    /// Set by a read whose target was another one, or had no registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// Kept databases whose time was over when the entry was last read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub over: BTreeSet<String>,
    /// What the last look found against any change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What the last look found where this entry's instance would have objects of its own, by their line of `objects`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<String, String>,
    /// Objects that an import found as wished but for our marker.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unmarked: BTreeSet<String>,
    /// What the registries know of the app and of what its owner's production applies have had.
    #[serde(skip_serializing_if = "Standing::is_empty")]
    pub standing: Standing,
    /// Whether the entry is protected from deletion, for the second half of a replacement, which is planned without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// Set by the plan of a changed `app` or `env`, for the second half of the replacement: what is created is not
    /// what this entry holds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub turns_into_another: bool,
    /// Set by the plan of a create: this blob is not that of a state entry.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub create: bool,
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

    /// What tells this entry from another of the same coordinate in one run.
    pub fn entry_key(&self) -> Option<&str> {
        self.holder.as_deref().or(self.import.as_deref())
    }

    /// Whether it came by import and was not adopted yet.
    pub fn is_imported(&self) -> bool {
        self.holder.is_none() && !self.create
    }

    /// The same of what nobody registered: nothing says what was asked for.
    pub fn is_unregistered_import(&self) -> bool {
        self.is_imported() && self.seen.is_none()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_blob_holds_what_says_something_and_nothing_else() {
        let mut private = Private::default();
        let names_only = Held { holder: Some("h".to_owned()), ..Held::default() };
        names_only.store(&mut private);
        assert_eq!(private.encode(), br#"{"appenv":{"holder":"h"}}"#);
        assert_eq!(Held::load(&private), names_only);
    }

    #[test]
    fn every_field_comes_back_and_an_earlier_blob_reads_the_same() {
        let whole = Held {
            holder: Some("h".to_owned()),
            import: Some("i".to_owned()),
            targets: BTreeMap::from([("vault".to_owned(), "t".to_owned())]),
            seen: None,
            held_twice: Some("other".to_owned()),
            elsewhere: Some("there".to_owned()),
            over: ["d".to_owned()].into(),
            foreign: BTreeMap::from([("o".to_owned(), "f".to_owned())]),
            refusals: vec![Refusal { summary: "s".to_owned(), detail: "d".to_owned() }],
            unmarked: ["u".to_owned()].into(),
            standing: Standing { production: ["prod".to_owned()].into(), ..Standing::default() },
            protected: true,
            turns_into_another: true,
            create: true,
        };
        let mut private = Private::default();
        whole.store(&mut private);
        assert_eq!(Held::load(&Private::decode(&private.encode())), whole);

        // As it was written before empty fields were left out.
        let earlier = br#"{"appenv":{"create":false,"elsewhere":null,"held_twice":null,"holder":"h","import":null,
            "protected":false,"refusals":[],"seen":null,"targets":{},"turns_into_another":false}}"#;
        let expected = Held { holder: Some("h".to_owned()), ..Held::default() };
        assert_eq!(Held::load(&Private::decode(earlier)), expected);
    }
}
