// SPDX-License-Identifier: MPL-2.0
//! An instance whose names changed: what is renamed, what stands in the way, and the order in which it is done.
//!
//! The registry tells what an instance is called now; the state may be of before a run that was killed.

use std::collections::BTreeMap;

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::existing::{self, Seen};
use super::held::Held;
use super::limits::Operation;
use super::making::stopped;
use super::model::{Model, ResolvedNames};
use super::work::Was;
use super::{looking, report};
use crate::configured::Configured;
use crate::facet::{FacetError, Fault, Limit, Renamed};
use crate::naming::Coordinate;
use crate::plan::postgres::ENDED_LOGINS;
use crate::plan::vault::DATABASE_ROLE;
use crate::plan::{ObjectState, Spec};
use crate::registry::{Entry, Expected};

/// A name that changes.
pub type Change = (&'static str, String, String);

/// Names of objects that change between two states; names that nothing is made of are no renaming.
pub fn changes(prior: &Model, planned: &Model) -> Vec<Change> {
    let facets = existing::facets(prior);
    let (Some(was), Some(now)) = (prior.resolved_names.known(), planned.resolved_names.known())
    else {
        return Vec::new();
    };
    let has = |facet: &str| facets.iter().any(|had| had == facet);
    let postgres = has("postgres").then(|| in_postgres(was, now)).into_iter().flatten();
    let vault = has("vault").then(|| in_vault(was, now)).into_iter().flatten();
    let host = has("host").then(|| on_host(was, now)).into_iter().flatten();
    let text = |name: &Attr<String>| name.known().cloned().unwrap_or_default();
    postgres
        .chain(vault)
        .chain(host)
        .filter(|(_, was, now)| was != now)
        .map(|(key, was, now)| (key, text(was), text(now)))
        .collect()
}

/// The names that objects of these facets have, by key.
pub fn of_objects<'a>(
    names: &'a ResolvedNames,
    facets: &[String],
) -> Vec<(&'static str, &'a Attr<String>)> {
    let has = |facet: &str| facets.iter().any(|had| had == facet);
    let postgres = has("postgres").then(|| in_postgres(names, names)).into_iter().flatten();
    let vault = has("vault").then(|| in_vault(names, names)).into_iter().flatten();
    let host = has("host").then(|| on_host(names, names)).into_iter().flatten();
    postgres.chain(vault).chain(host).map(|(key, name, _)| (key, name)).collect()
}

type Pair<'a> = (&'static str, &'a Attr<String>, &'a Attr<String>);

fn in_postgres<'a>(was: &'a ResolvedNames, now: &'a ResolvedNames) -> [Pair<'a>; 2] {
    [("database", &was.database, &now.database), ("owner_role", &was.owner_role, &now.owner_role)]
}

fn in_vault<'a>(was: &'a ResolvedNames, now: &'a ResolvedNames) -> [Pair<'a>; 7] {
    [
        ("vault_database_role", &was.vault_database_role, &now.vault_database_role),
        ("runtime_policy", &was.runtime_policy, &now.runtime_policy),
        ("ops_policy", &was.ops_policy, &now.ops_policy),
        ("own_ops_policy", &was.own_ops_policy, &now.own_ops_policy),
        ("kubernetes_role", &was.kubernetes_role, &now.kubernetes_role),
        ("ci_role", &was.ci_role, &now.ci_role),
        ("kv_path", &was.kv_path, &now.kv_path),
    ]
}

fn on_host<'a>(was: &'a ResolvedNames, now: &'a ResolvedNames) -> [Pair<'a>; 2] {
    [("app_dir", &was.app_dir, &now.app_dir), ("secrets_dir", &was.secrets_dir, &now.secrets_dir)]
}

/// What will be kept: what is kept, without what is over, and not known yet where a database is going to be copied or a
/// directory moved.
pub fn kept(prior: &Model, planned: &Model, held: &Held) -> Attr<BTreeMap<String, Attr<String>>> {
    let keeps = |(key, ..): &Change| match *key {
        "database" => copies(planned) || planned.rename.is_unknown(),
        "app_dir" | "secrets_dir" => true,
        _ => false,
    };
    // Which names change is not known yet either.
    if planned.resolved_names.is_unknown() || changes(prior, planned).iter().any(keeps) {
        return Attr::Unknown;
    }
    let mut kept = prior.kept.known().cloned().unwrap_or_default();
    kept.retain(|name, _| !held.over.contains(name));
    Attr::Known(kept)
}

