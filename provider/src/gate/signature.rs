// SPDX-License-Identifier: MPL-2.0
//! Signatures of files, as `ssh-keygen -Y sign -n appenv` writes them (OpenSSH, `PROTOCOL.sshsig`).
//!
//! Ed25519, ECDSA on the three NIST curves, and RSA from 2048 bits on with SHA-256 or SHA-512. Not: DSA, certificates, and keys
//! of security devices (`sk-…`), whose signatures hold more than these.

use std::collections::BTreeSet;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, PublicKey, SshSig};

use crate::naming::shown;

/// What a signature must be made for, so that one made for something else does not count here.
pub const NAMESPACE: &str = "appenv";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    fingerprint: String,
    comment: String,
}

/// Why a line is no key that can be used. None of them shows the line: it could be a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is a private key.
    #[error("it looks like a private key, which belongs nowhere but with its owner")]
    Private,
    /// It is several lines.
    #[error("it has more than one line, and one key is one line")]
    Lines,
    /// Signatures of such a key cannot be checked.
    #[error(
        "it is a key of the kind {0}, and only ssh-ed25519, ecdsa-sha2-nistp256, -nistp384, -nistp521 and ssh-rsa can be used"
    )]
    Kind(String),
    /// It is too short, or longer than can be checked.
    #[error("it is an RSA key of {0} bits, and only 2048 to 8192 can be used")]
    Bits(usize),
    /// It is none.
    #[error("it is no public key of OpenSSH (\"ssh-ed25519 AAAA... comment\"): {0}")]
    Malformed(String),
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It ends too early.
    #[error("it is cut off: the line \"-----END SSH SIGNATURE-----\" is missing")]
    Truncated,
    /// It is none.
    #[error("it is no signature of ssh-keygen: {0}")]
    Malformed(String),
    /// It was made for something else.
    #[error("it was made for {}, and only what was made for \"appenv\" counts (ssh-keygen -Y sign -n appenv)", shown(.0))]
    Namespace(String),
    /// It cannot be checked.
    #[error("it is of a key that cannot be used: {0}")]
    Key(KeyError),
    /// It is of a key that does not count.
    #[error("it is of the key {0}, which is none of those whose signatures count")]
    OtherKey(String),
    /// It is not of what was read.
    #[error("it does not fit: the file is not, byte for byte, what the key {0} signed")]
    Changed(String),
}

// === impl Key ===

impl Key {
    /// Reads a public key line of OpenSSH: kind, base64, and a comment or none.
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let line = line.trim();
        if line.is_empty() {
            return Err(KeyError::Empty);
        }
        // The body of an OpenSSH private key begins so, with or without the lines around it.
        if line.to_ascii_uppercase().contains("PRIVATE KEY") || line.contains("b3BlbnNzaC1rZXktdjE")
        {
            return Err(KeyError::Private);
        }
        if line.lines().count() > 1 {
            return Err(KeyError::Lines);
        }
        let kind = line.split_ascii_whitespace().next().unwrap_or_default();
        if kind.contains("-cert-v0") {
            return Err(KeyError::Kind("certificate".to_owned()));
        }
        let key = PublicKey::from_openssh(line).map_err(|error| {
            let hint = if is_public_file(line) {
                "; it looks like the name of a file, give the file's text"
            } else {
                ""
            };
            KeyError::Malformed(format!("{error}{hint}"))
        })?;
        judge(key.key_data())?;
        Ok(Self { fingerprint: fingerprint(key.key_data()), comment: key.comment().to_owned() })
    }

    /// Its fingerprint, as `ssh-keygen -l` shows it: `SHA256:` and 43 characters.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What its line says behind the key.
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

