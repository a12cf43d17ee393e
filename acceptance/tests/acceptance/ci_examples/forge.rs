// SPDX-License-Identifier: MPL-2.0
//! The comments of one pull request, as GitHub and Gitea serve them to a job.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A server on this machine; it ends with the process.
pub struct Forge {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    prefix: &'static str,
    authorization: &'static str,
    bot: &'static str,
    comments: Vec<Value>,
    /// Method and path of each request.
    requests: Vec<String>,
}

impl Forge {
    /// One whose API begins at a path, that wants this header, and whose jobs comment under this name.
    pub fn new(prefix: &'static str, authorization: &'static str, bot: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        // Somebody else's comment, of the same beginning, stays as it is.
        let strangers = json!({
            "id": 1, "user": { "login": "mallory" }, "body": "<!-- appenv-gate -->\nall is well",
        });
        let kept = Kept { prefix, authorization, bot, comments: vec![strangers], requests: vec![] };
        let kept = Arc::new(Mutex::new(kept));
        let mine = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(&stream, &mine);
            }
        });
        Self { port, kept }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The bodies of all comments, in order.
    pub fn comments(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.comments.iter().map(|comment| comment["body"].as_str().unwrap().to_owned()).collect()
    }

    /// Requests since the last question.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.kept.lock().unwrap().requests)
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Kept>) {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).unwrap();
        text.trim_end().to_owned()
    };
    let first = line();
    let headers: Vec<String> =
        std::iter::from_fn(|| Some(line()).filter(|l| !l.is_empty())).collect();
    let header = |name: &str| {
        headers.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    if header("expect").is_some() {
        (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let (status, answer) = answer(&first, header("authorization").as_deref(), &body, kept);
    let answer = answer.to_string();
    write!(
        &*stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
}

fn answer(
    first: &str,
    authorization: Option<&str>,
    body: &[u8],
    kept: &Mutex<Kept>,
) -> (u16, Value) {
    let mut kept = kept.lock().unwrap();
    let words: Vec<&str> = first.split(' ').collect();
    let (method, target) = (words[0], words[1]);
    let Some(path) = target.strip_prefix(kept.prefix) else { return (404, json!({})) };
    kept.requests.push(format!("{method} {path}"));
    if authorization != Some(kept.authorization) {
        return (401, json!({ "message": "not authorized" }));
    }
    let body = || serde_json::from_slice::<Value>(body).unwrap()["body"].clone();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match (method, path) {
        ("GET", "/repos/acme/shop/issues/7/comments") => {
            // GitHub serves pages of a hundred; Gitea all at once.
            let page = query.split('&').find_map(|part| part.strip_prefix("page="));
            let from = page.map_or(0, |page| (page.parse::<usize>().unwrap() - 1) * 100);
            let count = if page.is_some() { 100 } else { usize::MAX };
            let page: Vec<Value> = kept.comments.iter().skip(from).take(count).cloned().collect();
            (200, json!(page))
        }
        ("POST", "/repos/acme/shop/issues/7/comments") => {
            let comment = json!({ "id": kept.comments.len() + 1, "user": { "login": kept.bot }, "body": body() });
            kept.comments.push(comment.clone());
            (201, comment)
        }
        ("PATCH", path) => {
            let id = path.strip_prefix("/repos/acme/shop/issues/comments/").unwrap();
            let id: usize = id.parse().unwrap();
            kept.comments[id - 1]["body"] = body();
            (200, kept.comments[id - 1].clone())
        }
        _ => (404, json!({})),
    }
}

impl Forge {
    /// Fills the pull request with what others say.
    pub fn chatter(&self, count: usize) {
        let mut kept = self.kept.lock().unwrap();
        for _ in 0..count {
            let id = kept.comments.len() + 1;
            kept.comments.push(json!({ "id": id, "user": { "login": "alice" }, "body": "hm" }));
        }
    }
}
