// SPDX-License-Identifier: MPL-2.0
//! What was found, for people.

use std::fmt::Write as _;

use textwrap::{Options, WordSeparator, WordSplitter};

use super::report::{Line, Report};

/// How wide it is where no terminal says so, columns.
const WIDTH: usize = 100;
/// The least that is left for text.
const LEAST: usize = 40;
/// The widest status.
const STATUS: usize = 4;

const HEADS: [&str; 3] = ["STATUS", "CHECK", "TARGET, WHAT WAS SEEN, AND WHAT TO DO"];

/// A table for each report, three columns; text is wrapped, but for words that are longer than a line, so that a
/// command can be copied.
pub(super) fn render(reports: &[Report], terminal: Option<usize>, colours: bool) -> String {
    let width = terminal.filter(|columns| *columns > 0).unwrap_or(WIDTH);
    let checks = reports.iter().flat_map(|report| &report.findings).map(|line| line.check.len());
    let check = checks.chain([HEADS[1].len()]).max().unwrap_or_default();
    let status = STATUS.max(HEADS[0].len());
    let table = Table { status, check, width, colours };
    let all: Vec<_> = reports.iter().map(|report| table.report(report)).collect();
    all.join("\n")
}

struct Table {
    status: usize,
    check: usize,
    width: usize,
    colours: bool,
}

// === impl Table ===

impl Table {
    fn report(&self, report: &Report) -> String {
        let mut text = format!("{}: {}\n\n", report.name(), counts(report));
        let (status, check) = (self.status, self.check);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:status$}  {:check$}  {}", HEADS[0], HEADS[1], HEADS[2]);
        for line in &report.findings {
            self.line(&mut text, line);
        }
        text
    }

    fn line(&self, text: &mut String, line: &Line) {
        let (status, check) = (self.status, self.check);
        // What has lines of its own is to be copied as it is.
        let (fix, raw) = match line.fix.split_once(": ") {
            Some((first, rest)) if line.fix.contains('\n') => (format!("Fix: {first}:"), rest),
            _ if line.fix.is_empty() => (String::new(), ""),
            _ => (format!("Fix: {}", line.fix), ""),
        };
        let parts = [&line.target, &line.detail, &fix];
        let rows = parts.iter().filter(|part| !part.is_empty()).flat_map(|part| self.wrapped(part));
        for (index, row) in rows.enumerate() {
            let first = index == 0;
            let name = if first { &*line.check } else { "" };
            let mark = if first { self.marked(&line.status) } else { " ".repeat(status) };
            let _ = writeln!(text, "{mark}  {name:check$}  {row}");
        }
        if !raw.is_empty() {
            let plain = raw.chars().filter(|c| !c.is_control() || *c == '\n');
            let _ = writeln!(text, "\n{}\n", plain.collect::<String>().trim_end());
        }
    }

    fn wrapped(&self, text: &str) -> Vec<String> {
        let left = self.width.saturating_sub(self.status + self.check + 4).max(LEAST);
        let options = Options::new(left)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        // What a server said may hold what a terminal would obey.
        let plain: String =
            text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
        textwrap::wrap(&plain, options).into_iter().map(std::borrow::Cow::into_owned).collect()
    }

    /// The status, as wide as its column.
    fn marked(&self, status: &str) -> String {
        let padded = format!("{status:width$}", width = self.status);
        let colour = match status {
            "ok" => "32",
            "warn" => "33",
            "fail" => "1;31",
            _ => "2",
        };
        if self.colours { format!("\u{1b}[{colour}m{padded}\u{1b}[0m") } else { padded }
    }
}

fn counts(report: &Report) -> String {
    let counted = [("fail", "failed"), ("warn", "to look at"), ("ok", "ok"), ("skip", "skipped")];
    let told = counted.iter().filter_map(|(status, word)| match report.count(status) {
        0 => None,
        count => Some(format!("{count} {word}")),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::report::Subject;
    use super::*;

    fn report() -> Report {
        let line = |check: &str, target: &str, status: &str, detail: &str, fix: &str| Line {
            check: check.to_owned(),
            target: target.to_owned(),
            status: status.to_owned(),
            detail: detail.to_owned(),
            fix: fix.to_owned(),
        };
        Report {
            subject: Subject::Preflight {
                app: "erp".to_owned(),
                env: "sandbox".to_owned(),
                instance: Some("erp-sandbox".to_owned()),
            },
            ok: false,
            findings: vec![
                line("redis", "Redis at redis:6379", "ok", "PONG in 3 ms.", ""),
                line(
                    "dotenv_mode",
                    "dotenv file \".env\"",
                    "fail",
                    "Its mode is 0644, which permits\u{7} more than 0600.",
                    "Run `chmod 0600 \".env\"`.",
                ),
            ],
        }
    }

    #[test]
    fn columns_stand_below_each_other() {
        assert_eq!(
            render(&[report()], Some(62), false),
            "erp-sandbox: 1 failed, 1 ok\n\
             \n\
             STATUS  CHECK        TARGET, WHAT WAS SEEN, AND WHAT TO DO\n\
             ok      redis        Redis at redis:6379\n\
             \x20                    PONG in 3 ms.\n\
             fail    dotenv_mode  dotenv file \".env\"\n\
             \x20                    Its mode is 0644, which permits  more\n\
             \x20                    than 0600.\n\
             \x20                    Fix: Run `chmod 0600 \".env\"`.\n"
        );
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(!render(&[report()], None, false).contains('\u{1b}'));
        let coloured = render(&[report()], Some(80), true);
        assert!(coloured.contains("\u{1b}[1;31mfail  \u{1b}[0m  dotenv_mode"), "{coloured}");
    }
}
