// SPDX-License-Identifier: MPL-2.0
//! Names that are written and not known yet.

use std::collections::{BTreeMap, BTreeSet};

use appenv::naming::{Environments, Inputs, Names, Overrides, ROWS, RowValue, check_name};

use super::super::{conventions, defaults, env, inputs};

/// The names of `app` in `env` while the given ones are not known.
fn names(environments: &Environments, app: &str, env: &str, overrides: &Overrides) -> Names {
    let coordinate = environments.coordinate(app, env).unwrap();
    Names::derive_with(environments, &coordinate, &BTreeSet::new(), &inputs(), overrides).unwrap()
}

/// Keys that a `names` block may hold.
fn keys() -> impl Iterator<Item = &'static str> {
    ROWS.iter().filter(|row| row.key != "instance" && !row.per_service).map(|row| row.key)
}

/// The value of one name.
fn value(names: &Names, key: &str) -> Option<String> {
    let rows = names.rows();
    let (_, value) = rows.iter().find(|(found, _)| *found == key).unwrap();
    let RowValue::One(value) = value else { panic!("{key} is of services") };
    value.map(str::to_owned)
}

#[test]
fn what_stands_in_their_place_is_a_name_of_its_target_and_not_the_conventions() {
    for convention in conventions() {
        let environments = Environments::new(&convention, None, Vec::new()).unwrap();
        for env in environments.declared() {
            let own = names(&environments, "erp", &env.name, &Overrides::default());
            for key in keys() {
                let waiting = Overrides::default().waiting_for([key]);
                let now = names(&environments, "erp", &env.name, &waiting);
                let stand_in = value(&now, key).unwrap();
                assert_ne!(Some(&stand_in), value(&own, key).as_ref(), "{convention} {key}");
                assert_eq!(check_name(key, &stand_in), Ok(()), "{convention} {key}");
                for other in keys().filter(|other| *other != key) {
                    assert_eq!(
                        value(&now, other),
                        value(&own, other),
                        "{convention} {key} {other}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_name_that_does_not_fit_is_waited_for() {
    let declared = vec![env("stage-of-20-bytes-ok", false), env("prod", true)];
    let environments = Environments::new("elided-v1", None, declared).unwrap();
    let coordinate = environments.coordinate(&"a".repeat(40), "stage-of-20-bytes-ok").unwrap();
    let derive = |overrides: &Overrides| {
        Names::derive_with(&environments, &coordinate, &BTreeSet::new(), &inputs(), overrides)
    };
    let refused = derive(&Overrides::default().waiting_for(["owner_role"])).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].summary.starts_with("iam_role"), "{}", refused[0].summary);
    let names = derive(&Overrides::default().waiting_for(["owner_role", "iam_role"])).unwrap();
    assert_eq!(check_name("owner_role", &names.owner_role), Ok(()));
}

#[test]
fn a_name_that_cannot_be_made_is_waited_for() {
    let environments = defaults();
    let templates = [
        ("owner_role", "{organization}_{app}_{env}"),
        ("app_dir", "{root}/{organization}/{app}/{env}"),
    ];
    let templates: BTreeMap<_, _> =
        templates.map(|(key, text)| (key.to_owned(), text.to_owned())).into();
    let coordinate = environments.coordinate("erp", "sandbox").unwrap();
    let nothing = Inputs { root: Some("/opt".to_owned()), ..Inputs::default() };
    let derive = |waiting: &[&str]| {
        let overrides = Overrides::new(&templates, &BTreeMap::new()).unwrap();
        let overrides = overrides.waiting_for(waiting.iter().copied());
        Names::derive_with(&environments, &coordinate, &BTreeSet::new(), &nothing, &overrides)
    };
    assert_eq!(derive(&[]).unwrap_err()[0].summary, "owner_role cannot be made");
    let names = derive(&["owner_role", "app_dir"]).unwrap();
    assert_eq!(check_name("owner_role", &names.owner_role), Ok(()));
    // Known later, and so is there.
    assert_eq!(check_name("app_dir", &names.app_dir.unwrap()), Ok(()));
}
