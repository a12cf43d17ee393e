// SPDX-License-Identifier: MPL-2.0
//! What one call brings along and takes back beside its values.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::diagnostic::Diagnostic;
use crate::value::Path;

/// Bytes that the CLI keeps beside a state entry and never shows: a map of JSON values by key.
///
/// A blob that is not ours, or is damaged, reads as empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Private(pub BTreeMap<String, serde_json::Value>);

impl Private {
    /// Reads a blob.
    pub fn decode(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).unwrap_or_default())
    }

    /// Writes the blob; nothing at all where there is no key.
    pub fn encode(&self) -> Vec<u8> {
        if self.0.is_empty() { Vec::new() } else { serde_json::to_vec(&self.0).unwrap_or_default() }
    }
}

/// The company of one call: private state, warnings, the stop signal, the client's powers.
#[derive(Debug, Default)]
pub struct Context {
    /// Private state: what came in; what it holds at the end is saved, error or not.
    pub private: Private,
    /// Warnings to show beside the answer.
    pub warnings: Vec<Diagnostic>,
    /// Cancelled once the user asked to stop; look before each external write.
    pub stop: CancellationToken,
    /// Whether the client understands write-only attributes. Only in validate is it reliable: some CLIs leave it
    /// out of the plan they repeat at apply, and none sends it with the apply itself.
    pub write_only_allowed: bool,
    /// In plan: attributes whose change demands a replacement.
    pub requires_replace: Vec<Path>,
}

impl Context {
    /// Adds a warning.
    pub fn warn(&mut self, summary: impl Into<String>, detail: impl Into<String>) {
        self.warnings.push(Diagnostic::warning(summary, detail));
    }
}
