// SPDX-License-Identifier: MPL-2.0
//! What is wished, what was seen, and the difference. Pure: no I/O, no async, no Terraform.

pub mod aws;
pub mod duration;
pub mod generate;
pub mod host;
pub mod postgres;
mod spec;
pub mod vault;
pub mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use spec::{Marker, Spec};

/// How one object of an instance stands against the wish. Printed, it is a value of the `objects` attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectState {
    /// As wished.
    Ok,
    /// Not there.
    Missing,
    /// There, but not as wished: one phrase a difference, such as `connection_limit is 77`. Never a secret.
    Differs(Vec<String>),
}

/// Objects by name (`postgres_database`, `vault_runtime_policy`, …).
pub type Objects = BTreeMap<String, ObjectState>;

/// The line of `objects` that stands for the registration itself.
pub const REGISTRATION: &str = "registration";

/// The difference of an object that nothing marks as ours.
pub const UNMARKED: &str = "has no comment";

impl ObjectState {
    /// Whether it is as wished but for our marker.
    pub fn lacks_only_its_marker(&self) -> bool {
        matches!(self, Self::Differs(how) if how.iter().all(|phrase| phrase == UNMARKED))
    }

    /// `Ok` where there is no difference.
    pub fn from_differences(differences: Vec<String>) -> Self {
        if differences.is_empty() { Self::Ok } else { Self::Differs(differences) }
    }
}

impl fmt::Display for ObjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Missing => f.write_str("missing"),
            Self::Differs(how) => write!(f, "differs: {}", how.join("; ")),
        }
    }
}

/// The names of every object of a spec, without looking: what `objects` will list.
pub fn object_keys(spec: &Spec) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    if let Some(wish) = &spec.postgres {
        let with_login = spec.vault.as_ref().is_some_and(|vault| vault.database.is_some());
        keys.extend(postgres::object_keys(wish, with_login));
    }
    if let Some(wish) = &spec.vault {
        keys.extend(vault::object_keys(wish));
    }
    if let Some(wish) = &spec.host {
        keys.extend(host::object_keys(wish));
    }
    keys
}
