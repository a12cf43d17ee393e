// SPDX-License-Identifier: MPL-2.0
//! Secrets in dotenv files of the machine that the provider runs on, below the instance's directory of secrets.
//!
//! # Layout
//!
//! - `notes`: the file `.appenv.json` beside them, which tells what is ours and as it was written. `files`: a dotenv file
//!   and the notes, read together. `backup`: copies of what is changed.
//! - `change`: the verbs that write, each under the lock of the host's registry. `failure`: what can stop them.

mod backup;
mod change;
mod failure;
mod files;
mod notes;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use self::files::{Files, file_name};
use super::place::Place;
use super::record::{Change, Record, Seen, Standing};
use super::value::{BYTES, SecretValue};
use super::{SecretStore, trouble};
use crate::dotenv;
use crate::facet::host::{Host, SecretsOf};
use crate::facet::{Facet as _, FacetError};

/// The store `file`. Opens nothing before the first call.
#[derive(Clone, Debug)]
pub struct FileStore {
    host: Arc<Host>,
}

// === impl FileStore ===

impl FileStore {
    /// A store in the directories of a machine, on the registry of which it relies.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }
}

#[async_trait]
impl SecretStore for FileStore {
    fn name(&self) -> &'static str {
        "file"
    }

    fn facet(&self) -> &'static str {
        "host"
    }

    fn server(&self) -> String {
        self.host.server()
    }

    fn path(&self, place: &Place) -> Option<String> {
        let secrets_dir = place.names.secrets_dir.as_ref()?;
        Some(format!("{}/{}", self.host.secrets_path(secrets_dir), file_name(place)))
    }

    fn check(&self, place: &Place, value: Option<&SecretValue>) -> Result<(), FacetError> {
        check(place, value)
    }

    async fn look(&self, place: &Place) -> Result<Seen, FacetError> {
        let (of, place) = (of(place)?, place.clone());
        self.host
            .look_at_secrets(of, move |dir| match dir {
                Some(dir) => Ok(Files::read(dir, &place)?.seen(&place)),
                None => Ok(Seen { record: None, value: Standing::Missing, has_previous: false }),
            })
            .await
    }

    async fn keys(&self, place: &Place) -> Result<BTreeSet<String>, FacetError> {
        let (of, place) = (of(place)?, place.clone());
        self.host
            .look_at_secrets(of, move |dir| match dir {
                Some(dir) => {
                    let files = Files::read(dir, &place)?;
                    Ok(files.document.values().into_keys().map(str::to_owned).collect())
                }
                None => Ok(BTreeSet::new()),
            })
            .await
    }

    async fn read(&self, place: &Place) -> Result<Option<SecretValue>, FacetError> {
        let (of, place) = (of(place)?, place.clone());
        self.host
            .read_secrets(of, move |dir| match dir {
                Some(dir) => Ok(Files::read(dir, &place)?.value(&place)),
                None => Ok(None),
            })
            .await
    }

    async fn write(
        &self,
        place: &Place,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Record, FacetError> {
        check(place, change.value)?;
        let (of, place, expected) = (of(place)?, place.clone(), expected.cloned());
        let (value, previous) = (change.value.cloned(), change.previous.clone());
        let (owner, holder, now) =
            (change.owner.to_owned(), change.holder.to_owned(), change.now.to_owned());
        let state_address = change.state_address.map(str::to_owned);
        let (kept, server) = (self.host.backups_kept(), self.server());
        self.host
            .write_secrets(of, place.file.clone(), move |dir| {
                let change = Change {
                    value: value.as_ref(),
                    previous,
                    owner: &owner,
                    holder: &holder,
                    state_address: state_address.as_deref(),
                    now: &now,
                };
                change::write(dir, &place, expected.as_ref(), &change, kept, &server)
            })
            .await
    }

    async fn remove(&self, place: &Place, expected: &Record) -> Result<(), FacetError> {
        let (of, place, expected) = (of(place)?, place.clone(), expected.clone());
        let (kept, server) = (self.host.backups_kept(), self.server());
        self.host
            .clear_secrets(of, move |dir| change::remove(dir, &place, &expected, kept, &server))
            .await
            .map(Option::unwrap_or_default)
    }

    async fn relocate(
        &self,
        from: &Place,
        to: &Place,
        expected: &Record,
    ) -> Result<(), FacetError> {
        if (self.path(from), &from.key) == (self.path(to), &to.key) {
            return Ok(());
        }
        let (old, new) = (of(from)?, of(to)?);
        let (from, to, expected) = (from.clone(), to.clone(), expected.clone());
        let (kept, server) = (self.host.backups_kept(), self.server());
        self.host
            .move_secrets(old, new, to.file.clone(), move |old, new| {
                change::relocate((old, &from), (new, &to), &expected, kept, &server)
            })
            .await
            .map(Option::unwrap_or_default)
    }
}

/// Judges a place and a value: what no reader of the file would give back, or what is no file of secrets.
fn check(place: &Place, value: Option<&SecretValue>) -> Result<(), FacetError> {
    dotenv::check_key(&place.key).map_err(|error| failure::key(place, &error))?;
    let of_name = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    if !place.file.bytes().all(of_name) {
        return Err(failure::no_file_name(place));
    }
    let Some(value) = value.map(SecretValue::expose) else { return Ok(()) };
    if value.len() > BYTES {
        return Err(failure::too_long(place, value.len()));
    }
    match dotenv::encode(value) {
        Ok(_) => Ok(()),
        Err(error) => Err(failure::unwritable(place, &place.key, &error)),
    }
}

/// Whose directory of secrets a place is in.
fn of(place: &Place) -> Result<SecretsOf, FacetError> {
    match &place.names.secrets_dir {
        Some(secrets_dir) => {
            Ok(SecretsOf { coordinate: place.coordinate.clone(), secrets_dir: secrets_dir.clone() })
        }
        None => Err(failure::no_root(place)),
    }
}
