// SPDX-License-Identifier: MPL-2.0
//! The registry in the maintenance database: the one transaction that writes an entry.

use serde_json::json;

use super::failure::Failure;
use super::foreign::Founded;
use super::link::{Link, Writer};
use super::neighbours::{self, Neighbour};
use super::registered::Row;
use super::session::{Session, one};
use super::trouble::Trouble;
use super::{floors, foreign, refusal, sql, sql_registry};
use crate::plan::Spec;
use crate::plan::postgres::{PostgresWish, quoted};
use crate::registry::{Entry, Expected, Phase};

/// One write of an entry, with everything it needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) spec: &'a Spec,
    pub(super) wish: &'a PostgresWish,
    pub(super) expected: &'a Expected,
    pub(super) next: &'a Entry,
    pub(super) keep_objects: bool,
}

// === impl Record ===

impl Record<'_> {
    /// Writes once; answers the registry's id.
    pub(super) async fn write(&self, link: &Link) -> Result<String, Trouble> {
        let writer = link.writer().await?;
        match self.transact(link, writer.session()).await {
            Ok(id) => {
                writer.release().await;
                Ok(id)
            }
            Err(trouble) => {
                give_back(writer, &trouble).await;
                Err(trouble)
            }
        }
    }

    async fn transact(&self, link: &Link, session: &Session) -> Result<String, Trouble> {
        let failed = |failure| self.failed(link, failure);
        session.run("BEGIN").await.map_err(failed)?;
        let id = self.identity(link, session).await?;
        let found = self.entry(session).await.map_err(failed)?;
        self.judge(link, session, found.as_ref()).await?;
        self.upsert(session).await.map_err(failed)?;
        match self.next.phase {
            Phase::Pending => self.first_object(link, session).await?,
            Phase::Gone if !self.keep_objects => self.last_object(link, session).await?,
            _ => {}
        }
        session.run("COMMIT").await.map_err(failed)?;
        Ok(id)
    }

    /// The registry's id, founding the registry where none is there and none is expected. One that was founded
    /// since the look is as good: what counts is the entry.
    pub(super) async fn identity(&self, link: &Link, session: &Session) -> Result<String, Trouble> {
        let settings = link.settings();
        let failed = |failure| self.failed(link, failure);
        let schema = foreign::find(link, session).await?;
        let founded = schema.as_ref().map_or(Founded::No, |schema| schema.founded);
        if founded == Founded::No {
            if let Some(expected) = &self.expected.target {
                return Err(Trouble::told(refusal::elsewhere(settings, expected, None)));
            }
            if let Some(schema) = schema.as_ref().filter(|schema| !schema.ours) {
                return Err(Trouble::told(refusal::foreign_schema(settings, &schema.owner)));
            }
            let grant = sql_registry::grant_found(&settings.database, &settings.user);
            let doing = format!(
                "Could not found the registry of instances in database {}",
                quoted(&settings.database)
            );
            session
                .run(sql_registry::FOUND)
                .await
                .map_err(|failure| Trouble::server(failure, doing).or_grant(grant))?;
        }
        if let Some(schema) = schema.filter(|_| founded == Founded::Earlier) {
            floors::upgrade(link, session, &schema).await?;
        }
        let rows = session.rows(sql_registry::IDENTITY, &[]).await.map_err(failed)?;
        let id: String = one(&rows).map_err(failed)?;
        let version: i32 = rows[0].try_get(1).map_err(|error| failed(error.into()))?;
        if version > sql_registry::VERSION {
            return Err(Trouble::told(refusal::newer_registry(settings, version)));
        }
        match &self.expected.target {
            Some(expected) if *expected != id => {
                Err(Trouble::told(refusal::elsewhere(settings, expected, Some(&id))))
            }
            _ => Ok(id),
        }
    }

    pub(super) async fn entry(&self, session: &Session) -> Result<Option<Row>, Failure> {
        let coordinate = &self.spec.coordinate;
        let texts = [Some(coordinate.app()), Some(coordinate.env())];
        let rows = session.rows(sql_registry::ENTRY, &texts).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let text: String = one(&rows)?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| Failure::Driver(format!("an unreadable registry entry: {error}")))
    }

    /// Compares with what was expected, and with the other instances.
    async fn judge(
        &self,
        link: &Link,
        session: &Session,
        found: Option<&Row>,
    ) -> Result<(), Trouble> {
        // Before anything is written under them: the row tells whose a name is, also to a delete.
        if let Some(row) = found.filter(|row| !row.entry.is_gone() && !row.has(self.wish)) {
            let instance = &self.spec.names.instance;
            return Err(Trouble::told(refusal::other_names(link.settings(), instance, row)));
        }
        let found = found.map(|row| &row.entry);
        // The reply to our own write was lost: it is as if it came now.
        let done = found == Some(self.next);
        if !self.expected.is_met_by(found) && !done {
            return Err(Trouble::told(refusal::changed(
                link.settings(),
                &self.spec.names.instance,
                self.expected.entry.as_ref(),
                found,
            )));
        }
        if matches!(self.next.phase, Phase::Pending | Phase::Live) {
            let fresh = found.is_none_or(Entry::is_gone);
            self.judge_neighbours(link, session, fresh).await?;
        }
        Ok(())
    }

    pub(super) async fn judge_neighbours(
        &self,
        link: &Link,
        session: &Session,
        fresh: bool,
    ) -> Result<(), Trouble> {
        let settings = link.settings();
        let failed = |failure| self.failed(link, failure);
        let (app, env) = (self.spec.coordinate.app(), self.spec.coordinate.env());
        if fresh {
            let texts = [Some(app), Some(env), Some(self.next.owner.as_str())];
            let rows = session.rows(sql_registry::OTHER_OWNER, &texts).await.map_err(failed)?;
            if !rows.is_empty() {
                let owner: String = one(&rows).map_err(failed)?;
                return Err(Trouble::told(refusal::other_owner(settings, app, &owner)));
            }
        }
        let beside = self.neighbours(session).await.map_err(failed)?;
        let found = neighbours::clashes(&beside, self.spec, self.wish);
        let Some(clash) = found.first() else { return Ok(()) };
        let free = neighbours::free_role(session, self.spec, self.wish).await.map_err(failed)?;
        let alone = neighbours::is_one(&beside, self.wish);
        let next = clash.next(self.spec, alone, free.as_deref());
        let summary = clash.summary(self.wish);
        Err(Trouble::told(refusal::name_is_taken(settings, summary, clash.cause(), &next)))
    }

    /// Other instances under one of our names.
    async fn neighbours(&self, session: &Session) -> Result<Vec<Neighbour>, Failure> {
        let coordinate = &self.spec.coordinate;
        let texts = [
            Some(coordinate.app()),
            Some(coordinate.env()),
            Some(self.wish.database.as_str()),
            Some(self.wish.owner_role.as_str()),
        ];
        let rows = session.rows(sql_registry::NEIGHBOURS, &texts).await?;
        rows.iter()
            .map(|row| {
                let text: String = row.try_get(0)?;
                serde_json::from_str(&text).map_err(|error| {
                    Failure::Driver(format!("an unreadable registry entry: {error}"))
                })
            })
            .collect()
    }

    pub(super) async fn upsert(&self, session: &Session) -> Result<(), Failure> {
        let (coordinate, next) = (&self.spec.coordinate, self.next);
        let generation = next.generation.to_string();
        let spec = next.spec.to_string();
        let applied = json!(next.applied).to_string();
        let pending = next.pending.as_ref().map(|pending| json!(pending).to_string());
        let texts = [
            Some(coordinate.app()),
            Some(coordinate.env()),
            Some(next.owner.as_str()),
            Some(phase(next.phase)),
            next.holder.as_deref(),
            Some(generation.as_str()),
            next.state_address.as_deref(),
            Some(if next.production { "true" } else { "false" }),
            Some(next.spec_digest.as_str()),
            Some(spec.as_str()),
            Some(next.written_at.as_str()),
            Some(self.wish.database.as_str()),
            Some(self.wish.owner_role.as_str()),
            Some(applied.as_str()),
            pending.as_deref(),
        ];
        session.rows(sql_registry::WRITE, &texts).await.map(drop)
    }

    /// The owner role and its marker appear with the entry or not at all.
    async fn first_object(&self, link: &Link, session: &Session) -> Result<(), Trouble> {
        let role = &self.wish.owner_role;
        let doing = || format!("Could not create role {}", quoted(role));
        match is_superuser(session, role).await.map_err(|f| Trouble::server(f, doing()))? {
            Some(true) => Err(Trouble::told(refusal::superuser_role(link.settings(), role))),
            Some(false) => Ok(()),
            None => {
                let sql = format!(
                    "{}; {}",
                    sql::create_role(self.wish),
                    sql::comment_on_role(self.wish, &self.spec.marker())
                );
                let user = &link.settings().user;
                session.run(&sql).await.map_err(|failure| {
                    Trouble::server(failure, doing()).or_grant(sql::let_create_roles(user))
                })
            }
        }
    }

    /// The owner role disappears with the entry, unless another instance has it too.
    async fn last_object(&self, link: &Link, session: &Session) -> Result<(), Trouble> {
        let role = &self.wish.owner_role;
        let failed =
            |failure| Trouble::server(failure, format!("Could not drop role {}", quoted(role)));
        let neighbours = self.neighbours(session).await.map_err(failed)?;
        if neighbours.iter().any(|other| other.owner_role == *role) {
            return Ok(());
        }
        match is_superuser(session, role).await.map_err(failed)? {
            None => return Ok(()),
            Some(true) => {
                return Err(Trouble::told(refusal::superuser_role(link.settings(), role)));
            }
            Some(false) => {}
        }
        let held =
            session.rows(sql_registry::OWNS_DATABASE, &[Some(role)]).await.map_err(failed)?;
        if self.wish.owner_role_shared && !held.is_empty() {
            // An instance that was given up with its database kept: the role stays with it.
            return Ok(());
        }
        let dependents = super::dismantle::dependents(session, role).await.map_err(failed)?;
        if !dependents.is_empty() {
            let refused = refusal::role_has_dependents(link.settings(), role, &dependents);
            return Err(Trouble::told(refused));
        }
        session.run(&sql::drop_role(role)).await.map_err(|failure| {
            failed(failure).or_grant(sql::let_administer(role, &link.settings().user))
        })
    }

    fn failed(&self, link: &Link, failure: Failure) -> Trouble {
        let instance = quoted(&self.spec.names.instance);
        Trouble::server(failure, format!("Could not register instance {instance}"))
            .or_grant(sql_registry::grant_write(&link.settings().user))
    }
}

/// Keeps the connection of a verb that failed, where it can be kept.
pub(super) async fn give_back(writer: Writer<'_>, trouble: &Trouble) {
    match trouble {
        Trouble::Server { failure, .. } if failure.ends_session() => drop(writer),
        _ => writer.roll_back().await,
    }
}

async fn is_superuser(session: &Session, role: &str) -> Result<Option<bool>, Failure> {
    let rows = session.rows(sql_registry::ROLE, &[Some(role)]).await?;
    if rows.is_empty() { Ok(None) } else { one(&rows).map(Some) }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "pending",
        Phase::Live => "live",
        Phase::Deleting => "deleting",
        Phase::Gone => "gone",
    }
}
