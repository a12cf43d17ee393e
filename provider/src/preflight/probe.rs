// SPDX-License-Identifier: MPL-2.0
//! A login is leased, tried, and revoked: what only a try can tell.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::configured::Configured;
use crate::facet::Facet as _;
use crate::facet::postgres::{Postgres, identifier};
use crate::facet::vault::{Leased, Vault};
use crate::finding::Finding;
use crate::plan::Spec;
use crate::settings::Settings;

use super::{Subject, fix};

/// Whether Vault leases a login of the instance's database role.
pub const LEASE: &str = "probe_lease";
/// Whether the login is let into the database and works there as the owner role.
pub const ROLE: &str = "probe_role";
/// Whether the lease was revoked.
pub const REVOKE: &str = "probe_revoke";

/// What a lease is asked for: it ends by itself where nobody is left to revoke it.
const TIME: Duration = Duration::from_secs(60);
/// How long an end is waited for after the deadline.
const GRACE: Duration = Duration::from_secs(20);

/// A probe that goes on by itself, so that whoever stops waiting for it does not stop its end.
pub struct Probe {
    task: JoinHandle<Vec<Finding>>,
    target: String,
    until: Instant,
}

/// What is tried.
struct Trial {
    configured: Arc<Configured>,
    spec: Spec,
    role: String,
    database: String,
    deadline: Instant,
    limit: Duration,
}

// === impl Probe ===

impl Probe {
    /// Begins; without what it takes, answers why not.
    pub fn begin(
        configured: &Arc<Configured>,
        subject: &Subject,
        limit: Duration,
    ) -> Result<Self, Vec<Finding>> {
        let settings = &configured.settings;
        let spec = subject.spec(settings, None);
        let role = format!("database role \"{}\"", spec.names.vault_database_role);
        let target = match configured.clients.vault() {
            Some(vault) => format!("{role} on {}", vault.server()),
            None => role,
        };
        if let Some(why) = impossible(settings) {
            return Err(skipped(&target, why));
        }
        let database = format!("database {}", identifier(&spec.names.database));
        let deadline = Instant::now() + limit;
        let trial = Trial {
            configured: Arc::clone(configured),
            spec,
            role: target.clone(),
            database,
            deadline,
            limit,
        };
        Ok(Self { task: tokio::spawn(trial.run()), target, until: deadline + GRACE })
    }

    /// What it found, once it has revoked what it leased. One that cannot leaves it to the end of the run, and to its expiry.
    pub async fn findings(self) -> Vec<Finding> {
        let next = "See whether Vault answers; a lease that was taken ends within a minute, where its role lets it.";
        let why = match timeout_at(self.until, self.task).await {
            Ok(Ok(found)) => return found,
            Ok(Err(_)) => "It ended before it told anything.",
            Err(_) => "It did not end in time.",
        };
        let mut found = skipped(&self.target, &format!("Not known: see {LEASE}."));
        found[0] = Finding::fail(LEASE, self.target, why, next);
        found
    }
}

/// Why it cannot be tried.
fn impossible(settings: &Settings) -> Option<&'static str> {
    if settings.postgres.is_unknown() || settings.vault.is_unknown() {
        return Some("The address or a credential of a server is known only after apply.");
    }
    let there = settings.facets();
    let both = there.contains(&"postgres") && there.contains(&"vault");
    (!both).then_some("It takes a `postgres` and a `vault` block in the provider configuration.")
}

fn skipped(target: &str, why: &str) -> Vec<Finding> {
    [LEASE, ROLE, REVOKE].map(|check| Finding::skip(check, target, why)).into()
}

// === impl Trial ===

impl Trial {
    /// Leases, tries, revokes. A lease that is on its way is waited for whatever the deadline says: cut off, nobody would
    /// know its id.
    async fn run(self) -> Vec<Finding> {
        let clients = &self.configured.clients;
        let (Some(vault), Some(postgres)) = (clients.vault(), clients.postgres()) else {
            return skipped(&self.role, "It takes a `postgres` and a `vault` block.");
        };
        let leased = match vault.lease_login(&self.spec, TIME).await {
            Ok(leased) => leased,
            Err(error) => {
                let why = format!("Not tried: see {LEASE}.");
                let skip = |check| Finding::skip(check, &*self.role, &*why);
                return vec![fix::failed(LEASE, &*self.role, &error), skip(ROLE), skip(REVOKE)];
            }
        };
        let lease = if Instant::now() < self.deadline {
            Finding::ok(LEASE, &*self.role, "It leases logins.")
        } else {
            let detail =
                format!("It leased a login, but not within {} s.", self.limit.as_secs_f64());
            let next =
                "See what slows Vault or PostgreSQL down, or give it more time with `timeout`.";
            Finding::fail(LEASE, &*self.role, detail, next)
        };
        let role = self.tried(postgres, &leased).await;
        let revoke = self.revoked(vault, &leased.lease_id).await;
        vec![lease, role, revoke]
    }

    async fn tried(&self, postgres: &Postgres, leased: &Leased) -> Finding {
        let target = format!("{} on {}", self.database, postgres.server());
        let (database, owner) = (&self.spec.names.database, &self.spec.names.owner_role);
        let login = postgres.log_in(&leased.username, leased.password.expose(), database);
        let Ok(became) = timeout_at(self.deadline, login).await else {
            let detail =
                format!("A leased login was not let in within {} s.", self.limit.as_secs());
            return Finding::fail(
                ROLE,
                target,
                detail,
                "See whether the server is overloaded, or raise `timeout`.",
            );
        };
        match became {
            Ok(became) if became.role == *owner => {
                let detail = format!("A leased login is let in and works as role \"{owner}\".");
                Finding::ok(ROLE, target, detail)
            }
            Ok(became) => {
                let works = if became.role == became.login { "itself" } else { &*became.role };
                Finding::fail(
                    ROLE,
                    target,
                    format!(
                        "A leased login works as {works}, and should as role \"{owner}\": what it makes belongs to it alone."
                    ),
                    "Mend the creation statements of the database role, as an apply of the instance does.",
                )
            }
            Err(error) => fix::failed(ROLE, target, &error),
        }
    }

    async fn revoked(&self, vault: &Vault, lease_id: &str) -> Finding {
        match vault.give_back(lease_id).await {
            Ok(()) => {
                Finding::ok(REVOKE, &*self.role, "The lease was revoked and its login is gone.")
            }
            Err(error) => {
                let failed = fix::failed(REVOKE, &*self.role, &error);
                let fix = fix::command(format!("bao lease revoke -sync {lease_id}"));
                Finding { fix, ..failed }
            }
        }
    }
}
