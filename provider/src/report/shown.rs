// SPDX-License-Identifier: MPL-2.0
//! What of this provider's resources may be shown: attributes that are known not to be secret, and no others.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::lenient::{Sensitive, Word, Words};

/// The attributes that are read at all. Of other providers' resources they are read too, for the stream does not tell
/// beforehand whose they are, and dropped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attributes {
    app: Word,
    env: Word,
    key: Word,
    release: Word,
    deletion_protection: Word,
    on_destroy: Word,
    store: Word,
    path: Word,
    version: Word,
    rotates_at: Word,
    status: Word,
    resolved_names: Words,
    objects: Words,
}

/// One side of a change.
#[derive(Clone, Debug, Default)]
pub struct Side {
    pub app: Option<String>,
    pub env: Option<String>,
    pub key: Option<String>,
    /// Attributes that are no names, by name.
    pub facts: BTreeMap<String, String>,
    /// The instance's names.
    pub names: BTreeMap<String, String>,
    /// Every object that does not stand as it should, with how it stands.
    pub drifted: BTreeMap<String, String>,
}

// === impl Attributes ===

impl Attributes {
    /// What may be shown of them.
    pub fn shown(self, sensitive: &Sensitive) -> Side {
        let word = |name: &str, word: Word| word.0.filter(|_| !sensitive.marks(name));
        let (app, env) = (word("app", self.app), word("env", self.env));
        let key = word("key", self.key);
        let facts = [
            ("deletion_protection", self.deletion_protection),
            ("on_destroy", self.on_destroy),
            ("path", self.path),
            ("release", self.release),
            ("rotates_at", self.rotates_at),
            ("store", self.store),
            ("version", self.version),
        ];
        let facts = facts
            .into_iter()
            .filter_map(|(name, value)| word(name, value).map(|value| (name.to_owned(), value)));
        // Marks do not pass through a provider: names that were made of something sensitive bear none.
        let hidden = ["app", "env", "key", "names", "services", "env_files", "parameter_name"]
            .iter()
            .any(|name| sensitive.marks(name));
        let words = |name: &str, words: Words| {
            if hidden || sensitive.marks(name) { BTreeMap::new() } else { words.0 }
        };
        let mut drifted = words("objects", self.objects);
        drifted.extend(word("status", self.status).map(|status| ("value".to_owned(), status)));
        drifted.retain(|_, status| status != "ok");
        Side {
            facts: if hidden { BTreeMap::new() } else { facts.collect() },
            names: words("resolved_names", self.resolved_names),
            drifted,
            app,
            env,
            key,
        }
    }
}
