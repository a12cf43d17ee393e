// SPDX-License-Identifier: MPL-2.0
//! Giving the database and its owner role other names, and the registration with them: one transaction.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::link::Link;
use super::neighbours;
use super::observe;
use super::registered::Row;
use super::registry::{self, Record};
use super::session::Session;
use super::temporary::{self, Which};
use super::trouble::Trouble;
use super::{kept, refusal, sql, sql_read, sql_registry};
use crate::plan::Spec;
use crate::plan::postgres::{PostgresWish, quoted};
use crate::registry::{Entry, Expected};

/// What a renaming works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rename<'a> {
    pub(super) link: &'a Link,
    pub(super) spec: &'a Spec,
    /// The names it gets.
    pub(super) wish: &'a PostgresWish,
    pub(super) expected: &'a Expected,
    pub(super) next: &'a Entry,
    /// When the operation's limit is over.
    pub(super) until: Option<Instant>,
    pub(super) stop: &'a CancellationToken,
}

// === impl Rename ===

impl Rename<'_> {
    /// One try, from a fresh look; whether there was anything to rename.
    pub(super) async fn once(&self) -> Result<bool, Trouble> {
        if self.stop.is_cancelled() {
            return Err(Trouble::told(refusal::stopped(self.link.settings(), self.wish)));
        }
        let writer = self.link.writer().await?;
        match self.rename(writer.session()).await {
            Ok(renamed) => {
                writer.release().await;
                Ok(renamed)
            }
            Err(trouble) => {
                registry::give_back(writer, &trouble).await;
                Err(trouble)
            }
        }
    }

    async fn rename(&self, session: &Session) -> Result<bool, Trouble> {
        let document = observe::read(self.link, session, self.spec, self.wish).await?;
        let Some(row) = document.registered.under_other_names(self.wish) else { return Ok(false) };
        let was = PostgresWish {
            database: row.database.clone(),
            owner_role: row.owner_role.clone(),
            ..self.wish.clone()
        };
        self.is_still_expected(Some(row))?;
        temporary::sweep(self.link, session, self.spec, &was, Which::Over).await;
        self.join(session, &was).await?;
        // Whatever was copied before: the old database may have been open since.
        kept::drop_copy(session, self.spec, row, self.until).await?;
        let (has_database, has_role) = self.taken(session, &was).await?;
        let copies = has_database && wish_copies(self.wish, &was);
        if copies {
            self.copy(session, &was).await?;
        }
        let (spec, wish, expected, next) = (self.spec, self.wish, self.expected, self.next);
        let record = Record { spec, wish, expected, next, keep_objects: true };
        let failed = |failure| self.failed(&was, failure);
        session.run("BEGIN").await.map_err(failed)?;
        record.identity(self.link, session).await?;
        let found = record.entry(session).await.map_err(failed)?;
        let found = found.as_ref();
        self.is_still_expected(found)?;
        let Some(found) = found else { return Ok(false) };
        record.judge_neighbours(self.link, session, false).await?;
        self.is_free(session, found, &was, copies).await?;
        // What was dropped by hand is made anew by what follows.
        if found.owner_role != wish.owner_role && has_role {
            let rename = sql::rename_role(&found.owner_role, &wish.owner_role);
            let renamed = session.run(&rename).await;
            renamed.map_err(|f| {
                failed(f)
                    .or_grant(sql::let_administer(&found.owner_role, &document.seen.login.name))
            })?;
        }
        if copies {
            self.keep(session, found).await.map_err(failed)?;
        } else if found.database != wish.database && has_database {
            session
                .run(&sql::rename_database(&found.database, &wish.database))
                .await
                .map_err(failed)?;
        }
        record.upsert(session).await.map_err(failed)?;
        session.run("COMMIT").await.map_err(failed)?;
        Ok(true)
    }

    /// Copies the database, closed to everybody meanwhile. Its name is noted first, by which a run that comes later tells the
    /// copy from a database of another hand; a copy is there wholly or not at all.
    async fn copy(&self, session: &Session, was: &PostgresWish) -> Result<(), Trouble> {
        let failed = |failure| self.failed(was, failure);
        let wish = self.wish;
        session.run("BEGIN").await.map_err(failed)?;
        let (spec, expected, next) = (self.spec, self.expected, self.next);
        let record = Record { spec, wish, expected, next, keep_objects: true };
        let found = record.entry(session).await.map_err(failed)?;
        self.is_still_expected(found.as_ref())?;
        record.judge_neighbours(self.link, session, false).await?;
        if let Some(found) = &found {
            self.is_free(session, found, was, false).await?;
        }
        self.note(session, sql_registry::COPYING, &wish.database).await.map_err(failed)?;
        session.run("COMMIT").await.map_err(failed)?;
        session.run(&sql::close_database(&was.database)).await.map_err(failed)?;
        let copy = sql::copy_database(&was.database, &wish.database, &was.owner_role);
        session.run_long(&copy, self.until).await.map_err(failed)
    }

    /// Marks what was copied, and notes until when it is kept.
    async fn keep(&self, session: &Session, found: &Row) -> Result<(), Failure> {
        let until = self.wish.keep_until.clone().unwrap_or_default();
        let marker = self.spec.marker();
        session.run(&sql::comment_on_kept(&found.database, &marker, &until)).await?;
        let mut kept = found.kept.clone();
        kept.remove(&self.wish.database);
        kept.insert(found.database.clone(), until);
        self.note(session, sql_registry::KEEP, &serde_json::json!(kept).to_string()).await
    }

    async fn note(&self, session: &Session, sql: &str, text: &str) -> Result<(), Failure> {
        let coordinate = &self.spec.coordinate;
        let texts = [Some(coordinate.app()), Some(coordinate.env()), Some(text)];
        session.rows(sql, &texts).await.map(drop)
    }

    /// Only an owner renames a database.
    async fn join(&self, session: &Session, was: &PostgresWish) -> Result<(), Trouble> {
        let before = observe::read(self.link, session, self.spec, was).await?;
        let (login, role) = (&before.seen.login, before.seen.role.as_ref());
        let ours = role.and_then(|role| role.ours).unwrap_or_default();
        if role.is_some_and(|role| !role.superuser) && !login.superuser && !ours.is_whole() {
            let joined = session.run(&sql::join_role(&was.owner_role, login)).await;
            joined.map_err(|f| {
                self.failed(was, f).or_grant(sql::let_administer(&was.owner_role, &login.name))
            })?;
        }
        Ok(())
    }

    fn is_still_expected(&self, found: Option<&Row>) -> Result<(), Trouble> {
        let entry = found.map(|row| &row.entry);
        if entry.is_some() && self.expected.is_met_by(entry) {
            return Ok(());
        }
        let (settings, instance) = (self.link.settings(), &self.spec.names.instance);
        let expected = self.expected.entry.as_ref();
        Err(Trouble::told(refusal::changed(settings, instance, expected, entry)))
    }

    /// Refuses names that something else has, and a role that is not this instance's alone. `copied`: what stands under
    /// the new name was copied by this very run.
    async fn is_free(
        &self,
        session: &Session,
        found: &Row,
        was: &PostgresWish,
        copied: bool,
    ) -> Result<(), Trouble> {
        let settings = self.link.settings();
        let wish = self.wish;
        let (database, role) = self.taken(session, wish).await?;
        let copied = copied && found.copying.as_ref() == Some(&wish.database);
        if found.database != wish.database && !copied && database {
            let what = format!("Database {}", quoted(&wish.database));
            return Err(Trouble::told(refusal::rename_onto(settings, &what)));
        }
        if found.owner_role == wish.owner_role {
            return Ok(());
        }
        if role {
            let what = format!("Role {}", quoted(&wish.owner_role));
            return Err(Trouble::told(refusal::rename_onto(settings, &what)));
        }
        let before = observe::read(self.link, session, self.spec, was).await?;
        if neighbours::shares(&before.neighbours, self.spec, was) {
            return Err(Trouble::told(refusal::rename_shared(
                settings,
                &found.owner_role,
                &found.owner_role,
            )));
        }
        Ok(())
    }

    /// Whether database and role of these names are there.
    async fn taken(
        &self,
        session: &Session,
        names: &PostgresWish,
    ) -> Result<(bool, bool), Trouble> {
        let failed = |failure| self.failed(names, failure);
        let texts = [Some(names.database.as_str()), Some(names.owner_role.as_str())];
        let rows = session.rows(sql_read::TAKEN, &texts).await.map_err(failed)?;
        let taken = |at: usize| rows.first().map_or(Ok(false), |row| row.try_get::<_, bool>(at));
        let taken = taken(0).and_then(|database| Ok((database, taken(1)?)));
        taken.map_err(|error| failed(error.into()))
    }

    fn failed(&self, was: &PostgresWish, failure: Failure) -> Trouble {
        Trouble::server(
            failure,
            format!(
                "Could not rename database {} and role {} to {} and {}",
                quoted(&was.database),
                quoted(&was.owner_role),
                quoted(&self.wish.database),
                quoted(&self.wish.owner_role)
            ),
        )
    }
}

