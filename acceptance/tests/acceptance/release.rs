// SPDX-License-Identifier: MPL-2.0
//! A release is whole, the same each time, signed by a key that the registries take, and refused where it would not be.
//!
//! The oracles are the zip, SHA-256 and JSON readers of other libraries, `sha256sum`, and `gpg` with a keyring of its own.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use acceptance::provider;
use acceptance::scratch::Scratch;
use sha2::{Digest as _, Sha256};

/// Version of the workspace, which the crates share.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// 2023-11-14 22:13:20 UTC.
const EPOCH: &str = "1700000000";

/// A script of the project, with what it reads from the environment taken away.
pub fn tool(name: &str) -> Command {
    tool_of(&provider::root(), name)
}

pub fn tool_of(root: &Path, name: &str) -> Command {
    let mut command = Command::new(root.join("tools").join(name));
    command.current_dir(root).env("SOURCE_DATE_EPOCH", EPOCH);
    for key in ["GPG_PASSPHRASE", "GPG_PASSPHRASE_FILE", "RELEASE_TOOLS", "RUST_SRC"] {
        command.env_remove(key);
    }
    command
}

/// Runs it and answers what it printed, to both.
pub fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let told = text(&output);
    assert!(output.status.success(), "{command:?}: {told}");
    told
}

/// Runs what must be refused: one error, and what to do next.
pub fn refused(command: &mut Command, error: &str, next: &str) {
    let output = command.output().unwrap();
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
    let line = |start: &str| told.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(line("Error: ").contains(error), "{command:?}: {told}");
    assert!(line("Next: ").contains(next), "{command:?}: {told}");
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A small program in the place of the provider, so that packing takes no time.
fn stand_in(scratch: &Scratch, name: &str) -> String {
    let file = scratch.join(name);
    fs::write(&file, format!("#!/bin/sh\necho {name}\n")).unwrap();
    // What the program's own mode is does not matter.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A snapshot of two stand-ins, without bills of materials.
fn snapshot(scratch: &Scratch, out: &Path, more: &[&str]) -> Command {
    let mut command = tool("release");
    command
        .args(["--snapshot", "--without-sbom", "--out"])
        .arg(out)
        .args(["--program", &format!("linux_amd64={}", stand_in(scratch, "amd64"))])
        .args(["--program", &format!("linux_arm64={}", stand_in(scratch, "arm64"))])
        .args(more);
    command
}

pub fn asset(end: &str) -> String {
    format!("terraform-provider-appenv_{VERSION}_{end}")
}

pub fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn sha256(file: &Path) -> String {
    let digest = Sha256::digest(fs::read(file).unwrap());
    digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn packs_what_the_registries_read_and_the_same_each_time() {
    let scratch = Scratch::new("release");
    let (one, two) = (scratch.join("one"), scratch.join("two"));
    let told = done(snapshot(&scratch, &one, &["--unsigned"]).env("TZ", "Asia/Tokyo"));
    for left_out in ["snapshot", "not signed", "no bill of materials"] {
        assert!(told.lines().any(|l| l.starts_with("Note: ") && l.contains(left_out)), "{told}");
    }
    let assets = ["SHA256SUMS", "linux_amd64.zip", "linux_arm64.zip", "manifest.json"].map(asset);
    assert_eq!(names(&one), BTreeSet::from(assets));

    for platform in ["amd64", "arm64"] {
        let file = one.join(asset(&format!("linux_{platform}.zip")));
        let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
        assert_eq!(zip.len(), 1);
        let mut entry = zip.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), format!("terraform-provider-appenv_v{VERSION}"));
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        assert_eq!(entry.last_modified().unwrap().to_string(), "2023-11-14 22:13:20");
        assert_eq!(entry.extra_data(), None, "times and owners of this machine");
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("#!/bin/sh\necho {platform}\n"));
    }
    let manifest = fs::read(one.join(asset("manifest.json"))).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let wanted = serde_json::json!({ "version": 1, "metadata": { "protocol_versions": ["6.0"] } });
    assert_eq!(manifest, wanted);

    let sums = fs::read_to_string(one.join(asset("SHA256SUMS"))).unwrap();
    let listed = ["linux_amd64.zip", "linux_arm64.zip", "manifest.json"].map(asset);
    let wanted = listed.map(|name| format!("{}  {name}\n", sha256(&one.join(&name)))).concat();
    assert_eq!(sums, wanted);
    let mut check = Command::new("sha256sum");
    done(check.args(["--check", "--strict", &asset("SHA256SUMS")]).current_dir(&one));

    // Another time zone and another umask.
    let mut again = Command::new("bash");
    let command = snapshot(&scratch, &two, &["--unsigned"]);
    again.args(["-c", "umask 077 && exec \"$@\"", "again"]).arg(command.get_program());
    again.args(command.get_args()).env("SOURCE_DATE_EPOCH", EPOCH).env("TZ", "America/Lima");
    done(&mut again);
    for name in names(&one) {
        assert_eq!(sha256(&one.join(&name)), sha256(&two.join(&name)), "{name}");
        assert_eq!(mode(&two.join(&name)), 0o644, "{name}");
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// A repository of its own with the scripts in it, and a changelog with this heading; all committed.
pub fn repository(scratch: &Scratch, heading: &str) -> PathBuf {
    let root = scratch.dir("repository");
    let real = provider::root();
    let copied = ["tools", "Cargo.toml", "Cargo.lock", ".gitignore"].map(|name| real.join(name));
    done(Command::new("cp").arg("-r").args(copied).arg(&root));
    fs::write(root.join("CHANGELOG.md"), format!("# Changelog\n\n{heading}\n\n* all\n")).unwrap();
    git(&root, &["init", "--quiet"]);
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "--message=all"]);
    root
}

