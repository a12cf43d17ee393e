//! `appenv_preflight` as the configuration and the state have it.

use serde::{Deserialize, Serialize};
use tfplugin::value::Attr;

use super::outside::{CertificateModel, DotenvModel, FileModel, HttpModel, Outside, RedisModel};
use crate::finding::Finding;
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

/// One finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct FindingModel {
    pub check: Attr<String>,
    pub target: Attr<String>,
    pub status: Attr<String>,
    pub detail: Attr<String>,
    pub fix: Attr<String>,
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

// === impl FindingModel ===

impl FindingModel {
    /// As the state has it; every field is a text, `fix` an empty one where nothing is to be done.
    pub fn of(finding: &Finding) -> Self {
        let known = |text: &str| Attr::Known(text.to_owned());
        Self {
            check: known(finding.check),
            target: known(&finding.target),
            status: known(finding.status.as_str()),
            detail: known(&finding.detail),
            fix: known(&finding.fix),
        }
    }
}
