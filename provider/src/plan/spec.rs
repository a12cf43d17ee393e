// SPDX-License-Identifier: MPL-2.0
//! The wish: wholly known, made once from the model and the settings.

use serde::{Deserialize, Serialize};

use crate::naming::{Coordinate, Names};
use crate::plan::aws::AwsWish;
use crate::plan::host::HostWish;
use crate::plan::postgres::PostgresWish;
use crate::plan::vault::VaultWish;

/// Who and what an object belongs to, as comments and headers on the objects say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The app.
    pub app: String,
    /// The env.
    pub env: String,
    /// The team or repository that manages the app.
    pub owner: String,
}

/// One instance as it is wished.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// App and env.
    pub coordinate: Coordinate,
    /// Every name of the instance.
    pub names: Names,
    /// Whether the env is a production one.
    pub production: bool,
    /// Who manages the app; empty only where there is no facet.
    pub owner: String,
    /// What the PostgreSQL facet shall make; `None`: no such facet.
    pub postgres: Option<PostgresWish>,
    /// What the Vault facet shall make; `None`: no such facet.
    pub vault: Option<VaultWish>,
    /// What the host facet shall make; `None`: no such facet.
    pub host: Option<HostWish>,
    /// What the AWS facet shall make; `None`: no such facet.
    pub aws: Option<AwsWish>,
}

impl Spec {
    /// One of no facet, to which whoever makes it adds those that it has: `Spec { host, ..Spec::of(…) }`.
    pub fn of(coordinate: Coordinate, names: Names, production: bool, owner: &str) -> Self {
        Self {
            coordinate,
            names,
            production,
            owner: owner.to_owned(),
            postgres: None,
            vault: None,
            host: None,
            aws: None,
        }
    }

    /// Whether there is a facet, hence a registry that knows the instance.
    pub fn is_registered(&self) -> bool {
        self.postgres.is_some() || self.vault.is_some() || self.host.is_some() || self.aws.is_some()
    }

    /// What the objects carry to tell whose they are.
    pub fn marker(&self) -> Marker {
        Marker {
            app: self.coordinate.app().to_owned(),
            env: self.coordinate.env().to_owned(),
            owner: self.owner.clone(),
        }
    }
}

impl Marker {
    /// The one-line form: `appenv:v1 app=erp env=sandbox owner=arcodange/erp`.
    pub fn line(&self) -> String {
        format!("appenv:v1 app={} env={} owner={}", self.app, self.env, self.owner)
    }

    /// Reads the one-line form; `None` where the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.trim().strip_prefix("appenv:v1 ")?.splitn(3, ' ');
        let mut word =
            |key: &str| words.next()?.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
        Some(Self { app: word("app")?, env: word("env")?, owner: word("owner")? })
    }
}
