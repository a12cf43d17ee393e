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

/// What could not be asked.
pub(super) fn failed(
    check: &'static str,
    target: impl Into<String>,
    error: &FacetError,
) -> Finding {
    let detail = format!("{}: {}. {}", error.summary, error.cause, error.attempted);
    Finding::fail(check, target, detail, error.next.clone())
}
