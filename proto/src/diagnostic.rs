// SPDX-License-Identifier: MPL-2.0
//! What the user reads: errors and warnings, each with its place in the configuration.

use crate::value::{Path, ValueError};

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One line: what is wrong, on what object.
    pub summary: String,
    /// What was attempted, why it failed, and what to do next.
    pub detail: String,
    /// The attribute that caused it, where there is one.
    pub attribute: Option<Path>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            attribute: None,
        }
    }

    /// A warning without a place.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// The same message at a place.
    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.attribute = Some(path);
        self
    }
}

/// One or more errors; never empty where it is returned as an `Err`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(pub Vec<Diagnostic>);

impl Errors {
    /// No error yet; for validation that collects.
    pub fn new() -> Self {
        Self::default()
    }

    /// One error.
    pub fn one(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Diagnostic::error(summary, detail)])
    }

    /// One error at a place.
    pub fn at(path: Path, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Diagnostic::error(summary, detail).at(path)])
    }

    /// Adds an error; the same one twice is one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.0.contains(&diagnostic) {
            self.0.push(diagnostic);
        }
    }

    /// Adds all errors of another.
    pub fn extend(&mut self, other: Errors) {
        for diagnostic in other.0 {
            self.push(diagnostic);
        }
    }

    /// `Ok` when nothing was collected.
    pub fn into_result(self) -> Result<(), Errors> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Diagnostic> for Errors {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<ValueError> for Errors {
    fn from(error: ValueError) -> Self {
        let path = error.path.clone();
        let mut diagnostic = Diagnostic::error("Value of the wrong shape", error.to_string());
        diagnostic.attribute = (!path.is_root()).then_some(path);
        diagnostic.into()
    }
}
