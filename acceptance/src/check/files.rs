// SPDX-License-Identifier: MPL-2.0
//! A directory as lines.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::digest;

/// Everything below a directory, itself included.
pub(super) fn lines(root: &Path) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    walk(root, &mut lines);
    lines
}

fn walk(path: &Path, lines: &mut Vec<(String, String)>) {
    let Ok(meta) = path.symlink_metadata() else { return };
    let what = if meta.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default();
        format!("link to {}", target.display())
    } else if meta.is_dir() {
        "directory".to_owned()
    } else if meta.is_file() {
        format!("file {}", digest(&fs::read(path).unwrap_or_default()))
    } else {
        "special".to_owned()
    };
    let owned = format!("mode {:o} user {} group {}", meta.mode() & 0o7777, meta.uid(), meta.gid());
    lines.push((format!("file {}", path.display()), format!("{what} {owned}")));
    if meta.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            walk(&entry.path(), lines);
        }
    }
}
