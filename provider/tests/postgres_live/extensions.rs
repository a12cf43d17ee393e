//! Extensions, which live in the instance's database.

use appenv::facet::{Facet, Fault};

use super::bench::{Who, all_ok, benches, converge, create, delete, printed};

#[tokio::test(flavor = "multi_thread")]
async fn trusted_ones_are_made_and_mended() {
    for bench in benches("ext").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        // earthdistance requires cube, which is not declared; before PostgreSQL 16 it takes a superuser.
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
