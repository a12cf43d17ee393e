// SPDX-License-Identifier: MPL-2.0
//! Many at once, and runs that saw an older registry.

use std::time::Duration;

use appenv::facet::postgres::Postgres;
use appenv::facet::{Facet, Fault};
use appenv::registry::{Expected, Phase};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::bench::{Who, all_ok, benches, converge, create, delete, entry, spec};

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_make_eight_instances_and_found_one_registry() {
    for bench in benches("eight").await {
        let label = bench.label();
        let mut runs = JoinSet::new();
        let mut specs = Vec::new();
        for at in 0..8 {
            let spec = spec(&format!("app{at}-{}", bench.tag), "sandbox");
            let facet = bench.facet();
            specs.push(spec.clone());
            runs.spawn(async move {
                for round in 0..2 {
                    create(&facet, &spec).await.unwrap_or_else(|e| panic!("{round}: {e:?}"));
                    if round < 1 {
                        delete(&facet, &spec, false).await.unwrap_or_else(|e| panic!("{e:?}"));
                    }
                }
            });
        }
        runs.join_all().await;
        let facet = bench.facet();
        let mut targets = std::collections::BTreeSet::new();
        for spec in &specs {
            let seen = facet.observe(spec).await.unwrap();
            assert!(all_ok(&seen), "{label}: {:?}", seen.objects);
            targets.insert(seen.look.target.unwrap());
        }
        assert_eq!(targets.len(), 1, "{label}");
        let ours = format!("appenv/{}|", bench.tag);
        let torn = bench.server.log();
        let torn = torn.lines().filter(|line| line.starts_with(&ours));
        assert_eq!(torn.filter(|line| line.contains("concurrently")).count(), 0, "{label}");
        for spec in &specs {
            delete(&facet, spec, false).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_saw_the_same_one_wins() {
    for bench in benches("two").await {
        let label = bench.label();
        let spec = bench.spec("erp", "sandbox");
        for round in 0..20 {
            let (one, other) = (bench.facet(), bench.facet());
            let expected = Expected::from(&one.look(&spec).await.unwrap());
            let entries = ["first", "second"].map(|holder| {
                let mut entry = entry(&spec, Phase::Pending, round);
                entry.holder = Some(format!("{holder}-{round}"));
                entry
            });
            let (a, b) = tokio::join!(
                one.record(&spec, &expected, &entries[0], false),
                other.record(&spec, &expected, &entries[1], false),
            );
            let won = usize::from(a.is_err());
            let lost = if won == 0 { b } else { a };
            let error = lost.expect_err("one of them lost");
            assert_eq!(error.fault, Fault::Conflict, "{label}: {error:?}");
            let now = one.look(&spec).await.unwrap().entry.unwrap();
            assert_eq!(now, entries[won], "{label}: the winner's entry, whole");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_must_still_be_so() {
    for bench in benches("seen").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        let pending = entry(&spec, Phase::Pending, 1);
        let none = Expected::default();
        let target = facet.record(&spec, &none, &pending, false).await.unwrap();
        // The reply was lost: the same write again is the same write.
        assert_eq!(facet.record(&spec, &none, &pending, false).await.unwrap(), target, "{label}");
        // Another write from the same look is not.
        let live = entry(&spec, Phase::Live, 1);
        let error = facet.record(&spec, &none, &live, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Conflict, "{label}");
        assert!(error.cause.contains("pending, generation 1"), "{label}: {error:?}");
        // Nor is one against another server.
        let elsewhere =
            Expected { target: Some("another".to_owned()), entry: Some(pending.clone()) };
        let error = facet.record(&spec, &elsewhere, &live, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Conflict, "{label}");
        assert!(error.next.contains("state rm"), "{label}: {error:?}");
        assert_eq!(facet.look(&spec).await.unwrap().entry, Some(pending), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_registry_where_one_is_expected_is_elsewhere() {
    for bench in benches("none").await {
        let facet = bench.facet();
        let spec = bench.spec("erp", "sandbox");
        let expected = Expected { target: Some("was-here".to_owned()), entry: None };
        let next = entry(&spec, Phase::Pending, 1);
        let error = facet.record(&spec, &expected, &next, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Conflict, "{}: {error:?}", bench.label());
        let target = facet.look(&spec).await.unwrap().target;
        assert_eq!(target, None, "{}: and none was founded", bench.label());
        assert_eq!(bench.leftovers(&spec).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_has_one_owner_and_a_name_one_instance() {
    for bench in benches("own").await {
        let (label, facet) = (bench.label(), bench.facet());
        let first = bench.spec("erp", "sandbox");
        create(&facet, &first).await.unwrap();

        let mut second = bench.spec("erp", "dev");
        second.owner = "someone/else".to_owned();
        let look = facet.look(&second).await.unwrap();
        assert_eq!(look.app_owner.as_deref(), Some("arcodange/erp"), "{label}");
        let next = entry(&second, Phase::Pending, 1);
        let error = facet.record(&second, &Expected::from(&look), &next, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Conflict, "{label}");
        assert!(error.cause.contains("arcodange/erp"), "{label}: {error:?}");

        let mut third = bench.spec("shop", "sandbox");
        third.postgres.as_mut().unwrap().database = first.names.database.clone();
        let seen = facet.observe(&third).await.unwrap();
        assert_eq!(seen.refusals.len(), 1, "{label}: {:?}", seen.refusals);
        assert_eq!(seen.occupied.len(), 1, "{label}: {:?}", seen.occupied);
        let next = entry(&third, Phase::Pending, 1);
        let expected = Expected::from(&seen.look);
        let error = facet.record(&third, &expected, &next, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}");
        delete(&facet, &first, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_looks_take_one_connection() {
    for bench in benches("conn").await {
        let facet = std::sync::Arc::new(bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let mut looks = JoinSet::new();
        for _ in 0..100 {
            let (facet, spec) = (facet.clone(), spec.clone());
            looks.spawn(async move { facet.observe(&spec).await.unwrap() });
        }
        let most = async {
            let mut most = 0;
            for _ in 0..20 {
                let ours =
                    format!("pg_stat_activity WHERE application_name = 'appenv/{}'", bench.tag);
                most = most.max(bench.count(&ours).await);
            }
            most
        };
        let (seen, most) = tokio::join!(looks.join_all(), most);
        assert!(seen.iter().all(all_ok));
        assert!((1..=2).contains(&most), "{}: {most} connections", bench.label());
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_is_waited_for_once_and_its_holder_named() {
    for bench in benches("lock").await {
        let label = bench.label();
        let mut settings = bench.settings();
        settings.statement_timeout = std::time::Duration::from_secs(2);
        let facet = Postgres::new(settings, "waiting");
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        // A look takes no lock: it is not held up by one.
        let holder = bench.server.psql(&format!("admin_{}", bench.tag)).await;
        holder
            .batch_execute(
                "SET application_name = 'appenv/other'; SELECT pg_advisory_lock(107135549927030)",
            )
            .await
            .unwrap();
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        let begun = std::time::Instant::now();
        let waits = (0..5).map(|_| converge(&facet, &spec));
        for outcome in futures_util::future::join_all(waits).await {
            let error = outcome.unwrap_err();
            assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
            assert!(error.cause.contains("(appenv/other)"), "{label}: {error:?}");
        }
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(4), "{label}: {took:?}, not five waits");
        drop(holder);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn making_a_database_may_take_what_is_left_of_the_operations_limit() {
    for bench in benches("slow").await {
        if bench.who == Who::Superuser {
            continue;
        }
        let label = bench.label();
        let template = format!("template_{}", bench.tag);
        let make = format!("CREATE DATABASE {template} TEMPLATE template0 IS_TEMPLATE true");
        bench.by_hand(&make).await;
        let mut settings = bench.settings();
        settings.statement_timeout = Duration::from_secs(2);
        let facet = Postgres::new(settings, &bench.tag);
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().template.clone_from(&template);
        // The server waits five seconds for those who use a template to leave.
        let guest = bench.server.psql(&template).await;
        let error = create(&facet, &spec).await.unwrap_err();
        assert!(error.cause.contains("57014"), "{label}: {error:?}");
        assert!(error.next.contains("timeouts"), "{label}: {error:?}");
        let slow = facet.within(Instant::now() + Duration::from_secs(60));
        let making = format!(
            "pg_stat_activity WHERE application_name = 'appenv/{}' AND state = 'active' AND query LIKE \
             'CREATE DATABASE%' AND now() - query_start > interval '2.5 s'",
            bench.tag
        );
        let leaving = async {
            while bench.count(&making).await == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            bench.leave(guest, &template).await;
        };
        let (outcome, ()) = tokio::join!(converge(&slow, &spec), leaving);
        outcome.unwrap_or_else(|error| panic!("{label}: {error:?}"));
        // And no statement after it has the longer limit.
        let limits = bench.server.log();
        let ours = format!("appenv/{}|", bench.tag);
        let limits: Vec<&str> = limits
            .lines()
            .filter(|line| line.starts_with(&ours))
            .filter_map(|line| line.split_once("statement: SET statement_timeout = "))
            .map(|(_, limit)| limit)
            .collect();
        assert_eq!(limits.last(), Some(&"2000"), "{label}: {limits:?}");
        delete(&facet, &spec, false).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
    }
}
