// SPDX-License-Identifier: MPL-2.0
//! Making every object as wished.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::failure::Failure;
use super::link::Link;
use super::observe::{self, Document};
use super::session::Session;
use super::trouble::Trouble;
use super::{kept, refusal, registry, sql, sql_read};
use crate::plan::postgres::{self, Blocked, Effect, Login, PostgresWish, escaped, quoted};
use crate::plan::{ObjectState, Spec};

/// What a convergence works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Converge<'a> {
    pub(super) link: &'a Link,
    pub(super) spec: &'a Spec,
    pub(super) wish: &'a PostgresWish,
    /// When the operation's limit is over.
    pub(super) until: Option<Instant>,
    pub(super) stop: &'a CancellationToken,
}

// === impl Converge ===

impl Converge<'_> {
    /// One try, from a fresh look.
    pub(super) async fn once(&self) -> Result<(), Trouble> {
        self.not_stopped()?;
        let writer = self.link.writer().await?;
        match self.mend(writer.session()).await {
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

    /// Settles leased logins that ended, which are known by the owner role's present name.
    pub(super) async fn settle_ended(&self) -> Result<(), Trouble> {
        let left = async || {
            let session = observe::reader(self.link).await?;
            let document = self.read(&session).await;
            if let Err(trouble) = &document {
                observe::forget(self.link, &session, trouble).await;
            }
            document.map(|document| document.seen.ended)
        };
        if left().await?.is_empty() {
            return Ok(());
        }
        self.once().await?;
        let names: Vec<String> = left().await?.iter().map(|login| quoted(&login.name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let refused = refusal::unsettled(self.link.settings(), &self.wish.database, &names);
        Err(Trouble::told(refused))
    }

    async fn mend(&self, session: &Session) -> Result<(), Trouble> {
        let marker = self.spec.marker();
        let before = self.read(session).await?;
        let effects = postgres::effects(self.wish, &marker, &before.seen)
            .map_err(|blocked| self.blocked(&blocked))?;
        let login = &before.seen.login;
        let mut changed = false;
        for effect in &effects {
            for statement in sql::statements(effect, self.wish, &marker, login) {
                self.not_stopped()?;
                let slow = matches!(effect, Effect::CreateDatabase);
                let until = self.until.filter(|_| slow);
                let done = session.run_long(&statement, until).await;
                done.map_err(|failure| self.failed(effect, failure, login))?;
                changed = true;
            }
        }
        if let Some(row) = before.registered.entry.as_ref() {
            if row.copying.is_some() {
                self.not_stopped()?;
                kept::drop_copy(session, self.spec, row, self.until).await?;
            }
            if !self.wish.over.is_empty() {
                self.not_stopped()?;
                let over = |name: &str| self.wish.over.contains(name);
                kept::end(self.link, session, self.spec, row, over, self.until).await?;
            }
        }
        if self.wish.vault_login.is_some() {
            self.end_sessions(session).await?;
        }
        let inside = !self.wish.extensions.is_empty()
            || effects.iter().any(|effect| matches!(effect, Effect::SettleEndedLogin(_)));
        if inside {
            changed |= self.mend_inside(&effects, login).await?;
        }
        let mut after = if changed { self.read(session).await? } else { before };
        // Mended above, or an error told why not.
        after.seen.extensions = Some(self.wish.extensions.clone());
        self.judge(&after)
    }

    /// Ends what is left of logins that are over. Whose sessions this login may not end only a superuser can: that
    /// holds up no apply.
    async fn end_sessions(&self, session: &Session) -> Result<(), Trouble> {
        self.not_stopped()?;
        let (database, role) = (self.wish.database.as_str(), self.wish.owner_role.as_str());
        match session.rows(sql_read::END_SESSIONS, &[Some(database), Some(role)]).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_forbidden() => {
                warn!(
                    database = %escaped(database),
                    cause = %failure,
                    "a session outlives its login; membership in pg_signal_backend is needed to end it"
                );
                Ok(())
            }
            Err(failure) => {
                let doing = format!("Could not end sessions on database {}", quoted(database));
                Err(Trouble::server(failure, doing))
            }
        }
    }

    /// What is done in the instance's database, over one short connection.
    async fn mend_inside(&self, effects: &[Effect], login: &Login) -> Result<bool, Trouble> {
        let mut changed = false;
        let failed = |failure| {
            let database = quoted(&self.wish.database);
            Trouble::server(failure, format!("Could not connect to database {database}"))
                .or_grant(sql::join_role(&self.wish.owner_role, login) + ";")
        };
        let guest = self.link.guest(&self.wish.database).await.map_err(failed)?;
        let there = observe::installed(guest.session()).await.map_err(failed)?;
        changed |= self.extend(guest.session(), &there, login).await?;
        for effect in effects {
            let Effect::SettleEndedLogin(ended) = effect else { continue };
            self.not_stopped()?;
            let settle = sql::settle(ended, &self.wish.owner_role, login);
            let settled = guest.session().run_long(&settle, self.until).await;
            settled.map_err(|failure| self.failed(effect, failure, login))?;
            changed = true;
        }
        Ok(changed)
    }

    async fn read(&self, session: &Session) -> Result<Document, Trouble> {
        observe::read(self.link, session, self.spec, self.wish).await
    }

    /// Reads back: everything is as wished, or the user is told what is not.
    fn judge(&self, after: &Document) -> Result<(), Trouble> {
        let objects = postgres::objects(self.wish, &self.spec.marker(), &after.seen);
        // What an ended login owns in other databases is not this instance's to settle: `objects` tells of it, and
        // nobody who can log in may thereby hold up every apply.
        let elsewhere = after.seen.ended.iter().any(|login| login.elsewhere > 0);
        let left: Vec<String> = objects
            .into_iter()
            .filter(|(object, _)| !(elsewhere && object == postgres::ENDED_LOGINS))
            .filter(|(_, state)| *state != ObjectState::Ok)
            .map(|(object, state)| format!("{object} {state}"))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Trouble::told(refusal::still_differs(self.link.settings(), &left)))
    }

    pub(super) fn not_stopped(&self) -> Result<(), Trouble> {
        if self.stop.is_cancelled() {
            return Err(Trouble::told(refusal::stopped(self.link.settings(), self.wish)));
        }
        Ok(())
    }

    fn blocked(&self, blocked: &Blocked) -> Trouble {
        let settings = self.link.settings();
        Trouble::told(match blocked {
            Blocked::SuperuserRole => refusal::superuser_role(settings, &self.wish.owner_role),
            Blocked::VaultLoginMissing(login) => refusal::vault_login_missing(settings, login),
        })
    }

    pub(super) fn failed(&self, effect: &Effect, failure: Failure, login: &Login) -> Trouble {
        let role = &self.wish.owner_role;
        let database = quoted(&self.wish.database);
        let on_database = || sql::join_role(role, login) + ";";
        let on_role = || sql::let_administer(role, &login.name);
        let (doing, grant) = match effect {
            Effect::CreateRole => {
                (format!("create role {}", quoted(role)), sql::let_create_roles(&login.name))
            }
            Effect::StripRole(_) => (format!("mend role {}", quoted(role)), on_role()),
            Effect::CommentRole => (format!("mark role {}", quoted(role)), on_role()),
            Effect::JoinRole => (format!("become a member of role {}", quoted(role)), on_role()),
            Effect::CreateDatabase => {
                (format!("create database {database}"), sql::let_create_databases(&login.name))
            }
            Effect::OwnDatabase => (
                format!("give database {database} back to role {}", quoted(role)),
                sql::own_database(self.wish) + ";",
            ),
            Effect::RevokePublic => {
                (format!("close database {database} to everyone"), on_database())
            }
            Effect::CommentDatabase => (format!("mark database {database}"), on_database()),
            Effect::ConfigureDatabase => {
                (format!("set the connection limit of database {database}"), on_database())
            }
            Effect::GrantVaultLogin => {
                (format!("let Vault's login hand out role {}", quoted(role)), on_role())
            }
            Effect::CreateExtension(name) => (
                format!("create extension {} in database {database}", quoted(name)),
                sql::create_extension(name, None) + "; (connected to the database)",
            ),
            Effect::SettleEndedLogin(name) => (
                format!("hand the objects of {} to role {}", quoted(name), quoted(role)),
                sql::let_administer(name, &login.name),
            ),
        };
        Trouble::server(failure, format!("Could not {doing}")).or_grant(grant)
    }
}
