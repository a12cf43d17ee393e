// SPDX-License-Identifier: MPL-2.0
//! What the registry keeps for the gates, and a registry that an earlier release founded.

use std::collections::BTreeMap;

use appenv::facet::postgres::Postgres;
use appenv::facet::{Facet, Fault};
use appenv::registry::{Expected, Floor, FloorEnv, Look, Pending, Phase};
use serde_json::{Value, json};

use super::bench::{Bench, Who, benches, create, entry};

/// The tables as the release before this one founded them.
const EARLIER: &str = "\
CREATE SCHEMA appenv;
REVOKE ALL ON SCHEMA appenv FROM PUBLIC;
CREATE TABLE appenv.registry (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  version integer NOT NULL,
  founded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE appenv.instances (
  app text NOT NULL,
  env text NOT NULL,
  owner text NOT NULL,
  phase text NOT NULL CHECK (phase IN ('pending', 'live', 'deleting', 'gone')),
  holder text,
  generation bigint NOT NULL CHECK (generation >= 0),
  state_address text,
  production boolean NOT NULL,
  spec_digest text NOT NULL,
  spec json NOT NULL,
  written_at text NOT NULL,
  database text NOT NULL,
  owner_role text NOT NULL,
  copying text,
  kept json NOT NULL DEFAULT '{}',
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (app, env)
);
CREATE INDEX ON appenv.instances (database);
CREATE INDEX ON appenv.instances (owner_role);
REVOKE ALL ON appenv.registry, appenv.instances FROM PUBLIC;
INSERT INTO appenv.registry (version) VALUES (1)";

/// A row of that release, of an instance that is live.
fn earlier_row(bench: &Bench, app: &str, env: &str) -> String {
    let spec = bench.spec(app, env);
    let wish = spec.postgres.as_ref().unwrap();
    format!(
        "INSERT INTO appenv.instances (app, env, owner, phase, holder, generation, production, spec_digest, spec,
           written_at, database, owner_role)
         VALUES ('{}', '{env}', '{}', 'live', 'holder-1', 1, {}, 'sha256:00', '{{}}', '2026-11-21T10:00:01Z', '{}', '{}')",
        spec.coordinate.app(),
        spec.owner,
        spec.production,
        wish.database,
        wish.owner_role
    )
}

fn floor(allow: &[&str]) -> Floor {
    let prod = FloorEnv {
        production: true,
        mode: "noop".to_owned(),
        allow: allow.iter().map(|&text| text.to_owned()).collect(),
        promote_from: Some("sandbox".to_owned()),
        soak: Some(86_400),
    };
    Floor {
        envs: BTreeMap::from([("prod".to_owned(), prod)]),
        elided: Some("prod".to_owned()),
        keys: ["SHA256:AAAA".to_owned()].into(),
    }
}

fn as_login(bench: &Bench, login: &str) -> Postgres {
    let mut settings = bench.settings();
    login.clone_into(&mut settings.user);
    Postgres::new(settings, "as")
}

