// SPDX-License-Identifier: MPL-2.0
//! A small web server that answers as it is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How every request is answered.
#[derive(Clone, Debug)]
pub struct Manner {
    /// The status.
    pub status: u16,
    /// Where the answer leads to.
    pub location: Option<String>,
    /// How long the answer is held back.
    pub delay: Duration,
}

/// A running server.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    shared: Arc<Mutex<(Manner, Vec<String>)>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

// === impl Manner ===

impl Default for Manner {
    fn default() -> Self {
        Self { status: 200, location: None, delay: Duration::ZERO }
    }
}

// === impl Web ===

impl Web {
    /// Starts one that answers 200.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::<Mutex<(Manner, Vec<String>)>>::default();
        let stop = Arc::<AtomicBool>::default();
        let (told, stopped) = (Arc::clone(&shared), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let told = Arc::clone(&told);
                std::thread::spawn(move || answer(&stream, &told).ok());
            }
        });
        Self { address, shared, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers so from now on.
    pub fn answers(&self, manner: Manner) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).0 = manner;
    }

    /// The first line of every request since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner).1)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread out of `accept`.
        TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Answers one request and closes.
fn answer(stream: &TcpStream, shared: &Mutex<(Manner, Vec<String>)>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let Manner { status, location, delay } = {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.1.push(first);
        shared.0.clone()
    };
    std::thread::sleep(delay);
    let location = location.map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} As Told\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
}
