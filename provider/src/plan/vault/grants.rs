// SPDX-License-Identifier: MPL-2.0
//! What the policies of an instance and of its app grant. Frozen with the convention's version: golden files hold
//! the rendered texts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::policy::{Capability, Grants, Policy};
use super::{OpsScope, VaultWish};
use crate::plan::Marker;

/// The part one instance has in its app's ops policy, as the registry keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpsPart {
    /// What it asks for.
    pub scope: OpsScope,
    /// The instance's document, without mount.
    pub kv_path: String,
    /// The name of the shared policy the part belongs to.
    pub policy: String,
}

// === impl OpsPart ===

impl OpsPart {
    /// The part a wish asks for.
    pub fn of(wish: &VaultWish) -> Self {
        Self {
            scope: wish.ops_scope,
            kv_path: wish.kv_path.clone(),
            policy: wish.ops_policy.clone(),
        }
    }

    /// What the part adds to the shared ops policy of `app`; nothing under [`OpsScope::Own`].
    pub fn shared(&self, kv_mount: &str, app: &str) -> Grants {
        match self.scope {
            OpsScope::Own => Grants::new(),
            OpsScope::Instances => document(kv_mount, &self.kv_path),
            OpsScope::Family => {
                let mut grants = document(kv_mount, &format!("{app}/*"));
                grants.append(&mut document(kv_mount, &format!("{app}-*")));
                // A document that an override moved out of the family is still the instance's.
                let within = self.kv_path.starts_with(&format!("{app}/"))
                    || self.kv_path.starts_with(&format!("{app}-"));
                if !within {
                    grants.append(&mut document(kv_mount, &self.kv_path));
                }
                grants
            }
        }
    }
}

/// The runtime policy: leases the instance's login and reads its document.
pub fn runtime(wish: &VaultWish, marker: &Marker) -> Policy {
    let mut grants = Grants::new();
    if let Some(role) = &wish.database {
        grants.insert(
            format!("{}/creds/{}", role.mount, role.role),
            BTreeSet::from([Capability::Read]),
        );
    }
    grants.insert(
        format!("{}/data/{}", wish.kv_mount, wish.kv_path),
        BTreeSet::from([Capability::Read]),
    );
    Policy { header: vec![marker.line(), "What the running instance may do.".to_owned()], grants }
}

/// The ops policy of the instance alone, under [`OpsScope::Own`].
pub fn own_ops(wish: &VaultWish, marker: &Marker) -> Policy {
    Policy {
        header: vec![marker.line(), "What those who operate the instance may do.".to_owned()],
        grants: document(&wish.kv_mount, &wish.kv_path),
    }
}

/// The app's ops policy, from the parts of its registered instances; `None` where no part asks for anything.
pub fn shared_ops<'a>(
    app: &str,
    owner: &str,
    kv_mount: &str,
    parts: impl IntoIterator<Item = &'a OpsPart>,
) -> Option<Policy> {
    let mut grants = Grants::new();
    for part in parts {
        grants.append(&mut part.shared(kv_mount, app));
    }
    (!grants.is_empty()).then(|| Policy {
        header: vec![
            shared_marker(app, owner),
            "What those who operate the app may do, an instance a pair of paths.".to_owned(),
        ],
        grants,
    })
}

/// The marker of an object that an app's instances share: owner and app only.
pub fn shared_marker(app: &str, owner: &str) -> String {
    format!("appenv:v1 app={app} owner={owner}")
}

fn document(kv_mount: &str, kv_path: &str) -> Grants {
    Grants::from([
        (
            format!("{kv_mount}/data/{kv_path}"),
            BTreeSet::from([
                Capability::Create,
                Capability::Update,
                Capability::Patch,
                Capability::Read,
            ]),
        ),
        (format!("{kv_mount}/metadata/{kv_path}"), BTreeSet::from([Capability::Read])),
    ])
}
