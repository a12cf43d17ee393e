// SPDX-License-Identifier: MPL-2.0
//! `appenv_parity`: environments of one app side by side.
//!
//! # Layout
//!
//! - `model`, `schema`: what the user writes and reads. `input`: the same, judged. `asking`: what each env has. What that says is
//!   judged by [`parity`].

mod asking;
mod input;
mod model;
mod schema;

use std::collections::BTreeSet;
use std::sync::Arc;

use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::Errors;
use tfplugin::schema::Schema;
use tfplugin::value::Attr;

pub use model::Model;

use self::asking::{Answers, Asked};
use self::model::RowModel;
use super::unready::not_configured;
use super::{finding as found, timeout};
use crate::configured::{Configured, Latest};
use crate::facet::Limit;
use crate::finding::{self, Finding};
use crate::naming::{Names, Overrides};
use crate::parity::{self, Row};
use crate::registered::{self, Looked};

/// The data source.
pub struct ParitySource(pub Arc<Latest>);

// === impl ParitySource ===

impl DataSource for ParitySource {
    type Model = Model;
    const TYPE: &'static str = "appenv_parity";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        input::validate(config)
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let configured = self.0.get().ok_or_else(|| not_configured("parity"))?;
        Box::pin(answer(&configured, config)).await
    }
}

async fn answer(configured: &Configured, config: Model) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let app = config.app.known().cloned().unwrap_or_default();
    let written = input::envs(&config.envs);
    input::declared(&app, &written, settings)?;
    let store = input::store(&config, settings)?;
    let limit = Limit::of_argument(timeout::read(&config.timeout));
    let looked = look(configured, &app, limit).await;
    let mut findings = registries(configured, &app, &looked);
    let envs = if written.is_empty() { registered::envs(&looked) } else { written };
    findings.extend(too_few(&app, &envs, &looked));
    if store.is_none() {
        findings.push(Finding::skip(
            "secret_store",
            "the provider configuration",
            "It names no store of secrets, so that keys are not compared.",
        ));
    } else if store.is_some_and(|name| configured.clients.store(name).is_none()) {
        findings.push(Finding::skip(
            "secret_store",
            "the provider configuration",
            "The address of the store is known only after apply, so that keys are not compared.",
        ));
    }
    let asked = Asked { configured, app: &app, envs: &envs, store, limit };
    let Answers { rows, findings: unasked } = asked.run(&looked).await;
    findings.extend(unasked);
    findings.extend(parity::judge(&app, &rows, &input::allowed(&config)));
    Ok(Model {
        matrix: Attr::Known(rows.iter().map(row).collect()),
        ok: Attr::Known(finding::is_ok(&findings)),
        findings: found::models(&findings),
        ..config
    })
}

/// What the registries have of the app: asked about any env that it may have.
async fn look(configured: &Configured, app: &str, limit: Limit) -> Vec<Looked> {
    let settings = &configured.settings;
    let environments = &settings.environments;
    let any = environments.declared().iter().find_map(|declared| {
        let coordinate = environments.coordinate(app, &declared.name).ok()?;
        let (none, services) = (Overrides::default(), BTreeSet::new());
        let inputs = &settings.inputs;
        let names = Names::derive_with(environments, &coordinate, &services, inputs, &none).ok()?;
        Some((coordinate, names))
    });
    match any {
        Some((coordinate, names)) => registered::look(configured, &coordinate, names, limit).await,
        None => Vec::new(),
    }
}

/// Registries that could not be asked; the others are compared all the same.
fn registries(configured: &Configured, app: &str, looked: &[Looked]) -> Vec<Finding> {
    let failed = looked.iter().filter_map(|one| {
        let error = one.answer.as_ref().err()?;
        Some(found::unread("registry", one.server.clone(), error))
    });
    let mut findings: Vec<Finding> = failed.collect();
    if configured.settings.has_unknown_target() {
        findings.push(Finding::skip(
            "registry",
            "the provider configuration",
            "An address or credentials are known only after apply, so that not every registry is asked.",
        ));
    }
    if looked.is_empty() && configured.settings.has_unknown_target() {
        findings.push(Finding::skip(
            "registry",
            "the provider configuration",
            format!("No registry that can be asked knows of \"{app}\"."),
        ));
    } else if looked.is_empty() {
        findings.push(Finding::fail(
            "registry",
            "the provider configuration",
            format!("No registry can be asked of \"{app}\", so nothing is compared."),
            "Correct `app`, give it an environment that it may have (`apps`), or configure the target where it is registered.",
        ));
    }
    findings
}

/// Fewer than two envs are not compared; an app that no registry has may be misspelt.
fn too_few(app: &str, envs: &BTreeSet<String>, looked: &[Looked]) -> Option<Finding> {
    let target = format!("environments of {app}");
    match envs.iter().next() {
        None if looked.is_empty() => None,
        None => Some(Finding::fail(
            "registered",
            target,
            format!("The registries that answered have no instance of \"{app}\"."),
            "Correct `app`, or apply its instances first.",
        )),
        Some(only) if envs.len() == 1 => Some(Finding::skip(
            "registered",
            target,
            format!("Only \"{only}\" is there to compare."),
        )),
        Some(_) => None,
    }
}

fn row(row: &Row) -> RowModel {
    let values = row.values.iter();
    RowModel {
        kind: Attr::Known(row.kind.as_str().to_owned()),
        name: Attr::Known(row.name.clone()),
        values: Attr::Known(
            values.map(|(env, value)| (env.clone(), Attr::Known(value.clone()))).collect(),
        ),
    }
}
