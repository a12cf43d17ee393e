// SPDX-License-Identifier: MPL-2.0
//! The oracle: the real `bao` command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The `bao` command with a server and a token.
#[derive(Clone)]
pub struct BaoCli {
    program: PathBuf,
    address: String,
    token: String,
    home: PathBuf,
}

// === impl BaoCli ===

impl BaoCli {
    pub(super) fn new(program: PathBuf, address: &str, token: &str, home: &Path) -> Self {
        Self {
            program,
            address: address.to_owned(),
            token: token.to_owned(),
            home: home.to_owned(),
        }
    }

    /// The same server with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Reads a path; `None` where there is nothing.
    pub fn read(&self, path: &str) -> Option<Value> {
        let output = self.output(&["read", "-format=json", path], None);
        if output.status.code() == Some(2)
            && String::from_utf8_lossy(&output.stderr).contains("No value found")
        {
            return None;
        }
        let text = succeeded(&["read", path], &output);
        Some(serde_json::from_str(&text).expect("`bao read -format=json` prints JSON"))
    }

    /// Writes a path; the body goes through standard input, so a secret in it is on no command line.
    pub fn write(&self, path: &str, body: &Value) {
        self.run_with(&["write", path, "-"], &body.to_string());
    }

    /// Writes a policy.
    pub fn policy_write(&self, name: &str, text: &str) {
        self.run_with(&["policy", "write", name, "-"], text);
    }

    /// Deletes a path.
    pub fn delete(&self, path: &str) {
        self.run(&["delete", path]);
    }

    /// Runs any command that must succeed and answers what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        succeeded(args, &self.output(args, None))
    }

    /// The same with something on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> String {
        succeeded(args, &self.output(args, Some(input)))
    }

    /// Runs any command that must fail and answers what it printed.
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.output(args, None);
        assert!(!output.status.success(), "bao {} was allowed", args.join(" "));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn output(&self, args: &[&str], input: Option<&str>) -> Output {
        let mut child = Command::new(&self.program)
            .args(args)
            .env_clear()
            .env("PATH", crate::account::search_path())
            .env("HOME", &self.home)
            .env("BAO_ADDR", &self.address)
            .env("BAO_TOKEN", &self.token)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program.display()));
        if let Some(input) = input {
            let mut stdin = child.stdin.take().expect("stdin was piped");
            stdin.write_all(input.as_bytes()).expect("bao reads its input");
        }
        child.wait_with_output().expect("our own child can be waited for")
    }
}

impl std::fmt::Debug for BaoCli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BaoCli").field("address", &self.address).finish_non_exhaustive()
    }
}

fn succeeded(args: &[&str], output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "bao {}: {said}", args.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
