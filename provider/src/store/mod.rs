// SPDX-License-Identifier: MPL-2.0
//! Where secrets of an instance live: one folder a store. Knows the facets, whose registries tell whose an instance is
//! and whose connections it shares, and nothing above.
//!
//! # Layout
//!
//! - [`kind`]: which stores there are.
//! - [`value`]: a value that prints itself nowhere. [`place`]: which secret, of which instance.
//! - [`record`]: what a store notes of a key, and how its value stands against that. [`note`]: the same kept beside the
//!   values, so that a write which was cut off is known. [`trouble`]: what stands in the way, told.
//! - [`vault`]: KV v2. [`ssm`]: the Parameter Store of AWS. [`file`](mod@file): dotenv files of a machine.

pub mod file;
pub mod kind;
mod mac;
pub mod note;
pub mod place;
pub mod record;
pub mod ssm;
pub mod trouble;
pub mod value;
pub mod vault;

use std::collections::BTreeSet;

use async_trait::async_trait;

pub use kind::{Kind, STORES};
pub use mac::Mac;
pub use place::{PREVIOUS, Place};
pub use record::{Change, Previous, Record, Seen, Standing};
pub use value::SecretValue;

use crate::facet::FacetError;

/// One store of secrets.
///
/// `look` writes nothing and takes no lock. A write is compared first: where the record is not as `expected`, nothing is
/// written and the answer is [`Fault::Conflict`](crate::facet::Fault). A run that is killed in a write leaves either the
/// old value or the new one; the next look tells which, and takes the new one as written.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// What `store` says: a name of [`STORES`].
    fn name(&self) -> &'static str;

    /// The facet whose registry tells whose the instance is, as [`STORES`] has it.
    fn facet(&self) -> &'static str;

    /// The server or machine, as messages name it.
    fn server(&self) -> String;

    /// Where the secret is, as the user would look for it: `kvv2/erp/config`, `/opt/erp/secrets/prod/.env`,
    /// `/erp/prod/DB_PASSWORD`. `None` where the place lacks what the store needs (a root directory).
    fn path(&self, place: &Place) -> Option<String>;

    /// Judges a place and, where it is known, a value, without looking anywhere: what the store could not keep, or could not
    /// give back as it is.
    fn check(&self, place: &Place, value: Option<&SecretValue>) -> Result<(), FacetError>;

    /// Looks at the record of a key and at how its value stands against it. Values are read only where nothing else tells.
    async fn look(&self, place: &Place) -> Result<Seen, FacetError>;

    /// The names of all keys at a place, whoever wrote them: those of its file, document or path. The place's own key does
    /// not matter, and no value is read.
    async fn keys(&self, place: &Place) -> Result<BTreeSet<String>, FacetError>;

    /// The value as it stands; `None` where there is none.
    async fn read(&self, place: &Place) -> Result<Option<SecretValue>, FacetError>;

    /// Writes a value or a record, or both; answers the record as it then stands, with the version that the store gave it.
    /// Other keys, comments and order stay as they are.
    async fn write(
        &self,
        place: &Place,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Record, FacetError>;

    /// Removes the key, its former value under `<KEY>_PREVIOUS`, and its record; what is gone already is no error.
    async fn remove(&self, place: &Place, expected: &Record) -> Result<(), FacetError>;

    /// Takes what is at an old place to the new one, after the names of the instance changed. What the instance's own
    /// renaming has moved is not moved again.
    async fn relocate(&self, from: &Place, to: &Place, expected: &Record)
    -> Result<(), FacetError>;
}
