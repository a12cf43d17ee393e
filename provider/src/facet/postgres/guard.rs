// SPDX-License-Identifier: MPL-2.0
//! A stream that hangs up when an unencrypted server asks for the cleartext password.
//!
//! The first message of a server is its request for authentication: `R`, length 8, code 3 for the cleartext
//! password (PostgreSQL manual, "Message Formats"). The driver would answer it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const CLEARTEXT: [u8; 9] = [b'R', 0, 0, 0, 8, 0, 0, 0, 3];

/// The request was seen.
#[derive(Debug, thiserror::Error)]
#[error("the server asked for the password in clear over an unencrypted connection")]
pub(super) struct CleartextAsked;

/// The stream.
#[derive(Debug)]
pub(super) struct Guard<S> {
    inner: S,
    armed: bool,
    /// Bytes of the request seen so far.
    matched: usize,
}

// === impl Guard ===

impl<S> Guard<S> {
    /// Watches `inner` if `armed`.
    pub(super) fn new(inner: S, armed: bool) -> Self {
        Self { inner, armed, matched: 0 }
    }

    fn watch(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            if !self.armed {
                break;
            }
            if CLEARTEXT.get(self.matched) == Some(byte) {
                self.matched += 1;
            } else {
                self.armed = false;
            }
            if self.matched == CLEARTEXT.len() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, CleartextAsked));
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let outcome = self.watch(&buf.filled()[before..]);
        Poll::Ready(outcome)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn read(sent: &[&[u8]], armed: bool) -> io::Result<Vec<u8>> {
        let (client, mut server) = tokio::io::duplex(64);
        let mut guard = Guard::new(client, armed);
        let mut got = Vec::new();
        for part in sent {
            server.write_all(part).await.unwrap();
            let mut buffer = [0; 64];
            let n = guard.read(&mut buffer).await?;
            got.extend_from_slice(&buffer[..n]);
        }
        Ok(got)
    }

    #[tokio::test]
    async fn the_request_is_not_passed_on() {
        for parts in [vec![&CLEARTEXT[..]], vec![&CLEARTEXT[..4], &CLEARTEXT[4..]]] {
            let error = read(&parts, true).await.unwrap_err();
            assert!(matches!(error.get_ref(), Some(inner) if inner.is::<CleartextAsked>()));
        }
    }

    #[tokio::test]
    async fn other_requests_and_later_bytes_pass() {
        let scram = [b'R', 0, 0, 0, 23, 0, 0, 0, 10];
        assert_eq!(read(&[&scram, &CLEARTEXT], true).await.unwrap().len(), 18);
        assert_eq!(read(&[&CLEARTEXT], false).await.unwrap(), CLEARTEXT);
    }
}
