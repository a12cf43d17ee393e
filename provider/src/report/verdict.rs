// SPDX-License-Identifier: MPL-2.0
//! The one answer about a plan.

/// What may be done with it, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changes: 0.
    NoOp,
    /// Something changes, all of it allowed, and nothing ends: 2.
    Allowed,
    /// A gate refuses something: 3.
    NotApproved,
    /// All of it is allowed, and an object ends: 4.
    Destructive,
    /// It cannot be judged, or failed for another reason: 1.
    Error,
}

// === impl Verdict ===

impl Verdict {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::NoOp => 0,
            Self::Error => 1,
            Self::Allowed => 2,
            Self::NotApproved => 3,
            Self::Destructive => 4,
        }
    }

    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoOp => "no_op",
            Self::Error => "error",
            Self::Allowed => "allowed",
            Self::NotApproved => "not_approved",
            Self::Destructive => "destructive",
        }
    }
}
