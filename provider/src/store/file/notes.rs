// SPDX-License-Identifier: MPL-2.0
//! The notes beside the dotenv files: `.appenv.json`, of all keys of all files in the directory.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure;
use crate::facet::FacetError;
use crate::facet::host::SecretsDir;
use crate::store::note::Note;

/// Its name.
pub(super) const FILE: &str = ".appenv.json";

/// What is noted in one directory. Files go by what `file` says, so that no name of an instance is in it and a renaming
/// takes it along as it is. Fields of later versions are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// By file, by key.
    #[serde(default)]
    keys: BTreeMap<String, BTreeMap<String, Note>>,
    /// Files that were not there before us.
    #[serde(default)]
    made: BTreeSet<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

// === impl Notes ===

impl Notes {
    /// Reads them; a directory without has none.
    pub fn read(dir: &SecretsDir) -> Result<Self, FacetError> {
        let Some(content) = dir.read(FILE)? else { return Ok(Self::default()) };
        serde_json::from_slice(&content)
            .map_err(|error| failure::no_notes(&dir.join(FILE), &error.to_string()))
    }

    /// Writes them; the last one takes the file with it.
    pub fn write(&self, dir: &SecretsDir) -> Result<(), FacetError> {
        if self.keys.is_empty() {
            return dir.remove(FILE);
        }
        let mut content = serde_json::to_vec_pretty(self).unwrap_or_default();
        content.push(b'\n');
        dir.write(FILE, &content)
    }

    /// Of one key; without one an empty one.
    pub fn of(&self, file: &str, key: &str) -> Note {
        self.find(file, key).cloned().unwrap_or_default()
    }

    /// Of one key, where there is one.
    pub fn find(&self, file: &str, key: &str) -> Option<&Note> {
        self.keys.get(file)?.get(key)
    }

    /// Notes one key.
    pub fn put(&mut self, file: &str, key: &str, note: Note) {
        self.keys.entry(file.to_owned()).or_default().insert(key.to_owned(), note);
    }

    /// Strikes one key out.
    pub fn strike(&mut self, file: &str, key: &str) {
        if let Some(keys) = self.keys.get_mut(file) {
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(file);
            }
        }
    }

    /// Notes that a file is ours, before it is made.
    pub fn make(&mut self, file: &str) {
        self.made.insert(file.to_owned());
    }

    /// Strikes a file out that is gone.
    pub fn unmake(&mut self, file: &str) {
        self.made.remove(file);
    }

    /// Whether a file is ours.
    pub fn made(&self, file: &str) -> bool {
        self.made.contains(file)
    }
}
