// SPDX-License-Identifier: MPL-2.0
//! A bucket of Google's Cloud Storage with two service accounts, as far as the backend `gcs` asks it: one may read objects, the
//! other write them too.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Objects by name.
type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A server on this machine; it ends with the process.
pub struct Bucket {
    host: String,
    objects: Objects,
    key: String,
}

struct Request {
    method: String,
    path: String,
    query: String,
    authorization: String,
    body: Vec<u8>,
}

type Answer = (u16, Vec<u8>);

// === impl Bucket ===

impl Bucket {
    /// An empty one.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let objects = Objects::default();
        let mine = Arc::clone(&objects);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mine = Arc::clone(&mine);
                std::thread::spawn(move || serve(&stream, &mine).ok());
            }
        });
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let key = STANDARD.encode(der.as_ref());
        Self { host, objects, key }
    }

    /// Where the backend finds it.
    pub fn endpoint(&self) -> (String, String) {
        let url = format!("http://{}/storage/v1/", self.host);
        ("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT".to_owned(), url)
    }

    /// The key of a service account, `plan` or `apply`, as Google hands it out.
    pub fn credentials(&self, account: &str) -> String {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", self.key);
        json!({
            "type": "service_account",
            "client_email": format!("{account}@states.iam.gserviceaccount.com"),
            "private_key_id": account,
            "private_key": pem,
            "token_uri": format!("http://{}/token/{account}", self.host),
        })
        .to_string()
    }

    /// The names of all objects.
    pub fn objects(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }
}

/// Answers one request and closes.
fn serve(stream: &TcpStream, objects: &Objects) -> std::io::Result<()> {
    let request = read(&mut BufReader::new(stream))?;
    let (status, body) = answer(&request, &mut objects.lock().unwrap());
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let mut pairs = head.iter().filter_map(|line| line.split_once(": "));
        let found = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut body = Vec::new();
    if header("transfer-encoding") == "chunked" {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).unwrap();
            reader.by_ref().take(size).read_to_end(&mut body)?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else {
        let length = header("content-length").parse().unwrap_or(0);
        reader.by_ref().take(length).read_to_end(&mut body)?;
    }
    let first = head.first().cloned().unwrap_or_default().replace("%2F", "/");
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(Request { method, path, query, authorization: header("authorization"), body })
}

fn answer(request: &Request, objects: &mut BTreeMap<String, Vec<u8>>) -> Answer {
    let said = |value: serde_json::Value| (200, value.to_string().into_bytes());
    let not_there = || (404, b"{}".to_vec());
    if let Some(account) = request.path.strip_prefix("/token/") {
        return said(
            json!({ "access_token": account, "token_type": "Bearer", "expires_in": 3600 }),
        );
    }
    let may_write = match &*request.authorization {
        "Bearer plan" => false,
        "Bearer apply" => true,
        _ => return (401, b"{}".to_vec()),
    };
    let told = |name: &str| json!({ "name": name, "generation": "1", "metageneration": "1" });
    let object = request.path.split_once("/o/").map(|(_, name)| name);
    match (&*request.method, object) {
        ("GET", Some(name)) if objects.contains_key(name) => said(told(name)),
        ("GET", Some(_)) => not_there(),
        ("GET", None) if request.path.ends_with("/o") => {
            said(json!({ "items": objects.keys().map(|name| told(name)).collect::<Vec<_>>() }))
        }
        // The content: /BUCKET/NAME.
        ("GET", None) => {
            let name = request.path.splitn(3, '/').nth(2).unwrap_or_default();
            objects.get(name).map_or_else(not_there, |content| (200, content.clone()))
        }
        _ if !may_write => (403, b"{}".to_vec()),
        ("DELETE", Some(name)) => {
            objects.remove(name);
            (204, Vec::new())
        }
        ("POST", None) => {
            let options = || request.query.split('&');
            let name = options().find_map(|option| option.strip_prefix("name=")).unwrap();
            if options().any(|option| option == "ifGenerationMatch=0") && objects.contains_key(name)
            {
                return (412, b"{}".to_vec());
            }
            objects.insert(name.to_owned(), content(&request.body));
            said(told(name))
        }
        _ => (405, Vec::new()),
    }
}

/// What is uploaded: the second part of two, behind its header.
fn content(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let boundary = text.split("\r\n").next().unwrap();
    let part = text.split(boundary).nth(2).unwrap();
    let (_, content) = part.split_once("\r\n\r\n").unwrap();
    content.strip_suffix("\r\n").unwrap_or(content).as_bytes().to_vec()
}
