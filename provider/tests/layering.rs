// SPDX-License-Identifier: MPL-2.0
//! Arrows point down: what each module of the crate may use of the others, and what the pure ones may not touch.

#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From low to high. A module that is new gets its row here.
const MAY_USE: &[(&str, &[&str])] = &[
    ("world", &[]),
    ("naming", &[]),
    ("finding", &[]),
    ("parity", &["finding"]),
    ("dotenv", &[]),
    ("inquiry", &["naming"]),
    ("resolved", &["naming"]),
    ("plan", &["naming"]),
    ("permission", &["naming", "plan"]),
    ("registry", &[]),
    ("fleet", &["finding", "registry"]),
    ("gate", &["naming", "plan", "registry"]),
    // It cuts the address into the parts that the state gate compares.
    ("state_address", &["world", "gate"]),
    ("report", &["gate"]),
    ("facet", &["naming", "plan", "registry"]),
    ("store", &["naming", "dotenv", "plan", "registry", "facet"]),
    ("settings", &["world", "naming", "plan", "registry", "gate", "facet", "store"]),
    ("wish", &["naming", "plan", "settings"]),
    ("run", &["naming", "registry", "gate"]),
    ("clients", &["world", "naming", "plan", "registry", "gate", "facet", "store", "settings"]),
    ("configured", &["world", "state_address", "gate", "run", "settings", "clients"]),
    (
        "registered",
        &["naming", "plan", "registry", "facet", "settings", "wish", "clients", "configured"],
    ),
    (
        "secrets",
        &[
            "naming",
            "inquiry",
            "plan",
            "registry",
            "facet",
            "store",
            "settings",
            "clients",
            "configured",
        ],
    ),
    (
        "guard",
        &[
            "world",
            "naming",
            "plan",
            "registry",
            "gate",
            "facet",
            "settings",
            "clients",
            "configured",
        ],
    ),
    (
        "preflight",
        &[
            "finding",
            "world",
            "naming",
            "inquiry",
            "dotenv",
            "plan",
            "registry",
            "facet",
            "store",
            "settings",
            "clients",
            "configured",
            "wish",
            "secrets",
        ],
    ),
    ("resource", BELOW_OFFERED),
    ("data_source", BELOW_OFFERED),
    ("ephemeral", BELOW_OFFERED),
    ("function", &["naming", "dotenv", "inquiry", "resolved", "plan", "store"]),
    ("provider", OFFERED),
    // One command runs the provider without a CLI.
    ("command", COMMANDS),
];
const BELOW_OFFERED: &[&str] = &[
    "fleet",
    "parity",
    "registered",
    "wish",
    "finding",
    "permission",
    "preflight",
    "guard",
    "run",
    "configured",
    "world",
    "state_address",
    "naming",
    "inquiry",
    "resolved",
    "plan",
    "registry",
    "gate",
    "facet",
    "store",
    "settings",
    "clients",
    "secrets",
    "dotenv",
];
const COMMANDS: &[&str] = &[
    "provider",
    "wish",
    "finding",
    "preflight",
    "data_source",
    "run",
    "configured",
    "world",
    "state_address",
    "naming",
    "inquiry",
    "resolved",
    "plan",
    "registry",
    "gate",
    "report",
    "facet",
    "store",
    "settings",
    "clients",
    "secrets",
    "dotenv",
];
const OFFERED: &[&str] = &[
    "wish",
    "finding",
    "preflight",
    "guard",
    "run",
    "configured",
    "world",
    "state_address",
    "naming",
    "inquiry",
    "resolved",
    "plan",
    "registry",
    "gate",
    "facet",
    "store",
    "settings",
    "clients",
    "secrets",
    "dotenv",
    "resource",
    "data_source",
    "ephemeral",
    "function",
];

/// No I/O, no async, no Terraform.
const PURE: &[&str] = &[
    "naming",
    "dotenv",
    "inquiry",
    "finding",
    "permission",
    "fleet",
    "parity",
    "plan",
    "gate",
    "report",
];
const IMPURE: [&str; 8] =
    ["async", "await", "tokio", "tfplugin", "std::fs", "std::env", "std::time", "std::net"];

/// Every Rust file below `src`, with the top module it belongs to and its code without line comments.
fn files() -> Vec<(String, PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&src, &mut found);
    let file = |path: PathBuf| {
        let path = path.strip_prefix(&src).unwrap().to_owned();
        let text = fs::read_to_string(src.join(&path)).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: Vec<_> = code.map(|line| line.split(" // ").next().unwrap_or(line)).collect();
        let module = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        (module.to_owned(), path.clone(), code.join("\n"))
    };
    found
        .into_iter()
        .map(file)
        .filter(|(module, ..)| !["lib", "main"].contains(&&**module))
        .collect()
}

/// Whether a word or path stands in the code by itself.
fn stands(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next())
    })
}

/// The modules of this crate that a file uses.
fn used(code: &str) -> BTreeSet<&str> {
    let name = |text: &str| text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let after = |(at, found): (usize, &str)| {
        let rest = &code[at + found.len()..];
        &rest[..name(rest).unwrap_or(rest.len())]
    };
    code.match_indices("crate::").map(after).collect()
}

#[test]
fn modules_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (module, path, code) in files() {
        let path = path.display();
        let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == module) else {
            wrong.push(format!("{path}: module {module} has no row in MAY_USE"));
            continue;
        };
        for other in used(&code).into_iter().filter(|other| *other != module) {
            if other.is_empty() {
                wrong
                    .push(format!("{path}: write one path a line, not crate::{{...}} or crate::*"));
            } else if !allowed.contains(&other) {
                wrong.push(format!("{path}: {module} may not use crate::{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_touch_no_world() {
    let mut wrong = Vec::new();
    for (module, path, code) in files() {
        for word in IMPURE.iter().filter(|word| stands(&code, word)) {
            if PURE.contains(&&*module) {
                wrong.push(format!("{}: {module} is pure and may not use {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_stands_above_what_it_uses() {
    for (at, (module, allowed)) in MAY_USE.iter().enumerate() {
        let below: Vec<_> = MAY_USE[..at].iter().map(|(known, _)| *known).collect();
        for other in *allowed {
            assert!(below.contains(other), "{module} uses {other}, which is not below it");
        }
    }
}

#[test]
fn the_scan_sees_what_it_should() {
    let code = "use crate::plan::Spec;\nfn f(_: crate::facet::X) { tokio::spawn(async {}); asynchronous(); }";
    assert_eq!(used(code), ["facet", "plan"].into());
    assert_eq!(used("use crate::{plan, facet};"), [""].into());
    assert!(stands(code, "async") && stands(code, "tokio") && !stands(code, "std::fs"));
    assert!(!stands("asynchronous()", "async") && !stands("my_tokio", "tokio"));
    assert!(files().iter().any(|(module, ..)| module == "naming"));
}
