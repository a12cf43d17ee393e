// SPDX-License-Identifier: MPL-2.0
//! What the user asked for, wholly known.
//!
//! It is also what the registry keeps of an instance, so that an import finds it again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The inputs of an instance beside its coordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Services with names of their own.
    pub services: BTreeSet<String>,
    /// The version that runs here.
    pub release: Option<String>,
    /// Of the database; `None` where there is no such block.
    pub database: Option<WantedDatabase>,
    /// Of Vault; `None` where there is no such block.
    pub vault: Option<WantedVault>,
    /// Of Kubernetes; `None` where there is no such block.
    pub kubernetes: Option<WantedKubernetes>,
    /// Files of secrets that are linked; `None` where nothing is said.
    pub env_files: Option<BTreeSet<String>>,
    /// Names in the place of the convention's, by key.
    pub names: BTreeMap<String, String>,
}

/// The `database` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedDatabase {
    pub extensions: Option<BTreeSet<String>>,
    pub connection_limit: Option<i64>,
    pub encoding: Option<String>,
    pub locale: Option<String>,
    pub template: Option<String>,
}

/// The `vault` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedVault {
    pub default_ttl: Option<String>,
    pub max_ttl: Option<String>,
    pub ops_scope: Option<String>,
}

/// The `kubernetes` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedKubernetes {
    pub service_accounts: Option<BTreeSet<String>>,
    pub namespaces: Option<BTreeSet<String>>,
}

// === impl Wanted ===

impl Wanted {
    /// Reads what a registry keeps; `None`: it keeps it in a shape that this release does not know.
    pub fn deserialized(kept: &serde_json::Value) -> Option<Self> {
        Self::deserialize(kept).ok()
    }

    /// The digest of what is promoted between environments: nothing that sizes or places.
    pub fn digest(&self) -> String {
        let database = self.database.clone().unwrap_or_default();
        // Sorted keys and sorted sets, so that equal wishes have equal digests.
        let promoted = BTreeMap::from([
            ("encoding", serde_json::json!(database.encoding)),
            ("extensions", serde_json::json!(database.extensions.unwrap_or_default())),
            ("locale", serde_json::json!(database.locale)),
            ("release", serde_json::json!(self.release)),
            ("services", serde_json::json!(self.services)),
            ("template", serde_json::json!(database.template)),
        ]);
        let text = serde_json::Value::from_iter(promoted).to_string();
        let hash = Sha256::digest(format!("appenv-spec/1\0{text}"));
        hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}
