// SPDX-License-Identifier: MPL-2.0
//! What is asked for, and what is answered.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Secret};

use crate::settings::names::NamesModel;

/// The ephemeral resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub key: Attr<String>,
    pub store: Attr<String>,
    pub file: Attr<String>,
    pub parameter_name: Attr<String>,
    pub version: Attr<i64>,
    pub names: Option<NamesModel>,
    pub path: Attr<String>,
    pub value: Attr<Secret<String>>,
}
