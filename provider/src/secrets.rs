// SPDX-License-Identifier: MPL-2.0
//! Which secret a configuration names, in which store, and whether the instance it belongs to is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::configured::Configured;
use crate::facet::{FacetError, Fault, Limit};
use crate::inquiry;
use crate::naming::{Coordinate, NameError, Names, Overrides, Subject};
use crate::plan::Spec;
use crate::registry::Look;
use crate::settings::{Settings, names};
use crate::store::{Kind, Place, SecretStore, kind};

/// What names a secret, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The app.
    pub app: String,
    /// The env; `None`: the one that elides.
    pub env: Option<String>,
    /// The key.
    pub key: String,
    /// Names in the place of the convention's, by key.
    pub names: BTreeMap<String, String>,
    /// The store; `None`: the configured default.
    pub store: Option<String>,
    /// One of the instance's files of secrets.
    pub file: Option<String>,
    /// The spelling in Parameter Store.
    pub parameter_name: Option<String>,
}

/// A secret, and the store it is in.
pub struct Site {
    /// Which secret.
    pub place: Place,
    /// The store's name.
    pub store_name: &'static str,
    /// The store; `None` where its address is known only after apply.
    pub store: Option<Arc<dyn SecretStore>>,
    /// Names in the place of the convention's, as they are written.
    written: BTreeMap<String, String>,
}

// === impl Named ===

impl Named {
    /// Finds the secret. Every problem is reported.
    pub fn site(&self, configured: &Configured) -> Result<Site, Errors> {
        let settings = &configured.settings;
        let located = |found: Vec<NameError>| located(&found);
        let coordinate =
            inquiry::coordinate(&settings.environments, &self.app, self.env.as_deref())
                .map_err(located)?;
        let overrides = Overrides::new(&settings.templates, &self.names).map_err(located)?;
        let names = Names::derive_with(
            &settings.environments,
            &coordinate,
            &BTreeSet::new(),
            &settings.inputs,
            &overrides,
        )
        .map_err(located)?;
        let store_name = store_name(self.store.as_deref(), settings)?;
        self.fits(store_name)?;
        Ok(Site {
            place: Place {
                coordinate,
                names,
                key: self.key.clone(),
                parameter_name: self.parameter_name.clone(),
                file: self.file.clone().unwrap_or_default(),
            },
            store_name,
            store: configured.clients.store(store_name).cloned(),
            written: self.names.clone(),
        })
    }

    /// Refuses what another store would understand.
    fn fits(&self, store: &str) -> Result<(), Errors> {
        let mut errors = Errors::new();
        for (name, given, of) in [
            ("file", self.file.is_some(), "file"),
            ("parameter_name", self.parameter_name.is_some(), "ssm"),
        ] {
            if given && store != of {
                errors.push(
                    Diagnostic::error(
                        format!("`{name}` is only for store `{of}`"),
                        format!(
                            "The secret {} is in store `{store}`, which has no use for `{name}`.\n\nNext: leave \
                             `{name}` out, or set `store = \"{of}\"`.",
                            self.key
                        ),
                    )
                    .at(Path::attribute(name)),
                );
            }
        }
        errors.into_result()
    }
}

/// The store of that name, or the default one, where it is configured.
fn store_name(written: Option<&str>, settings: &Settings) -> Result<&'static str, Errors> {
    match written {
        None => settings.secret_store.ok_or_else(|| {
            Errors::at(
                Path::attribute("store"),
                "No store of secrets is configured",
                format!(
                    "A secret lives in a store, {}, and the provider block configures none of them.\n\nNext: add a {} block to \
                     the provider configuration.",
                    kind::listed(),
                    kind::blocks()
                ),
            )
        }),
        Some(written) => match Kind::find(written) {
            Some(kind) if settings.facets().contains(&kind.facet) => Ok(kind.name),
            Some(kind) => {
                let told = crate::settings::secrets::not_configured(kind);
                Err(told.at(Path::attribute("store")).into())
            }
            None => Err(Errors::at(
                Path::attribute("store"),
                format!("`store` cannot be {}", crate::naming::shown(written)),
                format!("`store` must be {}.", kind::listed()),
            )),
        },
    }
}

// === impl Site ===

impl Site {
    /// `erp/sandbox/DB_PASSWORD`, with the file where it is not `.env`.
    pub fn id(&self) -> String {
        let Place { coordinate, key, file, .. } = &self.place;
        let file = if file.is_empty() { String::new() } else { format!("?file={file}") };
        format!("{}/{}/{key}{file}", coordinate.app(), coordinate.env())
    }

    /// Where it is, as a user would look for it.
    pub fn path(&self) -> Option<String> {
        self.store.as_ref().and_then(|store| store.path(&self.place))
    }

