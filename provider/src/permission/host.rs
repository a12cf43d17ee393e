// SPDX-License-Identifier: MPL-2.0
//! The rights on files and directories of the machine, a line each: rights as `ls` writes them, the path, and why.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Run, Uses};

/// Where directories are; `*` is any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The root, absolute: the registry is in `.appenv` of it.
    pub root: String,
    /// Directories of instances.
    pub app_dirs: BTreeSet<String>,
    /// Directories of their secrets.
    pub secrets_dirs: BTreeSet<String>,
}

/// The rights as text.
pub fn rights(layout: &Layout, uses: Uses, run: Run) -> String {
    let root = layout.root.trim_end_matches('/');
    let (first, own) = match run {
        Run::Plan => {
            ("# What appenv needs in the file system to plan: it reads, and writes nothing.", "r-x")
        }
        Run::Apply => ("# What appenv needs in the file system to apply.", "rwx"),
    };
    let mut text = format!(
        "{first}\n# What it makes belongs to its user: plan and apply as the same one, and as no one whom others can lead elsewhere\n\
         # by writing to a directory on the way.\n"
    );
    // Writing to a String cannot fail.
    let mut line = |rights: &str, path: &str, why: &str| {
        let _ = writeln!(text, "{rights} {path}  # {why}");
    };
    line("--x", &format!("every directory above {root}/"), "the way there");
    line(own, &format!("{root}/"), "directories of apps");
    line(own, &format!("{root}/.appenv/"), "the registry, with what is in it");
    for dir in &layout.app_dirs {
        line(
            own,
            &format!("{dir}/"),
            "an instance: its directory, the app's own in it, links to files of secrets",
        );
    }
    for dir in &layout.secrets_dirs {
        line(own, &format!("{dir}/"), "its secrets, mode 0700");
        line(own, &format!("{dir}/backup/"), "their backups, mode 0700");
        if uses.secrets {
            let (rights, why) = match run {
                Run::Plan => {
                    ("r--", "names of secrets, and by digests whether values are those written")
                }
                Run::Apply => ("rw-", "values of secrets, mode 0600"),
            };
            line(rights, &format!("{dir}/.env"), why);
            line(rights, &format!("{dir}/.env.*"), why);
            line(rights, &format!("{dir}/.appenv.json"), "notes on secrets, mode 0600");
        }
    }
    text
}
