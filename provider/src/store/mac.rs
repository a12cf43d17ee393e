// SPDX-License-Identifier: MPL-2.0
//! A keyed digest by which a value is known again without being noted: RFC 2104 with SHA-256.
//!
//! A key of its own for each record keeps equal values of two secrets from looking alike; what is hashed begins with the
//! coordinate and the key, so that a record that is copied elsewhere vouches for nothing there.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::place::Place;

/// Bytes of a key: as many as the digest has (RFC 2104, section 3).
const KEY_BYTES: usize = 32;

/// A keyed digest of a value, with its key. It holds no value, but whoever has it can try guesses: keep it as closed as the
/// value itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mac {
    /// Base64 without padding, 32 bytes.
    key: String,
    /// Base64 without padding, 32 bytes.
    digest: String,
}

// === impl Mac ===

impl Mac {
    /// The digest of the value of a key, under a key that is drawn for it.
    pub fn of(place: &Place, name: &str, value: &str) -> Self {
        let mut key = [0; KEY_BYTES];
        // Fails only where the system has no randomness, and then nothing here may go on.
        aws_lc_rs::rand::fill(&mut key).expect("the system gives randomness");
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), &message(place, name, value));
        Self { key: BASE64.encode(key), digest: BASE64.encode(tag.as_ref()) }
    }

    /// Whether a value is the one; compared in constant time.
    pub fn is_of(&self, place: &Place, name: &str, value: &str) -> bool {
        let (Ok(key), Ok(digest)) = (BASE64.decode(&self.key), BASE64.decode(&self.digest)) else {
            return false;
        };
        let key = hmac::Key::new(HMAC_SHA256, &key);
        hmac::verify(&key, &message(place, name, value), &digest).is_ok()
    }
}

impl std::fmt::Debug for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mac(***)")
    }
}

/// Names hold no NUL, so no two of these are alike.
fn message(place: &Place, name: &str, value: &str) -> zeroize::Zeroizing<Vec<u8>> {
    let (app, env) = (place.coordinate.app(), place.coordinate.env());
    let mut message = zeroize::Zeroizing::new(Vec::with_capacity(value.len() + 96));
    for part in ["appenv-secret-v1", app, env, name] {
        message.extend_from_slice(part.as_bytes());
        message.push(0);
    }
    message.extend_from_slice(value.as_bytes());
    message
}
