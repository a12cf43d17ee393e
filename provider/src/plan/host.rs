// SPDX-License-Identifier: MPL-2.0
//! What an instance has in the directories of a host, and how that stands against the wish.

use std::collections::{BTreeMap, BTreeSet};

use super::{ObjectState, Objects};
use crate::naming::Coordinate;

/// The line of `objects` for the directory of the instance and the app's own in it.
pub const APP_DIR: &str = "host_app_dir";
/// The line for the directory of the secrets.
pub const SECRETS_DIR: &str = "host_secrets_dir";
/// The line for the directory of their backups.
pub const BACKUP_DIR: &str = "host_backup_dir";
/// The line for the link `.env.{env}`; a named one has its name behind it, `host_link_users`.
pub const LINK: &str = "host_link";

/// What an instance shall have on a host. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostWish {
    /// Where the registry is.
    pub root: String,
    /// The directory of the instance.
    pub app_dir: String,
    /// The app's own directory in it: where its working tree is.
    pub project_dir: String,
    /// The directory of the secrets.
    pub secrets_dir: String,
    /// The directory of their backups.
    pub backup_dir: String,
    /// Links from the app's directory to files of secrets.
    pub links: Vec<LinkWish>,
    /// Of a renaming: old paths are links until then (RFC 3339). `None`: nothing is kept.
    pub keep_until: Option<String>,
    /// Old paths whose time is over.
    pub over: BTreeSet<String>,
}

/// A link to a file of secrets, which need not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkWish {
    /// Its line of `objects`.
    pub key: String,
    /// Its name in the app's directory, `.env.staging`.
    pub name: String,
    /// Where it points, absolute.
    pub target: String,
}

/// One thing in a directory, in the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its line of `objects`.
    pub key: String,
    /// Its path, absolute.
    pub path: String,
    /// What it shall be.
    pub kind: Kind,
}

/// What something shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory with exactly these permissions.
    Directory {
        /// The twelve permission bits.
        mode: u32,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: String,
    },
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Missing,
    /// A directory.
    Directory {
        /// The twelve permission bits.
        mode: u32,
        /// Who owns it, and which group.
        owner: Owner,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: String,
    },
    /// Anything else, in words: `a file`.
    Other(&'static str),
}

/// Numbers of a user and of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: u32,
    /// The group.
    pub group: u32,
}

// === impl HostWish ===

impl HostWish {
    /// The wish for directories with these paths; `env_files` as the resource has them.
    pub fn new(
        coordinate: &Coordinate,
        root: String,
        app_dir: String,
        secrets_dir: String,
        env_files: &BTreeSet<String>,
    ) -> Self {
        let env = coordinate.env();
        let link = |name: &String| match name.as_str() {
            "" => LinkWish {
                key: LINK.to_owned(),
                name: format!(".env.{env}"),
                target: format!("{secrets_dir}/.env"),
            },
            name => LinkWish {
                key: format!("{LINK}_{name}"),
                name: format!(".env.{env}.{name}"),
                target: format!("{secrets_dir}/.env.{env}.{name}"),
            },
        };
        Self {
            links: env_files.iter().map(link).collect(),
            project_dir: format!("{app_dir}/{}", coordinate.app()),
            backup_dir: format!("{secrets_dir}/backup"),
            root,
            app_dir,
            secrets_dir,
            keep_until: None,
            over: BTreeSet::new(),
        }
    }

    /// Everything, in the order in which it is made; backwards, in which it is removed.
    pub fn places(&self) -> Vec<Place> {
        let directory = |key: &str, path: &String, mode| Place {
            key: key.to_owned(),
            path: path.clone(),
            kind: Kind::Directory { mode },
        };
        let link = |link: &LinkWish| Place {
            key: link.key.clone(),
            path: format!("{}/{}", self.project_dir, link.name),
            kind: Kind::Link { target: link.target.clone() },
        };
        let directories = [
            directory(APP_DIR, &self.app_dir, 0o755),
            directory(APP_DIR, &self.project_dir, 0o755),
            directory(SECRETS_DIR, &self.secrets_dir, 0o700),
            directory(BACKUP_DIR, &self.backup_dir, 0o700),
        ];
        directories.into_iter().chain(self.links.iter().map(link)).collect()
    }

