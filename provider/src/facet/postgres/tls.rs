// SPDX-License-Identifier: MPL-2.0
//! TLS towards the server: who is trusted, and what of the certificate is checked.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::{Settings, SslMode};
use crate::facet::trust::Anyone;

/// What a connection does about TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// None.
    Plain,
    /// TLS where the server offers it, with whoever answers: loopback only.
    Offered,
    /// TLS with whoever answers.
    Encrypted,
    /// TLS with a certificate of a known root.
    Rooted,
    /// TLS with a certificate of a known root that names the host.
    Named,
}

/// Why no TLS configuration could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TlsError {
    /// The given file.
    #[error("sslrootcert holds no certificate in PEM form")]
    RootCertificate,
    /// The machine's store.
    #[error("this machine has no trusted certificates")]
    NoNativeRoots,
    /// rustls.
    #[error("{0}")]
    Rustls(String),
}

// === impl Protection ===

impl Protection {
    /// What the settings ask for on an address.
    pub(super) fn on(settings: &Settings, loopback: bool) -> Self {
        match (settings.sslmode, loopback) {
            (Some(SslMode::Disable), _) => Self::Plain,
            (Some(SslMode::Require), _) if settings.sslrootcert.is_some() => Self::Rooted,
            (Some(SslMode::Require), _) => Self::Encrypted,
            (Some(SslMode::VerifyCa), _) => Self::Rooted,
            (Some(SslMode::VerifyFull), _) | (None, false) => Self::Named,
            (None, true) => Self::Offered,
        }
    }

    /// The same for tokio-postgres.
    pub(super) fn mode(self) -> tokio_postgres::config::SslMode {
        match self {
            Self::Plain => tokio_postgres::config::SslMode::Disable,
            Self::Offered => tokio_postgres::config::SslMode::Prefer,
            Self::Encrypted | Self::Rooted | Self::Named => {
                tokio_postgres::config::SslMode::Require
            }
        }
    }
}

/// Makes the connector for one protection.
pub(super) fn connector(
    protection: Protection,
    sslrootcert: Option<&[u8]>,
) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match protection {
        Protection::Plain | Protection::Offered | Protection::Encrypted => {
            Arc::new(Anyone::new(&provider))
        }
        Protection::Rooted => Arc::new(AnyName(web_pki(&provider, sslrootcert)?)),
        Protection::Named => web_pki(&provider, sslrootcert)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Rustls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn web_pki(
    provider: &Arc<CryptoProvider>,
    sslrootcert: Option<&[u8]>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    let empty = if let Some(pem) = sslrootcert {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| TlsError::RootCertificate)?;
            roots.add(certificate).map_err(|_| TlsError::RootCertificate)?;
        }
        TlsError::RootCertificate
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        TlsError::NoNativeRoots
    };
    if roots.is_empty() {
        return Err(empty);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Rustls(error.to_string()))
}

/// Checks everything but the name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

// === impl AnyName ===

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The chain is verified before the name is looked at, so this error says the chain is sound.
        match self.0.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
