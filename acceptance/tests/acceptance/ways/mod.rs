// SPDX-License-Identifier: MPL-2.0
//! The ways of working that `examples/` shows: each applied as its README says, asked of the servers, and ended.

mod arcodange;
mod karmyq;
mod quickstart;
mod smartstack;
mod tests;

use std::fs;

use acceptance::{Diagnostics, Workspace, provider};

/// Options that each plan, apply, destroy and import gets from now on, as one would write them behind it.
fn options(ws: &mut Workspace, options: &str) {
    for command in ["plan", "apply", "destroy", "import"] {
        ws.set_env(&format!("TF_CLI_ARGS_{command}"), options);
    }
}

/// Commands of an example's README as they stand there: its lines that begin so, each one there.
fn said(example: &str, heads: &[&str]) -> String {
    let path = provider::root().join("examples").join(example).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let line = |head: &&str| {
        let mut lines = readme.lines().filter(|line| line.starts_with(head));
        let found = lines.next().unwrap_or_else(|| panic!("{example} does not say {head}"));
        assert!(lines.next().is_none(), "{example} says {head} twice");
        format!("{found}\n")
    };
    heads.iter().map(line).collect()
}

/// Runs commands with the CLI under test as `terraform`, as its reader would; answers what they print.
fn follow(ws: &Workspace, commands: &str) -> String {
    let cli = ws.cli().program.display();
    let run = ws.run_script(&format!("terraform() {{ '{cli}' \"$@\"; }}\n{commands}"), &[]);
    assert_eq!(run.code, Some(0), "{run}");
    run.stdout
}

/// Approves what was refused, beside `approved`, as the refusals have it; fails the test where it is anything but these, each
/// an instance or a secret and an operation: `erp/prod delete`. Answers all that is approved then.
fn approve(ws: &mut Workspace, told: &Diagnostics, changes: &[&str], approved: &str) -> String {
    let mut found: Vec<(&str, &str)> = told
        .errors()
        .map(|error| {
            let digest = error.summary.split_once(": not approved").map(|(head, _)| head);
            digest.and_then(|head| head.rsplit_once(' ')).unwrap_or_else(|| panic!("{told}"))
        })
        .collect();
    found.sort_unstable();
    let (refused, digests): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    assert_eq!(refused, changes, "{told}");
    let all = format!("{approved} {}", digests.join(" "));
    ws.set_env("APPENV_APPROVALS", &all);
    all
}

/// Destroys a production instance and its secrets as one has to: the plan asks for what depends on it first.
fn destroy(ws: &mut Workspace, secrets: &[&str], instance: &str) {
    let refused = ws.destroy_fails();
    let approved = approve(ws, &refused, secrets, "");
    let refused = ws.destroy_fails();
    approve(ws, &refused, &[instance], &approved);
    ws.destroy();
}
