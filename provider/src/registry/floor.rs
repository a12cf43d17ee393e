//! What the configurations of one owner may not loosen in a target, and how it travels.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
