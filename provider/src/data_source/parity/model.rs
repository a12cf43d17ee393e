// SPDX-License-Identifier: MPL-2.0
//! `appenv_parity` as the configuration and the state have it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

use crate::data_source::finding::FindingModel;

/// The data source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub envs: Attr<Vec<Attr<String>>>,
    pub store: Attr<String>,
    pub timeout: Attr<String>,
    #[serde(default)]
    pub allowed_differences: Vec<AllowedModel>,
    pub matrix: Attr<Vec<RowModel>>,
    pub findings: Attr<Vec<FindingModel>>,
    pub ok: Attr<bool>,
}

/// One difference that is as it should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct AllowedModel {
    pub kind: Attr<String>,
    pub name: Attr<String>,
    pub reason: Attr<String>,
    pub envs: Attr<Vec<Attr<String>>>,
}

/// One row of the matrix.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct RowModel {
    pub kind: Attr<String>,
    pub name: Attr<String>,
    pub values: Attr<BTreeMap<String, Attr<String>>>,
}
