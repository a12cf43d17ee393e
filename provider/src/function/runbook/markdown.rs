// SPDX-License-Identifier: MPL-2.0
//! Texts of others in a page: none begins a heading, a link, a picture, HTML or another line.
//!
//! Rules: CommonMark 0.31, "Backslash escapes", "Code spans", "Fenced code blocks".

use crate::plan::postgres::hides as phrase_hides;

/// A text within a line: punctuation that means something is escaped, and what would end the line is a space.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '(' | ')' | '#' | '+'
            | '!' | '|' | '~' | '&' | '=' => out.extend(['\\', character]),
            // At the beginning of a text they would make a list.
            '-' | '.' if out.chars().all(|c| c.is_ascii_digit()) => {
                out.extend(['\\', character]);
            }
            other if is_break(other) => out.push(' '),
            other if hides(other) => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// A name or a command of one line as a code span.
pub(super) fn code(text: &str) -> String {
    let text: String =
        text.trim().chars().map(|c| if is_break(c) { ' ' } else { shown(c) }).collect();
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.is_empty() || text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines of a shell as a block.
pub(super) fn block(text: &str) -> String {
    let text: String =
        text.chars().filter(|c| *c != '\r').map(|c| if c == '\n' { c } else { shown(c) }).collect();
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    format!("{fence}sh\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn shown(character: char) -> char {
    if hides(character) { '\u{fffd}' } else { character }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether it is not shown, or turns around how a line reads; a tab is shown.
fn hides(character: char) -> bool {
    character != '\t' && phrase_hides(character)
}

#[cfg(test)]
mod tests {
    use super::{block, code, inline};

    #[test]
    fn a_text_is_no_markup() {
        assert_eq!(inline("# a\n## b"), "\\# a \\#\\# b");
        assert_eq!(inline("[x](javascript:1) <b>"), "\\[x\\]\\(javascript:1\\) \\<b\\>");
        assert_eq!(inline("- a"), "\\- a");
        assert_eq!(inline("1. a.b"), "1\\. a.b");
        assert_eq!(inline("a-b\u{202e}"), "a-b\u{fffd}");
    }

    #[test]
    fn code_does_not_end_before_its_end() {
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code(""), "`  `");
        assert_eq!(block("a\n```\n# b\n"), "````sh\na\n```\n# b\n````");
    }
}
