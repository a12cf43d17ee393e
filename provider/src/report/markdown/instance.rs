// SPDX-License-Identifier: MPL-2.0
//! This provider's resources: a row each, then a section an instance.

use std::fmt::Write as _;

use super::page::Page;
use super::{OPEN, SECTIONS, TABLE, number};
use crate::gate::Operation;
use crate::report::document::Difference;
use crate::report::escape::{code, prose};
use crate::report::group::{Change, Decision, Instance, Report};

/// Most lines of one list in a section.
const LINES: usize = 40;

const HEAD: &str = "| instance | resource | change | verdict | digest |\n|---|---|---|---|---|\n";

/// A row for each change, those that are refused first.
pub fn table(page: &mut Page, report: &Report) {
    let (mut refused, mut rest) = (Vec::new(), Vec::new());
    for instance in &report.instances {
        for change in &instance.changes {
            let rows = rows(instance, change);
            if change.is_refused() { refused.extend(rows) } else { rest.extend(rows) }
        }
    }
    if refused.is_empty() && rest.is_empty() {
        return;
    }
    page.add("\n### Instances\n\n");
    let open = refused.len() + rest.len() <= OPEN;
    if open {
        refused.append(&mut rest);
    }
    if !refused.is_empty() {
        page.add(HEAD);
        page.add_all(TABLE, &refused, "\n");
    }
    if !rest.is_empty() {
        page.add(&format!(
            "\n<details><summary>{} that no gate refuses</summary>\n\n{HEAD}",
            number(rest.len(), "change")
        ));
        page.add_all(TABLE, &rest, "\n");
        page.add("\n</details>\n");
    }
}

/// A section for each instance that has more to say than its row.
pub fn sections(page: &mut Page, report: &Report) {
    let sections: Vec<String> = report.instances.iter().filter_map(section).collect();
    if sections.is_empty() {
        return;
    }
    let folded = sections.len() > OPEN;
    if folded {
        page.add(&format!(
            "\n<details><summary>{} in detail</summary>\n",
            number(sections.len(), "instance")
        ));
    }
    page.add_all(SECTIONS, &sections, "\n");
    if folded {
        page.add("\n</details>\n");
    }
}

fn title(instance: &Instance) -> String {
    match (&instance.coordinate, instance.changes.first()) {
        (Some((app, env)), _) => code(&format!("{app}/{env}")),
        (None, Some(change)) => subject(change),
        (None, None) => String::new(),
    }
}

/// What a change is about: the key of a secret, else the resource.
fn subject(change: &Change) -> String {
    code(change.address.as_deref().or(change.subject.as_deref()).unwrap_or_default())
}

fn rows(instance: &Instance, change: &Change) -> Vec<String> {
    let (title, about) = (title(instance), subject(change));
    let row = |what: &str, verdict: &str, digest: &str| {
        format!("| {title} | {about} | {what} | {verdict} | {digest} |\n")
    };
    let action = change.action.map(super::Action::name);
    let mut rows: Vec<String> = change
        .decisions
        .iter()
        .map(|decision| row(decision.operation.name(), verdict(decision), &code(&decision.digest)))
        .collect();
    for refusal in &change.refusals {
        let what = refusal.operation.map(Operation::name).or(action).unwrap_or("–");
        rows.push(row(what, &format!("**refused** by the {} gate", refusal.gate), ""));
    }
    if rows.is_empty() {
        let drift = if change.action.is_none() { "drift, no change" } else { "allowed" };
        rows.push(row(action.unwrap_or("–"), drift, ""));
    }
    rows
}

fn verdict(decision: &Decision) -> &'static str {
    if decision.approved { "approved" } else { "**not approved**" }
}

fn section(instance: &Instance) -> Option<String> {
    let parts: Vec<String> = instance.changes.iter().filter_map(part).collect();
    if parts.is_empty() {
        return None;
    }
    Some(format!("\n#### {}\n{}", title(instance), parts.concat()))
}

fn part(change: &Change) -> Option<String> {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for decision in &change.decisions {
        let (operation, digest) = (decision.operation.name(), code(&decision.digest));
        let _ = write!(text, "\n{operation} {digest}: {}\n", code(&decision.text));
        if !decision.effects.is_empty() {
            text.push_str("\nWritten outside the state:\n\n");
            text.push_str(&lines(decision.effects.iter().map(|effect| code(effect))));
        }
        text.push_str(&changed(&decision.differences));
    }
    for refusal in &change.refusals {
        let _ = write!(text, "\nRefused by the {} gate: {}\n\n", refusal.gate, code(&refusal.text));
        let detail: Vec<_> =
            refusal.detail.lines().filter(|line| !line.trim().is_empty()).collect();
        text.push_str(&lines(detail.into_iter().map(prose)));
    }
    let has_documents = change.decisions.iter().any(|decision| !decision.differences.is_empty());
    let facts = if has_documents { &[][..] } else { &change.facts };
    text.push_str(&changed(&[facts, &change.names].concat()));
    if !change.drifted.is_empty() {
        text.push_str("\nFound otherwise than it should be:\n\n");
        let drifted = change.drifted.iter();
        text.push_str(&lines(
            drifted.map(|(object, how)| format!("{}: {}", code(object), code(how))),
        ));
    }
    if text.is_empty() {
        return None;
    }
    let action = change.action.map(|action| format!(", to {}", action.name())).unwrap_or_default();
    Some(format!("\nResource {}{action}\n{text}", subject(change)))
}

fn changed(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let value = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), code);
    let rows = differences.iter().map(|difference| {
        format!(
            "{}: {} → {}",
            code(&difference.name),
            value(&difference.before),
            value(&difference.after)
        )
    });
    format!("\nOld → new:\n\n{}", lines(rows))
}

fn lines(all: impl ExactSizeIterator<Item = String>) -> String {
    let count = all.len();
    let mut text = String::new();
    for line in all.take(LINES) {
        let _ = writeln!(text, "- {line}");
    }
    if count > LINES {
        let _ = writeln!(text, "- … and {} more", count - LINES);
    }
    text
}