/// Whether the database is copied, not renamed.
fn wish_copies(wish: &PostgresWish, was: &PostgresWish) -> bool {
    wish.keep_until.is_some() && wish.database != was.database
}

/// Ends temporary logins, lets nobody into the database any more and ends the sessions on it. The renaming, or the next apply, opens it.
pub(super) async fn release(link: &Link, spec: &Spec, wish: &PostgresWish) -> Result<(), Trouble> {
    let failed = |failure| {
        let doing = format!("Could not end the sessions on database {}", quoted(&wish.database));
        Trouble::server(failure, doing)
    };
    let writer = link.writer().await?;
    let database = wish.database.as_str();
    let ended = async {
        let session = writer.session();
        let texts = [Some(database), Some(wish.owner_role.as_str())];
        let rows = session.rows(sql_read::TAKEN, &texts).await.map_err(failed)?;
        if rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)) {
            temporary::sweep(link, session, spec, wish, Which::All).await;
            session.run(&sql::close_database(database)).await.map_err(failed)?;
            session.rows(sql_read::END_ALL_SESSIONS, &[Some(database)]).await.map_err(failed)?;
        }
        Ok(())
    };
    match ended.await {
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

/// Opens a database again that was closed for a renaming which did not come about.
pub(super) async fn admit(link: &Link, spec: &Spec, wish: &PostgresWish) -> Result<(), Trouble> {
    let writer = link.writer().await?;
    let opened = async {
        let session = writer.session();
        let document = observe::read(link, session, spec, wish).await?;
        let Some(row) = document.registered.under_other_names(wish) else { return Ok(()) };
        let name = &row.database;
        let doing = || format!("Could not open database {} again", quoted(name));
        let failed = |failure| Trouble::server(failure, doing());
        session.run(&sql::open_database(name)).await.map_err(failed)
    };
    match opened.await {
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
