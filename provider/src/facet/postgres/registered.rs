// SPDX-License-Identifier: MPL-2.0
//! What a look at the registry answers: the entry, the names it was made under, and what stands beside it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::link::Link;
use super::trouble::Trouble;
use super::{floors, refusal, sql_registry};
use crate::facet::Renamed;
use crate::plan::postgres::PostgresWish;
use crate::registry::{Entry, Floor, Look};

/// A row of `appenv.instances`: the entry, and the names it was made under.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) entry: Entry,
    pub(super) database: String,
    pub(super) owner_role: String,
    /// The database that a renaming is copying to.
    #[serde(default)]
    pub(super) copying: Option<String>,
    /// Databases that renamings left, and until when.
    #[serde(default)]
    pub(super) kept: BTreeMap<String, String>,
}

/// The only row of `appenv.registry`.
#[derive(Debug, Deserialize)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) version: i32,
}

/// What a look at the registry answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Registered {
    pub(super) registry: Option<Identity>,
    pub(super) app_owner: Option<String>,
    pub(super) entry: Option<Row>,
    pub(super) app: BTreeMap<String, Entry>,
    floor: Option<Value>,
    /// Whether a registry that was read as one of an earlier release is none any more.
    pub(super) upgraded: bool,
    /// The floor, once it is known to be one.
    #[serde(skip)]
    read_floor: Option<Floor>,
}

// === impl Registered ===

impl Registered {
    /// Refuses a registry of a later version, and a floor that cannot be read.
    pub(super) fn known(mut self, link: &Link) -> Result<Self, Trouble> {
        if let Some(identity) = &self.registry
            && identity.version > sql_registry::VERSION
        {
            return Err(Trouble::told(refusal::newer_registry(link.settings(), identity.version)));
        }
        if let Some(floor) = self.floor.take() {
            self.read_floor = Some(floors::parse(link, floor)?);
        }
        Ok(self)
    }

    /// Whether the instance is registered here under these names, and not deleted.
    pub(super) fn has(&self, wish: &PostgresWish) -> bool {
        self.entry.as_ref().is_some_and(|row| !row.entry.is_gone() && row.has(wish))
    }

    /// The row of a living instance, where it has other names than these.
    pub(super) fn under_other_names(&self, wish: &PostgresWish) -> Option<&Row> {
        self.entry.as_ref().filter(|row| !row.entry.is_gone() && !row.has(wish))
    }

    pub(super) fn into_look(self) -> Look {
        Look {
            target: self.registry.map(|identity| identity.id),
            app_owner: self.app_owner,
            entry: self.entry.map(|row| row.entry),
            app: self.app,
            floor: self.read_floor,
        }
    }
}

impl AsRef<Registered> for Registered {
    fn as_ref(&self) -> &Registered {
        self
    }
}

// === impl Row ===

impl Row {
    /// Whether it was written under these names.
    pub(super) fn has(&self, wish: &PostgresWish) -> bool {
        self.database == wish.database && self.owner_role == wish.owner_role
    }

    /// The names that are others.
    pub(super) fn renamed(&self, wish: &PostgresWish) -> Vec<Renamed> {
        let names = [
            ("database", &self.database, &wish.database),
            ("owner_role", &self.owner_role, &wish.owner_role),
        ];
        names
            .into_iter()
            .filter(|(_, registered, wished)| registered != wished)
            .map(|(key, registered, wished)| Renamed {
                key,
                registered: registered.clone(),
                wished: wished.clone(),
            })
            .collect()
    }
}
