// SPDX-License-Identifier: MPL-2.0
//! Where an instance's own objects stand in Vault, as the registry notes them: what is noted is the instance's to
//! change and to remove, and nothing else is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::object::Object;
use crate::plan::Spec;
use crate::plan::vault::{OpsScope, VaultWish};

/// One place. The order is the one in which a removal goes: first what lets others in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Place {
    /// The Kubernetes auth role.
    KubernetesRole {
        /// Mount of the auth method.
        mount: String,
        /// The role's name.
        role: String,
    },
    /// The runtime policy.
    RuntimePolicy {
        /// The policy's name.
        name: String,
    },
    /// The database role.
    DatabaseRole {
        /// Mount of the database engine.
        mount: String,
        /// The role's name.
        role: String,
    },
    /// The ops policy of the instance alone.
    OwnOpsPolicy {
        /// The policy's name.
        name: String,
    },
}

// === impl Place ===

impl Place {
    /// Every place that a wish asks for.
    pub fn wished(spec: &Spec, wish: &VaultWish) -> BTreeSet<Self> {
        Self::listed(spec, wish).collect()
    }

    /// The same in the order in which messages list them.
    pub fn listed(spec: &Spec, wish: &VaultWish) -> impl Iterator<Item = Self> {
        let own = wish.ops_scope == OpsScope::Own;
        let places = [
            Some(Self::RuntimePolicy { name: wish.runtime_policy.clone() }),
            own.then(|| Self::OwnOpsPolicy { name: spec.names.own_ops_policy.clone() }),
            wish.database.as_ref().map(|database| Self::DatabaseRole {
                mount: database.mount.clone(),
                role: database.role.clone(),
            }),
            wish.kubernetes.as_ref().map(|kubernetes| Self::KubernetesRole {
                mount: kubernetes.mount.clone(),
                role: kubernetes.role.clone(),
            }),
        ];
        places.into_iter().flatten()
    }

    /// The line of `objects` that tells of it.
    pub fn key(&self) -> &'static str {
        match self {
            Self::KubernetesRole { .. } => "vault_kubernetes_role",
            Self::RuntimePolicy { .. } => "vault_runtime_policy",
            Self::DatabaseRole { .. } => "vault_database_role",
            Self::OwnOpsPolicy { .. } => "vault_own_ops_policy",
        }
    }

    /// The object that stands there.
    pub fn object(&self) -> Object {
        match self {
            Self::KubernetesRole { mount, role } => Object::kubernetes_role(mount, role),
            Self::RuntimePolicy { name } | Self::OwnOpsPolicy { name } => Object::policy(name),
            Self::DatabaseRole { mount, role } => Object::database_role(mount, role),
        }
    }
}
