// SPDX-License-Identifier: MPL-2.0
//! Where a login is used: host, port, sslmode and the URL of all of it.

use std::fmt::Write as _;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::facet::postgres::{Host, Settings, SslMode};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The host, or several separated by commas; the directory of a Unix socket.
pub(super) fn host(server: &Settings) -> String {
    let host = |host: &Host| match host {
        Host::Tcp { name, .. } => name.clone(),
        Host::Unix { directory, .. } => directory.display().to_string(),
    };
    server.hosts.iter().map(host).collect::<Vec<_>>().join(",")
}

/// The port of the first host.
pub(super) fn port(server: &Settings) -> u16 {
    match server.hosts.first() {
        Some(Host::Tcp { port, .. } | Host::Unix { port, .. }) => *port,
        None => 5432,
    }
}

/// The configured mode; without one `verify-full`, and none on this machine: there TLS is used where it is offered.
pub(super) fn sslmode(server: &Settings) -> Option<&'static str> {
    let here = |host: &Host| match host {
        Host::Tcp { name, .. } => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix { .. } => true,
    };
    match server.sslmode {
        Some(SslMode::Disable) => Some("disable"),
        Some(SslMode::Require) => Some("require"),
        Some(SslMode::VerifyCa) => Some("verify-ca"),
        None if server.hosts.iter().all(here) => None,
        Some(SslMode::VerifyFull) | None => Some("verify-full"),
    }
}

/// `postgresql://user:password@host:port/database?sslmode=…` (PostgreSQL manual, "Connection URIs").
pub(super) fn url(
    server: &Settings,
    user: &str,
    password: &str,
    database: &str,
) -> Zeroizing<String> {
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let host = |host: &Host| match host {
        Host::Tcp { name, port } if name.contains(':') => format!("[{name}]:{port}"),
        Host::Tcp { name, port } => format!("{}:{port}", encoded(name)),
        Host::Unix { directory, port } => {
            format!("{}:{port}", encoded(&directory.to_string_lossy()))
        }
    };
    let hosts: Vec<_> = server.hosts.iter().map(host).collect();
    let password = Zeroizing::new(encoded(password));
    let mut url = Zeroizing::new(String::with_capacity(512));
    // A String takes every write.
    let _ = write!(
        url,
        "postgresql://{}:{}@{}/{}",
        encoded(user),
        password.as_str(),
        hosts.join(","),
        encoded(database)
    );
    if let Some(mode) = sslmode(server) {
        let _ = write!(url, "?sslmode={mode}");
    }
    url
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn server(hosts: &[(&str, u16)]) -> Settings {
        let hosts = hosts.iter().map(|(name, port)| Host::parse(name, *port).unwrap());
        Settings::new(hosts.collect(), "provider".to_owned())
    }

    fn told(server: &Settings) -> String {
        url(server, "erp_tmp_1", "p@ss/w:rd%?#", "erp-sandbox").to_string()
    }

    #[test]
    fn a_server_elsewhere_is_verified() {
        let server = server(&[("db", 5433)]);
        assert_eq!((host(&server).as_str(), port(&server)), ("db", 5433));
        assert_eq!(
            told(&server),
            "postgresql://erp_tmp_1:p%40ss%2Fw%3Ard%25%3F%23@db:5433/erp-sandbox?sslmode=verify-full"
        );
    }

    #[test]
    fn one_on_this_machine_needs_no_mode() {
        for name in ["localhost", "127.0.0.1", "::1", "/run/postgresql"] {
            assert_eq!(sslmode(&server(&[(name, 5432)])), None, "{name}");
        }
        assert_eq!(sslmode(&server(&[("localhost", 5432), ("db", 5432)])), Some("verify-full"));
        let disabled = Settings { sslmode: Some(SslMode::Disable), ..server(&[("db", 1)]) };
        assert_eq!(sslmode(&disabled), Some("disable"));
    }

    #[test]
    fn several_hosts_addresses_and_sockets_read_back() {
        for hosts in [
            vec![("db", 5432), ("db2", 5433)],
            vec![("::1", 5432)],
            vec![("/run/postgresql", 5434)],
        ] {
            let server = server(&hosts);
            let read = Settings::from_url(&told(&server)).unwrap().settings;
            assert_eq!(read.hosts, server.hosts);
            assert_eq!(read.database, "erp-sandbox");
            assert_eq!(read.user, "erp_tmp_1");
        }
        assert_eq!(host(&server(&[("db", 1), ("db2", 2)])), "db,db2");
    }
}
