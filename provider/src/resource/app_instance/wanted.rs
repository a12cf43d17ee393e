//! What the user asked for, wholly known: the model's inputs, once they hold no unknown.
//!
//! It is also what the registry keeps of an instance, so that an import finds it again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tfplugin::value::{Attr, Path};

use super::model::{DatabaseModel, KubernetesModel, Model, VaultModel};
use crate::settings::names::NamesModel;

/// The inputs of an instance beside its coordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Services with names of their own.
    pub services: BTreeSet<String>,
    /// The version that runs here.
    pub release: Option<String>,
    /// Of the database; `None` where there is no such block.
    pub database: Option<WantedDatabase>,
    /// Of Vault; `None` where there is no such block.
    pub vault: Option<WantedVault>,
    /// Of Kubernetes; `None` where there is no such block.
    pub kubernetes: Option<WantedKubernetes>,
    /// Files of secrets that are linked; `None` where nothing is said.
    pub env_files: Option<BTreeSet<String>>,
    /// Names in the place of the convention's, by key.
    pub names: BTreeMap<String, String>,
}

/// The `database` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedDatabase {
    pub extensions: Option<BTreeSet<String>>,
    pub connection_limit: Option<i64>,
    pub encoding: Option<String>,
    pub locale: Option<String>,
    pub template: Option<String>,
}

/// The `vault` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedVault {
    pub default_ttl: Option<String>,
    pub max_ttl: Option<String>,
    pub ops_scope: Option<String>,
}

/// The `kubernetes` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "the schema says what each is")]
pub struct WantedKubernetes {
    pub service_accounts: Option<BTreeSet<String>>,
    pub namespaces: Option<BTreeSet<String>>,
}

// === impl Wanted ===

impl Wanted {
    /// Reads the inputs of a model; the paths that are still unknown otherwise.
    pub fn read(model: &Model) -> Result<Self, Vec<Path>> {
        match Self::read_known(model) {
            (wanted, unknown) if unknown.is_empty() => Ok(wanted),
            (_, unknown) => Err(unknown),
        }
    }

    /// Reads what is known of the inputs of a model, and the paths of the rest.
    pub fn read_known(model: &Model) -> (Self, Vec<Path>) {
        let mut reader = Reader::default();
        let services =
            reader.set(&model.services, || Path::attribute("services")).unwrap_or_default();
        let release = reader.one(&model.release, || Path::attribute("release"));
        let database = model.database.as_ref().map(|block| {
            let at = |name: &'static str| move || Path::attribute("database").field(name);
            WantedDatabase {
                extensions: reader.set(&block.extensions, at("extensions")),
                connection_limit: reader.one(&block.connection_limit, at("connection_limit")),
                encoding: reader.one(&block.encoding, at("encoding")),
                locale: reader.one(&block.locale, at("locale")),
                template: reader.one(&block.template, at("template")),
            }
        });
        let vault = model.vault.as_ref().map(|block| {
            let at = |name: &'static str| move || Path::attribute("vault").field(name);
            WantedVault {
                default_ttl: reader.one(&block.default_ttl, at("default_ttl")),
                max_ttl: reader.one(&block.max_ttl, at("max_ttl")),
                ops_scope: reader.one(&block.ops_scope, at("ops_scope")),
            }
        });
        let kubernetes = model.kubernetes.as_ref().map(|block| {
            let at = |name: &'static str| move || Path::attribute("kubernetes").field(name);
            WantedKubernetes {
                service_accounts: reader.set(&block.service_accounts, at("service_accounts")),
                namespaces: reader.set(&block.namespaces, at("namespaces")),
            }
        });
        let env_files = reader.set(&model.env_files, || Path::attribute("env_files"));
        let (names, unknown) = model.names.as_ref().map(NamesModel::read).unwrap_or_default();
        reader.unknown.extend(unknown);
        (Self { services, release, database, vault, kubernetes, env_files, names }, reader.unknown)
    }

    /// Puts the inputs into a model that has none: an imported one.
    pub fn restore(&self, model: &mut Model) {
        model.services =
            if self.services.is_empty() { Attr::Null } else { Attr::Known(known(&self.services)) };
        model.release = self.release.clone().into();
        model.database = self.database.as_ref().map(|block| DatabaseModel {
            extensions: block.extensions.as_ref().map(known).into(),
            connection_limit: block.connection_limit.into(),
            encoding: block.encoding.clone().into(),
            locale: block.locale.clone().into(),
            template: block.template.clone().into(),
        });
        model.vault = self.vault.as_ref().map(|block| VaultModel {
            default_ttl: block.default_ttl.clone().into(),
            max_ttl: block.max_ttl.clone().into(),
            ops_scope: block.ops_scope.clone().into(),
        });
        model.kubernetes = self.kubernetes.as_ref().map(|block| KubernetesModel {
            service_accounts: block.service_accounts.as_ref().map(known).into(),
            namespaces: block.namespaces.as_ref().map(known).into(),
        });
        model.env_files = self.env_files.as_ref().map(known).into();
        model.names = NamesModel::of(&self.names);
    }

    /// The digest of what is promoted between environments: nothing that sizes or places.
    pub fn digest(&self) -> String {
        let database = self.database.clone().unwrap_or_default();
        // Sorted keys and sorted sets, so that equal wishes have equal digests.
        let promoted = BTreeMap::from([
            ("encoding", serde_json::json!(database.encoding)),
            ("extensions", serde_json::json!(database.extensions.unwrap_or_default())),
            ("locale", serde_json::json!(database.locale)),
            ("release", serde_json::json!(self.release)),
            ("services", serde_json::json!(self.services)),
            ("template", serde_json::json!(database.template)),
        ]);
        let text = serde_json::Value::from_iter(promoted).to_string();
        let hash = Sha256::digest(format!("appenv-spec/1\0{text}"));
        hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

fn known(texts: &BTreeSet<String>) -> Vec<Attr<String>> {
    texts.iter().cloned().map(Attr::Known).collect()
}

/// Reads attributes and notes the unknown ones.
#[derive(Default)]
struct Reader {
    unknown: Vec<Path>,
}

impl Reader {
    fn one<T: Clone>(&mut self, value: &Attr<T>, at: impl Fn() -> Path) -> Option<T> {
        if value.is_unknown() {
            self.unknown.push(at());
        }
        value.known().cloned()
    }

    fn set(
        &mut self,
        value: &Attr<Vec<Attr<String>>>,
        at: impl Fn() -> Path + Copy,
    ) -> Option<BTreeSet<String>> {
        let texts = self.one(value, at)?;
        Some(texts.iter().filter_map(|text| self.one(text, at)).collect())
    }
}
