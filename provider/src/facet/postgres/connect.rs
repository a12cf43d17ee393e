// SPDX-License-Identifier: MPL-2.0
//! Opens one session: addresses, TLS, keepalives, and what a session sets for itself.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::tls::MakeTlsConnect;

use super::failure::Failure;
use super::guard::Guard;
use super::session::Session;
use super::settings::{Host, Settings};
use super::tls::{Protection, connector};

/// A dead peer is noticed after 5 + 3 × 2 seconds of silence.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(5))
    .with_interval(Duration::from_secs(2))
    .with_retries(3);

/// Opens a session on `database`, trying every host and every address of it in turn.
pub(super) async fn open(
    settings: &Settings,
    application_name: &str,
    database: &str,
) -> Result<Session, Failure> {
    let mut last = Failure::Driver("no host is configured".to_owned());
    let mut standbys = 0;
    for host in &settings.hosts {
        match open_host(settings, application_name, database, host).await {
            Ok(session) if settings.hosts.len() > 1 => match session.is_standby().await {
                Ok(false) => return Ok(session),
                Ok(true) => standbys += 1,
                Err(failure) => last = failure,
            },
            Ok(session) => return Ok(session),
            Err(failure) => last = failure,
        }
    }
    Err(if standbys == settings.hosts.len() { Failure::Standby } else { last.beside(standbys) })
}

async fn open_host(
    settings: &Settings,
    application_name: &str,
    database: &str,
    host: &Host,
) -> Result<Session, Failure> {
    let mut config = Config::new();
    config.user(&settings.user).dbname(database).application_name(application_name);
    if let Some(password) = &settings.password {
        config.password(password.expose());
    }
    match host {
        Host::Unix { directory, port } => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            limited(settings, open_socket(settings, &mut config, &path)).await
        }
        Host::Tcp { name, port } => {
            let addresses: Vec<SocketAddr> =
                limited(settings, async { Ok(lookup_host((name.as_str(), *port)).await?) })
                    .await?
                    .collect();
            let mut last =
                Failure::Network { text: "the name has no address".to_owned(), transient: false };
            for address in addresses {
                let opened = open_address(settings, &mut config, name, address);
                match limited(settings, opened).await {
                    Ok(session) => return Ok(session),
                    Err(failure) => last = failure,
                }
            }
            Err(last)
        }
    }
}

/// Why one address was not reached.
enum Unopened {
    Io(io::Error),
    Failed(Failure),
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

async fn limited<T>(
    settings: &Settings,
    attempt: impl Future<Output = Result<T, Unopened>>,
) -> Result<T, Failure> {
    match timeout(settings.connect_timeout, attempt).await {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(Unopened::Io(error))) => Err(Failure::from(&error)),
        Ok(Err(Unopened::Failed(failure))) => Err(failure),
        Err(_) => Err(Failure::Deadline { seconds: settings.connect_timeout.as_secs() }),
    }
}

async fn open_socket(
    settings: &Settings,
    config: &mut Config,
    path: &Path,
) -> Result<Session, Unopened> {
    let stream = UnixStream::connect(path).await?;
    start(settings, config, Protection::Plain, "", Guard::new(stream, false)).await
}

async fn open_address(
    settings: &Settings,
    config: &mut Config,
    name: &str,
    address: SocketAddr,
) -> Result<Session, Unopened> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE)?;
    let loopback = address.ip().is_loopback();
    let protection = Protection::on(settings, loopback);
    let armed = protection == Protection::Plain && !loopback;
    start(settings, config, protection, name, Guard::new(stream, armed)).await
}

async fn start<S>(
    settings: &Settings,
    config: &mut Config,
    protection: Protection,
    name: &str,
    stream: S,
) -> Result<Session, Unopened>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut tls = connector(protection, settings.sslrootcert.as_deref())
        .map_err(|error| Unopened::Failed(Failure::from(&error)))?;
    config.ssl_mode(protection.mode());
    let tls = MakeTlsConnect::<S>::make_tls_connect(&mut tls, name)
        .map_err(|error| Unopened::Failed(Failure::Tls(error.to_string())))?;
    let (client, connection) =
        config.connect_raw(stream, tls).await.map_err(|error| Unopened::Failed(error.into()))?;
    let started = Session::start(client, connection, settings.statement_timeout).await;
    started.map_err(Unopened::Failed)
}
