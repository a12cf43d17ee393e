// SPDX-License-Identifier: MPL-2.0
//! A document of secrets and its copy at another path: what KV tells of them, and what is still to be copied. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The key of a copy's mark: the path that it is a copy of.
const COPY_OF: &str = "appenv_copy_of";

/// Keys that custom metadata may have. KV v2 API, "Create/Update Metadata".
const CUSTOM_KEYS: usize = 64;

/// Secrets on their way: noted before the first version is copied, struck out when the old path is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moving {
    /// Where they were.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// When the document there was created: one that was put there since is another. Empty: there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// Its versions that the new path has or is going to get, in their order: the first of them is version 1 there.
    /// Numbers alone do not tell: the old path forgets its oldest version with every write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<u64>,
}

/// What KV tells of a document without its values.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub current_version: u64,
    #[serde(default)]
    pub created_time: String,
    #[serde(default, rename = "custom_metadata")]
    custom: Option<Map<String, Value>>,
    #[serde(default)]
    versions: BTreeMap<String, Version>,
    #[serde(default)]
    max_versions: u64,
    #[serde(default)]
    cas_required: bool,
    #[serde(default)]
    delete_version_after: Value,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Version {
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

// === impl Metadata ===

impl Metadata {
    /// The versions that can be read, oldest first.
    pub fn readable(&self) -> Vec<u64> {
        let readable = self.versions.iter().filter(|(_, version)| version.is_readable());
        let mut numbers: Vec<u64> =
            readable.filter_map(|(number, _)| number.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// What keeps it from being copied without loss.
    pub fn uncopyable(&self, path: &str, mount: &str) -> Option<String> {
        let deleted = |version: &Version| !version.destroyed && !version.is_readable();
        if let Some((number, _)) = self.versions.iter().find(|(_, version)| deleted(version)) {
            return Some(format!(
                "version {number} of document \"{path}\" at \"{mount}\", which is deleted, or has a time at which it will \
                 be, and cannot be copied (bao kv undelete, or bao kv destroy, of it)"
            ));
        }
        let full = self
            .custom
            .as_ref()
            .is_some_and(|custom| custom.len() >= CUSTOM_KEYS && !custom.contains_key(COPY_OF));
        full.then(|| {
            format!(
                "the custom metadata of document \"{path}\" at \"{mount}\", which is full: the copy takes one more key \
                 until it is whole"
            )
        })
    }

    pub fn is_copy_of(&self, path: &str) -> bool {
        self.custom.as_ref().is_some_and(|custom| custom.get(COPY_OF) == Some(&json!(path)))
    }

    /// How many versions were ever written.
    pub fn written(&self) -> usize {
        usize::try_from(self.current_version).unwrap_or(usize::MAX)
    }

    /// The same settings for another path; `mark` makes it a copy.
    pub fn settings(&self, mark: Option<&str>) -> Value {
        let mut custom = self.custom.clone().unwrap_or_default();
        custom.remove(COPY_OF);
        if let Some(path) = mark {
            custom.insert(COPY_OF.to_owned(), json!(path));
        }
        json!({
            "custom_metadata": custom,
            "max_versions": self.max_versions,
            "cas_required": self.cas_required,
            "delete_version_after": self.delete_version_after,
        })
    }
}

// === impl Version ===

impl Version {
    fn is_readable(&self) -> bool {
        self.deletion_time.is_empty() && !self.destroyed
    }
}

// === impl Moving ===

impl Moving {
    /// From one path to another; `None`: they are one.
    pub fn between(from: &str, to: &str) -> Option<Self> {
        let way = || Self { from: from.to_owned(), to: to.to_owned(), ..Self::default() };
        (from != to).then(way)
    }

    /// Whether a document at the old path is the one that is on its way.
    pub fn is_of(&self, old: &Metadata) -> bool {
        self.of.is_empty() || self.of == old.created_time
    }

    /// The same way, with what a look found at the old path behind the `copied` versions that the new one has.
    pub fn following(&self, old: &Metadata, copied: usize) -> Self {
        let mut versions = self.versions.clone();
        versions.truncate(copied);
        let last = versions.last().copied().unwrap_or(0);
        versions.extend(old.readable().into_iter().filter(|number| *number > last));
        Self { of: old.created_time.clone(), versions, ..self.clone() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        serde_json::from_value(json!({
            "current_version": 11,
            "created_time": "2026-01-01T00:00:00Z",
            "custom_metadata": { "team": "shop", COPY_OF: "a/config" },
            "max_versions": 0,
            "cas_required": true,
            "delete_version_after": "0s",
            "versions": {
                "9": { "deletion_time": "", "destroyed": false },
                "10": { "deletion_time": "", "destroyed": true },
                "11": { "deletion_time": "", "destroyed": false },
            },
        }))
        .unwrap()
    }

    #[test]
    fn versions_are_copied_in_their_order() {
        let told = |metadata: &Metadata| metadata.uncopyable("a/config", "kvv2");
        assert_eq!(metadata().readable(), [9, 11]);
        assert_eq!(told(&metadata()), None);
        let mut deleted = metadata();
        deleted.versions.get_mut("9").unwrap().deletion_time = "2026-01-01T00:00:00Z".to_owned();
        assert_eq!(deleted.readable(), [11]);
        assert!(told(&deleted).unwrap().starts_with("version 9 of document \"a/config\""));
    }

    #[test]
    fn a_copy_is_marked_and_keeps_the_settings() {
        let metadata = metadata();
        assert!(metadata.is_copy_of("a/config") && !metadata.is_copy_of("b/config"));
        let settings = metadata.settings(Some("b/config"));
        assert_eq!(settings["custom_metadata"], json!({ "team": "shop", COPY_OF: "b/config" }));
        assert_eq!(settings["cas_required"], true);
        assert_eq!(metadata.settings(None)["custom_metadata"], json!({ "team": "shop" }));
        let mut full = metadata;
        let custom = full.custom.as_mut().unwrap();
        custom.remove(COPY_OF);
        custom.extend((1..64).map(|n| (format!("k{n}"), json!("v"))));
        assert!(full.uncopyable("a/config", "kvv2").unwrap().contains("is full"));
    }

    #[test]
    fn what_the_old_path_forgets_meanwhile_moves_no_number() {
        let way = Moving::between("a/config", "b/config").unwrap();
        let mut old = metadata();
        let begun = way.following(&old, 0);
        assert_eq!(
            (begun.of.as_str(), begun.versions.as_slice()),
            ("2026-01-01T00:00:00Z", &[9, 11][..])
        );
        // Version 9 is copied; then two more are written, and the oldest two are gone.
        old.versions.remove("9");
        old.versions.remove("10");
        for number in ["12", "13"] {
            let version = Version { deletion_time: String::new(), destroyed: false };
            old.versions.insert(number.to_owned(), version);
        }
        assert_eq!(begun.following(&old, 1).versions, [9, 11, 12, 13]);
        // A copy that was removed begins anew.
        assert_eq!(begun.following(&old, 0).versions, [11, 12, 13]);
        // More at the new path than was ever noted: somebody else's.
        assert_eq!(begun.following(&old, 5).versions, [9, 11, 12, 13]);
        old.created_time = "2026-02-02T00:00:00Z".to_owned();
        assert!(!begun.is_of(&old) && way.is_of(&old));
    }
}
