// SPDX-License-Identifier: MPL-2.0
//! The refusals that keep names apart: each takes away a second way to cut the words of a name.

use super::coordinate::Coordinate;
use super::environments::{Declared, Environments};
use super::error::{NameError, Subject, shown};
use super::grammar::{check_app, check_env, check_service};

/// Envs of which one ends in the other: `x` in `eu-dev` is `x-eu` in `dev`, for each `x` that may have the one and
/// `x-eu` the other.
pub(super) fn between_envs(declared: &[Declared]) -> Vec<NameError> {
    let mut errors = Vec::new();
    for long in declared {
        for short in declared {
            if check_env(&long.name).is_err() || check_env(&short.name).is_err() {
                continue;
            }
            let Some(between) = stem(&long.name, &short.name) else { continue };
            let Some((app, other)) = meeting(long, short, between) else { continue };
            let error = NameError::new(
                Subject::Environment(long.name.clone()),
                format!("Env {} ends in declared env {}", shown(&long.name), shown(&short.name)),
                format!(
                    "App {} in env {} and app {} in env {} would have the same names. Give one of the two \
                     envs another name, or give them lists of apps that cannot meet.",
                    shown(&app),
                    shown(&long.name),
                    shown(&other),
                    shown(&short.name)
                ),
            );
            // An env that is declared twice is told of once.
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    errors
}

/// An app of the longer env and an app of the shorter that would have the same names.
fn meeting(long: &Declared, short: &Declared, between: &str) -> Option<(String, String)> {
    let meets = |app: &str, other: &str| may_have(long, app) && may_have(short, other);
    match (&long.apps, &short.apps) {
        (Some(apps), _) => apps
            .iter()
            .map(|app| (app.clone(), format!("{app}-{between}")))
            .find(|(app, other)| meets(app, other)),
        (None, Some(others)) => others
            .iter()
            .filter_map(|other| Some((stem(other, between)?.to_owned(), other.clone())))
            .find(|(app, other)| meets(app, other)),
        (None, None) => Some(("x".to_owned(), format!("x-{between}"))),
    }
}

/// Declared envs that an app ends in: `erp-sandbox` is `erp` in `sandbox`.
pub(super) fn of_app(environments: &Environments, app: &str) -> Vec<NameError> {
    let whose = match environments.elided() {
        Some(elided) => format!("{app}/{elided}"),
        None => format!("app {app}"),
    };
    let told = |declared: &Declared| {
        let stem = stem(app, &declared.name).filter(|stem| may_have(declared, stem))?;
        let env = &declared.name;
        Some(NameError::new(
            Subject::App,
            format!(
                "App {} cannot be told from app {} in env {}",
                shown(app),
                shown(stem),
                shown(env)
            ),
            format!(
                "Names of {whose} could be names of {stem}/{env} too, because {env} is a declared env that {stem} may \
                 have. If that instance is meant, write app = {} and env = {}. Otherwise give the app another name, \
                 or give env {env} a list of apps without {stem}.",
                shown(stem),
                shown(env)
            ),
        ))
    };
    environments.declared().iter().filter_map(told).collect()
}

/// Why the names of a service would not be its own.
pub(super) fn of_service(
    environments: &Environments,
    coordinate: &Coordinate,
    service: &str,
) -> Option<NameError> {
    let (app, env) = (coordinate.app(), coordinate.env());
    if let Some(declared) = leading_env(environments, app, service) {
        let how = if declared == service { "is" } else { "begins with" };
        return Some(NameError::new(
            Subject::Service(service.to_owned()),
            format!("Service {} {how} declared env {}", shown(service), shown(declared)),
            format!(
                "In {} it could not be told which env the service runs in. Give the service another name, or give \
                 env {declared} a list of apps without {app}.",
                shown(&format!("{app}-{env}-{service}"))
            ),
        ));
    }
    let (other_app, other_env, other_service) = later_reading(environments, coordinate, service)?;
    Some(NameError::new(
        Subject::Service(service.to_owned()),
        format!(
            "Service {} cannot be told from service {} of {other_app}/{other_env}",
            shown(service),
            shown(&other_service)
        ),
        format!(
            "Both would be named {}, because {other_env} is a declared env that {other_app} may have. Give the \
             service a name that does not spell an env, or give env {other_env} a list of apps without {other_app}.",
            shown(&format!("{app}-{env}-{service}"))
        ),
    ))
}

/// Another way to read the name of a service whose env ends further right. Of all readings only the one with none
/// further right is accepted, so a name has one owner.
fn later_reading(
    environments: &Environments,
    coordinate: &Coordinate,
    service: &str,
) -> Option<(String, String, String)> {
    let (app, env) = (coordinate.app(), coordinate.env());
    let name = format!("{app}-{env}-{service}");
    let own_end = app.len() + 1 + env.len();
    // A boundary is the place of a dash.
    let dashes: Vec<usize> = name.match_indices('-').map(|(at, _)| at).collect();
    for &end in dashes.iter().rev().take_while(|end| **end > own_end) {
        for &start in dashes.iter().take_while(|start| **start < end) {
            let (app, env, service) = (&name[..start], &name[start + 1..end], &name[end + 1..]);
            if environments.get(env).is_some()
                && check_service(service).is_ok()
                && environments.coordinate(app, env).is_ok()
                && leading_env(environments, app, service).is_none()
            {
                return Some((app.to_owned(), env.to_owned(), service.to_owned()));
            }
        }
    }
    None
}

/// The env, among those the app may have, that a service is or begins with.
fn leading_env<'a>(environments: &'a Environments, app: &str, service: &str) -> Option<&'a str> {
    let leads = |declared: &&Declared| {
        let rest = service.strip_prefix(declared.name.as_str());
        declared.is_open_to(app)
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    environments.declared().iter().find(leads).map(|declared| declared.name.as_str())
}

/// Whether there can be such an app, and it may have the env.
fn may_have(declared: &Declared, app: &str) -> bool {
    check_app(app).is_ok() && declared.is_open_to(app)
}

/// What is left of `text` without `-end` at its end.
fn stem<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    text.strip_suffix(end)?.strip_suffix('-')
}
