// SPDX-License-Identifier: MPL-2.0
//! Removing what an instance has. Its owner role goes last, with the entry: see `registry`.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::failure::Failure;
use super::link::Link;
use super::neighbours;
use super::observe::{self, Document};
use super::session::Session;
use super::temporary::{self, Which};
use super::trouble::Trouble;
use super::{kept, refusal, registry, sql, sql_read, sql_temporary};
use crate::facet::FacetError;
use crate::plan::Spec;
use crate::plan::postgres::{PostgresWish, SeenDatabase, escaped, quoted};
use crate::registry::Expected;

/// What a removal works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dismantle<'a> {
    pub(super) link: &'a Link,
    pub(super) spec: &'a Spec,
    pub(super) wish: &'a PostgresWish,
    /// The registration as it was last written.
    pub(super) expected: &'a Expected,
    pub(super) force: bool,
    /// When the operation's limit is over.
    pub(super) until: Option<Instant>,
    pub(super) stop: &'a CancellationToken,
}

/// A member of the owner role, other than Vault's login and our own.
#[derive(Debug)]
struct Member {
    name: String,
    can_log_in: bool,
    leased: bool,
    /// A temporary login whose time is over: it holds up nobody.
    over: bool,
}

// === impl Dismantle ===

impl Dismantle<'_> {
    /// One try, from a fresh look.
    pub(super) async fn once(&self) -> Result<(), Trouble> {
        self.not_stopped()?;
        let writer = self.link.writer().await?;
        match self.remove(writer.session()).await {
            Ok(()) => {
                writer.release().await;
                Ok(())
            }
            Err(trouble) => {
                registry::give_back(writer, &trouble).await;
                Err(trouble)
            }
        }
    }

    async fn remove(&self, session: &Session) -> Result<(), Trouble> {
        let document = observe::read(self.link, session, self.spec, self.wish).await?;
        self.is_still_expected(&document)?;
        if let Some(database) = &document.seen.database {
            self.is_ours(&document, database)?;
        }
        let which = if self.force { Which::All } else { Which::Over };
        temporary::sweep(self.link, session, self.spec, self.wish, which).await;
        let members = members(session, self.wish).await.map_err(|f| self.failed(f))?;
        if !self.force {
            is_unused(self.link, session, self.spec, self.wish, &document, &members).await?;
        }
        if document.seen.database.is_some() {
            self.drop_database(session, &document).await?;
        }
        if let Some(row) = &document.registered.entry {
            self.not_stopped()?;
            kept::drop_copy(session, self.spec, row, self.until).await?;
            kept::end(self.link, session, self.spec, row, |_| true, self.until).await?;
        }
        for ended in members.iter().filter(|member| member.leased && !member.can_log_in) {
            self.not_stopped()?;
            match session.run(&sql::drop_role(&ended.name)).await {
                Ok(()) => {}
                // Somebody else's to drop; without the owner role it can do nothing here.
                Err(failure) if failure.is_forbidden() || failure.code() == Some("2BP01") => {
                    warn!(role = %escaped(&ended.name), cause = %failure, "a revoked login remains");
                }
                Err(failure) => return Err(self.failed(failure)),
            }
        }
        Ok(())
    }

    /// Under the lock that every write of a registration takes, and that is held until everything is dropped.
    fn is_still_expected(&self, document: &Document) -> Result<(), Trouble> {
        let registered = &document.registered;
        let id = registered.registry.as_ref().map(|identity| identity.id.as_str());
        let settings = self.link.settings();
        if let Some(expected) = self.expected.target.as_deref().filter(|&target| Some(target) != id)
        {
            return Err(Trouble::told(refusal::elsewhere(settings, expected, id)));
        }
        let found = registered.entry.as_ref().map(|row| &row.entry);
        if self.expected.is_met_by(found) {
            return Ok(());
        }
        let (instance, expected) = (&self.spec.names.instance, self.expected.entry.as_ref());
        Err(Trouble::told(FacetError {
            next: "Plan again. Nothing more was removed.".to_owned(),
            ..refusal::changed(settings, instance, expected, found)
        }))
    }

    fn is_ours(&self, document: &Document, database: &SeenDatabase) -> Result<(), Trouble> {
        if document.registered.has(self.wish) || database.owner == self.wish.owner_role {
            return Ok(());
        }
        let settings = self.link.settings();
        let refused = refusal::foreign_database(settings, &self.wish.database, &database.owner);
        Err(Trouble::told(refused))
    }

    async fn drop_database(&self, session: &Session, document: &Document) -> Result<(), Trouble> {
        let (login, role) = (&document.seen.login, document.seen.role.as_ref());
        let ours = role.and_then(|role| role.ours).unwrap_or_default();
        if role.is_some_and(|role| !role.superuser) && !login.superuser && !ours.is_whole() {
            self.not_stopped()?;
            let joined = session.run(&sql::join_role(&self.wish.owner_role, login)).await;
            joined.map_err(|f| {
                self.failed(f).or_grant(sql::let_administer(&self.wish.owner_role, &login.name))
            })?;
        }
        self.not_stopped()?;
        let drop = sql::drop_database(&self.wish.database, self.force);
        let dropped = session.run_long(&drop, self.until).await;
        dropped.map_err(|failure| self.failed(failure).or_grant(drop + ";"))
    }

    fn not_stopped(&self) -> Result<(), Trouble> {
        if self.stop.is_cancelled() {
            return Err(Trouble::told(refusal::stopped(self.link.settings(), self.wish)));
        }
        Ok(())
    }

    fn failed(&self, failure: Failure) -> Trouble {
        failed(self.wish, failure)
    }
}

