// SPDX-License-Identifier: MPL-2.0
//! What is: the registration and every object, against what the entry says.

use std::collections::BTreeSet;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::Slot;
use tfplugin::value::Attr;

use super::existing::{self, Seen};
use super::gating::{self, Start};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::wanted::Wanted;
use super::{directories, looking, report, wish};
use crate::configured::Configured;
use crate::facet::{Observation, Refusal};
use crate::gate::Standing;
use crate::naming::Coordinate;
use crate::plan::{ObjectState, REGISTRATION};
use crate::registry::{Entry, Phase};
use crate::run::Lost;

/// Extensions are read inside the instance's database, which may be closed to the provider's login.
const EXTENSION: &str = "postgres_extension_";

/// Reads an instance. Writes nothing, takes no lock.
pub async fn read(
    configured: &Configured,
    cx: &mut Context,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let Some(mut model) = state.get().cloned() else { return Ok(()) };
    let coordinate = existing::coordinate(&model)?;
    let mut held = Held::load(&cx.private);
    let imported = model.facets.is_null();
    if imported {
        let facets = configured.settings.facets();
        model.facets =
            Attr::Known(facets.iter().map(|&facet| Attr::Known(facet.to_owned())).collect());
    }
    let facets = existing::facets(&model);
    let configured_facets = configured.settings.facets();
    let all_there = facets.iter().all(|facet| configured_facets.contains(&facet.as_str()));
    if !all_there || configured.settings.has_unknown_target() {
        // Plan refuses, or cannot ask yet; the state stays as it is.
        configured.run().note_read(&coordinate);
        return Ok(());
    }
    let mut spec = existing::spec(configured, &model)?;
    // What is declared now is judged too: an env that becomes a production one.
    spec.production |= configured.settings.environments.is_production(coordinate.env());
    let limit = Operation::Read.limit(&model);
    if imported {
        name(configured, &mut model, &coordinate, &spec);
    }
    if facets.is_empty() {
        model.objects = Attr::Known(std::collections::BTreeMap::new());
        model.kept = Attr::Known(std::collections::BTreeMap::new());
        model.generation = Attr::Known(0);
        configured.run().note_read(&coordinate);
        state.put(model);
        return Ok(());
    }
    let mut seen = existing::observe(configured, &spec, limit)
        .await
        .map_err(|error| report::failure(&coordinate, &error))?;
    if let Some(what) = elsewhere(&seen, &held) {
        cx.warn(format!("{}: its objects are elsewhere", report::id(&coordinate)), what.clone());
        configured.run().note_lost(&coordinate, Lost::Elsewhere(what.clone()));
        held.elsewhere = Some(what);
        held.store(&mut cx.private);
        return Ok(());
    }
    held.elsewhere = None;
    let entry = seen.first().and_then(|first| first.observation.look.entry.clone());
    let Some(entry) = entry.filter(|entry| !entry.is_gone()) else {
        unregistered(&coordinate, &seen, model, state, cx, held);
        return Ok(());
    };
    if imported && let Ok(wanted) = serde_json::from_value::<Wanted>(entry.spec.clone()) {
        // The registry knows what was asked for; derive the names and look again with that in mind.
        let given = model.names.as_ref().map(|names| names.read().0).unwrap_or_default();
        if !given.is_empty() && given != wanted.names {
            return Err(report::other_names(&coordinate, &given, &wanted.names));
        }
        wanted.restore(&mut model);
        model.spec_digest = Attr::Known(wanted.digest());
        model.resolved_names = Attr::Null;
        let spec = existing::spec(configured, &model)?;
        model.resolved_names = Attr::Known(wish::resolved(&spec.names));
        seen = existing::observe(configured, &spec, limit)
            .await
            .map_err(|error| report::failure(&coordinate, &error))?;
    }
    held.held_twice = other_holder(configured, &held, &entry);
    if let Some(who) = &held.held_twice {
        cx.warn(
            format!("{}: held twice", report::id(&coordinate)),
            format!(
                "This state entry no longer holds it: {who}. The entry is kept as it was; planning anything but \
                 its deletion is an error."
            ),
        );
        configured.run().note_lost(&coordinate, Lost::HeldTwice(who.clone()));
        held.seen = Some(entry);
        held.store(&mut cx.private);
        return Ok(());
    }
    configured.run().note_read(&coordinate);
    fill(configured, cx, &mut model, &mut held, &seen, &entry);
    gating::note_ending(configured, &coordinate, &Start::of_state(&model, &held), &model);
    held.store(&mut cx.private);
    state.put(model);
    Ok(())
}

