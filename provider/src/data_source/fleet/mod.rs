// SPDX-License-Identifier: MPL-2.0
//! `appenv_fleet`: every registered instance, over all configured registries.
//!
//! # Layout
//!
//! - `model`, `schema`: what the user writes and reads. What is listed is merged by [`fleet`](crate::fleet).

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

use self::model::{InstanceModel, OverdueModel};
use super::unready::not_configured;
use super::{finding as found, timeout};
use crate::clients::Listed;
use crate::configured::{Configured, Latest};
use crate::facet;
use crate::finding::{self, Finding};
use crate::fleet::{Answer, Filter, Fleet, Member, OverdueLogin};
use crate::naming::{Names, Overrides};
use crate::settings::Settings;

/// The data source.
pub struct FleetSource(pub Arc<Latest>);

// === impl FleetSource ===

impl DataSource for FleetSource {
    type Model = Model;
    const TYPE: &'static str = "appenv_fleet";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        let mut errors = Errors::new();
        errors.0.extend(timeout::check(&config.timeout));
        errors.into_result()
    }

    async fn read(&self, _cx: &mut Context, config: Model) -> Result<Model, Errors> {
        let configured = self.0.get().ok_or_else(|| not_configured("the fleet"))?;
        Ok(Box::pin(answer(&configured, config)).await)
    }
}

async fn answer(configured: &Configured, config: Model) -> Model {
    let settings = &configured.settings;
    let kv_mount = settings.layout.as_ref().map(|layout| layout.kv_mount.clone());
    let listed = configured
        .clients
        .listings(&kv_mount.unwrap_or_default(), timeout::read(&config.timeout))
        .await;
    let mut findings = Vec::new();
    let mut answers = Vec::new();
    for Listed { name, server, answer } in listed {
        match answer {
            Ok(listing) => answers.push(Answer { name, server, listing }),
            Err(error) => findings.push(super::finding::unread("registry", server, &error)),
        }
    }
    findings.extend(not_asked(settings));
    let filter = Filter {
        app: config.app.known().cloned(),
        env: config.env.known().cloned(),
        owner: config.owner.known().cloned(),
    };
    let fleet = Fleet::of(&answers, &filter);
    findings.extend(fleet.findings);
    Model {
        instances: Attr::Known(fleet.members.iter().map(|one| member(settings, one)).collect()),
        overdue_logins: Attr::Known(fleet.overdue.into_iter().map(overdue).collect()),
        ok: Attr::Known(finding::is_ok(&findings)),
        findings: found::models(&findings),
        ..config
    }
}

/// Registries that are not asked, each with why.
fn not_asked(settings: &Settings) -> Vec<Finding> {
    let unknown = settings.unknown_facets().into_iter().map(|facet| match facet {
        "postgres" => "PostgreSQL",
        "vault" => "Vault",
        "aws" => "AWS",
        other => other,
    });
    let mut found: Vec<_> = unknown
        .map(|name| {
            Finding::skip(
                "registry",
                name,
                "Its address or credentials are known only after apply.",
            )
        })
        .collect();
    if settings.facets().is_empty() {
        found.push(Finding::skip(
            "registry",
            "the provider configuration",
            format!("It has none of the blocks {}, so there is no registry.", facet::listed()),
        ));
    }
    found
}

fn member(settings: &Settings, member: &Member) -> InstanceModel {
    let known = |text: &str| Attr::Known(text.to_owned());
    InstanceModel {
        app: known(&member.app),
        env: known(&member.env),
        instance: instance(settings, member).into(),
        production: member.production.into(),
        owner: known(&member.owner),
        holder: member.holder.clone().into(),
        generation: member.generation.and_then(|number| i64::try_from(number).ok()).into(),
        release: member.release.clone().into(),
        last_apply: member.last_apply.clone().into(),
        registries: Attr::Known(member.registries.iter().map(|name| known(name)).collect()),
        status: known(member.status.as_str()),
    }
}

/// Its name by the convention, which no `names` block changes.
fn instance(settings: &Settings, member: &Member) -> Option<String> {
    let environments = &settings.environments;
    let coordinate = environments.coordinate(&member.app, &member.env).ok()?;
    let none = Overrides::default();
    let services = BTreeSet::new();
    let names = Names::derive_with(environments, &coordinate, &services, &settings.inputs, &none);
    Some(names.ok()?.instance)
}

fn overdue(one: OverdueLogin) -> OverdueModel {
    OverdueModel {
        app: Attr::Known(one.login.app),
        env: Attr::Known(one.login.env),
        login: Attr::Known(one.login.login),
        until: one.login.until.into(),
        server: Attr::Known(one.server),
    }
}
