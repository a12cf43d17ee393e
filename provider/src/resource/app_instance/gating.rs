//! Changes of an instance before the production gate: what is approved is made here, at plan from the state and again in
//! apply from what stands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::existing::{self, Seen};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::reading::{self, REGISTRATION};
use super::wanted::Wanted;
use super::{planned, renaming, report};
use crate::configured::Configured;
use crate::facet::Limit;
use crate::gate::document::Document;
use crate::gate::instance::{Change, Side};
use crate::gate::{Operation as Kind, Standing};
use crate::guard::{self, Case, Phase, Verdict};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::plan::postgres::OWNER_ROLE;
use crate::plan::vault::{
    CI_ROLE, DATABASE_ROLE, KUBERNETES_ROLE, NO_PART_WISHED, NO_PART_YET, OPS_POLICY, OpsScope,
};
use crate::registry::{Entry, Pending, Phase as Registered};
use crate::run::Ending;

/// Objects as a look found them, by their line.
pub type Found = BTreeMap<String, String>;

/// Where a change begins: what is registered, and how the objects stand.
#[derive(Clone, Debug, Default)]
pub struct Start<'a> {
    /// The entry of the first registry.
    pub entry: Option<&'a Entry>,
    /// The identity of each target that is founded.
    pub targets: BTreeMap<String, String>,
    /// How the objects stand.
    pub objects: Found,
    /// What the registries know.
    pub standing: Standing,
}

/// What a create comes to.
#[derive(Clone, Copy, Debug)]
pub struct Creation<'a> {
    /// What is to be.
    pub planned: &'a Model,
    /// The same, wholly known; `None` where an input is unknown.
    pub spec: Option<&'a Spec>,
    /// Whether something that is there is taken over.
    pub adopts: bool,
    /// Whether this run ends the registration first.
    pub replaces: bool,
}

// === impl Start ===

impl<'a> Start<'a> {
    /// Where a plan begins: with what the state knows.
    pub fn of_state(prior: &Model, held: &'a Held) -> Self {
        let objects = prior.objects.known().into_iter().flatten();
        let had = existing::facets(prior);
        let targets = held.targets.iter().filter(|(facet, _)| had.contains(facet));
        Self {
            entry: held.seen.as_ref(),
            targets: targets.map(|(facet, id)| (facet.clone(), id.clone())).collect(),
            objects: objects
                .filter_map(|(name, state)| Some((name.clone(), state.known()?.clone())))
                .collect(),
            standing: held.standing.clone(),
        }
    }

    /// Where an apply begins: with what stands. What the plan said of a shared object that is as wished by now stays: another
    /// instance of the app may have made it so in this very run.
    pub fn of_look(
        configured: &Configured,
        prior: &Model,
        held: &'a Held,
        spec: &Spec,
        seen: &'a [Seen],
    ) -> Self {
        let state = Self::of_state(prior, held);
        let first = seen.first().and_then(|first| first.observation.look.entry.as_ref());
        let entry = first.filter(|entry| !entry.is_gone());
        let mut objects = reading::objects_of(configured, prior, held, seen, entry);
        for key in shared(spec) {
            if let (Some(now), Some(then)) = (objects.get_mut(key), state.objects.get(key))
                && now == "ok"
            {
                now.clone_from(then);
            }
        }
        let had = existing::facets(prior);
        let mut targets = reading::targets(seen);
        targets.retain(|facet, _| had.contains(facet));
        Self { entry, targets, objects, standing: standing(configured, &spec.coordinate, seen) }
    }

    /// Where a create begins.
    pub fn of_create(configured: &Configured, spec: &Spec, seen: &'a [Seen]) -> Self {
        let first = seen.first().and_then(|first| first.observation.look.entry.as_ref());
        let objects = seen.iter().flat_map(|facet| &facet.observation.objects);
        let mut objects: Found =
            objects.map(|(name, state)| (name.clone(), state.to_string())).collect();
        // The registration has no line of its own where nothing holds it.
        objects.insert(REGISTRATION.to_owned(), "ok".to_owned());
        let mut targets = reading::targets(seen);
        targets.retain(|_, id| !configured.run().has_founded(id));
        Self {
            entry: first,
            targets,
            objects,
            standing: standing(configured, &spec.coordinate, seen),
        }
    }
}

/// What the registries know of an app.
pub fn standing(configured: &Configured, coordinate: &Coordinate, seen: &[Seen]) -> Standing {
    let looks = seen.iter().map(|facet| &facet.observation.look);
    let promotion = configured.settings.policy.promotion(coordinate.env());
    Standing::of(looks, promotion.map(|promotion| promotion.from.as_str()))
}

