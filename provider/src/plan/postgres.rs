//! The PostgreSQL part of the wish.

use std::collections::BTreeSet;

/// What an instance shall have on a PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresWish {
    /// The database's name.
    pub database: String,
    /// The role that owns it; NOLOGIN.
    pub owner_role: String,
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
}
