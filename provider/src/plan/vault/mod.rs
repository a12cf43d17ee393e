// SPDX-License-Identifier: MPL-2.0
//! The Vault part of the wish, and the contents of the objects made from it.
//!
//! # Layout
//!
//! - [`policy`]: a policy as paths and capabilities; rendered, read back, compared.
//! - [`grants`]: what the policies of an instance and of its app grant.
//! - [`statements`]: the SQL that makes and ends a leased login.
//! - [`roles`]: the bodies of the database, Kubernetes and CI roles.
//! - [`body`]: a body against what the server answers.

pub mod body;
pub mod grants;
pub mod policy;
pub mod roles;
pub mod statements;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the app's shared ops policy holds for this instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpsScope {
    /// A stanza for the instance itself; so the policy has one for each registered instance.
    Instances,
    /// The glob of the whole family, `<app>` and `<app>-*`.
    Family,
    /// Nothing: the stanza goes to a policy of the instance's own, `{app}-{env}-ops`.
    Own,
}

/// The database role: who may lease a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatabaseRoleWish {
    /// Mount of the database engine, `postgres`.
    pub mount: String,
    /// The connection's name.
    pub connection: String,
    /// The role's name.
    pub role: String,
    /// The database the login works in.
    pub database: String,
    /// The role it is a member of and becomes at login.
    pub owner_role: String,
    /// Lease, seconds; `None`: the mount's default.
    pub default_ttl: Option<u64>,
    /// Longest lease, seconds; `None`: the mount's default.
    pub max_ttl: Option<u64>,
}

/// The Kubernetes auth role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KubernetesRoleWish {
    /// Mount of the auth method, `kubernetes`.
    pub mount: String,
    /// The role's name.
    pub role: String,
    /// Service accounts it is bound to, sorted.
    pub service_accounts: Vec<String>,
    /// Namespaces it is bound to, sorted.
    pub namespaces: Vec<String>,
}

/// The app's CI role (JWT auth); shared by its instances, without parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiRoleWish {
    /// Mount of the JWT auth method, `gitea_jwt`.
    pub mount: String,
    /// The role's name.
    pub role: String,
    /// Claims a token must carry; one of them holds the repository.
    pub bound_claims: BTreeMap<String, String>,
    /// Audiences a token may be for.
    pub bound_audiences: Vec<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// Raised to change any of the above.
    pub revision: u64,
}

/// What an instance shall have in Vault or OpenBao.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultWish {
    /// Mount of the KV v2 engine, `kvv2`.
    pub kv_mount: String,
    /// The instance's document below it, `erp/config`.
    pub kv_path: String,
    /// The runtime policy's name.
    pub runtime_policy: String,
    /// The app's ops policy's name.
    pub ops_policy: String,
    /// What the ops policy holds for this instance.
    pub ops_scope: OpsScope,
    /// Present where the instance has a PostgreSQL facet too.
    pub database: Option<DatabaseRoleWish>,
    /// Present where `vault.kubernetes` is configured.
    pub kubernetes: Option<KubernetesRoleWish>,
    /// Present where `vault.ci` is configured.
    pub ci: Option<CiRoleWish>,
}

/// The line of `objects` of the database role.
pub const DATABASE_ROLE: &str = "vault_database_role";
/// The line of the Kubernetes auth role.
pub const KUBERNETES_ROLE: &str = "vault_kubernetes_role";
/// The line of the app's CI role.
pub const CI_ROLE: &str = "vault_ci_role";
/// The line of the app's ops policy.
pub const OPS_POLICY: &str = "vault_ops_policy";
/// The difference of a CI role that is there for other instances so far.
pub const NO_PART_YET: &str = "this instance has no part in it yet";
/// The difference of a CI role that this instance is to have no part in any more.
pub const NO_PART_WISHED: &str = "no longer wished here";

/// The names of every object of a wish, as `objects` lists them.
pub fn object_keys(wish: &VaultWish) -> Vec<String> {
    let ops = if wish.ops_scope == OpsScope::Own { "vault_own_ops_policy" } else { OPS_POLICY };
    let keys = [
        Some("vault_runtime_policy"),
        Some(ops),
        wish.database.as_ref().map(|_| DATABASE_ROLE),
        wish.kubernetes.as_ref().map(|_| KUBERNETES_ROLE),
        wish.ci.as_ref().map(|_| CI_ROLE),
    ];
    keys.into_iter().flatten().map(str::to_owned).collect()
}
