// SPDX-License-Identifier: MPL-2.0
//! A policy as paths and capabilities: rendered from a fixed template, read back, compared.
//!
//! Only validated names reach the text, so that no name can add a stanza or a glob. What is read back is the small
//! part of the policy language that [`Policy::render`] writes; anything else is told apart as foreign.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

mod scan;

pub use scan::ParseError;

/// What a policy path allows. The order is the one the text is rendered in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// `create`.
    Create,
    /// `update`.
    Update,
    /// `patch`.
    Patch,
    /// `read`.
    Read,
    /// Any other; none of ours is made with it.
    Other(String),
}

/// Capabilities of each path.
pub type Grants = BTreeMap<String, BTreeSet<Capability>>;

/// A policy: a comment above, and what it grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Lines above the stanzas, without the `#`.
    pub header: Vec<String>,
    /// What it grants.
    pub grants: Grants,
}

/// A name that must not reach a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A path with a character, a segment or a glob that the naming grammar does not know.
    #[error("the path \"{}\" is not made of plain segments (letters, digits, `.`, `_`, `-`)", .0.escape_debug())]
    Path(String),
    /// A path below the registry, which no policy of an app may reach.
    #[error("the path \"{}\" is inside the registry of appenv", .0.escape_debug())]
    Registry(String),
    /// A header line with a control character.
    #[error("the header line \"{}\" holds a control character", .0.escape_debug())]
    Header(String),
}

// === impl Capability ===

impl Capability {
    /// Reads the word of the policy language.
    pub fn parse(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "read" => Self::Read,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word of the policy language.
    pub fn word(&self) -> &str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Read => "read",
            Self::Other(word) => word,
        }
    }
}

// === impl Policy ===

impl Policy {
    /// The canonical text: frozen with the convention's version, see the golden files.
    pub fn render(&self) -> Result<String, PolicyError> {
        let mut text = String::new();
        for line in &self.header {
            if line.chars().any(is_unprintable) {
                return Err(PolicyError::Header(line.clone()));
            }
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {line}");
        }
        for (path, capabilities) in &self.grants {
            check_granted(path)?;
            let words: Vec<String> =
                capabilities.iter().map(|c| format!("\"{}\"", c.word())).collect();
            let _ =
                write!(text, "\npath \"{path}\" {{\n  capabilities = [{}]\n}}\n", words.join(", "));
        }
        Ok(text)
    }

    /// Reads a policy of the form [`Policy::render`] writes, in any layout.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        scan::parse(text)
    }
}

/// The grants of `text` against those wished: one phrase a difference, such as
/// `path "kvv2/data/erp/config" lacks read`.
///
/// Paths for which `elsewhere` answers true belong to someone else's part and are no difference.
pub fn differences(text: &str, wished: &Grants, elsewhere: impl Fn(&str) -> bool) -> Vec<String> {
    let seen = match Policy::parse(text) {
        Ok(policy) => policy.grants,
        Err(error) => return vec![format!("the text is not one that appenv writes: {error}")],
    };
    let none = BTreeSet::new();
    let paths: BTreeSet<&String> = wished.keys().chain(seen.keys()).collect();
    let mut phrases = Vec::new();
    for path in paths {
        let has = seen.get(path).unwrap_or(&none);
        let wants = match wished.get(path) {
            Some(wants) => wants,
            None if elsewhere(path) => continue,
            None => &none,
        };
        let lacks = words(wants.difference(has));
        let also = words(has.difference(wants));
        let path = path.escape_debug();
        if !lacks.is_empty() {
            phrases.push(format!("path \"{path}\" lacks {lacks}"));
        }
        if !also.is_empty() {
            phrases.push(format!("path \"{path}\" also grants {also}"));
        }
    }
    phrases
}

/// Whether a path is made of plain segments only: what may be sent in a URL and written into a policy.
pub fn is_plain(path: &str) -> bool {
    path.split('/').all(|segment| {
        !segment.is_empty()
            && !segment.starts_with(['.', '-'])
            && !segment.contains("..")
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    })
}

/// A path that may be granted: plain, and outside the registry. One `*` may end it, after `/` or `-` and below the
/// name of a document: the family's glob.
fn check_granted(path: &str) -> Result<(), PolicyError> {
    let refused = || PolicyError::Path(path.to_owned());
    let glob = path.strip_suffix('*');
    let stem = match glob {
        Some(stem) => stem.strip_suffix(['/', '-']).ok_or_else(refused)?,
        None => path,
    };
    if !is_plain(stem) {
        return Err(refused());
    }
    let segments: Vec<&str> = stem.split('/').collect();
    let below = |pair: &[&str]| matches!(pair, ["data" | "metadata", _]);
    if glob.is_some() && !segments.windows(2).any(below) {
        return Err(refused());
    }
    let registry = |pair: &[&str]| matches!(pair, ["data" | "metadata", "appenv"]);
    if segments.windows(2).any(registry) {
        return Err(PolicyError::Registry(path.to_owned()));
    }
    Ok(())
}

/// Whether a character could end a comment, or turn around how it reads.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn words<'a>(capabilities: impl Iterator<Item = &'a Capability>) -> String {
    let words: Vec<_> = capabilities.map(|c| c.word().escape_debug().to_string()).collect();
    words.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
