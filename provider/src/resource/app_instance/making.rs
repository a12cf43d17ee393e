// SPDX-License-Identifier: MPL-2.0
//! Create and update: one path, which also continues what a killed run left and adopts what is there.

use std::collections::BTreeMap;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::Slot;
use tfplugin::value::Attr;

use super::adopting::{self, Adopt};
use super::claim::{self, Claim, Refused};
use super::existing::{self, Seen};
use super::gating::{self, Creation, Start};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::reading::{kept, targets};
use super::work::{Was, Work, prepare};
use super::{failed, looking, planning, renaming, report};
use crate::configured::Configured;
use crate::facet::{FacetError, Fault, Limit};
use crate::guard::Phase as GatePhase;
use crate::naming::Coordinate;
use crate::plan::duration;
use crate::plan::postgres::ENDED_LOGINS;
use crate::plan::{ObjectState, REGISTRATION, Spec};
use crate::registry::{Entry, Expected, Phase};
use crate::resource::state_gate;

/// Makes an instance. On an error the slot stays empty: nothing is tainted, and the next apply continues.
pub async fn create(
    configured: &Configured,
    cx: &mut Context,
    mut planned: Model,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let coordinate = existing::coordinate(&planned)?;
    let plan = Held::load(&cx.private);
    let mut held = Held { holder: Some(configured.world.random_id()), ..Held::default() };
    let Some(mut work) = prepare(configured, &coordinate, &mut planned, Operation::Create)? else {
        planned.generation = Attr::Known(0);
        planned.kept = Attr::Known(BTreeMap::new());
        held.store(&mut cx.private);
        state.put(planned);
        return Ok(());
    };
    state_gate::apply(configured, &coordinate, &work.spec.names.state_prefix)?;
    let seen = observe(configured, &coordinate, &mut work).await?;
    let first = &seen[0].observation.look;
    if plan.create && !same(plan.seen.as_ref(), first.entry.as_ref()) {
        return Err(report::moved_on(&coordinate, first.entry.as_ref()));
    }
    let owner = work.spec.owner.clone();
    let mut errors = Errors::new();
    let adopt = Adopt::of(&planned);
    let mut adopts = false;
    let mut unregistered = Vec::new();
    let mut generation = first.entry.as_ref().map_or(0, |entry| entry.generation);
    let mut phase = Phase::Pending;
    for (index, facet) in seen.iter().enumerate() {
        let observation = &facet.observation;
        errors.extend(report::refusals(&coordinate, &observation.refusals));
        errors.extend(looking::not_its_own(&coordinate, observation));
        // Whose state it is was judged by the plan, which this apply has just repeated.
        let (look, occupied) = (&observation.look, &observation.occupied);
        match claim::judge(look, occupied, &owner, None, true) {
            Err(Refused::Occupied { objects }) => unregistered.extend(objects),
            Err(refused) => errors.extend(report::refused(&coordinate, &owner, &refused)),
            Ok(Claim::Adopt(entry)) if index == 0 => {
                generation = entry.generation + 1;
                phase = Phase::Live;
            }
            Ok(_) => {}
        }
    }
    if !unregistered.is_empty() {
        let judged = adopting::judge(&coordinate, adopt, &owner, &seen, &unregistered);
        adopts = judged.is_ok();
        errors.extend(judged.err().unwrap_or_default());
    }
    errors.into_result()?;
    let start = Start::of_create(configured, &work.spec, &seen);
    let spec = Some(&work.spec);
    let creation = Creation { planned: &planned, spec, adopts, replaces: false };
    let phase_of_gate = GatePhase::Apply;
    let verdict =
        gating::create(configured, cx, &coordinate, &start, creation, phase_of_gate, work.limit);
    work.pending = verdict.await?.pending();
    let claim = work.entry(configured, &held, generation, phase);
    let made = converge(configured, cx, &work, &seen, Some(&claim), &mut held, &mut Told::new())
        .await
        .map_err(|error| report::failure(&coordinate, &error))?;
    configured.run().note_made(&coordinate);
    finish(&mut planned, made, held, cx, state);
    Ok(())
}

