// SPDX-License-Identifier: MPL-2.0
//! What is true after an update that failed half-way. The CLI saves what the slot holds, and a destroy that does not
//! refresh acts on it.

use std::time::Duration;

use tfplugin::context::Context;
use tfplugin::resource::Slot;
use tfplugin::value::Attr;

use super::held::Held;
use super::making::Told;
use super::model::Model;
use super::{existing, reading};
use crate::configured::Configured;
use crate::facet::Limit;

/// How long servers may take to tell how it stands: the update has failed already.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps the inputs of the prior state, with the registrations that were written.
pub fn keep(
    configured: &Configured,
    cx: &mut Context,
    prior: Model,
    held: Held,
    told: &Told,
    state: &mut Slot<Model>,
) {
    let (model, held) = registered(configured, prior, held, told);
    held.store(&mut cx.private);
    state.put(model);
}

/// The same, and every object as it now stands, where the servers still tell.
pub async fn look(
    configured: &Configured,
    cx: &mut Context,
    prior: Model,
    held: Held,
    told: &Told,
    state: &mut Slot<Model>,
) {
    let (mut model, mut held) = registered(configured, prior, held, told);
    let limit = Limit::starting_now(PATIENCE, "update");
    if let Ok(spec) = existing::spec(configured, &model)
        && let Ok(seen) = existing::observe(configured, &spec, limit).await
        && seen.len() == existing::facets(&model).len()
        && reading::elsewhere(&seen, &held).is_none()
        && let Some(entry) = seen.first().and_then(|first| first.observation.look.entry.clone())
        && !entry.is_gone()
        && reading::other_holder(configured, &held, &entry).is_none()
    {
        reading::fill(configured, cx, &mut model, &mut held, &seen, &entry);
    }
    held.store(&mut cx.private);
    state.put(model);
}

fn registered(
    configured: &Configured,
    mut model: Model,
    mut held: Held,
    told: &Told,
) -> (Model, Held) {
    let had = existing::facets(&model);
    let mut facets = configured.settings.facets();
    facets.retain(|facet| had.iter().any(|had| had == facet) || told.contains_key(facet));
    if let Some(entry) = facets.first().and_then(|first| told.get(first)) {
        held.seen = Some(entry.clone());
    }
    model.facets = Attr::Known(facets.iter().map(|&facet| Attr::Known(facet.to_owned())).collect());
    (model, held)
}
