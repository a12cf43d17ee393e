// SPDX-License-Identifier: MPL-2.0
//! One change in the one form in which it is approved, and its digest.
//!
//! The canonical text is that of RFC 8785; the digest is SHA-256 over `appenv-approval`, a zero byte and that text, in
//! base32 (RFC 4648, lower case, no padding) behind `a1-`. All 256 bits of it.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::instance::changed;
use super::operation::Operation;

const FORM: &str = "approval/1";
const PROVIDER: &str = "appenv";
/// Raised when the same change has other effects than before.
const SEMVER_MAJOR: u64 = 0;

/// One change, as it is approved.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The random id of each registry, by facet; one that is not founded yet is absent.
    pub target: BTreeMap<String, String>,
    /// Who manages the app.
    pub owner: String,
    /// The app.
    pub app: String,
    /// The env.
    pub env: String,
    /// The secret, as it is named behind the instance; `None`: it is the instance that changes.
    pub secret: Option<String>,
    /// The live generation, or the secret's version; 0 where nothing is registered.
    pub generation: u64,
    /// What it is called.
    pub operation: Operation,
    /// What is there; `None`: nothing.
    pub before: Option<Value>,
    /// What is to be there; `None`: nothing.
    pub after: Option<Value>,
    /// What is written, in order.
    pub effects: Vec<String>,
}

/// The digest of one change. Compared in constant time.
#[derive(Clone)]
pub struct Digest(String);

/// Why a text is no document, or a document has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It holds a number that is no integer.
    #[error("it holds {0}, and only whole numbers have one form")]
    Fraction(String),
    /// It is not what this release writes.
    #[error("{0}")]
    Malformed(String),
}

/// The document as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: String,
    provider: String,
    semver_major: u64,
    target: BTreeMap<String, String>,
    owner: String,
    app: String,
    env: String,
    secret: Option<String>,
    #[serde(rename = "gen")]
    generation: u64,
    op: String,
    before: Option<Value>,
    after: Option<Value>,
    effects: Vec<String>,
}

// === impl Document ===

impl Document {
    /// The canonical text.
    pub fn canonical(&self) -> Result<String, DocumentError> {
        for side in [&self.before, &self.after].into_iter().flatten() {
            whole_numbers(side)?;
        }
        let written = Written {
            v: FORM.to_owned(),
            provider: PROVIDER.to_owned(),
            semver_major: SEMVER_MAJOR,
            target: self.target.clone(),
            owner: self.owner.clone(),
            app: self.app.clone(),
            env: self.env.clone(),
            secret: self.secret.clone(),
            generation: self.generation,
            op: self.operation.name().to_owned(),
            before: self.before.clone(),
            after: self.after.clone(),
            effects: self.effects.clone(),
        };
        serde_json_canonicalizer::to_string(&written)
            .map_err(|error| DocumentError::Malformed(error.to_string()))
    }

    /// The digest.
    pub fn digest(&self) -> Result<Digest, DocumentError> {
        Ok(Digest::of(&self.canonical()?))
    }

    /// Reads the canonical text.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let malformed = |error: String| DocumentError::Malformed(error);
        let written: Written =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let known = (written.v.as_str(), written.provider.as_str(), written.semver_major);
        if known != (FORM, PROVIDER, SEMVER_MAJOR) {
            return Err(malformed(format!(
                "it is {} of {} {}, and this release writes {FORM} of {PROVIDER} {SEMVER_MAJOR}",
                written.v, written.provider, written.semver_major
            )));
        }
        let operation = Operation::parse(&written.op)
            .ok_or_else(|| malformed(format!("{:?} is no operation", written.op)))?;
        let document = Self {
            target: written.target,
            owner: written.owner,
            app: written.app,
            env: written.env,
            secret: written.secret,
            generation: written.generation,
            operation,
            before: written.before,
            after: written.after,
            effects: written.effects,
        };
        if document.canonical()? == text {
            Ok(document)
        } else {
            Err(malformed("it is not in its canonical form".to_owned()))
        }
    }

    /// What changes: `erp/prod`, or the secret `erp/prod/API_KEY`.
    pub fn subject(&self) -> String {
        match &self.secret {
            None => format!("{}/{}", self.app, self.env),
            Some(secret) => format!("{}/{}/{secret}", self.app, self.env),
        }
    }

    /// What a reviewer reads of it: lines without an end.
    pub fn readable(&self) -> String {
        let mut lines = vec![
            format!(
                "{} of {}, owner {}",
                self.operation.name(),
                escaped(&self.subject()),
                escaped(none(&self.owner))
            ),
            format!("generation {}", self.generation),
        ];
        let targets = self.target.iter();
        let targets =
            targets.map(|(facet, id)| format!("in {}, registry {}", escaped(facet), escaped(id)));
        lines.extend(targets);
        lines.push("effects:".to_owned());
        lines.extend(self.effects.iter().map(|effect| format!("  - {}", escaped(effect))));
        let (before, after) = (self.before.clone(), self.after.clone());
        if let (Some(before), Some(after)) = (before, after) {
            lines.push("changes:".to_owned());
            let changes = changed(&before, &after).into_iter();
            lines.extend(changes.map(|(path, was, now)| {
                format!("  - {}: {} -> {}", escaped(&path), shown(&was), shown(&now))
            }));
        }
        lines.join("\n")
    }
}

fn none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// A leaf, in JSON with control characters escaped.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        other => escaped(&other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let odd = c.is_control() || is_invisible(c);
            if odd { c.escape_default().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect()
}

/// Marks that turn or hide what stands beside them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn whole_numbers(value: &Value) -> Result<(), DocumentError> {
    match value {
        Value::Number(number) if !(number.is_i64() || number.is_u64()) => {
            Err(DocumentError::Fraction(number.to_string()))
        }
        Value::Array(values) => values.iter().try_for_each(whole_numbers),
        Value::Object(values) => values.values().try_for_each(whole_numbers),
        _ => Ok(()),
    }
}

// === impl Digest ===

impl Digest {
    /// The digest of a canonical text.
    pub fn of(canonical: &str) -> Self {
        let hash = Sha256::new_with_prefix("appenv-approval\0").chain_update(canonical).finalize();
        let text = data_encoding::BASE32_NOPAD.encode(&hash).to_ascii_lowercase();
        Self(format!("a1-{text}"))
    }

    /// Reads one: only the whole, exact form.
    pub fn parse(text: &str) -> Option<Self> {
        let code = text.strip_prefix("a1-")?;
        let is_code = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
        let decoded = data_encoding::BASE32_NOPAD.decode(code.to_ascii_uppercase().as_bytes());
        (code.bytes().all(is_code) && decoded.is_ok_and(|hash| hash.len() == 32))
            .then(|| Self(text.to_owned()))
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
