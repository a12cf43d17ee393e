#![allow(clippy::unwrap_used)]
// SPDX-License-Identifier: MPL-2.0

use proptest::prelude::*;

use super::*;
use crate::finding::{Status, is_ok};

fn sets(of: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    of.iter().map(|(env, names)| ((*env).to_owned(), set(names))).collect()
}

fn allowed(kind: Kind, name: &str, envs: &[&str]) -> Allowed {
    Allowed {
        kind,
        name: name.to_owned(),
        reason: "a test needs it".to_owned(),
        envs: envs.iter().map(|env| (*env).to_owned()).collect(),
    }
}

fn told(rows: &[Row], allowed: &[Allowed]) -> Vec<(String, Status)> {
    let found = judge("erp", rows, allowed);
    found.into_iter().map(|one| (one.target, one.status)).collect()
}

#[test]
fn a_key_that_one_env_lacks_is_told_and_allowed_with_its_reason() {
    let rows = rows(Kind::Key, &sets(&[("prod", &["A", "B"]), ("dev", &["A"])]));
    let found = judge("erp", &rows, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].target, "key \"B\" of erp");
    assert_eq!(found[0].detail, "present in prod; absent in dev.");
    assert!(!is_ok(&found));
    let found = judge("erp", &rows, &[allowed(Kind::Key, "B", &[])]);
    assert_eq!(found[0].status, Status::Ok);
    assert!(found[0].detail.contains("a test needs it"));
}

#[test]
fn an_allowance_for_envs_holds_the_others_alike() {
    let rows = rows(Kind::Key, &sets(&[("prod", &["A"]), ("staging", &["A"]), ("dev", &[])]));
    let dev = [allowed(Kind::Key, "A", &["dev"])];
    assert_eq!(told(&rows, &dev), [("key \"A\" of erp".to_owned(), Status::Ok)]);
    let staging = [allowed(Kind::Key, "A", &["staging"])];
    assert_eq!(told(&rows, &staging), [("key \"A\" of erp".to_owned(), Status::Fail)]);
    // Nobody compares such an env: it is a slip.
    let none = told(&rows, &[allowed(Kind::Key, "A", &["qa"])]);
    assert_eq!(none[1], ("key \"A\" of erp".to_owned(), Status::Warn));
}

#[test]
fn releases_warn_and_allowances_without_a_difference_warn() {
    let values = [("prod", "1"), ("dev", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let release =
        Row { kind: Kind::Release, name: RELEASE.to_owned(), values: BTreeMap::from(values) };
    let found = judge("erp", std::slice::from_ref(&release), &[]);
    assert_eq!((found[0].status, found[0].target.as_str()), (Status::Warn, "release of erp"));
    assert!(is_ok(&found));
    let found = judge("erp", &[release], &[allowed(Kind::Key, "A", &[])]);
    assert_eq!((found[1].check, found[1].status), (ALLOWED_DIFFERENCE, Status::Warn));
}

#[test]
fn what_a_rotation_leaves_for_a_time_is_no_difference() {
    let keys: BTreeSet<String> = ["A", "A_PREVIOUS", "B_PREVIOUS"].map(str::to_owned).into();
    assert_eq!(lasting(&keys), ["A", "B_PREVIOUS"].map(str::to_owned).into());
}

#[test]
fn every_kind_reads_as_it_is_written() {
    for kind in KINDS {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(Kind::parse("secret"), None);
}

fn matrix() -> impl Strategy<Value = BTreeMap<String, BTreeSet<String>>> {
    prop::collection::btree_map("[a-d]", prop::collection::btree_set("[A-F]", 0..5), 1..5)
}

proptest! {
    #[test]
    fn whatever_differs_is_told_once_and_nothing_else_fails(of in matrix()) {
        let rows = rows(Kind::Key, &of);
        let found = judge("erp", &rows, &[]);
        let failed = found.iter().filter(|one| one.status == Status::Fail).count();
        let all: BTreeSet<_> = of.values().flatten().collect();
        let different = all.iter().filter(|key| of.values().any(|has| !has.contains(**key)));
        prop_assert_eq!(failed, different.count());
        prop_assert_eq!(rows.len(), all.len());
        let every = rows.iter().filter(|row| row.differs());
        let allowances: Vec<_> = every.map(|row| allowed(Kind::Key, &row.name, &[])).collect();
        let allowed_all = judge("erp", &rows, &allowances);
        // One env alone is compared with none.
        let fine = if of.len() < 2 { Status::Skip } else { Status::Ok };
        prop_assert!(allowed_all.iter().all(|one| one.status == fine));
    }
}
