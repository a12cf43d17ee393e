// SPDX-License-Identifier: MPL-2.0
use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::registry::Phase;

fn entry(owner: &str, phase: Phase, generation: u64) -> Entry {
    Entry {
        owner: owner.to_owned(),
        phase,
        holder: (phase != Phase::Gone).then(|| "h".to_owned()),
        generation,
        state_address: None,
        production: false,
        spec_digest: String::new(),
        spec: json!({"release": "1"}),
        written_at: "2026-11-21T00:00:00Z".to_owned(),
        applied: BTreeMap::new(),
        pending: None,
    }
}

fn part(path: &str, scope: OpsScope) -> OpsPart {
    OpsPart { scope, kv_path: path.to_owned(), policy: "erp-ops".to_owned() }
}

fn share(path: &str, scope: OpsScope) -> Share {
    Share { part: part(path, scope), places: BTreeSet::new(), ci: true }
}

fn ci(revision: u64, repository: &str) -> CiRoleWish {
    CiRoleWish {
        mount: "gitea_jwt".to_owned(),
        role: "gitea_cicd_erp".to_owned(),
        bound_claims: BTreeMap::from([("repository".to_owned(), repository.to_owned())]),
        bound_audiences: vec![],
        user_claim: "sub".to_owned(),
        revision,
    }
}

#[test]
fn a_document_reads_back_and_keeps_what_it_does_not_know() {
    let mut document = AppDocument::default();
    document.record(
        "prod",
        &entry("o", Phase::Live, 1),
        share("erp/config", OpsScope::Instances),
        false,
    );
    document.set_ci(&ci(1, "o/erp"), "erp-ops");
    let mut value = serde_json::to_value(&document).unwrap();
    assert_eq!(value["instances"]["prod"]["phase"], "live");
    assert_eq!(value["instances"]["prod"]["part"]["scope"], "instances");
    assert_eq!(value["ci"]["revision"], 1);
    value["later"] = json!({"x": 1});
    let read: AppDocument = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
}

#[test]
fn an_entry_is_admitted_over_what_was_seen_only() {
    let mut document = AppDocument::default();
    let live = entry("o", Phase::Live, 3);
    assert_eq!(document.admits("prod", None, &live), Ok(()));
    assert_eq!(document.admits("prod", Some(&live), &live), Err(Misfit::Entry(None)));
    document.record("prod", &live, share("erp/config", OpsScope::Instances), false);
    assert_eq!(document.admits("prod", Some(&live), &entry("o", Phase::Live, 4)), Ok(()));
    let stale = entry("o", Phase::Live, 2);
    let found = "live, generation 3, owned by \"o\"".to_owned();
    let next = entry("o", Phase::Live, 5);
    assert_eq!(
        document.admits("prod", Some(&stale), &next),
        Err(Misfit::Entry(Some(found.clone())))
    );
    assert_eq!(document.admits("prod", None, &next), Err(Misfit::Entry(Some(found))));
    // What is there already is what was to be written: the answer to the write was lost.
    assert_eq!(document.admits("prod", Some(&stale), &live), Ok(()));
    // Another env of someone else's app is refused; a live instance may change its owner.
    let theirs = entry("p", Phase::Pending, 1);
    assert_eq!(document.admits("dev", None, &theirs), Err(Misfit::Owner("o".to_owned())));
    assert_eq!(document.admits("prod", Some(&live), &entry("p", Phase::Live, 4)), Ok(()));
    // An app that is wholly gone is nobody's.
    document.record(
        "prod",
        &entry("o", Phase::Gone, 3),
        share("erp/config", OpsScope::Instances),
        false,
    );
    assert_eq!(document.live_owner(), None);
    assert_eq!(document.admits("dev", None, &theirs), Ok(()));
}

#[test]
fn parts_are_counted() {
    let mut document = AppDocument::default();
    let live = entry("o", Phase::Live, 1);
    document.record("prod", &live, share("erp/config", OpsScope::Instances), false);
    document.record("dev", &live, share("erp-dev/config", OpsScope::Instances), false);
    let paths = |d: &AppDocument| -> Vec<String> {
        d.ops_policy("erp", "kvv2", "erp-ops")
            .map(|p| p.grants.into_keys().collect())
            .unwrap_or_default()
    };
    assert_eq!(paths(&document).len(), 4);
    assert!(document.deregister("dev"));
    assert!(!document.deregister("dev"));
    assert!(!document.deregister("nope"));
    assert_eq!(paths(&document), ["kvv2/data/erp/config", "kvv2/metadata/erp/config"]);
    assert!(!document.is_ci_deserted());
    // What another env had is still no difference to this one.
    assert!(
        document.grants_elsewhere("erp", "kvv2", "prod").contains_key("kvv2/data/erp-dev/config")
    );
    document.record(
        "prod",
        &entry("o", Phase::Gone, 1),
        share("erp/config", OpsScope::Instances),
        true,
    );
    assert!(!document.is_ci_deserted(), "kept objects keep their part");
    document.record(
        "prod",
        &entry("o", Phase::Gone, 1),
        share("erp/config", OpsScope::Instances),
        false,
    );
    assert!(document.is_ci_deserted());
    assert_eq!(document.ops_policies(), ["erp-ops"]);
}

