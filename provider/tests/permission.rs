// SPDX-License-Identifier: MPL-2.0
//! The files in `docs/policies` are made by the module that answers the data source.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]

use std::fs;
use std::path::Path;

use appenv::facet::FACETS;
use appenv::permission::{Run, Uses, aws, sql, vault};

/// Every right that anything takes.
const ALL: Uses = Uses {
    secrets: true,
    renames: true,
    credentials: true,
    force_disconnect: true,
    promotion: true,
    ops_scope: appenv::plan::vault::OpsScope::Family,
};

fn layout() -> vault::Layout {
    vault::Layout {
        kv_mount: "kvv2".to_owned(),
        database: Some(("postgres".to_owned(), "postgres".to_owned())),
        kubernetes: Some("kubernetes".to_owned()),
        ci: Some("gitea_jwt".to_owned()),
    }
}

#[test]
fn the_documents_are_what_the_module_writes() {
    let aws = aws::Layout { paths: ["/smartstack".to_owned()].into(), ..aws::Layout::default() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies");
    for run in [Run::Plan, Run::Apply] {
        let login = sql::Login {
            name: format!("appenv_{}", run.as_str()),
            database: "postgres".to_owned(),
            applies: "appenv_apply".to_owned(),
        };
        // A credential is leased by its plan, which is more than to read: the file says what that takes.
        let uses = Uses { credentials: run == Run::Apply, ..ALL };
        for (file, text) in [
            (
                format!("vault-{}.hcl", run.as_str()),
                vault::policy(&layout(), &vault::Scope::Document, uses, run),
            ),
            (format!("postgres-{}.sql", run.as_str()), sql::script(&login, Uses::default(), run)),
            (format!("aws-{}.json", run.as_str()), aws::policy(&aws, ALL, run)),
        ] {
            let path = folder.join(&file);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &text).unwrap();
            }
            assert_eq!(
                text,
                fs::read_to_string(&path).unwrap(),
                "{file}: UPDATE_GOLDEN=1 writes it"
            );
        }
    }
}

#[test]
fn each_server_has_its_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let files: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    // Rights on the files of a machine are no policy that anyone could load.
    for facet in FACETS.into_iter().filter(|facet| *facet != "host") {
        for run in [Run::Plan, Run::Apply] {
            let stem = format!("{facet}-{}.", run.as_str());
            let has = files.iter().any(|file| file.starts_with(&stem));
            assert!(has, "docs/policies has no {stem}…");
        }
    }
}
