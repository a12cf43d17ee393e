// SPDX-License-Identifier: MPL-2.0
//! What a user reads where the instance cannot be told.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::facet::{self, FacetError};
use crate::naming::Coordinate;
use crate::registered::Looked;
use crate::settings::names;

/// The instance as messages name it.
pub fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// A server that could not be asked.
pub fn failure(coordinate: &Coordinate, error: &FacetError) -> Errors {
    let FacetError { summary, attempted, cause, next, attribute, .. } = error;
    let place = attribute.and_then(|path| path.strip_prefix("provider."));
    let place = place.map(|path| format!("\n\nIn the provider block: `{path}`."));
    Errors::one(
        format!("{}: {summary}", id(coordinate)),
        format!("{attempted}\n\nWhy: {cause}\n\nNext: {next}{}", place.unwrap_or_default()),
    )
}

/// It is registered in a shape that this release does not know.
pub fn unreadable(coordinate: &Coordinate) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id}: its registration cannot be read"),
        format!(
            "What {id} was last applied with is registered in a shape that this release does not know, so its names cannot be \
             told.\n\nNext: read it with the release that applied it, or a later one."
        ),
    )
}

/// No registry has it.
pub fn unregistered(coordinate: &Coordinate, looked: &[Looked]) -> Errors {
    let (id, app, env) = (id(coordinate), coordinate.app(), coordinate.env());
    let each = looked.iter().map(|one| {
        let look = one.answer.as_ref().ok();
        let told = match look.map(|look| (look.target.is_some(), look.app.get(env))) {
            Some((_, Some(entry))) => format!("deleted at {}", entry.written_at),
            Some((true, None)) => match other_envs(one) {
                envs if envs.is_empty() => format!("no instance of \"{app}\""),
                envs => format!("\"{app}\" has only {envs}"),
            },
            _ => "no registry yet".to_owned(),
        };
        format!("  {}: {told}", one.server)
    });
    let each: Vec<String> = each.collect();
    let looked_at = if each.is_empty() {
        let blocks = facet::listed();
        format!(
            "the provider configuration has none of the blocks {blocks}, so there is no registry"
        )
    } else {
        format!("the registries were looked at:\n{}", each.join("\n"))
    };
    Errors::at(
        Path::attribute("app"),
        format!("{id} is not registered"),
        format!(
            "The instance was looked up, and {looked_at}\n\nNext: correct `app` or `env`, or the server; apply the \
             appenv_app_instance of {id} first, and if it is in this configuration, let this data source follow it with \
             `depends_on`; or set must_exist = false, and ask `registered`."
        ),
    )
}

fn other_envs(looked: &Looked) -> String {
    let entries = looked.answer.iter().flat_map(|look| &look.app);
    let living = entries.filter(|(_, entry)| !entry.is_gone());
    living.map(|(env, _)| format!("\"{env}\"")).collect::<Vec<_>>().join(", ")
}

/// It is registered under other names than those that are written.
pub fn other_names(
    coordinate: &Coordinate,
    written: &BTreeMap<String, String>,
    registered: &BTreeMap<String, String>,
) -> Errors {
    let mut errors = Errors::new();
    for (key, name) in written {
        let theirs = registered.get(key);
        if theirs == Some(name) {
            continue;
        }
        let theirs =
            theirs.map_or("the convention's name".to_owned(), |name| format!("\"{name}\""));
        errors.push(
            Diagnostic::error(
                format!("{} has another {key}", id(coordinate)),
                format!(
                    "`names.{key}` is \"{name}\" here, and the instance is registered with {theirs}.\n\nNext: leave \
                     `names` out, since what is registered counts, or correct it."
                ),
            )
            .at(names::at(key)),
        );
    }
    errors
}

/// A target whose address comes later.
pub fn not_known_yet(coordinate: &Coordinate) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id} cannot be looked up yet"),
        format!(
            "An address or a credential in the provider block is known only after apply, so that the registries cannot be \
             asked about {id}.\n\nNext: apply what it comes from first (-target), or let this data source follow it with \
             `depends_on`."
        ),
    )
}
