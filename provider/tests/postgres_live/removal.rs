// SPDX-License-Identifier: MPL-2.0
//! What stands in the way of a removal, and what a shared owner role keeps.

use appenv::facet::{Facet, Fault};
use appenv::registry::{Expected, Phase};
use tokio_util::sync::CancellationToken;

use super::bench::{all_ok, benches, create, delete, entry, printed};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_named_and_ended_only_by_force() {
    for bench in benches("busy").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let login = format!("clerk_{}", bench.tag);
        bench
            .by_hand(&format!(
                "CREATE ROLE {login} LOGIN; GRANT CONNECT ON DATABASE \"{}\" TO {login}",
                spec.names.database
            ))
            .await;
        let session = bench.server.psql_as(&login, &spec.names.database).await.unwrap();
        let error = delete(&facet, &spec, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
        assert!(error.cause.contains(&login), "{label}: {error:?}");
        assert!(session.query_one("SELECT 1", &[]).await.is_ok(), "{label}: nobody was cut off");
        let outcome = delete(&facet, &spec, true).await;
        if let Err(error) = outcome {
            // To end a session takes the role's rights or pg_signal_backend.
            assert_eq!(error.fault, Fault::Forbidden, "{label}: {error:?}");
            bench.by_hand(&format!("GRANT pg_signal_backend TO {}", bench.login)).await;
            delete(&facet, &spec, true).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        }
        assert!(session.query_one("SELECT 1", &[]).await.is_err(), "{label}");
        assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_killed_anywhere_is_finished_by_the_next() {
    for bench in benches("half").await {
        let label = bench.label();
        let spec = bench.spec("erp", "sandbox");
        create(&bench.facet(), &spec).await.unwrap();
        let facet = bench.facet();
        let seen = facet.look(&spec).await.unwrap();
        let deleting = entry(&spec, Phase::Deleting, 2);
        let target = facet.record(&spec, &Expected::from(&seen), &deleting, false).await.unwrap();
        let expected = Expected { target: Some(target.clone()), entry: Some(deleting) };
        facet.dismantle(&spec, &expected, false, &CancellationToken::new()).await.unwrap();
        drop(facet);
        // Killed here: the database is gone, role and entry are not.
        let facet = bench.facet();
        let seen = facet.observe(&spec).await.unwrap();
        assert_eq!(printed(&seen, "postgres_database"), "missing", "{label}");
        assert_eq!(printed(&seen, "postgres_owner_role"), "ok", "{label}");
        assert_eq!(seen.look.target, Some(target), "{label}");
        facet.dismantle(&spec, &expected, false, &CancellationToken::new()).await.unwrap();
        let gone = entry(&spec, Phase::Gone, 2);
        facet.record(&spec, &Expected::from(&seen.look), &gone, false).await.unwrap();
        assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
        // And again, with nothing left at all.
        let expected = Expected::from(&facet.look(&spec).await.unwrap());
        facet.dismantle(&spec, &expected, true, &CancellationToken::new()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_took_over_meanwhile_is_not_removed() {
    for bench in benches("seize").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let seen = Expected::from(&facet.look(&spec).await.unwrap());
        let deleting = entry(&spec, Phase::Deleting, 1);
        let target = facet.record(&spec, &seen, &deleting, false).await.unwrap();
        let ours = Expected { target: Some(target), entry: Some(deleting) };
        // Between our write and our drop another run takes the unfinished delete over.
        let mut theirs = entry(&spec, Phase::Live, 2);
        theirs.holder = Some("holder-2".to_owned());
        bench.facet().record(&spec, &ours, &theirs, false).await.unwrap();
        let stop = CancellationToken::new();
        let mut elsewhere = Expected::from(&facet.look(&spec).await.unwrap());
        elsewhere.target = Some("another".to_owned());
        for expected in [&ours, &seen, &Expected::default(), &elsewhere] {
            let error = facet.dismantle(&spec, expected, true, &stop).await.unwrap_err();
            assert_eq!(error.fault, Fault::Conflict, "{label}: {error:?}");
        }
        assert!(all_ok(&facet.observe(&spec).await.unwrap()), "{label}");
        delete(&facet, &spec, false).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_others_depend_on_stays_and_is_told() {
    for bench in benches("dep").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let other = format!("other_{}", bench.tag);
        let role = &spec.names.owner_role;
        bench.by_hand(&format!("CREATE DATABASE {other}")).await;
        let inside = bench.server.psql(&other).await;
        inside
            .batch_execute(&format!(
                "CREATE TABLE public.t (x int); ALTER TABLE public.t OWNER TO \"{role}\""
            ))
            .await
            .unwrap();
        let error = delete(&facet, &spec, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied, "{label}: {error:?}");
        let told = format!("1 owned (pg_class) in database \"{other}\"");
        assert!(error.cause.contains(&told), "{label}: {error:?}");
        let phase = facet.look(&spec).await.unwrap().entry.unwrap().phase;
        assert_eq!(phase, Phase::Deleting, "{label}: the entry stays until the role is gone");
        inside.batch_execute("DROP TABLE public.t").await.unwrap();
        delete(&facet, &spec, false).await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
        assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retained_objects_stay() {
    for bench in benches("keep").await {
        let (label, facet) = (bench.label(), bench.facet());
        let spec = bench.spec("erp", "sandbox");
        create(&facet, &spec).await.unwrap();
        let seen = facet.look(&spec).await.unwrap();
        let gone = entry(&spec, Phase::Gone, 2);
        facet.record(&spec, &Expected::from(&seen), &gone, true).await.unwrap();
        let seen = facet.observe(&spec).await.unwrap();
        assert!(all_ok(&seen), "{label}");
        assert_eq!(seen.occupied.len(), 2, "{label}: they are nobody's now: {:?}", seen.occupied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_owner_role_goes_with_its_last_instance() {
    for bench in benches("share").await {
        let (label, facet) = (bench.label(), bench.facet());
        let mut specs = [bench.spec("erp", "sandbox"), bench.spec("erp", "dev")];
        let role = format!("erp_user_{}", bench.tag);
        for spec in &mut specs {
            let wish = spec.postgres.as_mut().unwrap();
            wish.owner_role.clone_from(&role);
            wish.owner_role_shared = true;
        }
        create(&facet, &specs[0]).await.unwrap();
        let seen = facet.observe(&specs[1]).await.unwrap();
        assert!(seen.occupied.is_empty(), "{label}: the app's role is no obstacle");
        assert!(seen.refusals.is_empty(), "{label}: {:?}", seen.refusals);
        create(&facet, &specs[1]).await.unwrap();
        for spec in &specs {
            assert!(all_ok(&facet.observe(spec).await.unwrap()), "{label}");
        }
        // With a production env among them it is refused.
        let mut production = bench.spec("erp", "prod");
        let wish = production.postgres.as_mut().unwrap();
        wish.owner_role.clone_from(&role);
        wish.owner_role_shared = true;
        let seen = facet.observe(&production).await.unwrap();
        assert_eq!(seen.refusals.len(), 2, "{label}: {:?}", seen.refusals);
        assert!(seen.refusals[0].detail.contains("names { owner_role"), "{label}");
        // Also where it registers without having looked since the others came.
        let unseen = Expected { target: seen.look.target, entry: None };
        let pending = entry(&production, Phase::Pending, 1);
        let refused = facet.record(&production, &unseen, &pending, false).await.unwrap_err();
        assert_eq!(refused.fault, Fault::Occupied, "{label}: {refused:?}");
        assert!(refused.summary.contains("would own a production database"), "{label}");
        assert!(refused.next.contains("names { owner_role"), "{label}: {}", refused.next);
        assert_eq!(facet.look(&production).await.unwrap().entry, None, "{label}");

        let there = format!("pg_roles WHERE rolname = '{role}'");
        delete(&facet, &specs[0], false).await.unwrap();
        assert_eq!(bench.count(&there).await, 1, "{label}");
        assert!(all_ok(&facet.observe(&specs[1]).await.unwrap()), "{label}");
        delete(&facet, &specs[1], false).await.unwrap();
        assert_eq!(bench.count(&there).await, 0, "{label}");
    }
}
