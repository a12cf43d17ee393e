// SPDX-License-Identifier: MPL-2.0
//! Which secret, of which instance.

use crate::naming::{Coordinate, Names};

/// What is behind a key to name the value before.
pub const PREVIOUS: &str = "_PREVIOUS";

/// One secret of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// App and env.
    pub coordinate: Coordinate,
    /// Every name of the instance.
    pub names: Names,
    /// `[A-Z_][A-Z0-9_]*`.
    pub key: String,
    /// How the key is spelled in Parameter Store, where that is not the key itself: `db-password`.
    pub parameter_name: Option<String>,
    /// One of the instance's `env_files`: empty is `.env`, `users` is `.env.{env}.users`.
    pub file: String,
}

// === impl Place ===

impl Place {
    /// The key under which the value before stays readable for the time of grace.
    pub fn previous_key(&self) -> String {
        format!("{}{PREVIOUS}", self.key)
    }

    /// As messages name it: `erp/sandbox: DB_PASSWORD`.
    pub fn shown(&self) -> String {
        format!("{}/{}: {}", self.coordinate.app(), self.coordinate.env(), self.key)
    }
}
