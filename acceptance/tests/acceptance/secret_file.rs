// SPDX-License-Identifier: MPL-2.0
//! Secrets in dotenv files of a host: written, drifted, ended, and what becomes of them when somebody cleans the working
//! tree. The oracle is the file system, and the readers of such files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use acceptance::Diagnostics;
use serde_json::{Value, json};

use crate::dotenv::{by_compose, by_python, by_sh};
use crate::host::{BOTH_FILES, Machine, hcl};

const PEM: &str = "-----BEGIN KEY-----\nAbC+/=hunter2\n-----END KEY-----\n";
const JSON: &str = r#"{"a": "hunter2 b", "n": [1, "x"]}"#;
const RUN: &str = "hunter2 \"$(id)\" `id` $X";

fn git(dir: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A secret of the instance; its block is called as its key, in small letters.
fn secret(key: &str, file: Option<&str>, version: u32, value: &str) -> String {
    let file = file.map(|file| format!("  file = \"{file}\"\n")).unwrap_or_default();
    let value = json!(value).to_string().replace("${", "$${").replace("%{", "%%{");
    format!(
        "\nresource \"appenv_env_secret\" \"{}\" {{\n  app = appenv_app_instance.staging.app\n  env = \
         appenv_app_instance.staging.env\n  key = \"{key}\"\n{file}  value_wo = {value}\n  value_wo_version = \
         {version}\n  depends_on = [appenv_app_instance.staging]\n}}\n",
        key.to_lowercase()
    )
}

fn configure(machine: &Machine, host: &str, secrets: &[String]) {
    machine.ws.write("main.tf", &(hcl(&machine.root, host, BOTH_FILES) + &secrets.concat()));
}

fn text(machine: &Machine, name: &str) -> String {
    fs::read_to_string(machine.path("karmyq/secrets/staging").join(name)).unwrap()
}

fn shows_nothing(told: &Diagnostics) {
    assert!(!told.say("hunter2"), "{told}");
}

#[test]
fn secrets_are_written_read_mended_and_end() {
    let machine = Machine::new();
    configure(&machine, "backups_kept = 2", &[]);
    machine.ws.step();
    let secrets = machine.path("karmyq/secrets/staging");
    let hand = "# by hand\nTOKEN=\"kept\"  # why\n";
    fs::write(secrets.join(".env"), hand).unwrap();
    fs::set_permissions(secrets.join(".env"), fs::Permissions::from_mode(0o644)).unwrap();

    let all = [
        secret("PASSWORD", None, 1, "hunter2#4 !%~*&"),
        secret("PEM", None, 1, PEM),
        secret("JSON", None, 1, JSON),
        secret("RUN", None, 1, RUN),
        secret("USERS", Some("users"), 1, "hunter2"),
    ];
    configure(&machine, "backups_kept = 2", &all);
    machine.ws.step();
    let env = secrets.join(".env");
    assert!(text(&machine, ".env").starts_with(hand));
    for name in [".env", ".env.staging.users", ".appenv.json"] {
        let meta = fs::metadata(secrets.join(name)).unwrap();
        assert_eq!(meta.mode() & 0o7777, 0o600, "{name}");
        assert_eq!(meta.uid(), fs::metadata(&secrets).unwrap().uid(), "{name}");
    }
    let linked = machine.path("karmyq/staging/karmyq/.env.staging.users");
    assert_eq!(fs::read_to_string(linked).unwrap(), "USERS=hunter2\n");
    let here = machine.ws.dir();
    fs::copy(&env, here.join("values.env")).unwrap();
    for (reader, read) in [
        ("sh", by_sh("sh", &env)),
        ("bash", by_sh("bash", &env)),
        ("Docker Compose", by_compose(&here)),
        ("python-dotenv", by_python(&env)),
    ] {
        for (key, value) in [
            ("PASSWORD", "hunter2#4 !%~*&"),
            ("PEM", PEM),
            ("JSON", JSON),
            ("RUN", RUN),
            ("TOKEN", "kept"),
        ] {
            assert_eq!(read.get(key).map(String::as_str), Some(value), "{reader}: {key}");
        }
    }
    fs::remove_file(here.join("values.env")).unwrap();
    assert!(!machine.ws.state_file().to_string().contains("hunter2"), "the state has a value");
    assert!(!text(&machine, ".appenv.json").contains("hunter2"));
    let copies = fs::read_dir(secrets.join("backup")).unwrap().count();
    assert_eq!(copies, 2, "of four changes of `.env` two copies are kept");

    // By hand: told by the key alone, and mended.
    let changed = text(&machine, ".env").replace("hunter2#4", "hunter2#5");
    fs::write(&env, changed).unwrap();
    fs::remove_file(secrets.join(".env.staging.users")).unwrap();
    let plan = machine.ws.plan_text();
    assert!(plan.text().contains("changed by hand") && plan.text().contains("deleted by hand"));
    assert!(!plan.text().contains("hunter2"), "{}", plan.text());
    machine.ws.step();
    assert!(text(&machine, ".env").contains("PASSWORD='hunter2#4 !%~*&'\n"));
    assert_eq!(text(&machine, ".env.staging.users"), "USERS=hunter2\n");

    machine.ws.destroy();
    assert_eq!(text(&machine, ".env"), hand);
    for name in [".appenv.json", ".env.staging.users"] {
        assert!(!secrets.join(name).exists(), "{name} is still there");
    }
}

#[test]
fn a_value_that_is_there_is_not_taken_but_by_import() {
    let machine = Machine::new();
    configure(&machine, "", &[]);
    machine.ws.step();
    let env = machine.path("karmyq/secrets/staging/.env");
    fs::write(&env, "PASSWORD=hunter2-old\n").unwrap();
    configure(&machine, "", &[secret("PASSWORD", None, 1, "hunter2-new")]);
    let told = machine.ws.plan_fails();
    assert!(told.say("PASSWORD is there already"), "{told}");
    shows_nothing(&told);
    let made = secret("PASSWORD", None, 1, "");
    let made = made.replace("  value_wo = \"\"\n  value_wo_version = 1\n", "  generate {}\n");
    configure(&machine, "", &[made]);
    machine.ws.import("appenv_env_secret.password", "karmyq/staging/PASSWORD");
    machine.ws.step();
    assert_eq!(fs::read_to_string(&env).unwrap(), "PASSWORD=hunter2-old\n");
    let notes: Value = serde_json::from_str(&text(&machine, ".appenv.json")).unwrap();
    assert!(notes["keys"][""]["PASSWORD"].is_object(), "{notes}");
    // What no reader would give back.
    configure(&machine, "", &[secret("PASSWORD", None, 2, "hunter2 it's $5")]);
    let told = machine.ws.plan_fails();
    assert!(told.say("both a single quote and a dollar sign"), "{told}");
    shows_nothing(&told);
}

/// Undoes a mount, whatever came of the test.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").args(["-l", &self.0]).status().ok();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).status().unwrap();
    assert!(done.success(), "{program} {arguments:?}; the tests run as root");
}

