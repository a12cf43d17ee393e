// SPDX-License-Identifier: MPL-2.0
//! What is written, judged.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::model::{AllowedModel, Model};
use crate::data_source::timeout;
use crate::naming::{self, NameError, shown};
use crate::parity::{Allowed, KINDS, Kind};
use crate::settings::{Settings, secrets};
use crate::store::kind as stores;

/// Judges what is known.
pub fn validate(config: &Model) -> Result<(), Errors> {
    let mut errors = Errors::new();
    let at =
        |place: Path, error: NameError| Diagnostic::error(error.summary, error.detail).at(place);
    let app = config.app.known().and_then(|app| naming::check_app(app).err());
    errors.0.extend(app.map(|error| at(Path::attribute("app"), error)));
    let found = envs(&config.envs).into_iter().filter_map(|env| naming::check_env(&env).err());
    errors.0.extend(found.map(|error| at(Path::attribute("envs"), error)));
    if let Some(store) = config.store.known()
        && stores::Kind::find(store).is_none()
    {
        errors.push(
            Diagnostic::error(
                format!("`store` cannot be {}", shown(store)),
                format!("`store` must be {}.", stores::listed()),
            )
            .at(Path::attribute("store")),
        );
    }
    for (index, one) in config.allowed_differences.iter().enumerate() {
        errors.0.extend(judge(index, one));
    }
    errors.0.extend(timeout::check(&config.timeout));
    errors.into_result()
}

fn judge(index: usize, one: &AllowedModel) -> Vec<Diagnostic> {
    let at = |field| Path::attribute("allowed_differences").index(index).field(field);
    let mut found = Vec::new();
    if let Some(kind) = one.kind.known().filter(|kind| Kind::parse(kind).is_none()) {
        let kinds: Vec<String> = KINDS.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
        found.push(
            Diagnostic::error(
                format!("`kind` cannot be {}", shown(kind)),
                format!("`kind` must be one of {}.", kinds.join(", ")),
            )
            .at(at("kind")),
        );
    }
    for (field, value) in [("name", &one.name), ("reason", &one.reason)] {
        if value.known().is_some_and(|text| text.trim().is_empty()) {
            found.push(
                Diagnostic::error(
                    format!("`{field}` is empty"),
                    "A difference is allowed by its name, and with the reason why, for whoever reads it later.",
                )
                .at(at(field)),
            );
        }
    }
    found
}

/// The envs that are written and known.
pub fn envs(written: &Attr<Vec<Attr<String>>>) -> BTreeSet<String> {
    written.known().into_iter().flatten().filter_map(|env| env.known().cloned()).collect()
}

/// The differences that are allowed.
pub fn allowed(config: &Model) -> Vec<Allowed> {
    let text = |text: &Attr<String>| text.known().cloned().unwrap_or_default();
    let one = |one: &AllowedModel| {
        Some(Allowed {
            kind: Kind::parse(one.kind.known()?)?,
            name: text(&one.name),
            reason: text(&one.reason),
            envs: envs(&one.envs),
        })
    };
    config.allowed_differences.iter().filter_map(one).collect()
}

/// The store whose keys are compared; `None`: none is configured.
pub fn store(config: &Model, settings: &Settings) -> Result<Option<&'static str>, Errors> {
    let Some(written) = config.store.known() else { return Ok(settings.secret_store) };
    match stores::Kind::find(written) {
        Some(kind) if settings.facets().contains(&kind.facet) => Ok(Some(kind.name)),
        Some(kind) => Err(secrets::not_configured(kind).at(Path::attribute("store")).into()),
        // Refused by what judges the configuration.
        None => Ok(settings.secret_store),
    }
}

/// An env that is written must be declared.
pub fn declared(app: &str, envs: &BTreeSet<String>, settings: &Settings) -> Result<(), Errors> {
    let mut errors = Errors::new();
    for env in envs {
        for error in settings.environments.coordinate(app, env).err().unwrap_or_default() {
            let subject =
                if matches!(error.subject, naming::Subject::App) { "app" } else { "envs" };
            errors
                .push(Diagnostic::error(error.summary, error.detail).at(Path::attribute(subject)));
        }
    }
    errors.into_result()
}
