// SPDX-License-Identifier: MPL-2.0
//! The one terminal in which a guide is followed: what a block exports is there in all that come after it, and so is its umask.

use std::collections::BTreeMap;
use std::path::Path;

use acceptance::{Cli, Run, Workspace};

/// How the mask of one block gets to the next.
const UMASK: &str = "TERMINAL_UMASK";

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
        let script = format!(
            "umask \"${{{UMASK}:-022}}\"\nenv -0 > '{}'\ntrap '{UMASK}=$(umask) env -0 > \"{}\"' EXIT\n{lines}",
            before.display(),
            after.display()
        );
        let run = ws.run_typed(&script, &self.env);
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

#[test]
fn a_terminal_keeps_what_is_exported_and_has_no_pipefail() {
    let ws = Workspace::new(Cli::any());
    let mut terminal = Terminal::default();
    terminal.set("GONE", "1");
    let first = terminal
        .follow(&ws, "false | true\nexport KEPT='a b'\nHERE=1\nunset GONE\numask 077\nexit 3");
    assert_eq!(first.code, Some(3), "{first}");
    let then = terminal.follow(&ws, "echo \"$KEPT,$HERE,$GONE,$(umask)\"");
    assert_eq!(then.stdout, "a b,,,0077\n");
    let failed = terminal.follow(&ws, "false\nexport KEPT=");
    assert_eq!(failed.code, Some(1), "{failed}");
    assert_eq!(terminal.run(&ws, "echo $KEPT").stdout, "a b\n");
}
