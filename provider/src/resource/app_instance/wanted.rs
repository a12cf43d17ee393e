// SPDX-License-Identifier: MPL-2.0
//! What the user asked for: the model's inputs, once they hold no unknown.

use std::collections::BTreeSet;

use tfplugin::value::{Attr, Path};

use super::model::{DatabaseModel, KubernetesModel, Model, VaultModel};
pub use crate::plan::wanted::{Wanted, WantedDatabase, WantedKubernetes, WantedVault};
use crate::settings::names::NamesModel;

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Model, Wanted, WantedDatabase, WantedKubernetes, WantedVault};

    /// Every input has a value. No `..`, so that a field that is new stands here too.
    pub fn whole() -> Wanted {
        let text = |text: &str| Some(text.to_owned());
        let set = |text: &str| BTreeSet::from([text.to_owned()]);
        Wanted {
            services: set("api"),
            release: text("1.2.3"),
            database: Some(WantedDatabase {
                extensions: Some(set("citext")),
                connection_limit: Some(7),
                encoding: text("UTF8"),
                locale: text("C.UTF-8"),
                template: text("template1"),
            }),
            vault: Some(WantedVault {
                default_ttl: text("1h"),
                max_ttl: text("24h"),
                ops_scope: text("own"),
            }),
            kubernetes: Some(WantedKubernetes {
                service_accounts: Some(set("web")),
                namespaces: Some(set("pods")),
            }),
            env_files: Some(set("users")),
            names: BTreeMap::from([("database".to_owned(), "legacy".to_owned())]),
        }
    }

    fn is_given(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Null => false,
            serde_json::Value::Array(all) => !all.is_empty(),
            serde_json::Value::Object(all) => !all.is_empty() && all.values().all(is_given),
            _ => true,
        }
    }

    #[test]
    fn what_the_registry_keeps_comes_back_whole() {
        let whole = whole();
        let kept = serde_json::to_value(&whole).unwrap();
        assert!(is_given(&kept), "an input of no value tells nothing: {kept}");
        assert_eq!(Wanted::deserialized(&kept).as_ref(), Some(&whole));
        for wanted in [whole, Wanted::default()] {
            let mut model = Model::default();
            wanted.restore(&mut model);
            assert_eq!(Wanted::read(&model), Ok(wanted));
        }
    }
}
