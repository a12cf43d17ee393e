// SPDX-License-Identifier: MPL-2.0
//! What keeps the names of instances apart where conventions alone do not: overrides that meet, and what the naming
//! gate lets through.

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::report;
use super::wanted::Wanted;
use crate::configured::Configured;
use crate::naming::{Coordinate, shown};
use crate::plan::vault::OpsScope;
use crate::plan::{self, Spec};
use crate::run::Named;
use crate::settings::{NamingGate, names};

const OWNER_ROLE: &str = "owner_role";

/// Refuses a name that another instance of this run has.
pub fn judge(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    wanted: &Wanted,
    spec: &Spec,
    creates: bool,
) -> Result<(), Errors> {
    let role = configured.settings.environments.shared_owner_role(coordinate.app());
    let shares_role = role.as_ref() == Some(&spec.names.owner_role);
    let mut errors = Errors::new();
    for (space, key, name, shared) in held(spec) {
        let shared = shared || (key == OWNER_ROLE && shares_role);
        let by = Named { coordinate: coordinate.clone(), key, production: spec.production, shared };
        let others = configured.run().note_name(space, name, by.clone());
        for other in others {
            let of_one_app = other.coordinate.app() == coordinate.app() && other.key == key;
            if !(of_one_app && shared && other.shared) {
                errors.push(meets(&by, &other, name, wanted));
                break;
            }
            if key != OWNER_ROLE {
                continue;
            }
            if other.production || by.production {
                errors.push(owns_production(&by, &other, spec));
                break;
            }
            if creates {
                warn_of_shared_role(configured, cx, spec);
            }
        }
    }
    errors.into_result()
}

/// Two that would have one name.
fn meets(by: &Named, other: &Named, name: &str, wanted: &Wanted) -> Diagnostic {
    let (id, key) = (report::id(&by.coordinate), by.key);
    let (whose, theirs) = (report::id(&other.coordinate), other.key);
    let (what, next) = if theirs == key {
        (
            format!("is that of {whose} too"),
            "change the `names` override of one of them; without it the convention keeps them apart",
        )
    } else {
        (format!("is the {theirs} of {whose} too"), "change the `names` override of one of the two")
    };
    let of_itself = (by.coordinate == other.coordinate).then_some(theirs);
    let mut written = [Some(key), of_itself].into_iter().flatten();
    let place = written.find(|key| wanted.names.contains_key(*key));
    let place = place.map_or_else(|| Path::attribute("app"), names::at);
    Diagnostic::error(
        format!("{id}: {key} {} {what}", shown(name)),
        format!(
            "Both are in this configuration, and each would change and in the end remove what is the other's. \
             Nothing was changed.\n\nNext: {next}."
        ),
    )
    .at(place)
}

/// A role that would own a production database and another.
fn owns_production(by: &Named, other: &Named, spec: &Spec) -> Diagnostic {
    let id = report::id(&by.coordinate);
    let role = &spec.names.owner_role;
    let own = spec.postgres.as_ref().map(|wish| plan::postgres::own_roles(wish, &by.coordinate));
    let own = own.and_then(|names| names.into_iter().next()).unwrap_or_else(|| "…".to_owned());
    Diagnostic::error(
        format!("{id}: Role {} would own a production database and another env's", shown(role)),
        format!(
            "{} has the same owner role in this configuration, and one of the two is a production env: whoever may \
             log in to one database would reach the other. Nothing was changed.\n\nNext: Give {id} a role of its own; \
             write in its block:\n\n  {}\n\nOr give every instance its own; write in the provider block:\n\n  {}\n\n\
             Roles that exist are then renamed.",
            report::id(&other.coordinate),
            plan::postgres::own_role_block(&own),
            plan::postgres::OWN_ROLE_TEMPLATE
        ),
    )
    .at(names::at(OWNER_ROLE))
}

fn warn_of_shared_role(configured: &Configured, cx: &mut Context, spec: &Spec) {
    let app = spec.coordinate.app();
    let (summary, detail) = plan::postgres::shared_role_warning(&spec.names.owner_role, app);
    if configured.run().is_new_warning(&summary) {
        cx.warn(summary, detail);
    }
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

/// The names under which an instance has something: name space, key, name, and whether the app's instances share it.
fn held(spec: &Spec) -> Vec<(&'static str, &'static str, &String, bool)> {
    const POLICIES: &str = "policies";
    let names = &spec.names;
    let own = |key: &'static str, name| (key, key, name, false);
    let has_own_ops = spec.vault.as_ref().is_some_and(|wish| wish.ops_scope == OpsScope::Own);
    let ops = if has_own_ops {
        ("own_ops_policy", &names.own_ops_policy, false)
    } else {
        ("ops_policy", &names.ops_policy, true)
    };
    let mut held = vec![
        own("database", &names.database),
        own(OWNER_ROLE, &names.owner_role),
        own("kubernetes_role", &names.kubernetes_role),
        own("vault_database_role", &names.vault_database_role),
        (POLICIES, "runtime_policy", &names.runtime_policy, false),
        (POLICIES, ops.0, ops.1, ops.2),
        ("ci_role", "ci_role", &names.ci_role, true),
        own("kv_path", &names.kv_path),
        own("parameter_path", &names.parameter_path),
    ];
    let directories = [("app_dir", &names.app_dir), ("secrets_dir", &names.secrets_dir)];
    held.extend(directories.into_iter().filter_map(|(key, name)| Some(own(key, name.as_ref()?))));
    held
}
