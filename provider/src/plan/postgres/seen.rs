// SPDX-License-Identifier: MPL-2.0
//! What one look at the catalogs tells of an instance. Read from the JSON document the read statement answers.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Everything seen of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// The provider's own login.
    pub login: Login,
    /// The owner role; `None`: missing.
    pub role: Option<SeenRole>,
    /// The database; `None`: missing.
    pub database: Option<SeenDatabase>,
    /// Vault's login; `None`: missing, or not asked for.
    pub vault_login: Option<SeenVaultLogin>,
    /// Logins that were revoked and still have something, by name.
    #[serde(default)]
    pub ended: Vec<EndedLogin>,
    /// Extensions of the database; `None`: not looked at, or not allowed to.
    #[serde(skip)]
    pub extensions: Option<BTreeSet<String>>,
}

/// The login the provider works under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Login {
    /// Its name (`current_user`).
    pub name: String,
    /// `rolsuper`.
    pub superuser: bool,
    /// `rolcreaterole`.
    #[serde(default)]
    pub createrole: bool,
    /// `rolcreatedb`.
    #[serde(default)]
    pub createdb: bool,
    /// `server_version_num`: 150018, 180006.
    pub version: i32,
}

/// A role as `pg_roles` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SeenRole {
    /// `rolcanlogin`.
    pub login: bool,
    /// `rolsuper`.
    pub superuser: bool,
    /// `rolcreaterole`.
    pub createrole: bool,
    /// `rolcreatedb`.
    pub createdb: bool,
    /// `rolreplication`.
    pub replication: bool,
    /// `rolbypassrls`.
    pub bypassrls: bool,
    /// `COMMENT ON ROLE`.
    pub comment: Option<String>,
    /// The provider's login as a direct member.
    pub ours: Option<SeenMembership>,
}

/// A database as `pg_database` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SeenDatabase {
    /// The owner's name.
    pub owner: String,
    /// `datconnlimit`; -1: none.
    pub connection_limit: i32,
    /// `datallowconn`.
    pub allow_connections: bool,
    /// `COMMENT ON DATABASE`.
    pub comment: Option<String>,
    /// The encoding's name.
    pub encoding: String,
    /// The wished encoding as the server spells it; empty: the server does not know it.
    pub encoding_wished: Option<String>,
    /// `datcollate`.
    pub collate: String,
    /// `datctype`.
    pub ctype: String,
    /// The ICU or builtin locale, where the database has one.
    pub provider_locale: Option<String>,
    /// What PUBLIC may do: `CONNECT`, `TEMPORARY`, `CREATE`; sorted.
    pub public: Vec<String>,
}

/// A role's membership in the owner role, over all grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SeenMembership {
    /// `ADMIN OPTION`.
    pub admin: bool,
    /// `SET`; before PostgreSQL 16 every membership has it.
    pub set: bool,
    /// `INHERIT`; before PostgreSQL 16 the member's own `rolinherit`.
    pub inherit: bool,
}

/// The login Vault uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SeenVaultLogin {
    /// `rolsuper`.
    pub superuser: bool,
    /// As a direct member of the owner role; `None`: it is none.
    pub membership: Option<SeenMembership>,
}

/// A leased login that was revoked: NOLOGIN, still a member of the owner role, and not empty-handed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct EndedLogin {
    /// The role's name.
    pub name: String,
    /// Objects it owns in the instance's database.
    pub here: i64,
    /// Objects it owns elsewhere.
    pub elsewhere: i64,
}

// === impl SeenMembership ===

impl SeenMembership {
    /// Whether the member has the role's rights and may become it.
    pub fn is_whole(self) -> bool {
        self.set && self.inherit
    }
}

// === impl Login ===

impl Login {
    /// Whether memberships have `SET` and `INHERIT` options of their own (PostgreSQL 16 and later).
    pub fn has_membership_options(&self) -> bool {
        self.version >= 160_000
    }
}
