// SPDX-License-Identifier: MPL-2.0
//! The user that servers run as: PostgreSQL refuses to be started by root.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

/// An unprivileged user of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's id.
    pub uid: u32,
    /// The user's first group.
    pub gid: u32,
}

// === impl Account ===

impl Account {
    /// The account for servers: `postgres`, else `nobody`, where the tests run as root; `None` elsewhere.
    pub fn for_servers() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let passwd = fs::read_to_string("/etc/passwd").expect("root can read /etc/passwd");
        Some(
            Self::named(&passwd, "postgres")
                .or_else(|| Self::named(&passwd, "nobody"))
                .expect("running as root, and neither `postgres` nor `nobody` is in /etc/passwd"),
        )
    }

    fn named(passwd: &str, name: &str) -> Option<Self> {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    /// Gives a file or a whole directory to the account.
    pub fn own(self, path: &Path) {
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
            .unwrap_or_else(|error| panic!("cannot give {} away: {error}", path.display()));
        if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
            for entry in fs::read_dir(path).expect("a directory made here can be read") {
                self.own(&entry.expect("a directory made here can be read").path());
            }
        }
    }

    /// Whether the account can reach and read `path`.
    fn reaches(self, path: &Path) -> bool {
        let may = |path: &Path, bits: u32| {
            path.metadata().is_ok_and(|meta| {
                let shift = match (meta.uid() == self.uid, meta.gid() == self.gid) {
                    (true, _) => 6,
                    (false, true) => 3,
                    (false, false) => 0,
                };
                (meta.permissions().mode() >> shift) & bits == bits
            })
        };
        may(path, 0o5) && path.ancestors().skip(1).all(|dir| may(dir, 0o1))
    }
}

/// Makes a command run as the account; as whoever we are where there is none.
pub fn run_as(command: &mut Command, account: Option<Account>) {
    if let Some(account) = account {
        command.gid(account.gid).uid(account.uid);
    }
}

/// Where a program's directory can be used by the server account: itself, or a copy under the temporary directory
/// (a checkout below `/root`, say, is closed to everyone else).
pub fn reachable(tree: &Path) -> PathBuf {
    static STAGING: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);
    let tree = tree.canonicalize().unwrap_or_else(|_| tree.to_owned());
    match Account::for_servers() {
        Some(account) if !account.reaches(&tree) => {
            let _one_at_a_time = STAGING.lock().unwrap_or_else(PoisonError::into_inner);
            stage(&tree)
        }
        _ => tree,
    }
}

fn stage(tree: &Path) -> PathBuf {
    let cache = std::env::temp_dir().join("appenv-acceptance-programs");
    fs::create_dir_all(&cache).expect("the temporary directory can be written");
    let owner = cache.metadata().expect("just created").uid();
    assert_eq!(owner, 0, "{} belongs to user {owner}, not to root: remove it", cache.display());
    open_to_all(&cache);
    let name: String = tree
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let staged = cache.join(&name);
    if !staged.exists() {
        let half = cache.join(format!("{name}.{}", std::process::id()));
        copy_tree(tree, &half);
        // Another process may have been first; its copy is as good.
        if fs::rename(&half, &staged).is_err() {
            fs::remove_dir_all(&half).ok();
        }
    }
    staged
}

fn open_to_all(path: &Path) {
    let mode = path.metadata().expect("exists").permissions().mode();
    let bits = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).expect("our own file");
}

/// Copies a directory with everything in it, symbolic links as links.
pub fn copy_tree(from: &Path, to: &Path) {
    let told = |what: &str, error: std::io::Error| -> ! {
        panic!("cannot {what} {} to {}: {error}", from.display(), to.display())
    };
    let meta = from.symlink_metadata().unwrap_or_else(|error| told("copy", error));
    if meta.is_symlink() {
        let target = fs::read_link(from).unwrap_or_else(|error| told("copy the link", error));
        std::os::unix::fs::symlink(target, to).unwrap_or_else(|error| told("link", error));
    } else if meta.is_dir() {
        fs::create_dir(to).unwrap_or_else(|error| told("copy", error));
        for entry in fs::read_dir(from).unwrap_or_else(|error| told("read", error)) {
            let entry = entry.unwrap_or_else(|error| told("read", error));
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
        fs::set_permissions(to, meta.permissions()).unwrap_or_else(|error| told("copy", error));
    } else if let Err(error) = fs::copy(from, to) {
        told("copy", error);
    }
}

/// Finds a program on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_program(file))
}

/// Whether a file can be executed.
pub fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The search path given to children: programs only, nothing else of the environment.
pub fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned())
}
