// SPDX-License-Identifier: MPL-2.0
//! `appenv_database_credentials` as the configuration has it and as it is opened; any argument may be unknown.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Secret};

use crate::settings::names::NamesModel;

/// The ephemeral resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub names: Option<NamesModel>,
    pub ttl: Attr<String>,
    pub generation: Attr<i64>,
    pub username: Attr<String>,
    pub password: Attr<Secret<String>>,
    pub host: Attr<String>,
    pub port: Attr<i64>,
    pub database: Attr<String>,
    pub owner_role: Attr<String>,
    pub sslmode: Attr<String>,
    pub url: Attr<Secret<String>>,
    pub lease_id: Attr<String>,
    pub expires_at: Attr<String>,
}