    /// How what is there stands against it, by line of `objects`. `found` has every path of the places; `owner` is
    /// whose directories they shall be.
    pub fn states(&self, found: &BTreeMap<String, Found>, owner: Owner) -> Objects {
        let mut objects = Objects::new();
        for place in self.places() {
            let there = found.get(&place.path).unwrap_or(&Found::Missing);
            let state = match place.differences(there, owner) {
                None => ObjectState::Missing,
                Some(differences) => ObjectState::from_differences(differences),
            };
            let state = match (objects.remove(&place.key), state) {
                (None, state) => state,
                // The app's own directory within the instance's.
                (Some(ObjectState::Missing), _) => ObjectState::Missing,
                (Some(outer), inner) => {
                    let name = place.path.rsplit('/').next().unwrap_or_default();
                    let inner = match inner {
                        ObjectState::Ok => Vec::new(),
                        ObjectState::Missing => vec![format!("{name} is missing")],
                        ObjectState::Differs(how) => {
                            how.into_iter().map(|how| format!("{name}: {how}")).collect()
                        }
                    };
                    let outer = match outer {
                        ObjectState::Differs(how) => how,
                        _ => Vec::new(),
                    };
                    ObjectState::from_differences([outer, inner].concat())
                }
            };
            objects.insert(place.key, state);
        }
        objects
    }
}

// === impl Place ===

impl Place {
    /// One phrase a difference; `None` where nothing is there.
    fn differences(&self, found: &Found, owner: Owner) -> Option<Vec<String>> {
        let mut how = Vec::new();
        match (&self.kind, found) {
            (_, Found::Missing) => return None,
            (Kind::Directory { mode: wished }, Found::Directory { mode, owner: is }) => {
                if mode != wished {
                    how.push(format!("mode is {mode:04o}"));
                }
                if is.user != owner.user {
                    how.push(format!("owner is user {}", is.user));
                }
                if is.group != owner.group {
                    how.push(format!("group is {}", is.group));
                }
            }
            (Kind::Link { target: wished }, Found::Link { target }) => {
                if target != wished {
                    how.push(format!("points to {}", quoted(target)));
                }
            }
            (Kind::Link { .. }, Found::Directory { .. }) => how.push("is a directory".to_owned()),
            (Kind::Directory { .. }, Found::Link { target }) => {
                how.push(format!("is a link to {}", quoted(target)));
            }
            (_, Found::Other(what)) => how.push(format!("is {what}")),
        }
        Some(how)
    }

    /// Whether what is there would have to be removed before this could be made: it may hold what nobody else has.
    pub fn is_blocked_by(&self, found: &Found) -> bool {
        match self.kind {
            Kind::Directory { .. } => !matches!(found, Found::Missing | Found::Directory { .. }),
            Kind::Link { .. } => !matches!(found, Found::Missing | Found::Link { .. }),
        }
    }

    /// Whether exactly this link is there: whoever made it, it holds nothing.
    pub fn is_the_same_link(&self, found: &Found) -> bool {
        match (&self.kind, found) {
            (Kind::Link { target: wished }, Found::Link { target }) => wished == target,
            _ => false,
        }
    }

    /// What is there, in words, for a message: `directory "/opt/erp" (mode 0755, owned by user 0)`.
    pub fn told(&self, found: &Found) -> String {
        let path = quoted(&self.path);
        match found {
            Found::Missing => format!("nothing at {path}"),
            Found::Directory { mode, owner } => {
                format!("directory {path} (mode {mode:04o}, owned by user {})", owner.user)
            }
            Found::Link { target } => format!("link {path} (to {})", quoted(target)),
            Found::Other(what) => format!("{path} ({what})"),
        }
    }
}

/// Names of every object of a wish, as `objects` lists them.
pub fn object_keys(wish: &HostWish) -> Vec<String> {
    let directories = [APP_DIR, SECRETS_DIR, BACKUP_DIR].map(str::to_owned);
    directories.into_iter().chain(wish.links.iter().map(|link| link.key.clone())).collect()
}

/// A text of a file system, which may hold anything, as it goes into a message.
pub fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{dots}\"", cut.escape_debug())
}