#[test]
fn a_disk_that_takes_nothing_leaves_the_old_content() {
    let machine = Machine::new();
    configure(&machine, "", &[secret("PASSWORD", None, 1, "hunter2")]);
    machine.ws.step();
    let secrets = machine.path("karmyq/secrets/staging");
    let (at, away) = (secrets.to_str().unwrap(), machine.root.join("away"));
    fs::rename(&secrets, &away).unwrap();
    fs::create_dir(&secrets).unwrap();
    run("mount", &["-t", "tmpfs", "-o", "size=32k,mode=0700", "tmpfs", at]);
    let mounted = Mounted(at.to_owned());
    run("sh", &["-c", &format!("cp -a {}/. {at}/", away.display())]);

    let long = "hunter2".repeat(5000);
    configure(&machine, "", &[secret("PASSWORD", None, 2, &long)]);
    let told = machine.ws.apply_fails();
    assert!(told.say("No space left") && told.say("make room"), "{told}");
    shows_nothing(&told);
    assert_eq!(text(&machine, ".env"), "PASSWORD=hunter2\n");

    run("mount", &["-o", "remount,ro", at]);
    configure(&machine, "", &[secret("PASSWORD", None, 2, "hunter2-new")]);
    let told = machine.ws.apply_fails();
    assert!(told.say("Read-only file system"), "{told}");
    shows_nothing(&told);
    assert_eq!(text(&machine, ".env"), "PASSWORD=hunter2\n");
    drop(mounted);

    // A directory where the file should be.
    fs::remove_dir(&secrets).unwrap();
    fs::rename(&away, &secrets).unwrap();
    let env = secrets.join(".env");
    fs::rename(&env, secrets.join("was")).unwrap();
    fs::create_dir(&env).unwrap();
    let told = machine.ws.plan_fails();
    assert!(told.say(".env\\\" is no file") || told.say("is a directory"), "{told}");
    assert!(env.is_dir());
    fs::remove_dir(&env).unwrap();
    fs::rename(secrets.join("was"), &env).unwrap();
    machine.ws.step();
    assert_eq!(text(&machine, ".env"), "PASSWORD=hunter2-new\n");
}

/// ADR-023: `git clean -fd` in production removed `.env.production.users`, and with it the only copy of its credentials.
#[test]
fn a_clean_of_the_working_tree_loses_no_secret() {
    let machine = Machine::new();
    let both = [secret("TOKEN", None, 1, "hunter2"), secret("USERS", Some("users"), 1, "hunter2")]
        .concat();
    let text = hcl(&machine.root, "", BOTH_FILES) + &both;
    machine.ws.write("main.tf", &text.replace("env = \"staging\"", "env = \"production\""));
    machine.ws.step();
    let files = [
        (
            "karmyq/secrets/production/.env",
            "karmyq/production/karmyq/.env.production",
            "TOKEN=hunter2\n",
        ),
        (
            "karmyq/secrets/production/.env.production.users",
            "karmyq/production/karmyq/.env.production.users",
            "USERS=hunter2\n",
        ),
    ];
    for (file, link, content) in files {
        fs::write(machine.path(file), content).unwrap();
        assert_eq!(fs::read_link(machine.path(link)).unwrap(), machine.path(file));
    }
    let inode = |file: &str| fs::metadata(machine.path(file)).unwrap().ino();
    let before = files.map(|(file, ..)| inode(file));

    let tree = machine.path("karmyq/production/karmyq");
    git(&tree, &["init", "--quiet"]);
    let cleaned = git(&tree, &["clean", "-fdx"]);
    assert!(cleaned.contains(".env.production.users"), "nothing was cleaned: {cleaned}");
    for (file, link, content) in files {
        assert!(fs::symlink_metadata(machine.path(link)).is_err(), "{link} was not cleaned");
        assert_eq!(fs::read_to_string(machine.path(file)).unwrap(), content);
    }

    machine.ws.step();
    for (file, link, content) in files {
        assert_eq!(fs::read_link(machine.path(link)).unwrap(), machine.path(file));
        assert_eq!(fs::read_to_string(machine.path(link)).unwrap(), content);
    }
    assert_eq!(files.map(|(file, ..)| inode(file)), before);
}
