// SPDX-License-Identifier: MPL-2.0
//! The command `names`, in this process: what it prints, and its exit codes.
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use appenv::command::{self, Output};
use appenv::world::World;

/// Exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (u8, String, String) {
    run_os(arguments.iter().map(OsString::from).collect())
}

/// One without an environment and without files.
fn world() -> World {
    World::with(|_| None, "/nonexistent")
}

fn run_os(arguments: Vec<OsString>) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let program = OsString::from("terraform-provider-appenv");
    let arguments = std::iter::once(program).chain(arguments);
    let code = command::run(
        arguments,
        &world(),
        &mut Output { out: &mut out, err: &mut err, terminal: None },
    );
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// What it prints; nothing may go wrong.
fn printed(arguments: &[&str]) -> String {
    let (code, out, err) = run(&[&["names"], arguments].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
    out
}

/// Why it refuses; nothing is printed then.
fn refused(code: u8, arguments: &[&str]) -> String {
    let (found, out, err) = run(&[&["names"], arguments].concat());
    assert_eq!((found, out.as_str()), (code, ""), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && err.ends_with('\n'), "{err}");
    err
}

#[test]
fn a_field_is_printed_alone() {
    for (arguments, name) in [
        (&["erp", "--field", "state_prefix"][..], "erp/main"),
        (&["erp", "sandbox", "--field=state_prefix"], "erp/sandbox"),
        (&["erp", "sandbox", "--field", "owner_role"], "erp_sandbox_role"),
        (&["--field", "dns_host", "--domain", "arcodange.lab", "erp"], "erp.arcodange.lab"),
        (&["erp", "dev", "--organization", "acme", "--field", "repository"], "acme/erp"),
        (
            &["karmyq", "prod", "--root", "/opt", "--field", "secrets_dir"],
            "/opt/karmyq/secrets/prod",
        ),
        (
            &["erp", "dev", "--service", "api", "--service", "web", "--field", "log_groups.web"],
            "/aws/lambda/erp-dev-web",
        ),
        (&["erp", "--convention", "elided-v1", "--field", "instance"], "erp"),
    ] {
        assert_eq!(printed(arguments), format!("{name}\n"), "{arguments:?}");
    }
}

#[test]
fn envs_are_declared_by_name_and_production() {
    let instance = |envs: &[&str], env: &str| {
        let envs: Vec<&str> = envs.iter().flat_map(|env| ["--env", *env]).collect();
        printed(&[&["erp", env, "--field", "instance"][..], &envs].concat())
    };
    assert_eq!(instance(&["prod", "qa"], "prod"), "erp\n", "as the convention has it");
    assert_eq!(instance(&["prod", "qa"], "qa"), "erp-qa\n");
    assert_eq!(instance(&["live:production", "qa"], "live"), "erp\n");
    assert_eq!(instance(&["prod:production=false", "live:production=true"], "prod"), "erp-prod\n");
    let two = ["--env", "eu:production", "--env", "us:production", "--elided", "eu"];
    for (env, name) in [("eu", "erp\n"), ("us", "erp-us\n")] {
        assert_eq!(printed(&[&["erp", env, "--field", "instance"], &two[..]].concat()), name);
    }
}

#[test]
fn a_table_has_a_line_for_each_name_that_has_a_value() {
    let table = printed(&["erp", "sandbox", "--service", "api"]);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[0], "instance             erp-sandbox");
    assert_eq!(lines[1], "services.api         erp-sandbox-api");
    let column = lines[0].find("erp").unwrap();
    for line in &lines {
        assert!(line[..column].ends_with("  ") && !line[column..].contains(' '), "{line}");
    }
    for absent in ["dns_host", "repository", "app_dir", "secrets_dir"] {
        assert!(!table.contains(absent), "{table}");
    }
}

#[test]
fn json_has_every_name_and_null_where_there_is_none() {
    let json: serde_json::Value = serde_json::from_str(&printed(&["erp", "--json"])).unwrap();
    assert_eq!(json["database"], "erp");
    assert_eq!(json["services"], serde_json::json!({}));
    let names = json.as_object().unwrap();
    assert_eq!(names.len(), 23);
    let absent: Vec<_> =
        names.iter().filter(|(_, name)| name.is_null()).map(|(key, _)| key).collect();
    assert_eq!(absent, ["app_dir", "dns_host", "repository", "secrets_dir"]);
}

#[test]
fn what_naming_refuses_ends_in_one() {
    for (arguments, says) in [
        (&["Erp"][..], "App \"Erp\" is not a name"),
        (&["erp", "qa"], "--env NAME[:production]"),
        (&["erp", "--env", "qa"], "The env is missing"),
        (&["erp", "dev", "--convention", "x"], "Known here: \"elided-v1\""),
        (&["erp", "dev", "--domain", "x_y"], "Here it is given by --domain."),
        (&["erp", "dev", "--service", "dev"], "Service \"dev\" is declared env"),
        (&["erp", "dev", "--elided", "dev"], "Env \"dev\" cannot elide"),
        (&["erp", "eu", "--env", "eu:production", "--env", "us:production"], "--elided"),
        (&["erp", "dev", "--field", "dns_host"], "dns_host has no value"),
        (&["erp", "dev", "--field", "services.api"], "Add --service \"api\""),
        // Nothing steers the terminal.
        (&["e\u{1b}[31m"], "e\\u{1b}[31m"),
    ] {
        let err = refused(1, arguments);
        assert!(err.contains(says), "{err}");
        assert!(!err.contains('\u{1b}'));
    }
}

#[test]
fn wrong_usage_ends_in_two() {
    for (arguments, says) in [
        (&[][..], "<APP>"),
        (&["erp", "dev", "more"], "unexpected argument 'more'"),
        (&["erp", "--feild", "x"], "--field"),
        (&["erp", "--field", "stat_prefix"], "state_prefix"),
        (&["erp", "--field", "services"], "services.SERVICE"),
        (&["erp", "--field", "database.api"], "not one for each service"),
        (&["erp", "--field", "instance", "--json"], "cannot be used with"),
        (&["erp", "--env", "prod:prod"], ":production"),
    ] {
        let err = refused(2, arguments);
        assert!(err.contains(says), "{err}");
    }
    let not_unicode = OsString::from_vec(vec![0xff]);
    let (code, out, err) = run_os(vec!["names".into(), not_unicode]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    // To `gate`, which that may have been meant to be, 2 is an open gate.
    let (code, out, err) = run(&["nams"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("'names'"), "{err}");
}

#[test]
fn help_is_an_answer() {
    let (code, out, err) = run(&["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("names") && out.contains("OpenTofu and Terraform"), "{out}");
    let help = printed(&["--help"]);
    for option in [
        "--convention",
        "--env",
        "--elided",
        "--domain",
        "--organization",
        "--root",
        "--service",
        "--field",
        "--json",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
}

/// A pipe whose reader has seen enough, and a disk that is full.
struct Broken(std::io::ErrorKind);

impl std::io::Write for Broken {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_unless_nobody_reads() {
    for (kind, expected) in
        [(std::io::ErrorKind::BrokenPipe, 0), (std::io::ErrorKind::StorageFull, 1)]
    {
        let mut err = Vec::new();
        let arguments = ["p", "names", "erp"].map(OsString::from);
        let code = command::run(
            arguments,
            &world(),
            &mut Output { out: &mut Broken(kind), err: &mut err, terminal: None },
        );
        assert_eq!((code, err.is_empty()), (expected, expected == 0));
    }
}
