// SPDX-License-Identifier: MPL-2.0
//! `appenv_permissions` as the configuration and the state have it.

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

/// The data source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub instances: Attr<Vec<Attr<InstanceModel>>>,
    pub secrets: Attr<bool>,
    pub renames: Attr<bool>,
    pub credentials: Attr<bool>,
    pub force_disconnect: Attr<bool>,
    pub ops_scope: Attr<String>,
    pub plan_login: Attr<String>,
    pub apply_login: Attr<String>,
    pub database: Attr<String>,
    pub plan: Attr<RightsModel>,
    pub apply: Attr<RightsModel>,
}

/// One coordinate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct InstanceModel {
    pub app: Attr<String>,
    pub env: Attr<String>,
}

/// The texts of one run; null where there is no such target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct RightsModel {
    pub vault_policy: Attr<String>,
    pub sql: Attr<String>,
    pub aws_policy: Attr<String>,
    pub host: Attr<String>,
}
