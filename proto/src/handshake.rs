// SPDX-License-Identifier: MPL-2.0
//! The handshake with the CLI: what its environment asks for, and the one line that answers. Does no I/O.
//!
//! Both are those of HashiCorp's go-plugin: an environment that holds a cookie, the versions the client speaks and
//! its certificate; then `1|6|unix|/path|grpc|CERT` as the first line of standard output.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::server::ParsedCertificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject, SectionKind};

/// The variable that tells a start by the CLI from one by hand.
pub(crate) const COOKIE: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// What it holds; a convention of the protocol, not a secret.
pub(crate) const COOKIE_VALUE: &str =
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The only protocol version served. A client without it gets the same answer and says so to its user.
pub(crate) const PROTOCOL_VERSION: u32 = 6;

const CORE_VERSION: u32 = 1;
const CLIENT_CERTIFICATE: &str = "PLUGIN_CLIENT_CERT";
const SOCKET_DIRECTORY: &str = "PLUGIN_UNIX_SOCKET_DIR";
const SOCKET_GROUP: &str = "PLUGIN_UNIX_SOCKET_GROUP";
const MULTIPLEX: &str = "PLUGIN_MULTIPLEX_GRPC";

/// An environment: a variable's value by its name.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What the client asks of the plugin it starts.
#[derive(Debug)]
pub(crate) struct Request {
    /// The one certificate that may connect; none where the CLI runs with `TF_DISABLE_PLUGIN_TLS`.
    pub(crate) client_certificate: Option<CertificateDer<'static>>,
    /// Where the socket's directory is to be made, instead of the system's place for temporary files.
    pub(crate) socket_directory: Option<PathBuf>,
    /// The group, by name or number, that may reach the socket too.
    pub(crate) socket_group: Option<String>,
    /// Whether the client waits for a seventh field, about several services in one connection.
    pub(crate) multiplex: bool,
}

/// Why a start is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum HandshakeError {
    /// There is no cookie, so no CLI at the other end.
    #[error("the environment holds no handshake cookie")]
    NotStartedByCli,
    /// The certificate to pin cannot be used.
    #[error(
        "PLUGIN_CLIENT_CERT {0}; nothing listens, because nobody could be told from a stranger"
    )]
    ClientCertificate(BadCertificate),
    /// The client wants a group to reach the socket, and gives nothing to tell its members apart.
    #[error(
        "PLUGIN_UNIX_SOCKET_GROUP shares the socket with a group, which needs PLUGIN_CLIENT_CERT; \
         nothing listens, because nobody could be told from a stranger"
    )]
    SharedWithoutCertificate,
}

/// What is wrong with a certificate in the environment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadCertificate {
    /// No PEM, or PEM of something else.
    #[error("is not a certificate in PEM form")]
    NotPem,
    /// PEM of a certificate, but its content is not X.509.
    #[error("holds a certificate that is not valid X.509")]
    NotX509,
    /// More than the one that is pinned.
    #[error("holds more than one PEM section where exactly one certificate is pinned")]
    NotOne,
}

/// Where the server listens, as the client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket's path, valid UTF-8 without `|` and control characters.
    Unix(String),
    /// A port of the loopback interface.
    Tcp(SocketAddr),
}

// === impl Request ===

impl Request {
    /// Reads the environment. An empty variable counts as absent, as it does for go-plugin.
    pub(crate) fn read(environment: Environment<'_>) -> Result<Self, HandshakeError> {
        let get = |name: &str| environment(name).filter(|value| !value.is_empty());
        if get(COOKIE).is_none_or(|value| value != COOKIE_VALUE) {
            return Err(HandshakeError::NotStartedByCli);
        }
        let socket_group = get(SOCKET_GROUP).map(|group| group.to_string_lossy().into_owned());
        let client_certificate = get(CLIENT_CERTIFICATE)
            .map(|pem| one_certificate(pem.as_encoded_bytes()))
            .transpose()
            .map_err(HandshakeError::ClientCertificate)?;
        if socket_group.is_some() && client_certificate.is_none() {
            return Err(HandshakeError::SharedWithoutCertificate);
        }
        Ok(Self {
            client_certificate,
            socket_group,
            socket_directory: get(SOCKET_DIRECTORY).map(PathBuf::from),
            multiplex: get(MULTIPLEX).is_some(),
        })
    }
}

/// The certificate in `pem`, which holds exactly one and nothing else.
fn one_certificate(pem: &[u8]) -> Result<CertificateDer<'static>, BadCertificate> {
    let mut sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem);
    let certificate = match sections.next() {
        Some(Ok((SectionKind::Certificate, der))) => CertificateDer::from(der),
        _ => return Err(BadCertificate::NotPem),
    };
    if sections.next().is_some() {
        return Err(BadCertificate::NotOne);
    }
    ParsedCertificate::try_from(&certificate).map_err(|_| BadCertificate::NotX509)?;
    Ok(certificate)
}

