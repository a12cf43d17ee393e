// SPDX-License-Identifier: MPL-2.0
//! Names at the limit and names no convention would make, but an override may.

use appenv::facet::Facet;

use super::bench::{all_ok, benches, create, delete};

#[tokio::test(flavor = "multi_thread")]
async fn strange_names_are_one_object_each() {
    for bench in benches("name").await {
        let facet = bench.facet();
        let long = format!("{}{}", bench.tag, "a".repeat(63 - bench.tag.len()));
        let strange = [
            long.clone(),
            "a\"b".to_owned(),
            "it's".to_owned(),
            "back\\slash".to_owned(),
            "$$; DROP ROLE postgres; --".to_owned(),
            "Größe Ω".to_owned(),
            "Mixed.Case".to_owned(),
            "select".to_owned(),
        ];
        for name in strange {
            let label = format!("{}: {name}", bench.label());
            let mut spec = bench.spec("erp", "sandbox");
            {
                let wish = spec.postgres.as_mut().unwrap();
                let own = |suffix: &str| {
                    let room = 63 - suffix.len();
                    let mut name =
                        if name == long { name.clone() } else { format!("{name}{}", bench.tag) };
                    while name.len() > room {
                        name.pop();
                    }
                    format!("{name}{suffix}")
                };
                wish.database = if name == long { long.clone() } else { own("") };
                wish.owner_role = own("_r");
                assert!(wish.database.len() <= 63 && wish.owner_role.len() <= 63);
            }
            create(&facet, &spec).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            let seen = facet.observe(&spec).await.unwrap();
            assert!(all_ok(&seen), "{label}: {:?}", seen.objects);
            let wish = spec.postgres.as_ref().unwrap();
            let row = bench
                .admin
                .query_one(
                    "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $1",
                    &[&wish.database],
                )
                .await
                .unwrap();
            assert_eq!(row.get::<_, String>(0), wish.owner_role, "{label}");
            delete(&facet, &spec, false).await.unwrap_or_else(|error| panic!("{label}: {error:?}"));
            assert_eq!(bench.leftovers(&spec).await, 0, "{label}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_too_long_never_reaches_its_neighbour() {
    for bench in benches("cut").await {
        let (label, facet) = (bench.label(), bench.facet());
        let neighbour = format!("{}{}", bench.tag, "n".repeat(63 - bench.tag.len()));
        bench.by_hand(&format!("CREATE DATABASE {neighbour}")).await;
        let mut spec = bench.spec("erp", "sandbox");
        spec.postgres.as_mut().unwrap().database = format!("{neighbour}ZZZ");
        let seen = facet.observe(&spec).await.unwrap();
        assert!(seen.occupied.is_empty(), "{label}: 66 bytes are nobody's name");
        let _ = create(&facet, &spec).await;
        let _ = delete(&facet, &spec, true).await;
        let there = format!("pg_database WHERE datname = '{neighbour}' AND datdba = 10");
        assert_eq!(bench.count(&there).await, 1, "{label}: the neighbour's database stands");
        bench.by_hand(&format!("DROP DATABASE {neighbour}")).await;
    }
}
