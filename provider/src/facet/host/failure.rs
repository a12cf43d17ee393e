// SPDX-License-Identifier: MPL-2.0
//! What can go wrong on a host, as what a user can act on.

use super::Settings;
use super::disk::DiskError;
use super::way::{Astray, Doubt};
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::host::{HostWish, quoted};

/// The argument that says where everything is.
const ROOT: &str = "provider.host.root";

/// A call on the file system that failed.
pub(super) fn disk(error: &DiskError) -> FacetError {
    let DiskError { doing, path, source } = error;
    let fault = if error.is_denied() {
        Fault::Forbidden
    } else if error.is_missing() {
        Fault::Missing
    } else {
        Fault::Rejected
    };
    let next = match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "make room on the disk and run the same command again; what was there is as it was"
        }
        std::io::ErrorKind::ReadOnlyFilesystem => {
            "mount the file system so that it can be written, or choose another `host.root`"
        }
        std::io::ErrorKind::FileTooLarge => {
            "make the file smaller than 1 MiB: nothing larger is read or written"
        }
        _ if source.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "raise the limit of open files (ulimit -n), or apply with a lower -parallelism"
        }
        _ if fault == Fault::Forbidden => {
            "run as the user that owns it, or give it to this one (chown), and run the same command again"
        }
        _ => "see what stands there, and run the same command again: it goes on from where it was",
    };
    FacetError {
        fault,
        summary: format!("Could not {doing} {}", quoted(path)),
        attempted: "Working on the directories of this machine.".to_owned(),
        cause: source.to_string(),
        next: format!("{next}."),
        attribute: Some(ROOT),
    }
}

/// A path that leads nowhere.
pub(super) fn astray(error: Astray) -> FacetError {
    match error {
        Astray::Disk(error) => disk(&error),
        Astray::Blocked { path, what } => FacetError {
            fault: Fault::Occupied,
            summary: format!("Could not go through {}", quoted(&path)),
            attempted: "Going to a directory of the instance, without following symbolic links.".to_owned(),
            cause: format!("{} {what}", quoted(&path)),
            next: "write the path that it leads to (`host.root`, or `names`), or put a directory there.".to_owned(),
            attribute: Some(ROOT),
        },
    }
}

/// A directory that others may change, as a reason against any change.
pub(super) fn doubt(doubt: &Doubt) -> Refusal {
    let Doubt { path, how, next } = doubt;
    let path = quoted(path);
    Refusal {
        summary: format!("directory {path} {how}"),
        detail: format!(
            "Whoever may write there can put other directories or links in the place of the instance's, and its secrets \
             would go where those lead. Nothing was changed.\n\nNext: {next}; or choose another `host.root`."
        ),
    }
}

/// Secrets that would lie in a git work tree.
pub(super) fn in_work_tree(what: &str, path: &str, tree: &str) -> Refusal {
    Refusal {
        summary: format!("{what} {} is in a git work tree", quoted(path)),
        detail: format!(
            "{} is the top of a work tree, and `git clean` there would remove the secrets, or a commit take them along. \
             Nothing was changed.\n\nNext: choose a directory outside of any work tree, such as `/opt`.",
            quoted(tree)
        ),
    }
}

/// Directories that another instance has.
pub(super) fn of_another(other: &str, wish: &HostWish) -> Refusal {
    Refusal {
        summary: format!("its directories are those of {other}"),
        detail: format!(
            "{} or {} is registered for {other}, and each would change and in the end remove what is the other's. Nothing \
             was changed.\n\nNext: write other paths in the `names` block; without it the convention keeps them apart.",
            quoted(&wish.app_dir),
            quoted(&wish.secrets_dir)
        ),
    }
}

/// A registry of another machine.
pub(super) fn other_name(settings: &Settings, found: &str) -> Refusal {
    let wanted = settings.name.as_deref().unwrap_or_default();
    Refusal {
        summary: format!("this machine is {}, not {}", quoted(found), quoted(wanted)),
        detail: format!(
            "`host.name` is {}, and the registry in {} says that it is of machine {}. Nothing was changed.\n\nNext: run it \
             on {}. If the machine has another name now, change it in {}/.appenv/registry.json too.",
            quoted(wanted),
            quoted(&settings.root),
            quoted(found),
            quoted(wanted),
            settings.root
        ),
    }
}

/// A reason against a change, met by the change itself.
pub(super) fn refused(refusal: &Refusal) -> FacetError {
    let (cause, next) = refusal.detail.split_once("\n\nNext: ").unwrap_or((&refusal.detail, ""));
    FacetError {
        fault: Fault::Forbidden,
        summary: refusal.summary.clone(),
        attempted: "Working on the directories of this machine.".to_owned(),
        cause: cause.to_owned(),
        next: next.to_owned(),
        attribute: Some(ROOT),
    }
}

/// A registration that is not as it was seen.
pub(super) fn conflict(what: &str, cause: String) -> FacetError {
    FacetError {
        fault: Fault::Conflict,
        summary: format!("The registration of {what} is not as it was seen"),
        attempted: "Writing it only if nobody else did.".to_owned(),
        cause,
        next: "plan again and look at what it says.".to_owned(),
        attribute: None,
    }
}

/// Something that would have to be removed, or that is not the instance's.
pub(super) fn occupied(told: &str, what: &str) -> FacetError {
    FacetError {
        fault: Fault::Occupied,
        summary: format!("Could not make {what}"),
        attempted: format!("Making {what}; nothing that may hold data is removed for it."),
        cause: format!("there is {told}"),
        next: "move it away, or, where it is a file of secrets, into the directory of the secrets, and run the same \
               command again."
            .to_owned(),
        attribute: None,
    }
}
