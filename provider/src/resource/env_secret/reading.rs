// SPDX-License-Identifier: MPL-2.0
//! What is: the record and how the value stands against it. The only place that looks at the clock.

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::Slot;
use tfplugin::value::Attr;

use super::gating;
use super::held::Held;
use super::model::Model;
use super::planning::{CHANGED, DELETED, OK};
use super::report;
use super::times::{self, Operation};
use crate::configured::Configured;
use crate::secrets::Site;
use crate::store::{Record, Standing};

/// Reads a secret. Writes nothing, takes no lock.
pub async fn read(
    configured: &Configured,
    cx: &mut Context,
    state: &mut Slot<Model>,
) -> Result<(), Errors> {
    let Some(mut model) = state.get().cloned() else { return Ok(()) };
    let mut held = Held::load(&cx.private);
    let named = model.named().map_err(report::not_known)?;
    let mut site = named.site(configured)?;
    site.place = held.place(&site.place);
    let id = site.id();
    // Plan refuses, or cannot ask yet; the state stays as it is.
    let Some(store) = &site.store else { return Ok(()) };
    let limit = Operation::Read.limit(&model);
    let failed = |error| report::failure(&id, &error);
    let registry = site.look(configured, limit).await.map_err(failed)?;
    if let Some(what) = elsewhere(&site, &held, registry.target.as_deref()) {
        cx.warn(format!("{id}: it is elsewhere"), format!("{what} The entry is kept."));
        held.elsewhere = Some(what);
        held.store(&mut cx.private);
        return Ok(());
    }
    held.elsewhere = None;
    held.standing = gating::standing(&registry);
    held.target = registry.target;
    held.note_names(&site.place.names);
    let seen = limit.bound(&store.server(), store.look(&site.place)).await.map_err(failed)?;
    let is_new = model.status.is_null();
    if is_new {
        model.env = Attr::Known(site.place.coordinate.env().to_owned());
        model.store = Attr::Known(site.store_name.to_owned());
        model.id = Attr::Known(id.clone());
        model.path = site.path().into();
    }
    let Some(record) = seen.record else {
        if held.is_imported() && seen.value == Standing::Unrecorded {
            held.seen = None;
            model.status = Attr::Known(NOT_ADOPTED.to_owned());
            model.rotation_due = Attr::Known(false);
            model.grace_over = Attr::Known(false);
            held.store(&mut cx.private);
            state.put(model);
        } else {
            tracing::info!(secret = id, "not there");
            state.clear();
        }
        return Ok(());
    };
    if held.is_imported() && seen.value == Standing::Missing {
        state.clear();
        return Ok(());
    }
    held.held_twice = other_holder(&held, &record);
    if let Some(who) = &held.held_twice {
        cx.warn(
            format!("{id}: held twice"),
            format!(
                "This state entry no longer holds the secret: {who}. The entry is kept as it was; planning anything but its \
                 deletion is an error."
            ),
        );
        configured.run().note_lost_secret(site.store_name, &id, who);
        held.store(&mut cx.private);
        return Ok(());
    }
    // Every secret of a document that was changed is in doubt; once a run is enough.
    if seen.value == Standing::Untold && configured.run().is_new_warning(&untold(&site)) {
        cx.warn(
            format!("{id}: whether it was changed cannot be told"),
            format!(
                "Something at {} was written by hand, and the credentials of this run may not read values, so which key it \
                 was cannot be told. Nothing is planned for it.\n\nNext: plan with credentials that may read it.",
                site.path().unwrap_or_default()
            ),
        );
    }
    if let Some(holder) = &held.holder {
        configured.run().note_held_secret(site.store_name, &id, holder);
    }
    let status = status(configured, &held, &record, seen.value);
    fill(configured, &mut model, &mut held, record);
    model.status = Attr::Known(status);
    held.store(&mut cx.private);
    state.put(model);
    Ok(())
}

/// `status` of what came by import and holds no record.
pub const NOT_ADOPTED: &str = "differs: imported, not adopted yet";

/// `status` of a value that is recorded.
pub fn status(configured: &Configured, held: &Held, record: &Record, value: Standing) -> String {
    match value {
        Standing::Missing => DELETED.to_owned(),
        Standing::Changed | Standing::Unrecorded => CHANGED.to_owned(),
        Standing::AsRecorded | Standing::Untold if held.is_imported() => NOT_ADOPTED.to_owned(),
        Standing::AsRecorded | Standing::Untold => {
            let owner = configured.settings.owner.as_deref().unwrap_or_default();
            if record.owner == owner {
                OK.to_owned()
            } else {
                format!("differs: owner is {}", record.owner)
            }
        }
    }
}

/// Brings an entry to what is recorded, and to the clock.
pub fn fill(configured: &Configured, model: &mut Model, held: &mut Held, record: Record) {
    let world = &configured.world;
    model.version = Attr::Known(i64::try_from(record.version).unwrap_or(i64::MAX));
    model.created_time = Attr::Known(record.time.clone());
    model.rotates_at = times::rotates_at(model, &record.time);
    let is_over = |time: Option<&String>| time.is_some_and(|time| world.is_over(time));
    model.rotation_due = Attr::Known(is_over(model.rotates_at.known()));
    model.grace_over = Attr::Known(is_over(record.previous_until.as_ref()));
    held.overdue = is_over(times::overdue_at(model, &record.time).as_ref());
    held.seen = Some(record);
}

/// What tells the doubt about one document from that about another.
fn untold(site: &Site) -> String {
    format!("untold: {}", site.path().unwrap_or_default())
}

/// What the store's target is instead, where it is not the one that the entry knows.
fn elsewhere(site: &Site, held: &Held, found: Option<&str>) -> Option<String> {
    let wanted = held.target.as_deref()?;
    if found == Some(wanted) {
        return None;
    }
    let server = site.store.as_ref().map(|store| store.server()).unwrap_or_default();
    Some(match found {
        Some(found) => format!(
            "What the provider is configured for, {server}, has the registry {found}, but this entry's secret is in {wanted}."
        ),
        None => format!(
            "What the provider is configured for, {server}, has no appenv registry, but this entry's secret is in {wanted}."
        ),
    })
}

/// Whose the record is, where it is not this entry's.
fn other_holder(held: &Held, record: &Record) -> Option<String> {
    let ours = held.holder.as_ref()?;
    (*ours != record.holder).then(|| report::whose(record))
}
