// SPDX-License-Identifier: MPL-2.0
//! What would be. Planned values are functions of prior state and configuration alone; what a read found, the clock
//! included, stands in the prior state. The one look of a create feeds diagnostics.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::Change;
use tfplugin::value::{Attr, Path};

use super::gating::{self, Intent, Start};
use super::held::Held;
use super::model::Model;
use super::reading::status;
use super::times::{self, Operation};
use super::{clock, recipe, report};
use crate::configured::Configured;
use crate::facet::FacetError;
use crate::guard::Phase;
use crate::resource::state_gate;
use crate::secrets::Site;
use crate::store::note::Obstacle;
use crate::store::{SecretValue, Standing, trouble};

/// `status` of a value that is as it was recorded.
pub const OK: &str = "ok";

/// Plans one change.
pub async fn plan(
    configured: &Configured,
    cx: &mut Context,
    change: Change<Model>,
) -> Result<Option<Model>, Errors> {
    match change {
        Change::Create { config, proposed } => {
            let planned = create(configured, cx, &config, proposed).await?;
            judge_state(
                configured,
                cx,
                &planned.named().map_err(report::not_known)?.site(configured)?,
            )?;
            Ok(Some(planned))
        }
        Change::Update { prior, config, proposed } => {
            let planned = update(configured, cx, &prior, &config, proposed)?;
            let site = planned.named().map_err(report::not_known)?.site(configured)?;
            let held = Held::load(&cx.private);
            // What is replaced is judged as what it becomes.
            if cx.requires_replace.is_empty() && touches_outside(&prior, &planned, &held, &site) {
                judge_state(configured, cx, &site)?;
            }
            Ok(Some(planned))
        }
        Change::Delete { prior } => delete(configured, cx, &prior).map(|()| None),
    }
}

/// Asks the state gate.
fn judge_state(configured: &Configured, cx: &mut Context, site: &Site) -> Result<(), Errors> {
    let place = &site.place;
    state_gate::plan(configured, cx, &place.coordinate, Some(&place.names.state_prefix))
}

/// Whether a change writes anything outside the state.
pub fn touches_outside(prior: &Model, planned: &Model, held: &Held, site: &Site) -> bool {
    planned.version.is_unknown()
        || ends_grace(prior, planned)
        || held.is_moved(site.store_name, &site.place)
        || held.is_imported()
        || prior.status != planned.status
}

/// Whether the value before goes.
pub fn ends_grace(prior: &Model, planned: &Model) -> bool {
    prior.grace_over == Attr::Known(true) && planned.grace_over == Attr::Known(false)
}

/// The secret that a model names, and where it is.
fn site(configured: &Configured, model: &Model, config: &Model) -> Result<Site, Errors> {
    if config.store.is_unknown() {
        return Err(report::not_known("store"));
    }
    let site = model.named().map_err(report::not_known)?.site(configured)?;
    if let Some(store) = &site.store {
        let value = config.value_wo.known().map(|text| SecretValue::new(text.expose().clone()));
        store
            .check(&site.place, value.as_ref())
            .map_err(|error| report::failure(&site.id(), &error))?;
    }
    Ok(site)
}

/// Notes which secret this entry plans; refused where another block of this run has it.
fn note(
    configured: &Configured,
    site: &Site,
    entry: Option<&str>,
    is_create: bool,
) -> Result<(), Errors> {
    let id = site.id();
    configured
        .run()
        .note_secret(site.store_name, &id, entry, is_create)
        .map_err(|clash| report::clash(&id, clash))?;
    // Elsewhere many keys have one path. In Parameter Store `parameter_name` lets two keys meet.
    let Some(path) = site.path().filter(|_| site.store_name == "ssm") else { return Ok(()) };
    configured
        .run()
        .note_secret(site.store_name, &path, entry, is_create)
        .map_err(|_| report::one_parameter(&id, &path))
}

fn place(planned: &mut Model, site: &Site) {
    planned.env = Attr::Known(site.place.coordinate.env().to_owned());
    planned.store = Attr::Known(site.store_name.to_owned());
    planned.id = Attr::Known(site.id());
    planned.path = match &site.store {
        Some(_) => site.path().into(),
        None => Attr::Unknown,
    };
    planned.status = Attr::Known(OK.to_owned());
}

/// A value that is to be written: what it is called is known only then.
fn new_value(planned: &mut Model) {
    planned.version = Attr::Unknown;
    planned.created_time = Attr::Unknown;
    planned.rotates_at = if times::has_no_end(planned) { Attr::Null } else { Attr::Unknown };
    planned.rotation_due = Attr::Known(false);
    planned.grace_over = Attr::Known(false);
}

