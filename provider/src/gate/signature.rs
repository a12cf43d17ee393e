//! Signatures of files, as `ssh-keygen -Y sign -n appenv -f KEY FILE` writes them into `FILE.sig` (OpenSSH,
//! PROTOCOL.sshsig). Checked here, without another program.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, Mpint, PublicKey, SshSig};

/// What a signature must be for: one that was made for another program counts for nothing here.
pub const NAMESPACE: &str = "appenv";

/// Why a signature, or a key, does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A text that is no signature.
    #[error("it is no signature that ssh-keygen -Y sign writes: {0}")]
    Malformed(String),
    /// One that was made for something else.
    #[error("it was made for {0:?}, and must be for \"appenv\" (ssh-keygen -Y sign -n appenv)")]
    Namespace(String),
    /// One of a key that is none of those that count.
    #[error("it is of the key {0}, which is none of those that count")]
    OtherKey(String),
    /// A kind of key that is not checked here.
    #[error("keys of kind {0} are not checked here; ed25519, ecdsa and rsa are")]
    Kind(String),
    /// The file is not the one that was signed.
    #[error("it does not fit: the file is not what was signed, or the signature was altered")]
    Mismatch,
}

/// Keys by fingerprint (`SHA256:…`).
pub type Keys = BTreeMap<String, PublicKey>;

/// Reads a public key as OpenSSH writes it in one line; with its fingerprint. The error is a phrase and holds nothing of
/// the line: it may be a private key.
pub fn read_key(line: &str) -> Result<(String, PublicKey), String> {
    if line.contains("PRIVATE KEY") {
        return Err(
            "it is a private key; the public one is in the file beside it, FILE.pub".to_owned()
        );
    }
    let key = PublicKey::from_openssh(line.trim())
        .map_err(|error| format!("it is no line such as \"ssh-ed25519 AAAA… name\": {error}"))?;
    match key.key_data() {
        KeyData::Ed25519(_) | KeyData::Ecdsa(_) | KeyData::Rsa(_) => {}
        other => return Err(SignatureError::Kind(other.algorithm().to_string()).to_string()),
    }
    Ok((key.fingerprint(HashAlg::Sha256).to_string(), key))
}

/// Checks the signature of a file against keys; the fingerprint of the one that signed it.
pub fn verify(file: &[u8], signature: &str, keys: &Keys) -> Result<String, SignatureError> {
    check(file, signature, |fingerprint| keys.contains_key(fingerprint))
}

/// The same where only fingerprints are known: the signature brings its key along.
pub fn check_by_fingerprint(
    file: &[u8],
    signature: &str,
    fingerprints: &BTreeSet<String>,
) -> Result<String, SignatureError> {
    check(file, signature, |fingerprint| fingerprints.contains(fingerprint))
}

fn check(
    file: &[u8],
    signature: &str,
    counts: impl Fn(&str) -> bool,
) -> Result<String, SignatureError> {
    let malformed = |error: ssh_key::Error| SignatureError::Malformed(error.to_string());
    let signature = SshSig::from_pem(signature.trim()).map_err(malformed)?;
    if signature.namespace() != NAMESPACE {
        return Err(SignatureError::Namespace(signature.namespace().to_owned()));
    }
    let key = signature.public_key();
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    if !counts(&fingerprint) {
        return Err(SignatureError::OtherKey(fingerprint));
    }
    let signed = SshSig::signed_data(NAMESPACE, signature.hash_alg(), file).map_err(malformed)?;
    let bytes = signature.signature_bytes();
    let fits = match (key, signature.signature().algorithm()) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            UnparsedPublicKey::new(&ED25519, key.0).verify(&signed, bytes).is_ok()
        }
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if curve == key.curve() => {
            let (kind, width) = match curve {
                EcdsaCurve::NistP256 => (&ECDSA_P256_SHA256_FIXED, 32),
                EcdsaCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
                EcdsaCurve::NistP521 => (&ECDSA_P521_SHA512_FIXED, 66),
            };
            let fixed = fixed(bytes, width).ok_or(SignatureError::Mismatch)?;
            UnparsedPublicKey::new(kind, key.as_sec1_bytes()).verify(&signed, &fixed).is_ok()
        }
        // SHA-1 (`ssh-rsa`) is refused by PROTOCOL.sshsig.
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
            let kind = match hash {
                HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                _ => &RSA_PKCS1_2048_8192_SHA256,
            };
            let part = |part: &Mpint| part.as_positive_bytes().map(<[u8]>::to_vec);
            let (Some(n), Some(e)) = (part(&key.n), part(&key.e)) else {
                return Err(SignatureError::Mismatch);
            };
            RsaPublicKeyComponents { n, e }.verify(kind, &signed, bytes).is_ok()
        }
        (key, _) => return Err(SignatureError::Kind(key.algorithm().to_string())),
    };
    if fits { Ok(fingerprint) } else { Err(SignatureError::Mismatch) }
}

