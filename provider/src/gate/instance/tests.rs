#![allow(clippy::unwrap_used)]
// SPDX-License-Identifier: MPL-2.0

use serde_json::json;

use super::*;

fn side() -> Side {
    Side {
        inputs: json!({ "release": "1", "database": { "connection_limit": 10 }, "names": {} }),
        owner: "team/one".to_owned(),
        production: true,
        names: BTreeMap::from([("database".to_owned(), "erp".to_owned())]),
        objects: BTreeMap::new(),
        deletion_protection: true,
        on_destroy: "delete".to_owned(),
    }
}

fn change(alter: impl Fn(&mut Side, &mut Side)) -> Change {
    let mut sides = [side(), side()];
    let [was, now] = &mut sides;
    alter(was, now);
    let [was, now] = sides;
    Change { before: Some(was), after: Some(now), ..Change::default() }
}

fn objects() -> BTreeSet<String> {
    ["postgres_database", "postgres_public_access"].map(str::to_owned).into()
}

#[test]
fn operations_and_effects_of_changes() {
    type Alter = fn(&mut Side, &mut Side);
    use Operation::{Adopt, Delete, Release, Rename, Update};
    let of = |text: &str| json!(text);
    let cases: [(Alter, &[Operation], &str); 10] = [
        (|_, _| {}, &[], ""),
        (
            |_, after| after.inputs["release"] = json!("2"),
            &[Release],
            "set release: \"1\" -> \"2\"",
        ),
        (
            |_, after| after.inputs["database"] = json!({ "connection_limit": 20 }),
            &[Update],
            "set database.connection_limit: 10 -> 20",
        ),
        (
            |_, after| after.inputs["database"] = Value::Null,
            &[Update],
            "set database.connection_limit: 10 -> null",
        ),
        (
            |_, after| after.owner = "two".to_owned(),
            &[Update],
            "hand over from owner team/one to two",
        ),
        (|_, after| after.production = false, &[Update], "register it as no production instance"),
        (
            |_, after| after.deletion_protection = false,
            &[Update],
            "lift the protection from deletion",
        ),
        (
            |before, _| before.on_destroy = "retain".to_owned(),
            &[Update],
            "let a destroy delete the objects",
        ),
        (
            |_, after| drop(after.names.insert("database".to_owned(), "crm".to_owned())),
            &[Rename],
            "rename database \"erp\" to \"crm\"",
        ),
        (
            |before, after| {
                before.objects.insert("postgres_database".to_owned(), json!("differs: owner is x"));
                after.objects.insert("postgres_database".to_owned(), json!("ok"));
            },
            &[Update],
            "mend postgres_database \"erp\": differs: owner is x",
        ),
    ];
    for (alter, operations, effects) in cases {
        let change = change(alter);
        assert_eq!(Vec::from_iter(change.operations()), operations, "{effects}");
        assert_eq!(change.effects().join("\n"), effects);
    }
    // What a new facet is called is no renaming, and the login that it lets in is told.
    let facet = change(|before, after| {
        after.names.insert("kv_path".to_owned(), "erp/config".to_owned());
        before.objects.insert("postgres_vault_login".to_owned(), json!("absent"));
        let login = json!({ "login": "vault" });
        after.objects.insert("postgres_vault_login".to_owned(), login);
    });
    assert_eq!(Vec::from_iter(facet.operations()), [Update]);
    assert_eq!(facet.effects(), ["make postgres_vault_login \"vault\""]);
    let mut over = change(|_, _| {});
    over.over = ["erp_old".to_owned()].into();
    assert_eq!(Vec::from_iter(over.operations()), [Delete]);
    assert_eq!(over.effects(), ["drop erp_old, which was kept"]);
    let adopts = Change {
        adopts: true,
        ..change(|before, after| {
            let imported = json!("differs: imported, not adopted yet");
            before.objects.insert("registration".to_owned(), imported);
            after.objects.insert("registration".to_owned(), json!("ok"));
        })
    };
    assert_eq!(Vec::from_iter(adopts.operations()), [Adopt]);
    // What nobody registered: markers are the takeover itself, anything else is an update beside it.
    let unmarked = |is: &str| {
        change(|before, after| {
            before.objects.insert("registration".to_owned(), json!("missing"));
            before.objects.insert("postgres_database".to_owned(), json!(is));
            for object in ["registration", "postgres_database"] {
                after.objects.insert(object.to_owned(), json!("ok"));
            }
        })
    };
    let database = ["postgres_database".to_owned()];
    for (is, adopts, lacks_marker, operations) in [
        ("differs: has no comment", true, true, [Adopt].as_slice()),
        ("differs: has no comment", false, true, &[Update]),
        ("differs: connection_limit is 5; has no comment", true, false, &[Adopt, Update]),
        ("missing", true, false, &[Adopt, Update]),
    ] {
        let lacking = database.iter().filter(|_| lacks_marker).cloned().collect();
        let change = Change { adopts, unmarked: lacking, ..unmarked(is) };
        assert_eq!(Vec::from_iter(change.operations()), operations, "{is}");
    }
    assert_eq!(of("adopt"), json!(adopts.operation().name()));
}

#[test]
fn what_is_made_and_what_is_ended() {
    let make = Change { after: Some(side()), objects: objects(), ..Change::default() };
    assert_eq!(make.operation(), Operation::Create);
    assert_eq!(make.effects(), ["make postgres_database \"erp\"", "make postgres_public_access"]);
    let end = Change {
        before: Some(side()),
        objects: objects(),
        ends_sessions: true,
        ..Change::default()
    };
    assert_eq!(Vec::from_iter(end.operations()), [Operation::Delete]);
    assert_eq!(
        end.effects(),
        [
            "end sessions and leases",
            "remove postgres_database \"erp\"",
            "remove postgres_public_access"
        ]
    );
    let retain = Side { on_destroy: "retain".to_owned(), ..side() };
    let end = Change { before: Some(retain), ..end };
    assert_eq!(end.effects(), ["give the registration up, keep every object"]);
}

#[test]
fn what_tightens_is_no_operation_on_its_own() {
    let tighter = change(|before, _| before.deletion_protection = false);
    assert!(tighter.operations().is_empty());
    assert!(tighter.effects().is_empty());
}
