// SPDX-License-Identifier: MPL-2.0
//! The registry: check-and-set, targets, tombstones, what hands do to it.

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, Fault};
use appenv::registry::{Expected, Phase};
use serde_json::{Value, json};

use crate::bao::Bao;
use crate::wish::{create, delete, entry, spec};

const APP: &str = "kvv2/data/appenv/_apps/erp";

#[tokio::test]
async fn a_write_over_what_was_not_seen_is_a_conflict_and_writes_nothing() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    let before = bao.get(APP).await.unwrap();
    let seen = vault.look(&spec).await.unwrap();
    let next = entry(&spec, Phase::Pending, 2);
    let stale = |change: fn(&mut Expected)| {
        let mut expected = Expected::from(&seen);
        change(&mut expected);
        expected
    };
    for (expected, says) in [
        (stale(|e| e.entry = None), "someone else wrote its entry"),
        (stale(|e| e.entry.as_mut().unwrap().generation = 7), "now live, generation 1"),
        (stale(|e| e.entry.as_mut().unwrap().holder = None), "someone else wrote its entry"),
        (stale(|e| e.target = Some("another".to_owned())), "the registry expected here is another"),
        // A registry founded since the look is as good; the entry decides.
        (Expected { target: None, entry: None }, "someone else wrote its entry"),
    ] {
        // A process of its own: this run did not found the registry.
        let other = Vault::new(bao.settings(&bao.apply_token().await), "other");
        let error = other.record(&spec, &expected, &next, false).await.unwrap_err();
        assert_eq!(error.fault, Fault::Conflict, "{error}");
        assert!(error.cause.contains(says), "{} in {}", says, error.cause);
    }
    assert_eq!(bao.get(APP).await.unwrap(), before);
}

#[tokio::test]
async fn instances_of_one_run_share_the_founding() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let specs = [spec("erp", "sandbox"), spec("erp", "prod"), spec("cms", "prod")];
    let (a, b, c) = tokio::join!(
        create(&vault, &specs[0]),
        create(&vault, &specs[1]),
        create(&vault, &specs[2])
    );
    a.unwrap();
    b.unwrap();
    c.unwrap();
}

#[tokio::test]
async fn another_owner_s_app_is_not_entered() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    create(&vault, &spec("erp", "sandbox")).await.unwrap();
    let mut theirs = spec("erp", "prod");
    theirs.owner = "someone/else".to_owned();
    assert_eq!(vault.look(&theirs).await.unwrap().app_owner.as_deref(), Some("arcodange/erp"));
    let error = create(&vault, &theirs).await.unwrap_err();
    assert_eq!(error.fault, Fault::Conflict);
    assert_eq!(error.attribute, Some("provider.owner"));
    // Without a registration of its own it makes nothing.
    let stop = tokio_util::sync::CancellationToken::new();
    assert_eq!(vault.converge(&theirs, &stop).await.unwrap_err().fault, Fault::Conflict);
    assert_eq!(bao.get("sys/policies/acl/erp").await, None);
    // A live instance hands the app over.
    let mut mine = spec("erp", "sandbox");
    mine.owner = "someone/else".to_owned();
    create(&vault, &mine).await.unwrap();
    create(&vault, &theirs).await.unwrap();
    let ops = bao.get("sys/policies/acl/erp-ops").await.unwrap();
    assert!(
        ops["policy"].as_str().unwrap().starts_with("# appenv:v1 app=erp owner=someone/else\n")
    );
}

#[tokio::test]
async fn a_deleted_document_is_absent_and_can_be_written_again() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    let version = bao.get(APP).await.unwrap()["metadata"]["version"].clone();
    bao.ok("DELETE", APP, Value::Null).await;
    let look = vault.look(&spec).await.unwrap();
    assert!(look.target.is_some());
    assert_eq!(look.entry, None);
    create(&vault, &spec).await.unwrap();
    let version_now = bao.get(APP).await.unwrap()["metadata"]["version"].as_u64().unwrap();
    assert!(version_now > version.as_u64().unwrap());
    bao.ok("POST", "kvv2/destroy/appenv/_apps/erp", json!({ "versions": [version_now] })).await;
    assert_eq!(vault.look(&spec).await.unwrap().entry, None);
    create(&vault, &spec).await.unwrap();
    bao.ok("DELETE", "kvv2/metadata/appenv/_apps/erp", Value::Null).await;
    assert_eq!(vault.look(&spec).await.unwrap().entry, None);
    create(&vault, &spec).await.unwrap();

    // Without its founding document the registry is not the one that was seen.
    bao.ok("DELETE", "kvv2/data/appenv/_registry", Value::Null).await;
    let other = Vault::new(bao.settings(&bao.apply_token().await), "other");
    assert_eq!(other.look(&spec).await.unwrap().target, None);
    let expected = Expected { target: Some("x".to_owned()), entry: None };
    let error =
        other.record(&spec, &expected, &entry(&spec, Phase::Live, 9), false).await.unwrap_err();
    assert!(error.cause.contains("the one found is none"), "{error}");
}

#[tokio::test]
async fn a_document_of_another_hand_is_not_overwritten() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    bao.ok("POST", APP, json!({ "data": { "instances": "mine" } })).await;
    let error = vault.look(&spec).await.unwrap_err();
    assert_eq!(error.fault, Fault::Rejected);
    assert!(error.cause.contains("not one that appenv wrote"), "{error}");
}

#[tokio::test]
async fn kept_objects_outlive_the_entry() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let (kept, gone) = (spec("erp", "sandbox"), spec("erp", "prod"));
    create(&vault, &kept).await.unwrap();
    create(&vault, &gone).await.unwrap();
    let look = vault.look(&kept).await.unwrap();
    vault.record(&kept, &Expected::from(&look), &entry(&kept, Phase::Gone, 1), true).await.unwrap();
    delete(&vault, &gone, false).await.unwrap();
    let ops = bao.get("sys/policies/acl/erp-ops").await.unwrap();
    assert!(ops["policy"].as_str().unwrap().contains("erp-sandbox/config"));
    assert!(bao.get("postgres/roles/erp-sandbox").await.is_some());
}