async fn text(bench: &Bench, sql: &str) -> String {
    let maintenance = bench.server.psql(&format!("admin_{}", bench.tag)).await;
    maintenance.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gates_need_is_kept_and_read() {
    for bench in benches("keeps").await {
        let (label, facet) = (bench.label(), bench.facet());
        let (spec, prod) = (bench.spec("erp", "sandbox"), bench.spec("erp", "prod"));
        let refused = facet.change_floor(&spec, "us", &|_| Some(Floor::default())).await;
        assert_eq!(refused.unwrap_err().fault, Fault::Missing, "{label}: there is no registry");
        assert_eq!(facet.floors(&spec).await.unwrap(), BTreeMap::new(), "{label}");
        assert!(!facet.has_env(&spec, "sandbox").await.unwrap(), "{label}");

        let mut pending = entry(&spec, Phase::Pending, 1);
        pending.applied =
            BTreeMap::from([("sha256:01".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
        pending.pending = Some(Pending {
            effects: vec!["make it".to_owned()],
            digest: "a1-ABC".to_owned(),
            operation: "create".to_owned(),
            generation: 0,
            target: BTreeMap::from([("postgres".to_owned(), "id".to_owned())]),
            before: Some(json!({ "release": "ü\"1" })),
        });
        facet.record(&spec, &Expected::default(), &pending, false).await.unwrap();
        let look = facet.look(&spec).await.unwrap();
        assert_eq!(look.entry.as_ref(), Some(&pending), "{label}");
        let observed = facet.observe(&spec).await.unwrap().look;
        assert_eq!(observed, look, "{label}");
        let row = "SELECT (applied->>'sha256:01') || ' ' || (pending->>'digest') || ' ' || (pending->'before'->>'release')
            FROM appenv.instances";
        assert_eq!(text(&bench, row).await, "2026-01-01T00:00:00Z a1-ABC ü\"1", "{label}");
        let mut gone = entry(&spec, Phase::Gone, 2);
        gone.applied.clone_from(&pending.applied);
        facet.record(&spec, &Expected::from(&look), &gone, false).await.unwrap();

        // Another env of the app sees the ledger, of a tombstone too.
        let look = facet.look(&prod).await.unwrap();
        assert_eq!(look.app, BTreeMap::from([("sandbox".to_owned(), gone)]), "{label}");
        assert_eq!(look.entry, None, "{label}");
        assert!(facet.has_env(&spec, "sandbox").await.unwrap(), "{label}: a tombstone counts");
        assert!(!facet.has_env(&spec, "prod").await.unwrap(), "{label}");

        // The floor is that of whoever has the app, and of this run's owner where nobody has.
        facet.change_floor(&spec, &spec.owner, &|_| Some(floor(&["create"]))).await.unwrap();
        facet.change_floor(&spec, "other", &|_| Some(floor(&[]))).await.unwrap();
        assert_eq!(facet.look(&spec).await.unwrap().floor, Some(floor(&["create"])), "{label}");
        let mut theirs = spec.clone();
        theirs.owner = "other".to_owned();
        assert_eq!(facet.look(&theirs).await.unwrap().floor, Some(floor(&[])), "{label}");
        create(&facet, &prod).await.unwrap();
        let seen = facet.observe(&theirs).await.unwrap().look;
        assert_eq!(seen.floor, Some(floor(&["create"])), "{label}");
        theirs.owner = "nobody".to_owned();
        theirs.coordinate = bench.spec("cms", "prod").coordinate;
        assert_eq!(facet.look(&theirs).await.unwrap().floor, None, "{label}");
        let kept = "SELECT (floor->'envs'->'prod'->'allow'->>0) || ' ' || (floor->>'elided') FROM appenv.floors \
                    WHERE owner <> 'other'";
        assert_eq!(text(&bench, kept).await, "create prod", "{label}");
        let owners: Vec<_> = facet.floors(&spec).await.unwrap().into_keys().collect();
        assert_eq!(owners, ["arcodange/erp", "other"], "{label}");

        // What stays as it is is not written.
        let when = "SELECT recorded_at::text FROM appenv.floors WHERE owner = 'other'";
        let before = text(&bench, when).await;
        for unchanged in [None, Some(floor(&[]))] {
            facet.change_floor(&spec, "other", &|_| unchanged.clone()).await.unwrap();
        }
        assert_eq!(text(&bench, when).await, before, "{label}");

        // What this release does not know is not read as less.
        let maintenance = bench.server.psql(&format!("admin_{}", bench.tag)).await;
        let later = "UPDATE appenv.floors SET floor = '{\"envs\": {}, \"later\": 1}' WHERE owner <> 'other'";
        maintenance.batch_execute(later).await.unwrap();
        let error = facet.observe(&prod).await.unwrap_err();
        assert_eq!(error.fault, Fault::Rejected, "{label}: {error:?}");
        assert!(error.cause.contains("later"), "{label}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_of_a_floor_none_is_lost() {
    for bench in benches("many").await {
        let spec = bench.spec("erp", "sandbox");
        create(&bench.facet(), &spec).await.unwrap();
        let mut runs = tokio::task::JoinSet::new();
        for at in 0..8 {
            let (facet, spec) = (bench.facet(), spec.clone());
            runs.spawn(async move {
                let raise = |found: Option<&Floor>| {
                    let mut floor = found.cloned().unwrap_or_default();
                    floor.keys.insert(format!("SHA256:{at}"));
                    Some(floor)
                };
                facet.change_floor(&spec, "us", &raise).await.unwrap();
            });
        }
        runs.join_all().await;
        let keys = "SELECT json_array_length(floor->'keys')::text FROM appenv.floors";
        assert_eq!(text(&bench, keys).await, "8", "{}", bench.label());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_of_the_release_before_is_read_and_then_added_to() {
    for bench in benches("upgr").await {
        let label = bench.label();
        let database = format!("admin_{}", bench.tag);
        let founder = bench.server.psql_as(&bench.login, &database).await.unwrap();
        founder.batch_execute(EARLIER).await.unwrap();
        for env in ["sandbox", "prod"] {
            founder.batch_execute(&earlier_row(&bench, "erp", env)).await.unwrap();
        }
        // Logins as that release documented them.
        let (planner, writer) = (format!("plan_{}", bench.tag), format!("write_{}", bench.tag));
        bench
            .by_hand(&format!("CREATE ROLE {planner} LOGIN; CREATE ROLE {writer} LOGIN CREATEROLE"))
            .await;
        founder
            .batch_execute(&format!(
                "GRANT USAGE ON SCHEMA appenv TO {planner}, {writer};
                 GRANT SELECT ON appenv.registry, appenv.instances TO {planner}, {writer};
                 GRANT INSERT, UPDATE ON appenv.instances TO {writer}"
            ))
            .await
            .unwrap();
        let spec = bench.spec("erp", "sandbox");
        let planning = as_login(&bench, &planner);
        let earlier = planning.look(&spec).await.unwrap();
        assert_eq!(planning.observe(&spec).await.unwrap().look, earlier, "{label}");
        let found = earlier.entry.clone().unwrap();
        assert_eq!((found.applied.len(), &found.pending), (0, &None), "{label}");
        assert_eq!(earlier.app.keys().collect::<Vec<_>>(), ["prod", "sandbox"], "{label}");
        assert_eq!(earlier.floor, None, "{label}");
        assert_eq!(planning.floors(&spec).await.unwrap(), BTreeMap::new(), "{label}");
        assert!(planning.has_env(&spec, "prod").await.unwrap(), "{label}");
        let columns =
            "SELECT count(*)::text FROM information_schema.columns WHERE table_schema = 'appenv'";
        assert_eq!(text(&bench, columns).await, "20", "{label}: reading adds nothing");

        // Who does not own the tables cannot add to them.
        let mut next = found.clone();
        next.generation = 2;
        next.applied =
            BTreeMap::from([("sha256:00".to_owned(), "2026-11-21T10:00:02Z".to_owned())]);
        let writing = as_login(&bench, &writer);
        let expected = Expected::from(&earlier);
        for error in [
            writing.record(&spec, &expected, &next, false).await.unwrap_err(),
            writing.change_floor(&spec, "us", &|_| Some(floor(&[]))).await.unwrap_err(),
        ] {
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            assert!(error.next.contains(&bench.login), "{label}: {error:?}");
        }
        assert_eq!(planning.look(&spec).await.unwrap(), earlier, "{label}");

        // The owner's next write adds them; those who read and wrote before go on, the very same connections too.
        bench.facet().record(&spec, &expected, &next, false).await.unwrap();
        let look = planning.look(&spec).await.unwrap();
        assert_eq!(look.entry.as_ref(), Some(&next), "{label}");
        writing.change_floor(&spec, &spec.owner, &|_| Some(floor(&[]))).await.unwrap();
        assert_eq!(planning.observe(&spec).await.unwrap().look.floor, Some(floor(&[])), "{label}");
        let mut after = next.clone();
        after.generation = 3;
        writing.record(&spec, &Expected::from(&look), &after, false).await.unwrap();
        // Planning writes no floor.
        let error = planning.change_floor(&spec, "us", &|_| Some(floor(&[]))).await.unwrap_err();
        assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
        // And what the other release writes stays beside what it does not know.
        founder
            .batch_execute("UPDATE appenv.instances SET generation = 4 WHERE env = 'sandbox'")
            .await
            .unwrap();
        assert_eq!(
            planning.look(&spec).await.unwrap().entry.unwrap().applied,
            after.applied,
            "{label}"
        );
        let owners = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'appenv'";
        assert_eq!(text(&bench, owners).await, bench.login, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_adds_to_a_registry_that_stays_its_founders() {
    for bench in benches("added").await {
        if bench.who == Who::Superuser {
            continue;
        }
        let label = bench.label();
        let database = format!("admin_{}", bench.tag);
        let founder = bench.server.psql_as(&bench.login, &database).await.unwrap();
        founder.batch_execute(EARLIER).await.unwrap();
        let spec = bench.spec("erp", "sandbox");
        let root = as_login(&bench, "postgres");
        root.change_floor(&spec, "us", &|_| Some(floor(&[]))).await.unwrap();
        create(&bench.facet(), &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        bench.facet().change_floor(&spec, "us", &|_| Some(floor(&["create"]))).await.unwrap();
        let seen: BTreeMap<String, Floor> = root.floors(&spec).await.unwrap();
        assert_eq!(seen, BTreeMap::from([("us".to_owned(), floor(&["create"]))]), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_uses_an_instance_reaches_no_floor() {
    for bench in benches("reach").await {
        let label = bench.label();
        let (spec, facet) = (bench.spec("erp", "sandbox"), bench.facet());
        create(&facet, &spec).await.unwrap();
        facet.change_floor(&spec, &spec.owner, &|_| Some(floor(&[]))).await.unwrap();
        // A login that is leased: a member of the owner role.
        let leased = format!("leased_{}", bench.tag);
        let role = &spec.postgres.as_ref().unwrap().owner_role;
        bench.by_hand(&format!("CREATE ROLE {leased} LOGIN; GRANT \"{role}\" TO {leased}")).await;
        let client = bench.server.psql_as(&leased, &format!("admin_{}", bench.tag)).await.unwrap();
        for statement in
            ["SELECT * FROM appenv.floors", "DELETE FROM appenv.floors", "TRUNCATE appenv.floors"]
        {
            let refused = client.batch_execute(statement).await.unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "42501", "{label}: {statement}");
        }
        let look: Look = facet.look(&spec).await.unwrap();
        assert_eq!(look.floor, Some(floor(&[])), "{label}");
        assert_eq!(
            serde_json::to_value(look.floor).unwrap()["envs"]["prod"]["soak"],
            Value::from(86_400)
        );
    }
}
