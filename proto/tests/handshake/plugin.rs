// SPDX-License-Identifier: MPL-2.0
//! Starts the probe as the CLI starts a provider, and watches it from outside.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::client::{Address, Identity, channel, tls};

pub const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The probe, built anew where it is older than what it is built from.
pub fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let target = tests.parent().unwrap().parent().unwrap();
        let probe = target.join("examples/handshake_probe");
        let built = std::fs::metadata(&probe).and_then(|file| file.modified());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let newest = newest(&root.join("src")).max(newest(&root.join("examples")));
        if built.is_ok_and(|built| built > newest) {
            return probe;
        }
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "handshake_probe"])
            .current_dir(root)
            .status()
            .unwrap();
        assert!(status.success(), "the probe could not be built");
        probe
    })
}

fn newest(directory: &Path) -> SystemTime {
    let times = std::fs::read_dir(directory).unwrap().map(|entry| {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            newest(&entry.path())
        } else {
            entry.metadata().unwrap().modified().unwrap()
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A directory for sockets and notes, and the command that starts a probe there.
pub struct Setting {
    pub place: TempDir,
    pub command: Command,
}

impl Setting {
    /// Nothing in the environment but the place.
    pub fn bare() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("sockets")).unwrap();
        let mut command = Command::new(probe());
        command
            .env_clear()
            .env("PLUGIN_UNIX_SOCKET_DIR", place.path().join("sockets"))
            .env("PROBE_NOTES", place.path().join("notes"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { place, command }
    }

    /// The environment of a CLI without TLS.
    pub fn plain() -> Self {
        Self::bare().with([COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "6,5")])
    }

    /// The environment of a CLI.
    pub fn of(client: &Identity) -> Self {
        Self::plain().with([("PLUGIN_CLIENT_CERT", client.pem.as_str())])
    }

    pub fn with<'a>(mut self, variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// A place whose path is too long for a socket.
    pub fn without_sockets(mut self) -> Self {
        let long = self.place.path().join("d".repeat(120));
        std::fs::create_dir(&long).unwrap();
        self.command.env("PLUGIN_UNIX_SOCKET_DIR", long);
        self
    }

    /// The same, started by a process in between, which is then the parent.
    pub fn behind_a_parent(mut self) -> Self {
        let mut parent = Command::new("/bin/sh");
        parent.args(["-c", "\"$0\" & wait"]).arg(probe()).env_clear();
        for (name, value) in self.command.get_envs() {
            parent.env(name, value.unwrap());
        }
        parent.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        self.command = parent;
        self
    }

    /// The same for a user who is not root, who sees everything.
    pub fn without_root(mut self) -> Self {
        const NOBODY: u32 = 65534;
        if geteuid().is_root() {
            let copy = self.place.path().join("probe");
            std::fs::copy(probe(), &copy).unwrap();
            for path in [self.place.path().to_owned(), self.place.path().join("sockets")] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            let mut command = Command::new(copy);
            command.uid(NOBODY).gid(NOBODY).env_clear();
            for (name, value) in self.command.get_envs() {
                command.env(name, value.unwrap());
            }
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            self.command = command;
        }
        self
    }

    pub fn sockets(&self) -> usize {
        std::fs::read_dir(self.place.path().join("sockets")).unwrap().count()
    }

    pub fn notes(&self) -> Vec<String> {
        let notes = std::fs::read_to_string(self.place.path().join("notes")).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// Waits for a note.
    pub async fn wait_for(&self, note: &str) {
        let begun = Instant::now();
        while !self.notes().iter().any(|line| line == note) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no \"{note}\": {:?}", self.notes());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs it to its end: exit code, standard output, standard error.
    pub fn run(&mut self) -> (Option<i32>, String, String) {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// Starts it and reads the handshake line.
    pub fn start(&mut self) -> Plugin {
        Plugin::read(self.command.spawn().unwrap())
    }
}

/// A running probe, or a process that started one.
pub struct Plugin {
    pub child: Child,
    pub line: String,
    stdout: BufReader<ChildStdout>,
}

impl Plugin {
    pub fn read(mut child: Child) -> Self {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, line, stdout }
    }

    /// What follows `mark` on its line, further down on standard output.
    pub fn rest_until(&mut self, mark: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "no {mark}");
            if let Some((_, rest)) = line.split_once(mark) {
                return rest.to_owned();
            }
        }
    }

    pub fn fields(&self) -> Vec<&str> {
        self.line.strip_suffix('\n').unwrap().split('|').collect()
    }

    pub fn address(&self) -> Address {
        let fields = self.fields();
        match fields[2] {
            "unix" => Address::Unix(fields[3].into()),
            "tcp" => Address::Tcp(fields[3].to_owned()),
            other => panic!("{other}"),
        }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        STANDARD_NO_PAD.decode(self.fields()[5]).unwrap().into()
    }

    /// Connects as the CLI does.
    pub async fn connect(&self, client: &Identity) -> Channel {
        let tls = tls(&self.certificate(), Some(client), &rustls::version::TLS13);
        channel(self.address().connect_tls(&tls).await.unwrap()).await
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; answers what else was on standard output and standard error.
    pub fn end(&mut self, within: Duration) -> (ExitStatus, String, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < within, "still running after {within:?}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (status, out, err)
    }

    /// Waits until nobody holds the other end of standard output any more.
    pub fn silent(mut self, within: Duration) {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut rest = String::new();
            send.send(self.stdout.read_to_string(&mut rest).map(|_| rest))
        });
        let rest = receive.recv_timeout(within).expect("a process outlives its parent").unwrap();
        assert_eq!(rest, "");
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
