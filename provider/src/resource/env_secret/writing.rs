// SPDX-License-Identifier: MPL-2.0
//! Create, update, delete: the record and the value.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::Slot;
use tfplugin::value::Attr;

use super::gating::{self, Intent, Start};
use super::held::Held;
use super::model::Model;
use super::planning::{OK, taking_over};
use super::reading::{NOT_ADOPTED, fill, status};
use super::times::{self, Operation};
use super::{planning, recipe, report};
use crate::configured::Configured;
use crate::facet::{FacetError, Fault, Limit};
use crate::gate::Standing;
use crate::guard::Phase;
use crate::resource::state_gate;
use crate::secrets::Site;
use crate::store::{Change, Previous, Record, SecretStore, SecretValue};
use crate::world::World;

/// Makes a secret, or takes over one that is recorded.
pub async fn create(
    configured: &Configured,
    cx: &mut Context,
    config: &Model,
    planned: Model,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let work = Work::new(configured, cx, &planned, Operation::Create).await?;
    let seen = Held::load(&cx.private);
    // What was made before and is taken over keeps its value; what is given is written.
    let keeps = planned.generate.is_some() && seen.has_value;
    let intent = match &seen.found {
        Some(_) => taking_over(&planned, seen.has_value),
        None => Intent { creates: true, ..Intent::default() },
    };
    work.judge(cx, &seen, &planned, seen.found.is_some(), intent).await?;
    let value = if keeps { None } else { Some(work.value(config, &planned)?) };
    let holder = configured.world.random_id();
    let record = work.write(&planned, seen.found.as_ref(), value.as_ref(), &holder, None).await?;
    work.keep(cx, planned, holder, record, state);
    Ok(())
}

/// Writes another value, ends the time of grace, takes over, moves: what the plan says.
pub async fn update(
    configured: &Configured,
    cx: &mut Context,
    config: &Model,
    prior: &Model,
    planned: Model,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let held = Held::load(&cx.private);
    let raised = prior.value_wo_version != planned.value_wo_version;
    // What is taken over gets a version, and keeps its value.
    let is_new = planned.version.is_unknown() && (!held.is_imported() || raised);
    let ends_grace = planning::ends_grace(prior, &planned) && !is_new;
    let site = planned.named().map_err(report::not_known)?.site(configured)?;
    let moves = held.is_moved(site.store_name, &site.place);
    let mut work = None;
    if planning::touches_outside(prior, &planned, &held, &site) {
        work = Some(Work::new(configured, cx, &planned, Operation::Update).await?);
    }
    let Some(work) = work else {
        // Only what the state says of it changes: when it is due.
        let mut held = held;
        let mut model = planned;
        model.path = site.path().into();
        if let Some(record) = held.seen.clone() {
            let (due, over) = (model.rotation_due.clone(), model.grace_over.clone());
            fill(configured, &mut model, &mut held, record);
            model.rotation_due = due;
            model.grace_over = over;
        }
        held.store(&mut cx.private);
        state.put(model);
        return Ok(());
    };
    let intent = Intent {
        adopts: held.is_imported(),
        writes: is_new,
        ends_grace,
        moves,
        mends: prior.status != planned.status && !held.is_imported() && !is_new && !moves,
        ..Intent::default()
    };
    work.judge(cx, &held, &planned, true, intent).await?;
    let mut expected = held.seen.clone();
    if moves && let Some(record) = &expected {
        work.relocate(prior, &held, record).await?;
    }
    let value = if is_new { Some(work.value(config, &planned)?) } else { None };
    let holder = held.holder.clone().unwrap_or_else(|| configured.world.random_id());
    let previous = ends_grace.then_some(Previous::Remove);
    if held.is_imported() && is_new && expected.is_none() {
        // What no state held is taken over as it stands first: it is then the value before.
        let leave = Some(Previous::Leave);
        expected = Some(work.write(&planned, None, None, &holder, leave).await?);
    }
    let record = work.write(&planned, expected.as_ref(), value.as_ref(), &holder, previous).await?;
    work.keep(cx, planned, holder, record, state);
    Ok(())
}

