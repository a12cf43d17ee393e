// SPDX-License-Identifier: MPL-2.0
//! `appenv_preflight`: what stands of an instance, against what should, as findings.
//!
//! # Layout
//!
//! - `model`, `schema`: what a configuration writes and reads. `input`: the same, judged. `outside`: the blocks of what no
//!   facet manages. `checks`: everything that is asked, side by side.

mod checks;
mod input;
mod model;
pub mod outside;
mod schema;

use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::Errors;
use tfplugin::schema::Schema;
use tfplugin::value::Attr;

pub use model::{KubernetesModel, Model};

use super::unready::not_configured;
use crate::configured::Latest;
use crate::data_source::finding;
use crate::finding::{Finding, is_ok};
use crate::naming::Names;
use crate::preflight::{Subject, names, run};

/// The data source.
pub struct PreflightSource(pub Arc<Latest>);

// === impl PreflightSource ===

impl DataSource for PreflightSource {
    type Model = Model;
    const TYPE: &'static str = "appenv_preflight";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        input::validate(config)
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let Some(configured) = self.0.get() else { return Err(not_configured("a preflight")) };
        let settings = &configured.settings;
        let (coordinate, overrides) = input::coordinate(&config, settings)?;
        let needed = input::needed(&config);
        let limit = input::timeout(&config)?;
        let services = input::services(&config);
        let outside = config.outside().checks(&configured.world)?;
        let derived = Names::derive_with(
            &settings.environments,
            &coordinate,
            &services,
            &settings.inputs,
            &overrides,
        );
        let mut model = config.clone();
        model.env = Attr::Known(coordinate.env().to_owned());
        let found = match derived {
            Ok(derived) => {
                let site = input::site(&config, &configured, &coordinate, &needed)?;
                model.instance = Attr::Known(derived.instance.clone());
                let subject = Subject {
                    coordinate,
                    names: derived,
                    written: input::written(&config),
                    services,
                    kubernetes: input::kubernetes(&config),
                };
                let asked = checks::Asked {
                    configured: &configured,
                    subject: &subject,
                    needed: &needed,
                    site: site.as_ref(),
                    outside,
                    probe: config.probe.known().copied().unwrap_or_default(),
                    limit,
                };
                Box::pin(asked.run()).await
            }
            // Without names there is nothing to ask the servers for.
            Err(errors) => {
                model.instance = Attr::Null;
                let mut found = names::illegal(&names::id(&coordinate), &errors);
                found.extend(run(outside, limit).await);
                found
            }
        };
        fill(&mut model, &found);
        Ok(model)
    }
}

fn fill(model: &mut Model, found: &[Finding]) {
    model.ok = Attr::Known(is_ok(found));
    model.findings = finding::models(found);
}