pub fn git(root: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.org"]).args(args);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    done(command.current_dir(root));
}

#[test]
fn what_is_no_release_is_refused() {
    let scratch = Scratch::new("release");
    let root = repository(&scratch, "## Unreleased");
    let release = |args: &[&str]| {
        let mut command = tool_of(&root, "release");
        command.args(args).env("RUSTC", "/bin/false");
        command
    };
    fs::write(root.join("left.txt"), "").unwrap();
    refused(&mut release(&[]), "the tree is dirty", "--snapshot");
    refused(&mut release(&[]), "left.txt", "commit or stash");
    fs::remove_file(root.join("left.txt")).unwrap();

    refused(&mut release(&[]), &format!("no entry for version {VERSION}"), "rename its");
    fs::write(root.join("CHANGELOG.md"), format!("# Changelog\n\n## {VERSION} (May 2, 2030)\n"))
        .unwrap();
    git(&root, &["commit", "--quiet", "--all", "--message=changelog"]);

    refused(&mut release(&[]), "no tag points at this commit", &format!("`git tag v{VERSION}`"));
    git(&root, &["tag", "v9.9.9"]);
    refused(&mut release(&[]), "the tag of this commit is v9.9.9", "move the tag");
    git(&root, &["tag", &format!("v{VERSION}")]);

    refused(&mut release(&[]), "no key to sign with", "UNSIGNED=1");
    refused(&mut release(&["--unsigned"]), "made with Rust", "rustup toolchain install");
    let program = ["--program", "linux_amd64=/bin/true"];
    refused(&mut release(&program), "built elsewhere", "--snapshot");
    refused(&mut release(&["--key", "nowhere.asc"]), "nowhere.asc cannot be read", "secret key");
    refused(&mut release(&["--signed"]), "there is no argument --signed", "those above");
    let snapshot = ["--snapshot", "--unsigned", "--without-sbom"];
    let elsewhere = [&snapshot[..], &["--platform", "plan9_mips"]].concat();
    refused(&mut release(&elsewhere), "no recipe for platform plan9_mips", "linux_amd64");
    // What is missing is said before anything is built.
    let bare = |command: &mut Command, error: &str| {
        command.env("PATH", "/usr/bin:/bin").env("RELEASE_TOOLS", "/nowhere");
        refused(command, error, "make release-tools");
    };
    bare(&mut release(&["--snapshot", "--unsigned"]), "written by cargo-cyclonedx");
    bare(tool_of(&root, "release-build").arg("linux_amd64"), "cargo-zigbuild");
    assert!(!root.join("dist").exists(), "something was made");
}

