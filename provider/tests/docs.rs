// SPDX-License-Identifier: MPL-2.0
//! The pages of the registries are made of `provider/pages`, the schemas and `examples`; `make generate` writes them.
//!
//! A page of `provider/pages` is the page itself but for lines of `{{ … }}`: `{{ schema }}`, `{{ signature }}`, and
//! `{{ example PATH }}`, a file below `examples` as a block of code.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "it reads and writes pages")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

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
use appenv::resource::app_instance::AppInstance;
use appenv::resource::env_secret::EnvSecret;
use tfplugin::data_source::DataSource;
use tfplugin::ephemeral::Ephemeral;
use tfplugin::function::Function;
use tfplugin::provider::Provider;
use tfplugin::resource::Resource;
use tfplugin::schema::{Schema, docs};

/// What a page may hold.
enum Face {
    Schema(Schema),
    Signature(String),
}

fn face<F: Function>() -> (String, Face) {
    (format!("functions/{}", F::NAME), Face::Signature(docs::signature(F::NAME, &F::signature())))
}

/// Everything that is offered, by its page.
fn offered() -> BTreeMap<String, Face> {
    let schema = |page: &str, schema: Schema| (page.to_owned(), Face::Schema(schema));
    [
        schema("index", Appenv::schema()),
        schema("resources/app_instance", AppInstance::schema()),
        schema("resources/env_secret", EnvSecret::schema()),
        schema("data-sources/app_instance", AppInstanceSource::schema()),
        schema("data-sources/fleet", FleetSource::schema()),
        schema("data-sources/names", NamesSource::schema()),
        schema("data-sources/parity", ParitySource::schema()),
        schema("data-sources/permissions", PermissionsSource::schema()),
        schema("data-sources/preflight", PreflightSource::schema()),
        schema("ephemeral-resources/database_credentials", DatabaseCredentials::schema()),
        schema("ephemeral-resources/env_secret", SecretValue::schema()),
        face::<function::ArgocdApplication>(),
        face::<function::DotenvDecode>(),
        face::<function::DotenvEncode>(),
        face::<function::Instance>(),
        face::<function::Names>(),
        face::<function::ParseInstance>(),
        face::<function::Runbook>(),
        face::<function::StatePrefix>(),
    ]
    .into()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page(name: &str) -> PathBuf {
    root().join("docs").join(format!("{name}.md"))
}

/// The page that a template and a face make.
fn made(name: &str, face: &Face) -> String {
    let path = root().join("provider/pages").join(format!("{name}.md"));
    let template =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut out = String::new();
    let mut told = false;
    for line in template.lines() {
        let asked = line.strip_prefix("{{ ").and_then(|line| line.strip_suffix(" }}"));
        match (asked.map(|asked| asked.split_once(' ').unwrap_or((asked, ""))), face) {
            (None, _) => out.push_str(line),
            (Some(("schema", "")), Face::Schema(schema)) => {
                told = true;
                out.push_str(docs::schema(&schema.block).trim_end());
            }
            (Some(("signature", "")), Face::Signature(text)) => {
                told = true;
                out.push_str(text.trim_end());
            }
            (Some(("example", file)), _) => {
                let path = root().join("examples").join(file);
                let text = fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let is_shell = path.extension().is_some_and(|ext| ext == "sh");
                let language = if is_shell { "shell" } else { "terraform" };
                write!(out, "```{language}\n{}\n```", text.trim_end()).unwrap();
            }
            (Some(_), _) => panic!("{name}: what is {line}?"),
        }
        out.push('\n');
    }
    assert!(told, "{name} holds neither {{{{ schema }}}} nor {{{{ signature }}}}");
    out
}

#[test]
fn pages_are_as_they_are_made() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (name, face) in offered() {
        let made = made(&name, &face);
        let path = page(&name);
        if fs::read_to_string(&path).unwrap_or_default() != made {
            if update {
                fs::write(&path, &made).unwrap();
            }
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "`make generate` writes these anew: {}", stale.join(", "));
}

/// Names of a folder's pages.
fn listed(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("docs").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().path());
    names.map(|path| format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap())).collect()
}

#[test]
fn there_is_a_page_of_everything_and_of_nothing_else() {
    let folders = ["resources", "data-sources", "ephemeral-resources", "functions"];
    let pages: BTreeSet<String> = folders.into_iter().flat_map(listed).collect();
    let offered: BTreeSet<String> = offered().into_keys().filter(|name| name != "index").collect();
    assert_eq!(pages, offered);
    // What the CLI is told of, in `providers schema -json`.
    let golden = root().join("acceptance/tests/golden/schema.json");
    let golden: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
    let kinds = [
        ("resource_schemas", "resources"),
        ("data_source_schemas", "data-sources"),
        ("ephemeral_resource_schemas", "ephemeral-resources"),
        ("functions", "functions"),
    ];
    let mut told = BTreeSet::new();
    for (kind, folder) in kinds {
        let Some(all) = golden[kind].as_object() else { panic!("no {kind} in the golden schema") };
        told.extend(
            all.keys().map(|name| format!("{folder}/{}", name.trim_start_matches("appenv_"))),
        );
    }
    assert_eq!(told, offered);
}

#[test]
fn every_page_is_in_the_list_of_documents() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing = |name: &String| !readme.contains(&format!("(docs/{name}.md)"));
    let missing: Vec<String> = offered().into_keys().filter(missing).collect();
    assert!(missing.is_empty(), "README.md lists no {}", missing.join(", "));
}
