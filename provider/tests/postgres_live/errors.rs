// SPDX-License-Identifier: MPL-2.0
//! What a user is told, and what no text of ours holds.

use appenv::facet::postgres::{Host, Password, Postgres};
use appenv::facet::{Facet, FacetError, Fault};
use appenv::registry::{Expected, Phase};

use super::bench::{Bench, Who, all_ok, benches, create, delete, entry};
use super::server::{PASSWORD, servers};

async fn error_of(facet: Postgres, bench: &Bench) -> FacetError {
    let error = facet.observe(&bench.spec("erp", "sandbox")).await.unwrap_err();
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_us_out_is_told_with_the_attribute() {
    for bench in benches("out").await {
        let label = bench.label();
        let mut settings = bench.settings_at("127.0.0.1");
        settings.password = Some(Password::new("CANARY-wrong".to_owned()));
        let error = error_of(Postgres::new(settings, "t"), &bench).await;
        assert_eq!(error.fault, Fault::Unauthenticated, "{label}: {error:?}");
        assert_eq!(error.attribute, Some("provider.postgres.password"), "{label}");

        let mut settings = bench.settings_at("127.0.0.1");
        settings.database = "no-such-database".to_owned();
        let error = error_of(Postgres::new(settings, "t"), &bench).await;
        assert_eq!(error.fault, Fault::Missing, "{label}: {error:?}");
        assert_eq!(error.attribute, Some("provider.postgres.database"), "{label}");

        // A port that was free a moment ago, and that nobody listens on: bound, and not listened to.
        let held = tokio::net::TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = held.local_addr().unwrap().port();
        let mut settings = bench.settings_at("127.0.0.1");
        settings.hosts = vec![Host::parse("127.0.0.1", port).unwrap()];
        let facet = Postgres::new(settings, "t");
        let error = error_of(facet, &bench).await;
        assert_eq!(error.fault, Fault::Unreachable, "{label}: {error:?}");
        assert_eq!(error.attribute, Some("provider.postgres.host"), "{label}");
        assert!(error.next.contains(&format!("127.0.0.1:{port}")), "{label}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_host_of_two_is_passed_over() {
    for bench in benches("hosts").await {
        let held = tokio::net::TcpSocket::new_v4().unwrap();
        held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut settings = bench.settings_at("127.0.0.1");
        let dead = Host::parse("127.0.0.1", held.local_addr().unwrap().port()).unwrap();
        settings.hosts.insert(0, dead);
        let facet = Postgres::new(settings, "t");
        facet.look(&bench.spec("erp", "sandbox")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_left_at_the_deadline() {
    let bench = Bench::new(&servers()[0], Who::Superuser, "mute").await;
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = bench.settings_at("127.0.0.1");
    settings.hosts = vec![Host::parse("127.0.0.1", mute.local_addr().unwrap().port()).unwrap()];
    settings.connect_timeout = std::time::Duration::from_secs(1);
    let facet = Postgres::new(settings, "t");
    let spec = bench.spec("erp", "sandbox");
    let begun = std::time::Instant::now();
    for _ in 0..50 {
        let error = facet.observe(&spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Unreachable, "{error:?}");
    }
    let took = begun.elapsed();
    assert!(took >= std::time::Duration::from_secs(1) && took < std::time::Duration::from_secs(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_names_the_statement_that_gives_it() {
    for bench in benches("priv").await {
        if bench.who == Who::Superuser {
            continue;
        }
        let label = bench.label();
        let spec = bench.spec("erp", "sandbox");
        let login = &bench.login;
        bench
            .by_hand(&format!(
                "REVOKE CREATE ON DATABASE admin_{tag} FROM {login}; \
                 ALTER ROLE {login} NOCREATEROLE NOCREATEDB",
                tag = bench.tag
            ))
            .await;
        // Each error names one statement; after a handful of them all is well.
        let mut ran = Vec::new();
        loop {
            let facet = bench.facet();
            let Err(error) = create(&facet, &spec).await else { break };
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            let (_, run) = error.next.split_once("can run: ").unwrap();
            let (sql, _) = run.split_once(" Then apply").unwrap();
            assert!(!ran.contains(&sql.to_owned()), "{label}: {sql} did not help: {error:?}");
            bench.by_hand(sql).await;
            ran.push(sql.to_owned());
            // A create that failed after its registration is continued from there.
            if let Some(_pending) = facet.look(&spec).await.unwrap().entry {
                let more = facet.converge(&spec, &tokio_util::sync::CancellationToken::new()).await;
                if more.is_ok() {
                    break;
                }
                let error = more.unwrap_err();
                let (_, run) = error.next.split_once("can run: ").unwrap();
                let (sql, _) = run.split_once(" Then apply").unwrap();
                bench.by_hand(sql).await;
                ran.push(sql.to_owned());
                facet
                    .converge(&spec, &tokio_util::sync::CancellationToken::new())
                    .await
                    .unwrap_or_else(|error| panic!("{label}: {ran:?}: {error:?}"));
                break;
            }
        }
        assert!(ran.len() >= 3, "{label}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_only_reads_can_plan() {
    for bench in benches("read").await {
        let label = bench.label();
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().extensions = ["hstore".to_owned()].into();
        create(&bench.facet(), &spec).await.unwrap();
        let reader = format!("reader_{}", bench.tag);
        bench.by_hand(&format!("CREATE ROLE {reader} LOGIN PASSWORD '{PASSWORD}'")).await;
        let mut settings = bench.settings();
        settings.user.clone_from(&reader);
        let facet = Postgres::new(settings.clone(), "t");
        let error = facet.observe(&spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
        let (_, run) = error.next.split_once("can run: ").unwrap();
        let (sql, _) = run.split_once(" Then apply").unwrap();
        let maintenance = bench.server.psql(&settings.database).await;
        maintenance.batch_execute(sql).await.unwrap();
        let seen = Postgres::new(settings, "t").observe(&spec).await.unwrap();
        assert_eq!(seen.look, bench.facet().look(&spec).await.unwrap(), "{label}");
        // Everything but what is inside the database is seen, and is as wished.
        assert_eq!(
            seen.objects.iter().filter(|(_, state)| state.to_string() != "ok").count(),
            0,
            "{label}: {:?}",
            seen.objects
        );
        assert!(!seen.objects.contains_key("postgres_extension_hstore"), "{label}");
        // And the registry is closed to everyone else.
        let stranger = format!("stranger_{}", bench.tag);
        bench.by_hand(&format!("CREATE ROLE {stranger} LOGIN")).await;
        let client =
            bench.server.psql_as(&stranger, &format!("admin_{}", bench.tag)).await.unwrap();
        let refused = client.query("SELECT * FROM appenv.instances", &[]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{label}");
        delete(&bench.facet(), &spec, true).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_schema_is_not_used() {
    for bench in benches("schema").await {
        let label = bench.label();
        let squatter = format!("squatter_{}", bench.tag);
        let maintenance = bench.server.psql(&format!("admin_{}", bench.tag)).await;
        maintenance
            .batch_execute(&format!(
                "CREATE ROLE {squatter}; CREATE SCHEMA appenv AUTHORIZATION {squatter}"
            ))
            .await
            .unwrap();
        let spec = bench.spec("erp", "sandbox");
        let next = entry(&spec, Phase::Pending, 1);
        let recorded = bench.facet().record(&spec, &Expected::default(), &next, false).await;
        let error = recorded.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
        assert!(error.cause.contains(&squatter), "{label}: {error:?}");
    }
}

/// A registry as whoever may create in the maintenance database can make one: its tables run a function of his as
/// whoever reads them.
const FORGED: &str = "GRANT CREATE ON DATABASE {database} TO {squatter}; SET ROLE {squatter};
    CREATE SCHEMA appenv; GRANT ALL ON SCHEMA appenv TO PUBLIC;
    CREATE TABLE appenv.trapped (who text); GRANT ALL ON appenv.trapped TO PUBLIC;
    CREATE FUNCTION appenv.trap() RETURNS text LANGUAGE sql
      AS 'INSERT INTO appenv.trapped VALUES (current_user) RETURNING who';
    CREATE VIEW appenv.registry AS SELECT true AS single,
      gen_random_uuid() AS id, length(appenv.trap()) AS version, now() AS founded_at;
    CREATE VIEW appenv.instances AS SELECT appenv.trap() AS app, 'sandbox'::text AS env, 'me'::text AS owner,
      'live'::text AS phase, 'h'::text AS holder, 1::bigint AS generation, ''::text AS state_address,
      false AS production, ''::text AS spec_digest, '{}'::json AS spec, ''::text AS written_at,
      ''::text AS database, ''::text AS owner_role, now() AS recorded_at;
    GRANT ALL ON appenv.registry, appenv.instances TO PUBLIC; RESET ROLE";

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_registry_is_not_read() {
    for bench in benches("forged").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        // Seen before it is there: what is looked at then is not remembered.
        assert_eq!(facet.look(&spec).await.unwrap().target, None, "{label}");
        let (squatter, database) =
            (format!("forger_{}", bench.tag), format!("admin_{}", bench.tag));
        let maintenance = bench.server.psql(&database).await;
        let forged = FORGED.replace("{squatter}", &squatter).replace("{database}", &database);
        // A member of its maker's role, as before PostgreSQL 16 the maker himself could arrange.
        let sql = format!("CREATE ROLE {squatter}; GRANT {squatter} TO {}; {forged}", bench.login);
        maintenance.batch_execute(&sql).await.unwrap();
        let next = entry(&spec, Phase::Pending, 1);
        let stop = tokio_util::sync::CancellationToken::new();
        for error in [
            facet.look(&spec).await.unwrap_err(),
            facet.observe(&spec).await.unwrap_err(),
            bench.facet().record(&spec, &Expected::default(), &next, false).await.unwrap_err(),
            super::bench::converge(&facet, &spec).await.unwrap_err(),
            facet.unused(&spec).await.unwrap_err(),
            facet.dismantle(&spec, &Expected::default(), true, &stop).await.unwrap_err(),
        ] {
            assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
            assert!(error.cause.contains(&squatter), "{label}: {error:?}");
        }
        let trapped = maintenance.query("SELECT who FROM appenv.trapped", &[]).await.unwrap();
        assert!(trapped.is_empty(), "{label}: {trapped:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_only_plans_reads_what_another_founded() {
    for bench in benches("plans").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let (planner, database) = (format!("plan_{}", bench.tag), format!("admin_{}", bench.tag));
        let policy = include_str!("../../../docs/policies/postgres-plan.sql");
        let maintenance = bench.server.psql(&database).await;
        maintenance.batch_execute(&policy.replace("appenv_plan", &planner)).await.unwrap();
        let planning = || {
            let mut settings = bench.settings();
            settings.user.clone_from(&planner);
            Postgres::new(settings, "plans")
        };
        assert!(all_ok(&planning().observe(&spec).await.unwrap()), "{label}");
        assert_eq!(planning().look(&spec).await.unwrap(), facet.look(&spec).await.unwrap());

        // A table in it that somebody else owns is as good as a forged registry.
        let stranger = format!("owner_{}", bench.tag);
        let give =
            format!("CREATE ROLE {stranger}; ALTER TABLE appenv.instances OWNER TO {stranger}");
        maintenance.batch_execute(&give).await.unwrap();
        for facet in [planning(), bench.facet()] {
            let error = facet.look(&spec).await.unwrap_err();
            assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
            assert!(error.cause.contains(&stranger), "{label}: {error:?}");
        }
        let give = format!("ALTER TABLE appenv.instances OWNER TO {}", bench.login);
        maintenance.batch_execute(&give).await.unwrap();
        if bench.who == super::bench::Who::CreateRole {
            // A founder without a founder's rights proves nothing to others, and still reads what is his.
            bench.by_hand(&format!("ALTER ROLE {} NOCREATEROLE NOCREATEDB", bench.login)).await;
            let error = planning().look(&spec).await.unwrap_err();
            assert!(error.next.contains("ALTER SCHEMA appenv OWNER TO"), "{label}: {error:?}");
            assert!(all_ok(&bench.facet().observe(&spec).await.unwrap()), "{label}");
            bench.by_hand(&format!("ALTER ROLE {} CREATEROLE CREATEDB", bench.login)).await;
        }
        delete(&bench.facet(), &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_ended_by_an_administrator_are_opened_again() {
    for bench in benches("again").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        for round in 0..3 {
            bench
                .by_hand(&format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE application_name = 'appenv/{}'",
                    bench.tag
                ))
                .await;
            facet.observe(&spec).await.unwrap_or_else(|e| panic!("{label} {round}: {e:?}"));
            super::bench::converge(&facet, &spec)
                .await
                .unwrap_or_else(|e| panic!("{label} {round}: {e:?}"));
        }
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_is_waited_for() {
    for server in servers() {
        let mut server = server.another();
        let mut settings = appenv::facet::postgres::Settings::new(
            vec![Host::parse(server.directory.to_str().unwrap(), server.port).unwrap()],
            "postgres".to_owned(),
        );
        settings.password = Some(Password::new(PASSWORD.to_owned()));
        let facet = std::sync::Arc::new(Postgres::new(settings, "t"));
        let spec = super::bench::spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        server.down();
        let seen = tokio::spawn({
            let (facet, spec) = (facet.clone(), spec.clone());
            async move { facet.observe(&spec).await }
        });
        let server = tokio::task::spawn_blocking(move || {
            server.up();
            server
        });
        let server = server.await.unwrap();
        // The look waited for the server, or gave up and said so; one that comes after it is up, and after the
        // failure is forgotten, finds it.
        if let Err(error) = seen.await.unwrap() {
            assert_eq!(error.fault, Fault::Unreachable, "{error:?}");
            tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        }
        assert!(all_ok(&facet.observe(&spec).await.unwrap()));
        super::bench::converge(&facet, &spec).await.unwrap();
        delete(&facet, &spec, false).await.unwrap();
        drop(server);
    }
}
