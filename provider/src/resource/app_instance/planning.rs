//! What would be: the planned state, and every reason to refuse a change before it is applied.
//!
//! Planned values are functions of prior state, configuration and provider configuration alone; the one look that
//! the plan of a create takes feeds diagnostics, never values.

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::resource::Change;
use tfplugin::value::{Attr, Path};

use super::claim::{self, Claim};
use super::held::Held;
use super::limits::Operation;
use super::model::Model;
use super::wanted::Wanted;
use super::{existing, reading, report, wish};
use crate::configured::Configured;
use crate::facet::Limit;
use crate::naming::Coordinate;
use crate::plan::{self, Spec};
use crate::run::Lost;

/// Plans one change.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    change: Change<Model>,
) -> Result<Option<Model>, Errors> {
    match change {
        Change::Create { config, proposed } => {
            create(configured, cx, &config, proposed).await.map(Some)
        }
        Change::Update { prior, config, proposed } => {
            update(configured, cx, &prior, &config, proposed).map(Some)
        }
        Change::Delete { prior } => delete(configured, cx, &prior).map(|()| None),
    }
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
    let mut held = Held { create: true, ..Held::default() };
    if !facets.is_empty() && !settings.has_unknown_target() {
        let limit = Operation::Read.limit(&proposed);
        look(configured, cx, &coordinate, spec.as_ref(), &before, replaced, &mut held, limit)
            .await?;
    }
    held.store(&mut cx.private);
    let mut planned =
        planned(configured, config, proposed, &coordinate, wanted.as_ref().ok(), spec.as_ref())?;
    planned.generation = if facets.is_empty() { Attr::Known(0) } else { Attr::Unknown };
    Ok(planned)
}

