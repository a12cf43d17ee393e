// SPDX-License-Identifier: MPL-2.0
//! Directories and links of a host: what is wished, and each difference as its phrase.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use appenv::naming::Coordinate;
use appenv::plan::ObjectState;
use appenv::plan::host::{Found, HostWish, Kind, Owner, object_keys};

const US: Owner = Owner { user: 1000, group: 1000 };

fn wish(env_files: &[&str]) -> HostWish {
    HostWish::new(
        &Coordinate::new("karmyq", "staging").unwrap(),
        "/opt".to_owned(),
        "/opt/karmyq/staging".to_owned(),
        "/opt/karmyq/secrets/staging".to_owned(),
        &env_files.iter().map(|&name| name.to_owned()).collect(),
    )
}

/// Everything as wished.
fn whole(wish: &HostWish) -> BTreeMap<String, Found> {
    let found = |kind| match kind {
        Kind::Directory { mode } => Found::Directory { mode, owner: US },
        Kind::Link { target } => Found::Link { target },
    };
    wish.places().into_iter().map(|place| (place.path, found(place.kind))).collect()
}

fn lines(wish: &HostWish, found: &BTreeMap<String, Found>) -> Vec<String> {
    let states = wish.states(found, US);
    assert_eq!(states.keys().cloned().collect::<std::collections::BTreeSet<_>>(), {
        object_keys(wish).into_iter().collect()
    });
    let off = states.iter().filter(|(_, state)| **state != ObjectState::Ok);
    off.map(|(key, state)| format!("{key} {state}")).collect()
}

#[test]
fn the_layout_is_the_one_of_the_decision_record() {
    let places: Vec<_> = wish(&["", "users"])
        .places()
        .into_iter()
        .map(|place| match place.kind {
            Kind::Directory { mode } => format!("{} {} {mode:o}", place.key, place.path),
            Kind::Link { target } => format!("{} {} -> {target}", place.key, place.path),
        })
        .collect();
    assert_eq!(
        places,
        [
            "host_app_dir /opt/karmyq/staging 755",
            "host_app_dir /opt/karmyq/staging/karmyq 755",
            "host_secrets_dir /opt/karmyq/secrets/staging 700",
            "host_backup_dir /opt/karmyq/secrets/staging/backup 700",
            "host_link /opt/karmyq/staging/karmyq/.env.staging -> /opt/karmyq/secrets/staging/.env",
            "host_link_users /opt/karmyq/staging/karmyq/.env.staging.users -> \
             /opt/karmyq/secrets/staging/.env.staging.users",
        ]
    );
    assert!(wish(&[]).links.is_empty());
}

#[test]
fn what_is_as_wished_has_no_difference() {
    let wish = wish(&["", "users"]);
    assert!(lines(&wish, &whole(&wish)).is_empty());
    let nothing = BTreeMap::new();
    assert_eq!(
        lines(&wish, &nothing),
        [
            "host_app_dir missing",
            "host_backup_dir missing",
            "host_link missing",
            "host_link_users missing",
            "host_secrets_dir missing",
        ]
    );
}

#[test]
fn each_difference_is_a_phrase() {
    let wish = wish(&[""]);
    let dir = |mode, user, group| Found::Directory { mode, owner: Owner { user, group } };
    let project = "/opt/karmyq/staging/karmyq";
    let secrets = "/opt/karmyq/secrets/staging";
    let link = "/opt/karmyq/staging/karmyq/.env.staging";
    let to = |target: &str| Found::Link { target: target.to_owned() };
    for (path, found, line) in [
        ("/opt/karmyq/staging", Found::Missing, "host_app_dir missing"),
        ("/opt/karmyq/staging", dir(0o777, 1000, 1000), "host_app_dir differs: mode is 0777"),
        (project, Found::Missing, "host_app_dir differs: karmyq is missing"),
        (
            project,
            dir(0o2775, 0, 33),
            "host_app_dir differs: karmyq: mode is 2775; karmyq: owner is user 0; karmyq: group is 33",
        ),
        (secrets, dir(0o755, 1000, 1000), "host_secrets_dir differs: mode is 0755"),
        (secrets, dir(0o700, 0, 1000), "host_secrets_dir differs: owner is user 0"),
        (secrets, to("/tmp/x"), "host_secrets_dir differs: is a link to \"/tmp/x\""),
        (secrets, Found::Other("a file"), "host_secrets_dir differs: is a file"),
        (link, Found::Missing, "host_link missing"),
        (link, to("/tmp/a\nb"), "host_link differs: points to \"/tmp/a\\nb\""),
        (link, Found::Other("a file"), "host_link differs: is a file"),
        (link, dir(0o755, 0, 0), "host_link differs: is a directory"),
    ] {
        let mut all = whole(&wish);
        all.insert(path.to_owned(), found);
        assert_eq!(lines(&wish, &all), [line]);
    }
}

#[test]
fn only_what_holds_nothing_is_replaced() {
    let wish = wish(&[""]);
    let places = wish.places();
    let (directory, link) = (&places[0], places.last().unwrap());
    let to = |target: &str| Found::Link { target: target.to_owned() };
    let dir = Found::Directory { mode: 0o755, owner: US };
    assert!(!directory.is_blocked_by(&Found::Missing) && !directory.is_blocked_by(&dir));
    assert!(directory.is_blocked_by(&to("/x")) && directory.is_blocked_by(&Found::Other("a file")));
    assert!(!link.is_blocked_by(&Found::Missing) && !link.is_blocked_by(&to("/x")));
    assert!(link.is_blocked_by(&dir) && link.is_blocked_by(&Found::Other("a file")));
    assert!(link.is_the_same_link(&to("/opt/karmyq/secrets/staging/.env")));
    assert!(!link.is_the_same_link(&to("/x")) && !directory.is_the_same_link(&dir));
}
