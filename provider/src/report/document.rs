// SPDX-License-Identifier: MPL-2.0
//! What a digest stands for, as far as a reviewer is shown it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::gate::document::Digest;

/// What the last line of a gate's detail begins with.
const LINE: &str = "Document: ";

/// The few fields that are shown.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    pub app: String,
    pub env: String,
    pub secret: Option<String>,
    #[serde(default)]
    pub effects: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
}

/// One value that changes; absent where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

// === impl Document ===

impl Document {
    /// The one at the end of a detail, where it can be read and has that digest: what is shown is what is approved.
    pub fn of(detail: &str, digest: &str) -> Option<Self> {
        let line = detail.lines().rev().find(|line| !line.trim().is_empty())?;
        let canonical = line.strip_prefix(LINE)?;
        if Digest::of(canonical).to_string() != digest {
            return None;
        }
        serde_json::from_str(canonical).ok()
    }

    /// `app/env`, with the key of a secret behind it.
    pub fn subject(&self) -> String {
        let secret = self.secret.as_deref().map(|key| format!("/{key}")).unwrap_or_default();
        format!("{}/{}{secret}", self.app, self.env)
    }

    /// Every value that differs, by its path.
    pub fn differences(&self) -> Vec<Difference> {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        flatten("", &self.before, &mut before);
        flatten("", &self.after, &mut after);
        differences(&before, &after)
    }
}

/// What differs between two sets of values.
pub fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .map(|name| Difference {
            name: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .filter(|difference| difference.before != difference.after)
        .collect()
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{key}"), value, into);
            }
        }
        Value::String(text) => {
            into.insert(path.to_owned(), text.clone());
        }
        // A list is short and reads as a whole.
        value => {
            into.insert(path.to_owned(), value.to_string());
        }
    }
}
