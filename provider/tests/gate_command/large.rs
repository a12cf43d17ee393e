// SPDX-License-Identifier: MPL-2.0
//! Large plans: a comment that every forge takes.

use std::fmt::Write as _;

use appenv::report::read_plan;
use serde_json::{Value, json};

use super::{around, judged, planned};

/// A limit of GitHub's, less room for a reply to quote.
const COMMENT: usize = 60_000;

fn digest(of: usize) -> String {
    let letters = format!("{of:052}");
    let letters: String = letters.bytes().map(|digit| char::from(b'a' + digit - b'0')).collect();
    format!("a1-{letters}")
}

fn refusal(number: usize) -> Value {
    let subject = format!("app-{number:03}/prod");
    let document = json!({
        "v": 1, "app": format!("app-{number:03}"), "env": "prod", "secret": null, "op": "update",
        "before": { "release": "1" }, "after": { "release": "2" },
        "effects": vec!["a rather long effect of one change, to fill the page".to_owned(); 30],
    });
    json!({
        "@level": "error", "type": "diagnostic",
        "diagnostic": {
            "severity": "error",
            "summary": format!("{subject} update {}: not approved", digest(number)),
            "detail": format!("Text.\nDocument: {document}"),
            "address": format!("module.apps[\"app-{number:03}\"].appenv_app_instance.this"),
        },
    })
}

#[test]
fn three_hundred_changes_stay_readable() {
    let mut events: Vec<Value> = Vec::new();
    for number in 0..150 {
        events.push(planned(&format!("appenv_app_instance.a{number:03}"), "create"));
        events.push(planned(&format!("random_password.a_rather_long_name_{number:03}"), "delete"));
    }
    let (code, out, _) = judged(&around(&events, 150, 0, 150), None, &[]);
    assert_eq!(code, 4);
    assert!(out.len() < COMMENT, "{}", out.len());
    assert!(
        out.contains("## appenv gate: 300 changes, all allowed, and 150 objects are destroyed")
    );
    assert!(out.contains("<details><summary>150 changes that no gate refuses</summary>"), "{out}");
    assert!(out.contains("a149`") && out.contains("name_149`"), "all of it fits: {out}");
}

#[test]
fn three_hundred_refusals_are_cut_and_counted() {
    let refusals: Vec<Value> = (0..300).map(refusal).collect();
    let long = format!("null_resource.{}", "x".repeat(180));
    let more: Vec<Value> =
        (0..3000).map(|number| planned(&format!("{long}{number}"), "create")).collect();
    let (code, out, _) = judged(&around(&[refusals, more].concat(), 3000, 0, 0), None, &[]);
    assert_eq!(code, 3);
    assert!(out.len() < COMMENT, "{}", out.len());
    assert!(out.contains("## appenv gate: refused, 300 changes not approved"), "{out}");
    assert!(out.contains(&digest(0)) && out.contains(&digest(100)), "digests come first: {out}");
    let cut: Vec<&str> = out.lines().filter(|line| line.contains("… and ")).collect();
    assert_eq!(cut.len(), 3, "table, sections, other providers: {cut:?}");
    assert!(out.contains("- `null`: 3000 to create"), "{out}");
    assert_eq!(out.matches("<details>").count(), out.matches("</details>").count());
    // The JSON has them all.
    let (_, text, _) = judged(
        &around(&(0..300).map(refusal).collect::<Vec<_>>(), 0, 0, 0),
        None,
        &["--format", "json"],
    );
    for number in 0..300 {
        assert!(text.contains(&digest(number)), "{number}");
    }
}

#[test]
fn a_plan_nested_without_end_is_refused() {
    let deep = format!("{{\"format_version\":\"1.2\",\"x\":{}", "[".repeat(1 << 20));
    let mut text = String::new();
    writeln!(text, "{deep}").unwrap();
    assert!(read_plan(text.as_bytes()).is_err());
}
