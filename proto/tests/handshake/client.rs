// SPDX-License-Identifier: MPL-2.0
//! Plays the CLI: its certificate, its TLS, its connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use crate::wire::health::HealthCheckRequest;
use crate::wire::health::health_client::HealthClient;

/// A certificate and its key, as go-plugin makes one for each process it starts.
#[derive(Debug)]
pub struct Identity {
    pub pem: String,
    pub der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Self-signed, on P-521, an authority, for localhost.
    pub fn like_go_plugin() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// The certificate of one with the key of the other.
    pub fn with_key_of(&self, other: &Self) -> Self {
        Self { pem: self.pem.clone(), der: self.der.clone(), key: other.key.clone_key() }
    }
}

/// Shows its certificate whatever the server asks for, and whatever the key is.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// TLS towards the server with exactly that certificate, as exactly this client.
pub fn tls(
    server: &CertificateDer<'static>,
    client: Option<&Identity>,
    version: &'static SupportedProtocolVersion,
) -> TlsConnector {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let key = provider.key_provider.load_private_key(client.key.clone_key()).unwrap();
            let certified = CertifiedKey::new(vec![client.der.clone()], key);
            builder.with_client_cert_resolver(Arc::new(Always(Arc::new(certified))))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq)]
pub enum Address {
    Unix(PathBuf),
    Tcp(String),
}

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Address {
    pub async fn connect(&self) -> Box<dyn Stream> {
        match self {
            Self::Unix(path) => Box::new(UnixStream::connect(path).await.unwrap()),
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                Box::new(stream)
            }
        }
    }

    pub async fn connect_tls(
        &self,
        tls: &TlsConnector,
    ) -> std::io::Result<TlsStream<Box<dyn Stream>>> {
        let name = ServerName::try_from("localhost").unwrap();
        tls.connect(name, self.connect().await).await
    }
}

/// HTTP/2 over a stream, once.
pub async fn channel(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Channel {
    let mut stream = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_| {
        std::future::ready(
            stream.take().ok_or_else(|| std::io::Error::other("one connection only")),
        )
    });
    Endpoint::from_static("http://localhost")
        .timeout(Duration::from_secs(30))
        .connect_with_connector(connector)
        .await
        .unwrap()
}

/// The status that the health service answers, 1 for serving.
pub async fn health(channel: &Channel) -> Result<i32, tonic::Status> {
    let request = HealthCheckRequest { service: "plugin".to_owned() };
    Ok(HealthClient::new(channel.clone()).check(request).await?.into_inner().status)
}
