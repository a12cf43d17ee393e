// SPDX-License-Identifier: MPL-2.0
//! Whether the registry lets these credentials be opened: the instance is there, whole, ours and under these names.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::report::id;
use crate::facet::postgres::Registration;
use crate::plan::Spec;
use crate::registry::Phase;

/// Judges what is registered. `generation`: the one that the configuration waits for.
pub(super) fn judge(
    spec: &Spec,
    server: &str,
    found: Option<&Registration>,
    generation: Option<i64>,
) -> Result<(), Errors> {
    let at = id(&spec.coordinate);
    let refused = |attribute: &str, summary: &str, why: String, next: String| {
        let detail = format!(
            "Opening database credentials of {at} was attempted on {server}. {why} Nothing was made.\n\nNext: {next}"
        );
        let told = Diagnostic::error(format!("{at}: {summary}"), detail);
        Err(Errors::from(told.at(Path::attribute(attribute))))
    };
    let Some(Registration { entry, database, owner_role }) = found else {
        return refused(
            "app",
            "not registered",
            format!("The registry there has no instance {at}."),
            "if this configuration makes it, let the credentials wait for it, and add to this block\n\n  generation = \
                 appenv_app_instance.NAME.generation\n\nwhich is known only once the instance was applied, so that the \
                 login is opened after it. If another configuration makes it, apply that first. Otherwise correct `app` \
                 and `env`, or the provider's `postgres` block, so that they name an instance that is there.".to_owned(),
        );
    };
    if entry.owner != spec.owner {
        return refused(
            "app",
            &format!("the app belongs to owner \"{}\"", entry.owner),
            format!("This configuration works as owner \"{}\", which it is not.", spec.owner),
            format!(
                "if this is the same team, set `owner` in the provider block to \"{}\"; otherwise ask that owner for \
                 credentials.",
                entry.owner
            ),
        );
    }
    let known = i64::try_from(entry.generation).unwrap_or(i64::MAX);
    if let Some(asked) = generation.filter(|asked| known < *asked) {
        return refused(
            "generation",
            &format!("registered at generation {known}, not {asked}"),
            format!("The registry knows {at} at generation {known}; the configuration waits for {asked}."),
            "check that the provider's `postgres` block points to the server that the instance was applied to, and that \
             `generation` is that of this very instance."
                .to_owned(),
        );
    }
    match entry.phase {
        Phase::Live => {}
        Phase::Pending | Phase::Gone => {
            return refused(
                "app",
                "not whole yet",
                "Its create did not finish.".to_owned(),
                "apply the configuration that makes it. If that is this one, set generation = \
                 appenv_app_instance.NAME.generation, and the login is opened after it."
                    .to_owned(),
            );
        }
        Phase::Deleting => {
            return refused(
                "app",
                "being deleted",
                "Its delete began and did not finish.".to_owned(),
                "apply the configuration that deletes it again, and remove these credentials from this one.".to_owned(),
            );
        }
    }
    if (database, owner_role) == (&spec.names.database, &spec.names.owner_role) {
        return Ok(());
    }
    refused(
        "names",
        "registered under other names",
        format!(
            "It is registered with database \"{database}\" and owner role \"{owner_role}\", and this configuration names \
             \"{}\" and \"{}\".",
            spec.names.database, spec.names.owner_role
        ),
        format!(
            "give the names that the instance has: names {{ database = \"{database}\", owner_role = \"{owner_role}\" }}, an \
             argument a line; or, where an apply of this configuration is to rename it, set generation = \
             appenv_app_instance.NAME.generation."
        ),
    )
}
