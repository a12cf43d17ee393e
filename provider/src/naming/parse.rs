// SPDX-License-Identifier: MPL-2.0
//! From the name of an instance back to its coordinate.

use std::fmt::Write;

use super::coordinate::Coordinate;
use super::environments::Environments;
use super::error::{NameError, Subject, listed, shown};
use super::names::instance;

/// Reads the name of an instance: the one coordinate that the declared envs allow and that is named so.
pub fn parse_instance(name: &str, environments: &Environments) -> Result<Coordinate, NameError> {
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for (app, env) in candidates(name, environments) {
        match environments.coordinate(app, env) {
            Ok(coordinate) if instance(environments, &coordinate).as_deref() == Some(name) => {
                found.push(coordinate);
            }
            Ok(_) => {}
            Err(errors) => {
                refused.extend(errors.into_iter().map(|error| (app, env, error.summary)));
            }
        }
    }
    let (1, Some(coordinate)) = (found.len(), found.pop()) else {
        let declared = environments.declared().iter().map(|declared| declared.name.as_str());
        let mut detail = format!(
            "Names of instances are read by convention {} with the declared envs {}.",
            environments.convention(),
            listed(declared)
        );
        for (app, env, why) in refused {
            // Writing to a String cannot fail.
            let _ = write!(detail, " As {}/{env}: {why}.", shown(app));
        }
        detail.push_str(" Check the name, or declare the env it holds.");
        return Err(NameError::new(
            Subject::Name("instance"),
            format!("{} is the name of no instance", shown(name)),
            detail,
        ));
    };
    Ok(coordinate)
}

/// The ways to cut a name: whole, in the env that elides, or before each declared env it ends in.
fn candidates<'a>(name: &'a str, environments: &'a Environments) -> Vec<(&'a str, &'a str)> {
    let whole = environments.elided().map(|env| (name, env));
    let cut = environments.declared().iter().filter_map(|declared| {
        let app = name.strip_suffix(declared.name.as_str())?.strip_suffix('-')?;
        Some((app, declared.name.as_str()))
    });
    whole.into_iter().chain(cut).collect()
}
