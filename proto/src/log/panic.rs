// SPDX-License-Identifier: MPL-2.0
//! What a panic leaves behind: where it was and an id, never what it said.
//!
//! The message of a panic may quote any value, a secret one too, and the CLI shows to its user whatever follows a
//! line that begins with `panic: `.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::io::{self, Write as _};
use std::panic::Location;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the hook of the standard library, which prints the message.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let id = fresh_id();
        let mut report = report(&id, panic.location());
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            report.push_str(&trace.to_string());
            report.push('\n');
        }
        // There is no better place for the failure of this write.
        let _ = io::stderr().lock().write_all(report.as_bytes());
        LAST.set(Some(id));
    }));
}

/// The id of the last panic of this thread, once; for the diagnostic of who catches it.
pub(crate) fn take_id() -> Option<String> {
    LAST.take()
}

/// The line, in the form that the CLI takes for the beginning of a crash report.
fn report(id: &str, location: Option<&Location<'_>>) -> String {
    match location {
        Some(at) => format!(
            "panic: internal error {id} at {}:{}:{}\n",
            within_crate(at.file()),
            at.line(),
            at.column()
        ),
        None => format!("panic: internal error {id}\n"),
    }
}

/// A source file without the place where the machine that built it keeps its sources.
fn within_crate(file: &str) -> String {
    let mut parts: Vec<_> = file.rsplit(['/', '\\']).take(4).collect();
    parts.reverse();
    parts.join("/")
}

fn fresh_id() -> String {
    let mut bytes = [0; 4];
    // Without randomness all ids are the same, and the location still tells panics apart.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    format!("{:08x}", u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_one_line_that_the_cli_recognises() {
        let here = Location::caller();
        let expected = format!(
            "panic: internal error 00c0ffee at {}:{}:{}\n",
            file!(),
            here.line(),
            here.column()
        );
        assert_eq!(report("00c0ffee", Some(here)), expected);
        assert_eq!(report("00c0ffee", None), "panic: internal error 00c0ffee\n");
    }

    #[test]
    fn a_path_of_the_building_machine_is_not_told() {
        let file = "/home/builder/.cargo/registry/src/index-0/rmp-0.8.15/src/decode/mod.rs";
        assert_eq!(within_crate(file), "rmp-0.8.15/src/decode/mod.rs");
    }

    #[test]
    fn ids_differ() {
        assert_ne!(fresh_id(), fresh_id());
    }
}