/// Changes an instance in place, mends what differs, and adopts an imported one.
pub async fn update(
    configured: &Configured,
    cx: &mut Context,
    prior: Model,
    mut planned: Model,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let coordinate = existing::coordinate(&planned)?;
    let mut held = Held::load(&cx.private);
    if let Some(who) = &held.held_twice {
        return Err(report::held_twice(&coordinate, who));
    }
    let work = prepare(configured, &coordinate, &mut planned, Operation::Update)?;
    let touches = planning::touches_outside(&prior, &planned);
    let Some(mut work) = work.filter(|_| touches || gating::loosens(&prior, &planned)) else {
        planned.generation = prior.generation;
        planned.kept = prior.kept;
        state.put(planned);
        return Ok(());
    };
    state_gate::apply(configured, &coordinate, &work.spec.names.state_prefix)?;
    let seen = observe(configured, &coordinate, &mut work).await?;
    for facet in &seen {
        let found = &facet.observation.look.target;
        if held.targets.get(facet.name).is_some_and(|wanted| found.as_ref() != Some(wanted)) {
            let what = format!(
                "The {} server that the provider is configured for is not the one that has them.",
                facet.name
            );
            return Err(report::elsewhere(&coordinate, &what));
        }
    }
    let first = seen[0].observation.look.entry.as_ref();
    // A first facet that the instance did not have yet has no registration to compare.
    let had_first = existing::facets(&prior).iter().any(|facet| facet == seen[0].name);
    // A tombstone is no registration: what came by import under it is adopted like what never had one.
    if had_first && !same(held.seen.as_ref(), first.filter(|entry| !entry.is_gone())) {
        return Err(report::moved_on(&coordinate, first));
    }
    let mut errors = Errors::new();
    let owner = work.spec.owner.clone();
    let ours = first.is_some_and(|entry| entry.holder.is_some() && entry.holder == held.holder);
    let adopts = held.holder.is_none();
    let renames = renaming::is_due(&seen) || !renaming::changes(&prior, &planned).is_empty();
    if !adopts || renames {
        errors.extend(renaming::in_the_way(&coordinate, &seen));
    }
    for facet in &seen {
        let observation = &facet.observation;
        if (adopts || prior.production != planned.production) && !renames {
            errors.extend(report::refusals(&coordinate, &observation.refusals));
            errors.extend(report::refusals(&coordinate, &observation.blocked));
        }
        let other = observation.look.app_owner.as_deref().filter(|other| *other != owner);
        // A changed owner is applied under a live holder, and only so.
        if let Some(other) = other.filter(|_| !ours) {
            let refused = claim::Refused::OtherOwner { owner: other.to_owned() };
            errors.extend(report::refused(&coordinate, &owner, &refused));
        }
        if existing::facets(&prior).iter().any(|had| had == facet.name) {
            continue;
        }
        // A facet that the instance did not have yet is claimed as a create claims it.
        let (look, occupied) = (&observation.look, &observation.occupied);
        match claim::judge(look, occupied, &owner, None, true) {
            Err(refused) => errors.extend(report::refused(&coordinate, &owner, &refused)),
            Ok(Claim::Adopt(entry)) if entry.holder != held.holder => {
                errors.extend(report::moved_on(&coordinate, Some(&entry)));
            }
            Ok(_) => {}
        }
    }
    errors.into_result()?;
    let verdict = gating::apply(configured, cx, &coordinate, &prior, &planned, &held, &seen);
    work.pending = verdict.await?.pending();
    // What was approved is done once: the registries then tell that it was.
    if !touches && work.pending.is_none() {
        planned.generation = prior.generation;
        planned.kept = prior.kept;
        state.put(planned);
        return Ok(());
    }
    if renames {
        let was = renaming::registered(configured, &prior, &work.spec, &seen, work.limit).await?;
        work.was = Some(Was { spec: was, force: renaming::forces(&planned) });
    }
    let keep = planned.keep_old.known().and_then(|text| duration::parse(text));
    let keep_until = keep.map(|keep| configured.world.later(keep));
    if let Some(postgres) = &mut work.spec.postgres {
        postgres.over.clone_from(&held.over);
        postgres.keep_until = keep_until.clone().filter(|_| renaming::copies(&planned));
    }
    if let Some(host) = &mut work.spec.host {
        host.over.clone_from(&held.over);
        host.keep_until = keep_until;
    }
    let generation = match first {
        Some(entry) => entry.generation + u64::from(adopts && !entry.is_gone()),
        None => held.seen.as_ref().map_or(0, |entry| entry.generation),
    };
    let before = held.clone();
    if adopts {
        held.holder = Some(configured.world.random_id());
        held.import = None;
    }
    let registered = first.is_some_and(|entry| !entry.is_gone());
    // Objects are made under the registry's owner only, so a changed one is written before them.
    // In any of them: an apply that was killed may have told one registry and not the other.
    let handed_over = seen.iter().any(|facet| {
        let entry = facet.observation.look.entry.as_ref();
        entry.is_some_and(|entry| !entry.is_gone() && entry.owner != owner)
    });
    let mut claim = (adopts || !registered || handed_over).then(|| {
        let phase = if registered || adopts { Phase::Live } else { Phase::Pending };
        work.entry(configured, &held, generation, phase)
    });
    if let (None, Some(pending), Some(entry)) = (&claim, &work.pending, first) {
        claim = Some(Entry {
            pending: Some(pending.clone()),
            written_at: configured.world.now(),
            ..entry.clone()
        });
    }
    let mut told = Told::new();
    let made = converge(configured, cx, &work, &seen, claim.as_ref(), &mut held, &mut told).await;
    match made {
        Ok(made) => {
            finish(&mut planned, made, held, cx, state);
            Ok(())
        }
        Err(error) => {
            let held = if told.is_empty() { before } else { held };
            if error.fault == Fault::Stopped {
                failed::keep(configured, cx, prior, held, &told, state);
            } else {
                failed::look(configured, cx, prior, held, &told, state).await;
            }
            Err(report::failure(&coordinate, &error))
        }
    }
}

