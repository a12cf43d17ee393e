// SPDX-License-Identifier: MPL-2.0
//! `appenv_env_secret` as the configuration and the state have it; any value may be unknown.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Secret};

use crate::secrets::Named;
use crate::settings::names::NamesModel;

/// The resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub key: Attr<String>,
    pub store: Attr<String>,
    pub file: Attr<String>,
    pub parameter_name: Attr<String>,
    pub value_wo: Attr<Secret<String>>,
    pub value_wo_version: Attr<i64>,
    pub generate: Option<GenerateModel>,
    pub rotation: Option<RotationModel>,
    pub names: Option<NamesModel>,
    pub timeouts: Option<TimeoutsModel>,
    pub id: Attr<String>,
    pub path: Attr<String>,
    pub status: Attr<String>,
    pub version: Attr<i64>,
    pub created_time: Attr<String>,
    pub rotates_at: Attr<String>,
    pub rotation_due: Attr<bool>,
    pub grace_over: Attr<bool>,
}

/// How a value is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct GenerateModel {
    pub kind: Attr<String>,
    pub length: Attr<i64>,
    pub lower: Attr<bool>,
    pub upper: Attr<bool>,
    pub digits: Attr<bool>,
    pub symbols: Attr<String>,
}

/// When another value is due.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct RotationModel {
    pub every: Attr<String>,
    pub grace: Attr<String>,
}

/// How long an operation may take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct TimeoutsModel {
    pub create: Attr<String>,
    pub read: Attr<String>,
    pub update: Attr<String>,
    pub delete: Attr<String>,
}

// === impl Model ===

impl Model {
    /// What names the secret, where all of it is known; else the first that is not.
    pub fn named(&self) -> Result<Named, &'static str> {
        let text = |value: &Attr<String>, name| match value {
            Attr::Unknown => Err(name),
            other => Ok(other.known().cloned()),
        };
        let (names, unknown) = self.names.as_ref().map(NamesModel::read).unwrap_or_default();
        if !unknown.is_empty() {
            return Err("names");
        }
        Ok(Named {
            app: text(&self.app, "app")?.unwrap_or_default(),
            env: text(&self.env, "env")?,
            key: text(&self.key, "key")?.unwrap_or_default(),
            names,
            store: text(&self.store, "store").ok().flatten(),
            file: text(&self.file, "file")?,
            parameter_name: text(&self.parameter_name, "parameter_name")?,
        })
    }
}
