// SPDX-License-Identifier: MPL-2.0
//! A dotenv file and the notes beside it, read together.

use zeroize::Zeroizing;

use super::notes::Notes;
use super::{backup, failure};
use crate::dotenv::Document;
use crate::facet::FacetError;
use crate::facet::host::SecretsDir;
use crate::store::note::Standings;
use crate::store::place::Place;
use crate::store::record::Seen;
use crate::store::value::SecretValue;

/// What is there.
pub(super) struct Files {
    /// Name of the dotenv file.
    pub name: String,
    /// Its content; `None`: it is not there.
    pub text: Option<Zeroizing<String>>,
    /// The same, read; empty where it is not there.
    pub document: Document,
    /// The notes of the directory.
    pub notes: Notes,
}

// === impl Files ===

impl Files {
    /// Reads both. Notes first: of a write meanwhile, an intent is seen rather than a value that nobody noted.
    pub fn read(dir: &SecretsDir, place: &Place) -> Result<Self, FacetError> {
        let name = file_name(place);
        let mut notes = Notes::read(dir)?;
        let mut tries = 0;
        loop {
            let text = match dir.read(&name)? {
                Some(content) => Some(Zeroizing::new(
                    std::str::from_utf8(&content)
                        .map_err(|_| failure::unreadable(&dir.join(&name), "it is not UTF-8"))?
                        .to_owned(),
                )),
                None => None,
            };
            // A writer between the two reads would look like drift.
            let again = Notes::read(dir)?;
            tries += 1;
            if again != notes && tries < 5 {
                notes = again;
                continue;
            }
            let document = Document::parse(text.as_ref().map_or("", |text| text))
                .map_err(|error| failure::unreadable(&dir.join(&name), &error.to_string()))?;
            return Ok(Self { name, text, document, notes: again });
        }
    }

    /// What stands under a key and its former one.
    pub fn standings<'a>(&'a self, place: &Place) -> Standings<'a> {
        Standings {
            value: self.document.get(&place.key),
            previous: self.document.get(&place.previous_key()),
        }
    }

    /// How a key stands against its record.
    pub fn seen(&self, place: &Place) -> Seen {
        self.notes.of(&place.file, &place.key).judge(place, self.standings(place))
    }

    /// The value of a key.
    pub fn value(&self, place: &Place) -> Option<SecretValue> {
        self.document.get(&place.key).map(SecretValue::new)
    }

    /// Puts the document in the place of the file: a copy of that first. A file of ours that is empty then is removed;
    /// `true`: it is gone.
    pub fn save(
        &mut self,
        dir: &SecretsDir,
        place: &Place,
        now: Option<&str>,
        kept: usize,
    ) -> Result<bool, FacetError> {
        let after = self.document.as_str();
        let before = self.text.as_ref().map(|text| text.as_str());
        let is_changed = before.unwrap_or_default() != after;
        if let Some(before) = before.filter(|_| is_changed) {
            backup::keep(dir, &self.name, before.as_bytes(), now, kept)?;
        }
        if self.notes.made(&place.file) && after.trim().is_empty() {
            dir.remove(&self.name)?;
            return Ok(true);
        }
        // Whoever could read it before must not read what is put there.
        if is_changed || (before.is_some() && !dir.is_private(&self.name)?) {
            dir.write(&self.name, after.as_bytes())?;
        }
        Ok(false)
    }
}

/// The name of the file that a secret is in.
pub(super) fn file_name(place: &Place) -> String {
    match place.file.as_str() {
        "" => ".env".to_owned(),
        file => format!(".env.{}.{file}", place.coordinate.env()),
    }
}
