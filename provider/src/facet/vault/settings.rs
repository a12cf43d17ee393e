// SPDX-License-Identifier: MPL-2.0
//! What the facet is told: where the server is and who we are.

use std::time::Duration;

use super::sensitive::Sensitive;

/// Where the server is and who we are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://bao:8200`; plain HTTP on the loopback only, since every request carries the token.
    pub address: String,
    /// Who we are.
    pub login: Login,
    /// The namespace, as `X-Vault-Namespace` says it.
    pub namespace: Option<String>,
    /// The authorities the server's certificate may come from, PEM; `None`: the system's.
    pub ca_cert: Option<Vec<u8>>,
    /// The longest one call may take with all its attempts; each attempt gets a third.
    pub timeout: Duration,
}

/// How the token is come by. A login is made once, when first needed, and again when its token has died.
#[derive(Clone, Debug)]
pub enum Login {
    /// A token that the user gave; used as it is, no child is made.
    Token(Sensitive),
    /// AppRole.
    AppRole {
        /// The method's mount, `approle`.
        mount: String,
        /// The role id.
        role_id: Sensitive,
        /// The secret id.
        secret_id: Sensitive,
    },
    /// A Kubernetes service account.
    Kubernetes {
        /// The method's mount, `kubernetes`.
        mount: String,
        /// The role to take.
        role: String,
        /// The service account's token.
        jwt: Sensitive,
    },
    /// A JWT, as a CI job gets it.
    Jwt {
        /// The method's mount, `gitea_jwt`.
        mount: String,
        /// The role to take.
        role: String,
        /// The JWT.
        jwt: Sensitive,
    },
}

// === impl Login ===

impl Login {
    /// The attribute or block of the provider configuration it comes from.
    pub(super) fn attribute(&self) -> &'static str {
        match self {
            Self::Token(_) => "provider.vault.token",
            Self::AppRole { .. } => "provider.vault.auth_approle",
            Self::Kubernetes { .. } => "provider.vault.auth_kubernetes",
            Self::Jwt { .. } => "provider.vault.auth_jwt",
        }
    }

    /// Every credential in it: what must not stand in a message.
    pub(super) fn credentials(&self) -> Vec<&Sensitive> {
        match self {
            Self::Token(token) => vec![token],
            Self::AppRole { role_id, secret_id, .. } => vec![role_id, secret_id],
            Self::Kubernetes { jwt, .. } | Self::Jwt { jwt, .. } => vec![jwt],
        }
    }
}