#[test]
fn a_family_covers_what_lies_within_and_names_what_does_not() {
    let paths = |kv_path: &str| -> Vec<String> {
        part(kv_path, OpsScope::Family).shared("kvv2", "erp").into_keys().collect()
    };
    assert_eq!(
        paths("erp-dev/config"),
        ["kvv2/data/erp-*", "kvv2/data/erp/*", "kvv2/metadata/erp-*", "kvv2/metadata/erp/*"]
    );
    assert!(paths("legacy/config").contains(&"kvv2/data/legacy/config".to_owned()));
}

#[test]
fn the_ci_role_is_set_once_and_raised() {
    let mut document = AppDocument::default();
    let instance = share("erp/config", OpsScope::Instances);
    document.record("prod", &entry("o", Phase::Live, 1), instance, false);
    assert_eq!(document.ci_standing(&ci(1, "a")), CiStanding::Sets);
    document.set_ci(&ci(1, "a"), "erp-ops");
    assert_eq!(document.ci_standing(&ci(1, "a")), CiStanding::Same);
    assert_eq!(document.ci_standing(&ci(1, "b")), CiStanding::Clashes);
    document.set_ci(&ci(1, "b"), "erp-ops");
    assert_eq!(document.ci.as_ref().unwrap().wish, ci(1, "a"));
    assert_eq!(document.ci_standing(&ci(2, "b")), CiStanding::Sets);
    let moved = CiRoleWish { mount: "other".to_owned(), ..ci(2, "b") };
    document.set_ci(&moved, "erp-ops");
    let record = document.ci.clone().unwrap();
    assert_eq!(record.former, [("gitea_jwt".to_owned(), "gitea_cicd_erp".to_owned())]);
    assert_eq!(document.ci_standing(&ci(1, "a")), CiStanding::Theirs);
    // With the last part it binds nobody any more.
    document.deregister("prod");
    assert_eq!(document.ci_standing(&ci(1, "b")), CiStanding::Sets);
}

#[test]
fn a_changed_part_is_taken_and_the_former_one_remembered() {
    let mut document = AppDocument::default();
    assert!(!document.exchange("prod", share("erp/config", OpsScope::Own)), "it is not registered");
    let live = entry("us", Phase::Live, 1);
    document.record("prod", &live, share("erp/config", OpsScope::Own), false);
    assert!(!document.exchange("prod", share("erp/config", OpsScope::Own)));
    assert!(document.exchange("prod", share("erp/config", OpsScope::Instances)));
    assert!(document.ops_policy("erp", "kvv2", "erp-ops").is_some());
    let former = &document.instances["prod"].former_part;
    assert_eq!(former.as_ref().unwrap().scope, OpsScope::Own);
}

#[test]
fn places_are_noted_before_and_struck_out_after() {
    let role = Place::KubernetesRole { mount: "kubernetes".to_owned(), role: "erp".to_owned() };
    let with = |places: &[&Place]| Share {
        places: places.iter().map(|&place| place.clone()).collect(),
        ..share("erp/config", OpsScope::Instances)
    };
    let mut document = AppDocument::default();
    document.record("prod", &entry("us", Phase::Pending, 0), with(&[&role]), false);
    // No longer wished is not yet removed.
    document.record("prod", &entry("us", Phase::Live, 1), with(&[]), false);
    assert!(document.places("prod").contains(&role));
    assert!(!document.exchange("prod", with(&[])), "nothing new");
    assert!(document.leave("prod", &role));
    assert!(!document.leave("prod", &role));
    assert!(document.exchange("prod", with(&[&role])));
    document.record("prod", &entry("us", Phase::Deleting, 1), with(&[]), false);
    assert!(document.places("prod").contains(&role));
    document.record("prod", &entry("us", Phase::Gone, 2), with(&[]), false);
    assert!(document.places("prod").is_empty());
}

#[test]
fn a_ci_role_that_nobody_wants_is_removed_once() {
    let mut document = AppDocument::default();
    let without = || Share { ci: false, ..share("erp/config", OpsScope::Instances) };
    let live = entry("us", Phase::Live, 1);
    assert!(document.is_foreign_ci(&ci(1, "a")), "nothing was ever set");
    document.set_ci(&ci(1, "a"), "erp-ops");
    document.record("prod", &live, share("erp/config", OpsScope::Instances), false);
    document.record("dev", &live, without(), false);
    assert!(!document.is_ci_deserted() && !document.note_ci_removed());
    assert!(document.exchange("prod", without()));
    assert!(document.is_ci_deserted());
    // What a killed run left is still the app's; what came after the removal is not.
    assert!(!document.is_foreign_ci(&ci(1, "b")));
    assert!(document.note_ci_removed() && !document.note_ci_removed());
    assert!(document.is_foreign_ci(&ci(1, "b")));
    assert!(document.set_ci(&ci(1, "b"), "erp-ops"));
    document.exchange("dev", share("erp/config", OpsScope::Instances));
    assert!(!document.is_foreign_ci(&ci(1, "b")));
    // A higher revision moves to a place where nothing of the app ever was, and back.
    let moved = CiRoleWish { mount: "other".to_owned(), ..ci(2, "b") };
    assert!(document.is_foreign_ci(&moved));
    document.set_ci(&moved, "erp-ops");
    assert!(!document.is_foreign_ci(&moved) && !document.is_foreign_ci(&ci(3, "b")));
}
