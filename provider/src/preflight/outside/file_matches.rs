// SPDX-License-Identifier: MPL-2.0
//! A file names what it should: this env in a docker compose file, the unit of a process manager, a cron table.

use std::sync::Arc;

use regex::Regex;

use super::super::Check;
use crate::finding::Finding;
use crate::world::World;

const CHECK: &str = "file_matches";
/// The longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// A file, and what must be in it.
#[derive(Clone, Debug)]
pub struct FileTarget {
    /// Where it is, relative to the working directory.
    pub path: String,
    /// Text that some line must have, each.
    pub contains: Vec<String>,
    /// What some line must match.
    pub pattern: Option<Regex>,
}

// === impl FileTarget ===

impl FileTarget {
    /// Reads the file; a finding `file_matches` for each text and for the pattern, or one where it cannot be read.
    pub fn check(self, world: Arc<World>) -> Check<'static> {
        let target = format!("file {:?}", self.path);
        Check::new(CHECK, target.clone(), async move {
            let path = self.path.clone();
            // A file system that hangs holds up nothing else.
            let read = move || world.read_small_file(path, LONGEST);
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(text)) => self.judge(&text, &target),
                Ok(Err(error)) => vec![Finding::fail(
                    CHECK,
                    target,
                    format!("It cannot be read: {error}."),
                    "Put the file there, as text of at most 1 MiB, or correct `path`.",
                )],
                Err(_) => Vec::new(),
            }
        })
    }

    fn judge(&self, text: &str, target: &str) -> Vec<Finding> {
        let line = |fits: &dyn Fn(&str) -> bool| text.lines().position(fits).map(|at| at + 1);
        let texts = self.contains.iter().map(|wanted| {
            let fix = format!("Add a line that has {wanted:?} to the file.");
            (format!("{wanted:?}"), line(&|line| line.contains(wanted)), fix)
        });
        let patterns = self.pattern.iter().map(|pattern| {
            let fix = format!("Add a line that matches `{pattern}` to the file.");
            (format!("a match of `{pattern}`"), line(&|line| pattern.is_match(line)), fix)
        });
        texts
            .chain(patterns)
            .map(|(wanted, line, fix)| match line {
                Some(line) => Finding::ok(CHECK, target, format!("Line {line} has {wanted}.")),
                None => Finding::fail(CHECK, target, format!("No line has {wanted}."), fix),
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::finding::Status;

    #[test]
    fn each_text_has_its_finding() {
        let target = FileTarget {
            path: "compose.yml".to_owned(),
            contains: vec!["erp-sandbox".to_owned(), "crm".to_owned()],
            pattern: Some(Regex::new(r"^\s+image: .*:v\d+$").unwrap()),
        };
        let text = "services:\n  erp-sandbox:\n    image: registry/erp:v12\n";
        let found = target.judge(text, "file \"compose.yml\"");
        let told: Vec<_> = found.iter().map(|found| (found.status, &*found.detail)).collect();
        assert_eq!(
            told,
            [
                (Status::Ok, "Line 2 has \"erp-sandbox\"."),
                (Status::Fail, "No line has \"crm\"."),
                (Status::Ok, "Line 3 has a match of `^\\s+image: .*:v\\d+$`."),
            ]
        );
    }
}
