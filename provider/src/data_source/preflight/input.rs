// SPDX-License-Identifier: MPL-2.0
//! What a configuration writes, judged: mistakes are errors, whatever stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::super::located::located;
use super::model::Model;
use crate::configured::Configured;
use crate::dotenv;
use crate::inquiry;
use crate::naming::{self, Coordinate, Overrides, shown};
use crate::plan::duration;
use crate::plan::wanted::WantedKubernetes;
use crate::preflight::keys::Needed;
use crate::secrets::{Named, Site};
use crate::settings::Settings;

/// The deadline where none is written.
const DEFAULT: Duration = Duration::from_secs(10);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(600);

/// Judges what is known of it.
pub(super) fn validate(config: &Model) -> Result<(), Errors> {
    let mut found = Vec::new();
    found.extend(config.app.known().and_then(|app| naming::check_app(app).err()));
    found.extend(config.env.known().and_then(|env| naming::check_env(env).err()));
    found
        .extend(services(config).iter().filter_map(|service| naming::check_service(service).err()));
    found.extend(Overrides::new(&BTreeMap::new(), &written(config)).err().unwrap_or_default());
    let mut errors = located(&found, &written(config));
    for key in texts(&config.required_keys) {
        if let Err(error) = dotenv::check_key(&key) {
            errors.push(
                Diagnostic::error(
                    format!("`required_keys` cannot hold {}", shown(&key)),
                    error.to_string(),
                )
                .at(Path::attribute("required_keys")),
            );
        }
    }
    if let Err(diagnostic) = timeout(config) {
        errors.push(diagnostic);
    }
    errors.extend(config.outside().validate());
    errors.into_result()
}

/// App and env, and the names in the place of the convention's.
pub(super) fn coordinate(
    config: &Model,
    settings: &Settings,
) -> Result<(Coordinate, Overrides), Errors> {
    let app = config.app.known().map(String::as_str).unwrap_or_default();
    let env = config.env.known().map(String::as_str);
    let coordinate = inquiry::coordinate(&settings.environments, app, env);
    let coordinate = coordinate.map_err(|found| located(&found, &written(config)))?;
    let overrides = Overrides::new(&settings.templates, &written(config));
    Ok((coordinate, overrides.map_err(|found| located(&found, &written(config)))?))
}

/// Keys that the instance needs.
pub(super) fn needed(config: &Model) -> Needed {
    Needed { required: texts(&config.required_keys), example: config.env_example.known().cloned() }
}

/// Where its secrets are; `None` where none is asked for.
pub(super) fn site(
    config: &Model,
    configured: &Arc<Configured>,
    coordinate: &Coordinate,
    needed: &Needed,
) -> Result<Option<Site>, Errors> {
    if needed.is_empty() {
        return Ok(None);
    }
    let named = Named {
        app: coordinate.app().to_owned(),
        env: Some(coordinate.env().to_owned()),
        names: written(config),
        store: config.store.known().cloned(),
        ..Named::default()
    };
    named.site(configured).map(Some)
}

/// The deadline of all checks.
pub(super) fn timeout(config: &Model) -> Result<Duration, Diagnostic> {
    let Some(text) = config.timeout.known() else { return Ok(DEFAULT) };
    let time = duration::parse(text).filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or_else(|| {
        Diagnostic::error(
            format!("`timeout` cannot be {}", shown(text)),
            "It must be a time from 1s to 10m, such as `10s` or `1m30s`: all checks end within it.",
        )
        .at(Path::attribute("timeout"))
    })
}

/// Parts of the application with names of their own.
pub(super) fn services(config: &Model) -> BTreeSet<String> {
    texts(&config.services)
}

/// The names that are given and known.
pub(super) fn written(config: &Model) -> BTreeMap<String, String> {
    config.names.as_ref().map(|names| names.read().0).unwrap_or_default()
}

/// Who may log in from Kubernetes, where that is said.
pub(super) fn kubernetes(config: &Model) -> Option<WantedKubernetes> {
    let given = |set: &Attr<Vec<Attr<String>>>| set.known().map(|_| texts(set));
    config.kubernetes.as_ref().map(|block| WantedKubernetes {
        service_accounts: given(&block.service_accounts),
        namespaces: given(&block.namespaces),
    })
}

fn texts(set: &Attr<Vec<Attr<String>>>) -> BTreeSet<String> {
    set.known().into_iter().flatten().filter_map(|text| text.known().cloned()).collect()
}
