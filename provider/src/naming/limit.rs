// SPDX-License-Identifier: MPL-2.0
//! Judges names by what their targets allow. A name that is not allowed is refused; nothing is shortened or cleaned.

use super::error::{NameError, Subject, shown};
use super::row::{ROWS, Row};
use super::target::Rule;

/// Judges a name by what the target of the row with that key allows; a key of no row is refused.
pub fn check_name(key: &str, name: &str) -> Result<(), NameError> {
    let row = row_of(key)?;
    check(row.rule, Subject::Name(row.key), row.key, name, "Choose another name.")
}

/// Judges the root of a host: absolute, or beginning with `~/`.
pub fn check_root(root: &str) -> Result<(), NameError> {
    let next = "Choose another directory.";
    check(&super::target::ROOT, Subject::Input("root"), "host.root", root, next)
}

/// The row with that key.
pub(super) fn row_of(key: &str) -> Result<&'static Row, NameError> {
    ROWS.iter().find(|row| row.key == key).ok_or_else(|| {
        NameError::new(
            Subject::Template(key.to_owned()),
            format!("{} is no name of an instance", shown(key)),
            format!("The names are {}. Write one of them.", ROWS.map(|row| row.key).join(", ")),
        )
    })
}

/// Judges a name by a rule. `label` says what it is to the user; `next` what to do instead.
pub(super) fn check(
    rule: &Rule,
    subject: Subject,
    label: &str,
    name: &str,
    next: &str,
) -> Result<(), NameError> {
    let Some(fault) = rule.fault(name) else { return Ok(()) };
    let (label, kind, whose) = (format!("{label} {}", shown(name)), rule.kind, rule.whose);
    let (summary, why) = match fault {
        Fault::Long { part: None, bytes, limit } => (
            format!("{label} is too long for {kind}"),
            format!("It has {bytes} bytes and {whose} allows {limit}; nothing is shortened."),
        ),
        Fault::Long { part: Some(part), bytes, limit } => (
            format!("{label} is too long for {kind}"),
            format!(
                "Its part {} has {bytes} bytes and {whose} allows {limit} a part; nothing is shortened.",
                shown(part)
            ),
        ),
        Fault::Outside(how) => (
            format!("{label} is not allowed as {kind}"),
            format!("{how}. Allowed are {}; nothing is converted.", rule.alphabet),
        ),
        Fault::Never(pattern) => (
            format!("{label} is never allowed as {kind}"),
            match pattern.strip_suffix('*') {
                Some(prefix) => format!(
                    "Names that begin with {} are kept for the target itself.",
                    shown(prefix)
                ),
                None => format!(
                    "{} is kept for the target itself or for appenv's own records.",
                    shown(pattern)
                ),
            },
        ),
    };
    Err(NameError::new(subject, summary, format!("{why} {next}")))
}

/// One character as a message shows it.
fn quoted(c: char) -> String {
    shown(c.encode_utf8(&mut [0; 4]))
}

/// What is wrong with a name.
enum Fault<'a> {
    Long { part: Option<&'a str>, bytes: usize, limit: usize },
    Outside(String),
    Never(&'static str),
}

// === impl Rule ===

impl Rule {
    /// The first thing wrong with a name.
    fn fault<'a>(&self, name: &'a str) -> Option<Fault<'a>> {
        if name.len() > self.bytes {
            return Some(Fault::Long { part: None, bytes: name.len(), limit: self.bytes });
        }
        let Some(body) = self.shape.body(name) else {
            return Some(Fault::Outside(format!(
                "It does not begin with {}",
                self.shape.beginning()
            )));
        };
        let parts: Vec<&str> = match self.shape.separator() {
            None => vec![body],
            Some(separator) => body.split(separator).collect(),
        };
        if self.shape.too_deep(parts.len()) {
            return Some(Fault::Outside(format!("It has {} segments", parts.len())));
        }
        parts
            .iter()
            .find_map(|part| self.part_fault(part, parts.len() == 1))
            .or_else(|| parts.first().and_then(|first| self.denied(first)))
    }

    /// The first thing wrong with one part.
    fn part_fault<'a>(&self, part: &'a str, whole: bool) -> Option<Fault<'a>> {
        let which = if whole { "It".to_owned() } else { format!("Its part {}", shown(part)) };
        let how = if part.is_empty() {
            if whole { "It is empty".to_owned() } else { "One of its parts is empty".to_owned() }
        } else if part == "." || part == ".." {
            format!("{which} is a relative step")
        } else if let Some(c) = part.chars().find(|c| !(self.allowed)(*c)) {
            format!("{which} holds the character {}", quoted(c))
        } else if let Some(c) = part.chars().next().filter(|c| !(self.first)(*c)) {
            format!("{which} begins with {}", quoted(c))
        } else if let Some(c) = part.chars().next_back().filter(|c| !(self.last)(*c)) {
            format!("{which} ends with {}", quoted(c))
        } else if part.len() > self.part_bytes {
            return Some(Fault::Long {
                part: (!whole).then_some(part),
                bytes: part.len(),
                limit: self.part_bytes,
            });
        } else {
            return None;
        };
        Some(Fault::Outside(how))
    }

    /// Whether the target keeps that name, or paths that begin with that part, for itself.
    fn denied<'a>(&self, first: &str) -> Option<Fault<'a>> {
        let first = first.to_ascii_lowercase();
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => first.starts_with(prefix),
            None => first == pattern,
        };
        self.never.iter().find(|pattern| matches(pattern)).map(|pattern| Fault::Never(pattern))
    }
}
