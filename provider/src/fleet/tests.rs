#![allow(clippy::unwrap_used)]
// SPDX-License-Identifier: MPL-2.0

use serde_json::json;

use super::*;
use crate::finding::{self, Status as Found};

fn entry(phase: Phase, holder: &str) -> Entry {
    Entry {
        owner: "acme/shop".to_owned(),
        phase,
        holder: Some(holder.to_owned()),
        generation: 3,
        state_address: Some("s3://states/erp/prod".to_owned()),
        production: true,
        spec_digest: "sha256:0".to_owned(),
        spec: json!({ "release": "1.4.2" }),
        written_at: "2026-01-02T03:04:05Z".to_owned(),
        applied: BTreeMap::new(),
        pending: None,
    }
}

fn one(phase: Phase) -> Registration {
    Registration::new("erp", "prod", entry(phase, "h"))
}

fn answer(name: &'static str, registrations: Vec<Registration>) -> Answer {
    let listing = Listing { founded: true, registrations, ..Listing::default() };
    Answer { name, server: format!("{name} at db"), listing }
}

fn fleet(answers: &[Answer]) -> Fleet {
    Fleet::of(answers, &Filter::default())
}

fn told(fleet: &Fleet) -> Vec<(&str, Found)> {
    let others = fleet.findings.iter().filter(|found| found.check != "registry");
    others.map(|found| (found.check, found.status)).collect()
}

#[test]
fn an_instance_of_two_registries_is_one_line_and_the_first_tells_of_it() {
    let mut second = one(Phase::Live);
    second.entry.generation = 2;
    let fleet = fleet(&[answer("postgres", vec![one(Phase::Live)]), answer("vault", vec![second])]);
    assert_eq!(told(&fleet), []);
    assert!(finding::is_ok(&fleet.findings));
    let [member] = fleet.members.as_slice() else { panic!("{fleet:?}") };
    assert_eq!(member.registries, ["postgres", "vault"]);
    assert_eq!((member.status, member.generation), (Status::Registered, Some(3)));
    assert_eq!(member.release.as_deref(), Some("1.4.2"));
    assert_eq!(member.holder.as_deref(), Some("s3://states/erp/prod"));
}

#[test]
fn what_was_cut_off_is_pending_before_it_is_anything_else() {
    for phase in [Phase::Pending, Phase::Deleting] {
        let mut cut = one(phase);
        cut.missing.push("database \"erp\"".to_owned());
        let fleet = fleet(&[answer("postgres", vec![cut])]);
        assert_eq!(fleet.members[0].status, Status::Pending);
        assert_eq!(told(&fleet)[0], ("pending", Found::Warn));
    }
    let mut copied = one(Phase::Live);
    copied.unfinished = Some("a copy to database \"erp2\" was begun".to_owned());
    let fleet = fleet(&[answer("postgres", vec![copied])]);
    assert_eq!(fleet.members[0].status, Status::Pending);
    assert!(fleet.findings[1].detail.starts_with("A copy to database \"erp2\" was begun"));
}

#[test]
fn missing_objects_and_unregistered_ones_are_orphans_and_kept_ones_are_not() {
    let mut missing = one(Phase::Live);
    missing.missing.push("database \"erp\"".to_owned());
    let found = fleet(&[answer("postgres", vec![missing])]);
    assert_eq!(found.members[0].status, Status::Orphaned);
    assert_eq!(told(&found), [("orphaned", Found::Fail)]);

    let stray = |registrations: Vec<Registration>| {
        let mut answer = answer("postgres", registrations);
        answer.listing.strays.push(Stray {
            app: "erp".to_owned(),
            env: "prod".to_owned(),
            owner: "acme/shop".to_owned(),
            object: "database \"erp\"".to_owned(),
        });
        fleet(&[answer])
    };
    let lost = stray(Vec::new());
    assert_eq!((lost.members[0].status, lost.members[0].generation), (Status::Orphaned, None));
    assert_eq!(lost.members[0].registries, [""; 0]);
    assert_eq!(told(&lost), [("orphaned", Found::Fail)]);
    let kept = stray(vec![one(Phase::Gone)]);
    assert_eq!(kept.members[0].status, Status::Gone);
    assert_eq!(told(&kept), [("kept", Found::Warn)]);
}

#[test]
fn a_tombstone_beside_a_living_registration_is_of_an_earlier_life() {
    let fleet = fleet(&[
        answer("postgres", vec![one(Phase::Gone)]),
        answer("vault", vec![one(Phase::Live)]),
    ]);
    assert_eq!(fleet.members[0].registries, ["vault"]);
    assert_eq!(fleet.members[0].status, Status::Registered);
}

#[test]
fn registries_that_disagree_on_the_holder_are_told() {
    let mut other = one(Phase::Live);
    other.entry.holder = Some("another".to_owned());
    let fleet = fleet(&[answer("postgres", vec![one(Phase::Live)]), answer("vault", vec![other])]);
    assert_eq!(told(&fleet), [("registration", Found::Fail)]);
    assert!(!fleet.findings.iter().any(|found| found.detail.contains("another")));
}

#[test]
fn a_filter_takes_findings_and_logins_of_others_away_too() {
    let mut pg = answer("postgres", vec![one(Phase::Pending)]);
    pg.listing.overdue.push(Overdue {
        app: "erp".to_owned(),
        env: "prod".to_owned(),
        login: "v-token-erp".to_owned(),
        until: None,
        shut: true,
    });
    let all = Fleet::of(std::slice::from_ref(&pg), &Filter::default());
    assert_eq!(told(&all), [("pending", Found::Warn), ("overdue_login", Found::Warn)]);
    for filter in [
        Filter { app: Some("crm".to_owned()), ..Filter::default() },
        Filter { env: Some("dev".to_owned()), ..Filter::default() },
        Filter { owner: Some("acme/crm".to_owned()), ..Filter::default() },
    ] {
        let none = Fleet::of(std::slice::from_ref(&pg), &filter);
        assert_eq!((none.members.len(), none.overdue.len(), told(&none).len()), (0, 0, 0));
    }
    let filter = Filter { owner: Some("acme/shop".to_owned()), ..Filter::default() };
    assert_eq!(Fleet::of(&[pg], &filter), all);
}
