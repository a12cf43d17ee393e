// SPDX-License-Identifier: MPL-2.0
//! What goes over every facet, and over every store, leaves none out.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use appenv::clients::Clients;
use appenv::command::{self, Output};
use appenv::configured::Configured;
use appenv::data_source::parity::ParitySource;
use appenv::data_source::preflight::PreflightSource;
use appenv::ephemeral::env_secret::EnvSecret as SecretValue;
use appenv::facet::{FACETS, Limit};
use appenv::naming::Names;
use appenv::plan::Spec;
use appenv::plan::wanted::Wanted;
use appenv::provider::Appenv;
use appenv::resource::app_instance::AppInstance;
use appenv::resource::env_secret::EnvSecret;
use appenv::secrets::Named;
use appenv::settings::Settings;
use appenv::settings::model::{AwsModel, HostModel, Model, PostgresModel, VaultModel};
use appenv::store::{Kind, STORES};
use appenv::wish;
use appenv::world::World;
use tfplugin::data_source::DataSource;
use tfplugin::ephemeral::Ephemeral;
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::schema::Schema;
use tfplugin::value::{Attr, Secret};

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

/// A provider block with every facet's block, on servers that do not answer. A new facet gets its block here.
fn every_block() -> Model {
    Model {
        owner: text("acme/shop"),
        postgres: Some(PostgresModel {
            host: text("127.0.0.1"),
            port: Attr::Known(1),
            user: text("me"),
            ..PostgresModel::default()
        }),
        vault: Some(VaultModel {
            address: text("http://127.0.0.1:1"),
            token: Attr::Known(Secret::new("none".to_owned())),
            ..VaultModel::default()
        }),
        host: Some(HostModel { root: text("/nonexistent/srv"), ..HostModel::default() }),
        aws: Some(AwsModel {
            region: text("eu-west-3"),
            endpoint_url: text("http://127.0.0.1:1"),
            ..AwsModel::default()
        }),
        ..Model::default()
    }
}

fn world() -> World {
    World::with(|_| None, "/nonexistent")
}

fn settings() -> Settings {
    Settings::read(&every_block(), &world()).unwrap()
}

/// `erp/dev` in these facets.
fn spec(settings: &Settings, facets: &[&str]) -> Spec {
    let coordinate = settings.environments.coordinate("erp", "dev").unwrap();
    let none = BTreeSet::new();
    let names =
        Names::derive(&settings.environments, &coordinate, &none, &settings.inputs).unwrap();
    wish::spec_named(&coordinate, names, false, &Wanted::default(), settings, facets)
}

/// The sentence of an attribute.
fn sentence(schema: &Schema, attribute: &str) -> String {
    schema.block.attributes[attribute].description.clone()
}

#[test]
fn each_block_is_a_facet_and_a_registry_of_its_own() {
    let settings = settings();
    assert_eq!(settings.facets(), FACETS);
    assert!(!settings.has_unknown_target());
    let clients = Clients::new(&settings, "run");
    for facet in FACETS {
        let spec = spec(&settings, &[facet]);
        assert!(spec.is_registered(), "`is_registered` does not know {facet}");
        let limit = Limit::of_argument(Duration::from_secs(1));
        let opened = clients.facets(&spec, limit);
        let opened: Vec<_> = opened.iter().map(|facet| facet.name()).collect();
        assert_eq!(opened, [facet], "what `Clients::facets` opens for {facet}");
    }
    let limit = Limit::of_argument(Duration::from_secs(1));
    let all = clients.facets(&spec(&settings, &FACETS), limit);
    assert_eq!(all.iter().map(|facet| facet.name()).collect::<Vec<_>>(), FACETS);
}

#[tokio::test]
async fn each_registry_is_listed() {
    let clients = Clients::new(&settings(), "run");
    // No answer is waited for.
    let listed = clients.listings("kvv2", Duration::ZERO).await;
    assert_eq!(listed.iter().map(|one| one.name).collect::<Vec<_>>(), FACETS);
}

#[test]
fn each_registry_has_an_option_by_which_its_floor_is_found() {
    for verb in ["show", "set"] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        command::run(
            ["terraform-provider-appenv", "floor", verb, "--help"].map(Into::into),
            &world(),
            &mut Output { out: &mut out, err: &mut err, terminal: None },
        );
        let help = String::from_utf8(out).unwrap();
        for facet in FACETS {
            let option = format!("--{facet}");
            let has = help.split([' ', '\n', '|', '<', '>', ']']).any(|word| word == option);
            assert!(has, "floor {verb} has no {option}: {help}");
        }
    }
}

#[test]
fn sentences_that_list_the_facets_list_them_all() {
    for facet in FACETS {
        let told = sentence(&AppInstance::schema(), "facets");
        assert!(told.contains(&format!("`{facet}`")), "`facets` without {facet}: {told}");
        // On a machine of one's own no owner is needed.
        let told = sentence(&Appenv::schema(), "owner");
        assert!(
            told.contains(&format!("`{facet}`")) != (facet == "host"),
            "`owner` without {facet}: {told}"
        );
    }
}

#[test]
fn sentences_that_list_the_stores_list_them_all() {
    for (place, told) in [
        ("provider.secret_store", sentence(&Appenv::schema(), "secret_store")),
        ("appenv_env_secret.store", sentence(&EnvSecret::schema(), "store")),
        ("ephemeral.appenv_env_secret.store", sentence(&SecretValue::schema(), "store")),
        ("data.appenv_parity.store", sentence(&ParitySource::schema(), "store")),
        ("data.appenv_preflight.store", sentence(&PreflightSource::schema(), "store")),
    ] {
        for Kind { name, facet, .. } in &STORES {
            assert!(told.contains(&format!("`{name}`")), "{place} without {name}: {told}");
            // The default is told with the blocks that it depends on.
            let has_block =
                place != "provider.secret_store" || told.contains(&format!("`{facet}`"));
            assert!(has_block, "{place} without block {facet}: {told}");
        }
    }
}

#[test]
fn every_store_is_opened_and_looks_the_instance_up_in_its_facet() {
    let configured = Configured::new(settings(), Arc::new(world()));
    for Kind { name, facet, .. } in &STORES {
        let named = Named {
            app: "erp".to_owned(),
            env: Some("dev".to_owned()),
            key: "A".to_owned(),
            store: Some((*name).to_owned()),
            ..Named::default()
        };
        let site = named.site(&configured).unwrap();
        let Some(store) = &site.store else { panic!("`Clients::new` does not open store {name}") };
        assert_eq!((store.name(), store.facet()), (*name, *facet));
        let limit = Limit::of_argument(Duration::from_secs(1));
        let asked = configured.clients.facets(&site.spec(&configured.settings), limit);
        let asked: Vec<_> = asked.iter().map(|facet| facet.name()).collect();
        assert_eq!(asked, [*facet], "where `Site::spec` of store {name} looks the instance up");
    }
}
