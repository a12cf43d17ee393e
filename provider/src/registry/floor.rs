// SPDX-License-Identifier: MPL-2.0
//! What the configurations of one owner may not loosen in a target, and how it travels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The tightest that production applies of one owner have had. A field that this release does not know is refused:
/// read without it, the floor would be looser than it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// By env, as it was declared.
    #[serde(default)]
    pub envs: BTreeMap<String, FloorEnv>,
    /// The production env whose name is left out of names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elided: Option<String>,
    /// Fingerprints of the keys that approvals are signed with, as `ssh-keygen -l` prints them: `SHA256:…`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keys: BTreeSet<String>,
}

/// What an env may not be less guarded than.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorEnv {
    /// Whether it is a production one.
    pub production: bool,
    /// What the production gate does: one of [`MODES`].
    pub mode: String,
    /// Operations that need no approval.
    #[serde(default)]
    pub allow: BTreeSet<String>,
    /// The env from which what is promoted comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promote_from: Option<String>,
    /// How long it must have been applied there, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<u64>,
}

/// What the production gate can do, the tightest first.
pub const MODES: [&str; 3] = ["noop", "review", "open"];

/// A change of one owner's floor: what was there, and what is to be; `None` leaves it as it is. It may be asked more
/// than once, where another run wrote in between.
pub type FloorChange<'a> = dyn Fn(Option<&Floor>) -> Option<Floor> + Send + Sync + 'a;

/// The floors of a registry that keeps them in one document. Fields of later versions are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Floors {
    /// By owner.
    #[serde(default)]
    pub owners: BTreeMap<String, Floor>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

// === impl Floors ===

impl Floors {
    /// Changes the floor of an owner; whether anything is different then.
    pub fn change(&mut self, owner: &str, change: &FloorChange<'_>) -> bool {
        let found = self.owners.get(owner);
        match change(found) {
            Some(next) if found != Some(&next) => {
                self.owners.insert(owner.to_owned(), next);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_is_kept_beside_floors_and_refused_within() {
        let text = json!({ "owners": { "a": { "envs": {} } }, "later": 1 });
        let mut floors: Floors = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&floors).unwrap(), text);
        let tight = Floor { elided: Some("prod".to_owned()), ..Floor::default() };
        assert!(floors.change("b", &|found| found.is_none().then(|| tight.clone())));
        assert!(!floors.change("b", &|_| None), "left as it is");
        assert!(!floors.change("b", &|found| found.cloned()), "the same");
        assert_eq!(floors.owners.len(), 2);
        for unknown in [
            json!({ "owners": { "a": { "envs": {}, "mode": "noop" } } }),
            json!({ "owners": { "a": { "envs": { "prod": {
                "production": true, "mode": "noop", "tighter": true } } } } }),
        ] {
            serde_json::from_value::<Floors>(unknown).unwrap_err();
        }
    }
}