/// A keyring of the test's own.
struct Keyring {
    home: PathBuf,
}

impl Keyring {
    fn new(scratch: &Scratch, name: &str) -> Self {
        let home = scratch.dir(name);
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        Self { home }
    }

    fn gpg(&self, args: &[&str]) -> Command {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", &self.home).args(["--batch", "--quiet"]).args(args);
        command
    }

    /// Makes a key that signs and exports it, secret and public.
    fn key(&self, algorithm: &str, phrase: &str) -> (String, String) {
        let unlock = ["--pinentry-mode", "loopback", "--passphrase", phrase];
        let make = ["--quick-generate-key", algorithm, algorithm, "sign", "never"];
        done(&mut self.gpg(&[&unlock[..], &make].concat()));
        let file = |name: &str| self.home.join(name).to_str().unwrap().to_owned();
        let (secret, public) =
            (file(&format!("{algorithm}.secret")), file(&format!("{algorithm}.public")));
        let export = ["--armor", "--output", &secret, "--export-secret-keys", algorithm];
        done(&mut self.gpg(&[&unlock[..], &export].concat()));
        done(&mut self.gpg(&["--armor", "--output", &public, "--export", algorithm]));
        (secret, public)
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", &self.home).status().ok();
    }
}

#[test]
fn is_signed_by_a_key_that_the_registries_take_and_by_no_other() {
    let scratch = Scratch::new("release");
    let ours = Keyring::new(&scratch, "ours");
    let (secret, public) = ours.key("rsa2048", "a phrase");
    let (elliptic, _) = ours.key("ed25519", "");
    let out = scratch.join("out");
    let home = scratch.dir("home");

    refused(&mut snapshot(&scratch, &out, &["--key", &elliptic]), "neither RSA nor DSA", "RSA key");
    refused(
        &mut snapshot(&scratch, &out, &["--key", &public]),
        "no secret key",
        "--export-secret-keys",
    );
    let mut locked = snapshot(&scratch, &out, &["--key", &secret]);
    refused(locked.env("GPG_PASSPHRASE", "another"), "gpg could not sign", "GPG_PASSPHRASE_FILE");
    assert!(!out.exists(), "a refused release was made");

    let phrase = scratch.join("phrase");
    fs::write(&phrase, "a phrase\n").unwrap();
    let mut signed = snapshot(&scratch, &out, &["--key", &secret]);
    let told = done(signed.env("GPG_PASSPHRASE_FILE", &phrase).env("HOME", &home));
    assert!(!told.contains("not signed"), "{told}");
    assert!(!home.join(".gnupg").exists(), "the user's keyring was touched");

    let (sums, signature) = (out.join(asset("SHA256SUMS")), out.join(asset("SHA256SUMS.sig")));
    // An OpenPGP packet begins with its highest bit set; armour is ASCII.
    assert!(fs::read(&signature).unwrap()[0] & 0x80 != 0, "the signature is not binary");
    let theirs = Keyring::new(&scratch, "theirs");
    let verify = |sums: &Path| {
        let mut command = theirs.gpg(&["--verify"]);
        command.arg(&signature).arg(sums).output().unwrap().status.success()
    };
    assert!(!verify(&sums), "it verifies without the key");
    done(&mut theirs.gpg(&["--import", &public]));
    assert!(verify(&sums));

    let mirror = scratch.join("mirror");
    done(tool("mirror").args([&mirror, &out, Path::new(&public)]));
    let other = fs::read_to_string(&sums).unwrap().replace('a', "b");
    fs::write(&sums, other).unwrap();
    assert!(!verify(&sums), "another text verifies");
    let mut forged = tool("mirror");
    refused(forged.args([&mirror, &out, Path::new(&public)]), "the signature of", "download");
}
