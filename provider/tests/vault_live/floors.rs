// SPDX-License-Identifier: MPL-2.0
//! What the registry keeps for the gates, and documents that an earlier release wrote.

use std::collections::BTreeMap;

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, Fault};
use appenv::registry::{Expected, Floor, FloorEnv, Pending, Phase};
use serde_json::{Value, json};

use crate::bao::Bao;
use crate::wish::{create, entry, spec};

const APP: &str = "kvv2/data/appenv/_apps/erp";
const FLOORS: &str = "kvv2/data/appenv/_floors";

fn floor(mode: &str) -> Floor {
    let prod = FloorEnv {
        production: true,
        mode: mode.to_owned(),
        allow: ["create".to_owned()].into(),
        promote_from: Some("sandbox".to_owned()),
        soak: Some(3600),
    };
    Floor {
        envs: BTreeMap::from([("prod".to_owned(), prod)]),
        elided: Some("prod".to_owned()),
        keys: ["SHA256:AAAA".to_owned()].into(),
    }
}

#[tokio::test]
async fn what_the_gates_need_is_kept_and_read() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let (spec, prod) = (spec("erp", "sandbox"), spec("erp", "prod"));
    let refused = vault.change_floor(&spec, "us", &|_| Some(floor("noop"))).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Missing, "there is no registry: {refused:?}");
    assert_eq!(vault.floors(&spec).await.unwrap(), BTreeMap::new());
    assert!(!vault.has_env(&spec, "sandbox").await.unwrap());

    let mut pending = entry(&spec, Phase::Pending, 1);
    pending.applied = BTreeMap::from([("sha256:01".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
    pending.pending = Some(Pending {
        effects: vec!["make it".to_owned()],
        digest: "a1-ABC".to_owned(),
        operation: "create".to_owned(),
        generation: 0,
        target: BTreeMap::from([("vault".to_owned(), "id".to_owned())]),
        before: None,
    });
    vault.record(&spec, &Expected::default(), &pending, false).await.unwrap();
    let look = vault.look(&spec).await.unwrap();
    assert_eq!(look.entry.as_ref(), Some(&pending));
    assert_eq!(vault.observe(&spec).await.unwrap().look, look);
    let written = &bao.get(APP).await.unwrap()["data"]["instances"]["sandbox"];
    assert_eq!(written["applied"], json!({ "sha256:01": "2026-01-01T00:00:00Z" }));
    assert_eq!(written["pending"]["digest"], "a1-ABC");
    let mut gone = entry(&spec, Phase::Gone, 2);
    gone.applied.clone_from(&pending.applied);
    vault.record(&spec, &Expected::from(&look), &gone, false).await.unwrap();
    let look = vault.look(&prod).await.unwrap();
    assert_eq!(look.app, BTreeMap::from([("sandbox".to_owned(), gone)]));
    assert!(vault.has_env(&spec, "sandbox").await.unwrap(), "a tombstone counts");
    assert!(!vault.has_env(&spec, "prod").await.unwrap());

    vault.change_floor(&spec, &spec.owner, &|_| Some(floor("noop"))).await.unwrap();
    vault.change_floor(&spec, "other", &|_| Some(floor("review"))).await.unwrap();
    let written = bao.get(FLOORS).await.unwrap();
    assert_eq!(written["data"]["owners"]["arcodange/erp"]["envs"]["prod"]["mode"], "noop");
    assert_eq!(written["data"]["owners"]["other"]["envs"]["prod"]["soak"], 3600);
    // The floor is that of whoever has the app, and of this run's owner where nobody has.
    let mut theirs = spec.clone();
    theirs.owner = "other".to_owned();
    assert_eq!(vault.look(&theirs).await.unwrap().floor, Some(floor("review")));
    create(&vault, &prod).await.unwrap();
    assert_eq!(vault.look(&theirs).await.unwrap().floor, Some(floor("noop")));
    assert_eq!(vault.observe(&spec).await.unwrap().look.floor, Some(floor("noop")));

    // What stays as it is is not written.
    for unchanged in [None, Some(floor("review"))] {
        vault.change_floor(&spec, "other", &|_| unchanged.clone()).await.unwrap();
    }
    assert_eq!(bao.get(FLOORS).await.unwrap()["metadata"]["version"], 2);

    // What this release does not know is not read as less.
    let later = json!({ "data": { "owners": { "x": { "envs": {}, "later": 1 } } } });
    bao.ok("POST", FLOORS, later).await;
    let error = Vault::new(bao.settings(&bao.plan_token().await), "run").look(&spec).await;
    let error = error.unwrap_err();
    assert_eq!(error.fault, Fault::Rejected, "{error:?}");
    assert!(error.cause.contains("later"), "{error:?}");
}

#[tokio::test]
async fn of_many_writers_of_a_floor_none_is_lost() {
    let bao = Bao::start().await;
    let spec = spec("erp", "sandbox");
    create(&bao.facet().await, &spec).await.unwrap();
    let token = bao.apply_token().await;
    let mut runs = tokio::task::JoinSet::new();
    for at in 0..6 {
        let (vault, spec) = (Vault::new(bao.settings(&token), format!("run-{at}")), spec.clone());
        runs.spawn(async move {
            let raise = |found: Option<&Floor>| {
                let mut floor = found.cloned().unwrap_or_default();
                floor.keys.insert(format!("SHA256:{at}"));
                Some(floor)
            };
            vault.change_floor(&spec, "us", &raise).await.unwrap();
        });
    }
    runs.join_all().await;
    let written = bao.get(FLOORS).await.unwrap();
    assert_eq!(written["data"]["owners"]["us"]["keys"].as_array().unwrap().len(), 6);
    assert_eq!(written["metadata"]["version"], 6);
}

#[tokio::test]
async fn a_document_of_the_release_before_is_read_and_then_added_to() {
    let bao = Bao::start().await;
    let (vault, spec) = (bao.facet().await, spec("erp", "sandbox"));
    create(&vault, &spec).await.unwrap();
    // As that release wrote it: no such field.
    let earlier = bao.get(APP).await.unwrap()["data"].clone();
    let sandbox = earlier["instances"]["sandbox"].as_object().unwrap();
    assert!(!sandbox.contains_key("applied") && !sandbox.contains_key("pending"));
    let planning = Vault::new(bao.settings(&bao.plan_token().await), "run");
    let look = planning.look(&spec).await.unwrap();
    let found = look.entry.clone().unwrap();
    assert_eq!((found.applied.len(), &found.pending, &look.floor), (0, &None, &None));
    let mut next = found;
    next.generation += 1;
    next.applied = BTreeMap::from([("sha256:0".to_owned(), "2026-01-01T00:00:00Z".to_owned())]);
    vault.record(&spec, &Expected::from(&look), &next, false).await.unwrap();
    assert_eq!(planning.look(&spec).await.unwrap().entry, Some(next));
}

/// Each token of the documents may do what it is for: the one reads, the other writes.
#[tokio::test]
async fn planning_reads_a_floor_and_writes_none() {
    let bao = Bao::start().await;
    let (vault, spec) = (bao.facet().await, spec("erp", "sandbox"));
    create(&vault, &spec).await.unwrap();
    let planning = Vault::new(bao.settings(&bao.plan_token().await), "run");
    let error = planning.change_floor(&spec, "us", &|_| Some(floor("open"))).await.unwrap_err();
    assert_eq!(error.fault, Fault::Forbidden, "{error:?}");
    assert!(error.next.contains("kvv2/data/appenv/_floors"), "{error:?}");
    vault.change_floor(&spec, &spec.owner, &|_| Some(floor("noop"))).await.unwrap();
    let planning = Vault::new(bao.settings(&bao.plan_token().await), "run");
    assert_eq!(planning.look(&spec).await.unwrap().floor, Some(floor("noop")));
    assert!(planning.has_env(&spec, "sandbox").await.unwrap());
    let open = |_: Option<&Floor>| Some(floor("open"));
    assert_eq!(
        planning.change_floor(&spec, &spec.owner, &open).await.unwrap_err().fault,
        Fault::Forbidden
    );
}

/// The tokens of an application and of CI, by the very policies that an apply writes.
#[tokio::test]
async fn neither_the_application_nor_ci_reaches_the_floor() {
    let bao = Bao::start().await;
    let (vault, spec) = (bao.facet().await, spec("erp", "sandbox"));
    create(&vault, &spec).await.unwrap();
    vault.change_floor(&spec, &spec.owner, &|_| Some(floor("noop"))).await.unwrap();
    let before = bao.get(FLOORS).await.unwrap();
    for policy in ["erp-sandbox", "erp-ops"] {
        let body = json!({ "policies": [policy], "no_parent": true, "ttl": "1h" });
        let made = bao.ok("POST", "auth/token/create", body).await;
        let token = made["auth"]["client_token"].as_str().unwrap().to_owned();
        for (method, path) in [
            ("GET", FLOORS),
            ("POST", FLOORS),
            ("DELETE", FLOORS),
            ("DELETE", "kvv2/metadata/appenv/_floors"),
            ("POST", "kvv2/destroy/appenv/_floors"),
            ("GET", "kvv2/subkeys/appenv/_floors"),
        ] {
            let body = if method == "POST" {
                json!({ "data": { "owners": {} }, "versions": [1] })
            } else {
                Value::Null
            };
            let (status, _) = bao.api_as(&token, method, path, body).await;
            assert_eq!(status, 403, "{policy}: {method} {path}");
        }
    }
    assert_eq!(bao.get(FLOORS).await.unwrap(), before);
}