/// Whether a database that gets another name is copied.
pub fn copies(model: &Model) -> bool {
    model.rename.known().is_some_and(|how| how == "copy")
}

/// Judges a renaming at plan: the one look that it takes.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    held: &Held,
    prior: &Model,
    planned: &Model,
    spec: &Spec,
) -> Result<(), Errors> {
    let changes = changes(prior, planned);
    let coordinate = &spec.coordinate;
    if changes.is_empty() || configured.settings.has_unknown_target() {
        return Ok(());
    }
    // What a registry knows is ours to rename, by import or not: a run that was killed forgets its holder.
    if held.is_unregistered_import() {
        return Err(imported(coordinate, &changes));
    }
    let ended = prior.objects.known().and_then(|objects| objects.get(ENDED_LOGINS));
    if ended.is_some_and(|state| state.known().is_some_and(|state| state != "ok")) {
        return Err(unsettled(coordinate));
    }
    let limit = Operation::Read.limit(planned);
    let fail = |error: FacetError| report::failure(coordinate, &error);
    let seen = existing::observe(configured, spec, limit).await.map_err(fail)?;
    let mut errors = in_the_way(coordinate, &seen);
    let was = registered(configured, prior, spec, &seen, limit).await?;
    for facet in seen.iter().filter(|facet| disturbs(facet, &was, spec)) {
        match facet.facet.unused(&was).await {
            Ok(()) => {}
            Err(error) if forces(planned) => cx.warnings.push(ends(coordinate, &error)),
            Err(error) => errors.extend(fail(error)),
        }
    }
    errors.into_result()
}

/// Renames in each facet; what was expected of its registry afterwards. `next` is what the registries shall say.
pub async fn apply(
    cx: &Context,
    spec: &Spec,
    was: &Was,
    seen: &[Seen],
    expected: &mut [Expected],
    next: &Entry,
) -> Result<(), FacetError> {
    // All of it before the first write: a renaming that is refused leaves nothing half-named.
    let disturbed = || seen.iter().filter(|facet| disturbs(facet, &was.spec, spec));
    for facet in disturbed().filter(|_| !was.force) {
        facet.facet.unused(&was.spec).await?;
    }
    let renamed = async {
        // First what would let others in again.
        for facet in disturbed().rev().filter(|_| was.force) {
            stopped(cx)?;
            facet.facet.release(&was.spec, &cx.stop).await?;
        }
        // First what only copies: where its rights do not suffice, nothing has another name yet.
        for (facet, expected) in seen.iter().zip(expected).rev() {
            stopped(cx)?;
            *expected = facet.facet.rename(spec, expected, next, &cx.stop).await?;
        }
        Ok(())
    };
    let renamed = renamed.await;
    if renamed.as_ref().is_err_and(|error: &FacetError| error.fault != Fault::Stopped) {
        for facet in seen {
            if let Err(error) = facet.facet.admit(spec).await {
                tracing::warn!(%error, "what was closed for the renaming stays closed until the next apply");
            }
        }
    }
    renamed
}

/// Whether a renaming takes from under somebody what he uses in a system. What a run before this one has renamed there
/// already is in use by right.
fn disturbs(facet: &Seen, was: &Spec, now: &Spec) -> bool {
    match facet.name {
        "postgres" => {
            let names = |spec: &Spec| {
                let wish = spec.postgres.as_ref();
                wish.map(|wish| (wish.database.clone(), wish.owner_role.clone()))
            };
            names(was) != names(now)
        }
        "vault" => {
            let role = |spec: &Spec| {
                let wish = spec.vault.as_ref().and_then(|vault| vault.database.as_ref());
                wish.map(|wish| (wish.mount.clone(), wish.role.clone()))
            };
            let made = facet.observation.objects.get(DATABASE_ROLE);
            role(was).is_some() && (role(was) != role(now) || made != Some(&ObjectState::Ok))
        }
        _ => true,
    }
}

