// SPDX-License-Identifier: MPL-2.0
//! Both sides of a change, from the state or from what stands, and the document that is approved.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tfplugin::value::Attr;

use super::super::model::Model;
use super::super::reading;
use super::super::wanted::Wanted;
use super::super::{existing, renaming};
use super::start::Start;
use crate::gate::Operation as Kind;
use crate::gate::document::Document;
use crate::gate::instance::{Change, Side};
use crate::naming::Coordinate;
use crate::plan::postgres::{OWNER_ROLE, VAULT_LOGIN};
use crate::plan::vault::{
    CI_ROLE, DATABASE_ROLE, KUBERNETES_ROLE, NO_PART_WISHED, NO_PART_YET, OPS_POLICY, OpsScope,
};
use crate::plan::{REGISTRATION, Spec};
use crate::registry::{Entry, Pending};

/// Objects that the app's instances share and that have no part of each.
pub fn shared(spec: &Spec) -> Vec<&'static str> {
    let role = spec.postgres.as_ref().filter(|wish| wish.owner_role_shared);
    let ci = spec.vault.as_ref().and_then(|wish| wish.ci.as_ref());
    // Who may give a shared role away may do so for all of them.
    let login = role.filter(|_| leases(spec)).map(|_| VAULT_LOGIN);
    let role = role.map(|_| OWNER_ROLE);
    role.into_iter().chain(login).chain(ci.map(|_| CI_ROLE)).collect()
}

/// Whether Vault leases logins on the instance's database.
fn leases(spec: &Spec) -> bool {
    spec.postgres.is_some() && spec.vault.as_ref().is_some_and(|vault| vault.database.is_some())
}

/// Whether a change gives a login of another server the right to give the owner role away: then its name is approved.
pub fn admits_login(start: &Start<'_>, spec: &Spec) -> bool {
    leases(spec) && start.objects.get(VAULT_LOGIN).is_none_or(|state| state != "ok")
}

/// Whether a change of one env reaches what the app's production has too: a shared object, the app's owner, or the grants
/// of the whole family.
pub fn reaches_others(start: &Start<'_>, spec: &Spec) -> bool {
    let own = [NO_PART_YET, NO_PART_WISHED].map(|phrase| format!("differs: {phrase}"));
    let is_fine = |state: &String| state == "ok" || own.contains(state);
    let differs = |key: &str| !start.objects.get(key).is_some_and(is_fine);
    let family = spec
        .vault
        .as_ref()
        .is_some_and(|vault| vault.ops_scope == OpsScope::Family && differs(OPS_POLICY));
    let owner = start.entry.is_some_and(|entry| {
        !entry.is_gone() && !entry.owner.is_empty() && entry.owner != spec.owner
    });
    family || owner || shared(spec).into_iter().any(differs)
}

/// Names of what an instance has in its facets.
pub fn names(model: &Model) -> BTreeMap<String, String> {
    let Some(names) = model.resolved_names.known() else { return BTreeMap::new() };
    let of = renaming::of_objects(names, &existing::facets(model));
    of.into_iter().filter_map(|(key, name)| Some((key.to_owned(), name.known()?.clone()))).collect()
}

fn text(value: &Attr<String>) -> String {
    value.known().cloned().unwrap_or_default()
}

/// What the registry says was asked for, as this release writes it.
fn asked(entry: &Entry) -> Value {
    match serde_json::from_value::<Wanted>(entry.spec.clone()) {
        Ok(wanted) => inputs(&wanted),
        Err(_) => entry.spec.clone(),
    }
}

pub fn inputs(wanted: &Wanted) -> Value {
    serde_json::to_value(wanted).unwrap_or_default()
}

/// What an object shall be, where its line does not tell.
pub fn wish(spec: &Spec, object: &str) -> Value {
    let vault = spec.vault.as_ref();
    let of = |wish: Option<Result<Value, serde_json::Error>>| wish.and_then(Result::ok);
    let wish = match object {
        CI_ROLE => of(vault.and_then(|vault| vault.ci.as_ref()).map(serde_json::to_value)),
        DATABASE_ROLE => {
            of(vault.and_then(|vault| vault.database.as_ref()).map(serde_json::to_value))
        }
        KUBERNETES_ROLE => {
            of(vault.and_then(|vault| vault.kubernetes.as_ref()).map(serde_json::to_value))
        }
        VAULT_LOGIN => {
            let login = spec.postgres.as_ref().and_then(|wish| wish.vault_login.as_ref());
            login.map(|login| json!({ "login": login }))
        }
        _ => None,
    };
    wish.unwrap_or_else(|| json!("ok"))
}

