// SPDX-License-Identifier: MPL-2.0
//! `appenv_preflight` as the configuration and the state have it.

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

use super::outside::{CertificateModel, DotenvModel, FileModel, HttpModel, Outside, RedisModel};
use crate::data_source::finding::FindingModel;
use crate::settings::names::NamesModel;

/// The data source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub services: Attr<Vec<Attr<String>>>,
    pub names: Option<NamesModel>,
    pub kubernetes: Option<KubernetesModel>,
    pub required_keys: Attr<Vec<Attr<String>>>,
    pub env_example: Attr<String>,
    pub store: Attr<String>,
    pub probe: Attr<bool>,
    pub timeout: Attr<String>,
    pub environment_variables: Attr<Vec<Attr<String>>>,
    pub redis: Vec<RedisModel>,
    pub http: Vec<HttpModel>,
    pub certificate: Vec<CertificateModel>,
    pub dotenv: Vec<DotenvModel>,
    pub file_matches: Vec<FileModel>,
    pub instance: Attr<String>,
    pub ok: Attr<bool>,
    pub findings: Attr<Vec<FindingModel>>,
}

/// Who may log in from Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct KubernetesModel {
    pub service_accounts: Attr<Vec<Attr<String>>>,
    pub namespaces: Attr<Vec<Attr<String>>>,
}

// === impl Model ===

impl Model {
    /// What is asked of what no facet manages.
    pub(super) fn outside(&self) -> Outside<'_> {
        Outside {
            environment_variables: &self.environment_variables,
            redis: &self.redis,
            http: &self.http,
            certificate: &self.certificate,
            dotenv: &self.dotenv,
            file_matches: &self.file_matches,
        }
    }
}
