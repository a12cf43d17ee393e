// SPDX-License-Identifier: MPL-2.0
//! What a test works on: a server, a login, a maintenance database of its own, and instances.

use std::collections::BTreeSet;

use appenv::facet::postgres::{Host, Password, Postgres, Settings};
use appenv::facet::{Facet, FacetError, Observation};
use appenv::naming::{Environments, Inputs, Names};
use appenv::plan::postgres::PostgresWish;
use appenv::plan::{ObjectState, Spec};
use appenv::registry::{Entry, Expected, Phase};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::server::{PASSWORD, Server, servers};

/// The provider's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Superuser,
    CreateRole,
}

/// One test on one server under one login.
pub struct Bench {
    pub server: &'static Server,
    pub who: Who,
    /// Unique on the server.
    pub tag: String,
    pub admin: Client,
    pub login: String,
}

/// Every server with every login.
pub async fn benches(test: &str) -> Vec<Bench> {
    let mut benches = Vec::new();
    for server in servers() {
        for who in [Who::Superuser, Who::CreateRole] {
            benches.push(Bench::new(server, who, test).await);
        }
    }
    benches
}

impl Bench {
    pub async fn new(server: &'static Server, who: Who, test: &str) -> Self {
        let kind = if who == Who::Superuser { "s" } else { "c" };
        let tag = format!("{test}{kind}");
        let admin = server.psql("postgres").await;
        let database = format!("admin_{tag}");
        admin
            .batch_execute(&format!("CREATE DATABASE {database} TEMPLATE template0"))
            .await
            .unwrap();
        let login = match who {
            Who::Superuser => "postgres".to_owned(),
            Who::CreateRole => {
                let login = format!("prov_{tag}");
                let sql = format!(
                    "CREATE ROLE {login} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'; \
                     GRANT CREATE ON DATABASE {database} TO {login}"
                );
                admin.batch_execute(&sql).await.unwrap();
                login
            }
        };
        Self { server, who, tag, admin, login }
    }

    pub fn label(&self) -> String {
        format!("PostgreSQL {}, {:?}", self.server.version, self.who)
    }

    /// Over the socket, which asks for no password: to prove one takes an unoptimized build long.
    pub fn settings(&self) -> Settings {
        let directory = self.server.directory.to_str().unwrap();
        self.settings_at(directory)
    }

    /// Over TCP, with a password.
    pub fn settings_at(&self, host: &str) -> Settings {
        let host = Host::parse(host, self.server.port).unwrap();
        let mut settings = Settings::new(vec![host], self.login.clone());
        settings.password = Some(Password::new(PASSWORD.to_owned()));
        settings.database = format!("admin_{}", self.tag);
        settings
    }

    /// A process of its own, so to say.
    pub fn facet(&self) -> Postgres {
        Postgres::new(self.settings(), &self.tag)
    }

    pub fn spec(&self, app: &str, env: &str) -> Spec {
        spec(&format!("{app}-{}", self.tag), env)
    }

    /// Statements by hand, as a superuser.
    pub async fn by_hand(&self, sql: &str) {
        self.admin.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// How many rows a question has.
    pub async fn count(&self, sql: &str) -> i64 {
        self.admin.query_one(&format!("SELECT count(*) FROM {sql}"), &[]).await.unwrap().get(0)
    }

    /// Closes a session by hand, and waits until the server noticed: what follows asks who is there.
    pub async fn leave(&self, session: Client, database: &str) {
        let pid: i32 = session.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        drop(session);
        let begun = std::time::Instant::now();
        while self.count(&format!("pg_stat_activity WHERE pid = {pid}")).await > 0 {
            assert!(begun.elapsed().as_secs() < 60, "a session on {database} never ended");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// What is on the server under the instance's names.
    pub async fn leftovers(&self, spec: &Spec) -> i64 {
        let wish = spec.postgres.as_ref().unwrap();
        let sql = "SELECT (SELECT count(*) FROM pg_database WHERE datname = $1)
            + (SELECT count(*) FROM pg_roles WHERE rolname = $2)
            + (SELECT count(*) FROM pg_shdescription s WHERE description LIKE $3)";
        let marked = format!("%app={} env={}%", spec.coordinate.app(), spec.coordinate.env());
        let texts: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&wish.database, &wish.owner_role, &marked];
        self.admin.query_one(sql, &texts).await.unwrap().get(0)
    }
}

/// A wish as the convention has it.
pub fn spec(app: &str, env: &str) -> Spec {
    let environments = Environments::new("elided-v1", None, Vec::new()).unwrap();
    let coordinate = environments.coordinate(app, env).unwrap();
    let names =
        Names::derive(&environments, &coordinate, &BTreeSet::new(), &Inputs::default()).unwrap();
    let wish = PostgresWish {
        database: names.database.clone(),
        owner_role: names.owner_role.clone(),
        owner_role_shared: false,
        connection_limit: -1,
        extensions: BTreeSet::new(),
        encoding: None,
        locale: None,
        template: "template0".to_owned(),
        vault_login: None,
        keep_until: None,
        over: [].into(),
    };
    let production = environments.is_production(coordinate.env());
    Spec { postgres: Some(wish), ..Spec::of(coordinate, names, production, "arcodange/erp") }
}

pub fn entry(spec: &Spec, phase: Phase, generation: u64) -> Entry {
    Entry {
        owner: spec.owner.clone(),
        phase,
        holder: (phase != Phase::Gone).then(|| "holder-1".to_owned()),
        generation,
        state_address: Some("s3://states/erp/sandbox".to_owned()),
        production: spec.production,
        spec_digest: "sha256:00".to_owned(),
        spec: serde_json::json!({"connection_limit": 20, "names": {"database": "ü\"x"}}),
        written_at: format!("2026-11-21T10:00:0{generation}Z"),
        applied: [].into(),
        pending: None,
    }
}

/// What a run does to make an instance.
pub async fn create(facet: &Postgres, spec: &Spec) -> Result<(), FacetError> {
    let seen = facet.observe(spec).await?;
    let pending = entry(spec, Phase::Pending, 1);
    let target = facet.record(spec, &Expected::from(&seen.look), &pending, false).await?;
    facet.converge(spec, &CancellationToken::new()).await?;
    let expected = Expected { target: Some(target), entry: Some(pending) };
    facet.record(spec, &expected, &entry(spec, Phase::Live, 1), false).await.map(drop)
}

/// What a run does to delete one.
pub async fn delete(facet: &Postgres, spec: &Spec, force: bool) -> Result<(), FacetError> {
    let seen = facet.look(spec).await?;
    let deleting = entry(spec, Phase::Deleting, 2);
    let target = facet.record(spec, &Expected::from(&seen), &deleting, false).await?;
    let expected = Expected { target: Some(target), entry: Some(deleting) };
    facet.dismantle(spec, &expected, force, &CancellationToken::new()).await?;
    facet.record(spec, &expected, &entry(spec, Phase::Gone, 2), false).await.map(drop)
}

pub async fn converge(facet: &Postgres, spec: &Spec) -> Result<(), FacetError> {
    facet.converge(spec, &CancellationToken::new()).await
}

pub fn all_ok(observation: &Observation) -> bool {
    observation.objects.values().all(|state| *state == ObjectState::Ok)
}

pub fn printed(observation: &Observation, object: &str) -> String {
    observation.objects.get(object).map_or("(not seen)".to_owned(), ToString::to_string)
}
