// SPDX-License-Identifier: MPL-2.0
//! Changes with a digest, out of the events of `plan -json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::gate::document::{Digest, Document};
use crate::naming::shown;

/// No line is longer, bytes: a diagnostic holds one change.
const LONGEST_LINE: usize = 4 << 20;
/// What stands before the canonical text in the detail of a diagnostic.
const DOCUMENT: &str = "Document: ";

/// One change, as the plan told it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What changes.
    pub document: Document,
    /// Its digest, made again from the document.
    pub digest: Digest,
    /// Whether the plan had an approval of it.
    pub is_approved: bool,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    diagnostic: Option<Told>,
}

#[derive(Deserialize)]
struct Told {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
}

/// Every change with a digest, once each, in the order of their subjects. The error is a phrase that tells why not.
pub fn changes(bytes: &[u8]) -> Result<Vec<Change>, String> {
    let mut changes = BTreeMap::new();
    let mut is_whole = false;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let nth = index + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line.len() > LONGEST_LINE {
            return Err(format!("line {nth} has more than {LONGEST_LINE} bytes"));
        }
        let event: Event = serde_json::from_slice(line).map_err(|error| {
            let told = if error.is_eof() { "is cut off" } else { "is no event of `plan -json`" };
            format!("line {nth} {told}: {error}")
        })?;
        is_whole |= event.kind == "change_summary";
        let Some(told) = event.diagnostic.filter(|_| event.kind == "diagnostic") else { continue };
        is_whole |= told.severity == "error";
        if let Some(change) = change(&told).map_err(|why| format!("line {nth}: {why}"))? {
            let key = (change.document.subject(), change.digest.to_string());
            changes.insert(key, change);
        }
    }
    if !is_whole {
        return Err(
            "they end too early: there is neither a summary of changes nor an error".to_owned()
        );
    }
    Ok(changes.into_values().collect())
}

/// The change that a diagnostic tells of; nothing where it tells of something else.
fn change(told: &Told) -> Result<Option<Change>, String> {
    let text = told.detail.lines().rev().find_map(|line| line.strip_prefix(DOCUMENT));
    let is_digest = |word: &&str| Digest::parse(word.trim_end_matches(':')).is_some();
    let digest = told.summary.split(' ').find(is_digest);
    let (text, digest) = match (text, digest) {
        (None, None) => return Ok(None),
        (Some(text), Some(digest)) => (text, digest.trim_end_matches(':')),
        (None, Some(_)) => {
            return Err(format!(
                "{} has a digest, and its document is missing",
                shown(&told.summary)
            ));
        }
        (Some(_), None) => {
            return Err(format!(
                "{} has a document, and its digest is missing",
                shown(&told.summary)
            ));
        }
    };
    let unread =
        |why: String| format!("the document of {} cannot be read: {why}", shown(&told.summary));
    let document = Document::parse(text).map_err(|error| unread(error.to_string()))?;
    let again = document.digest().map_err(|error| unread(error.to_string()))?;
    if again.to_string() != digest {
        return Err(format!(
            "{digest} is not the digest of the document beside it, which is {again}: one of them was altered, so approve neither"
        ));
    }
    let head = format!("{} {} {digest}: ", document.subject(), document.operation.name());
    let verdict = told.summary.strip_prefix(&head).ok_or_else(|| {
        format!(
            "{} is not what its document is of, {}: approve neither",
            shown(&told.summary),
            shown(&head)
        )
    })?;
    let is_approved = verdict.starts_with("approved");
    Ok(Some(Change { document, digest: again, is_approved }))
}
