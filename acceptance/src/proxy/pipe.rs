// SPDX-License-Identifier: MPL-2.0
//! The way back from the server: answers, which a fault may hold.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the thread that relays answers and the one that relays requests share.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Answers go into `held` instead of to the client.
    holds: bool,
    held: Vec<u8>,
    /// ReadyForQuery messages so far.
    ready: u64,
    closed: bool,
}

// === impl Pipe ===

impl Pipe {
    /// Relays answers until either side closes.
    pub(super) fn run(&self, server: &TcpStream, client: &TcpStream) {
        let mut reader = BufReader::new(server);
        while let Ok(message) = read_message(&mut reader) {
            let mut state = self.state();
            if state.holds {
                state.held.extend(&message);
            } else if (&*client).write_all(&message).is_err() {
                break;
            }
            if message[0] == b'Z' {
                state.ready += 1;
                self.changed.notify_all();
            }
        }
        let mut state = self.state();
        state.closed = true;
        if !state.holds {
            client.shutdown(Shutdown::Both).ok();
        }
        self.changed.notify_all();
    }

    /// Keeps every answer from now on from the client.
    pub(super) fn hold(&self) {
        self.state().holds = true;
    }

    /// Waits until the server is ready for the `nth` time (or has closed) and answers what was held.
    pub(super) fn held_until_ready(&self, nth: u64) -> Vec<u8> {
        let state = self.state();
        let waiting = |state: &mut State| state.ready < nth && !state.closed;
        let limit = Duration::from_secs(60);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, limit, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.held)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads one typed message of PostgreSQL's protocol: type, length (which counts itself), payload.
pub(super) fn read_message(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 5];
    reader.read_exact(&mut message)?;
    let length = u32::from_be_bytes([message[1], message[2], message[3], message[4]]);
    read_payload(reader, message, length)
}

/// Reads one message as clients send it before the session has begun: without a type.
pub(super) fn read_untyped(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 4];
    reader.read_exact(&mut message)?;
    let length = u32::from_be_bytes([message[0], message[1], message[2], message[3]]);
    read_payload(reader, message, length)
}

fn read_payload(reader: &mut impl Read, mut head: Vec<u8>, length: u32) -> io::Result<Vec<u8>> {
    let rest = (length as usize).checked_sub(4).ok_or(io::ErrorKind::InvalidData)?;
    let from = head.len();
    head.resize(from + rest, 0);
    reader.read_exact(&mut head[from..])?;
    Ok(head)
}
