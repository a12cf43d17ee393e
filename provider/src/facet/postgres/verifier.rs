// SPDX-License-Identifier: MPL-2.0
//! A password as the server keeps it, sent in the password's place: `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`
//! (RFC 5802, RFC 7677; PostgreSQL manual, "CREATE ROLE").

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Makes the verifier of a password; `None` where it does not fit the password. A server takes a malformed verifier for
/// a password in clear, without a word, so each is derived a second time, by other code, before it is sent.
pub(super) fn verifier(password: &str) -> Option<Zeroizing<String>> {
    // Other characters would be normalized (RFC 4013), and what the user types might not be.
    if password.is_empty() || !password.is_ascii() {
        return None;
    }
    let verifier = Zeroizing::new(postgres_protocol::password::scram_sha_256(password.as_bytes()));
    fits(&verifier, password).then_some(verifier)
}

/// Whether a verifier is one, and that of this password.
fn fits(verifier: &str, password: &str) -> bool {
    let derived = || {
        let (iterations, rest) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
        let (salt, keys) = rest.split_once('$')?;
        let iterations = NonZeroU32::new(iterations.parse().ok()?)?;
        let salt = STANDARD.decode(salt).ok().filter(|salt| salt.len() >= 16)?;
        // RFC 7677 asks for 4096 at least.
        (iterations.get() >= 4096).then_some(())?;
        let mut salted = Zeroizing::new([0; digest::SHA256_OUTPUT_LEN]);
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, iterations, &salt, password.as_bytes(), salted.as_mut_slice());
        let key = hmac::Key::new(hmac::HMAC_SHA256, salted.as_slice());
        let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
        let server = hmac::sign(&key, b"Server Key");
        Some(keys == format!("{}:{}", STANDARD.encode(stored), STANDARD.encode(server)))
    };
    derived().unwrap_or(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The test vector of libpq's and the driver's own tests: password `secret`, salt 1 to 16.
    const SECRET: &str = "SCRAM-SHA-256$4096:AQIDBAUGBwgJCgsMDQ4PEA==$8rrDg00OqaiWXJ7p+sCgHEIaBSHY89ZJl3mfIsf32oY=:\
                          05L1f+yZbiN8O0AnO40Og85NNRhvzTS57naKRWCcsIA=";

    #[test]
    fn a_known_verifier_fits() {
        assert!(fits(SECRET, "secret") && !fits(SECRET, "Secret"));
    }

    #[test]
    fn every_verifier_fits_its_password_and_no_two_are_alike() {
        let (one, two) = (verifier("foo").unwrap(), verifier("foo").unwrap());
        assert!(fits(&one, "foo") && fits(&two, "foo") && !fits(&one, "bar"));
        assert_ne!(one, two);
    }

    #[test]
    fn what_the_server_would_take_for_a_password_does_not_fit() {
        for malformed in ["SCRAM-SHA-256$0:!!", "SCRAM-SHA-256$4096:AA==$a:b", "md5abc", "", "foo"]
        {
            assert!(!fits(malformed, "foo"), "{malformed}");
        }
        let one = verifier("foo").unwrap();
        for at in [0, 20, 45, 70, 100, one.len() - 1] {
            let mut bytes = one.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(!fits(&String::from_utf8(bytes).unwrap(), "foo"), "{at}");
        }
    }

    #[test]
    fn a_password_that_would_be_normalized_has_none() {
        assert_eq!(verifier("größe"), None);
        assert_eq!(verifier(""), None);
    }
}
