// SPDX-License-Identifier: MPL-2.0
//! The declared envs, as the naming rules judge them.

use tfplugin::value::{Attr, Path};

use super::Known;
use super::model::Model;
use crate::naming::Declared;

/// The declared envs; all of each must be known.
pub(super) fn read(model: &Model, need: &mut Known<'_>) -> Vec<Declared> {
    let mut declared = Vec::new();
    for (index, environment) in model.environment.iter().enumerate() {
        let at = |name: &str| Path::attribute("environment").index(index).field(name);
        let Some(name) = need.text(&environment.name, at("name")) else { continue };
        let apps = need
            .known(&environment.apps, at("apps"))
            .map(|apps| apps.iter().filter_map(|app| need.text(app, at("apps"))).collect());
        let production = need.known(&environment.production, at("production")).unwrap_or(false);
        declared.push(Declared { name, production, apps });
    }
    declared
}

/// The declared envs; `None` where any of it is not known yet.
pub(super) fn known(model: &Model) -> Option<Vec<Declared>> {
    let known = |value: &Attr<String>| value.known().cloned();
    let each = model.environment.iter().map(|environment| {
        let apps = match &environment.apps {
            Attr::Known(apps) => Some(apps.iter().map(known).collect::<Option<_>>()?),
            Attr::Null => None,
            Attr::Unknown => return None,
        };
        let production = match environment.production {
            Attr::Known(production) => production,
            Attr::Null => false,
            Attr::Unknown => return None,
        };
        Some(Declared { name: known(&environment.name)?, production, apps })
    });
    each.collect()
}
