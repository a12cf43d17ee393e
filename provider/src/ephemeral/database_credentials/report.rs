// SPDX-License-Identifier: MPL-2.0
//! What the user reads when credentials cannot be had.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::life::Ended;
use super::model::Model;
use crate::facet::FacetError;
use crate::naming::{Coordinate, NameError, Subject};
use crate::settings::names;

/// A call that came before the configuration.
pub(super) fn not_configured() -> Errors {
    Errors::one(
        "Provider not configured",
        "appenv was asked for credentials before it was configured. This is a bug of the CLI or of the provider; please \
         report it.",
    )
}

/// A provider without a PostgreSQL server.
pub(super) fn no_server() -> Errors {
    Errors::one(
        "No PostgreSQL server is configured",
        "Opening database credentials was attempted, but the provider block has no `postgres` block, so there is no \
         database to log in to. Nothing was made.\n\nNext: add the `postgres` block of the server that has the instance; \
         with `vault` beside it the login is leased, without it is made in PostgreSQL.",
    )
}

/// A server whose address comes later.
pub(super) fn unknown_server(block: &str) -> Errors {
    Errors::one(
        format!("The `{block}` block is not known yet"),
        format!(
            "Opening database credentials was attempted, but the provider's `{block}` block holds a value that is known \
             only after apply, so the server cannot be asked. Nothing was made.\n\nNext: let the credentials wait for the \
             instance: generation = appenv_app_instance.NAME.generation. Or apply what the value comes from first \
             (`-target`)."
        ),
    )
}

/// An interrupted run.
pub(super) fn stopped(id: &str) -> Errors {
    Errors::one(
        format!("{id}: stopped before credentials were opened"),
        "The run was interrupted. Nothing was made.\n\nNext: run the same command again.",
    )
}

/// No randomness to make a password of.
pub(super) fn no_randomness(id: &str) -> Errors {
    Errors::one(
        format!("{id}: no password could be made"),
        "The system gave no random bytes for the password of a temporary login. Nothing was made.\n\nNext: check the \
         system (getrandom), then run the same command again.",
    )
}

/// A failure of a facet; an attribute of the resource is one that these credentials do not have.
pub(super) fn failure(id: &str, error: &FacetError) -> Errors {
    let mut detail = format!("{}\n\nWhy: {}\n\nNext: {}", error.attempted, error.cause, error.next);
    if let Some(attribute) = error.attribute.and_then(|path| path.strip_prefix("provider.")) {
        detail = format!("{detail}\n\nIn the provider block: `{attribute}`.");
    }
    Errors::one(format!("{id}: {}", error.summary), detail)
}

/// A temporary login that owns something which is not ours to give away.
pub(super) fn left(id: &str, login: &str, left: &[String]) -> Diagnostic {
    Diagnostic::warning(
        format!("{id}: a temporary login is shut but not dropped"),
        format!(
            "Role \"{login}\" still has {}, outside of the instance's database, where it is not ours to give away. \
             Nobody can log in with it.\n\nNext: REASSIGN OWNED BY or DROP OWNED BY it there; the next opening, deletion \
             or renaming of the instance drops it.",
            left.join(", ")
        ),
    )
}

/// A login that ended before its run.
pub(super) fn ended(id: &str, ended: Ended) -> Option<Diagnostic> {
    match ended {
        Ended::GivenBack => None,
        Ended::AtLongest => Some(Diagnostic::warning(
            format!("{id}: the leased login reached its longest life"),
            "Vault lets it live no longer, and it ended before the run was over.\n\nNext: if something of the run lost its \
             login, raise `max_ttl` of the instance's `vault` block, or that of the database mount. With a batch token a lease \
             ends with the token.",
        )),
        Ended::Unrenewed(why) => {
            let why = why.map_or_else(
                || "No renewal came before its time was over".to_owned(),
                |why| format!("Its last renewal failed ({why})"),
            );
            Some(Diagnostic::warning(
                format!("{id}: the login was not renewed in time"),
                format!(
                    "{why}, so it may have ended before the run was over.\n\nNext: if something of the run lost its login, \
                     mend the cause and run it again."
                ),
            ))
        }
    }
}

/// `erp/sandbox`.
pub(super) fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// Attaches the place in the block to what naming refuses.
pub(super) fn located(found: &[NameError], config: &Model) -> Errors {
    let written = config.names.as_ref().map(|names| names.read().0).unwrap_or_default();
    let mut errors = Errors::new();
    for error in found {
        let place = match &error.subject {
            Subject::Env | Subject::Environment(_) => Path::attribute("env"),
            Subject::Name(key) if written.contains_key(*key) => names::at(key),
            Subject::Template(key) => names::at(key),
            _ => Path::attribute("app"),
        };
        errors.push(Diagnostic::error(error.summary.clone(), error.detail.clone()).at(place));
    }
    errors
}
