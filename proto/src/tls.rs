// SPDX-License-Identifier: MPL-2.0
//! Mutual TLS with exactly one client: a fresh certificate of our own, and the pinned one of the CLI.
//!
//! The stock verifier of rustls refuses that one: it is self-signed and says `CA:TRUE`, which webpki takes for no
//! end entity. Its key is on P-521, hence aws-lc-rs.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};

/// The name that go-plugin expects in the server's certificate.
const SERVER_NAME: &str = "localhost";
/// HTTP/2, without which newer gRPC clients refuse the connection.
const ALPN: &[u8] = b"h2";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// No key or certificate could be made.
    #[error("no certificate could be made for the connection: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refused the configuration.
    #[error("the connection could not be set up for TLS: {0}")]
    Config(#[from] rustls::Error),
}

/// The certificate of this process, and its key.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The certificate, which the handshake line hands to the client.
    pub(crate) certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// Accepts one certificate, byte for byte, from a client that proves to hold its key.
///
/// Validity dates, issuer and extensions are not looked at: the environment of this process is what vouches for it.
#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

// === impl Identity ===

impl Identity {
    /// Makes a key on P-256 and a self-signed certificate for `localhost`, for this process alone.
    ///
    /// It is valid at any time, so that a wrong clock on this machine breaks nothing.
    pub(crate) fn fresh() -> Result<Self, TlsError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, SERVER_NAME);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() })
    }

    /// The server's side of TLS 1.2 and 1.3, for the holder of `client`'s key and nobody else.
    ///
    /// Nothing is resumed: each connection proves the key anew.
    pub(crate) fn server_config(
        self,
        client: CertificateDer<'static>,
    ) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient::new(client, &provider);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![self.certificate], self.key)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

// === impl PinnedClient ===

impl PinnedClient {
    fn new(certificate: CertificateDer<'static>, provider: &CryptoProvider) -> Self {
        Self { certificate, algorithms: provider.signature_verification_algorithms }
    }
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_identity_is_another() {
        let (one, other) = (Identity::fresh().unwrap(), Identity::fresh().unwrap());
        assert_ne!(one.certificate, other.certificate);
        assert_ne!(one.key, other.key);
    }

    #[test]
    fn a_client_key_on_p521_can_be_verified() {
        let provider = aws_lc_rs::default_provider();
        let verifier = PinnedClient::new(CertificateDer::from(Vec::new()), &provider);
        assert!(
            verifier.supported_verify_schemes().contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
        );
        assert!(verifier.client_auth_mandatory());
    }
}
