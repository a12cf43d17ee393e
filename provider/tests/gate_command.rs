// SPDX-License-Identifier: MPL-2.0
//! The command `gate`, in this process: comments and JSON against golden files, exit codes, and what it refuses to judge.
//!
//! The events and plans in `golden/gate` are shaped as Terraform 1.11.4 and OpenTofu 1.10 print them; whatever may not be
//! shown has `CANARY` in it. `UPDATE_GOLDEN=1` writes the answers anew.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use appenv::command::{self, Output};
use appenv::world::World;
use serde_json::{Value, json};

#[path = "gate_command/input.rs"]
mod input;
#[path = "gate_command/large.rs"]
mod large;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gate")
}

/// Exit code, standard output and standard error of the command in a directory.
fn gate(dir: &Path, arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["terraform-provider-appenv", "gate"].iter().chain(arguments);
    let world = World::with(|_| None, dir);
    let code = command::run(
        arguments.map(OsString::from),
        &world,
        &mut Output { out: &mut out, err: &mut err, terminal: None },
    );
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// The same with the text of the two files.
fn judged(events: &str, plan: Option<&str>, arguments: &[&str]) -> (u8, String, String) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("events"), events).unwrap();
    let mut all = vec!["events"];
    if let Some(plan) = plan {
        fs::write(dir.path().join("plan"), plan).unwrap();
        all.push("plan");
    }
    all.extend(arguments);
    gate(dir.path(), &all)
}

fn is_golden(file: &str, text: &str) {
    let path = golden().join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "{file}");
}

#[test]
fn each_case_has_its_comment_its_json_and_its_exit_code() {
    for (case, code) in [
        ("no_op", 0),
        ("drift", 0),
        ("small", 2),
        ("sensitive", 2),
        ("hostile", 2),
        ("refused", 3),
        ("review", 3),
        ("approved", 4),
        ("destructive", 4),
        ("errors", 1),
    ] {
        let events = format!("{case}.jsonl");
        let plan = format!("{case}.plan.json");
        let mut files = vec![events.as_str()];
        if golden().join(&plan).exists() {
            files.push(&plan);
        }
        let (found, markdown, err) = gate(&golden(), &files);
        assert_eq!((found, err.as_str()), (code, ""), "{case}: {markdown}");
        is_golden(&format!("{case}.md"), &markdown);
        files.extend(["--format", "json"]);
        let (found, text, err) = gate(&golden(), &files);
        assert_eq!((found, err.as_str()), (code, ""), "{case}: {text}");
        is_golden(&format!("{case}.json"), &text);
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["exit_code"], json!(code), "{case}");
        assert_eq!(told["format_version"], "1", "{case}");
        for text in [markdown, text] {
            assert!(!text.contains("CANARY"), "{case}: {text}");
        }
    }
}

/// What a renderer makes of a page outside of inline code.
fn outside_of_code(markdown: &str) -> String {
    let mut outside = String::new();
    for line in markdown.lines() {
        let parts: Vec<&str> = line.split('`').collect();
        assert!(parts.len() % 2 == 1, "code that does not close: {line}");
        for part in parts.iter().step_by(2) {
            outside.push_str(part);
        }
        outside.push('\n');
    }
    outside
}

#[test]
fn a_hostile_name_breaks_out_of_nothing() {
    let (_, markdown, _) = gate(&golden(), &["hostile.jsonl", "hostile.plan.json"]);
    let outside = outside_of_code(&markdown);
    for part in ["<img", "@", "](", "#1", "http", "# h", "</details>x", "<b>"] {
        assert!(!outside.contains(part), "{part}: {outside}");
    }
    let opened = outside.matches("<details>").count();
    assert_eq!(outside.matches("</details>").count(), opened);
    // What stands alone between angle brackets is ours.
    let ours = ["<details>", "</details>", "<summary>", "</summary>", "<!-- appenv-gate -->"];
    let mut rest = outside;
    for tag in ours {
        rest = rest.replace(tag, "");
    }
    assert!(!rest.contains(['<', '>']), "{rest}");
    for row in markdown.lines().filter(|line| line.starts_with("| `")) {
        assert_eq!(row.matches('|').count(), 6, "{row}");
    }
    assert!(!markdown.chars().any(|c| c.is_control() && c != '\n'), "{markdown:?}");
}

#[test]
fn a_strangers_word_approves_nothing_and_refuses_nothing() {
    let (_, text, _) = gate(&golden(), &["hostile.jsonl", "--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    let decisions: Vec<&Value> = told["instances"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|instance| instance["changes"].as_array().unwrap())
        .flat_map(|change| change["decisions"].as_array().unwrap())
        .collect();
    assert_eq!(decisions.len(), 1);
    assert!(told["warnings"].to_string().contains("says a stranger"), "{told}");
}

#[test]
fn help_says_every_exit_code() {
    let (code, out, _) = gate(&golden(), &["--help"]);
    assert_eq!(code, 0);
    for line in ["0  nothing", "1  it cannot", "2  something", "3  a gate", "4  all of it"] {
        assert!(out.contains(line), "{out}");
    }
}

/// A version and a summary around events.
fn around(events: &[Value], add: usize, change: usize, remove: usize) -> String {
    let mut text = String::new();
    let version =
        json!({ "@level": "info", "type": "version", "terraform": "1.11.4", "ui": "1.2" });
    let summary = json!({
        "@level": "info", "type": "change_summary",
        "changes": { "add": add, "change": change, "remove": remove, "import": 0, "operation": "plan" },
    });
    for event in std::iter::once(&version).chain(events).chain([&summary]) {
        writeln!(text, "{event}").unwrap();
    }
    text
}

/// One planned change.
fn planned(address: &str, action: &str) -> Value {
    let kind = address.split('.').next().unwrap();
    json!({
        "@level": "info", "type": "planned_change",
        "change": {
            "resource": {
                "addr": address, "resource_type": kind,
                "implied_provider": kind.split('_').next().unwrap(),
            },
            "action": action,
        },
    })
}
