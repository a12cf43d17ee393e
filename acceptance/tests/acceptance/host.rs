// SPDX-License-Identifier: MPL-2.0
//! Directories of a host: made, mended, left, and never by a way that somebody else could lead elsewhere.
//!
//! The oracle is the file system itself.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use acceptance::servers::Servers;
use acceptance::{Cli, Snapshot, Workspace};
use serde_json::json;

use crate::instances::{BOTH, Planned, true_leaves};

pub const STAGING: &str = "appenv_app_instance.staging";

/// Everything that the instance of [`hcl`] has, as mode or target, relative to the root.
pub const WHOLE: [(&str, &str); 6] = [
    ("karmyq/staging", "755"),
    ("karmyq/staging/karmyq", "755"),
    ("karmyq/secrets/staging", "700"),
    ("karmyq/secrets/staging/backup", "700"),
    ("karmyq/staging/karmyq/.env.staging", "-> karmyq/secrets/staging/.env"),
    ("karmyq/staging/karmyq/.env.staging.users", "-> karmyq/secrets/staging/.env.staging.users"),
];

/// A workspace and a root beside it.
pub struct Machine {
    pub ws: Workspace,
    pub root: PathBuf,
}

impl Machine {
    pub fn new() -> Self {
        let ws = Workspace::new(Cli::any()).without_trace();
        let root = ws.root().join("srv");
        make(&root, 0o755);
        Self { ws, root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The registry's and everything else's files.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default().with_files(&self.root)
    }

    /// The provider with these arguments in its `host` block, and the instance with this body.
    pub fn write(&self, host: &str, body: &str) -> &Self {
        self.ws.write("main.tf", &hcl(&self.root, host, body));
        self
    }

    /// Fails the test where anything of it is not there, or not so.
    pub fn is_whole(&self) {
        for (name, is) in WHOLE {
            let path = self.path(name);
            match is.strip_prefix("-> ") {
                Some(target) => {
                    assert_eq!(fs::read_link(path).unwrap(), self.path(target), "{name}");
                }
                None => assert_eq!(format!("{:o}", mode(&path)), is, "{name}"),
            }
        }
    }
}

pub fn hcl(root: &Path, host: &str, body: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\n\
         provider \"appenv\" {{\n  convention = \"underscored-v1\"\n  gates {{\n    production = \"open\"\n  }}\n  host {{\n    root = \"{}\"\n{host}\n  }}\n}}\n\n\
         resource \"appenv_app_instance\" \"staging\" {{\n  app = \"karmyq\"\n  env = \"staging\"\n{body}\n}}\n",
        root.display()
    )
}

/// Makes a directory and those above it, with this mode.
pub fn make(path: &Path, mode: u32) {
    fs::create_dir_all(path).unwrap();
    chmod(path, mode);
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    let meta = fs::symlink_metadata(path).unwrap();
    assert!(meta.is_dir(), "{} is no directory", path.display());
    meta.mode() & 0o7777
}

pub const BOTH_FILES: &str = "env_files = [\"\", \"users\"]";

