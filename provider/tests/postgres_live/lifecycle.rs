// SPDX-License-Identifier: MPL-2.0
//! From nothing to whole, each object changed by hand, and back to nothing.

use appenv::facet::{Facet, Fault};
use appenv::plan::ObjectState;
use appenv::registry::{Expected, Phase};
use tokio_util::sync::CancellationToken;

use super::bench::{Who, all_ok, benches, converge, create, delete, entry, printed, spec};

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_whole_and_back() {
    for bench in benches("life").await {
        let label = bench.label();
        let facet = bench.facet();
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().connection_limit = 20;

        let before = facet.observe(&spec).await.unwrap();
        assert_eq!(before.look, appenv::registry::Look::default(), "{label}");
        assert!(before.objects.values().all(|state| match state {
            ObjectState::Missing => true,
            state => *state == ObjectState::Ok,
        }));
        assert_eq!(printed(&before, "postgres_database"), "missing", "{label}");
        assert!(before.occupied.is_empty(), "{label}");
        // Said once a process, and only where it is so.
        let could_take_over = bench.who == Who::CreateRole && bench.server.version < 16;
        assert_eq!(before.warnings.len(), usize::from(could_take_over), "{label}");
        assert!(facet.observe(&spec).await.unwrap().warnings.is_empty(), "{label}");

        let pending = entry(&spec, Phase::Pending, 1);
        let target = facet.record(&spec, &Expected::default(), &pending, false).await.unwrap();
        // The role, its marker and the entry are there together; nothing else is.
        let wish = spec.postgres.clone().unwrap();
        let role = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&role, "postgres_owner_role"), "ok", "{label}");
        assert_eq!(printed(&role, "postgres_database"), "missing", "{label}");
        assert_eq!(role.look.entry.as_ref(), Some(&pending), "{label}");
        assert!(role.occupied.is_empty(), "{label}: what is registered stands in nobody's way");

        converge(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        let live = entry(&spec, Phase::Live, 1);
        let expected = Expected { target: Some(target.clone()), entry: Some(pending) };
        facet.record(&spec, &expected, &live, false).await.unwrap();
        let whole = facet.observe(&spec).await.unwrap();
        assert!(all_ok(&whole), "{label}: {:?}", whole.objects);
        assert_eq!(whole.look.target.as_deref(), Some(target.as_str()), "{label}");
        assert_eq!(whole.look.app_owner.as_deref(), Some("arcodange/erp"), "{label}");
        assert_eq!(whole.look.entry, Some(live), "{label}: the entry comes back to the letter");
        assert_eq!(facet.look(&spec).await.unwrap(), whole.look, "{label}");

        // Nothing to do is nothing done.
        let writes = |log: String| {
            let of_ours = format!("appenv/{}|", bench.tag);
            log.lines()
                .filter(|line| line.starts_with(&of_ours))
                .filter(|line| {
                    ["CREATE ", "ALTER ", "GRANT ", "REVOKE ", "COMMENT ", "DROP "]
                        .iter()
                        .any(|word| line.contains(&format!("statement: {word}")))
                })
                .count()
        };
        let before = writes(bench.server.log());
        assert!(before > 0, "{label}: the log is what is looked into");
        converge(&facet, &spec).await.unwrap();
        assert_eq!(writes(bench.server.log()), before, "{label}");

        delete(&facet, &spec, false).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
        let gone = facet.look(&spec).await.unwrap();
        assert_eq!(gone.entry.unwrap().phase, Phase::Gone, "{label}: a tombstone stays");
        assert_eq!(gone.app_owner, None, "{label}: and owns nothing");
        let login = &bench.login;
        assert_eq!(
            bench
                .count(&format!(
                    "pg_auth_members a JOIN pg_roles m ON m.oid = a.member \
                 WHERE m.rolname = '{login}' AND '{wish}' = a.roleid::regrole::text",
                    wish = wish.owner_role
                ))
                .await,
            0,
            "{label}"
        );
        // And it can be made again.
        create(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        delete(&facet, &spec, false).await.unwrap();
    }
}