fn is_public_file(line: &str) -> bool {
    !line.contains(' ') && std::path::Path::new(line).extension().is_some_and(|end| end == "pub")
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// Whether signatures of such a key can be checked.
fn judge(key: &KeyData) -> Result<(), KeyError> {
    match key {
        KeyData::Ed25519(_) | KeyData::Ecdsa(_) => Ok(()),
        KeyData::Rsa(key) => {
            let modulus = key.n.as_positive_bytes().unwrap_or_default();
            let spare = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            let bits = modulus.len() * 8 - spare;
            if RSA_BITS.contains(&bits) { Ok(()) } else { Err(KeyError::Bits(bits)) }
        }
        other => Err(KeyError::Kind(other.algorithm().as_str().to_owned())),
    }
}

/// Checks a signature of a file against keys that count; answers with the fingerprint of the one that made it.
pub fn verify(file: &[u8], signature: &str, keys: &[Key]) -> Result<String, SignatureError> {
    let fingerprints = keys.iter().map(|key| key.fingerprint.clone()).collect();
    check_by_fingerprint(file, signature, &fingerprints)
}

/// The same where only the fingerprints are known: a signature brings its public key along.
pub fn check_by_fingerprint(
    file: &[u8],
    signature: &str,
    fingerprints: &BTreeSet<String>,
) -> Result<String, SignatureError> {
    let text = signature.trim();
    if !text.starts_with(BEGIN) {
        return Err(SignatureError::Malformed(format!("it does not begin with {BEGIN:?}")));
    }
    if !text.ends_with(END) {
        return Err(SignatureError::Truncated);
    }
    let malformed = |error: ssh_key::Error| SignatureError::Malformed(error.to_string());
    let signed = SshSig::from_pem(format!("{text}\n")).map_err(malformed)?;
    // The crate lets lengths and versions pass that OpenSSH does not.
    let written = signed.to_pem(LineEnding::LF).map_err(malformed)?;
    if signed.version() != SshSig::VERSION || on_one_line(&written) != on_one_line(text) {
        return Err(SignatureError::Malformed("it is not as ssh-keygen writes it".to_owned()));
    }
    if signed.namespace() != NAMESPACE {
        return Err(SignatureError::Namespace(signed.namespace().to_owned()));
    }
    judge(signed.public_key()).map_err(SignatureError::Key)?;
    let fingerprint = fingerprint(signed.public_key());
    if !fingerprints.contains(&fingerprint) {
        return Err(SignatureError::OtherKey(fingerprint));
    }
    let message = SshSig::signed_data(NAMESPACE, signed.hash_alg(), file).map_err(malformed)?;
    if fits(&signed, &message) {
        Ok(fingerprint)
    } else {
        Err(SignatureError::Changed(fingerprint))
    }
}

fn on_one_line(pem: &str) -> String {
    pem.lines().collect()
}

/// Whether the key of a signature made it of that message.
fn fits(signed: &SshSig, message: &[u8]) -> bool {
    let signature = signed.signature_bytes();
    match (signed.public_key(), signed.algorithm()) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            UnparsedPublicKey::new(&ED25519, &key.0).verify(message, signature).is_ok()
        }
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => {
            let (algorithm, size): (&'static dyn VerificationAlgorithm, _) = match key {
                EcdsaPublicKey::NistP256(_) => (&ECDSA_P256_SHA256_FIXED, 32),
                EcdsaPublicKey::NistP384(_) => (&ECDSA_P384_SHA384_FIXED, 48),
                EcdsaPublicKey::NistP521(_) => (&ECDSA_P521_SHA512_FIXED, 66),
            };
            fixed(signature, size).is_some_and(|signature| {
                let key = UnparsedPublicKey::new(algorithm, key.as_sec1_bytes());
                key.verify(message, &signature).is_ok()
            })
        }
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
            let parameters: &'static RsaParameters = match hash {
                HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                _ => return false,
            };
            let (n, e) = (key.n.as_positive_bytes(), key.e.as_positive_bytes());
            n.zip(e).is_some_and(|(n, e)| {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            })
        }
        _ => false,
    }
}

/// Two numbers as SSH writes them (RFC 4251 §5, `mpint`), each brought to one length.
fn fixed(mut signature: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(2 * size);
    for _ in 0..2 {
        let (length, rest) = signature.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (number, rest) = rest.split_at_checked(length)?;
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = number.get(zeros..)?;
        out.resize(out.len() + size.checked_sub(number.len())?, 0);
        out.extend_from_slice(number);
        signature = rest;
    }
    signature.is_empty().then_some(out)
}
