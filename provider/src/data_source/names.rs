// SPDX-License-Identifier: MPL-2.0
//! `appenv_names`: the names of an instance, without the instance.
//!
//! It reads the provider configuration and asks no server, so it answers at plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::Errors;
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Attr, Type, Value};

use super::located::located;
use super::unready::not_configured;
use crate::configured::Latest;
use crate::inquiry;
use crate::naming::{self, NameError, Names, Overrides};
use crate::resolved;
use crate::settings::Settings;
use crate::settings::names::{NamesModel, block};

/// The data source.
pub struct NamesSource(pub Arc<Latest>);

/// `appenv_names` as the configuration and the state have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub app: Attr<String>,
    pub env: Attr<String>,
    pub services: Attr<Vec<Attr<String>>>,
    pub names: Option<NamesModel>,
    pub instance: Attr<String>,
    pub production: Attr<bool>,
    pub state_prefix: Attr<String>,
    pub log_retention_days: Attr<i64>,
    pub convention: Attr<String>,
    pub environments: Attr<Vec<EnvironmentModel>>,
    pub resolved_names: Attr<Value>,
}

/// One declared env.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct EnvironmentModel {
    pub name: Attr<String>,
    pub production: Attr<bool>,
    pub apps: Attr<Vec<Attr<String>>>,
    pub log_retention_days: Attr<i64>,
}

// === impl NamesSource ===

impl DataSource for NamesSource {
    type Model = Model;
    const TYPE: &'static str = "appenv_names";

    fn schema() -> Schema {
        schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        let mut found = Vec::new();
        found.extend(config.app.known().and_then(|app| naming::check_app(app).err()));
        found.extend(config.env.known().and_then(|env| naming::check_env(env).err()));
        found.extend(
            services(config).iter().filter_map(|service| naming::check_service(service).err()),
        );
        found.extend(Overrides::new(&BTreeMap::new(), &written(config)).err().unwrap_or_default());
        located(&found, &written(config)).into_result()
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let Some(configured) = self.0.get() else { return Err(not_configured("names")) };
        answer(&configured.settings, &config).map_err(|found| located(&found, &written(&config)))
    }
}

/// Fills in what is computed.
fn answer(settings: &Settings, config: &Model) -> Result<Model, Vec<NameError>> {
    let environments = &settings.environments;
    let app = config.app.known().map(String::as_str).unwrap_or_default();
    let env = config.env.known().map(String::as_str);
    let coordinate = inquiry::coordinate(environments, app, env)?;
    let services = services(config);
    let overrides = Overrides::new(&settings.templates, &written(config))?;
    let names =
        Names::derive_with(environments, &coordinate, &services, &settings.inputs, &overrides)?;
    let mut model = config.clone();
    model.env = Attr::Known(coordinate.env().to_owned());
    model.production = Attr::Known(environments.is_production(coordinate.env()));
    model.convention = Attr::Known(environments.convention().to_owned());
    model.log_retention_days = settings.log_retention.get(coordinate.env()).copied().into();
    model.environments = Attr::Known(declared(settings));
    model.resolved_names = Attr::Known(resolved::value(&names));
    model.instance = Attr::Known(names.instance);
    model.state_prefix = Attr::Known(names.state_prefix);
    Ok(model)
}

fn services(model: &Model) -> BTreeSet<String> {
    let given = model.services.known().into_iter().flatten();
    given.filter_map(|service| service.known().cloned()).collect()
}

/// The names that are given and known.
fn written(model: &Model) -> BTreeMap<String, String> {
    model.names.as_ref().map(|names| names.read().0).unwrap_or_default()
}

fn declared(settings: &Settings) -> Vec<EnvironmentModel> {
    let set = |apps: &BTreeSet<String>| apps.iter().cloned().map(Attr::Known).collect();
    let each = settings.environments.declared().iter();
    each.map(|declared| EnvironmentModel {
        name: Attr::Known(declared.name.clone()),
        production: Attr::Known(declared.production),
        apps: declared.apps.as_ref().map(set).into(),
        log_retention_days: settings.log_retention.get(&declared.name).copied().into(),
    })
    .collect()
}

fn schema() -> Schema {
    Schema::new(
        Block::new(
            "The names of one application in one environment, by the provider configuration, without making \
             anything. They are read at plan, and no server is asked.",
        )
        .attribute(
            "app",
            Attribute::required(Type::String, "The application, in kebab-case, such as `erp`."),
        )
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, where the convention \
                 leaves it out of names.",
            ),
        )
        .attribute(
            "services",
            Attribute::optional(
                Type::set(Type::String),
                "Parts of the application that get names of their own.",
            ),
        )
        .single(
            "names",
            block("Names in the place of the convention's, as an instance has that overrides them."),
        )
        .attribute("instance", computed(Type::String, "Name of the instance, such as `erp-sandbox`."))
        .attribute("production", computed(Type::Bool, "Whether the environment is a production one."))
        .attribute("state_prefix", computed(Type::String, "Where the state of the instance belongs."))
        .attribute(
            "log_retention_days",
            computed(
                Type::Number,
                "For how many days logs of the environment are kept, as its `environment` block says; null where it does not.",
            ),
        )
        .attribute("convention", computed(Type::String, "The convention that makes the names."))
        .attribute(
            "environments",
            computed(
                Type::list(Type::object([
                    ("name", Type::String),
                    ("production", Type::Bool),
                    ("apps", Type::set(Type::String)),
                    ("log_retention_days", Type::Number),
                ])),
                "The declared environments in their order; `apps` is null where every application may have it, \
                 `log_retention_days` where none are given.",
            ),
        )
        .attribute(
            "resolved_names",
            computed(
                resolved::ty(),
                "Every name of the instance; null where its input (`domain`, `organization`, a directory root) is \
                 not configured.",
            ),
        ),
    )
}

fn computed(ty: Type, description: &str) -> Attribute {
    Attribute::computed(ty, description)
}
