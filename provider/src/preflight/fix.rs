// SPDX-License-Identifier: MPL-2.0
//! How a finding says what to do: a sentence, a colon, and what to run.

use std::fmt::Display;

use crate::facet::FacetError;
use crate::finding::Finding;

/// SQL for psql, in the maintenance database.
pub(super) fn sql(statements: impl Display) -> String {
    format!("Run in psql as a superuser: {statements}")
}

/// A command of a shell that has BAO_ADDR and BAO_TOKEN.
pub(super) fn command(command: impl Display) -> String {
    format!("Run with a token that may: {command}")
}

/// A text as standard input of a command, whatever quotes it holds.
pub(super) fn with_input(command: &str, input: &str) -> String {
    self::command(format!("{command} <<'EOF'\n{}\nEOF", input.trim_end()))
}

/// A word for a POSIX shell, whatever is in it.
pub(in crate::preflight) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What could not be asked.
pub(super) fn failed(
    check: &'static str,
    target: impl Into<String>,
    error: &FacetError,
) -> Finding {
    let detail = format!("{}: {}. {}", error.summary, error.cause, error.attempted);
    Finding::fail(check, target, detail, error.next.clone())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_ends_no_quotes_of_a_shell() {
        for (word, told) in [
            (".env", ".env"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("x'; id", r"'x'\''; id'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), told);
        }
    }
}
