// SPDX-License-Identifier: MPL-2.0
//! A look at the registry and at everything that an instance has. Takes no lock and writes nothing.

use std::collections::BTreeMap;

use super::disk::us;
use super::registry::Registry;
use super::way::{Astray, Doubt, Way};
use super::{Settings, failure, rename, wish};
use crate::facet::{FacetError, Observation, Refusal};
use crate::plan::Spec;
use crate::plan::host::{Found, HostWish, Kind, Place, quoted};
use crate::registry::Entry;

/// What is there, and who else could change it.
#[derive(Default)]
pub(super) struct Seen {
    /// What stands at each place; what is not in it is missing.
    pub found: BTreeMap<String, Found>,
    doubts: Vec<Doubt>,
    /// The work tree that the secrets are in.
    work_tree: Option<String>,
}

// === impl Seen ===

impl Seen {
    /// Looks at every place.
    pub fn of(wish: &HostWish) -> Result<Self, FacetError> {
        let mut seen = Self::default();
        for top in [&wish.app_dir, &wish.secrets_dir] {
            let (way, _) = Way::to_parent(top, &wish.root).map_err(failure::astray)?;
            for doubt in way.doubts {
                if !seen.doubts.contains(&doubt) {
                    seen.doubts.push(doubt);
                }
            }
            if top == &wish.secrets_dir {
                seen.work_tree = way.work_tree;
            }
        }
        for place in wish.places() {
            if let Some(found) = at(&place, &wish.root)? {
                seen.found.insert(place.path, found);
            }
        }
        Ok(seen)
    }

    fn at(&self, place: &Place) -> &Found {
        self.found.get(&place.path).unwrap_or(&Found::Missing)
    }
}

/// What stands at one place; nothing is there either where the way to it is not.
fn at(place: &Place, root: &str) -> Result<Option<Found>, FacetError> {
    match Way::to_parent(&place.path, root) {
        Ok((way, name)) if way.is_whole() => {
            way.dir.look(name).map(Some).map_err(|error| failure::disk(&error))
        }
        // One of the instance's own directories is something else, which its line says.
        Ok(_) | Err(Astray::Blocked { .. }) => Ok(None),
        Err(astray) => Err(failure::astray(astray)),
    }
}

/// Looks at an instance.
pub(super) fn observe(settings: &Settings, spec: &Spec) -> Result<Observation, FacetError> {
    let wish = wish(spec)?;
    let registry = Registry::open(settings)?;
    let mut observation = Observation::default();
    let mut record = None;
    if let Some(registry) = &registry {
        observation.look = registry.look(settings, spec)?;
        if observation.look.target.is_some() {
            record = registry.record(&spec.coordinate)?;
        }
        let other = registry.identity.as_ref().and_then(|identity| identity.other_name(settings));
        if let Some(found) = other {
            observation.refusals.push(failure::other_name(settings, found));
        }
    }
    let seen = Seen::of(wish)?;
    observation.refusals.extend(seen.doubts.iter().map(failure::doubt));
    if let Some(tree) = &seen.work_tree {
        let refusal =
            failure::in_work_tree("the directory of the secrets", &wish.secrets_dir, tree);
        observation.refusals.push(refusal);
    }
    observation.objects = wish.states(&seen.found, us());
    let there = |place: &&Place| *seen.at(place) != Found::Missing;
    let told = |place: &Place| place.told(seen.at(place));
    let places = wish.places();
    let registered = record.as_ref().filter(|record| !record.entry.is_gone());
    if let Some(record) = registered {
        observation.kept = record.kept.clone();
        if let Some(directories) = &record.directories {
            observation.renamed = directories.renamed(wish);
        }
    }
    if !observation.renamed.is_empty() {
        observation.occupied = rename::in_the_way(wish, &observation.renamed)?;
    } else if let Some(record) = registered {
        for place in places.iter().filter(there) {
            if place.is_blocked_by(seen.at(place)) {
                observation.refusals.push(replaced(wish, place, &told(place)));
            } else if !record.places.contains(&place.path)
                && !place.is_the_same_link(seen.at(place))
            {
                observation.foreign.insert(place.key.clone(), told(place));
            }
        }
    } else {
        observation.occupied = places.iter().filter(there).map(told).collect();
        let blocked = places.iter().filter(|place| place.is_blocked_by(seen.at(place)));
        observation.blocked =
            blocked.map(|place| in_the_way(wish, place, seen.at(place))).collect();
    }
    // Only what is there may be another's, and is asked for: a read of the whole registry takes its time.
    if !observation.occupied.is_empty()
        && let Some(registry) = &registry
        && let Some(other) =
            registry.tenant(&spec.coordinate, [&wish.app_dir, &wish.secrets_dir])?
    {
        observation.refusals.push(failure::of_another(&other, wish));
    }
    debug_assert!(
        observation.look.entry.as_ref().is_none_or(Entry::is_gone) == registered.is_none()
    );
    Ok(observation)
}

/// Where a user moves what stands at a place.
fn away(wish: &HostWish, place: &Place) -> String {
    match wish.links.iter().find(|link| link.key == place.key) {
        Some(link) => format!("move it to {}, or away", quoted(&link.target)),
        None => "move it away".to_owned(),
    }
}

/// What stands where an instance that nobody registered would have something, and may hold what nobody else has.
fn in_the_way(wish: &HostWish, place: &Place, found: &Found) -> Refusal {
    let told = place.told(found);
    let belongs = match &place.kind {
        Kind::Directory { .. } => "the directory belongs".to_owned(),
        Kind::Link { target } => format!("a link to {} belongs", quoted(target)),
    };
    let next = match (&place.kind, found) {
        (Kind::Directory { .. }, Found::Link { .. }) => {
            "name the directory itself in the block `names` and behind the `?` of the import's id"
                .to_owned()
        }
        _ => away(wish, place),
    };
    Refusal {
        summary: format!("{} is in the way", quoted(&place.path)),
        detail: format!(
            "There is {told} where {belongs}. What can be changed in place is taken over; this may hold what is nowhere \
             else, so it is not replaced. Nothing was changed.\n\nNext: {next}, and plan again."
        ),
    }
}

/// What stands where the instance has something, and may hold what nobody else has.
fn replaced(wish: &HostWish, place: &Place, told: &str) -> Refusal {
    let next = away(wish, place);
    Refusal {
        summary: format!("{} is not what it was made as", quoted(&place.path)),
        detail: format!(
            "Something put {told} in its place; it may hold what is nowhere else, so it is not replaced. Nothing was \
             changed.\n\nNext: {next}, and apply again."
        ),
    }
}