#[test]
fn the_example_lives_and_ends() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli);
        let home = ws.root().join("home");
        ws.copy_from("examples/host-only");
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(STAGING), "create");
        assert_eq!(true_leaves(plan.unknown(STAGING)), ["generation"]);
        let after = plan.after(STAGING);
        assert_eq!(after["facets"], json!(["host"]));
        assert_eq!(after["resolved_names"]["app_dir"], "~/apps/karmyq/staging");
        assert_eq!(after["resolved_names"]["secrets_dir"], "~/apps/karmyq/secrets/staging");
        let lines: Vec<_> = after["objects"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            lines,
            [
                "host_app_dir",
                "host_backup_dir",
                "host_link",
                "host_link_users",
                "host_secrets_dir",
                "registration"
            ]
        );
        assert!(!home.join("apps").exists(), "a plan made something");

        ws.apply_saved("saved.plan");
        ws.is_settled();
        let machine = Machine { root: home.join("apps"), ws };
        machine.is_whole();
        assert_eq!(mode(&machine.path(".appenv")), 0o700);
        for entry in ["registry.json", "instances/karmyq/staging.json"] {
            let meta = fs::metadata(machine.path(".appenv").join(entry)).unwrap();
            assert_eq!(meta.mode() & 0o7777, 0o600, "{entry}");
        }

        machine.ws.destroy();
        let left: Vec<_> =
            fs::read_dir(&machine.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".appenv"]);
        let entry: serde_json::Value = serde_json::from_slice(
            &fs::read(machine.path(".appenv/instances/karmyq/staging.json")).unwrap(),
        )
        .unwrap();
        assert_eq!((&entry["phase"], &entry["generation"]), (&json!("gone"), &json!(2)));
        // And again.
        machine.ws.step();
        machine.is_whole();
    }
}

/// One thing done by hand, and the one line of the plan that tells of it.
struct Drift {
    object: &'static str,
    state: &'static str,
    by_hand: fn(&Machine),
}

fn drifts() -> Vec<Drift> {
    let drift = |object, state, by_hand| Drift { object, state, by_hand };
    let mut drifts = vec![
        drift("host_app_dir", "missing", |on| {
            fs::remove_dir_all(on.path("karmyq/staging")).unwrap();
        }),
        drift("host_app_dir", "differs: karmyq is missing", |on| {
            fs::rename(on.path("karmyq/staging/karmyq"), on.root.join("away")).unwrap();
        }),
        drift("host_app_dir", "differs: mode is 0777; karmyq: mode is 0750", |on| {
            chmod(&on.path("karmyq/staging"), 0o777);
            chmod(&on.path("karmyq/staging/karmyq"), 0o750);
        }),
        drift("host_secrets_dir", "differs: mode is 0777", |on| {
            chmod(&on.path("karmyq/secrets/staging"), 0o777);
        }),
        drift("host_secrets_dir", "missing", |on| {
            fs::remove_dir_all(on.path("karmyq/secrets/staging")).unwrap();
        }),
        drift("host_backup_dir", "missing", |on| {
            fs::remove_dir(on.path("karmyq/secrets/staging/backup")).unwrap();
        }),
        drift("host_backup_dir", "differs: mode is 0755", |on| {
            chmod(&on.path("karmyq/secrets/staging/backup"), 0o755);
        }),
        drift("host_link", "missing", |on| {
            fs::remove_file(on.path("karmyq/staging/karmyq/.env.staging")).unwrap();
        }),
        drift("host_link", "differs: points to \"/etc/hostname\"", |on| {
            let link = on.path("karmyq/staging/karmyq/.env.staging");
            fs::remove_file(&link).unwrap();
            symlink("/etc/hostname", link).unwrap();
        }),
        drift("host_link_users", "missing", |on| {
            fs::remove_file(on.path("karmyq/staging/karmyq/.env.staging.users")).unwrap();
        }),
    ];
    // Only root gives something away.
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        drifts.push(drift(
            "host_secrets_dir",
            "differs: owner is user 4711; group is 4712",
            |on| {
                let secrets = on.path("karmyq/secrets/staging");
                std::os::unix::fs::chown(secrets, Some(4711), Some(4712)).unwrap();
            },
        ));
    }
    drifts
}

#[test]
fn each_object_that_was_changed_by_hand_is_a_line_and_is_mended() {
    let machine = Machine::new();
    machine.write("", BOTH_FILES).ws.step();
    for Drift { object, state, by_hand } in drifts() {
        by_hand(&machine);
        let drift = Planned::of(&machine.ws).drift(STAGING);
        let line = format!("{object}: {state}");
        assert!(drift.contains(&line), "{line:?} is not in {drift:?}");
        // What lies in a directory that is gone is gone too, and nothing else is said.
        if state != "missing" || !object.ends_with("_dir") || object == "host_backup_dir" {
            let more = drift.iter().filter(|line| !line.starts_with("host_link")).count();
            assert!(more <= 1, "{drift:?}");
        }
        machine.ws.step();
        machine.is_whole();
    }
}

