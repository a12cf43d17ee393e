// SPDX-License-Identifier: MPL-2.0
//! Delete: only under our owner and our holder, only what may go, and nothing before that is known.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::existing::{self, Seen};
use super::gating::{self, Start};
use super::held::Held;
use super::limits::Operation;
use super::making::stopped;
use super::model::Model;
use super::report;
use crate::configured::Configured;
use crate::facet::FacetError;
use crate::guard::Phase as GatePhase;
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::registry::{Entry, Expected, Pending, Phase};

/// Deletes an instance.
pub async fn delete(configured: &Configured, cx: &mut Context, prior: Model) -> Result<(), Errors> {
    let coordinate = existing::coordinate(&prior)?;
    let held = Held::load(&cx.private);
    if existing::facets(&prior).is_empty() {
        return Ok(());
    }
    if let Some(who) = &held.held_twice {
        only_the_entry(cx, &coordinate, who);
        return Ok(());
    }
    existing::can_be_asked(configured, &prior, &coordinate, &held)?;
    existing::is_adopted(&coordinate, &held)?;
    let fail = |error: FacetError| report::failure(&coordinate, &error);
    let spec = existing::spec(configured, &prior)?;
    let limit = Operation::Delete.limit(&prior);
    let spec = configured.clients.complete(&spec, limit).await.map_err(fail)?;
    let seen = existing::observe(configured, &spec, limit).await.map_err(fail)?;
    // A server whose address is not known even now is left out of what was asked.
    let Some(first) = seen.first().filter(|_| seen.len() == existing::facets(&prior).len()) else {
        return Err(report::elsewhere(&coordinate, "The address of a server is not known."));
    };
    // The registration as the entry has it; a taint hands over the plan of its create, which knows the targets.
    for facet in &seen {
        let found = facet.observation.look.target.as_ref();
        if found.is_none() || held.targets.get(facet.name).is_some_and(|known| Some(known) != found)
        {
            let what = format!(
                "The {} server that the provider is configured for is not the one that has them, or has lost \
                 its registry.",
                facet.name
            );
            return Err(report::elsewhere(&coordinate, &what));
        }
    }
    let entry = first.observation.look.entry.clone();
    let Some(entry) = entry.filter(|entry| !entry.is_gone()) else {
        return Ok(());
    };
    if !is_ours(&held, &prior, &entry) {
        let who = format!(
            "it is registered for owner \"{}\" at generation {}, written {}",
            entry.owner, entry.generation, entry.written_at
        );
        only_the_entry(cx, &coordinate, &who);
        return Ok(());
    }
    // What is no longer ours goes from the state, protected or not: nothing outside is touched.
    existing::may_delete(&prior, &coordinate, &held)?;
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    if entry.owner != owner {
        let refused = super::claim::Refused::OtherOwner { owner: entry.owner };
        return Err(report::refused(&coordinate, owner, &refused));
    }
    let start = Start::of_look(configured, &prior, &held, &spec, &seen);
    let verdict = gating::delete(configured, cx, &coordinate, &start, &prior, GatePhase::Apply)?;
    // All of it before the first write: a delete that is refused leaves nothing half-ended.
    if !retains(&prior) && !forces(&prior) {
        let mut errors = Errors::new();
        for facet in &seen {
            if let Err(error) = facet.facet.unused(&spec).await {
                errors.extend(fail(error));
            }
        }
        errors.into_result()?;
    }
    if !retains(&prior) {
        for facet in &seen {
            for left in facet.facet.left_behind(&spec).await.map_err(fail)? {
                cx.warn(format!("{}: {}", report::id(&coordinate), left.summary), left.detail);
            }
        }
    }
    steps(configured, cx, &spec, &prior, &seen, verdict.pending()).await.map_err(fail)
}

fn retains(prior: &Model) -> bool {
    prior.on_destroy.known().is_some_and(|what| what == "retain")
}

fn forces(prior: &Model) -> bool {
    prior.force_disconnect.known().copied().unwrap_or(false)
}

async fn steps(
    configured: &Configured,
    cx: &Context,
    spec: &Spec,
    prior: &Model,
    seen: &[Seen],
    pending: Option<Pending>,
) -> Result<(), FacetError> {
    let (retain, force) = (retains(prior), forces(prior));
    let mut expected: Vec<Expected> =
        seen.iter().map(|facet| Expected::from(&facet.observation.look)).collect();
    let next = |entry: &Entry, phase: Phase| Entry {
        phase,
        holder: entry.holder.clone().filter(|_| phase != Phase::Gone),
        generation: entry.generation + u64::from(phase == Phase::Gone),
        pending: pending.clone().filter(|_| phase != Phase::Gone),
        written_at: configured.world.now(),
        ..entry.clone()
    };
    if !retain {
        for (facet, expected) in seen.iter().zip(&mut expected) {
            let Some(entry) = expected.entry.clone().filter(|entry| !entry.is_gone()) else {
                continue;
            };
            stopped(cx)?;
            let deleting = next(&entry, Phase::Deleting);
            facet.facet.record(spec, expected, &deleting, true).await?;
            expected.entry = Some(deleting);
        }
    }
    // Logins are leased by the later facets on the earlier ones, so the last goes first; and the first facet's
    // registry decides, so its tombstone comes last.
    for (facet, expected) in seen.iter().zip(&expected).rev() {
        if !retain {
            facet.facet.dismantle(spec, expected, force, &cx.stop).await?;
        }
        let Some(entry) = expected.entry.as_ref().filter(|entry| !entry.is_gone()) else {
            continue;
        };
        stopped(cx)?;
        facet.facet.record(spec, expected, &next(entry, Phase::Gone), retain).await?;
    }
    Ok(())
}

/// Whether the live registration is this entry's. A taint does not hand the entry's private state over; there the
/// generation tells, which every create, adopt and update raises.
fn is_ours(held: &Held, prior: &Model, entry: &Entry) -> bool {
    match &held.holder {
        Some(holder) => entry.holder.as_ref() == Some(holder),
        None => {
            held.create
                && prior.generation
                    == Attr::Known(i64::try_from(entry.generation).unwrap_or(i64::MAX))
        }
    }
}

fn only_the_entry(cx: &mut Context, coordinate: &Coordinate, who: &str) {
    cx.warn(
        format!("{}: only the entry went", report::id(coordinate)),
        format!(
            "This state entry no longer held it: {who}. The entry was dropped; nothing outside the state was \
             touched."
        ),
    );
}
