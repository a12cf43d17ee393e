// SPDX-License-Identifier: MPL-2.0
//! All diagnostics in one file, `tests/golden/diagnostics.txt`, to be read and reviewed as prose.
//!
//! `UPDATE_GOLDEN=1` writes it; a test compares only its own sections, so that tests run side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use acceptance::{Diagnostic, Diagnostics};

/// One section's tests, each with what was said.
pub struct Book {
    section: &'static str,
    said: BTreeMap<String, Vec<Diagnostic>>,
}

static WRITER: Mutex<()> = Mutex::new(());

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diagnostics.txt")
}

impl Book {
    /// An empty section.
    pub fn section(section: &'static str) -> Self {
        Self { section, said: BTreeMap::new() }
    }

    /// Takes what was said about one case; several, in a fixed order.
    pub fn says(&mut self, case: &str, told: impl IntoIterator<Item = Diagnostic>) {
        let said = self.said.entry(case.to_owned()).or_default();
        said.extend(told);
        said.sort_by(|a, b| (&a.summary, &a.detail).cmp(&(&b.summary, &b.detail)));
    }

    /// Compares with the file; fails the test with the lines that differ.
    pub fn close(self) {
        let mut now = BTreeMap::new();
        for (case, said) in &self.said {
            let text = Diagnostics(said.clone()).to_string();
            now.insert(format!("{}: {case}", self.section), masked(&text));
        }
        let _one_at_a_time = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
        let mut golden = parse(&std::fs::read_to_string(file()).unwrap_or_default());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            golden.retain(|title, _| !title.starts_with(&format!("{}: ", self.section)));
            golden.extend(now);
            std::fs::write(file(), render(&golden)).unwrap();
            return;
        }
        let of_section = |title: &&String| title.starts_with(&format!("{}: ", self.section));
        let titles: Vec<_> = golden.keys().filter(of_section).collect();
        assert_eq!(
            titles,
            now.keys().collect::<Vec<_>>(),
            "cases of {}; UPDATE_GOLDEN=1 writes the file",
            self.section
        );
        for (title, text) in &now {
            assert_eq!(
                text.trim(),
                golden[title].trim(),
                "{title}; UPDATE_GOLDEN=1 writes the file"
            );
        }
    }
}

/// The text without what differs each time.
fn masked(text: &str) -> String {
    times(&uuids(&digits_after(&ports(text), "no answer within ", "N")))
}

fn render(sections: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (title, text) in sections {
        writeln!(out, "## {title}\n\n{}\n", text.trim_end()).unwrap();
    }
    out
}

fn parse(text: &str) -> BTreeMap<String, String> {
    let mut sections = BTreeMap::new();
    for section in text.split("## ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        sections.insert(title.trim().to_owned(), body.trim().to_owned());
    }
    sections
}

/// Ports of the loopback address.
fn ports(text: &str) -> String {
    digits_after(text, "127.0.0.1:", "PORT")
}

/// A number, wherever it follows some words.
fn digits_after(text: &str, words: &str, shown: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(words) {
        let (before, after) = rest.split_at(at + words.len());
        out.push_str(before);
        let digits = after.bytes().take_while(|c| c.is_ascii_digit() || *c == b'.').count();
        out.push_str(if digits > 0 { shown } else { "" });
        rest = &after[digits..];
    }
    out + rest
}

/// Each run of characters that a mask takes for one word, through `mask`.
fn words(text: &str, part: fn(char) -> bool, mask: fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\u{0}']) {
        if part(c) {
            word.push(c);
            continue;
        }
        out.push_str(mask(&word).unwrap_or(&word));
        word.clear();
        out.push(c);
    }
    out.pop();
    out
}

fn uuids(text: &str) -> String {
    words(
        text,
        |c| c.is_ascii_hexdigit() || c == '-',
        |word| {
            let parts: Vec<usize> = word.split('-').map(str::len).collect();
            (parts == [8, 4, 4, 4, 12]).then_some("UUID")
        },
    )
}

fn times(text: &str) -> String {
    words(
        text,
        |c| c.is_ascii_digit() || "-:TZ".contains(c),
        |word| {
            let date = word.len() >= 20 && word.contains('T') && word.ends_with('Z');
            date.then_some("TIME")
        },
    )
}

#[test]
fn what_differs_each_time_is_hidden() {
    assert_eq!(
        masked(
            "at 127.0.0.1:4711, id 6f9619ff-8b86-4011-b42d-00c04fc964ff since 2026-01-02T03:04:05Z."
        ),
        "at 127.0.0.1:PORT, id UUID since TIME."
    );
    let sections = BTreeMap::from([
        ("a: one".to_owned(), "Error: x\n  y".to_owned()),
        ("b: two".to_owned(), "z".to_owned()),
    ]);
    assert_eq!(parse(&render(&sections)), sections);
}
