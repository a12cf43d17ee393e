// SPDX-License-Identifier: MPL-2.0
//! How soon the provider can be spoken to.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::account::search_path;
use acceptance::provider;
use acceptance::scratch::Scratch;

use crate::Measure;

/// Process start to handshake line; the median of many.
pub fn handshake() -> Measure {
    let scratch = Scratch::new("shake");
    let certificate = client_certificate();
    let mut times: Vec<Duration> =
        (0..21).map(|_| one_handshake(scratch.path(), &certificate)).collect();
    times.sort();
    let value = times[times.len() / 2].as_secs_f64() * 1000.0;
    Measure::held("process start to handshake line", value, 15.0, "ms")
}

/// A certificate as the CLI makes one for each provider it starts: P-521, self-signed, an authority.
fn client_certificate() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).expect("a key is made");
    let names = vec!["localhost".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).expect("localhost is a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.self_signed(&key).expect("a certificate is made").pem()
}

fn one_handshake(dir: &Path, certificate: &str) -> Duration {
    const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    let began = Instant::now();
    let mut child = Command::new(provider::binary())
        .env_clear()
        .env("PATH", search_path())
        .env("TMPDIR", dir)
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6")
        .env("PLUGIN_CLIENT_CERT", certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the provider can be started");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout was piped");
    BufReader::new(stdout).read_line(&mut line).expect("the provider's output is text");
    let took = began.elapsed();
    child.kill().ok();
    child.wait().ok();
    assert!(line.starts_with("1|6|"), "not a handshake line: {line:?}");
    took
}
