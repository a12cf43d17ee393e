//! What of an instance is said of the directories of a host alone.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::model::Model;
use crate::naming::{Coordinate, Names, shown};
use crate::plan::host::HostWish;
use crate::settings::Settings;

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