#[test]
fn what_others_put_there_is_never_removed() {
    let machine = Machine::new();
    machine.write("", BOTH_FILES).ws.step();
    let files = [
        ("karmyq/secrets/staging/.env", "TOKEN=kept"),
        ("karmyq/secrets/staging/backup/.env.1", "TOKEN=older"),
        ("karmyq/staging/karmyq/.git/HEAD", "ref: refs/heads/main"),
        ("karmyq/staging/karmyq/server.js", "run()"),
    ];
    for (name, text) in files {
        let path = machine.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    machine.ws.is_settled();

    // A file where the link was, as an editor leaves it: refused, with the way out.
    let link = machine.path("karmyq/staging/karmyq/.env.staging");
    fs::remove_file(&link).unwrap();
    fs::write(&link, "TOKEN=new").unwrap();
    let before = machine.snapshot();
    let told = machine.ws.plan_fails();
    let error = told.error();
    assert!(error.summary.contains(".env.staging"), "{error}");
    assert!(error.detail.contains("karmyq/secrets/staging/.env\", or away"), "{error}");
    machine.snapshot().since(&before).is_nothing();
    fs::remove_file(&link).unwrap();
    machine.ws.step();

    let ended = machine.ws.destroy();
    for name in ["karmyq/secrets/staging", "karmyq/secrets/staging/backup", "karmyq/staging/karmyq"]
    {
        let path = machine.path(name);
        assert!(
            ended.diagnostics().say(&format!("\"{}\" stays", path.display())),
            "{name}: {ended}"
        );
    }
    for (name, text) in files {
        assert_eq!(fs::read_to_string(machine.path(name)).unwrap(), text, "{name}");
    }
    assert!(!link.exists() && fs::read_link(&link).is_err(), "the link is still there");
    // Nobody takes over what stays without saying so.
    let told = machine.ws.plan_fails();
    let error = told.error_titled("karmyq/staging: objects are in the way");
    assert!(error.detail.contains("karmyq/secrets/staging\" (mode 0700"), "{error}");
}

#[test]
fn files_of_secrets_are_linked_as_asked_for() {
    let machine = Machine::new();
    machine.write("", "").ws.step();
    let users = machine.path("karmyq/staging/karmyq/.env.staging.users");
    assert!(fs::read_link(&users).is_err());

    // What something else made there is not the instance's.
    symlink("/etc/hostname", &users).unwrap();
    machine.write("", BOTH_FILES);
    let before = machine.snapshot();
    let told = machine.ws.plan_fails();
    let error = told.error_titled("karmyq/staging: objects are in the way");
    assert!(error.detail.contains(".env.staging.users\" (to \"/etc/hostname\")"), "{error}");
    machine.snapshot().since(&before).is_nothing();
    fs::remove_file(&users).unwrap();

    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.actions(STAGING), "update");
    assert_eq!(plan.after(STAGING)["objects"]["host_link_users"], "ok");
    machine.ws.step();
    machine.is_whole();

    machine.write("", "env_files = [\"users\"]").ws.step();
    assert!(fs::read_link(machine.path("karmyq/staging/karmyq/.env.staging")).is_err());
    assert_eq!(
        fs::read_link(&users).unwrap(),
        machine.path("karmyq/secrets/staging/.env.staging.users")
    );
    machine.write("", "env_files = []").ws.step();
    assert!(fs::read_link(&users).is_err());
    // The link that deploy scripts make (`ln -sf`) is the one that is asked for.
    symlink(machine.path("karmyq/secrets/staging/.env.staging.users"), &users).unwrap();
    machine.write("", "env_files = [\"users\"]").ws.step();
}

