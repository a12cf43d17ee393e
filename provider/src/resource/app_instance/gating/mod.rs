// SPDX-License-Identifier: MPL-2.0
//! Changes of an instance before the production gate: what is approved is made here, at plan from the state and again in
//! apply from what stands.
//!
//! # Layout
//!
//! - `create`: creates; updates and deletes are here. `start`: where a change begins. `sides`: both sides of it, and the document
//!   that is approved. `floor`: what an apply raises.

mod create;
mod floor;
mod sides;
mod start;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

pub use create::{Creation, create, replaced, unseen};
pub use floor::raise;
pub use sides::loosens;
pub use start::{Start, standing};

use self::sides::{
    admits_login, after, becomes, before, document, ending, is_production, names, reaches_others,
    resumed,
};
use super::existing::{self, Seen};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::wanted::Wanted;
use super::{planned, renaming, report};
use crate::configured::Configured;
use crate::facet::Limit;
use crate::gate::Operation as Kind;
use crate::gate::instance::{Change, Side};
use crate::guard::{self, Case, Phase, Verdict};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::run::Ending;

/// What an update comes to.
#[derive(Clone, Copy, Debug)]
pub struct Updating<'a> {
    /// What the state has.
    pub prior: &'a Model,
    /// What is to be.
    pub planned: &'a Model,
    /// What the entry keeps in private.
    pub held: &'a Held,
}

/// What is known of the inputs, and what is not, endpoints included.
fn known(configured: &Configured, planned: &Model) -> (Wanted, Vec<String>) {
    let (wanted, unknown) = Wanted::read_known(planned);
    let mut unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    if configured.settings.has_unknown_target() {
        unknown.push("an address or a credential of the provider block".to_owned());
    }
    (wanted, unknown)
}

/// What says how a change is done, and is not known yet.
fn unknown_ways(planned: &Model) -> Vec<String> {
    [
        ("deletion_protection", planned.deletion_protection.is_unknown()),
        ("on_destroy", planned.on_destroy.is_unknown()),
        ("rename", planned.rename.is_unknown()),
        ("keep_old", planned.keep_old.is_unknown()),
        ("force_disconnect", planned.force_disconnect.is_unknown()),
    ]
    .into_iter()
    .filter(|(_, is_unknown)| *is_unknown)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// Judges an update as it is planned, whether it has an effect or not. `taken`: what an import found that nobody registered,
/// against what is wished.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    updating: Updating<'_>,
    taken: Option<&[Seen]>,
) -> Result<Verdict, Errors> {
    let Updating { prior, planned, held } = updating;
    let mut start = Start::of_state(prior, held);
    note_ending(configured, coordinate, &start, prior);
    if let Some(seen) = taken {
        let spec = super::wish::known(coordinate, planned, &configured.settings)?;
        start =
            Start::of_look(configured, prior, held, &spec, seen).with_new_targets(configured, seen);
    } else if has_new_facets(configured, prior) {
        let spec = super::wish::known(coordinate, planned, &configured.settings)?;
        let limit = Operation::Read.limit(planned);
        let seen = existing::observe(configured, &spec, limit).await;
        let seen = seen.map_err(|error| report::failure(coordinate, &error))?;
        start = start.with_new_targets(configured, &seen);
    }
    update(configured, cx, coordinate, &start, updating, Phase::Plan).await
}

/// Whether the provider is configured for a target in which the instance has nothing yet and that can be asked.
fn has_new_facets(configured: &Configured, prior: &Model) -> bool {
    let had = existing::facets(prior);
    let settings = &configured.settings;
    !settings.has_unknown_target()
        && settings.facets().iter().any(|facet| !had.iter().any(|had| had == facet))
}

/// What is wished, with the login that one server has on another, where the change is guarded.
async fn complete(
    configured: &Configured,
    coordinate: &Coordinate,
    start: &Start<'_>,
    spec: Spec,
    was_production: bool,
    limit: Limit,
) -> Result<Spec, Errors> {
    let is_guarded = was_production
        || start.standing.guards(&configured.settings.policy, coordinate.env())
        || !start.standing.production.is_empty();
    if !is_guarded {
        return Ok(spec);
    }
    let completed = configured.clients.complete(&spec, limit).await;
    completed.map_err(|error| report::failure(coordinate, &error))
}

