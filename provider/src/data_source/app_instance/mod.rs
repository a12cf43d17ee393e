// SPDX-License-Identifier: MPL-2.0
//! The data source `appenv_app_instance`: a registered instance, read without holding it.
//!
//! # Layout
//!
//! - `model`, `schema`: what the user writes and reads. `report`: what the user reads where it cannot be told.

mod model;
mod report;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::Errors;
use tfplugin::schema::Schema;
use tfplugin::value::Attr;

pub use model::Model;

use self::model::ProtectionModel;
use super::located;
use super::timeout;
use super::unready::not_configured;
use crate::configured::{Configured, Latest};
use crate::facet::{Limit, Observation};
use crate::inquiry;
use crate::naming::{self, Coordinate, Names, Overrides};
use crate::plan::{ObjectState, REGISTRATION};
use crate::registered::{self, Looked, Registered};
use crate::registry::Phase;
use crate::resolved;

/// The data source.
pub struct AppInstanceSource(pub Arc<Latest>);

// === impl AppInstanceSource ===

impl DataSource for AppInstanceSource {
    type Model = Model;
    const TYPE: &'static str = "appenv_app_instance";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        let mut found = Vec::new();
        found.extend(config.app.known().and_then(|app| naming::check_app(app).err()));
        found.extend(config.env.known().and_then(|env| naming::check_env(env).err()));
        let written = written(config);
        found.extend(Overrides::new(&BTreeMap::new(), &written).err().unwrap_or_default());
        let mut errors = located::located(&found, &written);
        errors.0.extend(timeout::check(&config.timeout));
        errors.into_result()
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let configured = self.0.get().ok_or_else(|| not_configured("an instance"))?;
        Box::pin(answer(&configured, config)).await
    }
}

async fn answer(configured: &Configured, config: Model) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let environments = &settings.environments;
    let written = written(&config);
    let located = |found: Vec<naming::NameError>| located::located(&found, &written);
    let app = config.app.known().map(String::as_str).unwrap_or_default();
    let env = config.env.known().map(String::as_str);
    let coordinate = inquiry::coordinate(environments, app, env).map_err(located)?;
    let overrides = Overrides::new(&settings.templates, &written).map_err(located)?;
    let none = BTreeSet::new();
    let names = Names::derive_with(environments, &coordinate, &none, &settings.inputs, &overrides)
        .map_err(located)?;
    if settings.has_unknown_target() {
        return Err(report::not_known_yet(&coordinate));
    }
    let limit = Limit::of_argument(timeout::read(&config.timeout));
    let looked = registered::look(configured, &coordinate, names.clone(), limit).await;
    let failed = looked.iter().find_map(|one| one.answer.as_ref().err());
    if let Some(error) = failed {
        return Err(report::failure(&coordinate, error));
    }
    let mut model = Model {
        env: Attr::Known(coordinate.env().to_owned()),
        production: Attr::Known(environments.is_production(coordinate.env())),
        registered: Attr::Known(false),
        ..config
    };
    let Some(found) = Registered::of(&looked, coordinate.env()) else {
        if model.must_exist.known().copied().unwrap_or(true) {
            return Err(report::unregistered(&coordinate, &looked));
        }
        name(&mut model, names);
        return Ok(model);
    };
    if !found.is_readable {
        return Err(report::unreadable(&coordinate));
    }
    report::other_names(&coordinate, &written, &found.wanted.names).into_result()?;
    let names = found.names(&coordinate, settings).map_err(located)?;
    let spec = found.spec(&coordinate, names.clone(), settings);
    let seen = registered::observe(configured, &spec, limit)
        .await
        .map_err(|error| report::failure(&coordinate, &error))?;
    name(&mut model, names);
    fill(&mut model, &coordinate, &found, &looked, &seen);
    Ok(model)
}

/// The names that are given and known.
fn written(model: &Model) -> BTreeMap<String, String> {
    model.names.as_ref().map(|names| names.read().0).unwrap_or_default()
}

fn name(model: &mut Model, names: Names) {
    model.resolved_names = Attr::Known(resolved::value(&names));
    model.instance = Attr::Known(names.instance);
    model.state_prefix = Attr::Known(names.state_prefix);
}

fn fill(
    model: &mut Model,
    coordinate: &Coordinate,
    found: &Registered,
    looked: &[Looked],
    seen: &[(&'static str, Observation)],
) {
    let entry = &found.entry;
    let texts = |texts: &BTreeSet<String>| texts.iter().cloned().map(Attr::Known).collect();
    let is_declared = model.production.known().copied().unwrap_or_default();
    model.registered = Attr::Known(true);
    model.production = Attr::Known(entry.production || is_declared);
    model.owner = Attr::Known(entry.owner.clone());
    model.holder = entry.state_address.clone().into();
    model.generation = i64::try_from(entry.generation).ok().into();
    model.release = found.wanted.release.clone().into();
    model.services = Attr::Known(texts(&found.wanted.services));
    model.last_apply = Attr::Known(entry.written_at.clone());
    model.spec_digest = Attr::Known(entry.spec_digest.clone());
    let registries = found.registries.iter().map(|name| Attr::Known((*name).to_owned()));
    model.registries = Attr::Known(registries.collect());
    model.protection = protection(coordinate, looked).into();
    let objects = seen.iter().flat_map(|(_, observation)| &observation.objects);
    let mut objects: BTreeMap<String, Attr<String>> =
        objects.map(|(name, state)| (name.clone(), Attr::Known(state.to_string()))).collect();
    let registration = registration(found, seen);
    objects.insert(REGISTRATION.to_owned(), Attr::Known(registration.to_string()));
    model.objects = Attr::Known(objects);
}

/// What the first registry that has a floor for the env says.
fn protection(coordinate: &Coordinate, looked: &[Looked]) -> Option<ProtectionModel> {
    let mut looks = looked.iter().filter_map(|one| one.answer.as_ref().ok());
    let floor = looks.find_map(|look| look.floor.as_ref()?.envs.get(coordinate.env()))?;
    Some(ProtectionModel {
        production: Attr::Known(floor.production),
        mode: Attr::Known(floor.mode.clone()),
        allow: Attr::Known(floor.allow.iter().cloned().map(Attr::Known).collect()),
        promote_from: floor.promote_from.clone().into(),
    })
}

fn registration(found: &Registered, seen: &[(&'static str, Observation)]) -> ObjectState {
    let mut differences = Vec::new();
    match found.entry.phase {
        Phase::Pending => differences.push("a create did not finish".to_owned()),
        Phase::Deleting => differences.push("a delete did not finish".to_owned()),
        Phase::Live if found.entry.pending.is_some() => {
            differences.push("an approved change did not finish".to_owned());
        }
        Phase::Live | Phase::Gone => {}
    }
    for renamed in seen.iter().flat_map(|(_, observation)| &observation.renamed) {
        differences.push(format!("{} is registered as \"{}\"", renamed.key, renamed.registered));
    }
    for (name, observation) in seen {
        let entry = observation.look.entry.as_ref();
        if entry.is_some_and(|second| second.holder != found.entry.holder) {
            differences.push(format!("{name} has another registration"));
        }
    }
    ObjectState::from_differences(differences)
}
