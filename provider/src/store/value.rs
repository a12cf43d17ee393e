//! A value that prints itself nowhere.

use std::fmt;

use zeroize::Zeroizing;

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
