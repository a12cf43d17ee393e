// SPDX-License-Identifier: MPL-2.0
//! Logins that Vault leases, and tenants kept apart.

use appenv::facet::{Facet, Fault};
use appenv::plan::Spec;

use super::bench::{Bench, Who, all_ok, benches, converge, create, delete, printed};

/// What Vault's login runs for a lease: `{name}` and `{role}` as its templates fill them in.
const LEASE: &str = "CREATE ROLE \"{name}\" LOGIN PASSWORD 'x' IN ROLE \"{role}\"; \
                     ALTER ROLE \"{name}\" IN DATABASE \"{database}\" SET role = \"{role}\"";

async fn with_vault(bench: &Bench, app: &str) -> (Spec, String) {
    let vault = format!("vault_{}", bench.tag);
    bench
        .by_hand(&format!(
            "DO $$ BEGIN CREATE ROLE {vault} LOGIN CREATEROLE; \
             EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        ))
        .await;
    let mut spec = bench.spec(app, "sandbox");
    spec.postgres.as_mut().unwrap().vault_login = Some(vault.clone());
    create(&bench.facet(), &spec).await.unwrap_or_else(|e| panic!("{}: {e:?}", bench.label()));
    (spec, vault)
}

async fn lease(bench: &Bench, vault: &str, spec: &Spec, name: &str) {
    let sql = LEASE
        .replace("{name}", name)
        .replace("{role}", &spec.names.owner_role)
        .replace("{database}", &spec.names.database);
    let client = bench.server.psql_as(vault, "postgres").await.unwrap();
    client.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{}: {e:?}", bench.label()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_works_in_its_own_database_and_in_no_other() {
    for bench in benches("tenant").await {
        let label = bench.label();
        let (erp, vault) = with_vault(&bench, "erp").await;
        let (shop, _) = with_vault(&bench, "shop").await;
        let name = format!("v-erp-{}", bench.tag);
        lease(&bench, &vault, &erp, &name).await;

        let session = bench.server.psql_as(&name, &erp.names.database).await.unwrap();
        session.batch_execute("CREATE TABLE public.t (x int)").await.unwrap();
        let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'";
        let owner: String = session.query_one(owner, &[]).await.unwrap().get(0);
        assert_eq!(owner.trim_matches('"'), erp.names.owner_role, "{label}");
        bench.leave(session, &erp.names.database).await;

        let refused = bench.server.psql_as(&name, &shop.names.database).await;
        let code = refused.err().and_then(|error| error.code().cloned());
        assert_eq!(code.map(|code| code.code().to_owned()).as_deref(), Some("42501"), "{label}");

        let facet = bench.facet();
        assert!(all_ok(&facet.observe(&erp).await.unwrap()), "{label}: a live lease is no drift");
        let error = delete(&facet, &erp, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
        assert!(error.cause.contains(&name), "{label}: {error:?}");
        let there = format!("pg_database WHERE datname = '{}'", erp.names.database);
        assert_eq!(bench.count(&there).await, 1, "{label}");
        delete(&facet, &erp, true).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        assert_eq!(bench.leftovers(&erp).await, 0, "{label}");
        let kept = format!("pg_roles WHERE rolname IN ('{vault}', '{name}')");
        assert_eq!(bench.count(&kept).await, 2, "{label}: Vault drops what it leased");
        delete(&facet, &shop, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_login_owns_goes_to_the_owner_role() {
    for bench in benches("ended").await {
        let (label, facet) = (bench.label(), bench.facet());
        let (spec, vault) = with_vault(&bench, "erp").await;
        let name = format!("v-erp-{}", bench.tag);
        let people = format!("people-{}", bench.tag);
        lease(&bench, &vault, &spec, &name).await;
        let role = &spec.names.owner_role;
        bench.by_hand(&format!("CREATE ROLE \"{people}\" NOLOGIN IN ROLE \"{role}\"")).await;
        let inside = bench.server.psql(&spec.names.database).await;
        inside
            .batch_execute(&format!(
                "CREATE TABLE public.left (x int); INSERT INTO public.left VALUES (7); \
                 ALTER TABLE public.left OWNER TO \"{name}\"; \
                 CREATE TABLE public.group_s (x int); ALTER TABLE public.group_s OWNER TO \"{people}\""
            ))
            .await
            .unwrap();
        bench.leave(inside, &spec.names.database).await;
        let seen = facet.observe(&spec).await.unwrap();
        assert!(all_ok(&seen), "{label}: it is still leased");

        // Vault's revocation: ended, and not dropped because it owns something.
        let client = bench.server.psql_as(&vault, "postgres").await.unwrap();
        client.batch_execute(&format!("ALTER ROLE \"{name}\" NOLOGIN")).await.unwrap();
        let seen = facet.observe(&spec).await.unwrap();
        let told = format!("differs: {name} still owns 1 object");
        assert_eq!(printed(&seen, "postgres_ended_logins"), told, "{label}");

        let outcome = converge(&facet, &spec).await;
        if bench.who == Who::CreateRole && bench.server.version >= 16 {
            // Only who made a role may act for it; the user is told what Vault's login or a superuser runs.
            let error = outcome.unwrap_err();
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            let grant = format!("GRANT \"{name}\" TO \"{}\" WITH ADMIN OPTION;", bench.login);
            assert!(error.next.contains(&grant), "{label}: {error:?}");
            bench.by_hand(&grant).await;
            converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        } else {
            outcome.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        }
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        assert_eq!(bench.count(&format!("pg_roles WHERE rolname = '{name}'")).await, 0, "{label}");
        let inside = bench.server.psql(&spec.names.database).await;
        let rows = inside
            .query(
                "SELECT c.relowner::regrole::text, l.x FROM pg_class c, public.left l
                    WHERE c.relname = 'left'",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(rows[0].get::<_, String>(0).trim_matches('"'), role, "{label}");
        assert_eq!(rows[0].get::<_, i32>(1), 7, "{label}: and its rows are all there");
        // A group of people that is a member too is nobody's lease.
        let group = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'group_s'";
        let group: String = inside.query_one(group, &[]).await.unwrap().get(0);
        assert_eq!(group.trim_matches('"'), people, "{label}");
        bench.leave(inside, &spec.names.database).await;
        delete(&facet, &spec, true).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        assert_eq!(
            bench.count(&format!("pg_roles WHERE rolname = '{people}'")).await,
            1,
            "{label}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_outlive_their_login_are_ended() {
    for bench in benches("outlive").await {
        let (label, facet) = (bench.label(), bench.facet());
        let (spec, vault) = with_vault(&bench, "erp").await;
        let database = &spec.names.database;
        let names = ["dropped", "shut", "leased"].map(|name| format!("v-{name}-{}", bench.tag));
        let mut sessions = Vec::new();
        for name in &names {
            lease(&bench, &vault, &spec, name).await;
            sessions.push(bench.server.psql_as(name, database).await.unwrap());
        }
        let (dropped, shut, role) = (&names[0], &names[1], &spec.names.owner_role);
        bench.by_hand(&format!("DROP ROLE \"{dropped}\"; ALTER ROLE \"{shut}\" NOLOGIN")).await;
        let people = format!("people-{}", bench.tag);
        bench.by_hand(&format!("CREATE ROLE \"{people}\" LOGIN IN ROLE \"{role}\"")).await;
        let person = bench.server.psql_as(&people, database).await.unwrap();
        bench.by_hand(&format!("ALTER ROLE \"{people}\" NOLOGIN")).await;
        // Whose sessions this login may not end holds up no apply.
        converge(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        let live = sessions[0].query_one("SELECT 1", &[]).await.is_ok();
        assert_eq!(live, bench.who == Who::CreateRole, "{label}");
        if bench.who == Who::CreateRole {
            bench.by_hand(&format!("GRANT pg_signal_backend TO {}", bench.login)).await;
            converge(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        }
        let mut live = Vec::new();
        for session in sessions.iter().chain([&person]) {
            live.push(session.query_one("SELECT 1", &[]).await.is_ok());
        }
        assert_eq!(
            live,
            [false, false, true, true],
            "{label}: a lease that is out, and people, stay"
        );
        drop((sessions, person));
        delete(&facet, &spec, true).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vaults_login_must_exist_and_may_be_a_superuser() {
    for bench in benches("vlog").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().vault_login = Some("nobody-at-all".to_owned());
        let error = create(&facet, &spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Missing, "{label}: {error:?}");
        assert_eq!(error.attribute, Some("provider.vault.database_login"), "{label}");
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(
            printed(&seen, "postgres_vault_login"),
            "differs: login \"nobody-at-all\" does not exist",
            "{label}"
        );
        // The provider's own login and a superuser need no grant, or have it already.
        for login in [bench.login.clone(), "postgres".to_owned()] {
            spec.postgres.as_mut().unwrap().vault_login = Some(login.clone());
            converge(&facet, &spec).await.unwrap_or_else(|e| panic!("{label} {login}: {e:?}"));
            assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}: {login}");
        }
        delete(&facet, &spec, false).await.unwrap();
    }
}
