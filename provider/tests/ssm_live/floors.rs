// SPDX-License-Identifier: MPL-2.0
//! What the registry keeps for the gates, in Parameter Store.

use std::collections::BTreeMap;
use std::sync::Mutex;

use appenv::facet::aws::{Aws, Settings};
use appenv::facet::{Facet, Fault};
use appenv::naming::{Coordinate, Environments, Inputs, Names};
use appenv::plan::Spec;
use appenv::plan::aws::AwsWish;
use appenv::registry::{Entry, Expected, Floor, FloorEnv, Pending, Phase};
use serde_json::{Value, json};

use super::{Bench, REGION, on_moto};

const FLOOR: &str = "/appenv/_floor/acme.2Fshop";

fn aws(bench: &Bench, run: &str) -> Aws {
    let settings = Settings {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(format!("http://127.0.0.1:{}", bench.port)),
        ..Settings::default()
    };
    Aws::new(settings, run)
}

fn spec(app: &str, env: &str) -> Spec {
    let environments = Environments::new("suffixed-v1", None, Vec::new()).unwrap();
    let coordinate = Coordinate::new(app, env).unwrap();
    let names = Names::derive(&environments, &coordinate, &[].into(), &Inputs::default()).unwrap();
    let wish = AwsWish::of(&coordinate);
    Spec { aws: Some(wish), ..Spec::of(coordinate, names, false, "acme/shop") }
}

fn entry(phase: Phase, generation: u64) -> Entry {
    Entry {
        owner: "acme/shop".to_owned(),
        phase,
        holder: Some("h".to_owned()),
        generation,
        state_address: None,
        production: false,
        spec_digest: "sha256:00".to_owned(),
        spec: json!({}),
        written_at: "2026-01-01T00:00:00Z".to_owned(),
        applied: BTreeMap::new(),
        pending: None,
    }
}

fn floor(mode: &str) -> Floor {
    let prod = FloorEnv {
        production: true,
        mode: mode.to_owned(),
        allow: ["create".to_owned()].into(),
        promote_from: None,
        soak: None,
    };
    Floor { envs: BTreeMap::from([("prod".to_owned(), prod)]), ..Floor::default() }
}

async fn document(bench: &Bench, name: &str) -> Value {
    let found = bench.parameter(name).await;
    serde_json::from_str(found[2].as_str().unwrap()).unwrap()
}