/// The names and constants of an imported stub.
fn name(
    configured: &Configured,
    model: &mut Model,
    coordinate: &Coordinate,
    spec: &crate::plan::Spec,
) {
    let names = &spec.names;
    model.id = Attr::Known(report::id(coordinate));
    model.instance = Attr::Known(names.instance.clone());
    model.state_prefix = Attr::Known(names.state_prefix.clone());
    model.resolved_names = Attr::Known(wish::resolved(names));
    model.production =
        Attr::Known(configured.settings.environments.is_production(coordinate.env()));
    model.deletion_protection = model.production.clone();
    model.adopt = Attr::Known("refuse".to_owned());
    model.rename = Attr::Known("in_place".to_owned());
    model.keep_old = Attr::Known("7d".to_owned());
    model.on_destroy = Attr::Known("delete".to_owned());
    model.force_disconnect = Attr::Known(false);
    model.spec_digest =
        Attr::Known(Wanted::read(model).map(|wanted| wanted.digest()).unwrap_or_default());
}

/// Whether a target is not the one the entry knows.
pub fn elsewhere(seen: &[Seen], held: &Held) -> Option<String> {
    seen.iter().find_map(|facet| {
        let wanted = held.targets.get(facet.name)?;
        match &facet.observation.look.target {
            Some(found) if found == wanted => None,
            found if facet.name == "host" => {
                Some(directories::elsewhere(found.as_deref(), wanted))
            }
            found if facet.name == "aws" => Some(format!(
                "The account and region of AWS that the provider is configured for {}, but this entry is registered in \
                 {wanted}: another account, another region, or Parameter Store without its registry. The entry is kept.",
                match found {
                    Some(found) => format!("has the registry {found}"),
                    None => "has no appenv registry".to_owned(),
                }
            )),
            Some(found) => Some(format!(
                "The {} server that the provider is configured for has the registry {found}, but this entry's \
                 objects are in {wanted}: another server, or another maintenance database or KV mount. The \
                 entry is kept.",
                facet.name
            )),
            None => Some(format!(
                "The {} server that the provider is configured for has no appenv registry, but this entry's \
                 objects are in {wanted}: another server, another maintenance database or KV mount, or one \
                 restored without its registry. The entry is kept.",
                facet.name
            )),
        }
    })
}

/// Whose the registration is, where it is not this entry's.
pub fn other_holder(configured: &Configured, held: &Held, entry: &Entry) -> Option<String> {
    let ours = held.holder.as_deref()?;
    if entry.holder.as_deref() == Some(ours) {
        return None;
    }
    let from = match &entry.state_address {
        Some(address) => format!(" from the state at {address}"),
        None => String::new(),
    };
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    let owner = if entry.owner == owner {
        String::new()
    } else {
        format!(" for owner \"{}\"", entry.owner)
    };
    Some(format!(
        "another entry took it over{owner}{from} at {} (generation {})",
        entry.written_at, entry.generation
    ))
}

/// The registry is there and has no such instance: it is gone, unless the entry came by import and there are
/// objects to adopt. A cleared import is reported by the CLI as nothing to import.
fn unregistered(
    coordinate: &Coordinate,
    seen: &[Seen],
    mut model: Model,
    state: &mut Slot<Model>,
    cx: &mut Context,
    mut held: Held,
) {
    let occupied = seen.iter().any(|facet| !facet.observation.occupied.is_empty());
    if !held.is_imported() || !occupied {
        tracing::info!(instance = report::id(coordinate), "not registered");
        state.clear();
        return;
    }
    let mut objects = objects(seen);
    objects.insert(REGISTRATION.to_owned(), Attr::Known(ObjectState::Missing.to_string()));
    model.objects = Attr::Known(objects);
    model.kept = Attr::Known(kept(seen));
    model.generation = Attr::Null;
    held.targets = targets(seen);
    held.unmarked = unmarked(seen);
    held.seen = None;
    held.foreign.clear();
    held.refusals.clear();
    held.standing = Standing::default();
    held.store(&mut cx.private);
    state.put(model);
}

/// Brings an entry that holds the registration to what was seen.
pub fn fill(
    configured: &Configured,
    cx: &mut Context,
    model: &mut Model,
    held: &mut Held,
    seen: &[Seen],
    entry: &Entry,
) {
    let mut objects = unseen(model, objects(seen));
    let registration = registration(configured, held, seen, entry);
    objects.insert(REGISTRATION.to_owned(), Attr::Known(registration.to_string()));
    model.objects = Attr::Known(objects);
    model.kept = Attr::Known(kept(seen));
    let over = seen.iter().flat_map(|facet| &facet.observation.kept);
    let over = over.filter(|(_, until)| configured.world.is_over(until));
    held.over = over.map(|(name, _)| name.clone()).collect();
    // The generation proves whose it is where a taint hides the holder; an entry that holds nothing has none.
    model.generation = if held.is_imported() {
        Attr::Null
    } else {
        Attr::Known(i64::try_from(entry.generation).unwrap_or(i64::MAX))
    };
    held.targets = targets(seen);
    held.seen = Some(entry.clone());
    held.refusals = refusals(seen);
    held.foreign = seen.iter().flat_map(|facet| facet.observation.foreign.clone()).collect();
    held.unmarked = if held.is_imported() { unmarked(seen) } else { BTreeSet::new() };
    if let Ok(coordinate) = existing::coordinate(model) {
        held.standing = gating::standing(configured, &coordinate, seen);
    }
    for facet in seen {
        looking::warn(configured, cx, &facet.observation);
    }
}

