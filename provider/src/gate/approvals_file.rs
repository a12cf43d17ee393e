// SPDX-License-Identifier: MPL-2.0
//! A file of approvals.

use serde::{Deserialize, Serialize};

use super::document::Digest;
use crate::naming::shown;

const VERSION: u32 = 1;

/// What one approval in a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is approved.
    pub digest: Digest,
    /// Until when it counts.
    pub expires: Option<jiff::Timestamp>,
    /// Why.
    pub ticket: Option<String>,
    /// Who gave it.
    pub approver: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    approvals: Vec<WrittenEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approver: Option<String>,
}

/// Reads a file of approvals: JSON, version 1, no other fields. The error is a phrase that tells why not.
///
/// ```json
/// { "version": 1, "approvals": [
///   { "digest": "a1-…", "expires": "2026-11-26T10:00:00Z", "ticket": "OPS-7", "approver": "alice" } ] }
/// ```
///
/// `must_end`: whether each one must say until when it counts, as those that are signed must.
pub fn parse(bytes: &[u8], must_end: bool) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is no UTF-8: {error}"))?;
    let written: Written = serde_json::from_str(text).map_err(|error| {
        let told = if error.is_eof() { "it is cut off" } else { "it is no file of approvals" };
        format!("{told}: {error}")
    })?;
    if written.version != VERSION {
        return Err(format!(
            "it has version {}, and only version {VERSION} is known",
            written.version
        ));
    }
    let entries = written.approvals.into_iter().enumerate();
    entries
        .map(|(index, entry)| {
            let nth = index + 1;
            let digest = Digest::parse(&entry.digest).ok_or_else(|| {
                format!("its approval {nth} cannot be used: {}", fault(&entry.digest))
            })?;
            let expires = match entry.expires {
                None if must_end => {
                    return Err(format!(
                        "its approval {nth} has no `expires`, which what is signed must have"
                    ));
                }
                None => None,
                Some(text) => Some(text.parse::<jiff::Timestamp>().map_err(|_| {
                    format!(
                        "`expires` of its approval {nth}, {}, is no time of RFC 3339",
                        shown(&text)
                    )
                })?),
            };
            Ok(Entry { digest, expires, ticket: entry.ticket, approver: entry.approver })
        })
        .collect()
}

/// Writes a file of approvals.
pub fn write(entries: &[Entry]) -> Result<String, String> {
    let approvals = entries
        .iter()
        .map(|entry| WrittenEntry {
            digest: entry.digest.to_string(),
            expires: entry.expires.map(|end| end.to_string()),
            ticket: entry.ticket.clone(),
            approver: entry.approver.clone(),
        })
        .collect();
    serde_json::to_string_pretty(&Written { version: VERSION, approvals })
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}

/// What is wrong with a text that is no digest, as a phrase.
pub fn fault(text: &str) -> String {
    const WHOLE: usize = 55;
    let given = shown(text);
    let whole = format!(
        "a digest is `a1-` and {} characters of a-z and 2-7, whole as the refusal shows it",
        WHOLE - 3
    );
    let lower = text.trim().to_ascii_lowercase();
    if Digest::parse(&lower).is_some() {
        return format!("{given} has white space or capital letters in it, and {whole}");
    }
    let is_code = |c: char| c.is_ascii_lowercase() || ('2'..='7').contains(&c);
    let is_begun = lower
        .strip_prefix("a1-")
        .is_some_and(|code| code.trim_end_matches(['.', '\u{2026}']).chars().all(is_code));
    if is_begun && lower.chars().count() < WHOLE {
        return format!(
            "{given} looks truncated: it has {} characters of {WHOLE}, and {whole}",
            lower.chars().count()
        );
    }
    format!("{given} is no digest: {whole}")
}