async fn create(
    configured: &Configured,
    cx: &mut Context,
    config: &Model,
    mut planned: Model,
) -> Result<Model, Errors> {
    let site = site(configured, &planned, config)?;
    let id = site.id();
    let before = Held::load(&cx.private);
    note(configured, &site, before.entry_key(), true)?;
    let lost = configured.run().lost_secret(site.store_name, &id);
    if let Some(who) = lost {
        return Err(report::held_twice(&id, &who));
    }
    place(&mut planned, &site);
    new_value(&mut planned);
    recipe::judge(planned.generate.as_ref())?;
    let held = look(configured, cx, &site, &planned, &before).await?;
    held.store(&mut cx.private);
    Ok(planned)
}

/// What a create finds where the secret is to be.
async fn look(
    configured: &Configured,
    cx: &mut Context,
    site: &Site,
    planned: &Model,
    before: &Held,
) -> Result<Held, Errors> {
    let id = site.id();
    // A deletion of what is replaced comes with what this plan keeps.
    let none = Held { found: None, has_value: false, ..before.clone() };
    let start = Start::default();
    let creates = Intent { creates: true, ..Intent::default() };
    let phase = Phase::of_plan(before.entry_key().is_some());
    let Some(store) = &site.store else {
        gating::judge(configured, cx, site, &start, Some(planned), creates, phase)?;
        return Ok(none);
    };
    let limit = Operation::Read.limit(planned);
    let failed = |error: &FacetError| report::failure(&id, error);
    let registry = site.look(configured, limit).await.map_err(|e| failed(&e))?;
    // The instance may come with this very apply; whose it is is known already where it is there.
    if registry.entry.as_ref().is_some_and(|entry| !entry.is_gone()) || registry.app_owner.is_some()
    {
        let owner = configured.settings.owner.as_deref().unwrap_or_default();
        match site.admits(&registry, owner) {
            Err(error) if error.fault != crate::facet::Fault::Missing => {
                return Err(failed(&error));
            }
            _ => {}
        }
    }
    let seen =
        limit.bound(&store.server(), store.look(&site.place)).await.map_err(|e| failed(&e))?;
    let known = gating::standing(&registry);
    let target = registry.target.as_deref();
    let Some(record) = seen.record else {
        // Also where the entry's own was removed by hand: what stands there now is somebody else's.
        if seen.value == Standing::Unrecorded {
            let path = site.path().unwrap_or_default();
            let told = trouble::obstacle(&site.place, &store.server(), &path, Obstacle::Occupied);
            return Err(failed(&told));
        }
        let start = Start { target, standing: known.clone(), ..start };
        gating::judge(configured, cx, site, &start, Some(planned), creates, phase)?;
        return Ok(Held { standing: known, ..none });
    };
    // A taint hides what the entry holds, and the read that came before does not.
    let is_replaced = before.holder.as_ref() == Some(&record.holder)
        || configured.run().held_secret(site.store_name, &id).as_ref() == Some(&record.holder);
    let has_value = seen.value != Standing::Missing;
    if !is_replaced && has_value {
        if let (Some(theirs), Some(ours)) = (&record.state_address, configured.state_address())
            && theirs != ours
        {
            return Err(report::other_state(&id, &record, ours));
        }
        let keeps = planned.generate.is_some();
        cx.warnings.push(report::adopt_warning(&id, &record, keeps));
    }
    let status = status(configured, before, &record, seen.value);
    let start = Start { standing: known.clone(), record: Some(&record), status, target };
    if is_replaced {
        // The first half of the replacement comes with no plan of its own.
        let deletes = Intent { deletes: true, ..Intent::default() };
        gating::judge(configured, cx, site, &start, None, deletes, phase)?;
        let start = Start { record: None, ..start };
        gating::judge(configured, cx, site, &start, Some(planned), creates, phase)?;
    } else {
        let intent = taking_over(planned, has_value);
        gating::judge(configured, cx, site, &start, Some(planned), intent, phase)?;
    }
    let has_value = has_value && !is_replaced;
    Ok(Held { found: Some(record), has_value, standing: known, ..none })
}

/// What a create does that finds a record.
pub fn taking_over(planned: &Model, has_value: bool) -> Intent {
    let keeps = planned.generate.is_some() && has_value;
    Intent {
        adopts: has_value,
        creates: !has_value,
        writes: has_value && !keeps,
        ..Intent::default()
    }
}

