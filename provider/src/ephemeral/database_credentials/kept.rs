// SPDX-License-Identifier: MPL-2.0
//! What an opening hands to renewal and close: how to find the login again, and no secret.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tfplugin::context::Private;
use tfplugin::diagnostic::Errors;

use crate::facet::postgres::TemporaryLogin;

const KEY: &str = "credentials";

/// An opened login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// `erp/sandbox`.
    pub(super) id: String,
    /// How long it is asked for each time.
    pub(super) ttl: Duration,
    /// What it is.
    pub(super) login: Login,
}

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Login {
    /// Leased from Vault.
    Lease(String),
    /// Made in PostgreSQL.
    Temporary(TemporaryLogin),
}

// === impl Login ===

impl Login {
    /// What no other login has.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Lease(lease_id) => lease_id,
            Self::Temporary(login) => &login.name,
        }
    }
}

// === impl Kept ===

impl Kept {
    pub(super) fn store(&self, private: &mut Private) {
        let value = serde_json::to_value(self).unwrap_or_default();
        private.0.insert(KEY.to_owned(), value);
    }

    pub(super) fn load(private: &Private) -> Result<Self, Errors> {
        let kept = private.0.get(KEY).and_then(|value| Self::deserialize(value).ok());
        kept.ok_or_else(|| {
            Errors::one(
                "Database credentials are not known any more",
                "Renewing or closing database credentials was attempted, but the CLI handed back nothing that tells which. \
                 They end by themselves when their time is over.\n\nNext: please report this, with the version of the CLI.",
            )
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::plan::Marker;

    #[test]
    fn both_kinds_come_back() {
        let marker = Marker { app: "erp".into(), env: "prod".into(), owner: "team/one".into() };
        let login = TemporaryLogin {
            name: "erp_tmp_1".to_owned(),
            marker,
            database: "erp".to_owned(),
            owner_role: "erp_role".to_owned(),
        };
        for login in [Login::Lease("postgres/creds/erp/1".to_owned()), Login::Temporary(login)] {
            let kept = Kept { id: "erp/prod".to_owned(), ttl: Duration::from_secs(60), login };
            let mut private = Private::default();
            kept.store(&mut private);
            assert_eq!(Kept::load(&Private::decode(&private.encode())).unwrap(), kept);
        }
        assert!(Kept::load(&Private::default()).is_err());
    }
}
