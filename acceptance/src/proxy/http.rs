// SPDX-License-Identifier: MPL-2.0
//! HTTP/1.1, one request after the other on each connection.

use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use super::{Fault, Shared, reset_on_close};

/// A request or an answer: every byte, and what its head says.
struct Message {
    bytes: Vec<u8>,
    /// The first line.
    line: String,
    length: Option<usize>,
    is_chunked: bool,
    closes: bool,
}

/// Relays one connection until either side closes.
pub(super) fn relay(
    client: &Arc<TcpStream>,
    server: &Arc<TcpStream>,
    shared: &Shared,
) -> io::Result<()> {
    let (mut client, mut server) = (&**client, &**server);
    let mut requests = BufReader::new(client);
    let mut answers = BufReader::new(server);
    loop {
        let request = Message::read_request(&mut requests)?;
        let (method, path) = request.target();
        let fault = shared.judge(&format!("{method} {path}"), is_write(&method, &path));
        match fault {
            Some(Fault::KillBefore(victim)) => {
                victim.kill();
                return Ok(());
            }
            Some(Fault::DropBefore) => return client.shutdown(Shutdown::Both),
            Some(Fault::Reset) => {
                reset_on_close(client);
                return Ok(());
            }
            Some(Fault::Delay(time)) => std::thread::sleep(time),
            _ => {}
        }
        server.write_all(&request.bytes)?;
        let answer = Message::read_answer(&mut answers, &method)?;
        match fault {
            Some(Fault::KillAfter(victim)) => {
                victim.kill();
                return client.shutdown(Shutdown::Both);
            }
            Some(Fault::DropReply) => return client.shutdown(Shutdown::Both),
            Some(Fault::PartialReply) => {
                client.write_all(&answer.bytes[..answer.bytes.len() / 2])?;
                return client.shutdown(Shutdown::Both);
            }
            _ => client.write_all(&answer.bytes)?,
        }
        if request.closes || answer.closes {
            return client.shutdown(Shutdown::Both);
        }
    }
}

/// Whether a request changes what others see.
fn is_write(method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches("/v1/");
    let own_token = path.starts_with("sys/capabilities")
        || (path.starts_with("auth/") && path.ends_with("/login") && !path.contains("/role/"))
        || path.starts_with("auth/token/lookup")
        || matches!(path, "auth/token/renew-self" | "auth/token/revoke-self");
    !matches!(method, "GET" | "HEAD" | "LIST" | "OPTIONS") && !own_token
}

// === impl Message ===

impl Message {
    fn read_request(reader: &mut impl BufRead) -> io::Result<Self> {
        let mut request = Self::read_head(reader)?;
        // A request without a length has no body (RFC 9112 §6.3).
        let length = request.length.or(Some(0));
        request.read_body(reader, length)?;
        Ok(request)
    }

    fn read_answer(reader: &mut impl BufRead, method: &str) -> io::Result<Self> {
        let mut informed = Vec::new();
        loop {
            let mut answer = Self::read_head(reader)?;
            let status = answer.line.split(' ').nth(1).unwrap_or_default().to_owned();
            if status.starts_with('1') {
                informed.extend(answer.bytes);
                continue;
            }
            let bodiless = method == "HEAD" || status == "204" || status == "304";
            let length = if bodiless { Some(0) } else { answer.length };
            answer.is_chunked &= !bodiless;
            answer.read_body(reader, length)?;
            answer.bytes = [informed, answer.bytes].concat();
            return Ok(answer);
        }
    }

    fn read_head(reader: &mut impl BufRead) -> io::Result<Self> {
        let mut head = Self {
            bytes: Vec::new(),
            line: String::new(),
            length: None,
            is_chunked: false,
            closes: false,
        };
        loop {
            let from = head.bytes.len();
            if reader.read_until(b'\n', &mut head.bytes)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = String::from_utf8_lossy(&head.bytes[from..]).trim_end().to_owned();
            if line.is_empty() {
                return Ok(head);
            }
            if from == 0 {
                head.line = line;
            } else if let Some((name, value)) = line.split_once(':') {
                let value = value.trim().to_ascii_lowercase();
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => head.length = value.parse().ok(),
                    "transfer-encoding" => head.is_chunked = value.contains("chunked"),
                    "connection" => head.closes = value.contains("close"),
                    _ => {}
                }
            }
        }
    }

    /// Reads the body: chunks, a number of bytes, or all there is.
    fn read_body(&mut self, reader: &mut impl BufRead, length: Option<usize>) -> io::Result<()> {
        if self.is_chunked {
            return self.read_chunks(reader);
        }
        let Some(length) = length else {
            self.closes = true;
            return reader.read_to_end(&mut self.bytes).map(drop);
        };
        self.read_bytes(reader, length)
    }

    fn read_chunks(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        loop {
            let size = self.read_line(reader)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
            if size == 0 {
                // Trailers, up to an empty line.
                while !self.read_line(reader)?.trim().is_empty() {}
                return Ok(());
            }
            self.read_bytes(reader, size + 2)?;
        }
    }

    fn read_line(&mut self, reader: &mut impl BufRead) -> io::Result<String> {
        let from = self.bytes.len();
        if reader.read_until(b'\n', &mut self.bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&self.bytes[from..]).into_owned())
    }

    fn read_bytes(&mut self, reader: &mut impl Read, count: usize) -> io::Result<()> {
        let from = self.bytes.len();
        self.bytes.resize(from + count, 0);
        reader.read_exact(&mut self.bytes[from..])
    }

    /// Method and path.
    fn target(&self) -> (String, String) {
        let mut words = self.line.split(' ').map(str::to_owned);
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tells_writes_from_questions() {
        assert!(is_write("PUT", "/v1/sys/policies/acl/erp"));
        assert!(is_write("DELETE", "/v1/postgres/roles/erp"));
        assert!(is_write("POST", "/v1/kvv2/data/appenv/erp"));
        assert!(!is_write("GET", "/v1/kvv2/data/appenv/erp?list=true"));
        assert!(!is_write("LIST", "/v1/kvv2/metadata/appenv"));
        assert!(!is_write("POST", "/v1/auth/approle/login"));
        assert!(!is_write("POST", "/v1/sys/capabilities-self"));
        assert!(is_write("POST", "/v1/auth/gitea_jwt/role/login"), "a role may be called so");
    }

    #[test]
    fn reads_bodies_of_every_kind() {
        let read = |text: &str, method: &str| {
            let mut reader = text.as_bytes();
            let answer = Message::read_answer(&mut reader, method).unwrap();
            (String::from_utf8(answer.bytes).unwrap(), reader.len(), answer.closes)
        };
        let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(&format!("{plain}HTTP"), "GET"), (plain.to_owned(), 4, false));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        assert_eq!(read(&format!("{chunked}X"), "GET"), (chunked.to_owned(), 1, false));
        let empty = "HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(read(&format!("{empty}X"), "PUT"), (empty.to_owned(), 1, false));
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(read(&format!("{head}X"), "HEAD"), (head.to_owned(), 1, false));
        let endless = "HTTP/1.1 200 OK\r\n\r\nall of it";
        assert_eq!(read(endless, "GET"), (endless.to_owned(), 0, true));
        let informed = format!("HTTP/1.1 100 Continue\r\n\r\n{plain}");
        assert_eq!(read(&informed, "PUT"), (informed.clone(), 0, false));
    }
}
