// SPDX-License-Identifier: MPL-2.0
//! What the registry keeps for the gates.

use serde_json::{Value, json};

use super::*;
use crate::registry::{FloorEnv, Pending};

const FLOORS: &str = ".appenv/floors.json";

fn floor(mode: &str) -> Floor {
    let prod = FloorEnv {
        production: true,
        mode: mode.to_owned(),
        allow: ["create".to_owned()].into(),
        promote_from: None,
        soak: Some(60),
    };
    Floor { envs: BTreeMap::from([("production".to_owned(), prod)]), ..Floor::default() }
}

#[tokio::test]
async fn what_the_gates_need_is_kept_and_read() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    let refused = host.change_floor(&spec, "us", &|_| Some(floor("noop"))).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Missing, "there is no registry");
    assert!(!machine.root.join(".appenv").exists());
    assert_eq!(host.floors(&spec).await.unwrap(), BTreeMap::new());
    assert!(!host.has_env(&spec, "staging").await.unwrap());

    let mut pending = entry(Phase::Pending, 0);
    pending.applied = BTreeMap::from([("sha256:01".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
    pending.pending = Some(Pending {
        effects: vec!["make it".to_owned()],
        digest: "a1-ABC".to_owned(),
        operation: "create".to_owned(),
        generation: 0,
        target: BTreeMap::new(),
        before: None,
    });
    host.record(&spec, &Expected::default(), &pending, false).await.unwrap();
    let look = host.look(&spec).await.unwrap();
    assert_eq!(look.entry.as_ref(), Some(&pending));
    assert_eq!(look.app, BTreeMap::from([("staging".to_owned(), pending)]));
    assert_eq!(look.floor, None);
    assert!(host.has_env(&spec, "staging").await.unwrap());
    assert!(!host.has_env(&spec, "dev").await.unwrap());

    host.change_floor(&spec, "us", &|_| Some(floor("noop"))).await.unwrap();
    host.change_floor(&spec, "them", &|_| Some(floor("review"))).await.unwrap();
    assert_eq!(host.observe(&spec).await.unwrap().look.floor, Some(floor("noop")));
    // Whoever has the app decides.
    let mut theirs = machine.spec();
    theirs.owner = "them".to_owned();
    assert_eq!(host.look(&theirs).await.unwrap().floor, Some(floor("noop")));
    let file = machine.root.join(FLOORS);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let text: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(text["owners"]["them"]["envs"]["production"]["mode"], "review");
    let before = fs::metadata(&file).unwrap().ino();
    for unchanged in [None, Some(floor("noop"))] {
        host.change_floor(&spec, "us", &|_| unchanged.clone()).await.unwrap();
    }
    assert_eq!(fs::metadata(&file).unwrap().ino(), before, "what stays as it is is not written");

    fs::write(&file, json!({ "owners": { "us": { "envs": {}, "later": 1 } } }).to_string())
        .unwrap();
    let error = host.look(&spec).await.unwrap_err();
    assert_eq!(error.fault, Fault::Rejected, "what is not known is not read as less: {error:?}");
}

#[tokio::test]
async fn a_record_of_the_release_before_reads_the_same() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    begin(&host, &spec).await;
    let file = machine.root.join(".appenv/instances/karmyq/staging.json");
    fs::write(
        &file,
        r#"{"owner":"us","phase":"live","holder":"h","generation":0,"state_address":null,"production":false,
            "spec_digest":"","spec":null,"written_at":"2026-01-01T00:00:00Z","places":[],"parents":[]}"#,
    )
    .unwrap();
    let look = host.look(&spec).await.unwrap();
    assert_eq!(look.entry, Some(entry(Phase::Live, 0)));
    let mut next = entry(Phase::Live, 1);
    next.applied = BTreeMap::from([("d".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
    host.record(&spec, &Expected::from(&look), &next, false).await.unwrap();
    assert_eq!(host.look(&spec).await.unwrap().entry, Some(next));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_of_a_floor_none_is_lost() {
    let machine = Machine::new();
    begin(&machine.host(), &machine.spec()).await;
    let mut runs = tokio::task::JoinSet::new();
    for at in 0..8 {
        let (host, spec) = (machine.host(), machine.spec());
        runs.spawn(async move {
            let raise = |found: Option<&Floor>| {
                let mut floor = found.cloned().unwrap_or_default();
                floor.keys.insert(format!("SHA256:{at}"));
                Some(floor)
            };
            host.change_floor(&spec, "us", &raise).await.unwrap();
        });
    }
    runs.join_all().await;
    let floors = machine.host().floors(&machine.spec()).await.unwrap();
    assert_eq!(floors["us"].keys.len(), 8);
}
