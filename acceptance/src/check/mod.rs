// SPDX-License-Identifier: MPL-2.0
//! Questions asked of the servers themselves: what is there, what has changed, is anything lost.

mod catalog;
mod files;
mod sentinel;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

pub use sentinel::Sentinel;

use crate::random;
use crate::servers::{OpenBao, Postgres, Servers};

/// Everything there is at one moment, one line an object.
///
/// Secrets are in it as digests only, so that a failed comparison can be printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    lines: BTreeMap<String, String>,
}

/// What two snapshots do not have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Objects that only the later one has.
    pub added: BTreeMap<String, String>,
    /// Objects that only the earlier one has.
    pub removed: BTreeMap<String, String>,
    /// Objects that both have: before and after.
    pub changed: BTreeMap<String, (String, String)>,
}

// === impl Snapshot ===

impl Snapshot {
    /// Both servers.
    pub fn take(servers: &Servers) -> Self {
        Self::default().with_postgres(&servers.pg).with_openbao(&servers.bao)
    }

    /// What there is of one app on servers that others change meanwhile: lines with its name in them, and of
    /// databases only those whose name begins with it.
    pub fn of_app(servers: &Servers, app: &str) -> Self {
        let databases = format!("datname = 'postgres' OR starts_with(datname, '{app}')");
        let mut lines: BTreeMap<String, String> = BTreeMap::new();
        lines.extend(catalog::lines(&servers.pg, &databases));
        lines.extend(vault::lines(servers.bao.api()));
        lines.retain(|object, what| object.contains(app) || what.contains(app));
        Self { lines }
    }

    /// Adds a PostgreSQL server: roles, memberships, databases, settings, and in every database schemas, extensions,
    /// relations, privileges and rows.
    #[must_use]
    pub fn with_postgres(mut self, pg: &Postgres) -> Self {
        self.lines.extend(catalog::lines(pg, "true"));
        self
    }

    /// Adds an OpenBao server: mounts, policies, roles, and the KV tree.
    #[must_use]
    pub fn with_openbao(mut self, bao: &OpenBao) -> Self {
        self.lines.extend(vault::lines(bao.api()));
        self
    }

    /// Adds a directory: kind, mode, owner and digest of everything in it.
    #[must_use]
    pub fn with_files(mut self, root: &Path) -> Self {
        self.lines.extend(files::lines(root));
        self
    }

    /// The lines whose object is named so, for a closer look.
    pub fn about(&self, name: &str) -> Vec<String> {
        let line = |(object, what): (&String, &String)| format!("{object}: {what}");
        self.lines.iter().filter(|(object, _)| mentions(object, name)).map(line).collect()
    }

    /// What has changed since an earlier one.
    pub fn since(&self, earlier: &Self) -> Diff {
        let keys: BTreeSet<_> = self.lines.keys().chain(earlier.lines.keys()).collect();
        let mut diff = Diff::default();
        for key in keys {
            match (earlier.lines.get(key), self.lines.get(key)) {
                (None, Some(now)) => drop(diff.added.insert(key.clone(), now.clone())),
                (Some(then), None) => drop(diff.removed.insert(key.clone(), then.clone())),
                (Some(then), Some(now)) if then != now => {
                    diff.changed.insert(key.clone(), (then.clone(), now.clone()));
                }
                _ => {}
            }
        }
        diff
    }
}

// === impl Diff ===

impl Diff {
    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// The part that names none of these. A name counts as a whole: `erp` is not found in `erp-sandbox`.
    #[must_use]
    pub fn outside(&self, names: &[&str]) -> Self {
        let strange = |key: &String| !names.iter().any(|name| mentions(key, name));
        let mut rest = self.clone();
        rest.added.retain(|key, _| strange(key));
        rest.removed.retain(|key, _| strange(key));
        rest.changed.retain(|key, _| strange(key));
        rest
    }

    /// Fails the test where anything but these has changed.
    pub fn concerns_only(&self, names: &[&str]) {
        let strange = self.outside(names);
        assert!(strange.is_empty(), "others than {names:?} have changed:\n{strange}");
    }

    /// Fails the test where anything has changed.
    pub fn is_nothing(&self) {
        assert!(self.is_empty(), "something has changed:\n{self}");
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.added.iter().try_for_each(|(key, now)| writeln!(f, "  + {key}: {now}"))?;
        self.removed.iter().try_for_each(|(key, then)| writeln!(f, "  - {key}: {then}"))?;
        self.changed
            .iter()
            .try_for_each(|(key, (then, now))| writeln!(f, "  ~ {key}: {then}\n     -> {now}"))
    }
}

/// Whether a text holds a name, not as a part of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    text.match_indices(name).any(|(at, _)| {
        !part(text[..at].chars().next_back()) && !part(text[at + name.len()..].chars().next())
    })
}

/// A short digest of something that must not be printed.
fn digest(bytes: &[u8]) -> String {
    random::hex(&aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_as_a_whole() {
        assert!(mentions("pg role erp_role", "erp_role"));
        assert!(mentions("bao kv erp/config", "erp"));
        assert!(!mentions("bao kv erp-sandbox/config", "erp"));
        assert!(!mentions("pg role erp_role", "erp"));
        assert!(mentions("erp-sandbox and erp", "erp"));
    }

    #[test]
    fn a_difference_has_three_kinds_and_a_rest() {
        let of = |lines: &[(&str, &str)]| Snapshot {
            lines: lines.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        };
        let then = of(&[("role a", "1"), ("role b", "1"), ("role c", "1")]);
        let now = of(&[("role a", "1"), ("role b", "2"), ("role d", "1")]);
        let diff = now.since(&then);
        assert!(diff.added.contains_key("role d") && diff.removed.contains_key("role c"));
        assert_eq!(diff.changed["role b"], ("1".to_owned(), "2".to_owned()));
        assert!(diff.outside(&["b", "c", "d"]).is_empty());
        assert_eq!(diff.outside(&["b", "d"]).removed.len(), 1);
        then.since(&then).is_nothing();
    }
}