// === impl Address ===

impl Address {
    /// The network, as Go names it.
    pub(crate) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => f.write_str(path),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// The handshake line, newline included.
///
/// The certificate is in the standard alphabet of base64 without padding: go-plugin reads no other form.
pub(crate) fn line(
    address: &Address,
    certificate: Option<&CertificateDer<'_>>,
    multiplex: bool,
) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplex = if multiplex { "|false" } else { "" };
    let network = address.network();
    format!("{CORE_VERSION}|{PROTOCOL_VERSION}|{network}|{address}|grpc|{certificate}{multiplex}\n")
}

/// The value of `TF_REATTACH_PROVIDERS` by which a CLI uses a running provider instead of starting one.
///
/// `Test` keeps the CLI from ending the process after each command.
pub(crate) fn reattach(provider: &str, pid: u32, address: &Address) -> String {
    let value = serde_json::json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": pid,
            "Test": true,
            "Addr": { "Network": address.network(), "String": address.to_string() },
        }
    });
    value.to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Request, HandshakeError> {
        Request::read(&|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        rcgen::CertificateParams::new(["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .pem()
    }

    fn bad(pem: &str) -> HandshakeError {
        read(&[(COOKIE, COOKIE_VALUE), (CLIENT_CERTIFICATE, pem)]).unwrap_err()
    }

    #[test]
    fn a_start_without_the_cookie_is_refused() {
        for variables in [&[][..], &[(COOKIE, "")], &[(COOKIE, "d602bf8f")]] {
            assert_eq!(read(variables).unwrap_err(), HandshakeError::NotStartedByCli);
        }
    }

    #[test]
    fn the_environment_of_a_cli_is_understood() {
        let request = read(&[
            (COOKIE, COOKIE_VALUE),
            (CLIENT_CERTIFICATE, &certificate()),
            (SOCKET_DIRECTORY, "/run/plugins"),
        ])
        .unwrap();
        assert!(request.client_certificate.is_some());
        assert_eq!(request.socket_directory.unwrap(), PathBuf::from("/run/plugins"));
        assert!(!request.multiplex);

        let bare = read(&[(COOKIE, COOKIE_VALUE), (CLIENT_CERTIFICATE, "")]).unwrap();
        assert!(bare.client_certificate.is_none());
    }

    #[test]
    fn a_certificate_that_cannot_be_pinned_is_refused() {
        let (one, other) = (certificate(), certificate());
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let torn = one.replacen("-----END", "-----", 1);
        let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let expected = [
            ("garbage".to_owned(), BadCertificate::NotPem),
            (torn, BadCertificate::NotPem),
            (key.clone(), BadCertificate::NotPem),
            (hollow.to_owned(), BadCertificate::NotX509),
            (format!("{one}{other}"), BadCertificate::NotOne),
            (format!("{one}{key}"), BadCertificate::NotOne),
            (format!("{one}-----BEGIN CERTIFICATE-----\n"), BadCertificate::NotOne),
        ];
        for (pem, why) in expected {
            assert_eq!(bad(&pem), HandshakeError::ClientCertificate(why), "{pem}");
        }
    }

    #[test]
    fn a_socket_for_a_group_needs_a_certificate() {
        let group = [(COOKIE, COOKIE_VALUE), (SOCKET_GROUP, "staff")];
        assert_eq!(read(&group).unwrap_err(), HandshakeError::SharedWithoutCertificate);
        let pem = certificate();
        let request = read(&[group[0], group[1], (CLIENT_CERTIFICATE, &pem)]).unwrap();
        assert_eq!(request.socket_group.as_deref(), Some("staff"));
    }

    #[test]
    fn the_line_is_the_one_go_plugin_reads() {
        let unix = Address::Unix("/tmp/plugin1/socket".to_owned());
        let tcp = Address::Tcp(([127, 0, 0, 1], 10_001).into());
        // One byte would take two characters of padding; 0xfb 0xff tells the alphabets apart.
        let der = CertificateDer::from(vec![0xfb, 0xff, 0xfe, 0x01]);
        assert_eq!(line(&unix, Some(&der), false), "1|6|unix|/tmp/plugin1/socket|grpc|+//+AQ\n");
        assert_eq!(line(&tcp, Some(&der), true), "1|6|tcp|127.0.0.1:10001|grpc|+//+AQ|false\n");
        assert_eq!(line(&unix, None, false), "1|6|unix|/tmp/plugin1/socket|grpc|\n");
    }

    #[test]
    fn reattaching_names_the_protocol_and_keeps_the_process_alive() {
        let value = reattach("registry.example.org/a/b", 7, &Address::Unix("/s".to_owned()));
        let expected = serde_json::json!({"registry.example.org/a/b": {
            "Protocol": "grpc", "ProtocolVersion": 6, "Pid": 7, "Test": true,
            "Addr": {"Network": "unix", "String": "/s"},
        }});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&value).unwrap(), expected);
    }
}
