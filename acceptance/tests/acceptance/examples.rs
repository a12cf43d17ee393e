// SPDX-License-Identifier: MPL-2.0
//! Every example is what it shows: formatted, valid, and, that of the instance's page, applied.
//!
//! The other pages' examples are applied where their resource, data source or function has its tests.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace, provider};

use crate::rig::workspace;

/// Folders below `folder` that hold configuration.
fn configurations(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    if entries.iter().any(|path| path.extension().is_some_and(|ext| ext == "tf")) {
        found.push(folder.to_owned());
    }
    for path in entries.iter().filter(|path| path.is_dir()) {
        configurations(path, found);
    }
}

#[test]
fn every_example_is_formatted_and_valid() {
    let root = provider::root();
    let mut found = Vec::new();
    configurations(&root.join("examples"), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for cli in Cli::all() {
        for example in &found {
            let example = example.strip_prefix(&root).unwrap().to_str().unwrap();
            let ws = Workspace::new(cli).without_trace();
            ws.copy_from(example);
            let run = ws.run(&["fmt", "-check", "-diff", "-recursive", "-no-color"]);
            assert_eq!(run.code, Some(0), "{example} is not formatted: {run}");
            let told = ws.validate();
            assert_eq!(told.errors().count(), 0, "{example} is not valid: {told}");
        }
    }
}

#[test]
fn the_instance_of_its_page_lives_and_is_imported() {
    let example = "examples/resources/appenv_app_instance";
    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.copy_from(example);
    ws.step();
    let owned = "SELECT datdba::regrole || ' ' || datconnlimit FROM pg_database WHERE datname = 'erp-sandbox'";
    assert_eq!(servers.pg.sql(owned).one(), "erp_sandbox_role 20");
    let commands = fs::read_to_string(provider::root().join(example).join("import.sh")).unwrap();
    let first: Vec<&str> = commands.lines().next().unwrap().split_whitespace().collect();
    let ["terraform", "import", address, id] = first[..] else { panic!("{commands}") };
    ws.state_rm(address);
    ws.import(address, id);
    ws.step();
    assert_eq!(servers.pg.sql(owned).one(), "erp_sandbox_role 20");
    ws.destroy();
    assert_eq!(servers.pg.sql(owned).column().len(), 0);
}
