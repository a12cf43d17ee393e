// SPDX-License-Identifier: MPL-2.0
//! What a state entry says of its instance, and what its targets say.

use std::sync::Arc;

use futures_util::future::try_join_all;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::held::Held;
use super::model::{Model, ResolvedNames};
use super::wanted::Wanted;
use super::{report, wish};
use crate::configured::Configured;
use crate::facet::{Facet, FacetError, Limit, Observation};
use crate::naming::{Coordinate, Names};
use crate::plan::Spec;

/// One facet and what it told.
pub struct Seen {
    /// The block's name.
    pub name: &'static str,
    /// The facet.
    pub facet: Arc<dyn Facet>,
    /// What it told.
    pub observation: Observation,
}

/// The coordinate of an entry: the grammar holds, whether its env is still declared or not.
pub fn coordinate(state: &Model) -> Result<Coordinate, Errors> {
    let text = |value: &Attr<String>| value.known().cloned().unwrap_or_default();
    Coordinate::new(&text(&state.app), &text(&state.env)).map_err(|found| wish::at_resource(&found))
}

/// The facets in which an entry's instance has objects.
pub fn facets(state: &Model) -> Vec<String> {
    let facets = state.facets.known().into_iter().flatten();
    facets.filter_map(Attr::known).cloned().collect()
}

/// What an entry's instance is, by the entry's own names: the rules may have changed since.
pub fn spec(configured: &Configured, state: &Model) -> Result<Spec, Errors> {
    let coordinate = coordinate(state)?;
    let wanted = Wanted::read(state).unwrap_or_default();
    let facets = facets(state);
    let facets: Vec<&str> = facets.iter().map(String::as_str).collect();
    let spec = match state.resolved_names.known() {
        Some(names) => wish::spec_named(
            &coordinate,
            names_of(names),
            state.production.known().copied().unwrap_or(true),
            &wanted,
            &configured.settings,
            &facets,
        ),
        None => wish::spec(&coordinate, &wanted, &configured.settings, &facets)?,
    };
    Ok(spec)
}

/// Looks at every facet of a spec at once, without locks and without writing. The facets in the answer stay under
/// the limit.
pub async fn observe(
    configured: &Configured,
    spec: &Spec,
    limit: Limit,
) -> Result<Vec<Seen>, FacetError> {
    let spec = &configured.clients.complete(spec, limit).await?;
    try_join_all(configured.clients.facets(spec, limit).into_iter().map(|facet| async move {
        let observation = facet.observe(spec).await?;
        Ok(Seen { name: facet.name(), facet, observation })
    }))
    .await
}

/// Whether the targets of an entry are those that are configured, as far as its state tells.
pub fn can_be_asked(
    configured: &Configured,
    prior: &Model,
    coordinate: &Coordinate,
    held: &Held,
) -> Result<(), Errors> {
    if let Some(what) = &held.elsewhere {
        return Err(report::elsewhere(coordinate, what));
    }
    let facets = facets(prior);
    let there = configured.settings.facets();
    match facets.iter().find(|facet| !there.contains(&facet.as_str())) {
        Some(gone) => Err(report::facet_gone(coordinate, gone)),
        None => Ok(()),
    }
}

/// Whether an entry may be deleted, as far as its state tells.
pub fn may_delete(prior: &Model, coordinate: &Coordinate, held: &Held) -> Result<(), Errors> {
    is_adopted(coordinate, held)?;
    if prior.deletion_protection.known().copied().unwrap_or(true) {
        return Err(report::protected(coordinate));
    }
    Ok(())
}

/// Refuses to end what came by import and holds no registration.
pub fn is_adopted(coordinate: &Coordinate, held: &Held) -> Result<(), Errors> {
    if !held.is_imported() {
        return Ok(());
    }
    let id = report::id(coordinate);
    Err(Errors::one(
        format!("{id}: imported, not adopted yet"),
        format!(
            "This entry came by import and holds no registration, so nothing proves that {id} is this state's to \
             delete. Nothing was changed.\n\nNext: apply once without a replacement, which adopts it, then \
             delete it; or drop the entry with `state rm`."
        ),
    ))
}

fn names_of(names: &ResolvedNames) -> Names {
    let text = |name: &Attr<String>| name.known().cloned().unwrap_or_default();
    let map = |map: &Attr<std::collections::BTreeMap<String, Attr<String>>>| {
        let names = map.known().into_iter().flatten();
        names.filter_map(|(key, name)| Some((key.clone(), name.known()?.clone()))).collect()
    };
    Names {
        instance: text(&names.instance),
        services: map(&names.services),
        database: text(&names.database),
        owner_role: text(&names.owner_role),
        namespace: text(&names.namespace),
        service_account: text(&names.service_account),
        argocd_application: text(&names.argocd_application),
        kubernetes_role: text(&names.kubernetes_role),
        vault_database_role: text(&names.vault_database_role),
        runtime_policy: text(&names.runtime_policy),
        ops_policy: text(&names.ops_policy),
        own_ops_policy: text(&names.own_ops_policy),
        ci_role: text(&names.ci_role),
        kv_path: text(&names.kv_path),
        dns_host: names.dns_host.known().cloned(),
        repository: names.repository.known().cloned(),
        values_file: text(&names.values_file),
        state_prefix: text(&names.state_prefix),
        app_dir: names.app_dir.known().cloned(),
        secrets_dir: names.secrets_dir.known().cloned(),
        parameter_path: text(&names.parameter_path),
        iam_role: text(&names.iam_role),
        log_groups: map(&names.log_groups),
    }
}
