// SPDX-License-Identifier: MPL-2.0
//! From names and inputs to the [`Spec`], wholly known, by the provider configuration.

use std::collections::BTreeSet;

use crate::naming::{Coordinate, Names};
use crate::plan::aws::AwsWish;
use crate::plan::host::HostWish;
use crate::plan::postgres::PostgresWish;
use crate::plan::vault::{CiRoleWish, DatabaseRoleWish, KubernetesRoleWish, OpsScope, VaultWish};
use crate::plan::wanted::Wanted;
use crate::plan::{Spec, duration};
use crate::settings::{Settings, VaultLayout};

/// What is to be, under given names.
pub fn spec_named(
    coordinate: &Coordinate,
    names: Names,
    production: bool,
    wanted: &Wanted,
    settings: &Settings,
    facets: &[&str],
) -> Spec {
    let has = |facet: &str| facets.contains(&facet);
    Spec {
        production,
        owner: settings.owner.clone().unwrap_or_default(),
        postgres: has("postgres").then(|| postgres(coordinate, &names, wanted, settings)),
        vault: match &settings.layout {
            Some(layout) if has("vault") => {
                Some(vault(coordinate, &names, wanted, layout, has("postgres")))
            }
            _ => None,
        },
        host: has("host")
            .then(|| host(coordinate, &names, wanted.env_files.as_ref(), settings))
            .flatten(),
        aws: has("aws").then(|| AwsWish::of(coordinate)),
        coordinate: coordinate.clone(),
        names,
    }
}

fn postgres(
    coordinate: &Coordinate,
    names: &Names,
    wanted: &Wanted,
    settings: &Settings,
) -> PostgresWish {
    let shared = settings.environments.shared_owner_role(coordinate.app());
    let database = wanted.database.clone().unwrap_or_default();
    PostgresWish {
        database: names.database.clone(),
        owner_role: names.owner_role.clone(),
        owner_role_shared: shared.as_ref() == Some(&names.owner_role),
        // Validation keeps it within what PostgreSQL takes.
        connection_limit: database
            .connection_limit
            .and_then(|limit| i32::try_from(limit).ok())
            .unwrap_or(-1),
        extensions: database.extensions.unwrap_or_default(),
        encoding: database.encoding,
        locale: database.locale,
        template: database.template.unwrap_or_else(|| "template0".to_owned()),
        vault_login: None,
        keep_until: None,
        over: BTreeSet::new(),
    }
}

fn vault(
    coordinate: &Coordinate,
    names: &Names,
    wanted: &Wanted,
    layout: &VaultLayout,
    with_database: bool,
) -> VaultWish {
    let block = wanted.vault.clone().unwrap_or_default();
    let kubernetes = wanted.kubernetes.clone().unwrap_or_default();
    let seconds = |text: &Option<String>| {
        text.as_deref().and_then(duration::parse).map(|duration| duration.as_secs())
    };
    let or_default = |set: Option<BTreeSet<String>>, default: &str| match set {
        Some(set) => set.into_iter().collect(),
        None => vec![default.to_owned()],
    };
    VaultWish {
        kv_mount: layout.kv_mount.clone(),
        kv_path: names.kv_path.clone(),
        runtime_policy: names.runtime_policy.clone(),
        ops_policy: names.ops_policy.clone(),
        ops_scope: match block.ops_scope.as_deref() {
            Some("family") => OpsScope::Family,
            Some("own") => OpsScope::Own,
            _ => OpsScope::Instances,
        },
        database: with_database.then(|| DatabaseRoleWish {
            mount: layout.database_mount.clone(),
            connection: layout.database_connection.clone(),
            role: names.vault_database_role.clone(),
            database: names.database.clone(),
            owner_role: names.owner_role.clone(),
            default_ttl: seconds(&block.default_ttl),
            max_ttl: seconds(&block.max_ttl),
        }),
        kubernetes: layout.kubernetes.as_ref().map(|mount| KubernetesRoleWish {
            mount: mount.clone(),
            role: names.kubernetes_role.clone(),
            service_accounts: or_default(kubernetes.service_accounts, &names.service_account),
            namespaces: or_default(kubernetes.namespaces, &names.namespace),
        }),
        ci: layout.ci.as_ref().map(|ci| CiRoleWish {
            mount: ci.mount.clone(),
            role: names.ci_role.clone(),
            bound_claims: ci
                .bound_claims
                .iter()
                .map(|(claim, value)| (claim.clone(), value.replace("{app}", coordinate.app())))
                .collect(),
            bound_audiences: ci.bound_audiences.clone(),
            user_claim: ci.user_claim.clone(),
            revision: ci.revision,
        }),
    }
}

/// What the host facet shall make; `None` where there is none.
pub fn host(
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
