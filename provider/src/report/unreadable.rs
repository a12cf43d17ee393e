// SPDX-License-Identifier: MPL-2.0
//! Why a plan cannot be judged. What is in the files is never repeated: it may be a secret.

use std::fmt;

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// What `plan -json` printed.
    Events,
    /// What `show -json` printed of the saved plan.
    Plan,
}

/// A reason to keep the gate closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input} cannot be judged: {why}. Next: {next}")]
pub struct Unreadable {
    /// The file it is about.
    pub input: Input,
    /// Why, as the end of a sentence.
    pub why: String,
    /// What to do, a sentence.
    pub next: String,
}

// === impl Input ===

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "EVENTS.jsonl",
            Self::Plan => "PLAN.json",
        })
    }
}

// === impl Unreadable ===

impl Unreadable {
    pub(super) fn events(why: impl Into<String>) -> Self {
        let next = "write it anew: terraform plan -json -out=plan.bin > EVENTS.jsonl (or tofu), with nothing else in it, \
                    and see in the job's log whether that command ended early.";
        Self { input: Input::Events, why: why.into(), next: next.to_owned() }
    }

    pub(super) fn plan(why: impl Into<String>) -> Self {
        let next = "write it anew from the plan that made the events: terraform show -json plan.bin > PLAN.json (or tofu).";
        Self { input: Input::Plan, why: why.into(), next: next.to_owned() }
    }

    pub(super) fn with_next(mut self, next: &str) -> Self {
        next.clone_into(&mut self.next);
        self
    }
}