pub fn before(start: &Start<'_>, prior: &Model, wished: &BTreeSet<String>) -> Side {
    let entry = start.entry.filter(|entry| !entry.is_gone());
    let mut objects: BTreeMap<String, Value> = start
        .objects
        .iter()
        .filter(|(name, state)| {
            let goes = !wished.is_empty() && !wished.contains(*name);
            state.as_str() != "ok" || (goes && !reading::stays(name))
        })
        .map(|(name, state)| (name.clone(), json!(state)))
        .collect();
    let fresh = wished.iter().filter(|name| !start.objects.contains_key(*name));
    objects.extend(fresh.map(|name| (name.clone(), json!("absent"))));
    Side {
        inputs: entry.map(asked).unwrap_or_default(),
        owner: entry.map(|entry| entry.owner.clone()).unwrap_or_default(),
        production: entry.is_some_and(|entry| entry.production)
            || prior.production == Attr::Known(true),
        names: names(prior),
        objects,
        deletion_protection: prior.deletion_protection.known().copied().unwrap_or(true),
        on_destroy: text(&prior.on_destroy),
    }
}

pub fn after(
    planned: &Model,
    spec: &Spec,
    wanted: &Wanted,
    objects: BTreeMap<String, Value>,
) -> Side {
    Side {
        inputs: inputs(wanted),
        owner: spec.owner.clone(),
        production: spec.production,
        names: names(planned),
        objects,
        deletion_protection: planned.deletion_protection.known().copied().unwrap_or(true),
        on_destroy: text(&planned.on_destroy),
    }
}

/// What becomes of objects that are not as wished; what is no longer wished has no line.
pub fn becomes(spec: &Spec, wished: &BTreeSet<String>, before: &Side) -> BTreeMap<String, Value> {
    let kept = before.objects.keys().filter(|name| wished.contains(*name));
    kept.map(|name| (name.clone(), wish(spec, name))).collect()
}

pub fn document(
    coordinate: &Coordinate,
    start: &Start<'_>,
    owner: &str,
    generation: u64,
    change: &Change,
) -> Document {
    let side = |side: &Option<Side>| side.as_ref().and_then(|side| serde_json::to_value(side).ok());
    Document {
        target: start.targets.clone(),
        owner: owner.to_owned(),
        app: coordinate.app().to_owned(),
        env: coordinate.env().to_owned(),
        secret: None,
        generation,
        operation: change.operation(),
        before: side(&change.before),
        after: side(&change.after),
        effects: change.effects(),
    }
}

/// The same change as the apply before began it, where it did not finish.
///
/// `effects`: of what is done now, so that nothing is added to what was approved.
pub fn resumed(
    now: &Document,
    pending: &Pending,
    after: Option<&Side>,
    effects: Vec<String>,
) -> Option<Document> {
    Some(Document {
        target: pending.target.clone(),
        generation: pending.generation,
        operation: Kind::parse(&pending.operation)?,
        before: pending.before.clone(),
        after: after.and_then(|after| serde_json::to_value(after).ok()),
        effects,
        ..now.clone()
    })
}

pub fn is_production(start: &Start<'_>, prior: &Model) -> bool {
    let entry = start.entry.filter(|entry| !entry.is_gone());
    prior.production == Attr::Known(true) || entry.is_some_and(|entry| entry.production)
}

/// Whether a change takes protection away.
pub fn loosens(prior: &Model, planned: &Model) -> bool {
    let protects = |model: &Model| model.deletion_protection == Attr::Known(true);
    let retains = |model: &Model| model.on_destroy.known().is_some_and(|what| what == "retain");
    (protects(prior) && !protects(planned)) || (retains(prior) && !retains(planned))
}

/// What a delete is, as it is approved.
pub fn ending(coordinate: &Coordinate, start: &Start<'_>, prior: &Model, owner: &str) -> Document {
    let objects = start.objects.keys().filter(|name| *name != REGISTRATION).cloned().collect();
    let change = Change {
        before: Some(before(start, prior, &BTreeSet::new())),
        objects,
        over: prior.kept.known().into_iter().flatten().map(|(name, _)| name.clone()).collect(),
        ends_sessions: renaming::forces(prior),
        ..Change::default()
    };
    document(coordinate, start, owner, start.generation, &change)
}