fn failed(wish: &PostgresWish, failure: Failure) -> Trouble {
    Trouble::server(failure, format!("Could not drop database {}", quoted(&wish.database)))
}

/// Fails where a removal would cut somebody off; without a lock.
pub(super) async fn unused(link: &Link, spec: &Spec, wish: &PostgresWish) -> Result<(), Trouble> {
    let session = observe::reader(link).await?;
    let looked = async {
        let document = observe::read(link, &session, spec, wish).await?;
        let members = members(&session, wish).await.map_err(|f| failed(wish, f))?;
        is_unused(link, &session, spec, wish, &document, &members).await
    };
    let looked = looked.await;
    if let Err(trouble) = &looked {
        observe::forget(link, &session, trouble).await;
    }
    looked
}

/// Lists whom the removal would cut off.
async fn is_unused(
    link: &Link,
    session: &Session,
    spec: &Spec,
    wish: &PostgresWish,
    document: &Document,
    members: &[Member],
) -> Result<(), Trouble> {
    // A role that other instances have too has members that are theirs.
    let shared = neighbours::shares(&document.neighbours, spec, wish);
    let mut by: Vec<String> = members
        .iter()
        .filter(|member| member.can_log_in && !member.over && (member.leased || !shared))
        .map(|member| format!("login {} is a member of the owner role", quoted(&member.name)))
        .collect();
    let rows = session.rows(sql_read::SESSIONS, &[Some(&wish.database)]).await;
    for row in rows.map_err(|f| failed(wish, f))? {
        let user: String = row.try_get(0).map_err(|e| failed(wish, e.into()))?;
        let name: String = row.try_get(1).map_err(|e| failed(wish, e.into()))?;
        by.push(format!("{} has a session ({})", quoted(&user), escaped(&name)));
    }
    if by.is_empty() {
        return Ok(());
    }
    Err(Trouble::told(refusal::in_use(link.settings(), &wish.database, &by)))
}

async fn members(session: &Session, wish: &PostgresWish) -> Result<Vec<Member>, Failure> {
    let texts = [
        Some(wish.database.as_str()),
        Some(wish.owner_role.as_str()),
        wish.vault_login.as_deref(),
        Some(sql_temporary::TEMPORARY),
    ];
    let rows = session.rows(sql_read::MEMBERS, &texts).await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                name: row.try_get(0)?,
                can_log_in: row.try_get(1)?,
                leased: row.try_get(2)?,
                over: row.try_get(3)?,
            })
        })
        .collect()
}

/// What hangs on a role and would block its drop, one phrase a place.
pub(super) async fn dependents(session: &Session, role: &str) -> Result<Vec<String>, Failure> {
    let rows = session.rows(sql_read::DEPENDENTS, &[Some(role)]).await?;
    rows.iter()
        .map(|row| {
            let database: String = row.try_get(0)?;
            let class: String = row.try_get(1)?;
            let how: String = row.try_get(2)?;
            let number: i64 = row.try_get(3)?;
            let place = if database.is_empty() {
                "on the server".to_owned()
            } else {
                format!("in database {}", quoted(&database))
            };
            Ok(format!("{number} {how} ({}) {place}", escaped(&class)))
        })
        .collect()
}
