// SPDX-License-Identifier: MPL-2.0
//! What stands against work on a directory of secrets, as what a user can act on.

use crate::facet::host::disk::us;
use crate::facet::host::shown;
use crate::facet::{FacetError, Fault};
use crate::naming::Coordinate;
use crate::plan::host::{Owner, quoted};

/// Where the instance has not made its directory.
pub(super) fn not_made(path: &str, coordinate: &Coordinate, cause: &str) -> FacetError {
    let what = shown(coordinate);
    FacetError {
        fault: Fault::Missing,
        summary: format!("{what} has no directory of secrets here"),
        attempted: format!("Writing a secret into {}.", quoted(path)),
        cause: format!("{cause}; nothing was written"),
        next: format!(
            "apply the appenv_app_instance of {what} first: it makes the directory; `depends_on`, or a reference to it, \
             puts them in order."
        ),
        attribute: None,
    }
}

/// A file that the instance does not have.
pub(super) fn not_a_file(env_file: &str, coordinate: &Coordinate) -> FacetError {
    let what = shown(coordinate);
    FacetError {
        fault: Fault::Missing,
        summary: format!("{what} has no file of secrets {}", quoted(env_file)),
        attempted: "Writing a secret into one of the `env_files` of its instance.".to_owned(),
        cause: format!(
            "the instance is registered without {} in `env_files`; nothing was written",
            quoted(env_file)
        ),
        next: format!(
            "add {} to `env_files` of the appenv_app_instance of {what} and apply that first, or choose another `file`.",
            quoted(env_file)
        ),
        attribute: Some("file"),
    }
}

/// A directory that is not its owner's alone.
pub(super) fn open_to_others(
    path: &str,
    mode: u32,
    owner: Owner,
    coordinate: &Coordinate,
) -> FacetError {
    FacetError {
        fault: Fault::Forbidden,
        summary: format!("The directory of secrets {} is open to others", quoted(path)),
        attempted: "Working in the directory of the secrets, which is its owner's alone."
            .to_owned(),
        cause: format!(
            "it has mode {mode:04o} and belongs to user {}; this run is user {}; nothing was written",
            owner.user,
            us().user
        ),
        next: format!(
            "apply the appenv_app_instance of {} first: it mends the directory; or chown and chmod 0700 it.",
            shown(coordinate)
        ),
        attribute: None,
    }
}

/// The same of the backups.
pub(super) fn no_backup(path: &str) -> FacetError {
    FacetError {
        fault: Fault::Forbidden,
        summary: format!("The directory of backups {} is open to others", quoted(path)),
        attempted: "Copying a file of secrets before it is changed.".to_owned(),
        cause: "it is not this user's alone; the file was not changed".to_owned(),
        next: format!(
            "apply the instance first: it mends it; or chown and chmod 0700 {}.",
            quoted(path)
        ),
        attribute: None,
    }
}

/// Something else in the place of a file.
pub(super) fn no_file(path: &str, told: &str) -> FacetError {
    FacetError {
        fault: Fault::Occupied,
        summary: format!("{} is no file", quoted(path)),
        attempted: "Reading a file of secrets.".to_owned(),
        cause: format!("it {told}; it is neither followed nor replaced, and nothing was written"),
        next: "move it away, or put a file there, and run the same command again.".to_owned(),
        attribute: None,
    }
}

/// A file that could not be read again.
pub(super) fn too_large(path: &str, bytes: usize) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary: format!("{} would be too large", quoted(path)),
        attempted: "Writing a file of secrets.".to_owned(),
        cause: format!(
            "it would have {bytes} bytes, and 1 MiB is the most that is read; nothing was written"
        ),
        next: "put some of its keys into another of the `env_files`.".to_owned(),
        attribute: None,
    }
}
