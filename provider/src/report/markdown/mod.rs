// SPDX-License-Identifier: MPL-2.0
//! A report as a comment of a pull request: one line that says it all, then what a reviewer needs, then the rest.
//!
//! Every text that is not ours stands in inline code, so no name can become a link, a mention or HTML.

mod instance;
mod page;

use std::fmt::Write as _;

pub use page::PAGE_BYTES;
use page::Page;

use super::action::Action;
use super::escape::code;
use super::group::{Others, Report};
use super::told::Told;
use super::unreadable::Unreadable;
use super::verdict::Verdict;

/// What a comment begins with, so that the next run finds and replaces it.
pub const MARKER: &str = "<!-- appenv-gate -->";

/// More instances than this are folded away.
const OPEN: usize = 10;

/// How far the page may be filled by each part, in bytes; what comes later has what is left.
const ERRORS: usize = 8_000;
const TABLE: usize = 36_000;
const SECTIONS: usize = 50_000;
const OTHERS: usize = 56_000;
const WARNINGS: usize = PAGE_BYTES - 1_000;

/// A report.
pub fn report(report: &Report) -> String {
    let mut page = Page::default();
    page.add(&format!("{MARKER}\n## {}\n\n{}\n", headline(report), counts(report)));
    if let Some(next) = next(report) {
        page.add(&format!("\n{next}\n"));
    }
    told(&mut page, "### Errors", &report.errors, ERRORS);
    instance::table(&mut page, report);
    instance::sections(&mut page, report);
    others(&mut page, report);
    drifted(&mut page, report);
    if !report.warnings.is_empty() {
        page.add(&format!(
            "\n<details><summary>{}</summary>\n",
            number(report.warnings.len(), "warning")
        ));
        told(&mut page, "", &report.warnings, WARNINGS);
        page.add("\n</details>\n");
    }
    if !report.has_plan && !report.instances.is_empty() {
        page.add("\nNames and drifted objects are shown where the plan's own JSON is given too.\n");
    }
    page.finish()
}

/// Why there is no report. All of its text is ours.
pub fn unreadable(error: &Unreadable) -> String {
    let Unreadable { input, why, next } = error;
    format!(
        "{MARKER}\n## appenv gate: closed, the plan cannot be judged\n\n{input} cannot be judged: {why}.\n\nNext: {next}\n"
    )
}

fn headline(report: &Report) -> String {
    let changes: usize = changes(report);
    let said = match report.verdict {
        Verdict::NoOp => "nothing to change".to_owned(),
        Verdict::Allowed => format!("{}, all allowed", number(changes, "change")),
        Verdict::Destructive => format!(
            "{}, all allowed, and {} destroyed",
            number(changes, "change"),
            match destroyed(report) {
                1 => "one object is".to_owned(),
                many => format!("{many} objects are"),
            }
        ),
        Verdict::NotApproved => {
            format!("refused, {}", refused(report))
        }
        Verdict::Error if report.errors.is_empty() => "closed, the plan is incomplete".to_owned(),
        Verdict::Error => format!("closed, {}", number(report.errors.len(), "error")),
    };
    format!("appenv gate: {said}")
}

fn counts(report: &Report) -> String {
    let mut parts: Vec<String> = Action::ALL
        .iter()
        .filter_map(|action| Some((report.counts.get(action)?, action)))
        .map(|(count, action)| format!("{count} to {}", action.name()))
        .collect();
    if report.invocations > 0 {
        parts.push(number(report.invocations, "action") + " to run");
    }
    let outputs: usize = report.outputs.values().sum();
    if outputs > 0 {
        parts.push(number(outputs, "output") + " to change (alone no change)");
    }
    let parts = if parts.is_empty() { "No resource changes".to_owned() } else { parts.join(", ") };
    let code_of = report.verdict.exit_code();
    format!("{parts}. Planned by {}. Exit code {code_of}.", code(&report.tool))
}

