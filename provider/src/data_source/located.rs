// SPDX-License-Identifier: MPL-2.0
//! Where in a data source that takes a coordinate a refused name stands.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::naming::{NameError, Subject};
use crate::settings::names::at;

/// What naming refuses, each at its argument; `written` are the names in the place of the convention's.
pub(super) fn located(found: &[NameError], written: &BTreeMap<String, String>) -> Errors {
    let mut errors = Errors::new();
    for error in found {
        let place = match &error.subject {
            Subject::Env | Subject::Environment(_) => Path::attribute("env"),
            Subject::Service(_) => Path::attribute("services"),
            Subject::Name(key) if written.contains_key(*key) => at(key),
            Subject::Template(key) => at(key),
            _ => Path::attribute("app"),
        };
        errors.push(Diagnostic::error(error.summary.clone(), error.detail.clone()).at(place));
    }
    errors
}
