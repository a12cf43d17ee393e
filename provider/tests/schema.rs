// SPDX-License-Identifier: MPL-2.0
//! Schemas keep the CLI's rules and agree with their models, and everything in them is explained.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use std::collections::BTreeSet;

use appenv::data_source::app_instance::AppInstanceSource;
use appenv::data_source::fleet::FleetSource;
use appenv::data_source::names::NamesSource;
use appenv::data_source::parity::ParitySource;
use appenv::data_source::permissions::PermissionsSource;
use appenv::data_source::preflight::PreflightSource;
use appenv::ephemeral::database_credentials::DatabaseCredentials;
use appenv::ephemeral::env_secret::EnvSecret as SecretValue;
use appenv::function;
use appenv::provider::Appenv;
use appenv::resolved;
use appenv::resource::app_instance::AppInstance;
use appenv::resource::env_secret::EnvSecret;
use appenv::world::World;
use tfplugin::data_source::DataSource;
use tfplugin::ephemeral::Ephemeral;
use tfplugin::function::{Function, Signature};
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::schema::legal::{self, Kind};
use tfplugin::schema::{Block, Schema, drift};
use tfplugin::stop::StopHandle;

const NONE: [&str; 0] = [];

/// A schema, and where its model and it disagree.
struct Offered {
    name: String,
    kind: Kind,
    schema: Schema,
    drift: Vec<String>,
}

fn resource<R: Resource>() -> Offered {
    let (name, schema) = (R::TYPE.to_owned(), R::schema());
    Offered { name, kind: Kind::Resource, drift: drift::probe::<R::Model>(&schema), schema }
}

fn data_source<D: DataSource>() -> Offered {
    let (name, schema) = (format!("data.{}", D::TYPE), D::schema());
    Offered { name, kind: Kind::DataSource, drift: drift::probe::<D::Model>(&schema), schema }
}

fn ephemeral<E: Ephemeral>() -> Offered {
    let (name, schema) = (format!("ephemeral.{}", E::TYPE), E::schema());
    Offered { name, kind: Kind::Ephemeral, drift: drift::probe::<E::Model>(&schema), schema }
}

fn provider<P: Provider>() -> Offered {
    let (name, schema) = ("provider".to_owned(), P::schema());
    Offered { name, kind: Kind::Provider, drift: drift::probe::<P::Model>(&schema), schema }
}

/// Every schema.
fn schemas() -> Vec<Offered> {
    vec![
        provider::<Appenv>(),
        resource::<AppInstance>(),
        resource::<EnvSecret>(),
        data_source::<AppInstanceSource>(),
        data_source::<FleetSource>(),
        data_source::<NamesSource>(),
        data_source::<ParitySource>(),
        data_source::<PermissionsSource>(),
        data_source::<PreflightSource>(),
        ephemeral::<DatabaseCredentials>(),
        ephemeral::<SecretValue>(),
    ]
}

/// Every function.
fn signatures() -> Vec<(&'static str, Signature)> {
    fn of<F: Function>() -> (&'static str, Signature) {
        (F::NAME, F::signature())
    }
    vec![
        of::<function::ArgocdApplication>(),
        of::<function::DotenvDecode>(),
        of::<function::DotenvEncode>(),
        of::<function::Instance>(),
        of::<function::Names>(),
        of::<function::ParseInstance>(),
        of::<function::Runbook>(),
        of::<function::StatePrefix>(),
    ]
}