/// How the registration stands against what this entry and its configuration say.
fn registration(configured: &Configured, held: &Held, seen: &[Seen], entry: &Entry) -> ObjectState {
    let mut differences = Vec::new();
    if held.is_imported() {
        differences.push("imported, not adopted yet".to_owned());
    }
    match entry.phase {
        Phase::Pending => differences.push("a create did not finish".to_owned()),
        Phase::Deleting => differences.push("a delete did not finish".to_owned()),
        Phase::Live if entry.pending.is_some() => {
            differences.push("an approved change did not finish".to_owned());
        }
        Phase::Live | Phase::Gone => {}
    }
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    if entry.owner != owner && entry.owner.is_empty() {
        differences.push("has no owner".to_owned());
    } else if entry.owner != owner {
        differences.push(format!("owner is {}", entry.owner));
    }
    for renamed in seen.iter().flat_map(|facet| &facet.observation.renamed) {
        differences.push(format!("{} is registered as \"{}\"", renamed.key, renamed.registered));
    }
    for facet in seen.iter().skip(1) {
        match &facet.observation.look.entry {
            Some(second) if !second.is_gone() => {
                if second.holder != entry.holder || second.phase != entry.phase {
                    differences.push(format!("{} has another registration", facet.name));
                }
            }
            _ => differences.push(format!("{} has no registration", facet.name)),
        }
    }
    ObjectState::from_differences(differences)
}

fn objects(seen: &[Seen]) -> std::collections::BTreeMap<String, Attr<String>> {
    seen.iter()
        .flat_map(|facet| &facet.observation.objects)
        .map(|(name, state)| (name.clone(), Attr::Known(state.to_string())))
        .collect()
}

/// What stands against a change of what is registered, or against taking over what is not.
pub fn refusals(seen: &[Seen]) -> Vec<Refusal> {
    let of = |facet: &Seen| {
        let Observation { refusals, blocked, .. } = &facet.observation;
        refusals.iter().chain(blocked).cloned().collect::<Vec<_>>()
    };
    seen.iter().flat_map(of).collect()
}

/// Objects that lack our marker and nothing else.
pub fn unmarked(seen: &[Seen]) -> BTreeSet<String> {
    let objects = seen.iter().flat_map(|facet| &facet.observation.objects);
    let unmarked = objects.filter(|(_, state)| state.lacks_only_its_marker());
    unmarked.map(|(name, _)| name.clone()).collect()
}

/// How the objects of an entry stand, as a read of it would say. `entry`: what the first registry has of it.
pub fn objects_of(
    configured: &Configured,
    model: &Model,
    held: &Held,
    seen: &[Seen],
    entry: Option<&Entry>,
) -> std::collections::BTreeMap<String, String> {
    let mut objects = unseen(model, objects(seen));
    let registration = match entry {
        Some(entry) => registration(configured, held, seen, entry),
        None => ObjectState::Missing,
    };
    objects.insert(REGISTRATION.to_owned(), Attr::Known(registration.to_string()));
    objects.into_iter().filter_map(|(name, state)| Some((name, state.known()?.clone()))).collect()
}

/// Whether an object stays where it is no longer wished.
pub fn stays(object: &str) -> bool {
    object.starts_with(EXTENSION) || object == crate::plan::postgres::ENDED_LOGINS
}

/// What a look could not see keeps the value that the state has.
fn unseen(
    model: &Model,
    mut objects: std::collections::BTreeMap<String, Attr<String>>,
) -> std::collections::BTreeMap<String, Attr<String>> {
    for (name, state) in model.objects.known().into_iter().flatten() {
        if name.starts_with(EXTENSION) && !objects.contains_key(name) {
            objects.insert(name.clone(), state.clone());
        }
    }
    objects
}

/// Databases that are kept, and until when.
pub fn kept(seen: &[Seen]) -> std::collections::BTreeMap<String, Attr<String>> {
    let kept = seen.iter().flat_map(|facet| &facet.observation.kept);
    kept.map(|(name, until)| (name.clone(), Attr::Known(until.clone()))).collect()
}

/// The identity of each target.
pub fn targets(seen: &[Seen]) -> std::collections::BTreeMap<String, String> {
    seen.iter()
        .filter_map(|facet| Some((facet.name.to_owned(), facet.observation.look.target.clone()?)))
        .collect()
}
