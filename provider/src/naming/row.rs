// SPDX-License-Identifier: MPL-2.0
//! The names of an instance, as a list: what schema, documents and golden files go by.

use std::collections::BTreeMap;

use super::target::{self, Rule};

/// One name of an instance.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The key: field of [`Names`](super::Names), attribute of `resolved_names`, argument of a `names` block.
    pub key: &'static str,
    /// What it names, in one sentence.
    pub doc: &'static str,
    /// Whether every env of the app has the same.
    pub shared: bool,
    /// Whether there is one for each service.
    pub per_service: bool,
    /// What its target allows.
    pub(super) rule: &'static Rule,
}

/// The value of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowValue<'a> {
    /// The name; `None` where a variable of it is absent.
    One(Option<&'a str>),
    /// A name for each service.
    PerService(&'a BTreeMap<String, String>),
}

const fn one(key: &'static str, rule: &'static Rule, doc: &'static str) -> Row {
    Row { key, doc, shared: false, per_service: false, rule }
}

/// The instance itself.
pub const INSTANCE: Row =
    one("instance", &target::INSTANCE, "Name of the instance; most other names are made of it.");
/// What runs for each service.
pub const SERVICES: Row = Row {
    per_service: true,
    ..one("services", &target::SERVICE, "Name of each service of the instance.")
};
/// The PostgreSQL database.
pub const DATABASE: Row =
    one("database", &target::DATABASE, "PostgreSQL database of the instance.");
/// The role that owns the database.
pub const OWNER_ROLE: Row =
    one("owner_role", &target::OWNER_ROLE, "PostgreSQL role that owns the database.");
/// The Kubernetes namespace.
pub const NAMESPACE: Row = one("namespace", &target::NAMESPACE, "Kubernetes namespace.");
/// The Kubernetes service account.
pub const SERVICE_ACCOUNT: Row =
    one("service_account", &target::SERVICE_ACCOUNT, "Kubernetes service account.");
/// The Argo CD application.
pub const ARGOCD_APPLICATION: Row =
    one("argocd_application", &target::ARGOCD_APPLICATION, "Argo CD application.");
/// The role of the Kubernetes auth method.
pub const KUBERNETES_ROLE: Row = one(
    "kubernetes_role",
    &target::KUBERNETES_ROLE,
    "Role of Vault's Kubernetes auth method that the service account logs in with.",
);
/// The role of the database engine.
pub const VAULT_DATABASE_ROLE: Row = one(
    "vault_database_role",
    &target::DATABASE_ROLE,
    "Role of Vault's database engine that leases logins to the database.",
);
/// The policy of what runs.
pub const RUNTIME_POLICY: Row =
    one("runtime_policy", &target::POLICY, "Vault policy of what runs: reads its secrets.");
/// The policy of those who keep the secrets of an app.
pub const OPS_POLICY: Row = Row {
    shared: true,
    ..one(
        "ops_policy",
        &target::POLICY,
        "Vault policy that writes secrets, one for all envs of the app.",
    )
};
/// The same for one instance alone.
pub const OWN_OPS_POLICY: Row = one(
    "own_ops_policy",
    &target::POLICY,
    "Vault policy that writes the secrets of this instance alone; made where ops_scope is own.",
);
/// The role of the JWT auth method.
pub const CI_ROLE: Row = Row {
    shared: true,
    ..one("ci_role", &target::CI_ROLE, "Role of Vault's JWT auth method for the app's pipelines.")
};
/// The document of secrets.
pub const KV_PATH: Row =
    one("kv_path", &target::KV_PATH, "Path of the instance's secrets below the KV mount.");
/// The host name.
pub const DNS_HOST: Row = one("dns_host", &target::DNS_HOST, "Host name; null without a domain.");
/// The repository.
pub const REPOSITORY: Row = Row {
    shared: true,
    ..one("repository", &target::REPOSITORY, "Repository of the app; null without an organization.")
};
/// The values file of the chart.
pub const VALUES_FILE: Row =
    one("values_file", &target::VALUES_FILE, "Values file of the chart, in the app's repository.");
/// Where the state is kept.
pub const STATE_PREFIX: Row =
    one("state_prefix", &target::STATE_PREFIX, "What the address of the state backend ends in.");
/// The directory of the instance.
pub const APP_DIR: Row =
    one("app_dir", &target::DIRECTORY, "Directory of the instance; null without a host root.");
/// The directory of its secrets.
pub const SECRETS_DIR: Row = one(
    "secrets_dir",
    &target::DIRECTORY,
    "Directory of the instance's secrets; null without a host root.",
);
/// Where AWS keeps its parameters.
pub const PARAMETER_PATH: Row = one(
    "parameter_path",
    &target::PARAMETER_PATH,
    "Path of the instance's secrets in AWS Parameter Store.",
);
/// The IAM role.
pub const IAM_ROLE: Row = one("iam_role", &target::IAM_ROLE, "IAM role of the instance.");
/// The log groups.
pub const LOG_GROUPS: Row = Row {
    per_service: true,
    ..one("log_groups", &target::LOG_GROUP, "CloudWatch log group of each service.")
};

/// Every name, in the order documents list them. A name is added at the place it belongs to; none is taken away.
pub static ROWS: [Row; 23] = [
    INSTANCE,
    SERVICES,
    DATABASE,
    OWNER_ROLE,
    NAMESPACE,
    SERVICE_ACCOUNT,
    ARGOCD_APPLICATION,
    KUBERNETES_ROLE,
    VAULT_DATABASE_ROLE,
    RUNTIME_POLICY,
    OPS_POLICY,
    OWN_OPS_POLICY,
    CI_ROLE,
    KV_PATH,
    DNS_HOST,
    REPOSITORY,
    VALUES_FILE,
    STATE_PREFIX,
    APP_DIR,
    SECRETS_DIR,
    PARAMETER_PATH,
    IAM_ROLE,
    LOG_GROUPS,
];
