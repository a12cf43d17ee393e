//! A coordinate becomes names. Pure: depends on nothing of this crate, does no I/O.

use std::collections::BTreeMap;

/// One app in one env; both in the grammar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    app: String,
    env: String,
}

impl Coordinate {
    /// The app.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The env.
    pub fn env(&self) -> &str {
        &self.env
    }
}

/// Every name of one instance. A name whose variable is absent is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Names {
    pub instance: String,
    pub services: BTreeMap<String, String>,
    pub database: String,
    pub owner_role: String,
    pub namespace: String,
    pub service_account: String,
    pub argocd_application: String,
    pub kubernetes_role: String,
    pub vault_database_role: String,
    pub runtime_policy: String,
    pub ops_policy: String,
    pub ci_role: String,
    pub kv_path: String,
    pub dns_host: Option<String>,
    pub repository: Option<String>,
    pub values_file: String,
    pub state_prefix: String,
    pub app_dir: Option<String>,
    pub secrets_dir: Option<String>,
    pub parameter_path: String,
    pub iam_role: String,
    pub log_groups: BTreeMap<String, String>,
}
