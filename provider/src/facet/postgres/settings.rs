// SPDX-License-Identifier: MPL-2.0
//! Where the server is and how it is spoken to.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use std::{fmt, net::IpAddr};

use tokio_postgres::config::Host as UrlHost;
use zeroize::Zeroizing;

/// What the provider block, a URL or the environment say of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Tried in order; of several, one that is no standby is used.
    pub hosts: Vec<Host>,
    /// The provider's login.
    pub user: String,
    /// Its password, where it needs one.
    pub password: Option<Password>,
    /// The maintenance database, which holds the registry.
    pub database: String,
    /// `None`: see [`SslMode`].
    pub sslmode: Option<SslMode>,
    /// Certificates a server's certificate must lead to, PEM; `None`: those of the machine.
    pub sslrootcert: Option<Vec<u8>>,
    /// For one address, from the first packet to the server's welcome.
    pub connect_timeout: Duration,
    /// For one statement, on the server; the provider waits five seconds longer.
    pub statement_timeout: Duration,
}

/// One place a server may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A host name or address.
    Tcp {
        /// The name, as a certificate would say it.
        name: String,
        /// The port.
        port: u16,
    },
    /// A directory with the server's Unix socket.
    Unix {
        /// The directory.
        directory: PathBuf,
        /// The port, which names the socket in it.
        port: u16,
    },
}

/// How a connection is protected, by libpq's names (PostgreSQL manual, "SSL Support").
///
/// Without a choice: `verify-full`; on a loopback address TLS where the server offers it, unverified, else none;
/// on a Unix socket none. libpq's `allow` and `prefer` do not exist here: they fall back to plaintext in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS. Off loopback a request for the cleartext password is then never answered.
    Disable,
    /// TLS with whoever answers; with `sslrootcert`, as `verify-ca`.
    Require,
    /// The certificate leads to a known root.
    VerifyCa,
    /// And it names the host.
    VerifyFull,
}

/// A password: never printed, erased from memory when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A URL taken apart.
#[derive(Clone, Debug)]
pub struct FromUrl {
    /// What it says, without `sslrootcert`'s content.
    pub settings: Settings,
    /// The file `sslrootcert` names, for the caller to read.
    pub sslrootcert: Option<String>,
    /// Whether it names a database; the settings have the default otherwise.
    pub names_database: bool,
    /// Whether it has a `connect_timeout`; the settings have the default otherwise.
    pub names_timeout: bool,
}

/// Why a setting cannot be used. Shows no part of a URL: any part of it may be a piece of the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL this server has.
    #[error(
        "the url is not of the form postgresql://user:password@host:port/database?sslmode=verify-full \
         (special characters of the password are percent-encoded)"
    )]
    Url,
    /// A URL without a user.
    #[error("the url names no user")]
    NoUser,
    /// A host that cannot be one.
    #[error(
        "the url holds a host that is no host name (special characters of the password are percent-encoded)"
    )]
    Host,
    /// An unknown or unwanted sslmode.
    #[error(
        "sslmode is one of disable, require, verify-ca and verify-full; allow and prefer would fall back to \
         an unencrypted connection unasked"
    )]
    SslMode,
}

// === impl Settings ===

impl Settings {
    /// Settings with the usual timeouts: 10 s to connect, 30 s a statement.
    pub fn new(hosts: Vec<Host>, user: String) -> Self {
        Self {
            hosts,
            user,
            password: None,
            database: "postgres".to_owned(),
            sslmode: None,
            sslrootcert: None,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
        }
    }

    /// Reads a connection URL (PostgreSQL manual, "Connection URIs"); several hosts may be listed.
    pub fn from_url(url: &str) -> Result<FromUrl, SettingsError> {
        let (sslmode, sslrootcert, rest) = without_tls(url)?;
        let config: tokio_postgres::Config = rest.parse().map_err(|_| SettingsError::Url)?;
        let user = config.get_user().ok_or(SettingsError::NoUser)?.to_owned();
        let mut settings = Self::new(hosts(&config)?, user);
        if let Some(password) = config.get_password() {
            let text = str::from_utf8(password).map_err(|_| SettingsError::Url)?;
            settings.password = Some(Password::new(text.to_owned()));
        }
        if let Some(database) = config.get_dbname() {
            database.clone_into(&mut settings.database);
        }
        if let Some(timeout) = config.get_connect_timeout() {
            settings.connect_timeout = *timeout;
        }
        settings.sslmode = sslmode;
        Ok(FromUrl {
            settings,
            sslrootcert,
            names_database: config.get_dbname().is_some(),
            names_timeout: config.get_connect_timeout().is_some(),
        })
    }

    /// The addresses, for a diagnostic: `db:5432, db2:5432`.
    pub fn address(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(ToString::to_string).collect();
        hosts.join(", ")
    }
}

