//! The one terminal in which a guide is followed: what a block exports is there in all that come after it.

use std::collections::BTreeMap;
use std::path::Path;

use acceptance::{Run, Workspace};

/// Its environment, as far as it is not the workspace's own.
#[derive(Default)]
pub struct Terminal {
    env: Vec<(String, String)>,
}

// === impl Terminal ===

impl Terminal {
    pub fn set(&mut self, key: &str, value: &str) {
        self.env.push((key.to_owned(), value.to_owned()));
    }

    /// Runs what a guide does not show: nothing of it stays.
    pub fn run(&self, ws: &Workspace, lines: &str) -> Run {
        ws.run_typed(lines, &self.env)
    }

    /// Runs a block, and keeps what it exports.
    pub fn follow(&mut self, ws: &Workspace, lines: &str) -> Run {
        let [before, after] = ["before", "after"].map(|when| ws.root().join(when));
        let run = ws.run_typed(
            &format!(
                "env -0 > '{}'\ntrap 'env -0 > \"{}\"' EXIT\n{lines}",
                before.display(),
                after.display()
            ),
            &self.env,
        );
        let (before, after) = (taken(&before), taken(&after));
        self.env.retain(|(key, _)| after.contains_key(key));
        for (key, value) in after {
            if before.get(&key) != Some(&value) && !matches!(&*key, "_" | "PWD" | "OLDPWD") {
                self.set(&key, &value);
            }
        }
        run
    }
}

/// An environment that was written down. It has secrets: no file of it stays.
fn taken(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::remove_file(path).unwrap();
    let entries = text.split('\0').filter_map(|entry| entry.split_once('='));
    entries.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