#[tokio::test]
async fn what_is_judged_here_is_what_is_offered() {
    let world = World::with(|_| None, std::env::temp_dir());
    let mut client = cli::connect(Appenv::new(world), StopHandle::new()).await;
    let request = wire::tfplugin6::get_provider_schema::Request {};
    let told = client.get_provider_schema(request).await.unwrap().into_inner();
    let named = |prefix: &str, names: Vec<&String>| -> Vec<String> {
        names.into_iter().map(|name| format!("{prefix}{name}")).collect()
    };
    let offered: BTreeSet<String> = [
        vec!["provider".to_owned()],
        named("", told.resource_schemas.keys().collect()),
        named("data.", told.data_source_schemas.keys().collect()),
        named("ephemeral.", told.ephemeral_resource_schemas.keys().collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let judged: BTreeSet<String> = schemas().into_iter().map(|offered| offered.name).collect();
    assert_eq!(judged, offered, "`schemas` lists each");
    let offered: BTreeSet<&str> = told.functions.keys().map(String::as_str).collect();
    let judged: BTreeSet<&str> = signatures().into_iter().map(|(name, _)| name).collect();
    assert_eq!(judged, offered, "`signatures` lists each");
}

#[test]
fn every_schema_is_legal_and_its_model_agrees() {
    for Offered { name, kind, schema, drift } in schemas() {
        assert_eq!(legal::check(&schema, kind), NONE, "{name}");
        assert_eq!(drift, NONE, "{name}");
    }
}

#[test]
fn resource_data_source_and_function_have_the_same_names() {
    let resource = &AppInstance::schema().block.attributes["resolved_names"].ty;
    assert_eq!(resource, &resolved::ty());
    assert_eq!(resource, &AppInstanceSource::schema().block.attributes["resolved_names"].ty);
    assert_eq!(resource, &NamesSource::schema().block.attributes["resolved_names"].ty);
    assert_eq!(resource, &function::Names::signature().returns);
}

#[test]
fn every_function_and_parameter_has_a_sentence() {
    for (_, signature) in signatures() {
        assert!(!signature.summary.ends_with('.'), "{}", signature.summary);
        let parameters = signature.parameters.iter().map(|parameter| &parameter.description);
        for text in parameters.chain([&signature.description]) {
            assert!(text.starts_with(char::is_uppercase) && text.ends_with('.'), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            assert!(!text.contains("  ") && !text.contains('\n'), "{text}");
        }
    }
}

/// Every description of a block, with its place.
fn descriptions<'s>(place: &str, block: &'s Block, out: &mut Vec<(String, &'s str)>) {
    out.push((place.to_owned(), &block.description));
    for (name, attribute) in &block.attributes {
        out.push((format!("{place}.{name}"), &attribute.description));
    }
    for (name, nested) in &block.blocks {
        descriptions(&format!("{place}.{name}"), &nested.block, out);
    }
}

#[test]
fn every_attribute_and_block_has_a_sentence() {
    let schemas = schemas();
    let mut all = Vec::new();
    for offered in &schemas {
        descriptions(&offered.name, &offered.schema.block, &mut all);
    }
    for (place, text) in &all {
        let first = text.chars().next().unwrap_or(' ');
        assert!(first.is_uppercase() || first == '`', "{place} does not begin a sentence: {text}");
        assert!(text.ends_with('.'), "{place} does not end its sentence: {text}");
        assert_eq!(text.matches('`').count() % 2, 0, "{place} leaves code open: {text}");
        assert!(!text.contains("  ") && !text.contains('\n'), "{place} has stray blanks: {text}");
    }
    let places: BTreeSet<_> = all.iter().map(|(place, _)| place).collect();
    assert_eq!(places.len(), all.len());
}

#[test]
fn what_holds_a_credential_is_sensitive() {
    fn sensitive(place: &str, block: &Block, out: &mut Vec<String>) {
        for (name, attribute) in &block.attributes {
            if attribute.sensitive || attribute.write_only {
                out.push(format!("{place}{name}"));
            }
        }
        for (name, nested) in &block.blocks {
            sensitive(&format!("{place}{name}."), &nested.block, out);
        }
    }
    let (mut provider, mut instance) = (Vec::new(), Vec::new());
    sensitive("", &Appenv::schema().block, &mut provider);
    sensitive("", &AppInstance::schema().block, &mut instance);
    assert_eq!(
        provider,
        [
            "postgres.password",
            "postgres.url",
            "vault.token",
            "vault.auth_approle.secret_id",
            "vault.auth_jwt.jwt",
        ]
    );
    assert_eq!(instance, NONE, "an instance has no secret");
    let mut credentials = Vec::new();
    sensitive("", &DatabaseCredentials::schema().block, &mut credentials);
    assert_eq!(credentials, ["password", "url"]);
}
