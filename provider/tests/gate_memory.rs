// SPDX-License-Identifier: MPL-2.0
//! The command `gate` on files of a hundred megabytes, alone in this process, whose memory is measured.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::io::{BufReader, Read};

use appenv::report::{Report, Verdict, read_events, read_plan};
use serde_json::json;

/// Text that is made as it is read.
struct Made<F> {
    next: F,
    left: Vec<u8>,
}

impl<F: FnMut() -> Option<String>> Read for Made<F> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() {
            match (self.next)() {
                Some(text) => self.left = text.into_bytes(),
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.left.len());
        into[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

fn made<F: FnMut() -> Option<String>>(next: F) -> Made<F> {
    Made { next, left: Vec::new() }
}

/// The most memory this process has had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) * 1024
}

#[test]
fn a_hundred_megabytes_pass_through_a_small_memory() {
    const BYTES: usize = 100_000_000;
    let filler = "x".repeat(10_000);
    let before = peak();

    let version = json!({ "type": "version", "terraform": "1.11.4", "ui": "1.2" });
    let summary = json!({ "type": "change_summary", "changes": { "operation": "plan" } });
    let refresh =
        format!("{}\n", json!({ "type": "refresh_complete", "hook": { "id_value": filler } }));
    let count = BYTES / refresh.len() + 1;
    let mut lines = std::iter::once(format!("{version}\n"))
        .chain(std::iter::repeat_n(refresh, count))
        .chain([format!("{summary}\n")]);
    let events = read_events(BufReader::new(made(|| lines.next()))).unwrap();

    let one = json!({
        "address": "null_resource.a", "mode": "managed", "type": "null_resource",
        "change": { "actions": ["no-op"], "before": { "a": [filler] }, "after": { "a": { "b": filler } } },
    });
    let mut parts = std::iter::once(
        "{\"format_version\":\"1.2\",\"planned_values\":{},\"resource_changes\":[".to_owned(),
    )
    .chain(std::iter::repeat_n(format!("{one},"), BYTES / one.to_string().len()))
    .chain([format!("{one}]}}")]);
    let plan = read_plan(BufReader::new(made(|| parts.next()))).unwrap();
    assert_eq!(Report::of(events, Some(&plan)).unwrap().verdict, Verdict::NoOp);

    let grown = peak().saturating_sub(before);
    assert!(grown < BYTES / 4, "{grown} bytes for two files of {BYTES}");
}
