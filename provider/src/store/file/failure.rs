// SPDX-License-Identifier: MPL-2.0
//! What can stop a store of files, as what a user can act on. Never a value.

use crate::dotenv::{EncodeError, KeyError};
use crate::facet::{FacetError, Fault};
use crate::plan::host::quoted;
use crate::store::place::Place;
use crate::store::value::BYTES;

/// A value that would not be read as it is.
pub(super) fn unwritable(place: &Place, key: &str, error: &EncodeError) -> FacetError {
    rejected(
        format!("The value of {key} cannot be kept in a dotenv file"),
        place,
        format!("{error}; nothing was written"),
        "use another value, encode this one (base64), or keep it in another `store`.",
        None,
    )
}

/// A value over the limit.
pub(super) fn too_long(place: &Place, bytes: usize) -> FacetError {
    rejected(
        format!("The value of {} is too long", place.key),
        place,
        format!("it has {bytes} bytes, and {BYTES} is the most; nothing was written"),
        "keep what is that long elsewhere, and its address or key here.",
        None,
    )
}

/// A key that is none.
pub(super) fn key(place: &Place, error: &KeyError) -> FacetError {
    rejected(
        format!("{} cannot be a key", quoted(&place.key)),
        place,
        error.to_string(),
        "choose another `key`.",
        Some("key"),
    )
}

/// A file that cannot be one of the `env_files`.
pub(super) fn no_file_name(place: &Place) -> FacetError {
    rejected(
        format!("`file` cannot be {}", quoted(&place.file)),
        place,
        "it is a name of lower-case letters and digits, with `-` or `_` between them".to_owned(),
        "write one of the instance's `env_files`.",
        Some("file"),
    )
}

/// A place without directories.
pub(super) fn no_root(place: &Place) -> FacetError {
    rejected(
        format!("{} has no directory of secrets", place.shown()),
        place,
        "secrets_dir is not known without `host.root`".to_owned(),
        "configure the provider's block `host`.",
        Some("provider.host.root"),
    )
}

/// A dotenv file that is none.
pub(super) fn unreadable(path: &str, cause: &str) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary: format!("Could not read {}", quoted(path)),
        attempted: "Reading it as a dotenv file, of which other lines are kept.".to_owned(),
        cause: format!("{cause}; nothing was written"),
        next: "mend that line, and run the same command again.".to_owned(),
        attribute: None,
    }
}

/// Notes that are none.
pub(super) fn no_notes(path: &str, cause: &str) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary: format!("Could not read {}", quoted(path)),
        attempted: "Reading what is noted of the secrets beside it.".to_owned(),
        cause: format!("the file is not one that appenv wrote: {cause}; nothing was written"),
        next:
            "restore it from a backup of the machine; or remove it, and import each secret again."
                .to_owned(),
        attribute: None,
    }
}

fn rejected(
    summary: String,
    place: &Place,
    cause: String,
    next: &str,
    attribute: Option<&'static str>,
) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary,
        attempted: format!("Keeping {} in a file of secrets.", place.shown()),
        cause,
        next: next.to_owned(),
        attribute,
    }
}
