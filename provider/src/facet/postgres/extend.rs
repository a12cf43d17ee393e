// SPDX-License-Identifier: MPL-2.0
//! Extensions, in the instance's database.
//!
//! What the owner of a database may create (a trusted extension) is created under the owner role, in `public`, so that
//! nothing of a tenant's database runs with the rights of a superuser. What only a superuser may create runs its script
//! as him, and resolves names in its schema and in those of what it requires. `public` is the tenant's, who could plant
//! better matches there (CVE-2018-1058); so it goes into a schema that is closed to everybody else, `extensions`, or
//! into its own if that is closed. It is not moved to `public` afterwards: the next script would trust it there.

use std::collections::BTreeSet;

use super::converge::Converge;
use super::failure::Failure;
use super::session::Session;
use super::trouble::Trouble;
use super::{refusal, sql, sql_read};
use crate::facet::{FacetError, Fault};
use crate::plan::postgres::{Effect, Login, quoted};

/// An extension that creating one takes: itself, or what it requires.
#[derive(Debug)]
struct Needed {
    name: String,
    /// Whether the owner of a database may create it.
    trusted: bool,
    /// The schema it names itself.
    own: Option<String>,
    /// The schema where it is.
    place: Option<String>,
    /// Whether the schema where it is, or will be, is closed; `None`: there is no such schema.
    closed: Option<bool>,
}

// === impl Needed ===

impl Needed {
    fn schema(&self) -> &str {
        self.place.as_deref().or(self.own.as_deref()).unwrap_or(sql::EXTENSIONS)
    }
}

/// Whether one of those that are to be created is not for the owner of a database to create.
fn takes_a_superuser(needed: &[Needed]) -> bool {
    needed.iter().any(|one| one.place.is_none() && !one.trusted)
}

// === impl Converge ===

impl Converge<'_> {
    /// Creates the extensions that are not there; answers whether there were any.
    pub(super) async fn extend(
        &self,
        session: &Session,
        there: &BTreeSet<String>,
        login: &Login,
    ) -> Result<bool, Trouble> {
        let mut missing = Vec::new();
        for name in self.wish.extensions.difference(there) {
            let needed = self.needed(session, name, login).await?;
            missing.push((name, takes_a_superuser(&needed)));
        }
        // Untrusted ones first: what they require is then made with them, where they may use it.
        missing.sort_by_key(|(_, untrusted)| !untrusted);
        for (name, _) in &missing {
            self.not_stopped()?;
            self.create(session, name, login).await?;
        }
        Ok(!missing.is_empty())
    }

    async fn create(&self, session: &Session, name: &str, login: &Login) -> Result<(), Trouble> {
        let failed =
            |failure| self.failed(&Effect::CreateExtension(name.to_owned()), failure, login);
        // Anew: the one before may have made what this one requires.
        let needed = self.needed(session, name, login).await?;
        let own = needed.iter().any(|one| one.name == name && one.own.is_some());
        let role = &self.wish.owner_role;
        let under_role =
            sql::under_role(role, &sql::create_extension(name, (!own).then_some("public")));
        if !takes_a_superuser(&needed) {
            return session.run_long(&under_role, self.until).await.map_err(failed);
        }
        let untrusted = self.untrusted(name, &needed, (!own).then_some(sql::EXTENSIONS));
        if login.superuser {
            let create = sql::together(&untrusted?);
            return session.run_long(&create, self.until).await.map_err(failed);
        }
        // A server may let its own kind of administrators create what only a superuser may elsewhere.
        match session.run_long(&under_role, self.until).await {
            Err(failure) if failure.is_forbidden() => {
                let run = untrusted? + "; (connected to the database)";
                Err(failed(failure).or_grant(run))
            }
            done => done.map_err(failed),
        }
    }

    /// What a superuser runs, or why he should not.
    fn untrusted(
        &self,
        name: &str,
        needed: &[Needed],
        schema: Option<&str>,
    ) -> Result<String, Trouble> {
        if let Some(open) = needed.iter().find(|one| one.closed == Some(false)) {
            let required = open.place.is_some().then_some(open.name.as_str());
            return Err(Trouble::told(refusal::open_schema(
                self.link.settings(),
                &self.wish.database,
                name,
                required,
                open.schema(),
            )));
        }
        let missing: BTreeSet<&str> =
            needed.iter().filter(|one| one.closed.is_none()).map(Needed::schema).collect();
        let missing: Vec<&str> = missing.into_iter().collect();
        Ok(sql::create_untrusted(name, &missing, schema))
    }

    async fn needed(
        &self,
        session: &Session,
        name: &str,
        login: &Login,
    ) -> Result<Vec<Needed>, Trouble> {
        let failed = |failure: Failure| {
            self.failed(&Effect::CreateExtension(name.to_owned()), failure, login)
        };
        let texts = [Some(name), Some(sql::EXTENSIONS)];
        let rows = session.rows(sql_read::NEEDED_EXTENSIONS, &texts).await.map_err(failed)?;
        if rows.is_empty() {
            return Err(Trouble::told(self.not_installed(name)));
        }
        let needed = rows.iter().map(|row| {
            Ok(Needed {
                name: row.try_get(0)?,
                trusted: row.try_get(1)?,
                own: row.try_get(2)?,
                place: row.try_get(3)?,
                closed: row.try_get(4)?,
            })
        });
        needed.collect::<Result<_, Failure>>().map_err(failed)
    }

    fn not_installed(&self, name: &str) -> FacetError {
        let settings = self.link.settings();
        FacetError {
            fault: Fault::Missing,
            summary: format!("Extension {} is not installed on the server", quoted(name)),
            attempted: super::trouble::attempted(settings),
            cause: "pg_available_extensions does not list it".to_owned(),
            next: "Install its package on the machine of the server (pg_available_extensions lists what there \
                   is), or take it out of database.extensions."
                .to_owned(),
            attribute: Some("database.extensions"),
        }
    }
}
