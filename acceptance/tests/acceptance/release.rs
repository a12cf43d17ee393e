//! What `make release` and `make mirror` make, by the same scripts with the program that was built here: names, sums and
//! signature as registries want them, and an `init` that no network helps.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::scratch::Scratch;
use acceptance::{Cli, Workspace, provider};
use serde_json::{Value, json};

/// A time that release scripts take for that of the commit.
const EPOCH: &str = "1700000000";

/// A release in the making, in a directory of its own.
struct Release {
    scratch: Scratch,
    /// Where the scripts are called: the project, or a repository made for a test.
    project: PathBuf,
}

/// How a script ended: whether well, and everything it said.
struct Said {
    good: bool,
    text: String,
}

// === impl Release ===

impl Release {
    fn new() -> Self {
        Self { scratch: Scratch::new("release"), project: provider::root() }
    }

    fn dir(&self) -> PathBuf {
        self.scratch.join("dist")
    }

    fn call(&self, command: &mut Command) -> Said {
        let output = command.current_dir(&self.project).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { good: output.status.success(), text: String::from_utf8(text).unwrap() }
    }

    fn script(&self, name: &str, arguments: &[&str], env: &[(&str, &str)]) -> Said {
        let mut command = Command::new(self.project.join("tools").join(name));
        command.args(arguments).env("SOURCE_DATE_EPOCH", EPOCH);
        for name in ["GPG_KEY", "GPG_PASSPHRASE", "PUBLIC_KEY", "SNAPSHOT", "UNSIGNED", "OUT"] {
            command.env_remove(name);
        }
        self.call(command.envs(env.iter().copied()))
    }

    /// Packs a program into `dir`.
    fn pack(&self, dir: &str, program: &Path) -> PathBuf {
        let dir = self.scratch.dir(dir);
        let pair = format!("{}={}", platform(), program.display());
        let said = self.script("release-pack", &[dir.to_str().unwrap(), &pair], &[]);
        assert!(said.good, "{}", said.text);
        dir
    }

    /// A small program in the place of the provider.
    fn stand_in(&self) -> PathBuf {
        let file = self.scratch.join("stand-in");
        fs::write(&file, "#!/bin/sh\necho provider\n").unwrap();
        file
    }