#[test]
fn another_machine_is_elsewhere() {
    let machine = Machine::new();
    let named = "name = \"prod-1\"";
    machine.write(named, "").ws.step();
    let whole = machine.snapshot();

    for (host, says) in [("name = \"prod-2\"", "of machine \"prod-1\""), ("", "no appenv registry")]
    {
        // Another name, and then another root: a machine where nothing is.
        let other = machine.ws.root().join("other");
        make(&other, 0o755);
        let root = if host.is_empty() { &other } else { &machine.root };
        // The state has its names by the root that it knows.
        let body = format!(
            "names {{\n app_dir = \"{0}/karmyq/staging\"\n secrets_dir = \"{0}/karmyq/secrets/staging\"\n }}",
            machine.root.display()
        );
        machine.ws.write("main.tf", &hcl(root, host, &body));
        let told = machine.ws.plan_fails();
        assert!(told.say("its objects are elsewhere") && told.say(says), "{told}");
        let told = machine.ws.destroy_fails();
        assert!(told.say("its objects are elsewhere"), "{told}");
        assert!(told.say("state rm"), "{told}");
        machine.snapshot().since(&whole).is_nothing();
    }
    machine.write(named, "").ws.is_settled();
    machine.write("", "").ws.is_settled();
}

#[test]
fn many_at_once_found_one_registry() {
    let machine = Machine::new();
    let mut hcl = hcl(&machine.root, "", "");
    hcl.push_str(
        "resource \"appenv_app_instance\" \"many\" {\n  for_each = toset([for n in range(20) : \"app-${n}\"])\n  app = \
         each.key\n  env = \"dev\"\n}\n",
    );
    machine.ws.write("main.tf", &hcl);
    machine.ws.step_with(&["-parallelism=20"]);
    for index in 0..20 {
        let entry = machine.path(&format!(".appenv/instances/app-{index}/dev.json"));
        assert!(fs::read_to_string(entry).unwrap().contains("\"live\""));
        assert_eq!(mode(&machine.path(&format!("app-{index}/secrets/dev"))), 0o700);
    }
    machine.ws.destroy_with(&["-parallelism=20"]);
    let left: Vec<_> = fs::read_dir(&machine.root).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn beside_servers_an_instance_has_all_of_it() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    let ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    let root = ws.root().join("srv");
    make(&root, 0o755);
    let machine = Machine { ws, root };
    let host = format!("  host {{\n    root = \"{}\"\n  }}\n", machine.root.display());
    let write = |blocks: &str| {
        machine.ws.write("provider.tf", &crate::instances::provider(blocks));
        machine.ws.write("main.tf", &crate::instances::instance("erp", "sandbox", ""));
    };
    // It comes to an instance that has everything else, and the registration is still the one of the database.
    write(BOTH);
    machine.ws.step();
    let secrets = machine.path("erp/secrets/sandbox");
    make(&secrets, 0o755);
    write(&format!("{BOTH}{host}"));
    let told = machine.ws.plan_fails();
    assert!(told.say("objects are in the way") && told.say("erp/secrets/sandbox"), "{told}");
    fs::remove_dir_all(machine.path("erp")).unwrap();
    let at = crate::instances::address("erp", "sandbox");
    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.after(&at)["facets"], json!(["host", "postgres", "vault"]));
    machine.ws.apply_saved("saved.plan");
    machine.ws.is_settled();
    assert_eq!(mode(&secrets), 0o700);
    assert_eq!(crate::instances::registered(&servers, "erp", "sandbox"), "live 2 t");

    // The block gone, its directories could not be removed any more.
    write(BOTH);
    assert!(machine.ws.plan_fails().say("the `host` block is gone"));
    write(&format!("{BOTH}{host}"));
    machine.ws.destroy();
    assert!(!machine.path("erp").exists());
    Snapshot::take(&servers).since(&empty).outside(&["appenv"]).is_nothing();
}