#[test]
fn what_the_gates_need_is_kept_and_read() {
    on_moto("floors::what_the_gates_need_is_kept_and_read", |bench| async move {
        let (facet, spec) = (aws(&bench, "run-1"), spec("shop", "dev"));
        let error = facet.change_floor(&spec, "acme/shop", &|_| Some(floor("noop"))).await;
        assert_eq!(error.unwrap_err().fault, Fault::Missing, "there is no registry");
        assert!(!facet.has_env(&spec, "dev").await.unwrap());

        let mut pending = entry(Phase::Pending, 1);
        pending.applied =
            BTreeMap::from([("sha256:01".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
        pending.pending = Some(Pending {
            effects: vec!["make it".to_owned()],
            digest: "a1-ABC".to_owned(),
            operation: "create".to_owned(),
            generation: 0,
            target: BTreeMap::new(),
            before: Some(json!({ "release": "1" })),
        });
        facet.record(&spec, &Expected::default(), &pending, false).await.unwrap();
        let other = aws(&bench, "run-2");
        let look = other.look(&spec).await.unwrap();
        assert_eq!(look.entry.as_ref(), Some(&pending));
        assert_eq!(look.app, BTreeMap::from([("dev".to_owned(), pending.clone())]));
        assert_eq!(look.floor, None);
        assert_eq!(document(&bench, "/appenv/shop/dev").await["pending"]["digest"], "a1-ABC");
        assert!(other.has_env(&spec, "dev").await.unwrap());
        assert!(!other.has_env(&spec, "shop").await.unwrap());

        // Of the ledger there is room for the newest twenty, and what runs here.
        let mut live = entry(Phase::Live, 2);
        live.applied = (0..30)
            .map(|n| (format!("sha256:{n:02}"), format!("2026-01-{:02}T00:00:00Z", n + 1)))
            .collect();
        facet.record(&spec, &Expected::from(&look), &live, false).await.unwrap();
        let look = aws(&bench, "run-3").look(&spec).await.unwrap();
        let kept = look.entry.clone().unwrap().applied;
        assert_eq!(kept.len(), 20);
        assert!(kept.contains_key("sha256:00") && kept.contains_key("sha256:29"));
        assert!(!kept.contains_key("sha256:10"));
        // Where it is longer than a parameter it gives way, and the entry does not.
        live.generation = 3;
        live.spec = json!({ "text": "x".repeat(3400) });
        facet.record(&spec, &Expected::from(&look), &live, false).await.unwrap();
        let kept = aws(&bench, "run-4").look(&spec).await.unwrap().entry.unwrap().applied;
        assert!((1..20).contains(&kept.len()) && kept.contains_key("sha256:00"), "{kept:?}");

        facet.change_floor(&spec, "acme/shop", &|_| Some(floor("noop"))).await.unwrap();
        facet.change_floor(&spec, "other", &|_| Some(floor("review"))).await.unwrap();
        assert_eq!(facet.look(&spec).await.unwrap().floor, Some(floor("noop")));
        assert_eq!(document(&bench, FLOOR).await["floor"]["envs"]["prod"]["mode"], "noop");
        let floors = facet.floors(&spec).await.unwrap();
        assert_eq!(floors.keys().collect::<Vec<_>>(), ["acme/shop", "other"]);
        for unchanged in [None, Some(floor("noop"))] {
            facet.change_floor(&spec, "acme/shop", &|_| unchanged.clone()).await.unwrap();
        }
        assert_eq!(bench.parameter(FLOOR).await[1], 1, "what stays as it is is not written");

        bench.put(FLOOR, "String", r#"{"floor":{"envs":{},"later":1}}"#).await;
        let error = aws(&bench, "run-5").look(&spec).await.unwrap_err();
        assert_eq!(
            error.fault,
            Fault::Rejected,
            "what is not known is not read as less: {error:?}"
        );
    });
}

#[test]
fn a_parameter_of_the_release_before_is_read_and_then_added_to() {
    on_moto(
        "floors::a_parameter_of_the_release_before_is_read_and_then_added_to",
        |bench| async move {
            let spec = spec("shop", "dev");
            bench.put("/appenv/_registry", "String", r#"{"id":"the-id"}"#).await;
            let earlier = r#"{"owner":"acme/shop","phase":"live","holder":"h","generation":1,"state_address":null,
            "production":false,"spec_digest":"sha256:00","spec":{},"written_at":"2026-01-01T00:00:00Z","write":"w"}"#;
            bench.put("/appenv/shop/dev", "String", earlier).await;
            let facet = aws(&bench, "run-1");
            let look = facet.look(&spec).await.unwrap();
            assert_eq!(look.entry, Some(entry(Phase::Live, 1)));
            let mut next = entry(Phase::Live, 2);
            next.applied =
                BTreeMap::from([("sha256:00".to_owned(), "2026-01-02T00:00:00Z".to_owned())]);
            facet.record(&spec, &Expected::from(&look), &next, false).await.unwrap();
            assert_eq!(aws(&bench, "run-2").look(&spec).await.unwrap().entry, Some(next));
        },
    );
}

#[test]
fn of_two_writers_of_a_floor_neither_is_lost() {
    on_moto("floors::of_two_writers_of_a_floor_neither_is_lost", |bench| async move {
        let spec = spec("shop", "dev");
        let (one, two) = (aws(&bench, "run-1"), aws(&bench, "run-2"));
        one.record(&spec, &Expected::default(), &entry(Phase::Live, 1), false).await.unwrap();
        let with = |key: &'static str| {
            move |found: Option<&Floor>| {
                let mut floor = found.cloned().unwrap_or_default();
                floor.keys.insert(key.to_owned());
                Some(floor)
            }
        };
        one.change_floor(&spec, "acme/shop", &with("SHA256:0")).await.unwrap();
        // The second writes while the first has read and not written yet.
        let handle = tokio::runtime::Handle::current();
        let between = Mutex::new(Some(()));
        let (spec_of_two, first) = (spec.clone(), with("SHA256:1"));
        let slow = |found: Option<&Floor>| {
            if between.lock().unwrap().take().is_some() {
                tokio::task::block_in_place(|| {
                    let second = with("SHA256:2");
                    handle.block_on(two.change_floor(&spec_of_two, "acme/shop", &second)).unwrap();
                });
            }
            first(found)
        };
        one.change_floor(&spec, "acme/shop", &slow).await.unwrap();
        let written = document(&bench, FLOOR).await;
        assert_eq!(written["floor"]["keys"], json!(["SHA256:0", "SHA256:1", "SHA256:2"]));
        // Of two that make it, one finds the other's.
        let between = Mutex::new(Some(()));
        let (handle, first) = (tokio::runtime::Handle::current(), with("SHA256:1"));
        let slow = |found: Option<&Floor>| {
            if between.lock().unwrap().take().is_some() {
                tokio::task::block_in_place(|| {
                    let second = with("SHA256:2");
                    handle.block_on(two.change_floor(&spec_of_two, "new", &second)).unwrap();
                });
            }
            first(found)
        };
        one.change_floor(&spec, "new", &slow).await.unwrap();
        let written = document(&bench, "/appenv/_floor/new").await;
        assert_eq!(written["floor"]["keys"], json!(["SHA256:1", "SHA256:2"]));
    });
}
