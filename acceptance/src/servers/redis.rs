// SPDX-License-Identifier: MPL-2.0
//! A private Redis: Debian's, on a loopback port, nothing kept. With a certificate it speaks TLS alone.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;

use crate::account;
use crate::daemon::{self, Daemon, Launch};
use crate::scratch::Scratch;

/// A certificate and its key, PEM. It is its own authority.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// A running server.
#[derive(Debug)]
pub struct Redis {
    // Stopped before its directory is removed.
    daemon: Option<Daemon>,
    port: u16,
    certificate: Option<Certificate>,
    scratch: Scratch,
}

// === impl Certificate ===

impl Certificate {
    /// One for these names, whose validity begins and ends so many hours from now.
    pub fn of(names: &[&str], from: i64, until: i64) -> Self {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut wanted = rcgen::CertificateParams::new(names).expect("the names are names");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = rcgen::date_time_ymd(1970, 1, 1) + now.expect("it is after 1970");
        let hours = |hours: i64| std::time::Duration::from_secs(hours.unsigned_abs() * 3600);
        let at = |when: i64| if when < 0 { now - hours(when) } else { now + hours(when) };
        (wanted.not_before, wanted.not_after) = (at(from), at(until));
        let key = rcgen::KeyPair::generate().expect("a key can be made");
        let certificate = wanted.self_signed(&key).expect("a certificate can be made").pem();
        Self { certificate, key: key.serialize_pem() }
    }
}

// === impl Redis ===

impl Redis {
    /// Starts one without a password.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts one that speaks TLS alone.
    pub fn start_tls(certificate: &Certificate) -> Self {
        Self::start_with(Some(certificate))
    }

    fn start_with(certificate: Option<&Certificate>) -> Self {
        let mut why = String::new();
        for _ in 0..5 {
            let mut redis = Self {
                daemon: None,
                port: daemon::free_port(),
                certificate: certificate.cloned(),
                scratch: Scratch::new("redis"),
            };
            match redis.try_resume() {
                Ok(()) => return redis,
                Err(error) => why = error,
            }
        }
        panic!("redis-server does not start: {why}")
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file of its authority.
    pub fn authority(&self) -> PathBuf {
        self.scratch.join("server.crt")
    }

    /// Stops it; the port stays its own as far as nobody takes it.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Starts it again on the same port, with what it was started with; what was set meanwhile is gone.
    pub fn resume(&mut self) {
        self.try_resume().unwrap_or_else(|why| panic!("redis-server does not start again: {why}"));
    }

    /// Starts it again with another certificate.
    pub fn resume_with(&mut self, certificate: Certificate) {
        self.stop();
        self.certificate = Some(certificate);
        self.resume();
    }

    fn try_resume(&mut self) -> Result<(), String> {
        let port = self.port;
        let listens = if let Some(Certificate { certificate, key }) = &self.certificate {
            let write = |name: &str, text: &str| std::fs::write(self.scratch.join(name), text);
            write("server.crt", certificate).expect("our own directory");
            write("server.key", key).expect("our own directory");
            let dir = self.scratch.path().display();
            format!(
                "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {dir}/server.crt\n\
                 tls-key-file {dir}/server.key\ntls-ca-cert-file {dir}/server.crt\n"
            )
        } else {
            format!("port {port}\n")
        };
        let config = format!("bind 127.0.0.1\nsave \"\"\nappendonly no\n{listens}");
        let file = self.scratch.join("redis.conf");
        std::fs::write(&file, config).expect("our own directory");
        let program = account::on_path("redis-server")
            .expect("no redis-server on PATH; `make tools` installs it");
        let mut daemon = Daemon::start(Launch {
            program,
            args: vec![file.display().to_string()],
            env: Vec::new(),
            dir: self.scratch.dir("data"),
            account: None,
            log: self.scratch.join("server.log"),
            stop: Signal::TERM,
        });
        daemon.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Asks it with the client that comes with it, as the default user; answers what that prints.
    pub fn ask(&self, password: Option<&str>, words: &[&str]) -> String {
        let program = account::on_path("redis-cli").expect("redis-cli comes with redis-server");
        let mut command = Command::new(program);
        command.args(["--no-auth-warning", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        if self.certificate.is_some() {
            command.args(["--tls", "--insecure"]);
        }
        command.args(words).env_clear();
        if let Some(password) = password {
            command.env("REDISCLI_AUTH", password);
        }
        let ran = command.output().expect("redis-cli runs");
        String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
    }

    /// Asks what must be answered by `OK`.
    pub fn does(&self, password: Option<&str>, words: &[&str]) {
        assert_eq!(self.ask(password, words), "OK", "{:?}", words.first());
    }
}