/// Objects that the app's instances share and that have no part of each.
fn shared(spec: &Spec) -> Vec<&'static str> {
    let role = spec.postgres.as_ref().filter(|wish| wish.owner_role_shared);
    let ci = spec.vault.as_ref().and_then(|wish| wish.ci.as_ref());
    let role = role.map(|_| OWNER_ROLE);
    role.into_iter().chain(ci.map(|_| CI_ROLE)).collect()
}

/// Whether a change of one env reaches what the app's production has too: a shared object, the app's owner, or the grants
/// of the whole family.
fn reaches_others(start: &Start<'_>, spec: &Spec) -> bool {
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
fn names(model: &Model) -> BTreeMap<String, String> {
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

fn inputs(wanted: &Wanted) -> Value {
    serde_json::to_value(wanted).unwrap_or_default()
}

/// What an object shall be, where its line does not tell.
fn wish(spec: &Spec, object: &str) -> Value {
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
        _ => None,
    };
    wish.unwrap_or_else(|| json!("ok"))
}

fn before(start: &Start<'_>, prior: &Model, wished: &BTreeSet<String>) -> Side {
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

fn after(planned: &Model, spec: &Spec, wanted: &Wanted, objects: BTreeMap<String, Value>) -> Side {
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
fn becomes(spec: &Spec, wished: &BTreeSet<String>, before: &Side) -> BTreeMap<String, Value> {
    let kept = before.objects.keys().filter(|name| wished.contains(*name));
    kept.map(|name| (name.clone(), wish(spec, name))).collect()
}

fn document(
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
fn resumed(now: &Document, pending: &Pending, after: Option<&Side>) -> Option<Document> {
    Some(Document {
        target: pending.target.clone(),
        generation: pending.generation,
        operation: Kind::parse(&pending.operation)?,
        before: pending.before.clone(),
        after: after.and_then(|after| serde_json::to_value(after).ok()),
        effects: pending.effects.clone(),
        ..now.clone()
    })
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

/// Judges a create whose targets cannot be asked yet.
pub async fn unseen(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    planned: &Model,
    limit: Limit,
) -> Result<(), Errors> {
    let creation = Creation { planned, spec: None, adopts: false, replaces: false };
    let start = Start::default();
    create(configured, cx, coordinate, &start, creation, Phase::Plan, limit).await.map(drop)
}

/// Judges an update as it is planned, whether it has an effect or not.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    prior: &Model,
    planned: &Model,
    held: &Held,
) -> Result<(), Errors> {
    let start = Start::of_state(prior, held);
    note_ending(configured, coordinate, &start, prior);
    update(configured, cx, coordinate, &start, prior, planned, held, Phase::Plan).await.map(drop)
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
    // Under the wish of before, as the plan saw it.
    let was = existing::spec(configured, prior)?;
    let looked = existing::observe(configured, &was, Operation::Read.limit(planned)).await;
    let looked = looked.map_err(|error| report::failure(coordinate, &error))?;
    let start = Start::of_look(configured, prior, held, &was, &looked);
    update(configured, cx, coordinate, &start, prior, planned, held, Phase::Apply).await
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

/// Judges the delete of what this run replaces.
pub fn replaced(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
) -> Result<(), Errors> {
    let noted = configured.run().ending(coordinate);
    let Some(Ending { document, standing, was_production }) = noted else { return Ok(()) };
    let case = Case {
        coordinate,
        standing: &standing,
        was_production,
        reaches_others: false,
        operations: [Kind::Delete].into(),
        unknown: Vec::new(),
        document,
        resumed: None,
    };
    guard::judge(configured, cx, case, Phase::Plan).map(drop)
}

fn is_production(start: &Start<'_>, prior: &Model) -> bool {
    let entry = start.entry.filter(|entry| !entry.is_gone());
    prior.production == Attr::Known(true) || entry.is_some_and(|entry| entry.production)
}

/// Judges a create.
pub async fn create(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    start: &Start<'_>,
    creation: Creation<'_>,
    phase: Phase,
    limit: Limit,
) -> Result<Verdict, Errors> {
    let Creation { planned, spec, adopts, replaces } = creation;
    guard::holds_the_floor(configured, coordinate, &start.standing)?;
    let (wanted, unknown) = known(configured, planned);
    let names_only;
    let spec = if let Some(spec) = spec {
        spec
    } else {
        let facets = configured.settings.facets();
        names_only = super::wish::spec(coordinate, &wanted, &configured.settings, &facets)?;
        &names_only
    };
    let wished = planned::object_keys(spec);
    let live = start.entry.filter(|entry| !entry.is_gone());
    let taken = live.filter(|entry| entry.phase != Registered::Pending && !replaces);
    let was = taken.map(|entry| {
        let of = Start { entry: Some(entry), ..start.clone() };
        Side { names: names(planned), ..before(&of, planned, &wished) }
    });
    let of_create = || {
        let told = wished.iter().map(|name| (name.clone(), wish(spec, name)));
        told.filter(|(_, wish)| !wish.is_string()).collect()
    };
    let objects = was.as_ref().map_or_else(of_create, |was| becomes(spec, &wished, was));
    let change = Change {
        adopts: adopts || was.is_some(),
        before: was,
        after: Some(after(planned, spec, &wanted, objects)),
        objects: wished,
        ..Change::default()
    };
    let generation =
        start.entry.map_or(0, |entry| entry.generation) + u64::from(replaces && live.is_some());
    let document = document(coordinate, start, &spec.owner, generation, &change);
    let pending = live.and_then(|entry| entry.pending.as_ref());
    let case = Case {
        coordinate,
        standing: &start.standing,
        was_production: live.is_some_and(|entry| entry.production),
        reaches_others: reaches_others(start, spec),
        operations: change.operations(),
        unknown: unknown.clone(),
        resumed: pending.and_then(|pending| {
            Some((resumed(&document, pending, change.after.as_ref())?, pending.clone()))
        }),
        document,
    };
    let verdict = guard::judge(configured, cx, case, phase)?;
    let was = taken.map(|entry| entry.spec_digest.as_str());
    let digest = unknown.is_empty().then(|| wanted.digest());
    guard::promoted(configured, coordinate, &start.standing, was, digest.as_deref(), spec, limit)
        .await?;
    Ok(verdict)
}

/// Judges an update.
pub async fn update(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    start: &Start<'_>,
    prior: &Model,
    planned: &Model,
    held: &Held,
    phase: Phase,
) -> Result<Verdict, Errors> {
    let limit = Operation::Read.limit(planned);
    guard::holds_the_floor(configured, coordinate, &start.standing)?;
    let (wanted, unknown) = known(configured, planned);
    let facets = configured.settings.facets();
    let spec = super::wish::spec(coordinate, &wanted, &configured.settings, &facets)?;
    let wished = planned::object_keys(&spec);
    let make = |was: Side, adopts: bool| {
        let objects = becomes(&spec, &wished, &was);
        let renames = was.names != names(planned);
        let copies = renaming::copies(planned);
        Change {
            after: Some(after(planned, &spec, &wanted, objects)),
            before: Some(was),
            adopts,
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
    let generation = entry.map_or(0, |entry| entry.generation);
    let document = document(coordinate, start, &spec.owner, generation, &change);
    let mut operations = change.operations();
    if !unknown.is_empty() && operations.is_empty() {
        operations.insert(Kind::Update);
    }
    let pending = entry.and_then(|entry| entry.pending.as_ref());
    let resumed = pending.and_then(|pending| {
        let was: Side = serde_json::from_value(pending.before.clone()?).ok()?;
        let again = make(was, change.adopts);
        Some((resumed(&document, pending, again.after.as_ref())?, pending.clone()))
    });
    let case = Case {
        coordinate,
        standing: &start.standing,
        was_production: is_production(start, prior),
        reaches_others: reaches_others(start, &spec),
        operations,
        unknown: unknown.clone(),
        document,
        resumed,
    };
    let verdict = guard::judge(configured, cx, case, phase)?;
    let was = entry.map(|entry| entry.spec_digest.as_str());
    let digest = unknown.is_empty().then(|| wanted.digest());
    guard::promoted(configured, coordinate, &start.standing, was, digest.as_deref(), &spec, limit)
        .await?;
    Ok(verdict)
}

/// Whether a change takes protection away.
pub fn loosens(prior: &Model, planned: &Model) -> bool {
    let protects = |model: &Model| model.deletion_protection == Attr::Known(true);
    let retains = |model: &Model| model.on_destroy.known().is_some_and(|what| what == "retain");
    (protects(prior) && !protects(planned)) || (retains(prior) && !retains(planned))
}

/// What a delete is, as it is approved.
fn ending(coordinate: &Coordinate, start: &Start<'_>, prior: &Model, owner: &str) -> Document {
    let objects = start.objects.keys().filter(|name| *name != REGISTRATION).cloned().collect();
    let change = Change {
        before: Some(before(start, prior, &BTreeSet::new())),
        objects,
        ends_sessions: renaming::forces(prior),
        ..Change::default()
    };
    let generation = start.entry.map_or(0, |entry| entry.generation);
    document(coordinate, start, owner, generation, &change)
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
        resumed: pending
            .and_then(|pending| Some((resumed(&document, pending, None)?, pending.clone()))),
        document,
    };
    guard::judge(configured, cx, case, phase)
}