fn update(
    configured: &Configured,
    cx: &mut Context,
    prior: &Model,
    config: &Model,
    mut planned: Model,
) -> Result<Model, Errors> {
    let held = Held::load(&cx.private);
    let site = site(configured, &planned, config)?;
    let id = site.id();
    if let Some(who) = &held.held_twice {
        return Err(report::held_twice(&id, who));
    }
    if let Some(what) = &held.elsewhere {
        return Err(report::elsewhere(&id, what));
    }
    note(configured, &site, held.entry_key(), false)?;
    place(&mut planned, &site);
    recipe::judge(planned.generate.as_ref())?;
    let replaced = another(prior, &planned);
    if !replaced.is_empty() {
        // The other half comes without what this one holds.
        goes(configured, cx, prior, &held)?;
        cx.requires_replace = replaced;
        new_value(&mut planned);
        return Ok(planned);
    }
    let raised = raised(prior, &planned)?;
    let stands = prior.status.known().is_some_and(|status| status == OK);
    // What is not where it was may have moved with the instance.
    let moves = held.is_moved(site.store_name, &site.place);
    if moves && planned.path == prior.path {
        // Its notes move alone; without a line of the plan nothing would.
        planned.path = Attr::Unknown;
    }
    let repaired = !stands && !held.is_imported() && needs_value(prior, moves);
    let rotates_at = match prior.created_time.known() {
        Some(created) => times::rotates_at(&planned, created),
        None if times::has_no_end(&planned) => Attr::Null,
        None => Attr::Unknown,
    };
    // Another time than a read saw is looked at by the next one.
    let same = rotates_at == prior.rotates_at;
    let due = prior.rotation_due == Attr::Known(true) && same && rotates_at.known().is_some();
    let start = Start {
        standing: held.standing.clone(),
        record: held.seen.as_ref(),
        status: prior.status.known().cloned().unwrap_or_default(),
        target: held.target.as_deref(),
    };
    let intent = Intent {
        adopts: held.is_imported(),
        writes: raised || repaired,
        moves,
        mends: !stands && !held.is_imported() && !raised && !repaired && !moves,
        ..Intent::default()
    };
    let asked = clock::Asked {
        rotation: due && planned.generate.is_some(),
        end_of_grace: prior.grace_over == Attr::Known(true),
        overdue: held.overdue,
    };
    let allowed = clock::judge(configured, cx, &site, &start, &planned, intent, asked)?;
    if raised || repaired || (asked.rotation && allowed) {
        new_value(&mut planned);
        return Ok(planned);
    }
    // What was imported and has no record gets one.
    planned.version = or_unknown(&prior.version);
    planned.created_time = or_unknown(&prior.created_time);
    planned.rotates_at = rotates_at;
    planned.rotation_due = if same { prior.rotation_due.clone() } else { Attr::Known(false) };
    planned.grace_over = Attr::Known(false);
    if asked.end_of_grace && !allowed {
        planned.grace_over = Attr::Known(true);
    }
    Ok(planned)
}

fn or_unknown<T: Clone>(value: &Attr<T>) -> Attr<T> {
    if value.is_null() { Attr::Unknown } else { value.clone() }
}

/// Whether what a read found is mended by writing the value.
fn needs_value(prior: &Model, moves: bool) -> bool {
    prior.status.known().is_some_and(|status| status == CHANGED || (status == DELETED && !moves))
}

/// `status` of a value that is another one than was recorded.
pub const CHANGED: &str = "changed by hand";
/// `status` of a value that is not there.
pub const DELETED: &str = "deleted by hand";

/// What makes it another secret.
fn another(prior: &Model, planned: &Model) -> Vec<Path> {
    [
        ("app", prior.app != planned.app),
        ("env", prior.env != planned.env),
        ("key", prior.key != planned.key),
        ("store", prior.store != planned.store),
        ("file", prior.file != planned.file),
        ("parameter_name", prior.parameter_name != planned.parameter_name),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(name, _)| Path::attribute(name))
    .collect()
}

/// Whether the given value is to be written.
fn raised(prior: &Model, planned: &Model) -> Result<bool, Errors> {
    match (&prior.value_wo_version, &planned.value_wo_version) {
        (Attr::Known(was), Attr::Known(now)) if now < was => Err(report::goes_down(*was, *now)),
        (_, Attr::Null) => Ok(false),
        (was, now) => Ok(was != now),
    }
}

fn delete(configured: &Configured, cx: &mut Context, prior: &Model) -> Result<(), Errors> {
    let held = Held::load(&cx.private);
    let id = prior.id.known().cloned().unwrap_or_default();
    if let Some(who) = &held.held_twice {
        cx.warn(
            format!("{id}: only the entry goes"),
            format!("This state entry no longer holds the secret: {who}. Nothing outside the state is touched."),
        );
        return Ok(());
    }
    if let Some(what) = &held.elsewhere {
        return Err(report::elsewhere(&id, what));
    }
    let store = prior.store.known().map(String::as_str).unwrap_or_default();
    configured
        .run()
        .note_secret_delete(store, &id, held.entry_key())
        .map_err(|clash| report::clash(&id, clash))?;
    goes(configured, cx, prior, &held)
}

/// Judges that the secret of an entry goes.
fn goes(
    configured: &Configured,
    cx: &mut Context,
    prior: &Model,
    held: &Held,
) -> Result<(), Errors> {
    // An env that is no longer declared is refused when it is applied, with what it is called.
    let Ok(mut site) = prior.named().map_err(report::not_known).and_then(|n| n.site(configured))
    else {
        return Ok(());
    };
    site.place = held.place(&site.place);
    let start = Start {
        standing: held.standing.clone(),
        record: held.seen.as_ref(),
        status: prior.status.known().cloned().unwrap_or_default(),
        target: held.target.as_deref(),
    };
    let intent = Intent { deletes: true, ..Intent::default() };
    gating::judge(configured, cx, &site, &start, None, intent, Phase::Plan)
}
