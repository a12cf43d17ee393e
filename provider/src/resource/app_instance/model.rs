// SPDX-License-Identifier: MPL-2.0
//! `appenv_app_instance` as the configuration and the state have it; any value may be unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

use crate::settings::names::NamesModel;

/// The resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub services: Attr<Vec<Attr<String>>>,
    pub release: Attr<String>,
    pub database: Option<DatabaseModel>,
    pub vault: Option<VaultModel>,
    pub kubernetes: Option<KubernetesModel>,
    pub env_files: Attr<Vec<Attr<String>>>,
    pub names: Option<NamesModel>,
    pub adopt: Attr<String>,
    pub rename: Attr<String>,
    pub keep_old: Attr<String>,
    pub deletion_protection: Attr<bool>,
    pub on_destroy: Attr<String>,
    pub force_disconnect: Attr<bool>,
    pub timeouts: Option<TimeoutsModel>,
    pub id: Attr<String>,
    pub instance: Attr<String>,
    pub production: Attr<bool>,
    pub state_prefix: Attr<String>,
    pub facets: Attr<Vec<Attr<String>>>,
    pub resolved_names: Attr<ResolvedNames>,
    pub objects: Attr<BTreeMap<String, Attr<String>>>,
    pub kept: Attr<BTreeMap<String, Attr<String>>>,
    pub spec_digest: Attr<String>,
    pub generation: Attr<i64>,
}

/// What is wished of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct DatabaseModel {
    pub extensions: Attr<Vec<Attr<String>>>,
    pub connection_limit: Attr<i64>,
    pub encoding: Attr<String>,
    pub locale: Attr<String>,
    pub template: Attr<String>,
}

/// What is wished of Vault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct VaultModel {
    pub default_ttl: Attr<String>,
    pub max_ttl: Attr<String>,
    pub ops_scope: Attr<String>,
}

/// Who may log in from Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct KubernetesModel {
    pub service_accounts: Attr<Vec<Attr<String>>>,
    pub namespaces: Attr<Vec<Attr<String>>>,
}

/// How long an operation may take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct TimeoutsModel {
    pub create: Attr<String>,
    pub read: Attr<String>,
    pub update: Attr<String>,
    pub delete: Attr<String>,
}

/// Every name of the instance; null where its input is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct ResolvedNames {
    pub instance: Attr<String>,
    pub services: Attr<BTreeMap<String, Attr<String>>>,
    pub database: Attr<String>,
    pub owner_role: Attr<String>,
    pub namespace: Attr<String>,
    pub service_account: Attr<String>,
    pub argocd_application: Attr<String>,
    pub kubernetes_role: Attr<String>,
    pub vault_database_role: Attr<String>,
    pub runtime_policy: Attr<String>,
    pub ops_policy: Attr<String>,
    pub own_ops_policy: Attr<String>,
    pub ci_role: Attr<String>,
    pub kv_path: Attr<String>,
    pub dns_host: Attr<String>,
    pub repository: Attr<String>,
    pub values_file: Attr<String>,
    pub state_prefix: Attr<String>,
    pub app_dir: Attr<String>,
    pub secrets_dir: Attr<String>,
    pub parameter_path: Attr<String>,
    pub iam_role: Attr<String>,
    pub log_groups: Attr<BTreeMap<String, Attr<String>>>,
}
