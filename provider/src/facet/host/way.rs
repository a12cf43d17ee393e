// SPDX-License-Identifier: MPL-2.0
//! The way to a path, step by step from the root of the file system, and whether others could lead it elsewhere.

use super::disk::{Dir, DiskError, us};
use crate::plan::host::{Found, quoted};

/// How far a path goes.
#[derive(Debug)]
pub(super) struct Way {
    /// The last directory of it that is there.
    pub dir: Dir,
    /// The names behind it that are not, or that are no directories.
    pub rest: Vec<String>,
    /// Directories on it, the last one included, that others may change.
    pub doubts: Vec<Doubt>,
    /// A directory on it, the last one included, that is the top of a git work tree.
    pub work_tree: Option<String>,
}

/// A directory that others may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// Which.
    pub path: String,
    /// How: `is writable by everybody (mode 0777)`.
    pub how: String,
    /// What mends it.
    pub next: String,
}

/// Why a path leads nowhere.
#[derive(Debug)]
pub(super) enum Astray {
    /// A call failed.
    Disk(DiskError),
    /// A step of it is no directory: which, and what it is instead.
    Blocked { path: String, what: String },
}

impl From<DiskError> for Astray {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

// === impl Way ===

impl Way {
    /// Goes to a path as far as it is there. Directories above `root` may be sticky and open to everybody, as `/tmp` is:
    /// what we go through in them is ours or the system's. Those in it, itself included, may not.
    pub fn to(path: &str, root: &str) -> Result<Self, Astray> {
        let mut way =
            Self { dir: Dir::slash()?, rest: Vec::new(), doubts: Vec::new(), work_tree: None };
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        for (index, step) in steps.iter().enumerate() {
            match way.dir.look(step)? {
                Found::Directory { .. } => {
                    way.dir = way.dir.enter(step)?;
                    way.judge(root, index + 1 == steps.len())?;
                    if way.dir.look(".git")? != Found::Missing {
                        way.work_tree = Some(way.dir.path().to_owned());
                    }
                }
                Found::Missing => {
                    way.rest = steps[index..].iter().map(|&step| step.to_owned()).collect();
                    break;
                }
                Found::Link { target } => {
                    let what = format!("is a symbolic link to {}", quoted(&target));
                    return Err(Astray::Blocked { path: way.dir.join(step), what });
                }
                Found::Other(what) => {
                    let what = format!("is {what}");
                    return Err(Astray::Blocked { path: way.dir.join(step), what });
                }
            }
        }
        Ok(way)
    }

    /// Goes to the directory that something lies in; the name of that, too.
    pub fn to_parent<'a>(path: &'a str, root: &str) -> Result<(Self, &'a str), Astray> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((Self::to(parent, root)?, name))
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }

    fn judge(&mut self, root: &str, is_last: bool) -> Result<(), DiskError> {
        let Found::Directory { mode, owner } = self.dir.own()? else { return Ok(()) };
        let path = self.dir.path();
        let us = us();
        let shown = quoted(path);
        let mut doubt = |how: String, next: String| {
            self.doubts.push(Doubt { path: path.to_owned(), how, next });
        };
        if owner.user != 0 && owner.user != us.user {
            doubt(
                format!("belongs to user {}, and this run is user {}", owner.user, us.user),
                format!(
                    "run as user {}, or give {shown} to root or to user {}",
                    owner.user, us.user
                ),
            );
        }
        let is_above = root.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let is_outside =
            path.strip_prefix(root).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let sticky = mode & 0o1000 != 0 && (is_above || (is_outside && !is_last));
        if mode & 0o002 != 0 && !sticky {
            doubt(
                format!("is writable by everybody (mode {mode:04o})"),
                format!("chmod o-w {shown}"),
            );
        } else if mode & 0o020 != 0 && !sticky && owner.group != us.group && owner.group != 0 {
            doubt(
                format!("is writable by group {} (mode {mode:04o})", owner.group),
                format!("chmod g-w {shown}"),
            );
        }
        Ok(())
    }
}
