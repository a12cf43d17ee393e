// SPDX-License-Identifier: MPL-2.0
//! What would be: the planned state, and every reason to refuse a change before it is applied.
//!
//! Planned values are functions of prior state, configuration and provider configuration alone; the one look that the plan
//! of a create, of a renaming or of an import takes feeds diagnostics, never values.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::resource::Change;
use tfplugin::value::{Attr, Path};

use super::adopting::{self, Adopt};
use super::claim;
use super::gating::{self, Start, Updating};
use super::held::Held;
use super::limits::Operation;
use super::looking::{self, Create};
use super::model::Model;
use super::planned::planned;
use super::wanted::Wanted;
use super::{apart, existing, reading, renaming, report, wish};
use crate::configured::Configured;
use crate::facet::Observation;
use crate::guard::{Phase, Verdict};
use crate::naming::Coordinate;
use crate::plan::{self, Spec};
use crate::resource::state_gate;
use crate::run::Lost;

/// Plans one change.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    change: Change<Model>,
) -> Result<Option<Model>, Errors> {
    match change {
        Change::Create { config, proposed } => {
            let planned = create(configured, cx, &config, proposed).await?;
            judge_state(configured, cx, &planned)?;
            Ok(Some(planned))
        }
        Change::Update { prior, config, proposed } => {
            let planned = update(configured, cx, &prior, &config, proposed).await?;
            // What is replaced is judged as what it becomes.
            if cx.requires_replace.is_empty() && touches_outside(&prior, &planned) {
                judge_state(configured, cx, &planned)?;
            }
            Ok(Some(planned))
        }
        Change::Delete { prior } => delete(configured, cx, &prior).map(|()| None),
    }
}

/// Asks the state gate.
fn judge_state(configured: &Configured, cx: &mut Context, planned: &Model) -> Result<(), Errors> {
    let coordinate = existing::coordinate(planned)?;
    let prefix = planned.state_prefix.known().map(String::as_str);
    state_gate::plan(configured, cx, &coordinate, prefix)
}

async fn create(
    configured: &Configured,
    cx: &mut Context,
    config: &Model,
    proposed: Model,
) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let coordinate = wish::coordinate(config, settings)?;
    let before = Held::load(&cx.private);
    if before.entry_key().is_some() {
        // The second half of a replacement that the user asked for: the first was planned as an update.
        existing::is_adopted(&coordinate, &before)?;
        if before.protected {
            return Err(report::protected(&coordinate));
        }
    }
    match configured.run().lost(&coordinate) {
        Some(Lost::HeldTwice(who)) => return Err(report::held_twice(&coordinate, &who)),
        Some(Lost::Elsewhere(what)) => return Err(report::elsewhere(&coordinate, &what)),
        None => {}
    }
    let replaced = {
        let mut run = configured.run();
        run.note_create(&coordinate, before.entry_key())
            .map_err(|clash| report::clash(&coordinate, clash))?;
        (before.entry_key().is_some() && !before.turns_into_another) || run.was_read(&coordinate)
    };
    let wanted = Wanted::read(&proposed);
    let facets = settings.facets();
    let spec = match &wanted {
        Ok(wanted) => Some(wish::spec(&coordinate, wanted, settings, &facets)?),
        Err(_) => None,
    };
    apart::warn(configured, cx, &coordinate, wanted.as_ref().ok());
    if let (Ok(wanted), Some(spec)) = (&wanted, &spec) {
        apart::judge(configured, cx, &coordinate, wanted, spec, true)?;
    }
    let adopt = Adopt::of(&proposed);
    let limit = Operation::Read.limit(&proposed);
    let mut planned =
        planned(configured, config, proposed, &coordinate, wanted.as_ref().ok(), spec.as_ref())?;
    let mut errors = Errors::new();
    let phase = Phase::of_plan(before.entry_key().is_some());
    if replaced {
        errors
            .extend(gating::replaced(configured, cx, &coordinate, phase).err().unwrap_or_default());
    }
    let held = if facets.is_empty() {
        Held { create: true, ..Held::default() }
    } else if settings.has_unknown_target() {
        gating::unseen(configured, cx, &coordinate, &planned, limit).await?;
        Held { create: true, ..Held::default() }
    } else {
        let create = Create {
            coordinate: &coordinate,
            spec: spec.as_ref(),
            before: &before,
            replaced,
            adopt,
            planned: &planned,
        };
        looking::look(configured, cx, &create, limit).await.unwrap_or_else(|found| {
            errors.extend(found);
            Held::default()
        })
    };
    errors.into_result()?;
    held.store(&mut cx.private);
    planned.generation = if facets.is_empty() { Attr::Known(0) } else { Attr::Unknown };
    planned.kept = Attr::Known(BTreeMap::new());
    Ok(planned)
}

