// SPDX-License-Identifier: MPL-2.0
//! Stands before moto and twists what comes next: what AWS does under load, and what other runs do meanwhile.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Moto;

/// What happens to the next request of an action.
pub enum Twist {
    /// It is answered with an error of that code, and never reaches the server.
    Refuse(&'static str),
    /// The server does it; then the connection closes without an answer.
    LoseAnswer,
    /// Something else is done first; then it goes its way.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// A relay to one server. It ends with the process.
pub struct Relay {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    twists: VecDeque<(&'static str, Twist)>,
    actions: Vec<String>,
}

// === impl Relay ===

impl Relay {
    /// A relay that twists nothing yet.
    pub fn new(moto: &Moto) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback has a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let shared = Arc::<Mutex<Shared>>::default();
        let (upstream, script) = (moto.port(), Arc::clone(&shared));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let script = Arc::clone(&script);
                std::thread::spawn(move || relay(&client, upstream, &script).ok());
            }
        });
        Self { port, shared }
    }

    /// The environment from which the provider reaches the server through it.
    pub fn env(&self) -> Vec<(String, String)> {
        super::env_at(self.port)
    }

    /// Twists the next request of that action which has no twist yet.
    pub fn twist(&self, action: &'static str, twist: Twist) -> &Self {
        lock(&self.shared).twists.push_back((action, twist));
        self
    }

    /// Every action asked for since the last call, in order.
    pub fn actions(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared).actions)
    }

    /// Twists that nothing met.
    pub fn unmet(&self) -> usize {
        lock(&self.shared).twists.len()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Relays one request; each has a connection of its own.
fn relay(client: &TcpStream, upstream: u16, shared: &Mutex<Shared>) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length, mut action) = (Vec::new(), 0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "x-amz-target" => {
                    value.trim().trim_start_matches("AmazonSSM.").clone_into(&mut action);
                }
                "connection" => continue,
                _ => {}
            }
        }
        head.extend_from_slice(line.as_bytes());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let twist = {
        let mut shared = lock(shared);
        shared.actions.push(action.clone());
        let at = shared.twists.iter().position(|(of, _)| *of == action);
        at.and_then(|at| shared.twists.remove(at)).map(|(_, twist)| twist)
    };
    let mut answers = true;
    match twist {
        Some(Twist::Refuse(code)) => {
            let body = format!("{{\"__type\":\"{code}\",\"message\":\"told by the bench\"}}");
            let mut client = client;
            write!(
                client,
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )?;
            return client.shutdown(Shutdown::Both);
        }
        Some(Twist::LoseAnswer) => answers = false,
        Some(Twist::Meanwhile(act)) => act(),
        None => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    server.write_all(&head)?;
    server.write_all(b"Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    if answers {
        let mut client = client;
        client.write_all(&answer)?;
    }
    client.shutdown(Shutdown::Both)
}
