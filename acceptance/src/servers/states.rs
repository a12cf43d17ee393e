// SPDX-License-Identifier: MPL-2.0
//! A server of states for the backend `http`: GET, POST and DELETE of a path, kept in memory.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// States by path.
type Kept = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A running server.
#[derive(Debug)]
pub struct States {
    address: SocketAddr,
    kept: Kept,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

// === impl States ===

impl States {
    /// Starts one without states.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (stop, kept) = (Arc::new(AtomicBool::new(false)), Kept::default());
        let (stopped, states) = (Arc::clone(&stop), Arc::clone(&kept));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let states = Arc::clone(&states);
                std::thread::spawn(move || answer(&stream, &states).ok());
            }
        });
        Self { address, kept, stop, thread: Some(thread) }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The paths of the states that were written.
    pub fn paths(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl Drop for States {
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
fn answer(stream: &TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    reader.read_line(&mut head)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let (status, text) = {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match method {
            "GET" => match kept.get(&path) {
                Some(state) => ("200 OK", state.clone()),
                None => ("404 Not Found", Vec::new()),
            },
            "POST" => {
                kept.insert(path, body);
                ("200 OK", Vec::new())
            }
            "DELETE" => {
                kept.remove(&path);
                ("200 OK", Vec::new())
            }
            _ => ("405 Method Not Allowed", Vec::new()),
        }
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    )?;
    stream.write_all(&text)
}
