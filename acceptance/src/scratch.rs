// SPDX-License-Identifier: MPL-2.0
//! Directories that go with the test that made them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A private directory under the temporary directory, removed on drop.
///
/// Its name begins with the process's id, so that a later run can sweep what a killed one left.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

const PREFIX: &str = "appenv-acc-";

// === impl Scratch ===

impl Scratch {
    /// Makes one; `what` is part of its name. Others may enter it, so that a server's account can reach its own part.
    pub fn new(what: &str) -> Self {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let prefix = format!("{PREFIX}{}-{what}-", std::process::id());
        let path = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(4)
            .tempdir()
            .unwrap_or_else(|error| panic!("cannot make a temporary directory: {error}"))
            .keep();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own directory");
        Self { path }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a directory in it and answers its path.
    pub fn dir(&self, name: &str) -> PathBuf {
        let dir = self.join(name);
        fs::create_dir_all(&dir)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
        dir
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that is still ending may write a last file.
        for _ in 0..20 {
            if fs::remove_dir_all(&self.path).is_ok() || !self.path.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// Removes what processes that are no more have left; the first directory of a run does it too.
pub fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        if let Some(pid) = pid.and_then(|pid| pid.parse::<u32>().ok())
            && Path::new("/proc/self").exists()
            && !Path::new(&format!("/proc/{pid}")).exists()
        {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}