async fn update(
    configured: &Configured,
    cx: &mut Context,
    prior: &Model,
    config: &Model,
    proposed: Model,
) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let coordinate = wish::coordinate(&proposed, settings)?;
    let was = existing::coordinate(prior)?;
    let mut held = Held::load(&cx.private);
    if let Some(who) = &held.held_twice {
        return Err(report::held_twice(&was, who));
    }
    if let Some(what) = &held.elsewhere {
        return Err(report::elsewhere(&was, what));
    }
    let owner = settings.owner.as_deref().unwrap_or_default();
    // Only a live holder changes the owner, and what came by import is none.
    if let Some(other) = held.seen.as_ref().filter(|_| held.is_imported())
        && other.owner != owner
        && !other.owner.is_empty()
    {
        let refused = claim::Refused::OtherOwner { owner: other.owner.clone() };
        return Err(report::refused(&was, owner, &refused));
    }
    let facets = existing::facets(prior);
    held.protected =
        !facets.is_empty() && prior.deletion_protection.known().copied().unwrap_or(true);
    held.store(&mut cx.private);
    let configured_facets = settings.facets();
    if let Some(gone) = facets.iter().find(|facet| !configured_facets.contains(&facet.as_str())) {
        return Err(report::facet_gone(&was, gone));
    }
    let wanted = Wanted::read(&proposed);
    let spec = match &wanted {
        Ok(wanted) => Some(wish::spec(&coordinate, wanted, settings, &configured_facets)?),
        Err(_) => None,
    };
    apart::warn(configured, cx, &coordinate, wanted.as_ref().ok());
    if let (Ok(wanted), Some(spec)) = (&wanted, &spec) {
        apart::judge(configured, cx, &coordinate, wanted, spec, false)?;
    }
    let mut planned =
        planned(configured, config, proposed, &coordinate, wanted.as_ref().ok(), spec.as_ref())?;
    if was != coordinate {
        existing::is_adopted(&was, &held)?;
        replace(configured, cx, prior, &was, &coordinate)?;
        if !facets.is_empty() {
            let start = Start::of_state(prior, &held);
            gating::delete(configured, cx, &was, &start, prior, Phase::Plan)?;
        }
        held.turns_into_another = true;
        held.store(&mut cx.private);
        planned.generation =
            if configured_facets.is_empty() { Attr::Known(0) } else { Attr::Unknown };
        planned.kept = Attr::Known(BTreeMap::new());
        return Ok(planned);
    }
    planned.kept = renaming::kept(prior, &planned, &held);
    let entry = held.entry_key().unwrap_or("unheld").to_owned();
    configured
        .run()
        .note_update(&coordinate, &entry)
        .map_err(|clash| report::clash(&coordinate, clash))?;
    let renames =
        planned.resolved_names.is_unknown() || !renaming::changes(prior, &planned).is_empty();
    // What a read found stands against the names of before; a renaming looks for itself.
    let found = held.refusals.iter().filter(|_| !renames).cloned().collect::<Vec<_>>();
    let mut errors = report::refusals(&coordinate, &found);
    errors.extend(unchangeable(prior, &planned, &coordinate, &facets, &held));
    if let Some(spec) = spec.as_ref().filter(|_| !held.is_imported() && !renames) {
        errors.extend(not_its_own(configured, prior, &coordinate, spec, &held).await?);
    }
    if let Some(spec) = &spec {
        let judged = renaming::plan(configured, cx, &held, prior, &planned, spec).await;
        errors.extend(judged.err().unwrap_or_default());
    }
    let mut taken = None;
    if !renames {
        match adopting::look(configured, &coordinate, &planned, &held).await {
            Ok(seen) => taken = seen,
            Err(error) => errors.extend(error),
        }
    }
    if let (Some(seen), Some(_)) = (&taken, &spec) {
        errors.extend(report::refusals(&coordinate, &reading::refusals(seen)));
    }
    errors.into_result()?;
    let updating = Updating { prior, planned: &planned, held: &held };
    let verdict = if configured_facets.is_empty() {
        Verdict::Free
    } else {
        gating::plan(configured, cx, &coordinate, updating, taken.as_deref()).await?
    };
    // What is approved is done once, and the registries tell that it was.
    let lifts = gating::loosens(prior, &planned) && verdict != Verdict::Free;
    let raises = touches_outside(prior, &planned) || lifts;
    planned.generation = if raises { Attr::Unknown } else { prior.generation.clone() };
    Ok(planned)
}

/// What stands where an object of the instance is to be. A read finds what the provider configuration asks for anew; what
/// no read has listed is looked at as what is created is. What came by import takes them over.
async fn not_its_own(
    configured: &Configured,
    prior: &Model,
    coordinate: &Coordinate,
    spec: &Spec,
    held: &Held,
) -> Result<Errors, Errors> {
    let in_vault = spec.vault.as_ref().map(plan::vault::object_keys);
    let on_host = spec.host.as_ref().map(plan::host::object_keys);
    let wished: Vec<String> = in_vault.into_iter().chain(on_host).flatten().collect();
    let listed = prior.objects.known();
    let is_listed = |key: &String| listed.is_some_and(|objects| objects.contains_key(key));
    let mut found = held.foreign.clone();
    let mut errors = Errors::new();
    let had = existing::facets(prior);
    let has_new =
        configured.settings.facets().iter().any(|facet| !had.iter().any(|had| had == facet));
    if (has_new || !wished.iter().all(is_listed)) && !configured.settings.has_unknown_target() {
        let seen = existing::observe(configured, spec, Operation::Read.limit(prior))
            .await
            .map_err(|error| report::failure(coordinate, &error))?;
        // A facet that the instance does not have yet is claimed as a create claims it.
        for facet in seen.iter().filter(|facet| !had.iter().any(|had| had == facet.name)) {
            let Observation { look, occupied, refusals, .. } = &facet.observation;
            errors.extend(report::refusals(coordinate, refusals));
            if let Err(refused) = claim::judge(look, occupied, &spec.owner, None, true) {
                errors.extend(report::refused(coordinate, &spec.owner, &refused));
            }
        }
        found = seen.into_iter().flat_map(|facet| facet.observation.foreign).collect();
    }
    found.retain(|key, _| wished.contains(key));
    let objects: Vec<String> = found.into_values().collect();
    errors.extend(report::not_its_own(coordinate, &objects));
    Ok(errors)
}

