// SPDX-License-Identifier: MPL-2.0
//! A value that prints itself nowhere.

use std::fmt;

use zeroize::Zeroizing;

use crate::facet::{FacetError, Fault};

/// The longest value of any store, bytes.
pub const BYTES: usize = 64 * 1024;

/// The value of a secret: prints `***`, has no `Display`, is not serialized, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<String>);

// === impl SecretValue ===

impl SecretValue {
    /// Wraps a value, as it is.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself; call it where it is sent or written, not before.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Judges what no store keeps: a NUL, which no environment variable can hold, and more than 64 KiB.
pub fn check(value: &SecretValue) -> Result<(), FacetError> {
    let cause = if value.expose().contains('\0') {
        "it holds a NUL, which no environment variable can hold".to_owned()
    } else if value.expose().len() > BYTES {
        format!("it has {} bytes, and a secret has at most {BYTES}", value.expose().len())
    } else {
        return Ok(());
    };
    Err(FacetError {
        fault: Fault::Rejected,
        summary: "The value cannot be kept".to_owned(),
        attempted: "The value was judged before anything was written.".to_owned(),
        cause,
        next: "give another value: encode it (base64encode), or keep it in a file of its own."
            .to_owned(),
        attribute: Some("value_wo"),
    })
}

#[cfg(test)]
mod tests {
    use super::SecretValue;

    #[test]
    fn does_not_print_itself() {
        let value = SecretValue::new(" hunter2\n");
        assert_eq!(format!("{value:?} {:?}", Some(&value)), "*** Some(***)");
        assert_eq!(value.expose(), " hunter2\n");
    }
}
