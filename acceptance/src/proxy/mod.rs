// SPDX-License-Identifier: MPL-2.0
//! Stands between the provider and a server: counts what is written, and breaks the Nth write.
//!
//! It reads what it relays (PostgreSQL's protocol 3, HTTP/1.1; both in the clear on the loopback interface), so it
//! tests the shipped binary without a switch in it. What counts as a write is said in [`Proxy::writes`].

mod http;
mod pipe;
mod postgres;
mod sql;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::servers::{OpenBao, Postgres};
use crate::workspace::Victim;

/// A relay to one server.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// What happens to the Nth write. It happens once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The victim is killed and the write never reaches the server.
    KillBefore(Victim),
    /// The server has done the write; then the victim is killed and never hears of it.
    KillAfter(Victim),
    /// The connection closes and the write never reaches the server.
    DropBefore,
    /// The server has done the write; then the connection closes without an answer.
    DropReply,
    /// The server has done the write; then half of the answer comes and the connection closes.
    PartialReply,
    /// The write waits, then goes its way; also where the client has given up in the meantime.
    Delay(Duration),
    /// The connection is reset (RST) and the write never reaches the server.
    Reset,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    stop: AtomicBool,
    cut: AtomicBool,
    open: AtomicUsize,
    most_open: AtomicUsize,
    log: Mutex<Log>,
    sockets: Mutex<Vec<Weak<TcpStream>>>,
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<String>,
    writes: Vec<String>,
    armed: Option<(usize, Fault)>,
    fired: Option<String>,
}

type Relay = fn(&Arc<TcpStream>, &Arc<TcpStream>, &Shared) -> io::Result<()>;

// === impl Proxy ===

impl Proxy {
    /// A proxy in front of a PostgreSQL.
    pub fn postgres(pg: &Postgres) -> Self {
        Self::start(pg.port(), postgres::relay)
    }

    /// A proxy in front of an OpenBao.
    pub fn openbao(bao: &OpenBao) -> Self {
        Self::start(bao.port(), http::relay)
    }

    fn start(upstream: u16, relay: Relay) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback has a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let shared = Arc::new(Shared {
            upstream: ([127, 0, 0, 1], upstream).into(),
            stop: AtomicBool::default(),
            cut: AtomicBool::default(),
            open: AtomicUsize::default(),
            most_open: AtomicUsize::default(),
            log: Mutex::default(),
            sockets: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&listener, &accepting, relay));
        Self { port, shared, acceptor: Some(acceptor) }
    }

    /// The port on the loopback interface; give it to the provider instead of the server's.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks the Nth write from now on, the first being 1.
    pub fn arm(&self, nth: usize, fault: Fault) {
        assert!(nth > 0, "the first write is number 1");
        let mut log = self.shared.log();
        *log = Log { armed: Some((nth, fault)), ..Log::default() };
    }

    /// Counts from the start again and disarms.
    pub fn forget(&self) {
        *self.shared.log() = Log::default();
        self.shared.most_open.store(self.shared.open.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// The write that was broken; `None` where the armed one never came.
    pub fn fired(&self) -> Option<String> {
        self.shared.log().fired.clone()
    }

    /// Everything asked for: statements, or `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.log().requests.clone()
    }

    /// Everything written.
    ///
    /// On PostgreSQL: the execution of any statement but one that only reads, sets the session or takes a lock; a
    /// `COMMIT` counts where its transaction has written. On OpenBao: any request but GET, HEAD, LIST, and those that
    /// only ask about or look after the caller's own token.
    pub fn writes(&self) -> Vec<String> {
        self.shared.log().writes.clone()
    }

    /// The most connections that were open at one time.
    pub fn most_connections(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }

    /// Closes every connection and takes no new one, as a server that is down.
    pub fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        self.shared.close_all();
    }

    /// Ends a cut.
    pub fn heal(&self) {
        self.shared.cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().ok();
        }
        self.shared.close_all();
    }
}

// === impl Shared ===

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a request and says what to do to it.
    fn judge(&self, request: &str, is_write: bool) -> Option<Fault> {
        let mut log = self.log();
        log.requests.push(request.to_owned());
        if !is_write {
            return None;
        }
        log.writes.push(request.to_owned());
        let count = log.writes.len();
        let (_, fault) = log.armed.take_if(|(nth, _)| *nth == count)?;
        log.fired = Some(request.to_owned());
        Some(fault)
    }

    fn watch(&self, socket: &Arc<TcpStream>) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(socket));
    }

    fn close_all(&self) {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in sockets.iter().filter_map(Weak::upgrade) {
            socket.shutdown(Shutdown::Both).ok();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, relay: Relay) {
    for client in listener.incoming().flatten() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        if shared.cut.load(Ordering::SeqCst) {
            continue;
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let Ok(server) = TcpStream::connect(shared.upstream) else { return };
            let (client, server) = (Arc::new(client), Arc::new(server));
            for socket in [&client, &server] {
                socket.set_nodelay(true).ok();
                shared.watch(socket);
            }
            let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
            shared.most_open.fetch_max(open, Ordering::SeqCst);
            // An error here is an end of a connection, which is what is being tested.
            relay(&client, &server, &shared).ok();
            shared.open.fetch_sub(1, Ordering::SeqCst);
            server.shutdown(Shutdown::Both).ok();
        });
    }
}

/// Makes the close of a socket a reset.
fn reset_on_close(socket: &TcpStream) {
    rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO)).ok();
}