/// A changed `app` or `env`: another instance, so a replacement, and only of what may be deleted.
fn replace(
    configured: &Configured,
    cx: &mut Context,
    prior: &Model,
    was: &Coordinate,
    now: &Coordinate,
) -> Result<(), Errors> {
    let protected = prior.deletion_protection.known().copied().unwrap_or(false);
    if protected && !existing::facets(prior).is_empty() {
        let name = if was.app() == now.app() { "env" } else { "app" };
        let (was, now) = (report::id(was), report::id(now));
        return Err(Errors::at(
            Path::attribute(name),
            format!("{was}: would become {now}"),
            format!(
                "A changed `{name}` names another instance: {was} would be deleted with its database, and {now} \
                 created empty. It is protected from deletion, so this is refused. Nothing was \
                 changed.\n\nNext: to manage both, add a block for {now}. To let this address manage an \
                 existing {now}, move the old entry away (`removed` with `destroy = false`, or a `moved` block) \
                 and import {now}. To really delete {was}, apply `deletion_protection = false` first."
            ),
        ));
    }
    configured.run().note_delete(was).map_err(|clash| report::clash(was, clash))?;
    cx.requires_replace = vec![Path::attribute("app"), Path::attribute("env")];
    Ok(())
}

/// What cannot be changed in place.
fn unchangeable(
    prior: &Model,
    planned: &Model,
    coordinate: &Coordinate,
    facets: &[String],
    held: &Held,
) -> Errors {
    let mut errors = Errors::new();
    if facets.is_empty() {
        return errors;
    }
    let id = report::id(coordinate);
    if !facets.iter().any(|facet| facet == "postgres") || held.is_imported() {
        return errors;
    }
    let empty = super::model::DatabaseModel::default();
    let was = prior.database.as_ref().unwrap_or(&empty);
    let now = planned.database.as_ref().unwrap_or(&empty);
    for (name, was, now) in [
        ("encoding", &was.encoding, &now.encoding),
        ("locale", &was.locale, &now.locale),
        ("template", &was.template, &now.template),
    ] {
        if was != now {
            errors.push(
                Diagnostic::error(
                    format!("{id}: `{name}` cannot change"),
                    format!(
                        "PostgreSQL sets the {name} of a database when it is created. Nothing was \
                         changed.\n\nNext: put the old value back; or, to change it, dump the database \
                         (pg_dump), end the instance, create it anew and restore the dump."
                    ),
                )
                .at(Path::attribute("database").field(name)),
            );
        }
    }
    errors
}

/// Whether a change writes anything outside the state.
pub fn touches_outside(prior: &Model, planned: &Model) -> bool {
    let inputs = |model: &Model| Wanted::read(model).ok();
    // A set, which the CLI keeps in its own order.
    let facets = |model: &Model| BTreeSet::from_iter(existing::facets(model));
    !planned.facets.known().is_none_or(Vec::is_empty)
        && (prior.objects != planned.objects
            || facets(prior) != facets(planned)
            || prior.production != planned.production
            || prior.kept != planned.kept
            || !renaming::changes(prior, planned).is_empty()
            || inputs(prior) != inputs(planned))
}

fn delete(configured: &Configured, cx: &mut Context, prior: &Model) -> Result<(), Errors> {
    let coordinate = existing::coordinate(prior)?;
    let held = Held::load(&cx.private);
    let facets = existing::facets(prior);
    if let Some(who) = &held.held_twice {
        cx.warn(
            format!("{}: only the entry goes", report::id(&coordinate)),
            format!(
                "This state entry no longer holds it: {who}. Nothing outside the state is touched."
            ),
        );
        return Ok(());
    }
    if facets.is_empty() {
        return Ok(());
    }
    let deposed = {
        let mut run = configured.run();
        run.note_delete(&coordinate).map_err(|clash| report::clash(&coordinate, clash))?;
        run.was_made(&coordinate)
    };
    existing::can_be_asked(configured, prior, &coordinate, &held)?;
    if deposed {
        return Ok(());
    }
    existing::may_delete(prior, &coordinate, &held)?;
    let start = Start::of_state(prior, &held);
    gating::delete(configured, cx, &coordinate, &start, prior, Phase::Plan).map(drop)
}
