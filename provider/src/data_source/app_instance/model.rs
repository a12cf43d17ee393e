// SPDX-License-Identifier: MPL-2.0
//! `appenv_app_instance` as the configuration and the state have it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Value};

use crate::settings::names::NamesModel;

/// The data source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub names: Option<NamesModel>,
    pub must_exist: Attr<bool>,
    pub timeout: Attr<String>,
    pub registered: Attr<bool>,
    pub instance: Attr<String>,
    pub production: Attr<bool>,
    pub state_prefix: Attr<String>,
    pub owner: Attr<String>,
    pub holder: Attr<String>,
    pub generation: Attr<i64>,
    pub release: Attr<String>,
    pub services: Attr<Vec<Attr<String>>>,
    pub last_apply: Attr<String>,
    pub spec_digest: Attr<String>,
    pub registries: Attr<Vec<Attr<String>>>,
    pub protection: Attr<ProtectionModel>,
    pub resolved_names: Attr<Value>,
    pub objects: Attr<BTreeMap<String, Attr<String>>>,
}

/// What the registry holds against changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct ProtectionModel {
    pub production: Attr<bool>,
    pub mode: Attr<String>,
    pub allow: Attr<Vec<Attr<String>>>,
    pub promote_from: Attr<String>,
}
