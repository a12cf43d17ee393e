// SPDX-License-Identifier: MPL-2.0
//! What the facet is told.

/// The directories of the machine that the provider runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where instances have their directories, and the registry its own: an absolute path.
    pub root: String,
    /// What `~/` stands for.
    pub home: Option<String>,
    /// What the machine is called, so that another one is told from it; `None`: only by the registry's id.
    pub name: Option<String>,
    /// How many backups of each file of secrets are kept; 0: none.
    pub backups_kept: usize,
}

/// How many backups are kept where nothing says.
pub const BACKUPS_KEPT: usize = 10;

// === impl Settings ===

impl Settings {
    /// A path with the home directory in the place of `~/`.
    pub fn expand(&self, path: &str) -> String {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
            _ => path.to_owned(),
        }
    }
}
