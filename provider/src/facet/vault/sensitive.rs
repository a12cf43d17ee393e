// SPDX-License-Identifier: MPL-2.0
//! A credential that does not print itself.

use std::fmt;

use zeroize::Zeroizing;

/// A token, a secret id, a JWT: prints `***`, has no `Display`, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// Wraps a credential; white space around it, as at the end of a token file, is cut off.
    pub fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.trim().to_owned()))
    }

    /// The credential itself; call it where it is sent, not before.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