async fn observe(
    configured: &Configured,
    coordinate: &Coordinate,
    work: &mut Work,
) -> Result<Vec<Seen>, Errors> {
    let seen = existing::observe(configured, &work.spec, work.limit)
        .await
        .map_err(|error| report::failure(coordinate, &error))?;
    work.carry_on(&seen);
    // A server whose address is not known even now is left out of what was asked.
    if seen.len() == configured.settings.facets().len() {
        Ok(seen)
    } else {
        Err(report::elsewhere(coordinate, "The address of a server is not known."))
    }
}

/// What an apply has written into each facet's registry, whatever happens then.
pub type Told = BTreeMap<&'static str, Entry>;

/// Registers, makes every object, and registers that it is whole.
///
/// A claim that takes a registration over has raised the generation: by it alone the delete of a tainted entry tells
/// whose the registration is, from the first write on. What is then made whole has the same one.
async fn converge(
    configured: &Configured,
    cx: &mut Context,
    work: &Work,
    seen: &[Seen],
    claim: Option<&Entry>,
    held: &mut Held,
    told: &mut Told,
) -> Result<Made, FacetError> {
    let spec = configured.clients.complete(&work.spec, work.limit).await?;
    let mut expected: Vec<Expected> =
        seen.iter().map(|facet| Expected::from(&facet.observation.look)).collect();
    held.targets = targets(seen);
    let generation = match (claim, &expected[0].entry) {
        (Some(claim), _) => claim.generation,
        (None, Some(entry)) => entry.generation,
        (None, None) => 0,
    };
    if let Some(was) = &work.was {
        let next = work.entry(configured, held, generation, Phase::Live);
        let renamed = renaming::apply(cx, &spec, was, seen, &mut expected, &next).await;
        // However it went, a registry may have been told.
        for (facet, expected) in seen.iter().zip(&expected) {
            if expected.entry.as_ref() == Some(&next) {
                told.insert(facet.name, next.clone());
            }
        }
        renamed?;
    }
    for (facet, expected) in seen.iter().zip(&mut expected) {
        let missing = expected.entry.as_ref().is_none_or(Entry::is_gone);
        let fresh = work.entry(configured, held, generation, Phase::Pending);
        let Some(next) = claim.or(missing.then_some(&fresh)) else { continue };
        stopped(cx)?;
        let target = facet.facet.record(&spec, expected, next, false).await?;
        if expected.target.is_none() {
            configured.run().note_founded(&target);
        }
        held.targets.insert(facet.name.to_owned(), target.clone());
        told.insert(facet.name, next.clone());
        *expected = Expected { target: Some(target), entry: Some(next.clone()) };
    }
    gating::raise(configured, cx, &spec, seen).await?;
    for facet in seen {
        facet.facet.converge(&spec, &cx.stop).await?;
    }
    stopped(cx)?;
    let kept = verify(configured, &spec, work.limit).await?;
    let raised = seen[0].observation.look.entry.as_ref().is_some_and(|e| generation > e.generation);
    let whole = work.whole(configured, held, generation + u64::from(!raised));
    // The first facet's registry decides, so it is written last.
    for (facet, expected) in seen.iter().zip(&expected).rev() {
        stopped(cx)?;
        facet.facet.record(&spec, expected, &whole, false).await?;
        told.insert(facet.name, whole.clone());
    }
    Ok(Made { entry: whole, kept })
}

