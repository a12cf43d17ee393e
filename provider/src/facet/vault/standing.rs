// SPDX-License-Identifier: MPL-2.0
//! What an instance has against what it is to have, as the registry notes it. Pure.

use std::collections::BTreeMap;

use super::document::AppDocument;
use super::place::Place;
use crate::plan::vault::{CI_ROLE, NO_PART_WISHED, NO_PART_YET, VaultWish};
use crate::plan::{ObjectState, Objects, Spec};

/// Adds to the look at a registered instance what the objects alone do not tell: which of them it never made, which it
/// has and is to have no longer, and a CI role that is there for others so far. Each is a difference, so that an apply
/// follows; `foreign` ones it refuses.
pub(super) fn tell(
    objects: &mut Objects,
    foreign: &BTreeMap<String, String>,
    spec: &Spec,
    wish: &VaultWish,
    document: &AppDocument,
) {
    let env = spec.coordinate.env();
    for key in foreign.keys() {
        add(objects, key, "appenv did not make it".to_owned());
    }
    for place in document.places(env).difference(&Place::wished(spec, wish)) {
        add(objects, place.key(), format!("{} is no longer wished", place.object().path));
    }
    match (&wish.ci, document.shares_ci(env)) {
        (Some(_), false) if !foreign.contains_key(CI_ROLE) => {
            add(objects, CI_ROLE, NO_PART_YET.to_owned());
        }
        (None, true) => add(objects, CI_ROLE, NO_PART_WISHED.to_owned()),
        _ => {}
    }
}

/// Adds a difference to a line. What is missing is one already.
fn add(objects: &mut Objects, key: &str, difference: String) {
    match objects.entry(key.to_owned()).or_insert(ObjectState::Ok) {
        ObjectState::Missing => {}
        ObjectState::Differs(differences) => differences.insert(0, difference),
        ok @ ObjectState::Ok => *ok = ObjectState::Differs(vec![difference]),
    }
}