/// Judges an update before its first write.
pub async fn apply(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    prior: &Model,
    planned: &Model,
    held: &Held,
    seen: &[Seen],
) -> Result<Verdict, Errors> {
    let known = standing(configured, coordinate, seen);
    let policy = &configured.settings.policy;
    let registered = seen.iter().filter_map(|facet| facet.observation.look.entry.as_ref());
    let is_concerned = known.guards(policy, coordinate.env())
        || !known.production.is_empty()
        || prior.production == Attr::Known(true)
        || registered.into_iter().any(|entry| entry.production);
    if !is_concerned {
        return Ok(Verdict::Free);
    }
    let looked;
    let start = if held.is_unregistered_import() {
        // Against what is wished, as the plan saw it.
        let spec = super::wish::known(coordinate, planned, &configured.settings)?;
        Start::of_look(configured, prior, held, &spec, seen)
    } else {
        // Under the wish of before, as the plan saw it.
        let was = existing::spec(configured, prior)?;
        looked = existing::observe(configured, &was, Operation::Read.limit(planned))
            .await
            .map_err(|error| report::failure(coordinate, &error))?;
        Start::of_look(configured, prior, held, &was, &looked)
    };
    let start = start.with_new_targets(configured, seen);
    let updating = Updating { prior, planned, held };
    update(configured, cx, coordinate, &start, updating, Phase::Apply).await
}

/// Notes what the delete of an entry would be: the second half of its replacement comes without it.
pub fn note_ending(
    configured: &Configured,
    coordinate: &Coordinate,
    start: &Start<'_>,
    prior: &Model,
) {
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    let ending = Ending {
        document: ending(coordinate, start, prior, owner),
        standing: start.standing.clone(),
        was_production: is_production(start, prior),
    };
    configured.run().note_ending(coordinate, ending);
}

/// Judges an update.
pub async fn update(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    start: &Start<'_>,
    updating: Updating<'_>,
    phase: Phase,
) -> Result<Verdict, Errors> {
    let Updating { prior, planned, held } = updating;
    let limit = Operation::Read.limit(planned);
    guard::holds_the_floor(configured, coordinate, &start.standing)?;
    let (wanted, unknown) = known(configured, planned);
    let spec = super::wish::known(coordinate, planned, &configured.settings)?;
    let was_production = is_production(start, prior);
    let spec = if admits_login(start, &spec) {
        Box::pin(complete(configured, coordinate, start, spec, was_production, limit)).await?
    } else {
        spec
    };
    let wished = planned::object_keys(&spec);
    let make = |was: Side, adopts: bool| {
        let objects = becomes(&spec, &wished, &was);
        let renames = was.names != names(planned);
        let copies = renaming::copies(planned);
        Change {
            after: Some(after(planned, &spec, &wanted, objects)),
            before: Some(was),
            adopts,
            unmarked: start.unmarked.clone(),
            objects: wished.clone(),
            over: held.over.clone(),
            renaming: match (renames && copies, planned.keep_old.known()) {
                (true, Some(keep)) => format!("copy the database, keep the old one for {keep}"),
                _ => String::new(),
            },
            ends_sessions: renames && renaming::forces(planned),
        }
    };
    let change = make(before(start, prior, &wished), held.is_imported());
    let entry = start.entry.filter(|entry| !entry.is_gone());
    let document = document(coordinate, start, &spec.owner, start.generation, &change);
    let is_known = unknown.is_empty();
    let mut unknown = unknown;
    unknown.extend(unknown_ways(planned));
    let mut operations = change.operations();
    // It may come to more than what is known of it.
    if !unknown.is_empty() {
        operations.insert(Kind::Update);
    }
    if planned.resolved_names.is_unknown() {
        operations.insert(Kind::Rename);
    }
    let pending = entry.and_then(|entry| entry.pending.as_ref());
    let resumed = pending.and_then(|pending| {
        let was: Side = serde_json::from_value(pending.before.clone()?).ok()?;
        // Who lost what the entry held takes it over to go on.
        let again = make(was, pending.operation == Kind::Adopt.name());
        Some((resumed(&document, pending, again.after.as_ref(), again.effects())?, pending.clone()))
    });
    let case = Case {
        coordinate,
        standing: &start.standing,
        was_production,
        reaches_others: reaches_others(start, &spec),
        operations,
        unknown: unknown.clone(),
        document,
        resumed,
    };
    let verdict = guard::judge(configured, cx, case, phase)?;
    let was = entry.map(|entry| entry.spec_digest.as_str());
    let digest = is_known.then(|| wanted.digest());
    guard::promoted(configured, coordinate, &start.standing, was, digest.as_deref(), &spec, limit)
        .await?;
    Ok(verdict)
}

/// Judges a delete.
pub fn delete(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    start: &Start<'_>,
    prior: &Model,
    phase: Phase,
) -> Result<Verdict, Errors> {
    guard::holds_the_floor(configured, coordinate, &start.standing)?;
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    let document = ending(coordinate, start, prior, owner);
    let entry = start.entry.filter(|entry| !entry.is_gone());
    let pending = entry.and_then(|entry| entry.pending.as_ref());
    let case = Case {
        coordinate,
        standing: &start.standing,
        was_production: is_production(start, prior),
        // Its own part of what is shared goes; with the last instance the rest.
        reaches_others: false,
        operations: [Kind::Delete].into(),
        unknown: Vec::new(),
        resumed: pending.and_then(|pending| {
            Some((resumed(&document, pending, None, document.effects.clone())?, pending.clone()))
        }),
        document,
    };
    guard::judge(configured, cx, case, phase)
}
