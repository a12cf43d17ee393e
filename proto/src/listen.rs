// SPDX-License-Identifier: MPL-2.0
//! Where the client connects: a unix socket that only this user reaches, or else a loopback port under TLS.
//!
//! The socket comes first because no other user can even try it, and because it has no delayed acknowledgements
//! to wait for. The port is for places where sockets do not work: a directory with a path too long or not writable.

#![allow(
    clippy::disallowed_methods,
    reason = "the one file that owns the socket: its directory, its modes, its group"
)]

use std::fs::Permissions;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use crate::connection::Connection;
use crate::handshake::Address;

/// How long a connection may take to prove who it is.
const PROOF: Duration = Duration::from_secs(10);
/// How many connections may be proving it at a time.
const PROOFS: usize = 64;
/// The pause after a failed accept, most often for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// There is no socket, and without TLS a port is no substitute.
    #[error(
        "no unix socket could be made in {}, and without PLUGIN_CLIENT_CERT nothing else is safe: {source}",
        directory.display()
    )]
    Socket {
        /// Where it was to be.
        directory: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Neither a socket nor a port.
    #[error("neither a unix socket in {} nor a loopback port could be opened: {source}", directory.display())]
    Port {
        /// Where the socket was to be.
        directory: PathBuf,
        /// Why there is no port.
        source: io::Error,
    },
    /// The group that is to reach the socket.
    #[error(
        "the socket could not be given to the group {group} of PLUGIN_UNIX_SOCKET_GROUP: {source}"
    )]
    Group {
        /// Its name or number.
        group: String,
        /// Why not.
        source: io::Error,
    },
}

/// An open socket or port.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    address: Address,
    directory: Directory,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// The directory of the socket, while there is one. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory(Arc<Mutex<Option<TempDir>>>);

// === impl Listener ===

impl Listener {
    /// Opens a socket in a fresh directory under `parent`; with `port`, a loopback port where that does not work.
    pub(crate) async fn open(
        parent: &Path,
        group: Option<&str>,
        port: bool,
    ) -> Result<Self, ListenError> {
        let failed = match Self::unix(parent) {
            Ok(listener) => {
                if let Some(group) = group {
                    listener
                        .share(group)
                        .map_err(|source| ListenError::Group { group: group.to_owned(), source })?;
                }
                return Ok(listener);
            }
            Err(source) => ListenError::Socket { directory: parent.to_owned(), source },
        };
        if !port || group.is_some() {
            return Err(failed);
        }
        tracing::debug!(reason = %failed, "using a loopback port instead of a unix socket");
        Self::tcp()
            .await
            .map_err(|source| ListenError::Port { directory: parent.to_owned(), source })
    }

    fn unix(parent: &Path) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("plugin")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let path = directory.path().join("socket");
        let name = path
            .to_str()
            .filter(|name| !name.contains(|c: char| c == '|' || c.is_control()))
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        let address = Address::Unix(name.to_owned());
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let directory = Directory(Arc::new(Mutex::new(Some(directory))));
        Ok(Self { socket: Socket::Unix(listener), address, directory })
    }

    async fn tcp() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = Address::Tcp(listener.local_addr()?);
        Ok(Self { socket: Socket::Tcp(listener), address, directory: Directory::default() })
    }

    /// Lets a group's members through to the socket; who they are, TLS asks.
    fn share(&self, group: &str) -> io::Result<()> {
        let Address::Unix(socket) = &self.address else { return Ok(()) };
        let (socket, id) = (Path::new(socket), group_id(group)?);
        for (path, mode) in [(Some(socket), 0o660), (socket.parent(), 0o710)] {
            let path = path.ok_or(io::ErrorKind::InvalidFilename)?;
            chown(path, None, Some(id))?;
            std::fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// What is to be removed when the process ends.
    pub(crate) fn directory(&self) -> Directory {
        self.directory.clone()
    }

    /// Takes connections, each proven by `tls` where there is one, until the stream is dropped.
    ///
    /// With `once` the socket vanishes from the file system behind the first of them, which is the only one a CLI
    /// makes; so nothing is left behind however the process ends.
    pub(crate) fn connections(
        self,
        tls: Option<TlsAcceptor>,
        once: bool,
    ) -> ReceiverStream<io::Result<Connection>> {
        let (send, receive) = mpsc::channel(1);
        tokio::spawn(accept(self.socket, tls, once.then_some(self.directory), send));
        ReceiverStream::new(receive)
    }
}

/// Proofs run side by side, so that a stranger who says nothing keeps nobody waiting.
async fn accept(
    socket: Socket,
    tls: Option<TlsAcceptor>,
    mut litter: Option<Directory>,
    send: mpsc::Sender<io::Result<Connection>>,
) {
    let mut proofs = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept(), if proofs.len() < PROOFS => match accepted {
                Ok(connection) => {
                    proofs.spawn(timeout(PROOF, prove(connection, tls.clone())));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(Ok(proof)) = proofs.join_next() => match proof {
                Ok(Ok(connection)) => {
                    if let Some(directory) = litter.take() {
                        directory.remove();
                    }
                    if send.send(Ok(connection)).await.is_err() {
                        return;
                    }
                }
                Ok(Err(error)) => tracing::warn!(%error, "a connection was refused"),
                Err(_) => tracing::warn!("a connection was refused: it took too long"),
            },
            () = send.closed() => return,
        }
    }
}

async fn prove(connection: Connection, tls: Option<TlsAcceptor>) -> io::Result<Connection> {
    match tls {
        Some(tls) => Ok(Connection::new(tls.accept(connection).await?)),
        None => Ok(connection),
    }
}

// === impl Socket ===

impl Socket {
    async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Unix(listener) => Ok(Connection::new(listener.accept().await?.0)),
            Self::Tcp(listener) => Ok(Connection::new(accept_tcp(listener).await?)),
        }
    }
}

