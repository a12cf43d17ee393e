// SPDX-License-Identifier: MPL-2.0
//! Who signs the tokens of pods and of CI jobs, and the part of a Kubernetes API server that reviews them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A key made for one test; it signs JSON web tokens with ES256 (RFC 7518 §3.4).
pub struct Issuer {
    key: EcdsaKeyPair,
}

/// Answers `POST /apis/authentication.k8s.io/v1/tokenreviews` by what the token itself says.
///
/// The signature was checked by OpenBao before, against the issuer's key.
#[derive(Debug)]
pub struct TokenReview {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

// === impl Issuer ===

impl Issuer {
    pub(super) fn new() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self { key: key.expect("P-256 keys can be made") }
    }

    /// The public key as PEM.
    pub fn public_key_pem(&self) -> String {
        let der = self.key.public_key().as_der().expect("a public key has a DER form");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// A token with these claims, valid for an hour.
    pub fn sign(&self, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let mut claims = claims.clone();
        claims["iat"] = json!(now - 5);
        claims["nbf"] = json!(now - 5);
        claims["exp"] = json!(now + 3600);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "ES256", "typ": "JWT"})), part(&claims));
        let signature = self
            .key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("a P-256 key signs anything");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// The token of a CI job in a repository.
    pub fn ci_token(&self, repository: &str) -> String {
        self.sign(&json!({
            "iss": "https://gitea.example",
            "sub": format!("repo:{repository}:ref:refs/heads/main"),
            "repository": repository,
            "ref": "refs/heads/main",
        }))
    }

    /// The token of a pod.
    pub fn pod_token(&self, namespace: &str, service_account: &str) -> String {
        self.sign(&json!({
            "iss": "kubernetes/serviceaccount",
            "sub": format!("system:serviceaccount:{namespace}:{service_account}"),
            "kubernetes.io/serviceaccount/namespace": namespace,
            "kubernetes.io/serviceaccount/service-account.name": service_account,
            "kubernetes.io/serviceaccount/service-account.uid": "00000000-0000-4000-8000-000000000000",
        }))
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}

// === impl TokenReview ===

impl TokenReview {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::spawn(move || review(&stream).ok());
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// A certificate for those who insist on one.
    pub fn ca_pem(&self) -> String {
        rcgen::generate_simple_self_signed([self.address.ip().to_string()])
            .expect("a certificate can be made")
            .cert
            .pem()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for TokenReview {
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
fn review(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
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
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let status = subject(request["spec"]["token"].as_str().unwrap_or_default()).map_or_else(
        || json!({ "authenticated": false }),
        |user| json!({ "authenticated": true, "user": user }),
    );
    let answer = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status,
    })
    .to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
}

/// The user a pod's token speaks for.
fn subject(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let uid = claims["kubernetes.io/serviceaccount/service-account.uid"].as_str()?;
    let username = claims["sub"].as_str()?;
    let namespace = claims["kubernetes.io/serviceaccount/namespace"].as_str()?;
    Some(json!({
        "username": username,
        "uid": uid,
        "groups": [
            "system:serviceaccounts",
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated",
        ],
    }))
}
