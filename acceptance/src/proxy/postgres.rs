// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL's protocol 3, as far as it takes to tell statements apart.

use std::collections::HashMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::pipe::{Pipe, read_message, read_untyped};
use super::sql::Transaction;
use super::{Fault, Shared, reset_on_close};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;

/// One client's session.
#[derive(Default)]
struct Session {
    /// Statement texts by name.
    prepared: HashMap<Vec<u8>, String>,
    /// Statement texts by portal.
    bound: HashMap<Vec<u8>, String>,
    transaction: Transaction,
    /// Messages that the server answers with ReadyForQuery, so far; the start-up is the first.
    syncs: u64,
}

/// Relays one connection until either side closes.
pub(super) fn relay(
    client: &Arc<TcpStream>,
    server: &Arc<TcpStream>,
    shared: &Shared,
) -> io::Result<()> {
    let mut reader = BufReader::new(&**client);
    if !start_up(&mut reader, client, server)? {
        return Ok(());
    }
    let pipe = Arc::new(Pipe::default());
    let back = {
        let (pipe, client, server) = (Arc::clone(&pipe), Arc::clone(client), Arc::clone(server));
        std::thread::spawn(move || pipe.run(&server, &client))
    };
    let mut session = Session { syncs: 1, ..Session::default() };
    let ended = session.run(&mut reader, client, server, shared, &pipe);
    server.shutdown(Shutdown::Both).ok();
    back.join().ok();
    ended
}

/// Relays what comes before the session; false where there is none (a cancel request).
fn start_up(
    reader: &mut BufReader<&TcpStream>,
    mut client: &TcpStream,
    mut server: &TcpStream,
) -> io::Result<bool> {
    loop {
        let message = read_untyped(reader)?;
        let code = message.get(4..8).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
        server.write_all(&message)?;
        match code {
            Some(SSL_REQUEST | GSS_REQUEST) => {
                let mut answer = [0];
                server.read_exact(&mut answer)?;
                client.write_all(&answer)?;
                if answer != *b"N" {
                    return Err(io::Error::other("an encrypted connection cannot be read"));
                }
            }
            Some(CANCEL_REQUEST) => return Ok(false),
            _ => return Ok(true),
        }
    }
}

// === impl Session ===

impl Session {
    fn run(
        &mut self,
        reader: &mut BufReader<&TcpStream>,
        mut client: &TcpStream,
        mut server: &TcpStream,
        shared: &Shared,
        pipe: &Pipe,
    ) -> io::Result<()> {
        loop {
            let message = read_message(reader)?;
            let Some(statement) = self.executes(&message) else {
                server.write_all(&message)?;
                continue;
            };
            let is_write = self.transaction.runs(&statement);
            match shared.judge(&statement, is_write) {
                None => server.write_all(&message)?,
                Some(Fault::Delay(time)) => {
                    std::thread::sleep(time);
                    server.write_all(&message)?;
                }
                Some(Fault::KillBefore(victim)) => {
                    victim.kill();
                    return Ok(());
                }
                Some(Fault::DropBefore) => return client.shutdown(Shutdown::Both),
                Some(Fault::Reset) => {
                    reset_on_close(client);
                    return Ok(());
                }
                Some(after) => {
                    pipe.hold();
                    server.write_all(&message)?;
                    self.finish(&message, reader, server)?;
                    let held = pipe.held_until_ready(self.syncs);
                    match after {
                        Fault::KillAfter(victim) => drop(victim.kill()),
                        Fault::PartialReply => client.write_all(&held[..held.len() / 2])?,
                        _ => {}
                    }
                    return client.shutdown(Shutdown::Both);
                }
            }
        }
    }

    /// Takes note of a message; the statement, where it runs one.
    fn executes(&mut self, message: &[u8]) -> Option<String> {
        let mut fields = message[5..].split(|byte| *byte == 0);
        let mut field = || fields.next().unwrap_or_default().to_vec();
        match message[0] {
            b'Q' => {
                self.syncs += 1;
                Some(text(&field()))
            }
            b'P' => {
                let (name, statement) = (field(), field());
                self.prepared.insert(name, text(&statement));
                None
            }
            b'B' => {
                let (portal, name) = (field(), field());
                let statement = self.prepared.get(&name).cloned().unwrap_or_default();
                self.bound.insert(portal, statement);
                None
            }
            b'E' => self.bound.get(&field()).cloned(),
            b'S' => {
                self.syncs += 1;
                None
            }
            _ => None,
        }
    }

    /// An executed statement outside a transaction is committed by the Sync behind it: relays up to that.
    fn finish(
        &mut self,
        message: &[u8],
        reader: &mut BufReader<&TcpStream>,
        mut server: &TcpStream,
    ) -> io::Result<()> {
        let mut last = message[0];
        while !matches!(last, b'Q' | b'S') {
            let message = read_message(reader)?;
            self.executes(&message);
            server.write_all(&message)?;
            last = message[0];
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