/// Two numbers, each behind its length (RFC 5656, 3.1.2), as two fields of one width.
fn fixed(bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    let (r, rest) = number(bytes)?;
    let (s, rest) = number(rest)?;
    let mut fixed = Vec::with_capacity(2 * width);
    for number in [r, s] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = &number[zeros..];
        fixed.resize(fixed.len() + width.checked_sub(digits.len())?, 0);
        fixed.extend_from_slice(digits);
    }
    rest.is_empty().then_some(fixed)
}

fn number(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Made by ssh-keygen of OpenSSH 9.2: a key of no use, and what it signed.
    const KEY: &str = include_str!("../../tests/golden/signature/key.pub");
    const FILE: &[u8] = include_bytes!("../../tests/golden/signature/file");
    const SIGNATURE: &str = include_str!("../../tests/golden/signature/file.sig");
    const ELSEWHERE: &str = include_str!("../../tests/golden/signature/elsewhere.sig");

    fn keys() -> Keys {
        Keys::from([read_key(KEY).unwrap()])
    }

    #[test]
    fn what_was_signed_fits_and_nothing_else() {
        let fingerprint = keys().keys().next().cloned().unwrap();
        assert!(fingerprint.starts_with("SHA256:"), "{fingerprint}");
        assert_eq!(verify(FILE, SIGNATURE, &keys()), Ok(fingerprint.clone()));
        let by_fingerprint = BTreeSet::from([fingerprint.clone()]);
        assert_eq!(check_by_fingerprint(FILE, SIGNATURE, &by_fingerprint), Ok(fingerprint.clone()));
        let altered = [FILE, b" "].concat();
        assert_eq!(verify(&altered, SIGNATURE, &keys()), Err(SignatureError::Mismatch));
        assert_eq!(
            verify(FILE, SIGNATURE, &Keys::new()),
            Err(SignatureError::OtherKey(fingerprint))
        );
        assert_eq!(
            verify(FILE, ELSEWHERE, &keys()),
            Err(SignatureError::Namespace("file".to_owned()))
        );
    }

    #[test]
    fn every_truncation_and_every_odd_text_is_refused() {
        let whole = SIGNATURE.trim_end();
        for end in 0..whole.len() {
            assert!(verify(FILE, &whole[..end], &keys()).is_err(), "{end}");
        }
        for text in ["", "a1-", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n", KEY]
        {
            assert!(
                matches!(verify(FILE, text, &keys()), Err(SignatureError::Malformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_public_key_is_not_told_again() {
        let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";
        for line in [private, "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3M= x"] {
            let told = read_key(line).unwrap_err();
            assert!(!told.contains("b3Blbn"), "{told}");
        }
    }

    #[test]
    fn two_numbers_of_any_length_have_one_width() {
        let of = |r: &[u8], s: &[u8]| {
            let part = |n: &[u8]| [&u32::try_from(n.len()).unwrap().to_be_bytes()[..], n].concat();
            fixed(&[part(r), part(s)].concat(), 4)
        };
        assert_eq!(of(&[1], &[0, 255, 2, 3, 4]), Some(vec![0, 0, 0, 1, 255, 2, 3, 4]));
        assert_eq!(of(&[1, 2, 3, 4, 5], &[1]), None);
        assert_eq!(fixed(&[0, 0, 0, 9, 1], 4), None);
    }
}