fn next(report: &Report) -> Option<String> {
    let partly = if report.is_partial {
        "The plan ended at what stands in its way, so what depends on it is not counted. "
    } else {
        ""
    };
    Some(match report.verdict {
        Verdict::NotApproved => format!(
            "{partly}Next: if each change below is as wished, have its digest approved (`approvals`, `approvals_file` or \
             `APPENV_APPROVALS`) and plan again; what another gate refuses is mended as its message says."
        ),
        Verdict::Error if report.errors.is_empty() => {
            "It leaves changes for another plan (`-target`, or deferred changes), so what it would do is not all here. \
             Next: plan without `-target`."
                .to_owned()
        }
        Verdict::Error => {
            format!("{partly}Next: mend the errors and plan again; the job's log has their details.")
        }
        Verdict::Destructive | Verdict::Allowed | Verdict::NoOp => return None,
    })
}

/// Errors or warnings. Their details are left to the log: they may repeat values.
fn told(page: &mut Page, title: &str, told: &[Told], ceiling: usize) {
    if told.is_empty() {
        return;
    }
    page.add(&if title.is_empty() { "\n".to_owned() } else { format!("\n{title}\n\n") });
    let lines: Vec<String> = told
        .iter()
        .map(|told| {
            let mut line = format!("- {}", code(&told.text));
            let at = told.address.as_ref().or(told.place.as_ref());
            if let Some(at) = at {
                // Writing to a String cannot fail.
                let _ = write!(line, " at {}", code(at));
            }
            line + "\n"
        })
        .collect();
    page.add_all(ceiling, &lines, "- ");
}

fn others(page: &mut Page, report: &Report) {
    if report.others.is_empty() {
        return;
    }
    page.add("\n### Other providers\n\n");
    let mut by_provider: Vec<(&str, Vec<&Others>)> = Vec::new();
    for others in &report.others {
        match by_provider.iter_mut().find(|(provider, _)| *provider == others.provider) {
            Some((_, of_it)) => of_it.push(others),
            None => by_provider.push((&others.provider, vec![others])),
        }
    }
    let lines: Vec<String> = by_provider
        .iter()
        .map(|(provider, of_it)| {
            let counts: Vec<String> = of_it
                .iter()
                .map(|others| format!("{} to {}", others.addresses.len(), others.action.name()))
                .collect();
            format!("- {}: {}\n", code(provider), counts.join(", "))
        })
        .collect();
    page.add_all(SECTIONS + 2_000, &lines, "- ");
    let mut order: Vec<&Others> = report.others.iter().collect();
    order.sort_by_key(|others| !others.action.is_destructive());
    let addresses: Vec<String> = order
        .iter()
        .flat_map(|others| others.addresses.iter().map(|address| (others.action, address)))
        .map(|(action, address)| format!("- {}: {}\n", action.name(), code(address)))
        .collect();
    page.add(&format!("\n<details><summary>{}</summary>\n\n", number(addresses.len(), "resource")));
    page.add_all(OTHERS, &addresses, "- ");
    page.add("\n</details>\n");
}

fn drifted(page: &mut Page, report: &Report) {
    if report.drifted.is_empty() {
        return;
    }
    page.add(&format!(
        "\n<details><summary>{} of other providers changed outside; not a change of this plan</summary>\n\n",
        number(report.drifted.len(), "resource")
    ));
    let lines: Vec<String> =
        report.drifted.iter().map(|address| format!("- {}\n", code(address))).collect();
    page.add_all(OTHERS + 1_500, &lines, "- ");
    page.add("\n</details>\n");
}

fn changes(report: &Report) -> usize {
    let resources: usize =
        report.counts.iter().filter(|(action, _)| action.is_change()).map(|(_, count)| count).sum();
    resources + report.invocations
}

fn destroyed(report: &Report) -> usize {
    let destructive = report.counts.iter().filter(|(action, _)| action.is_destructive());
    destructive.map(|(_, count)| count).sum()
}

fn refused(report: &Report) -> String {
    let changes = || report.instances.iter().flat_map(|instance| &instance.changes);
    let digests = changes()
        .flat_map(|change| &change.decisions)
        .filter(|decision| !decision.approved)
        .count();
    let refusals = changes().map(|change| change.refusals.len()).sum();
    match (digests, refusals) {
        (_, 0) => format!("{} not approved", number(digests, "change")),
        (0, _) => number(refusals, "refusal"),
        _ => format!(
            "{} not approved and {}",
            number(digests, "change"),
            number(refusals, "refusal")
        ),
    }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
