// SPDX-License-Identifier: MPL-2.0
//! Where a change begins: what is registered, how the objects stand, and what the registries know.

use std::collections::{BTreeMap, BTreeSet};

use super::super::existing::{self, Seen};
use super::super::held::Held;
use super::super::model::Model;
use super::super::reading;
use super::sides::shared;
use crate::configured::Configured;
use crate::gate::Standing;
use crate::naming::Coordinate;
use crate::plan::vault::{OPS_POLICY, OpsScope};
use crate::plan::{ObjectState, REGISTRATION, Spec};
use crate::registry::Entry;

/// Objects as a look found them, by their line.
pub type Found = BTreeMap<String, String>;

/// Where a change begins: what is registered, and how the objects stand.
#[derive(Clone, Debug, Default)]
pub struct Start<'a> {
    /// The entry of the first registry.
    pub entry: Option<&'a Entry>,
    /// The generation of the registration; that of a tombstone counts too, so that what was approved before the end is not
    /// approved after it.
    pub generation: u64,
    /// The identity of each target that is founded.
    pub targets: BTreeMap<String, String>,
    /// How the objects stand.
    pub objects: Found,
    /// Those that are as wished but for our marker.
    pub unmarked: BTreeSet<String>,
    /// What the registries know.
    pub standing: Standing,
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
            generation: held.seen.as_ref().map_or(0, |entry| entry.generation),
            targets: targets.map(|(facet, id)| (facet.clone(), id.clone())).collect(),
            objects: objects
                .filter_map(|(name, state)| Some((name.clone(), state.known()?.clone())))
                .collect(),
            unmarked: held.unmarked.clone(),
            standing: held.standing.clone(),
        }
    }

    /// The same with the targets of facets that the instance does not have yet: where its objects are made is approved too.
    pub fn with_new_targets(mut self, configured: &Configured, seen: &[Seen]) -> Self {
        for (facet, id) in reading::targets(seen) {
            if !configured.run().has_founded(&id) {
                self.targets.entry(facet).or_insert(id);
            }
        }
        self
    }

    /// Where an apply begins: with what stands. What the plan said of a shared object that is as wished by now stays: another
    /// instance of the app may have made it so in this very run. So does what it said of a policy in which each has a part.
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
        let generation = first.map_or(0, |entry| entry.generation);
        let mut objects = reading::objects_of(configured, prior, held, seen, entry);
        let mut unmarked = reading::unmarked(seen);
        for key in shared(spec) {
            if let (Some(now), Some(then)) = (objects.get_mut(key), state.objects.get(key))
                && now == "ok"
            {
                now.clone_from(then);
                unmarked.extend(state.unmarked.get(key).cloned());
            }
        }
        let parted = spec.vault.as_ref().filter(|vault| vault.ops_scope != OpsScope::Own);
        if parted.is_some()
            && configured.run().has_others_of(&spec.coordinate)
            && let (Some(now), Some(then)) =
                (objects.get_mut(OPS_POLICY), state.objects.get(OPS_POLICY))
            && *then == ObjectState::Missing.to_string()
        {
            now.clone_from(then);
        }
        let had = existing::facets(prior);
        let mut targets = reading::targets(seen);
        // A registry that this run founded was none when the plan was approved.
        let was_there = |facet: &String, id: &String| {
            held.targets.get(facet) == Some(id) || !configured.run().has_founded(id)
        };
        targets.retain(|facet, id| had.contains(facet) && was_there(facet, id));
        let standing = standing(configured, &spec.coordinate, seen);
        Self { entry, generation, targets, objects, unmarked, standing }
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
            generation: first.map_or(0, |entry| entry.generation),
            targets,
            objects,
            unmarked: reading::unmarked(seen),
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
