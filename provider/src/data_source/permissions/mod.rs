// SPDX-License-Identifier: MPL-2.0
//! `appenv_permissions`: the least rights of a plan and of an apply.
//!
//! It reads the provider configuration and asks no server, so it answers at plan.
//!
//! # Layout
//!
//! - `model`, `schema`: what it looks like. `answer`: the texts, made by [`permission`](crate::permission).

mod answer;
mod model;
mod schema;

use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::schema::Schema;
use tfplugin::value::{Attr, Path};

use super::unready::not_configured;
use crate::configured::Latest;
use crate::naming::{self, NameError, Subject};
pub use model::{InstanceModel, Model, RightsModel};

/// The data source.
pub struct PermissionsSource(pub Arc<Latest>);

// === impl PermissionsSource ===

impl DataSource for PermissionsSource {
    type Model = Model;
    const TYPE: &'static str = "appenv_permissions";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        let mut errors = Errors::new();
        for (index, instance) in config.instances.known().into_iter().flatten().enumerate() {
            let none = InstanceModel::default();
            let instance = match instance {
                Attr::Known(instance) => instance,
                Attr::Null => &none,
                Attr::Unknown => continue,
            };
            let app = instance.app.known().and_then(|app| naming::check_app(app).err());
            let env = instance.env.known().and_then(|env| naming::check_env(env).err());
            for error in app.into_iter().chain(env) {
                errors.push(at_instance(&error, index));
            }
            if instance.app.is_null() {
                errors.push(
                    Diagnostic::error(
                        "The app is missing",
                        "An instance has an `app`; only its `env` may be null.",
                    )
                    .at(Path::attribute("instances").index(index)),
                );
            }
        }
        if let Some(scope) = config.ops_scope.known()
            && answer::ops_scope(scope).is_none()
        {
            errors.push(
                Diagnostic::error(
                    format!("`ops_scope` cannot be {}", naming::shown(scope)),
                    "`ops_scope` must be `instances`, `family` or `own`.",
                )
                .at(Path::attribute("ops_scope")),
            );
        }
        let names = [
            ("plan_login", &config.plan_login),
            ("apply_login", &config.apply_login),
            ("database", &config.database),
        ];
        for (attribute, name) in names {
            if let Some(name) = name.known()
                && !answer::is_name(name)
            {
                errors.push(
                    Diagnostic::error(
                        format!("`{attribute}` cannot be {}", naming::shown(name)),
                        "A name in PostgreSQL is 1 to 63 bytes without control characters.",
                    )
                    .at(Path::attribute(attribute)),
                );
            }
        }
        errors.into_result()
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let Some(configured) = self.0.get() else { return Err(not_configured("rights")) };
        let (plan, apply) = answer::rights(&configured.settings, &config)?;
        Ok(Model { plan: Attr::Known(plan), apply: Attr::Known(apply), ..config })
    }
}

/// What naming refuses, at the instance that it is about.
fn at_instance(error: &NameError, index: usize) -> Diagnostic {
    let at = Path::attribute("instances").index(index);
    let at = match &error.subject {
        Subject::App => at.field("app"),
        Subject::Env | Subject::Environment(_) => at.field("env"),
        _ => at,
    };
    Diagnostic::error(error.summary.clone(), error.detail.clone()).at(at)
}
