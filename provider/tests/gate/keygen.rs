// SPDX-License-Identifier: MPL-2.0
//! Keys and signatures by OpenSSH itself.

use std::path::Path;
use std::process::Command;

/// A directory of keys and files.
pub struct Keygen(tempfile::TempDir);

impl Keygen {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Makes a key without a passphrase; answers with its public line.
    pub fn key(&self, name: &str, kind: &str, bits: &str) -> String {
        let mut arguments = vec!["-q", "-t", kind, "-N", "", "-C", name, "-f", name];
        if !bits.is_empty() {
            arguments.extend(["-b", bits]);
        }
        self.run(&arguments);
        self.read(&format!("{name}.pub"))
    }

    /// Signs a file with a key; answers with the text of `FILE.sig`, which lies beside it.
    pub fn sign(&self, file: &str, key: &str, namespace: &str) -> String {
        let _ = std::fs::remove_file(self.path().join(format!("{file}.sig")));
        self.run(&["-Y", "sign", "-q", "-n", namespace, "-f", key, file]);
        self.read(&format!("{file}.sig"))
    }

    /// The fingerprint as `ssh-keygen -l` has it.
    pub fn fingerprint(&self, key: &str) -> String {
        let told = self.run(&["-l", "-f", &format!("{key}.pub")]);
        told.split(' ').nth(1).unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let ran = Command::new("ssh-keygen")
            .args(arguments)
            .current_dir(self.path())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("ssh-keygen runs (tools/install: openssh-client)");
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }
}
