// SPDX-License-Identifier: MPL-2.0
//! A proxy that loses a request, or the answer to it; and a stub that answers what it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the chosen write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives; the connection breaks.
    LoseRequest,
    /// It takes effect; the connection breaks before the answer.
    LoseAnswer,
    /// It takes effect; the answer comes too late.
    LateAnswer,
    /// The same write comes first, as if by another.
    Outrun,
}

/// One fault at the Nth write; everything else passes.
pub struct Proxy {
    pub address: String,
    writes: Arc<AtomicUsize>,
}

type AtWrite = Arc<dyn Fn(usize) + Send + Sync>;

impl Proxy {
    /// Counts writes from one; `fault` strikes at `at`, once, and `seen` is told of every write that arrived.
    pub async fn start(upstream: &str, at: usize, fault: Option<Fault>, seen: AtWrite) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let writes = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&writes);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, counter, seen) =
                    (upstream.clone(), Arc::clone(&counter), Arc::clone(&seen));
                tokio::spawn(async move {
                    let _ = serve(client, &upstream, &counter, at, fault, &seen).await;
                });
            }
        });
        Self { address, writes }
    }

    /// How many writes arrived.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

/// One request a connection: each side is told to close.
async fn serve(
    mut client: TcpStream,
    upstream: &str,
    counter: &AtomicUsize,
    at: usize,
    fault: Option<Fault>,
    seen: &AtWrite,
) -> std::io::Result<()> {
    let Some(request) = read_request(&mut client).await? else { return Ok(()) };
    let is_write = ["POST ", "PUT ", "DELETE "].iter().any(|m| request.starts_with(m.as_bytes()));
    let strikes = is_write && counter.fetch_add(1, Ordering::SeqCst) + 1 == at;
    if strikes && fault == Some(Fault::LoseRequest) {
        return Ok(());
    }
    if strikes && fault == Some(Fault::Outrun) {
        forward(upstream, &request).await?;
    }
    let answer = forward(upstream, &request).await?;
    if is_write {
        seen(counter.load(Ordering::SeqCst));
    }
    if strikes && fault == Some(Fault::LoseAnswer) {
        return Ok(());
    }
    if strikes && fault == Some(Fault::LateAnswer) {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// Passes a request on; the answer to it.
async fn forward(upstream: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    let end_of_line = request.windows(2).position(|w| w == b"\r\n").unwrap() + 2;
    server.write_all(&request[..end_of_line]).await?;
    server.write_all(b"Connection: close\r\n").await?;
    server.write_all(&request[end_of_line..]).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Head and body of one request; `None` where the client only opened the connection.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let read = client.read(&mut chunk).await?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..read]);
        let Some(head) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |value| value.trim().parse().unwrap());
        if bytes.len() >= head + 4 + length {
            return Ok(Some(bytes));
        }
    }
}

/// A server that gives the answers of a script, the last one for ever, and keeps what it was asked.
pub struct Stub {
    pub address: String,
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers whole HTTP responses.
    pub async fn start(script: Vec<String>) -> Self {
        Self::start_with(script, None).await
    }

    /// The same, but for a path that has an answer of its own, whenever it is asked for.
    pub async fn start_with(script: Vec<String>, own: Option<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let turn = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (kept, turn, script) = (Arc::clone(&kept), Arc::clone(&turn), script.clone());
                let own = own.clone();
                tokio::spawn(async move {
                    let Ok(Some(request)) = read_request(&mut client).await else { return };
                    let request = String::from_utf8_lossy(&request).into_owned();
                    kept.lock().unwrap().push(request.clone());
                    if let Some((path, answer)) = &own
                        && request.lines().next().is_some_and(|line| line.contains(path))
                    {
                        let _ = client.write_all(answer.as_bytes()).await;
                        let _ = client.shutdown().await;
                        return;
                    }
                    let turn = turn.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
                    let _ = client.write_all(script[turn].as_bytes()).await;
                    let _ = client.shutdown().await;
                });
            }
        });
        Self { address, asked }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An HTTP response.
pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}
