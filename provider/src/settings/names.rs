// SPDX-License-Identifier: MPL-2.0
//! The `names` block: the same on the provider, where it holds templates, and on a resource, where it holds names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::schema::{Attribute, Block};
use tfplugin::value::{Attr, Path, Type};

use crate::naming::{ROWS, row};

/// What is written in the place of the convention's names; any value may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the list of names says what each is")]
pub struct NamesModel {
    pub services: Attr<String>,
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
    pub log_groups: Attr<String>,
}

// === impl NamesModel ===

impl NamesModel {
    /// Key and value of each argument, in the order of [`ROWS`].
    pub fn entries(&self) -> [(&'static str, &Attr<String>); 22] {
        [
            ("services", &self.services),
            ("database", &self.database),
            ("owner_role", &self.owner_role),
            ("namespace", &self.namespace),
            ("service_account", &self.service_account),
            ("argocd_application", &self.argocd_application),
            ("kubernetes_role", &self.kubernetes_role),
            ("vault_database_role", &self.vault_database_role),
            ("runtime_policy", &self.runtime_policy),
            ("ops_policy", &self.ops_policy),
            ("own_ops_policy", &self.own_ops_policy),
            ("ci_role", &self.ci_role),
            ("kv_path", &self.kv_path),
            ("dns_host", &self.dns_host),
            ("repository", &self.repository),
            ("values_file", &self.values_file),
            ("state_prefix", &self.state_prefix),
            ("app_dir", &self.app_dir),
            ("secrets_dir", &self.secrets_dir),
            ("parameter_path", &self.parameter_path),
            ("iam_role", &self.iam_role),
            ("log_groups", &self.log_groups),
        ]
    }

    /// What is known of it, by key, and the paths of what is unknown.
    pub fn read(&self) -> (BTreeMap<String, String>, Vec<Path>) {
        let mut known = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, value) in self.entries() {
            match value {
                Attr::Known(text) => {
                    known.insert(key.to_owned(), text.clone());
                }
                Attr::Unknown => unknown.push(at(key)),
                Attr::Null => {}
            }
        }
        (known, unknown)
    }

    /// A block that holds these; `None` where there are none. Keys of no name are left out.
    pub fn of(names: &BTreeMap<String, String>) -> Option<Self> {
        let value = |key: &str| names.get(key).cloned().into();
        (!names.is_empty()).then(|| Self {
            services: value("services"),
            database: value("database"),
            owner_role: value("owner_role"),
            namespace: value("namespace"),
            service_account: value("service_account"),
            argocd_application: value("argocd_application"),
            kubernetes_role: value("kubernetes_role"),
            vault_database_role: value("vault_database_role"),
            runtime_policy: value("runtime_policy"),
            ops_policy: value("ops_policy"),
            own_ops_policy: value("own_ops_policy"),
            ci_role: value("ci_role"),
            kv_path: value("kv_path"),
            dns_host: value("dns_host"),
            repository: value("repository"),
            values_file: value("values_file"),
            state_prefix: value("state_prefix"),
            app_dir: value("app_dir"),
            secrets_dir: value("secrets_dir"),
            parameter_path: value("parameter_path"),
            iam_role: value("iam_role"),
            log_groups: value("log_groups"),
        })
    }
}

/// Where the argument of that name stands.
pub fn at(key: &str) -> Path {
    Path::attribute("names").field(key)
}

/// The block, with what it is for; every name but the instance's own can be written.
pub fn block(description: &str) -> Block {
    let written = ROWS.iter().filter(|row| row.key != row::INSTANCE.key);
    written.fold(Block::new(description), |block, row| {
        block.attribute(row.key, Attribute::optional(Type::String, row.doc))
    })
}

#[cfg(test)]
mod tests {
    use super::{NamesModel, ROWS, row};

    #[test]
    fn every_name_but_the_instances_own_can_be_written() {
        let keys: Vec<_> = NamesModel::default().entries().map(|(key, _)| key).into();
        let rows: Vec<_> =
            ROWS.iter().map(|row| row.key).filter(|key| *key != row::INSTANCE.key).collect();
        assert_eq!(keys, rows);
    }
}
