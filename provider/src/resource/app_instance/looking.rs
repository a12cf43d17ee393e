// SPDX-License-Identifier: MPL-2.0
//! The one look that the plan of a create takes. It feeds diagnostics, never values.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;

use super::adopting::{self, Adopt};
use super::claim::{self, Claim, Refused};
use super::gating::{self, Creation, Start};
use super::held::Held;
use super::model::Model;
use super::{existing, reading, report, wish};
use crate::configured::Configured;
use crate::facet::{Limit, Observation};
use crate::guard::Phase;
use crate::naming::Coordinate;
use crate::plan::Spec;

/// The create that is planned.
pub struct Create<'a> {
    /// What is created.
    pub coordinate: &'a Coordinate,
    /// What it shall be; `None` where an input is unknown.
    pub spec: Option<&'a Spec>,
    /// The entry whose replacement this is; empty where it is none.
    pub before: &'a Held,
    /// Whether an entry of this run gives the registration up.
    pub replaced: bool,
    /// What it does about objects that nobody registered.
    pub adopt: Adopt,
    /// What the plan says of it.
    pub planned: &'a Model,
}

/// They take a connection to the instance's own database, whose name may not be known.
fn without_extensions(mut spec: Spec) -> Spec {
    if let Some(postgres) = &mut spec.postgres {
        postgres.extensions.clear();
    }
    spec
}

/// The one look of a create: whose is it, and what stands in the way.
pub async fn look(
    configured: &Configured,
    cx: &mut Context,
    create: &Create<'_>,
    limit: Limit,
) -> Result<Held, Errors> {
    let Create { coordinate, spec, before, replaced, adopt, planned } = *create;
    let mut held = Held { create: true, ..Held::default() };
    let settings = &configured.settings;
    let owner = settings.owner.as_deref().unwrap_or_default();
    // The coordinate alone decides the registration, so an input that is not known yet does not prevent the look.
    let partly;
    let (spec, whole) = if let Some(spec) = spec {
        (spec, true)
    } else {
        partly = without_extensions(wish::known(coordinate, planned, settings)?);
        (&partly, false)
    };
    let seen = existing::observe(configured, spec, limit)
        .await
        .map_err(|error| report::failure(coordinate, &error))?;
    // The entry that is to be replaced may have lost it since it was read, or was never read.
    if let Some(what) = reading::elsewhere(&seen, before) {
        return Err(report::elsewhere(coordinate, &what));
    }
    let live = seen.first().and_then(|first| first.observation.look.entry.as_ref());
    if let Some(who) = live
        .filter(|entry| !entry.is_gone() && !before.turns_into_another)
        .and_then(|entry| reading::other_holder(configured, before, entry))
    {
        return Err(report::held_twice(coordinate, &who));
    }
    let mut errors = Errors::new();
    let mut unregistered = Vec::new();
    let mut adopts = false;
    for (index, facet) in seen.iter().enumerate() {
        let observation = &facet.observation;
        let look = &observation.look;
        if let Some(target) = &look.target {
            held.targets.insert(facet.name.to_owned(), target.clone());
        } else if configured.run().is_new_warning(facet.name) {
            cx.warnings.push(report::founding(facet.name));
        }
        if whole {
            errors.extend(report::refusals(coordinate, &observation.refusals));
            errors.extend(not_its_own(coordinate, observation));
        }
        warn(configured, cx, observation);
        let judged = claim::judge(
            look,
            if whole { &observation.occupied } else { &[] },
            owner,
            configured.state_address(),
            replaced,
        );
        match judged {
            // What another instance has is told of by whose it is.
            Err(Refused::Occupied { .. }) if !observation.refusals.is_empty() => {}
            Err(Refused::Occupied { objects }) => unregistered.extend(objects),
            Err(refused) => errors.extend(report::refused(coordinate, owner, &refused)),
            // Not announced, since the CLI drops the warnings of a replacement's second half.
            Ok(Claim::Adopt(entry)) if index == 0 && before.turns_into_another => {
                errors.extend(report::exists(coordinate, &entry));
            }
            Ok(Claim::Adopt(entry)) if index == 0 && !replaced => {
                cx.warnings.push(report::adopt_warning(coordinate, &entry));
            }
            Ok(_) => {}
        }
        if index == 0 {
            held.seen.clone_from(&look.entry);
        }
    }
    if !unregistered.is_empty() {
        match adopting::judge(coordinate, adopt, owner, &seen, &unregistered) {
            Ok(()) => {
                adopts = true;
                cx.warnings.push(adopting::announce(coordinate, &unregistered));
            }
            Err(refused) => errors.extend(refused),
        }
    }
    errors.into_result()?;
    let start = Start::of_create(configured, spec, &seen);
    let creation = Creation { planned, spec: whole.then_some(spec), adopts, replaces: replaced };
    let phase = Phase::of_plan(before.entry_key().is_some());
    gating::create(configured, cx, coordinate, &start, creation, phase, limit).await?;
    held.standing = start.standing;
    Ok(held)
}

/// What stands where a registered instance would have objects of its own, as an error.
pub fn not_its_own(coordinate: &Coordinate, observation: &Observation) -> Errors {
    let objects: Vec<String> = observation.foreign.values().cloned().collect();
    report::not_its_own(coordinate, &objects)
}

/// Warnings of a look, each once a run.
pub fn warn(configured: &Configured, cx: &mut Context, observation: &Observation) {
    for warning in &observation.warnings {
        if configured.run().is_new_warning(&warning.summary) {
            cx.warn(warning.summary.clone(), warning.detail.clone());
        }
    }
}
