// SPDX-License-Identifier: MPL-2.0
//! Schemas keep the CLI's rules and agree with their models, and everything in them is explained.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use appenv::data_source::app_instance::{AppInstanceSource, Model as AppInstanceSourceModel};
use appenv::data_source::fleet::{FleetSource, Model as FleetModel};
use appenv::data_source::names::{Model as NamesModel, NamesSource};
use appenv::data_source::parity::{Model as ParityModel, ParitySource};
use appenv::data_source::preflight::{Model as PreflightModel, PreflightSource};
use appenv::ephemeral::database_credentials::{DatabaseCredentials, Model as CredentialsModel};
use appenv::function;
use appenv::provider::Appenv;
use appenv::resolved;
use appenv::resource::app_instance::{AppInstance, Model};
use appenv::settings::model::Model as ProviderModel;
use tfplugin::data_source::DataSource;
use tfplugin::ephemeral::Ephemeral;
use tfplugin::function::{Function, Signature};
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::schema::legal::{self, Kind};
use tfplugin::schema::{Block, drift};

const NONE: [&str; 0] = [];

#[test]
fn the_provider_block_is_legal_and_its_model_agrees() {
    assert_eq!(legal::check(&Appenv::schema(), Kind::Provider), NONE);
    assert_eq!(drift::probe::<ProviderModel>(&Appenv::schema()), NONE);
}

#[test]
fn the_instance_is_legal_and_its_model_agrees() {
    assert_eq!(legal::check(&AppInstance::schema(), Kind::Resource), NONE);
    assert_eq!(drift::probe::<Model>(&AppInstance::schema()), NONE);
}

#[test]
fn the_names_are_legal_and_their_model_agrees() {
    assert_eq!(legal::check(&NamesSource::schema(), Kind::DataSource), NONE);
    assert_eq!(drift::probe::<NamesModel>(&NamesSource::schema()), NONE);
}

#[test]
fn the_preflight_is_legal_and_its_model_agrees() {
    assert_eq!(legal::check(&PreflightSource::schema(), Kind::DataSource), NONE);
    assert_eq!(drift::probe::<PreflightModel>(&PreflightSource::schema()), NONE);
}

#[test]
fn what_is_read_of_instances_is_legal_and_its_models_agree() {
    assert_eq!(legal::check(&AppInstanceSource::schema(), Kind::DataSource), NONE);
    assert_eq!(drift::probe::<AppInstanceSourceModel>(&AppInstanceSource::schema()), NONE);
    assert_eq!(legal::check(&FleetSource::schema(), Kind::DataSource), NONE);
    assert_eq!(drift::probe::<FleetModel>(&FleetSource::schema()), NONE);
    assert_eq!(legal::check(&ParitySource::schema(), Kind::DataSource), NONE);
    assert_eq!(drift::probe::<ParityModel>(&ParitySource::schema()), NONE);
}

#[test]
fn the_credentials_are_legal_and_their_model_agrees() {
    assert_eq!(legal::check(&DatabaseCredentials::schema(), Kind::Ephemeral), NONE);
    assert_eq!(drift::probe::<CredentialsModel>(&DatabaseCredentials::schema()), NONE);
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
    let all: [Signature; 4] = [
        function::Instance::signature(),
        function::Names::signature(),
        function::ParseInstance::signature(),
        function::StatePrefix::signature(),
    ];
    for signature in all {
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
    let (provider, instance) = (Appenv::schema(), AppInstance::schema());
    let mut all = Vec::new();
    descriptions("provider", &provider.block, &mut all);
    descriptions("appenv_app_instance", &instance.block, &mut all);
    let source = AppInstanceSource::schema();
    descriptions("data.appenv_app_instance", &source.block, &mut all);
    let fleet = FleetSource::schema();
    descriptions("data.appenv_fleet", &fleet.block, &mut all);
    let parity = ParitySource::schema();
    descriptions("data.appenv_parity", &parity.block, &mut all);
    let names = NamesSource::schema();
    descriptions("data.appenv_names", &names.block, &mut all);
    let preflight = PreflightSource::schema();
    descriptions("data.appenv_preflight", &preflight.block, &mut all);
    let credentials = DatabaseCredentials::schema();
    descriptions("ephemeral.appenv_database_credentials", &credentials.block, &mut all);
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