    /// A key made for this test, its secret and its public half.
    fn key(&self, name: &str, algorithm: &str, passphrase: &str) -> [String; 2] {
        let home = short_home();
        let gpg = |arguments: &[&str]| {
            let mut command = Command::new("gpg");
            command.env("GNUPGHOME", home.path()).args(["--batch", "--quiet"]);
            command.args(["--pinentry-mode", "loopback", "--passphrase", passphrase]);
            let output = command.args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        gpg(&["--quick-generate-key", name, algorithm, "sign", "1d"]);
        let halves = ["--export-secret-keys", "--export"].map(|half| {
            let file = self.scratch.join(&format!("{name}{half}"));
            fs::write(&file, gpg(&[half, "--armor"])).unwrap();
            file.to_str().unwrap().to_owned()
        });
        // It would outlive the test.
        let kill = ["--kill", "gpg-agent"];
        Command::new("gpgconf").env("GNUPGHOME", home.path()).args(kill).status().unwrap();
        halves
    }
}

// === impl Said ===

impl Said {
    /// Refused, in words that hold all of these.
    fn refused(&self, words: &[&str]) {
        assert!(!self.good, "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "no {word:?} in {}", self.text);
        }
        assert!(self.text.contains("Next: "), "{}", self.text);
    }
}

/// A home of GnuPG, whose agent's socket takes a short path.
fn short_home() -> tempfile::TempDir {
    let home = tempfile::Builder::new().prefix("gpg-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    home
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// This machine, as registries call it.
fn platform() -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let os = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
    format!("{os}_{arch}")
}

fn named(suffix: &str) -> String {
    format!("terraform-provider-appenv_{}_{suffix}", version())
}

/// The names in a directory.
fn listed(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The built provider without its symbols, which are most of it.
fn stripped(release: &Release) -> PathBuf {
    let file = release.scratch.join("stripped");
    let strip = Command::new("strip").arg("-o").arg(&file).arg(provider::binary()).status();
    assert!(strip.unwrap().success());
    file
}

#[test]
fn a_packed_program_is_what_registries_want_and_always_the_same_bytes() {
    let release = Release::new();
    let program = release.stand_in();
    let first = release.pack("one", &program);
    let zip = named(&format!("{}.zip", platform()));
    assert_eq!(listed(&first), [named("SHA256SUMS"), zip.clone(), named("manifest.json")]);

    let mut archive = zip::ZipArchive::new(fs::File::open(first.join(&zip)).unwrap()).unwrap();
    let inside: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let program_name = format!("terraform-provider-appenv_v{}", version());
    assert_eq!(inside, ["LICENSE.txt", &program_name]);
    let entry = archive.by_name(&program_name).unwrap();
    assert_eq!(entry.unix_mode().unwrap() & 0o7777, 0o755);
    let time = entry.last_modified().unwrap();
    assert_eq!((time.year(), time.month(), time.day(), time.hour()), (2023, 11, 14, 22));
    drop(entry);

    let manifest: Value =
        serde_json::from_slice(&fs::read(first.join(named("manifest.json"))).unwrap()).unwrap();
    assert_eq!(manifest, json!({"version": 1, "metadata": {"protocol_versions": ["6.0"]}}));

    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict"]).arg(named("SHA256SUMS"));
    let output = check.current_dir(&first).output().unwrap();
    assert!(output.status.success());
    let agreed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(agreed, format!("{zip}: OK\n{}: OK\n", named("manifest.json")));

    // Later, by another file.
    fs::rename(&program, release.scratch.join("elsewhere")).unwrap();
    let second = release.pack("two", &release.scratch.join("elsewhere"));
    for name in listed(&first) {
        assert!(fs::read(first.join(&name)).unwrap() == fs::read(second.join(&name)).unwrap());
    }
}

#[test]
fn a_release_is_signed_mirrored_and_used_where_there_is_no_network() {
    let release = Release::new();
    let dist = release.pack("dist", &stripped(&release));
    let [secret, public] = release.key("release", "rsa2048", "words of a passphrase");
    let dir = dist.to_str().unwrap();
    release.script("release-sign", &[dir, &secret], &[]).refused(&["GPG_PASSPHRASE"]);
    let passphrase = [("GPG_PASSPHRASE", "words of a passphrase")];
    let said = release.script("release-sign", &[dir, &secret], &passphrase);
    assert!(said.good, "{}", said.text);

    // Asked of gpg itself, with nothing but the public key.
    let home = short_home();
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        command.current_dir(&dist).env("GNUPGHOME", home.path()).args(arguments);
        command.output().unwrap().status.success()
    };
    assert!(gpg(&["--batch", "--import", &public]));
    assert!(gpg(&["--batch", "--verify", &named("SHA256SUMS.sig"), &named("SHA256SUMS")]));
    let signature = fs::read(dist.join(named("SHA256SUMS.sig"))).unwrap();
    assert!(!signature.starts_with(b"-----"), "armoured");

    let mirror = release.scratch.join("mirror");
    let arguments = [dir, mirror.to_str().unwrap()];
    let said = release.script("mirror", &arguments, &[("PUBLIC_KEY", &public)]);
    assert!(said.good, "{}", said.text);
    assert_eq!(listed(&mirror), ["registry.opentofu.org", "registry.terraform.io"]);

    for cli in Cli::all() {
        let mut ws = Workspace::without_provider(cli).without_trace();
        let config = ws.root().join("air-gapped.tfrc");
        let block = format!("filesystem_mirror {{\n    path = \"{}\"\n  }}", mirror.display());
        fs::write(&config, format!("provider_installation {{\n  {block}\n}}\n")).unwrap();
        ws.set_env("TF_CLI_CONFIG_FILE", config.to_str().unwrap());
        // What asks the network all the same is refused at once.
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            ws.set_env(variable, "http://127.0.0.1:9");
        }
        ws.copy_from("examples/host-only");
        let init = ws.run(&["init", "-no-color"]);
        assert_eq!(init.code, Some(0), "{init}");
        let lock = fs::read_to_string(ws.dir().join(".terraform.lock.hcl")).unwrap();
        assert!(lock.contains(&format!("\"{}/arcodange/appenv\"", cli.registry())), "{lock}");
        assert!(lock.contains("\"h1:"), "{lock}");
        ws.apply();
        assert!(ws.root().join("home/apps/karmyq/staging").is_dir());
        assert_eq!(ws.plan().code, Some(0));
        ws.destroy();
    }
}

#[test]
fn a_key_that_no_registry_takes_signs_nothing() {
    let release = Release::new();
    let [curve, public] = release.key("curve", "ed25519", "");
    let judged = |key: &str| release.script("release-sign", &["--judge", key], &[]);
    judged(&curve).refused(&["neither RSA nor DSA", "rsa4096"]);
    judged(&public).refused(&["it holds 0 secret keys"]);
    judged("/nowhere/key.asc").refused(&["/nowhere/key.asc", "not a file"]);
    let text = release.stand_in();
    judged(text.to_str().unwrap()).refused(&["gpg does not take it"]);
}

#[test]
fn a_mirror_takes_nothing_that_was_tampered_with() {
    let release = Release::new();
    let dist = release.pack("dist", &release.stand_in());
    let mirror = release.scratch.join("mirror");
    let arguments = [dist.to_str().unwrap(), mirror.to_str().unwrap()];
    let [_, stranger] = release.key("stranger", "rsa2048", "");
    release
        .script("mirror", &arguments, &[("PUBLIC_KEY", &stranger)])
        .refused(&["SHA256SUMS.sig is not a signature"]);

    let zip = dist.join(named(&format!("{}.zip", platform())));
    let mut bytes = fs::read(&zip).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&zip, bytes).unwrap();
    release.script("mirror", &arguments, &[]).refused(&[".zip is not what", "do not use this one"]);
    // One that nobody listed.
    fs::rename(&zip, dist.join(named("plan9_amd64.zip"))).unwrap();
    release.script("mirror", &arguments, &[]).refused(&["plan9_amd64.zip is not what"]);
    fs::remove_file(dist.join(named("SHA256SUMS"))).unwrap();
    release.script("mirror", &arguments, &[]).refused(&["there is no", "SHA256SUMS"]);
    release
        .script("mirror", &["/nowhere", arguments[1]], &[])
        .refused(&["/nowhere is not a folder"]);
    assert_eq!(listed(&mirror).len(), 0);
}