/// Removes a secret that this entry holds.
pub async fn delete(
    configured: &Configured,
    cx: &mut Context,
    prior: &Model,
) -> Result<(), Errors> {
    let held = Held::load(&cx.private);
    if held.held_twice.is_some() {
        return Ok(());
    }
    let mut site = prior.named().map_err(report::not_known)?.site(configured)?;
    site.place = held.place(&site.place);
    let id = site.id();
    // A taint hides the private state: then what the state shows tells whether the record is the one it wrote.
    let by_state = held.is_imported() && prior.status != Attr::Known(NOT_ADOPTED.to_owned());
    if held.is_imported() && !by_state {
        return Err(Errors::one(
            format!("{id}: imported, not adopted yet"),
            "This entry came by import and holds no record, so nothing proves that the secret is this state's to delete. \
             Nothing was changed.\n\nNext: apply once, which adopts it, then delete it; or drop the entry with `state rm`.",
        ));
    }
    let store = site.store.as_ref().ok_or_else(|| report::not_reachable_yet(&id))?;
    not_stopped(cx, &id)?;
    let limit = Operation::Delete.limit(prior);
    let failed = |error| report::failure(&id, &error);
    let look = site.look(configured, limit).await.map_err(failed)?;
    let known = gating::standing(&look);
    if let Some(ours) = &held.target
        && look.target.as_ref() != Some(ours)
    {
        let told = format!("The target's registry is not {ours} any more.");
        return Err(report::elsewhere(&id, &told));
    }
    // The record as it stands: a state that was not refreshed may know an older one of the same entry.
    let seen = limit.bound(&store.server(), store.look(&site.place)).await.map_err(failed)?;
    let Some(expected) = seen.record else { return Ok(()) };
    let is_ours = if let Some(holder) = &held.holder {
        *holder == expected.holder
    } else {
        let there = configured.state_address();
        prior.created_time.known() == Some(&expected.time)
            && prior.version.known().copied() == i64::try_from(expected.version).ok()
            && expected.state_address.as_deref().is_none_or(|theirs| there == Some(theirs))
    };
    if !is_ours {
        cx.warn(
            format!("{id}: only the entry goes"),
            format!(
                "This state entry does not hold the secret: {}. Nothing outside the state was touched.",
                report::whose(&expected)
            ),
        );
        return Ok(());
    }
    if by_state {
        // Where this fails, the next run finds again what the taint hid from this one.
        let (holder, target) = (Some(expected.holder.clone()), look.target.clone());
        let mut held = Held { holder, target, seen: Some(expected.clone()), ..Held::default() };
        held.note_names(&site.place.names);
        held.store(&mut cx.private);
    }
    let status = status(configured, &held, &expected, seen.value);
    let target = look.target.as_deref();
    let start = Start { standing: known, record: Some(&expected), status, target };
    let intent = Intent { deletes: true, ..Intent::default() };
    gating::judge(configured, cx, &site, &start, None, intent, Phase::Apply)?;
    limit.bound(&store.server(), store.remove(&site.place, &expected)).await.map_err(failed)
}

/// What a write works with.
struct Work<'a> {
    configured: &'a Configured,
    site: Site,
    id: String,
    store: std::sync::Arc<dyn SecretStore>,
    target: Option<String>,
    standing: Standing,
    limit: Limit,
}

// === impl Work ===

impl<'a> Work<'a> {
    /// Looks whether the instance is there and ours, before anything is written.
    async fn new(
        configured: &'a Configured,
        cx: &Context,
        planned: &Model,
        operation: Operation,
    ) -> Result<Self, Errors> {
        let site = planned.named().map_err(report::not_known)?.site(configured)?;
        let id = site.id();
        not_stopped(cx, &id)?;
        let place = &site.place;
        state_gate::apply(configured, &place.coordinate, &place.names.state_prefix)?;
        let store = site.store.clone().ok_or_else(|| report::not_reachable_yet(&id))?;
        let limit = operation.limit(planned);
        let look =
            site.look(configured, limit).await.map_err(|error| report::failure(&id, &error))?;
        let owner = configured.settings.owner.as_deref().unwrap_or_default();
        site.admits(&look, owner).map_err(|error| report::failure(&id, &error))?;
        let held = Held::load(&cx.private);
        if let Some(ours) = held.target.filter(|ours| look.target.as_ref() != Some(ours)) {
            let told = format!("The target's registry is not {ours} any more.");
            return Err(report::elsewhere(&id, &told));
        }
        let standing = gating::standing(&look);
        Ok(Self { configured, site, id, store, target: look.target, standing, limit })
    }