    /// The facet whose registry tells of the instance.
    pub fn facet(&self) -> &'static str {
        Kind::find(self.store_name).map_or("", |kind| kind.facet)
    }

    /// What the registry of the store's target says of the instance.
    pub async fn look(&self, configured: &Configured, limit: Limit) -> Result<Look, FacetError> {
        let spec = self.spec(&configured.settings);
        let facets = configured.clients.facets(&spec, limit);
        match facets.iter().find(|at| at.name() == self.facet()) {
            Some(facet) => facet.look(&spec).await,
            None => Ok(Look::default()),
        }
    }

    /// Whether a secret of that owner may be written for the instance: it must be registered, be the app's owner's, and have
    /// its secrets where this configuration has them.
    pub fn admits(&self, look: &Look, owner: &str) -> Result<(), FacetError> {
        let place = &self.place;
        let id = shown(&place.coordinate);
        let refused = |fault, summary: String, cause: String, next: String, attribute| FacetError {
            fault,
            summary,
            attempted: format!("The registration of {id} was looked up."),
            cause,
            next,
            attribute,
        };
        if let Some(other) = look.app_owner.as_deref().filter(|other| *other != owner) {
            return Err(refused(
                Fault::Occupied,
                format!("app \"{}\" belongs to owner \"{other}\"", place.coordinate.app()),
                format!("this configuration has owner \"{owner}\"; nothing was written"),
                format!(
                    "if this is the same team, set `owner` in the provider block to \"{other}\"; otherwise choose another `app`."
                ),
                Some("app"),
            ));
        }
        match &look.entry {
            Some(entry) if !entry.is_gone() => match self.other_name(&entry.spec["names"]) {
                None => Ok(()),
                Some((key, theirs)) => Err(refused(
                    Fault::Conflict,
                    format!("instance {id} has another {key}"),
                    format!("the instance is registered with {theirs}; nothing was written"),
                    format!("write the instance's `names` block on the secret too: names {{ {key} = … }}."),
                    Some("names"),
                )),
            },
            _ => Err(refused(
                Fault::Missing,
                format!("instance {id} is not there"),
                "the registry has no such instance, and a secret belongs to one; nothing was written".to_owned(),
                "make the instance first: add an appenv_app_instance for it, and let the secret follow it with `app = \
                 appenv_app_instance.NAME.app` or `depends_on`."
                    .to_owned(),
                Some("app"),
            )),
        }
    }

    /// The name that tells where the store has the secrets, where the instance has another one.
    fn other_name(&self, registered: &serde_json::Value) -> Option<(&'static str, String)> {
        let key = *Kind::find(self.store_name)?.names.first()?;
        let (ours, theirs) = (self.written.get(key).map(String::as_str), registered[key].as_str());
        let told = |name| format!("{key} = \"{name}\"");
        (ours != theirs).then(|| (key, theirs.map_or("the convention's".to_owned(), told)))
    }

    /// As much of the instance's wish as its registries are looked up by.
    pub fn spec(&self, settings: &Settings) -> Spec {
        let Place { coordinate, names, .. } = &self.place;
        let is = |store: &str| self.store_name == store;
        Spec {
            production: settings.environments.is_production(coordinate.env()),
            owner: settings.owner.clone().unwrap_or_default(),
            postgres: None,
            vault: settings.layout.as_ref().filter(|_| is("vault")).map(|layout| {
                crate::plan::vault::VaultWish {
                    kv_mount: layout.kv_mount.clone(),
                    kv_path: names.kv_path.clone(),
                    runtime_policy: names.runtime_policy.clone(),
                    ops_policy: names.ops_policy.clone(),
                    ops_scope: crate::plan::vault::OpsScope::Instances,
                    database: None,
                    kubernetes: None,
                    ci: None,
                }
            }),
            host: is("file").then(|| host(names)).flatten(),
            aws: is("ssm").then(|| crate::plan::aws::AwsWish::of(coordinate)),
            coordinate: coordinate.clone(),
            names: names.clone(),
        }
    }
}

fn host(names: &Names) -> Option<crate::plan::host::HostWish> {
    Some(crate::plan::host::HostWish {
        app_dir: names.app_dir.clone()?,
        secrets_dir: names.secrets_dir.clone()?,
        ..Default::default()
    })
}

/// `erp/sandbox`.
fn shown(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

fn located(found: &[NameError]) -> Errors {
    let mut errors = Errors::new();
    for error in found {
        let diagnostic = Diagnostic::error(error.summary.clone(), error.detail.clone());
        errors.push(match &error.subject {
            Subject::Env | Subject::Environment(_) => diagnostic.at(Path::attribute("env")),
            Subject::Name(key) => diagnostic.at(names::at(key)),
            Subject::Template(key) => diagnostic.at(names::at(key)),
            _ => diagnostic.at(Path::attribute("app")),
        });
    }
    errors
}
