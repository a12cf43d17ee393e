// SPDX-License-Identifier: MPL-2.0
//! What an apply works with: the wish, wholly known, and what the registries are told of it.

use std::collections::BTreeMap;

use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::existing::Seen;
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::wanted::Wanted;
use super::{planned, report, wish};
use crate::configured::Configured;
use crate::facet::Limit;
use crate::naming::Coordinate;
use crate::plan::{ObjectState, Spec};
use crate::registry::{Entry, Pending, Phase};

/// What an apply works with.
pub struct Work {
    /// What is to be.
    pub spec: Spec,
    /// What the user asked for.
    pub wanted: Wanted,
    /// How long it may take.
    pub limit: Limit,
    /// What the instance is called before a renaming; `None`: it keeps its names.
    pub was: Option<Was>,
    /// What was approved, for the registries to know until it is done.
    pub pending: Option<Pending>,
    /// The promotion ledger as the registries have it.
    pub applied: BTreeMap<String, String>,
}

/// An instance before it is renamed.
pub struct Was {
    /// What it is called.
    pub spec: Spec,
    /// Whether what is in use is ended.
    pub force: bool,
}

impl Work {
    /// What the registries are told.
    pub fn entry(
        &self,
        configured: &Configured,
        held: &Held,
        generation: u64,
        phase: Phase,
    ) -> Entry {
        Entry {
            owner: self.spec.owner.clone(),
            phase,
            holder: held.holder.clone(),
            generation,
            state_address: configured.state_address().map(str::to_owned),
            production: self.spec.production,
            spec_digest: self.wanted.digest(),
            spec: serde_json::to_value(&self.wanted).unwrap_or_default(),
            written_at: configured.world.now(),
            applied: self.applied.clone(),
            pending: self.pending.clone(),
        }
    }

    /// What the registries are told once every object is as wished: what runs here was applied whole.
    pub fn whole(&self, configured: &Configured, held: &Held, generation: u64) -> Entry {
        let mut entry = self.entry(configured, held, generation, Phase::Live);
        entry.pending = None;
        entry.applied.entry(entry.spec_digest.clone()).or_insert(entry.written_at.clone());
        entry
    }

    /// Takes over what was applied here before. A registry that came later, or keeps only the newest, knows less than
    /// another; the first time counts.
    pub fn carry_on(&mut self, seen: &[Seen]) {
        let entries = seen.iter().filter_map(|facet| facet.observation.look.entry.as_ref());
        for (digest, when) in entries.flat_map(|entry| &entry.applied) {
            let first = self.applied.entry(digest.clone()).or_insert_with(|| when.clone());
            if when < first {
                first.clone_from(when);
            }
        }
    }
}

/// Settles what the plan left unknown; `None` where the instance is names only.
pub fn prepare(
    configured: &Configured,
    coordinate: &Coordinate,
    planned: &mut Model,
    operation: Operation,
) -> Result<Option<Work>, Errors> {
    let settings = &configured.settings;
    let wanted = Wanted::read(planned).map_err(|unknown| {
        Errors::one(
            format!("{}: still unknown at apply", report::id(coordinate)),
            format!(
                "These inputs have no value yet: {unknown:?}. This is a bug; please report it."
            ),
        )
    })?;
    let facets = settings.facets();
    let spec = wish::spec(coordinate, &wanted, settings, &facets)?;
    planned.resolved_names = Attr::Known(wish::resolved(&spec.names));
    planned.state_prefix = Attr::Known(spec.names.state_prefix.clone());
    planned.spec_digest = Attr::Known(wanted.digest());
    if planned.deletion_protection.is_unknown() {
        planned.deletion_protection = Attr::Known(spec.production);
    }
    if facets.is_empty() {
        planned.objects = Attr::Known(BTreeMap::new());
        return Ok(None);
    }
    let ok = || Attr::Known(ObjectState::Ok.to_string());
    planned.objects =
        Attr::Known(planned::object_keys(&spec).into_iter().map(|key| (key, ok())).collect());
    Ok(Some(Work {
        spec,
        wanted,
        limit: operation.limit(planned),
        was: None,
        pending: None,
        applied: BTreeMap::new(),
    }))
}