    /// Judges the change from what stands. `is_there`: whether a record is expected.
    async fn judge(
        &self,
        cx: &mut Context,
        held: &Held,
        planned: &Model,
        is_there: bool,
        intent: Intent,
    ) -> Result<(), Errors> {
        let coordinate = &self.site.place.coordinate;
        if !self.standing.guards(&self.configured.settings.policy, coordinate.env()) {
            return Ok(());
        }
        // What moves is looked up where it was.
        let place = if is_there { held.place(&self.site.place) } else { self.site.place.clone() };
        let server = self.store.server();
        let look = self.limit.bound(&server, self.store.look(&place));
        let seen = look.await.map_err(|error| report::failure(&self.id, &error))?;
        let status = match (&seen.record, intent.creates) {
            (Some(record), _) => status(self.configured, held, record, seen.value),
            (None, true) => String::new(),
            (None, false) => NOT_ADOPTED.to_owned(),
        };
        let target = self.target.as_deref();
        let standing = self.standing.clone();
        let start = Start { standing, record: seen.record.as_ref(), status, target };
        let phase = Phase::Apply;
        gating::judge(self.configured, cx, &self.site, &start, Some(planned), intent, phase)
    }

    /// The value to write: given, or made.
    fn value(&self, config: &Model, planned: &Model) -> Result<SecretValue, Errors> {
        if let Some(generate) = &planned.generate {
            return recipe::make(generate, &self.configured.world);
        }
        let value = config.value_wo.known().map(|text| SecretValue::new(text.expose().clone()));
        value.filter(|value| !value.expose().is_empty()).ok_or_else(|| {
            Errors::at(
                tfplugin::value::Path::attribute("value_wo"),
                format!("{}: no value was given", self.id),
                "`value_wo` is null or empty when it is to be written. Nothing was changed.\n\nNext: give it a value, for an \
                 ephemeral variable at apply too.",
            )
        })
    }

    async fn write(
        &self,
        planned: &Model,
        expected: Option<&Record>,
        value: Option<&SecretValue>,
        holder: &str,
        previous: Option<Previous>,
    ) -> Result<Record, Errors> {
        let now = self.configured.world.now();
        let failed = |error: FacetError| report::failure(&self.id, &error);
        self.store.check(&self.site.place, value).map_err(failed)?;
        let kept = times::grace(planned).and_then(|grace| World::after(&now, grace));
        let previous = previous.unwrap_or(match (value, kept) {
            (Some(_), Some(until)) => Previous::Keep { until },
            // Without a time of grace the one before does not outlive a new value.
            (Some(_), None) => Previous::Remove,
            (None, _) => Previous::Leave,
        });
        let change = Change {
            value,
            previous,
            owner: self.configured.settings.owner.as_deref().unwrap_or_default(),
            holder,
            state_address: self.configured.state_address(),
            now: &now,
        };
        let write = self.store.write(&self.site.place, expected, &change);
        self.limit.bound(&self.store.server(), write).await.map_err(failed)
    }

    /// Takes it along to where the instance's names have it now.
    async fn relocate(&self, prior: &Model, held: &Held, expected: &Record) -> Result<(), Errors> {
        let from = prior.named().map_err(report::not_known)?.site(self.configured)?;
        let place = held.place(&from.place);
        let relocate = self.store.relocate(&place, &self.site.place, expected);
        self.limit
            .bound(&self.store.server(), relocate)
            .await
            .map_err(|error| report::failure(&self.id, &error))
    }

    /// Puts what was written into the state.
    fn keep(
        self,
        cx: &mut Context,
        planned: Model,
        holder: String,
        record: Record,
        state: &mut Slot<Model>,
    ) {
        let mut model = planned;
        let due = model.rotation_due.clone();
        let over = model.grace_over.clone();
        let mut held = Held {
            holder: Some(holder),
            target: self.target,
            standing: self.standing,
            ..Held::default()
        };
        held.note_names(&self.site.place.names);
        fill(self.configured, &mut model, &mut held, record);
        // What the plan said of the clock stays: the next read looks again.
        model.rotation_due = due;
        model.grace_over = over;
        model.status = Attr::Known(OK.to_owned());
        model.path = self.site.path().into();
        held.store(&mut cx.private);
        state.put(model);
    }
}

fn not_stopped(cx: &Context, id: &str) -> Result<(), Errors> {
    if !cx.stop.is_cancelled() {
        return Ok(());
    }
    let stopped = FacetError {
        fault: Fault::Stopped,
        summary: "stopped".to_owned(),
        attempted: "The work on the secret was asked to stop before its next write.".to_owned(),
        cause: "interrupted".to_owned(),
        next: "apply again.".to_owned(),
        attribute: None,
    };
    Err(report::failure(id, &stopped))
}