/// What somebody does by hand, which object tells of it, and how.
const BY_HAND: &[(&str, &str, &str)] = &[
    ("ALTER ROLE \"{role}\" LOGIN", "postgres_owner_role", "differs: can log in"),
    ("ALTER ROLE \"{role}\" CREATEDB", "postgres_owner_role", "differs: may create databases"),
    ("COMMENT ON ROLE \"{role}\" IS NULL", "postgres_owner_role", "differs: has no comment"),
    ("COMMENT ON ROLE \"{role}\" IS 'x'", "postgres_owner_role", "differs: comment is \"x\""),
    (
        "ALTER DATABASE \"{database}\" CONNECTION LIMIT 77",
        "postgres_database",
        "differs: connection_limit is 77",
    ),
    (
        "ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS false",
        "postgres_database",
        "differs: connections are not allowed",
    ),
    (
        "COMMENT ON DATABASE \"{database}\" IS E'a\\nb'",
        "postgres_database",
        "differs: comment is \"a\\u{a}b\"",
    ),
    (
        "GRANT CONNECT, TEMP ON DATABASE \"{database}\" TO PUBLIC",
        "postgres_public_access",
        "differs: PUBLIC may CONNECT, TEMPORARY",
    ),
    ("DROP DATABASE \"{database}\"", "postgres_database", "missing"),
    ("REVOKE \"{role}\" FROM \"{vault}\" CASCADE", "postgres_vault_login", "missing"),
    (
        "REVOKE ADMIN OPTION FOR \"{role}\" FROM \"{vault}\" CASCADE",
        "postgres_vault_login",
        "differs: \"{vault}\" has no admin option",
    ),
    ("DROP DATABASE \"{database}\"; DROP ROLE \"{role}\"", "postgres_owner_role", "missing"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_by_hand_is_named_and_mended() {
    for bench in benches("hand").await {
        let facet = bench.facet();
        let vault = format!("vault_{}", bench.tag);
        bench.by_hand(&format!("CREATE ROLE {vault} LOGIN CREATEROLE")).await;
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().vault_login = Some(vault.clone());
        create(&facet, &spec).await.unwrap_or_else(|e| panic!("{}: {e:?}", bench.label()));
        let wish = spec.postgres.clone().unwrap();
        let filled = |text: &str| {
            text.replace("{role}", &wish.owner_role)
                .replace("{database}", &wish.database)
                .replace("{vault}", &vault)
        };
        for (by_hand, object, told) in BY_HAND {
            let label = format!("{}: {by_hand}", bench.label());
            for statement in filled(by_hand).split("; ") {
                // Grants of PostgreSQL 16 belong to whoever made them.
                let statement = if statement.starts_with("REVOKE") && bench.server.version >= 16 {
                    let (grant, _) = statement.split_once(" CASCADE").unwrap();
                    format!("{grant} GRANTED BY \"{}\" CASCADE", bench.login)
                } else {
                    statement.to_owned()
                };
                bench.by_hand(&statement).await;
            }
            let seen = facet.observe(&spec).await.unwrap();
            assert_eq!(printed(&seen, object), filled(told), "{label}");
            converge(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            let mended = facet.observe(&spec).await.unwrap();
            assert!(all_ok(&mended), "{label}: {:?}", mended.objects);
        }
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owner_is_named_and_mended_where_we_may() {
    for bench in benches("karl").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let database = spec.postgres.as_ref().unwrap().database.clone();
        let karl = format!("karl_{}", bench.tag);
        bench
            .by_hand(&format!("CREATE ROLE {karl}; ALTER DATABASE \"{database}\" OWNER TO {karl}"))
            .await;
        let seen = facet.observe(&spec).await.unwrap();
        let told = format!("differs: owner is \"{karl}\"");
        assert_eq!(printed(&seen, "postgres_database"), told, "{label}");
        let outcome = converge(&facet, &spec).await;
        if bench.who == Who::CreateRole {
            // A database of somebody else's is not ours to take; the user is told what to run.
            let error = outcome.unwrap_err();
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            let (_, run) = error.next.split_once("can run: ").unwrap();
            let (sql, _) = run.split_once(" Then").unwrap();
            bench.by_hand(sql).await;
            converge(&facet, &spec).await.unwrap();
        } else {
            outcome.unwrap();
        }
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn superuser_roles_are_never_touched() {
    for bench in benches("super").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let role = spec.postgres.as_ref().unwrap().owner_role.clone();
        bench.by_hand(&format!("ALTER ROLE \"{role}\" SUPERUSER LOGIN")).await;
        let seen = facet.observe(&spec).await.unwrap();
        let told = "differs: can log in; is a superuser";
        assert_eq!(printed(&seen, "postgres_owner_role"), told, "{label}");
        let error = converge(&facet, &spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}");
        let error = delete(&facet, &spec, true).await.unwrap_err();
        assert!(error.summary.contains("superuser"), "{label}: {error:?}");
        let kept = format!("pg_roles WHERE rolname = '{role}' AND rolsuper AND rolcanlogin");
        assert_eq!(bench.count(&kept).await, 1, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_named_with_its_marker() {
    for bench in benches("way").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        let wish = spec.postgres.clone().unwrap();
        bench
            .by_hand(&format!(
                "CREATE ROLE \"{role}\"; COMMENT ON ROLE \"{role}\" IS \
                 'appenv:v1 app=erp env=prod owner=someone/else'",
                role = wish.owner_role
            ))
            .await;
        bench.by_hand(&format!("CREATE DATABASE \"{}\"", wish.database)).await;
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(
            seen.occupied,
            [
                format!(
                    "role \"{}\" (marked app=\"erp\" env=\"prod\" owner=\"someone/else\")",
                    wish.owner_role
                ),
                format!("database \"{}\" (owned by role \"postgres\", no marker)", wish.database),
            ],
            "{label}"
        );
        // Not registered, so not ours to drop either.
        let stop = CancellationToken::new();
        let error = facet.dismantle(&spec, &Expected::default(), true, &stop).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}");
        let there = format!("pg_database WHERE datname = '{}'", wish.database);
        assert_eq!(bench.count(&there).await, 1, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_writes_nothing_more() {
    for bench in benches("stop").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        let pending = entry(&spec, Phase::Pending, 1);
        facet.record(&spec, &Expected::default(), &pending, false).await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        let error = facet.converge(&spec, &stop).await.unwrap_err();
        assert_eq!(error.fault, Fault::Stopped, "{label}");
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&seen, "postgres_database"), "missing", "{label}");
        let error = facet.dismantle(&spec, &Expected::default(), false, &stop).await.unwrap_err();
        assert_eq!(error.fault, Fault::Stopped, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_gap_a_killed_run_can_leave_is_closed() {
    for bench in benches("kill").await {
        // Each row: what a run had done by hand of ours when it was killed.
        let gaps: &[&str] = &[
            "",
            "GRANT \"{role}\" TO \"{login}\"",
            "CREATE DATABASE \"{database}\" OWNER \"{role}\" TEMPLATE template0 ALLOW_CONNECTIONS false",
            "CREATE DATABASE \"{database}\" OWNER \"{role}\" TEMPLATE template0",
            "CREATE DATABASE \"{database}\" OWNER \"{role}\" TEMPLATE template0; \
             REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC",
        ];
        for (at, gap) in gaps.iter().enumerate() {
            let label = format!("{}, gap {at}", bench.label());
            let spec = spec(&format!("gap{at}-{}", bench.tag), "dev");
            let wish = spec.postgres.clone().unwrap();
            let killed = bench.facet();
            let seen = killed.look(&spec).await.unwrap();
            let pending = entry(&spec, Phase::Pending, 1);
            killed.record(&spec, &Expected::from(&seen), &pending, false).await.unwrap();
            drop(killed);
            let filled = gap
                .replace("{role}", &wish.owner_role)
                .replace("{database}", &wish.database)
                .replace("{login}", &bench.login);
            for statement in filled.split("; ").filter(|statement| !statement.is_empty()) {
                if !(statement.starts_with("GRANT") && bench.who == Who::Superuser) {
                    bench.by_hand(statement).await;
                }
            }
            let next = bench.facet();
            let seen = next.observe(&spec).await.unwrap();
            assert!(seen.occupied.is_empty(), "{label}: {:?}", seen.occupied);
            assert_eq!(seen.look.entry, Some(pending), "{label}");
            converge(&next, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            assert!(all_ok(&next.observe(&spec).await.unwrap()), "{label}");
            delete(&next, &spec, false).await.unwrap();
            assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fixed_at_creation_is_told_and_not_mended() {
    for bench in benches("fix").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut spec = bench.spec("erp", "sandbox");
        {
            let wish = spec.postgres.as_mut().unwrap();
            wish.encoding = Some("utf-8".to_owned());
            wish.locale = Some("C".to_owned());
        }
        create(&facet, &spec).await.unwrap();
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        spec.postgres.as_mut().unwrap().encoding = Some("LATIN1".to_owned());
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(
            printed(&seen, "postgres_database"),
            "differs: encoding is \"UTF8\", \"LATIN1\" needs a dump and restore",
            "{label}"
        );
        let error = converge(&facet, &spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Rejected, "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}
