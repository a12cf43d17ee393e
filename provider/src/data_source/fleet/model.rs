// SPDX-License-Identifier: MPL-2.0
//! `appenv_fleet` as the configuration and the state have it.

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

use crate::data_source::finding::FindingModel;

/// The data source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub owner: Attr<String>,
    pub timeout: Attr<String>,
    pub instances: Attr<Vec<InstanceModel>>,
    pub overdue_logins: Attr<Vec<OverdueModel>>,
    pub findings: Attr<Vec<FindingModel>>,
    pub ok: Attr<bool>,
}

/// One instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct InstanceModel {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub instance: Attr<String>,
    pub production: Attr<bool>,
    pub owner: Attr<String>,
    pub holder: Attr<String>,
    pub generation: Attr<i64>,
    pub release: Attr<String>,
    pub last_apply: Attr<String>,
    pub registries: Attr<Vec<Attr<String>>>,
    pub status: Attr<String>,
}

/// One login past its time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct OverdueModel {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub login: Attr<String>,
    pub until: Attr<String>,
    pub server: Attr<String>,
}