#[test]
fn what_is_no_release_is_refused_before_anything_is_built() {
    let mut release = Release::new();
    let project = release.scratch.dir("project");
    for name in ["tools", "Cargo.toml", "CHANGELOG.md", "LICENSE"] {
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(release.project.join(name)).arg(&project);
        assert!(copy.status().unwrap().success());
    }
    release.project = project;
    let git = |line: &str| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
        let said = release.call(command.args(line.split(' ')));
        assert!(said.good, "{}", said.text);
    };
    let refused =
        |env: &[(&str, &str)], words: &[&str]| release.script("release", &[], env).refused(words);
    git("init --quiet");
    refused(&[], &["the tree has changes", "SNAPSHOT=1"]);
    git("add .");
    git("commit --quiet -m first");
    refused(&[], &[&format!("does not have the tag v{}", version())]);
    git(&format!("tag v{}", version()));
    let heading = format!("## {}", version());
    let changes = fs::read_to_string(release.project.join("CHANGELOG.md")).unwrap();
    if !changes.contains(&heading) {
        refused(&[], &["CHANGELOG.md has no heading", &heading]);
    }
    let snapshot = ("SNAPSHOT", "1");
    refused(&[snapshot], &["there is no key", "GPG_KEY=", "UNSIGNED=1"]);
    refused(&[snapshot, ("GPG_KEY", "/nowhere")], &["cannot be signed with /nowhere"]);
    let there = release.dir();
    fs::create_dir(&there).unwrap();
    let out = ("OUT", there.to_str().unwrap());
    refused(&[snapshot, ("UNSIGNED", "1"), out], &["is there already"]);
    fs::remove_dir(&there).unwrap();
    refused(&[snapshot, ("UNSIGNED", "1"), out, ("TARGETS", "plan9_amd64")], &["plan9_amd64"]);
}
