//! What keeps the names of instances apart where conventions alone do not: overrides that meet, and what the naming
//! gate lets through.

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::report;
use super::wanted::Wanted;
use crate::configured::Configured;
use crate::naming::{Coordinate, Names, shown};
use crate::plan::Spec;
use crate::settings::{NamingGate, names};

/// Refuses a name that another instance of this run has.
pub fn judge(
    configured: &Configured,
    coordinate: &Coordinate,
    wanted: &Wanted,
    spec: &Spec,
) -> Result<(), Errors> {
    let shared = spec.postgres.as_ref().is_some_and(|wish| wish.owner_role_shared)
        || configured.settings.environments.shared_owner_role(coordinate.app()).as_ref()
            == Some(&spec.names.owner_role);
    let mut errors = Errors::new();
    for (key, name) in own(&spec.names) {
        if key == "owner_role" && shared {
            continue;
        }
        let Some(other) = configured.run().note_name(key, name, coordinate) else { continue };
        let (id, other) = (report::id(coordinate), report::id(&other));
        let overridden = wanted.names.contains_key(key);
        let place = if overridden { names::at(key) } else { Path::attribute("app") };
        errors.push(
            Diagnostic::error(
                format!("{id}: {key} {} is that of {other} too", shown(name)),
                format!(
                    "Two instances of this configuration would have the same {key}, and each would change and in \
                     the end remove what is the other's. Nothing was changed.\n\nNext: change the `names` override \
                     of one of them; without it the convention keeps them apart."
                ),
            )
            .at(place),
        );
    }
    errors.into_result()
}

/// What a convention alone would refuse, where the gate only warns.
pub fn warn(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    wanted: Option<&Wanted>,
) {
    if configured.settings.naming != NamingGate::Warn {
        return;
    }
    let services = wanted.map(|wanted| wanted.services.clone()).unwrap_or_default();
    for doubt in configured.settings.environments.doubts(coordinate, &services) {
        if configured.run().is_new_warning(&doubt.summary) {
            cx.warn(
                doubt.summary,
                format!("{} Accepted, because `gates.naming` is `warn`.", doubt.detail),
            );
        }
    }
}

/// The names under which an instance has something of its own.
fn own(names: &Names) -> Vec<(&'static str, &String)> {
    let always = [
        ("database", &names.database),
        ("owner_role", &names.owner_role),
        ("kubernetes_role", &names.kubernetes_role),
        ("vault_database_role", &names.vault_database_role),
        ("runtime_policy", &names.runtime_policy),
        ("own_ops_policy", &names.own_ops_policy),
        ("kv_path", &names.kv_path),
        ("parameter_path", &names.parameter_path),
    ];
    let directories = [("app_dir", &names.app_dir), ("secrets_dir", &names.secrets_dir)];
    let directories = directories.into_iter().filter_map(|(key, name)| Some((key, name.as_ref()?)));
    always.into_iter().chain(directories).collect()
}
