// SPDX-License-Identifier: MPL-2.0
//! Files that must be signed where `approval_keys` are set.

use std::collections::BTreeSet;

use crate::gate::signature::{self, SignatureError};
use crate::world::World;

/// No file of approvals or evidence is longer, bytes.
const LONGEST: u64 = 1 << 20;

/// Why a file does not count as signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsigned {
    /// It cannot be read.
    #[error("{0}")]
    Unread(std::io::Error),
    /// Nobody signed it. Its bytes come along.
    #[error(
        "it is not signed: the file of its name with `.sig` behind it is missing, and `approval_keys` are set"
    )]
    Nobody(Vec<u8>),
    /// Its signature cannot be read.
    #[error("its signature, the file of its name with `.sig` behind it, cannot be read: {0}")]
    SignatureUnread(std::io::Error),
    /// Its signature is no text.
    #[error("its signature, the file of its name with `.sig` behind it, is no text")]
    SignatureNoText,
    /// Its signature does not count.
    #[error("its signature, the file of its name with `.sig` behind it, does not count: {0}")]
    Refused(SignatureError),
}

/// A file as it was signed, and the fingerprint of the key that signed it; `None` where no key is set. What is checked and
/// what is read are the same bytes.
pub(super) fn read(
    path: &str,
    keys: &BTreeSet<String>,
    world: &World,
) -> Result<(Vec<u8>, Option<String>), Unsigned> {
    let bytes = world.read_bytes(path, LONGEST).map_err(Unsigned::Unread)?;
    if keys.is_empty() {
        return Ok((bytes, None));
    }
    let signature = match world.read_bytes(format!("{path}.sig"), LONGEST) {
        Ok(signature) => signature,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Unsigned::Nobody(bytes));
        }
        Err(error) => return Err(Unsigned::SignatureUnread(error)),
    };
    let signature = String::from_utf8(signature).map_err(|_| Unsigned::SignatureNoText)?;
    let key =
        signature::check_by_fingerprint(&bytes, &signature, keys).map_err(Unsigned::Refused)?;
    Ok((bytes, Some(key)))
}
