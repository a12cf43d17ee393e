// SPDX-License-Identifier: MPL-2.0
//! `environment.log_retention_days`: for how long the logs of an env are kept. Log groups are made by the provider of
//! whatever writes into them; it is declared here once, and handed on.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Number, Path};

use super::Known;
use super::model::{EnvironmentModel, Model};
use crate::naming::shown;

/// Days that a log group can have: `retentionInDays` of `PutRetentionPolicy`, CloudWatch Logs API 2014-03-28.
const DAYS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Days by env, where they are given. One that is not known, or that no log group can have, is an error.
pub(super) fn read(model: &Model, need: &mut Known<'_>) -> BTreeMap<String, i64> {
    let mut days = BTreeMap::new();
    for (index, environment) in model.environment.iter().enumerate() {
        let Some(given) = need.known(&environment.log_retention_days, at(index)) else { continue };
        match (judge(&given, environment, index), environment.name.known()) {
            (Ok(given), Some(name)) => drop(days.insert(name.clone(), given)),
            (Ok(_), None) => {}
            (Err(error), _) => need.errors.push(error),
        }
    }
    days
}

/// Judges what is known before the provider is configured.
pub(super) fn validate(model: &Model, errors: &mut Errors) {
    for (index, environment) in model.environment.iter().enumerate() {
        let given = environment.log_retention_days.known();
        if let Some(Err(error)) = given.map(|given| judge(given, environment, index)) {
            errors.push(error);
        }
    }
}

fn judge(given: &Number, environment: &EnvironmentModel, index: usize) -> Result<i64, Diagnostic> {
    if let Some(days) = given.to_i64().filter(|days| DAYS.contains(days)) {
        return Ok(days);
    }
    let env = environment.name.known().map(|name| format!(" {}", shown(name))).unwrap_or_default();
    let all = DAYS.map(|days| days.to_string()).join(", ");
    Err(Diagnostic::error(
        format!("`log_retention_days` cannot be {given}"),
        format!(
            "Reading the `environment` block{env} of the provider configuration failed. CloudWatch Logs keeps a log group \
             for one of these numbers of days, and refuses any other: {all}.\n\nNext: write {}, or leave \
             `log_retention_days` out: a log group that is given none is kept for ever.",
            nearest(given)
        ),
    )
    .at(at(index)))
}

/// The days next below and next above, as a choice.
fn nearest(given: &Number) -> String {
    let below = DAYS.iter().rfind(|days| Number::from(**days) < *given);
    let above = DAYS.iter().find(|days| Number::from(**days) > *given);
    let each = below.into_iter().chain(above).map(i64::to_string);
    each.collect::<Vec<_>>().join(" or ")
}

fn at(index: usize) -> Path {
    Path::attribute("environment").index(index).field("log_retention_days")
}
