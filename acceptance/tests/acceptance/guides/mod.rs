// SPDX-License-Identifier: MPL-2.0
//! Every command of every guide is run, in order, as its reader would run it, and what it prints is what the guide shows.
//!
//! What a reader has already (servers, keys, a repository) is made here first. Where a guide changes servers, they are
//! asked themselves in the end.

mod document;
mod expected;
mod messages;
mod terminal;
mod walk;

use std::collections::BTreeSet;

use acceptance::provider;

use document::{Document, Note};
use walk::Walk;

/// A test for each guide, and their list.
macro_rules! guides {
    ($($test:ident: $guide:literal,)*) => {
        const GUIDES: &[&str] = &[$($guide),*];
        mod each {
            $(#[test] fn $test() { super::$test(super::Walk::of($guide)).is_at_the_end(); })*
        }
    };
}

mod local;
mod served;

use local::*;
use served::*;

guides! {
    adopting: "adopting",
    approvals: "approvals",
    check_command: "check-command",
    ci: "ci",
    first_steps: "first-steps",
    floor: "floor",
    gate_command: "gate-command",
    high_availability: "high-availability",
    least_privilege: "least-privilege",
    names_command: "names-command",
    production_gate: "production-gate",
    promotion: "promotion",
    renaming: "renaming",
    rotating_secrets: "rotating-secrets",
    state_gate: "state-gate",
    troubleshooting: "troubleshooting",
    upgrading: "upgrading",
}

/// Everything below a folder of the documents that is a page.
fn pages(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(provider::root().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|ext| ext == "md"));
    pages.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_guide_is_walked() {
    let walked: BTreeSet<String> = GUIDES.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(pages("docs/guides"), walked);
    for guide in GUIDES {
        let document = Document::of(guide);
        assert!(document.blocks().any(document::Block::is_shell), "{guide} runs nothing");
        let nameless = document.blocks().find(|block| block.is_hcl() && block.file().is_none());
        assert!(nameless.is_none(), "{guide}: no file is named in the first line of {nameless:?}");
    }
}

#[test]
fn what_is_not_run_is_little_and_says_why() {
    let mut not_run = Vec::new();
    for guide in GUIDES {
        for block in Document::of(guide).blocks() {
            if let Some(Note::NotRun(why)) = &block.note {
                assert!(
                    why.split(' ').count() >= 4,
                    "{guide}: why is this not run?\n{}",
                    block.text
                );
                not_run.push(format!("{guide}: {why}"));
            }
        }
    }
    assert!(not_run.len() <= 5, "{not_run:#?}");
}

#[test]
fn every_guide_is_in_the_list_of_documents_and_in_the_index() {
    for (page, prefix) in [("README.md", "docs/guides/"), ("docs/index.md", "guides/")] {
        let text = std::fs::read_to_string(provider::root().join(page)).unwrap();
        for guide in GUIDES {
            assert!(text.contains(&format!("]({prefix}{guide}.md)")), "{page} has no {guide}");
        }
    }
}
