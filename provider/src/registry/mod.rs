// SPDX-License-Identifier: MPL-2.0
//! The record each target keeps of its own instances: what an entry says, and what a look at it tells.
//!
//! The entry decides whose an instance is; comments and headers on the objects only inform. Pure types; PostgreSQL
//! keeps them in schema `appenv`, Vault in `{kv_mount}/data/appenv/…`.

mod floor;
mod listing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use floor::{Floor, FloorChange, FloorEnv, Floors, MODES};
pub use listing::{Listing, Overdue, Registration, Stray};

/// Where an instance stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// A create began and did not finish.
    Pending,
    /// Whole.
    Live,
    /// A delete began and did not finish.
    Deleting,
    /// Deleted: a tombstone that keeps the generation.
    Gone,
}

/// What a registry says of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The team or repository that manages the app.
    pub owner: String,
    /// Where the instance stands.
    pub phase: Phase,
    /// The random id of the state entry that holds it; `None` on a tombstone.
    pub holder: Option<String>,
    /// Raised by every takeover, as it begins, and by every other apply that finishes; kept by the tombstone.
    pub generation: u64,
    /// The backend address of the state that wrote it, where that could be read.
    pub state_address: Option<String>,
    /// Whether the env was a production one.
    pub production: bool,
    /// The digest of what is promoted.
    pub spec_digest: String,
    /// What the user asked for, as JSON: import restores it.
    pub spec: serde_json::Value,
    /// When it was last written, RFC 3339 UTC, by the clock of whoever writes.
    pub written_at: String,
    /// The promotion ledger: digests of what is promoted that were applied here whole, each with when first, RFC 3339
    /// UTC. Once applied it stays, in a tombstone too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub applied: BTreeMap<String, String>,
    /// What an approved apply began and did not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

/// A change that was approved and begun: its approval holds until it is whole, and for nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The approval digest.
    pub digest: String,
    /// The operation, as [`Operation`](crate::gate::Operation) is written.
    pub operation: String,
    /// The generation that was approved.
    pub generation: u64,
    /// The identity of each target, by facet.
    pub target: BTreeMap<String, String>,
    /// The significant attributes before the first write; `None`: the instance was not there.
    pub before: Option<serde_json::Value>,
    /// What was going to be written, as it was approved.
    #[serde(default)]
    pub effects: Vec<String>,
}

/// What one look at a registry tells of one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The registry's random id: the identity of the target. `None`: no registry there yet.
    pub target: Option<String>,
    /// Who owns the app here, by any of its instances (tombstones of a wholly deleted app do not count).
    pub app_owner: Option<String>,
    /// The instance's own entry.
    pub entry: Option<Entry>,
    /// Every entry of the app in this registry by env, the instance's own and tombstones included.
    pub app: BTreeMap<String, Entry>,
    /// What the app's registered owner may not loosen here, or, where nobody has the app, the owner of this run;
    /// `None`: no production apply of that owner yet.
    pub floor: Option<Floor>,
}

/// What a write expects to find; anything else is a conflict and nothing is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// The registry's id; `None`: there is none, and the write founds it.
    pub target: Option<String>,
    /// The entry as it was seen; compared by owner, phase, holder and generation. `None`: absent.
    pub entry: Option<Entry>,
}

/// Why an entry is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The instance's entry is not as it was seen: how it is; `None`: absent.
    Entry(Option<String>),
    /// A new instance of an app that someone else owns.
    Owner(String),
}

/// Whether `next` may be written over what was found, where that was expected; `owner` has the app's live instances.
pub fn admits(
    found: Option<&Entry>,
    owner: Option<&str>,
    expected: Option<&Entry>,
    next: &Entry,
) -> Result<(), Misfit> {
    // A write whose answer was lost landed all the same.
    if found == Some(next) {
        return Ok(());
    }
    let same = match (expected, found) {
        (None, None) => true,
        (Some(expected), Some(found)) => expected.same_registration(found),
        _ => false,
    };
    if !same {
        return Err(Misfit::Entry(found.map(Entry::describe)));
    }
    match owner {
        Some(owner) if expected.is_none_or(Entry::is_gone) && owner != next.owner => {
            Err(Misfit::Owner(owner.to_owned()))
        }
        _ => Ok(()),
    }
}

impl Misfit {
    /// The cause, and what to do next, where this run's owner is `ours`.
    pub fn told(&self, ours: &str) -> (String, &'static str) {
        match self {
            Self::Entry(None) => (
                "the registry has no entry of it any more".to_owned(),
                "Nothing was written. Plan again.",
            ),
            Self::Entry(Some(found)) => (
                format!("someone else wrote its entry since it was seen: now {found}"),
                "Nothing was written. Plan again, and see who holds it.",
            ),
            Self::Owner(owner) => (
                format!("the app belongs to {owner:?} here, not to {ours:?}"),
                "Nothing was written. Use that owner, or have its present one apply a changed `owner`.",
            ),
        }
    }
}

impl Entry {
    /// One line that tells it: `live, generation 3, owned by "arcodange/erp"`.
    pub fn describe(&self) -> String {
        let phase = format!("{:?}", self.phase).to_lowercase();
        format!("{phase}, generation {}, owned by {:?}", self.generation, self.owner)
    }

    /// Whether two looks saw the same registration.
    pub fn same_registration(&self, other: &Self) -> bool {
        (&self.owner, self.phase, &self.holder, self.generation)
            == (&other.owner, other.phase, &other.holder, other.generation)
    }

    /// Whether it is a tombstone.
    pub fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }
}

impl Expected {
    /// Whether the entry found is the one that was seen.
    pub fn is_met_by(&self, found: Option<&Entry>) -> bool {
        match (&self.entry, found) {
            (None, None) => true,
            (Some(expected), Some(found)) => expected.same_registration(found),
            _ => false,
        }
    }
}

impl From<&Look> for Expected {
    fn from(look: &Look) -> Self {
        Self { target: look.target.clone(), entry: look.entry.clone() }
    }
}
