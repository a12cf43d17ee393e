// SPDX-License-Identifier: MPL-2.0
//! The `host` block: the directories of the machine that the provider runs on.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::Known;
use super::model::HostModel;
use crate::facet::host::{BACKUPS_KEPT, Settings};
use crate::naming::{check_root, shown};
use crate::world::World;

/// Reads the block. Names are made of the root, so all of it must be known.
pub(super) fn read(model: Option<&HostModel>, need: &mut Known<'_>) -> Option<HostModel> {
    let model = model?;
    need.known(&model.root, at("root"));
    need.known(&model.name, at("name"));
    need.known(&model.backups_kept, at("backups_kept"));
    Some(model.clone())
}

/// The settings of a block that is wholly known.
pub(super) fn settings(model: &HostModel, world: &World, errors: &mut Errors) -> Option<Settings> {
    validate(model, errors);
    let root = model.root.known()?;
    let home = world.env("HOME").filter(|home| home.starts_with('/'));
    if root.starts_with("~/") && home.is_none() {
        errors.push(
            Diagnostic::error(
                "`host.root` needs a home directory",
                format!(
                    "`host.root` is {}, and the environment variable HOME holds no absolute path. Set it, or write an \
                     absolute path.",
                    shown(root)
                ),
            )
            .at(at("root")),
        );
    }
    let backups_kept = model.backups_kept.known().and_then(|kept| usize::try_from(*kept).ok());
    let mut settings = Settings {
        root: String::new(),
        home,
        name: model.name.known().cloned(),
        backups_kept: backups_kept.unwrap_or(BACKUPS_KEPT),
    };
    settings.root = settings.expand(root);
    Some(settings)
}

/// Judges what is known.
pub(super) fn validate(model: &HostModel, errors: &mut Errors) {
    if let Some(root) = model.root.known()
        && let Err(error) = check_root(root)
    {
        errors.push(Diagnostic::error(error.summary, error.detail).at(at("root")));
    }
    if let Some(name) = model.name.known()
        && !is_name(name)
    {
        errors.push(
            Diagnostic::error(
                format!("`host.name` cannot be {}", shown(name)),
                "`host.name` must be what the machine is called: 1 to 63 letters, digits, dashes, dots and underscores, \
                 such as `prod-1`.",
            )
            .at(at("name")),
        );
    }
    if let Some(kept) = model.backups_kept.known()
        && !(0..=MOST_BACKUPS).contains(kept)
    {
        errors.push(
            Diagnostic::error(
                format!("`host.backups_kept` cannot be {kept}"),
                format!(
                    "`host.backups_kept` must be how many backups of each file of secrets are kept: 0 (none) to \
                     {MOST_BACKUPS}."
                ),
            )
            .at(at("backups_kept")),
        );
    }
}

/// The most backups of a file that are kept.
const MOST_BACKUPS: i64 = 1000;

fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn at(name: &str) -> Path {
    Path::attribute("host").field(name)
}
