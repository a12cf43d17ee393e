// SPDX-License-Identifier: MPL-2.0
//! The PostgreSQL part: what is wished, what was seen, and what to do about the difference. Pure.

mod effects;
mod objects;
mod own_role;
mod phrase;
mod seen;

use std::collections::BTreeSet;

pub use effects::{Blocked, Effect, RoleAttribute, effects, unmendable};
pub use objects::{
    DATABASE, ENDED_LOGINS, OWNER_ROLE, PUBLIC_ACCESS, VAULT_LOGIN, extension_object, object_keys,
    objects, occupied,
};
pub use own_role::{OWN_ROLE_TEMPLATE, own_role_block, own_roles, shared_role_warning};
pub use phrase::{escaped, hides, quoted};
pub use seen::{EndedLogin, Login, Seen, SeenDatabase, SeenMembership, SeenRole, SeenVaultLogin};

use crate::plan::Marker;

/// What an instance shall have on a PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresWish {
    /// The database's name.
    pub database: String,
    /// The role that owns it; NOLOGIN.
    pub owner_role: String,
    /// Whether every env of the app has the same owner role (a template without `{env}`): its marker then names
    /// the app alone, and the last instance removes it.
    pub owner_role_shared: bool,
    /// `CONNECTION LIMIT`; -1: none.
    pub connection_limit: i32,
    /// Extensions in the database.
    pub extensions: BTreeSet<String>,
    /// `ENCODING`, at create only.
    pub encoding: Option<String>,
    /// `LOCALE`, at create only.
    pub locale: Option<String>,
    /// `TEMPLATE`, at create only; `template0` by default.
    pub template: String,
    /// The login Vault uses on this server: a member of the owner role, with admin option. `None`: no Vault facet,
    /// or not asked yet.
    pub vault_login: Option<String>,
    /// Of a renaming: the database is copied, and the old one kept until then (RFC 3339). `None`: it is renamed.
    pub keep_until: Option<String>,
    /// Kept databases whose time is over, by name.
    pub over: BTreeSet<String>,
}

// === impl PostgresWish ===

impl PostgresWish {
    /// The comment the owner role carries.
    pub fn role_comment(&self, marker: &Marker) -> String {
        if self.owner_role_shared {
            format!("appenv:v1 app={} owner={}", marker.app, marker.owner)
        } else {
            marker.line()
        }
    }
}
