//! What of an instance is said of the directories of a host alone.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::existing;
use super::held::Held;
use super::model::Model;
use super::report;
use crate::naming::{Coordinate, Names, shown};
use crate::plan::host::HostWish;
use crate::settings::{Settings, names};

/// The longest name of a file of secrets.
const LONGEST: usize = 40;

/// What the host facet shall make; `None` where there is none.
pub fn wish(
    coordinate: &Coordinate,
    derived: &Names,
    env_files: Option<&BTreeSet<String>>,
    settings: &Settings,
) -> Option<HostWish> {
    let host = settings.host.as_ref()?;
    let (app_dir, secrets_dir) = (derived.app_dir.as_ref()?, derived.secrets_dir.as_ref()?);
    let only_one = BTreeSet::from([String::new()]);
    Some(HostWish::new(
        coordinate,
        host.root.clone(),
        host.expand(app_dir),
        host.expand(secrets_dir),
        env_files.unwrap_or(&only_one),
    ))
}

/// What the plan of the first create on a machine says.
pub fn founding() -> Diagnostic {
    Diagnostic::warning(
        "This machine has no appenv registry yet",
        "The first create makes one: directory `.appenv` in `host.root`, with a random id that tells this machine from \
         others. If there should be one already, this is another machine or another `host.root` than before: do not apply.",
    )
}

/// That the machine is not the one that an entry knows.
pub fn elsewhere(found: Option<&str>, wanted: &str) -> String {
    let found =
        found.map_or_else(|| "no appenv registry".to_owned(), |id| format!("the registry {id}"));
    format!(
        "`host.root` of this machine has {found}, but this entry's directories are registered in {wanted}: another \
         machine, or another root. The entry is kept."
    )
}

/// Judges `env_files`.
pub fn validate(config: &Model, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, file) in config.env_files.known().into_iter().flatten().enumerate() {
        let Some(file) = file.known() else { continue };
        let at = Path::attribute("env_files").index(index);
        let (summary, detail) = if !file.is_empty() && !is_name(file) {
            let wanted = format!(
                "a name of at most {LONGEST} lower-case letters and digits, with `-` or `_` between them, such as \
                 `users` for `.env.staging.users`; or \"\" for `.env.staging` itself"
            );
            (format!("`env_files` cannot hold {}", shown(file)), format!("It must hold {wanted}."))
        } else if !seen.insert(file) {
            let summary = format!("`env_files` holds {} twice", shown(file));
            (summary, "Each file is linked once. Remove one of them.".to_owned())
        } else {
            continue;
        };
        errors.push(Diagnostic::error(summary, detail).at(at));
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST
        && text.split(['-', '_']).all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

/// Directories with other paths than the instance has: what is in them is not the instance's to move.
pub fn unmovable(prior: &Model, planned: &Model, coordinate: &Coordinate, held: &Held) -> Errors {
    let mut errors = Errors::new();
    if !existing::facets(prior).iter().any(|facet| facet == "host") {
        return errors;
    }
    let (Some(was), Some(now)) = (prior.resolved_names.known(), planned.resolved_names.known())
    else {
        return errors;
    };
    let id = report::id(coordinate);
    for (key, was, now) in [
        ("app_dir", &was.app_dir, &now.app_dir),
        ("secrets_dir", &was.secrets_dir, &now.secrets_dir),
    ] {
        if was == now {
            continue;
        }
        let text = |name: &Attr<String>| name.known().cloned().unwrap_or_default();
        let (was, now) = (text(was), text(now));
        let next = if held.is_imported() {
            format!(
                "write `{key} = \"{was}\"` into the `names` block; or, if the configuration is right, `state rm` the \
                 entry and import it by that path: terraform import ADDRESS '{id}?{key}={now}'"
            )
        } else {
            format!(
                "write `{key} = \"{was}\"` into the `names` block, which keeps it where it is. To move it, `state rm` the \
                 entry, move the directory by hand, and import the instance by its new path: terraform import ADDRESS \
                 '{id}?{key}={now}'"
            )
        };
        errors.push(
            Diagnostic::error(
                format!("{id}: {key} would become {}", shown(&now)),
                format!(
                    "The instance has {key} {}, and the configuration now gives {}. What lies there is used by running \
                     processes and is not moved. Nothing was changed.\n\nNext: {next}.",
                    shown(&was),
                    shown(&now)
                ),
            )
            .at(names::at(key)),
        );
    }
    errors
}
