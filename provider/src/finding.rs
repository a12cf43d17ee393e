// SPDX-License-Identifier: MPL-2.0
//! What a check found: typed, so that `check` blocks, postconditions and CI can ask it. Pure.

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is as it should be.
    Ok,
    /// It was not asked for, or could not be asked because of something that has a finding of its own.
    Skip,
    /// It works, and will trouble somebody.
    Warn,
    /// It is not as it should be, or could not be told.
    Fail,
}

/// One answer of one check about one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The check, in snake case: stable, to be asked for in conditions (`database_owner`).
    pub check: &'static str,
    /// What it is about, and where: `database "erp" on PostgreSQL at db:5432`. Holds no secret.
    pub target: String,
    /// How it ended.
    pub status: Status,
    /// What was seen, against what should be.
    pub detail: String,
    /// What to do about it, as a sentence; empty where nothing is to be done.
    pub fix: String,
}

// === impl Status ===

impl Status {
    /// As the state and JSON have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

// === impl Finding ===

impl Finding {
    /// It is as it should be.
    pub fn ok(check: &'static str, target: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, target, Status::Ok, detail, "")
    }

    /// It was not asked, and why.
    pub fn skip(check: &'static str, target: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, target, Status::Skip, detail, "")
    }

    /// It works, and will trouble somebody.
    pub fn warn(
        check: &'static str,
        target: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(check, target, Status::Warn, detail, fix)
    }

    /// It is not as it should be.
    pub fn fail(
        check: &'static str,
        target: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::new(check, target, Status::Fail, detail, fix)
    }

    fn new(
        check: &'static str,
        target: impl Into<String>,
        status: Status,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { check, target: target.into(), status, detail: detail.into(), fix: fix.into() }
    }
}

/// Whether nothing failed.
pub fn is_ok(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.status != Status::Fail)
}
