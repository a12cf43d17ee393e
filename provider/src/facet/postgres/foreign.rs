// SPDX-License-Identifier: MPL-2.0
//! Whose the schema of the registry is: anybody who may create in the maintenance database could make one before the
//! provider does, fill it, and be believed; and what he hung on its tables would run as whoever reads them.
//!
//! A login that only plans is a stranger to the one that founded the registry, so the owner's rights decide: see
//! [`FIND`](sql_registry::FIND). Memberships do not: before PostgreSQL 16 anybody may make others a member of himself.

use super::failure::Failure;
use super::link::Link;
use super::session::Session;
use super::trouble::Trouble;
use super::{refusal, sql_registry};

/// What there is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Founded {
    /// No registry.
    No,
    /// A registry of an earlier release, which nobody has written to since.
    Earlier,
    /// A registry with all its columns and tables.
    Whole,
}

/// The schema, where there is one that may be used.
#[derive(Debug)]
pub(super) struct Schema {
    /// Its owner's name.
    pub(super) owner: String,
    /// Whether that is this login.
    pub(super) ours: bool,
    /// Whether the registry is in it.
    pub(super) founded: Founded,
}

/// Looks for the schema, at the catalogs alone.
pub(super) async fn find(link: &Link, session: &Session) -> Result<Option<Schema>, Trouble> {
    let failed =
        |failure: Failure| Trouble::server(failure, "Could not look for the registry of instances");
    let rows = session.rows(sql_registry::FIND, &[]).await.map_err(failed)?;
    let Some(row) = rows.first() else { return Ok(None) };
    let read = || {
        let founded = match (row.try_get(2)?, row.try_get(4)?) {
            (false, _) => Founded::No,
            (true, false) => Founded::Earlier,
            (true, true) => Founded::Whole,
        };
        let schema = Schema { owner: row.try_get(0)?, ours: row.try_get(1)?, founded };
        Ok::<_, Failure>((schema, row.try_get::<_, Option<String>>(3)?))
    };
    match read().map_err(failed)? {
        (_, Some(stranger)) => {
            Err(Trouble::told(refusal::forged_registry(link.settings(), &stranger)))
        }
        (schema, None) => Ok(Some(schema)),
    }
}

/// What registry there is to read. Asked once a session: only those who are trusted could put another in its place.
pub(super) async fn founded(link: &Link, session: &Session) -> Result<Founded, Trouble> {
    if session.trusted() == Founded::No {
        let schema = find(link, session).await?;
        session.trust(schema.map_or(Founded::No, |schema| schema.founded));
    }
    Ok(session.trusted())
}