/// What an apply ends with.
struct Made {
    entry: Entry,
    kept: BTreeMap<String, Attr<String>>,
}

/// Looks once more: an object that is not as wished after all is an error, not a state.
async fn verify(
    configured: &Configured,
    spec: &Spec,
    limit: Limit,
) -> Result<BTreeMap<String, Attr<String>>, FacetError> {
    let seen = existing::observe(configured, spec, limit).await?;
    let off: Vec<String> = seen
        .iter()
        .flat_map(|facet| &facet.observation.objects)
        // Judged by its facet, which knows what can be settled.
        .filter(|(name, _)| *name != ENDED_LOGINS)
        .filter(|(_, state)| **state != ObjectState::Ok)
        .map(|(name, state)| format!("{name} {state}"))
        .collect();
    if off.is_empty() {
        return Ok(kept(&seen));
    }
    Err(FacetError {
        fault: Fault::Rejected,
        summary: "not as wished after it was made".to_owned(),
        attempted: "Every object was made, then looked at again.".to_owned(),
        cause: off.join("; "),
        next: "see whether something else changes these objects, and apply again".to_owned(),
        attribute: None,
    })
}

/// An error once the user asked to stop.
pub fn stopped(cx: &Context) -> Result<(), FacetError> {
    if !cx.stop.is_cancelled() {
        return Ok(());
    }
    Err(FacetError {
        fault: Fault::Stopped,
        summary: "stopped".to_owned(),
        attempted: "The apply was asked to stop before its next write.".to_owned(),
        cause: "interrupted".to_owned(),
        next: "apply again".to_owned(),
        attribute: None,
    })
}

fn finish(
    planned: &mut Model,
    made: Made,
    mut held: Held,
    cx: &mut Context,
    state: &mut Slot<Model>,
) {
    let Made { entry, kept } = made;
    planned.kept = Attr::Known(kept);
    planned.generation = Attr::Known(i64::try_from(entry.generation).unwrap_or(i64::MAX));
    debug_assert!(
        planned.objects.known().is_some_and(|objects| objects.contains_key(REGISTRATION))
    );
    held.seen = Some(entry);
    held.over.clear();
    held.refusals.clear();
    held.foreign.clear();
    held.unmarked.clear();
    held.create = false;
    held.store(&mut cx.private);
    state.put(planned.clone());
}

/// Whether the registration is still the one that was seen.
fn same(then: Option<&Entry>, now: Option<&Entry>) -> bool {
    match (then, now) {
        (None, None) => true,
        (Some(then), Some(now)) => then.same_registration(now),
        _ => false,
    }
}
