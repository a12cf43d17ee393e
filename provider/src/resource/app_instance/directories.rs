// SPDX-License-Identifier: MPL-2.0
//! What of an instance is said of the directories of a host alone.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::model::Model;
use super::wanted::Wanted;
use crate::naming::{Coordinate, Names, row, shown};
use crate::settings::{Settings, names};
pub use crate::wish::host as wish;

/// The longest name of a file of secrets.
const LONGEST: usize = 40;

/// Refuses directories whose mode would be set, and that are not an instance's alone; those of the keys `waiting` are not
/// known yet.
pub fn not_our_own(
    derived: &Names,
    coordinate: &Coordinate,
    wanted: &Wanted,
    waiting: &[&str],
    settings: &Settings,
) -> Result<(), Errors> {
    let mut errors = Errors::new();
    let Some(wish) = wish(coordinate, derived, wanted.env_files.as_ref(), settings) else {
        return Ok(());
    };
    let is_in = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let home = settings.host.as_ref().and_then(|host| host.home.as_deref());
    let (app_dir, secrets_dir) = (row::APP_DIR.key, row::SECRETS_DIR.key);
    let known = [(app_dir, &wish.app_dir), (secrets_dir, &wish.secrets_dir)];
    for (key, path) in known.into_iter().filter(|(key, _)| !waiting.contains(key)) {
        let beside_app_dir = key == secrets_dir && !waiting.contains(&app_dir);
        let why = if is_in(&wish.root, path) {
            "all instances are in it"
        } else if is_in(path, &format!("{}/.appenv", wish.root)) {
            "the registry is there"
        } else if path.matches('/').count() < 2 {
            "it is one of the system's own"
        } else if home.is_some_and(|home| is_in(home, path)) {
            "the home directory is in it"
        } else if beside_app_dir && is_in(path, &wish.project_dir) {
            "the app's working tree is there, and `git clean` would remove the secrets"
        } else if beside_app_dir && is_in(&wish.app_dir, path) {
            "the app's directory is in it, and nobody but its owner could enter that"
        } else {
            continue;
        };
        let overridden = wanted.names.contains_key(key);
        let at = if overridden { names::at(key) } else { Path::attribute("app") };
        errors.push(
            Diagnostic::error(
                format!("{key} cannot be {}", shown(path)),
                format!(
                    "An instance's {key} is its own: its mode is set, and in the end it is removed where it is empty. {} \
                     cannot be that, since {why}. Nothing was changed.\n\nNext: write another path in `names`, such as \
                     the convention's.",
                    shown(path)
                ),
            )
            .at(at),
        );
    }
    errors.into_result()
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
