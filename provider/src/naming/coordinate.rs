// SPDX-License-Identifier: MPL-2.0
//! One app in one env.

use super::error::NameError;
use super::grammar::{check_app, check_env};

/// One app in one env; both in the grammar, and acceptable to the [`Environments`](super::Environments) that made
/// it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    app: String,
    env: String,
}

impl Coordinate {
    /// Judges the grammar alone: the coordinate of an instance that exists, whether its env is still declared or
    /// not. Every problem is reported.
    pub fn new(app: &str, env: &str) -> Result<Self, Vec<NameError>> {
        let errors: Vec<NameError> =
            [check_app(app), check_env(env)].into_iter().filter_map(Result::err).collect();
        if errors.is_empty() { Ok(Self::judged(app, env)) } else { Err(errors) }
    }

    /// Only for what has been judged.
    pub(super) fn judged(app: &str, env: &str) -> Self {
        Self { app: app.to_owned(), env: env.to_owned() }
    }

    /// The app.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The env.
    pub fn env(&self) -> &str {
        &self.env
    }
}