/// Takes out of the query what tokio-postgres knows under fewer values.
fn without_tls(url: &str) -> Result<(Option<SslMode>, Option<String>, String), SettingsError> {
    let (mut sslmode, mut sslrootcert) = (None, None);
    let Some((base, query)) = url.split_once('?') else {
        return Ok((None, None, url.to_owned()));
    };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => sslmode = Some(value.parse()?),
            Some(("sslrootcert", value)) => sslrootcert = Some(percent_decoded(value)?),
            _ => kept.push(pair),
        }
    }
    Ok((sslmode, sslrootcert, format!("{base}?{}", kept.join("&"))))
}

fn percent_decoded(text: &str) -> Result<String, SettingsError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(SettingsError::Url) };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| SettingsError::Url)?);
    }
    String::from_utf8(bytes).map_err(|_| SettingsError::Url)
}

fn hosts(config: &tokio_postgres::Config) -> Result<Vec<Host>, SettingsError> {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts: Vec<Host> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| match host {
            UrlHost::Tcp(name) => Host::tcp(name, port(at)),
            UrlHost::Unix(directory) => {
                Ok(Host::Unix { directory: directory.clone(), port: port(at) })
            }
        })
        .collect::<Result<_, _>>()?;
    if hosts.is_empty() { Err(SettingsError::Host) } else { Ok(hosts) }
}

// === impl Host ===

impl Host {
    /// A host by name or address, or the directory of a Unix socket where it begins with `/`.
    pub fn parse(name: &str, port: u16) -> Result<Self, SettingsError> {
        if name.starts_with('/') {
            return Ok(Self::Unix { directory: PathBuf::from(name), port });
        }
        Self::tcp(name, port)
    }

    fn tcp(name: &str, port: u16) -> Result<Self, SettingsError> {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let named = !bare.is_empty()
            && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if named || bare.parse::<IpAddr>().is_ok() {
            Ok(Self::Tcp { name: bare.to_owned(), port })
        } else {
            Err(SettingsError::Host)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { name, port } if name.contains(':') => write!(f, "[{name}]:{port}"),
            Self::Tcp { name, port } => write!(f, "{name}:{port}"),
            Self::Unix { directory, port } => {
                write!(f, "{}/.s.PGSQL.{port}", directory.display())
            }
        }
    }
}

// === impl SslMode ===

impl FromStr for SslMode {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        match text {
            "disable" => Ok(Self::Disable),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(SettingsError::SslMode),
        }
    }
}

// === impl Password ===

impl Password {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tcp(name: &str, port: u16) -> Host {
        Host::Tcp { name: name.to_owned(), port }
    }

    #[test]
    fn a_whole_url() {
        let read = Settings::from_url(
            "postgresql://prov:s%40c%2Fret@db:5433,db2/admin?sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3",
        )
        .unwrap();
        let settings = read.settings;
        assert_eq!(settings.hosts, [tcp("db", 5433), tcp("db2", 5432)]);
        assert_eq!(settings.user, "prov");
        assert_eq!(settings.password.as_ref().unwrap().expose(), "s@c/ret");
        assert_eq!(settings.database, "admin");
        assert_eq!(settings.sslmode, Some(SslMode::VerifyCa));
        assert_eq!(read.sslrootcert.as_deref(), Some("/etc/ca.pem"));
        assert_eq!(settings.connect_timeout, Duration::from_secs(3));
        assert!(!format!("{settings:?}").contains("s@c"));
    }

    #[test]
    fn sockets_and_defaults() {
        let read = Settings::from_url("postgres://prov@%2Frun%2Fpostgresql").unwrap().settings;
        assert_eq!(
            read.hosts,
            [Host::Unix { directory: PathBuf::from("/run/postgresql"), port: 5432 }]
        );
        assert_eq!(read.database, "postgres");
        assert_eq!(read.sslmode, None);
        assert_eq!(read.hosts[0].to_string(), "/run/postgresql/.s.PGSQL.5432");
    }

    #[test]
    fn nothing_shows_a_piece_of_the_password() {
        for url in [
            "postgres://prov:CANARY@x@db/postgres",
            "postgres://prov:CANARY/x@db/postgres",
            "postgres://prov:CANARY%zz@db/postgres",
            "postgres://prov:x@db/postgres?sslmode=CANARY",
            "CANARY",
        ] {
            let told = match Settings::from_url(url) {
                Ok(read) => format!("{read:?} {}", read.settings.address()),
                Err(error) => error.to_string(),
            };
            assert!(!told.contains("CANARY"), "{told}");
        }
    }

    #[test]
    fn weak_modes_are_refused_by_name() {
        for weak in ["allow", "prefer", ""] {
            assert_eq!(weak.parse::<SslMode>(), Err(SettingsError::SslMode));
        }
    }
}
