// SPDX-License-Identifier: MPL-2.0
//! From the configuration to the [`Spec`] of the instance, as far as credentials need it.

use std::collections::BTreeSet;

use tfplugin::diagnostic::Errors;

use super::model::Model;
use super::report;
use crate::inquiry;
use crate::naming::{Names, Overrides};
use crate::plan::Spec;
use crate::plan::postgres::PostgresWish;
use crate::plan::vault::{DatabaseRoleWish, OpsScope, VaultWish};
use crate::settings::Settings;

/// The instance whose credentials are asked for.
pub(super) fn spec(config: &Model, settings: &Settings) -> Result<Spec, Errors> {
    let environments = &settings.environments;
    let located = |found: Vec<_>| report::located(&found, config);
    let app = config.app.known().map(String::as_str).unwrap_or_default();
    let env = config.env.known().map(String::as_str);
    let coordinate = inquiry::coordinate(environments, app, env).map_err(located)?;
    let written = config.names.as_ref().map(|names| names.read().0).unwrap_or_default();
    let overrides = Overrides::new(&settings.templates, &written).map_err(located)?;
    let services = BTreeSet::new();
    let names =
        Names::derive_with(environments, &coordinate, &services, &settings.inputs, &overrides)
            .map_err(located)?;
    let shared = environments.shared_owner_role(coordinate.app());
    let production = environments.is_production(coordinate.env());
    let owner = settings.owner.as_deref().unwrap_or_default();
    Ok(Spec {
        postgres: Some(postgres(&names, shared.as_ref())),
        vault: vault(&names, settings),
        ..Spec::of(coordinate, names, production, owner)
    })
}

fn postgres(names: &Names, shared: Option<&String>) -> PostgresWish {
    PostgresWish {
        database: names.database.clone(),
        owner_role: names.owner_role.clone(),
        owner_role_shared: shared == Some(&names.owner_role),
        connection_limit: -1,
        extensions: BTreeSet::new(),
        encoding: None,
        locale: None,
        template: "template0".to_owned(),
        vault_login: None,
        keep_until: None,
        over: BTreeSet::new(),
    }
}

/// Where the login is leased; `None`: it is made in PostgreSQL.
fn vault(names: &Names, settings: &Settings) -> Option<VaultWish> {
    let layout = settings.layout.as_ref()?;
    Some(VaultWish {
        kv_mount: layout.kv_mount.clone(),
        kv_path: names.kv_path.clone(),
        runtime_policy: names.runtime_policy.clone(),
        ops_policy: names.ops_policy.clone(),
        ops_scope: OpsScope::Instances,
        database: Some(DatabaseRoleWish {
            mount: layout.database_mount.clone(),
            connection: layout.database_connection.clone(),
            role: names.vault_database_role.clone(),
            database: names.database.clone(),
            owner_role: names.owner_role.clone(),
            default_ttl: None,
            max_ttl: None,
        }),
        kubernetes: None,
        ci: None,
    })
}