/// What stands where the instance would be.
pub fn in_the_way(coordinate: &Coordinate, seen: &[Seen]) -> Errors {
    let mut errors = Errors::new();
    for facet in seen {
        let observation = &facet.observation;
        errors.extend(report::refusals(coordinate, &observation.refusals));
        errors.extend(looking::not_its_own(coordinate, observation));
        if !observation.renamed.is_empty() && !observation.occupied.is_empty() {
            errors.extend(occupied(coordinate, &observation.occupied));
        }
    }
    errors
}

/// Whether any registry has the instance under other names.
pub fn is_due(seen: &[Seen]) -> bool {
    seen.iter().any(|facet| !facet.observation.renamed.is_empty())
}

/// What the instance is called now: by its state, and in PostgreSQL by the registry, which a run that was killed may
/// have taken further.
pub async fn registered(
    configured: &Configured,
    prior: &Model,
    spec: &Spec,
    seen: &[Seen],
    limit: Limit,
) -> Result<Spec, Errors> {
    let was = existing::spec(configured, prior)?;
    let completed = configured.clients.complete(&was, limit).await;
    let mut was = completed.map_err(|error| report::failure(&spec.coordinate, &error))?;
    let renamed: Vec<&Renamed> = seen.iter().flat_map(|facet| &facet.observation.renamed).collect();
    if let (Some(was), Some(now)) = (&mut was.postgres, &spec.postgres) {
        let of = |key: &str, now: &String| {
            let renamed = renamed.iter().find(|renamed| renamed.key == key);
            renamed.map_or_else(|| now.clone(), |renamed| renamed.registered.clone())
        };
        was.database = of("database", &now.database);
        was.owner_role = of("owner_role", &now.owner_role);
    }
    Ok(was)
}

/// Whether what stands in the way may be ended.
pub fn forces(model: &Model) -> bool {
    model.force_disconnect.known().copied().unwrap_or(false)
}

fn ends(coordinate: &Coordinate, error: &FacetError) -> Diagnostic {
    let id = report::id(coordinate);
    Diagnostic::warning(
        format!("{id}: the renaming ends what is in use"),
        format!(
            "{}: {}. `force_disconnect` is true, so the apply revokes the leases and ends the sessions before it \
             renames.",
            error.summary, error.cause
        ),
    )
}

fn occupied(coordinate: &Coordinate, objects: &[String]) -> Errors {
    let id = report::id(coordinate);
    Errors::at(
        Path::attribute("names"),
        format!("{id}: the new names are taken"),
        format!(
            "{id} would be renamed, and something that is not its own stands there already:\n{}Nothing was \
             renamed.\n\nNext: remove or rename what stands there, or give {id} other names in its `names` block.",
            report::list(objects)
        ),
    )
}

fn imported(coordinate: &Coordinate, changes: &[Change]) -> Errors {
    let id = report::id(coordinate);
    let told: Vec<_> =
        changes.iter().map(|(key, was, now)| format!("{key} \"{was}\", not \"{now}\"")).collect();
    let query: Vec<_> = changes.iter().map(|(key, _, now)| format!("{key}={now}")).collect();
    Errors::at(
        Path::attribute("names"),
        format!("{id}: imported under other names than the configuration gives"),
        format!(
            "What came by import is adopted under its own names first, and it was imported with\n{}Nothing was \
             changed.\n\nNext: write these names into the `names` block, apply, and drop them in a later apply, \
             which renames. Or, if the configuration is right, `state rm` the entry and import it by its names: \
             terraform import ADDRESS '{id}?{}'.",
            report::list(&told),
            query.join("&")
        ),
    )
}

fn unsettled(coordinate: &Coordinate) -> Errors {
    let id = report::id(coordinate);
    Errors::one(
        format!("{id}: leased logins that ended still own something"),
        format!(
            "`objects` lists them under {ENDED_LOGINS}, and they are known by the role's present name. Nothing was \
             renamed.\n\nNext: apply once with the names as they were, which hands what they own to the owner role; \
             then rename."
        ),
    )
}
