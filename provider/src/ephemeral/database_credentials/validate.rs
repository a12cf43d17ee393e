// SPDX-License-Identifier: MPL-2.0
//! What can be judged of a configuration alone.

use std::collections::BTreeMap;
use std::time::Duration;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::model::Model;
use super::report;
use crate::naming::{self, Overrides, shown};
use crate::plan::duration;

/// How long a login is asked for where nothing is said.
const DEFAULT: Duration = Duration::from_secs(3_600);
/// The longest; a run that takes longer renews.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Collects every mistake of form.
pub(super) fn validate(config: &Model) -> Result<(), Errors> {
    let mut found = Vec::new();
    found.extend(config.app.known().and_then(|app| naming::check_app(app).err()));
    found.extend(config.env.known().and_then(|env| naming::check_env(env).err()));
    let written = config.names.as_ref().map(|names| names.read().0).unwrap_or_default();
    found.extend(Overrides::new(&BTreeMap::new(), &written).err().unwrap_or_default());
    let mut errors = report::located(&found, config);
    if let Err(error) = ttl(config) {
        errors.push(error);
    }
    if let Attr::Known(generation @ ..0) = config.generation {
        errors.push(
            Diagnostic::error(
                format!("`generation` cannot be {generation}"),
                "Generations count from 0. Set it to the instance's own: generation = \
                 appenv_app_instance.NAME.generation.",
            )
            .at(Path::attribute("generation")),
        );
    }
    errors.into_result()
}

/// How long the login is asked for each time.
pub(super) fn ttl(config: &Model) -> Result<Duration, Diagnostic> {
    let Some(text) = config.ttl.known() else { return Ok(DEFAULT) };
    let time = duration::parse(text).filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or_else(|| {
        Diagnostic::error(
            format!("`ttl` cannot be {}", shown(text)),
            "It must be a time from 1s to 24h, such as `90s`, `15m` or `1h30m`. A run that lasts longer renews the login, \
             so a short time is enough.",
        )
        .at(Path::attribute("ttl"))
    })
}
