// SPDX-License-Identifier: MPL-2.0
//! The least rights that a plan and an apply need on each target, as texts to hand to its operator. Pure.
//!
//! # Layout
//!
//! - [`vault`]: a policy in HCL. [`sql`]: a script for PostgreSQL. [`aws`]: an IAM policy. [`host`]: rights on files.
//! - [`pattern`]: the names of any app, as patterns.
//!
//! The files in `docs/policies` are made by this module too: a test holds them against it.

pub mod aws;
pub mod host;
pub mod pattern;
pub mod sql;
pub mod vault;

use crate::plan::vault::OpsScope;

/// What the rights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// To read, and write nothing.
    Plan,
    /// To make, change and remove; also to plan that.
    Apply,
}

/// What a configuration uses, as far as it takes rights of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    /// `appenv_env_secret`, the resource.
    pub secrets: bool,
    /// Instances get other names.
    pub renames: bool,
    /// `appenv_database_credentials`, the ephemeral resource.
    pub credentials: bool,
    /// Leased logins and sessions are ended by force.
    pub force_disconnect: bool,
    /// An env takes its versions from another, so that it is asked whether that one was ever in use.
    pub promotion: bool,
    /// What the ops policies of the instances hold.
    pub ops_scope: OpsScope,
}

// === impl Run ===

impl Run {
    /// `plan` or `apply`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

// === impl Uses ===

impl Default for Uses {
    fn default() -> Self {
        Self {
            secrets: true,
            renames: false,
            credentials: false,
            force_disconnect: false,
            promotion: false,
            ops_scope: OpsScope::Instances,
        }
    }
}
