// SPDX-License-Identifier: MPL-2.0
//! Databases that renamings by copy leave: copies that did not get finished, and old ones that are kept for a while.
//!
//! What the registry notes is a name; a database may have been dropped since, and another one made under it. So each is
//! looked at before it is dropped.

use tokio::time::Instant;
use tracing::warn;

use super::failure::Failure;
use super::link::Link;
use super::refusal;
use super::registered::Row;
use super::session::Session;
use super::trouble::Trouble;
use super::{sql, sql_read, sql_registry};
use crate::plan::Spec;
use crate::plan::postgres::{escaped, quoted};

/// What stands under the name of a database.
struct Standing {
    owner: String,
    allows_connections: bool,
    comment: String,
}

/// Drops a copy that no run finished: who wrote to the old database since is not in it. What is not that copy any more
/// is left alone.
pub(super) async fn drop_copy(
    session: &Session,
    spec: &Spec,
    row: &Row,
    until: Option<Instant>,
) -> Result<(), Trouble> {
    let Some(name) = &row.copying else { return Ok(()) };
    let failed = |failure| {
        let doing = format!("Could not drop the unfinished copy {}", quoted(name));
        Trouble::server(failure, doing)
    };
    match standing(session, name).await.map_err(failed)? {
        // A copy is made closed, and opened once it is registered.
        Some(found) if found.owner == row.owner_role && !found.allows_connections => {
            session.run_long(&sql::drop_database(name, false), until).await.map_err(failed)?;
        }
        Some(_) => {
            warn!(database = %escaped(name), "not the copy that was begun: it is left alone");
        }
        None => {}
    }
    let coordinate = &spec.coordinate;
    let texts = [Some(coordinate.app()), Some(coordinate.env()), None];
    session.rows(sql_registry::COPYING, &texts).await.map(drop).map_err(failed)
}

/// Drops kept databases: those of which `ends` says so, one after another. One that somebody opened again is in use.
pub(super) async fn end(
    link: &Link,
    session: &Session,
    spec: &Spec,
    row: &Row,
    ends: impl Fn(&str) -> bool,
    until: Option<Instant>,
) -> Result<(), Trouble> {
    let coordinate = &spec.coordinate;
    let mut kept = row.kept.clone();
    for name in row.kept.keys().filter(|name| ends(name)) {
        let failed = |failure| {
            Trouble::server(failure, format!("Could not drop the kept database {}", quoted(name)))
        };
        match standing(session, name).await.map_err(failed)? {
            Some(found) if !found.is_kept_by(spec) => {
                warn!(database = %escaped(name), "not the database that was kept: it is left alone");
            }
            Some(found) if found.allows_connections => {
                return Err(Trouble::told(refusal::kept_is_open(link.settings(), name)));
            }
            Some(_) => {
                session.run_long(&sql::drop_database(name, false), until).await.map_err(failed)?;
            }
            None => {}
        }
        kept.remove(name);
        let text = serde_json::json!(kept).to_string();
        let texts = [Some(coordinate.app()), Some(coordinate.env()), Some(text.as_str())];
        session.rows(sql_registry::KEEP, &texts).await.map_err(failed)?;
    }
    Ok(())
}

// === impl Standing ===

impl Standing {
    /// Whether it says of itself that it is kept for this instance, whoever manages the app now.
    fn is_kept_by(&self, spec: &Spec) -> bool {
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        self.comment.starts_with(&format!("appenv:v1 app={app} env={env} "))
            && self.comment.contains(sql::KEPT_UNTIL)
    }
}

async fn standing(session: &Session, name: &str) -> Result<Option<Standing>, Failure> {
    let rows = session.rows(sql_read::STANDING, &[Some(name)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Standing {
        owner: row.try_get(0)?,
        allows_connections: row.try_get(1)?,
        comment: row.try_get(2)?,
    }))
}
