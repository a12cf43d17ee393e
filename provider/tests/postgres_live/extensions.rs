// SPDX-License-Identifier: MPL-2.0
//! Extensions, which live in the instance's database.

use appenv::facet::{Facet, Fault};
use appenv::plan::Spec;

use super::bench::{Bench, Who, all_ok, benches, converge, create, delete, printed};

#[tokio::test(flavor = "multi_thread")]
async fn trusted_ones_are_made_and_mended() {
    for bench in benches("ext").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        // earthdistance requires cube, which is not declared; it takes a superuser.
        let other = if bench.who == Who::Superuser { "earthdistance" } else { "cube" };
        spec.postgres.as_mut().unwrap().extensions = [other, "hstore"].map(str::to_owned).into();
        create(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        let seen = facet.observe(&spec).await.unwrap();
        assert!(all_ok(&seen), "{label}: {:?}", seen.objects);
        assert_eq!(printed(&seen, "postgres_extension_hstore"), "ok", "{label}");

        let database = &spec.names.database;
        let inside = bench.server.psql(database).await;
        let owner = "SELECT extowner::regrole::text FROM pg_extension WHERE extname = 'hstore'";
        let owner: String = inside.query_one(owner, &[]).await.unwrap().get(0);
        assert_eq!(owner.trim_matches('"'), spec.names.owner_role, "{label}");
        inside.batch_execute("DROP EXTENSION hstore; CREATE EXTENSION citext").await.unwrap();
        bench.leave(inside, database).await;

        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&seen, "postgres_extension_hstore"), "missing", "{label}");
        assert!(!seen.objects.contains_key("postgres_extension_citext"), "{label}: not declared");
        converge(&facet, &spec).await.unwrap();
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        let inside = bench.server.psql(database).await;
        let kept = "SELECT count(*) FROM pg_extension WHERE extname = 'citext'";
        let kept: i64 = inside.query_one(kept, &[]).await.unwrap().get(0);
        assert_eq!(kept, 1, "{label}: what is not declared stays");
        bench.leave(inside, database).await;
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn untrusted_and_unknown_ones_are_told() {
    for bench in benches("extu").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        spec.postgres.as_mut().unwrap().extensions = ["pageinspect".to_owned()].into();
        let outcome = converge(&facet, &spec).await;
        if bench.who == Who::Superuser {
            outcome.unwrap();
            assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            assert!(error.next.contains("CREATE EXTENSION"), "{label}: {error:?}");
        }
        spec.postgres.as_mut().unwrap().extensions = ["no_such".to_owned()].into();
        let error = converge(&facet, &spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Missing, "{label}");
        assert_eq!(error.attribute, Some("database.extensions"), "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}

/// One answer of the instance's database.
async fn inside<T>(bench: &Bench, spec: &Spec, sql: &str) -> T
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let session = bench.server.psql(&spec.names.database).await;
    let answer =
        session.query_one(sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}")).get(0);
    bench.leave(session, &spec.names.database).await;
    answer
}

async fn by_hand(bench: &Bench, spec: &Spec, sql: &str) {
    let session = bench.server.psql(&spec.names.database).await;
    let sql = sql.replace("{role}", &spec.names.owner_role);
    session.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    bench.leave(session, &spec.names.database).await;
}

async fn schema_of(bench: &Bench, spec: &Spec, extension: &str) -> String {
    let sql = "SELECT coalesce(min(extnamespace::regnamespace::text), 'none') FROM pg_extension";
    inside(bench, spec, &format!("{sql} WHERE extname = '{extension}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_superuser_may_create_lies_where_no_tenant_may() {
    for bench in benches("exts").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        spec.postgres.as_mut().unwrap().extensions = ["pageinspect".to_owned()].into();
        // The tenant owns the database, and may be there first.
        for (planted, cleared) in [
            ("CREATE SCHEMA extensions AUTHORIZATION \"{role}\"", "DROP SCHEMA extensions"),
            (
                "CREATE SCHEMA extensions; GRANT CREATE ON SCHEMA extensions TO \"{role}\"",
                "DROP SCHEMA extensions",
            ),
            (
                "CREATE SCHEMA extensions; \
                 CREATE FUNCTION extensions.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; \
                 ALTER FUNCTION extensions.f() OWNER TO \"{role}\"",
                "DROP SCHEMA extensions CASCADE",
            ),
        ] {
            by_hand(&bench, &spec, planted).await;
            let error = converge(&facet, &spec).await.unwrap_err();
            assert_eq!(error.fault, Fault::Occupied, "{label}, {planted}: {error:?}");
            assert_eq!(error.attribute, Some("database.extensions"), "{label}");
            assert!(error.cause.contains("\"extensions\""), "{label}: {error:?}");
            assert_eq!(schema_of(&bench, &spec, "pageinspect").await, "none", "{label}");
            by_hand(&bench, &spec, cleared).await;
        }
        if bench.who == Who::CreateRole {
            // Told what a superuser runs, which does what the provider would.
            let error = converge(&facet, &spec).await.unwrap_err();
            let (_, run) = error.next.split_once("can run: ").unwrap();
            let (sql, _) = run.split_once("; (connected").unwrap();
            by_hand(&bench, &spec, sql).await;
        }
        converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        assert_eq!(schema_of(&bench, &spec, "pageinspect").await, "extensions", "{label}");
        let may = format!(
            "SELECT concat_ws(' ', nspowner::regrole, \
               has_schema_privilege('{role}', oid, 'USAGE'), has_schema_privilege('{role}', oid, 'CREATE')) \
             FROM pg_namespace WHERE nspname = 'extensions'",
            role = spec.names.owner_role
        );
        assert_eq!(inside::<String>(&bench, &spec, &may).await, "postgres t f", "{label}");
        // The next one finds the schema there, and closed.
        spec.postgres.as_mut().unwrap().extensions.insert("pgstattuple".to_owned());
        if bench.who == Who::Superuser {
            converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
            assert_eq!(schema_of(&bench, &spec, "pgstattuple").await, "extensions", "{label}");
        } else {
            let error = converge(&facet, &spec).await.unwrap_err();
            assert!(!error.next.contains("CREATE SCHEMA"), "{label}: {error:?}");
        }
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_what_it_requires_where_a_tenant_may_plant() {
    for bench in benches("extr").await {
        if bench.who == Who::CreateRole {
            continue;
        }
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().extensions = ["cube".to_owned()].into();
        create(&facet, &spec).await.unwrap();
        assert_eq!(schema_of(&bench, &spec, "cube").await, "public", "{label}: it is trusted");
        spec.postgres.as_mut().unwrap().extensions.insert("earthdistance".to_owned());
        let error = converge(&facet, &spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
        assert!(error.cause.contains("\"public\", which has \"cube\""), "{label}: {error:?}");
        by_hand(&bench, &spec, "CREATE SCHEMA lib; ALTER EXTENSION cube SET SCHEMA lib").await;
        converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        assert_eq!(schema_of(&bench, &spec, "earthdistance").await, "extensions", "{label}");
        // Both at once: what is required is made with what requires it.
        by_hand(&bench, &spec, "DROP EXTENSION earthdistance; DROP EXTENSION cube").await;
        converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        let cube = schema_of(&bench, &spec, "cube").await;
        assert_eq!(cube, schema_of(&bench, &spec, "earthdistance").await, "{label}");
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_keeps_its_extensions_unseen() {
    for bench in benches("extc").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().extensions = ["hstore".to_owned()].into();
        create(&facet, &spec).await.unwrap();
        let database = &spec.names.database;
        bench.by_hand(&format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS false")).await;
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&seen, "postgres_extension_hstore"), "(not seen)", "{label}");
        converge(&facet, &spec).await.unwrap();
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&seen, "postgres_extension_hstore"), "ok", "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}