/// The one look of a create: whose is it, and what stands in the way.
async fn look(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    spec: Option<&Spec>,
    before: &Held,
    replaced: bool,
    held: &mut Held,
    limit: Limit,
) -> Result<(), Errors> {
    let settings = &configured.settings;
    let owner = settings.owner.as_deref().unwrap_or_default();
    // Names alone decide the registration, so an input that is not known yet does not prevent the look.
    let names_only;
    let (spec, whole) = if let Some(spec) = spec {
        (spec, true)
    } else {
        names_only = wish::spec(coordinate, &Wanted::default(), settings, &settings.facets())?;
        (&names_only, false)
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
    errors.into_result()
}

fn update(
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
    let mut planned =
        planned(configured, config, proposed, &coordinate, wanted.as_ref().ok(), spec.as_ref())?;
    if was != coordinate {
        existing::is_adopted(&was, &held)?;
        replace(configured, cx, prior, &was, &coordinate)?;
        held.turns_into_another = true;
        held.store(&mut cx.private);
        planned.generation =
            if configured_facets.is_empty() { Attr::Known(0) } else { Attr::Unknown };
        return Ok(planned);
    }
    let entry = held.entry_key().unwrap_or("unheld").to_owned();
    configured
        .run()
        .note_update(&coordinate, &entry)
        .map_err(|clash| report::clash(&coordinate, clash))?;
    let mut errors = report::refusals(&coordinate, &held.refusals);
    errors.extend(unchangeable(prior, &planned, &coordinate, &facets, &held));
    errors.into_result()?;
    planned.generation =
        if touches_outside(prior, &planned) { Attr::Unknown } else { prior.generation.clone() };
    Ok(planned)
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
    if let (Some(was), Some(now)) = (prior.resolved_names.known(), planned.resolved_names.known()) {
        let names = [
            ("database", &was.database, &now.database),
            ("owner_role", &was.owner_role, &now.owner_role),
            ("runtime_policy", &was.runtime_policy, &now.runtime_policy),
            ("ops_policy", &was.ops_policy, &now.ops_policy),
            ("vault_database_role", &was.vault_database_role, &now.vault_database_role),
            ("kubernetes_role", &was.kubernetes_role, &now.kubernetes_role),
            ("ci_role", &was.ci_role, &now.ci_role),
            ("kv_path", &was.kv_path, &now.kv_path),
        ];
        for (name, was, now) in names.into_iter().filter(|(_, was, now)| was != now) {
            let text = |name: &Attr<String>| name.known().cloned().unwrap_or_default();
            errors.push(Diagnostic::error(
                format!("{id}: {name} would become \"{}\"", text(now)),
                format!(
                    "The provider configuration (convention, or which environment is production) now gives \
                     {name} \"{}\", but the instance has \"{}\". Objects that hold data are not renamed by a \
                     changed rule. Nothing was changed.\n\nNext: put the rule back.",
                    text(now),
                    text(was)
                ),
            ));
        }
    }
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
    !planned.facets.known().is_none_or(Vec::is_empty)
        && (prior.objects != planned.objects
            || prior.facets != planned.facets
            || prior.production != planned.production
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
    existing::may_delete(prior, &coordinate, &held)
}

/// The planned state but for `generation`.
fn planned(
    configured: &Configured,
    config: &Model,
    mut model: Model,
    coordinate: &Coordinate,
    wanted: Option<&Wanted>,
    spec: Option<&Spec>,
) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let production = settings.environments.is_production(coordinate.env());
    let facets = settings.facets();
    model.env = Attr::Known(coordinate.env().to_owned());
    model.id = Attr::Known(report::id(coordinate));
    model.production = Attr::Known(production);
    model.facets = Attr::Known(facets.iter().map(|&facet| Attr::Known(facet.to_owned())).collect());
    model.deletion_protection = match &config.deletion_protection {
        Attr::Null => Attr::Known(production),
        given => given.clone(),
    };
    if let (Some(wanted), Some(spec)) = (wanted, spec) {
        model.instance = Attr::Known(spec.names.instance.clone());
        model.state_prefix = Attr::Known(spec.names.state_prefix.clone());
        model.resolved_names = Attr::Known(wish::resolved(&spec.names));
        model.spec_digest = Attr::Known(wanted.digest());
        model.objects = Attr::Known(all_ok(spec));
    } else {
        partly(configured, &mut model, coordinate, &facets)?;
    }
    Ok(model)
}

/// The planned state where some inputs are unknown: what does not depend on them is certain all the same.
fn partly(
    configured: &Configured,
    model: &mut Model,
    coordinate: &Coordinate,
    facets: &[&str],
) -> Result<(), Errors> {
    let (known, unknown) = Wanted::read_known(model);
    let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let waits_for = |inputs: &[&str]| unknown.iter().any(|path| inputs.contains(&path.as_str()));
    let spec = wish::spec(coordinate, &known, &configured.settings, facets)?;
    let mut names = wish::resolved(&spec.names);
    if waits_for(&["services"]) {
        names.services = Attr::Unknown;
        names.log_groups = Attr::Unknown;
    }
    model.resolved_names = Attr::Known(names);
    model.instance = Attr::Known(spec.names.instance.clone());
    model.state_prefix = Attr::Known(spec.names.state_prefix.clone());
    let promoted = [
        "release",
        "services",
        "database.extensions",
        "database.encoding",
        "database.locale",
        "database.template",
    ];
    model.spec_digest =
        if waits_for(&promoted) { Attr::Unknown } else { Attr::Known(known.digest()) };
    // An extension is an object of its own, and so is an ops policy that is not shared.
    let kinds = ["database.extensions", "vault.ops_scope"];
    model.objects = if waits_for(&kinds) { Attr::Unknown } else { Attr::Known(all_ok(&spec)) };
    Ok(())
}

/// `objects` as every plan says it.
fn all_ok(spec: &Spec) -> std::collections::BTreeMap<String, Attr<String>> {
    object_keys(spec).into_iter().map(|key| (key, Attr::Known("ok".to_owned()))).collect()
}

/// Every line of `objects` that an instance has, the registration's own included.
pub fn object_keys(spec: &Spec) -> std::collections::BTreeSet<String> {
    let mut keys = plan::object_keys(spec);
    if !keys.is_empty() {
        keys.insert(super::reading::REGISTRATION.to_owned());
    }
    keys
}

/// Warnings of a look, each once a run.
pub fn warn(configured: &Configured, cx: &mut Context, observation: &crate::facet::Observation) {
    for warning in &observation.warnings {
        if configured.run().is_new_warning(&warning.summary) {
            cx.warn(warning.summary.clone(), warning.detail.clone());
        }
    }
}
