// SPDX-License-Identifier: MPL-2.0
//! Whether a file is signed by a key that the floor trusts.

use std::collections::BTreeSet;

use crate::gate::signature::check_by_fingerprint;

/// The fingerprint of the key by which a file is signed (SSHSIG, namespace `appenv`), where it is one of these.
pub fn check(
    file: &[u8],
    signature: &str,
    fingerprints: &BTreeSet<String>,
) -> Result<String, String> {
    check_by_fingerprint(file, signature, fingerprints).map_err(|error| error.to_string())
}
