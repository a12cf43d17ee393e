// SPDX-License-Identifier: MPL-2.0
//! TLS from here to a server: who is trusted, and the handshake.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::facet::trust::Anyone;

/// Why a file of authorities is of no use.
pub(super) const NO_AUTHORITY: &str = "the file of authorities holds no certificate in PEM form";

/// The authorities whose certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authorities {
    /// This machine's.
    #[default]
    Machine,
    /// Those of a PEM file alone.
    Only(Vec<u8>),
    /// Those of a file that cannot be read, and why.
    Unread(String),
}

/// Whose certificates are taken.
#[derive(Clone, Copy)]
pub(super) enum Trust<'a> {
    /// Anybody's: only to be looked at.
    Anyone,
    /// Those that an authority has signed, for the name.
    Known(&'a Authorities),
}

/// Shakes hands; the error is in words.
pub(super) async fn handshake(
    stream: TcpStream,
    name: &str,
    trust: Trust<'_>,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{name:?} is neither a DNS name nor an address"))?;
    let connector = TlsConnector::from(Arc::new(config(trust)?));
    connector.connect(name, stream).await.map_err(|error| error.to_string())
}

fn config(trust: Trust<'_>) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let roots = match trust {
        Trust::Anyone => {
            let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Anyone::new(&provider));
            return Ok(builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth());
        }
        Trust::Known(Authorities::Machine) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        }
        Trust::Known(Authorities::Only(pem)) => roots(pem)?,
        Trust::Known(Authorities::Unread(why)) => return Err(why.clone()),
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let none = || NO_AUTHORITY.to_owned();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| none())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err(none()) } else { Ok(roots) }
}