async fn accept_tcp(listener: &TcpListener) -> io::Result<TcpStream> {
    let stream = listener.accept().await?.0;
    // Without it every second call of a client in Go waits 40 ms for a delayed acknowledgement.
    stream.set_nodelay(true)?;
    Ok(stream)
}

// === impl Directory ===

impl Directory {
    /// Removes it with the socket in it. A failure leaves an empty socket file in a place for temporary files.
    pub(crate) fn remove(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// The number of a group, which may be given as such.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    let groups = std::fs::read_to_string("/etc/group")?;
    groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find_map(|fields| (fields.first() == Some(&group)).then(|| fields.get(2)?.parse().ok())?)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such group"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn socket(listener: &Listener) -> PathBuf {
        match listener.address() {
            Address::Unix(path) => path.into(),
            Address::Tcp(address) => panic!("a port, {address}"),
        }
    }

    #[tokio::test]
    async fn the_socket_is_for_this_user_alone() {
        let parent = tempfile::tempdir().unwrap();
        let listener = Listener::open(parent.path(), None, false).await.unwrap();
        let path = socket(&listener);
        assert!(path.starts_with(parent.path()));
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        listener.directory().remove();
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_group_is_let_through_to_the_socket() {
        let parent = tempfile::tempdir().unwrap();
        let own = std::fs::metadata(parent.path()).unwrap().gid();
        let listener = Listener::open(parent.path(), Some(&own.to_string()), true).await.unwrap();
        let path = socket(&listener);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o660, 0o710));
        assert_eq!(std::fs::metadata(&path).unwrap().gid(), own);

        let error = Listener::open(parent.path(), Some("no such group"), true).await.unwrap_err();
        assert!(matches!(error, ListenError::Group { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_port_stands_in_only_where_it_may() {
        let parent = tempfile::tempdir().unwrap();
        let long = parent.path().join("d".repeat(120));
        let barred = parent.path().join("a|b");
        for place in [&long, &barred] {
            std::fs::create_dir(place).unwrap();
            let listener = Listener::open(place, None, true).await.unwrap();
            assert!(matches!(listener.address(), Address::Tcp(a) if a.ip().is_loopback()));
            let error = Listener::open(place, None, false).await.unwrap_err();
            assert!(matches!(error, ListenError::Socket { .. }), "{error}");
            assert_eq!(std::fs::read_dir(place).unwrap().count(), 0, "nothing is left behind");
        }
    }

    #[tokio::test]
    async fn a_port_waits_for_no_acknowledgements() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, server) = tokio::join!(client, accept_tcp(&listener));
        assert!(client.is_ok() && server.unwrap().nodelay().unwrap());
    }

    #[tokio::test]
    async fn the_socket_vanishes_behind_the_first_connection() {
        use tokio_stream::StreamExt as _;

        let parent = tempfile::tempdir().unwrap();
        let listener = Listener::open(parent.path(), None, false).await.unwrap();
        let path = socket(&listener);
        let mut connections = listener.connections(None, true);
        let _client = tokio::net::UnixStream::connect(&path).await.unwrap();
        connections.next().await.unwrap().unwrap();
        assert!(!path.exists());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
