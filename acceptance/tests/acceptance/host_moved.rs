// SPDX-License-Identifier: MPL-2.0
//! Directories that get other paths: moved with what is in them, the old path a link for a while.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::host::{Machine, STAGING, make};
use crate::instances::{Planned, true_leaves};

/// The `names` block with these directories, relative to the root, and more arguments.
fn body(machine: &Machine, app_dir: &str, secrets_dir: &str, more: &str) -> String {
    let root = machine.root.display();
    format!(
        "names {{\n app_dir = \"{root}/{app_dir}\"\n secrets_dir = \"{root}/{secrets_dir}\"\n }}\n{more}"
    )
}

/// Where it goes to may come from another resource, and then nothing that follows from it is promised by the plan.
#[test]
fn a_directory_that_is_not_known_yet_is_moved() {
    let machine = lived_in();
    let to = machine.path("srv/karmyq");
    let from =
        format!("resource \"terraform_data\" \"to\" {{\n  input = \"{}\"\n}}\n", to.display());
    machine.ws.write("to.tf", &from);
    machine.write("", "names {\n app_dir = terraform_data.to.output\n }");
    machine.ws.step();
    assert!(to.join("karmyq").is_dir());
}

/// An instance with files in it.
fn lived_in() -> Machine {
    let machine = Machine::new();
    machine.write("", "").ws.step();
    fs::write(machine.path("karmyq/secrets/staging/.env"), "TOKEN=kept").unwrap();
    fs::write(machine.path("karmyq/staging/karmyq/server.js"), "run()").unwrap();
    machine
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn they_are_moved_with_what_is_in_them() {
    let machine = lived_in();
    machine.write("", &body(&machine, "web/stage", "web/secret", "keep_old = \"3s\""));
    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.actions(STAGING), "update");
    assert_eq!(true_leaves(plan.unknown(STAGING)), ["generation", "kept"]);
    let old = machine.path("karmyq/staging");
    let new = machine.path("web/stage");
    assert_eq!(plan.before(STAGING)["resolved_names"]["app_dir"], json!(old));
    assert_eq!(plan.after(STAGING)["resolved_names"]["app_dir"], json!(new));
    machine.ws.apply_saved("saved.plan");

    assert_eq!(text(&new.join("karmyq/server.js")), "run()");
    assert_eq!(text(&machine.path("web/secret/.env")), "TOKEN=kept");
    assert_eq!(
        fs::read_link(new.join("karmyq/.env.staging")).unwrap(),
        machine.path("web/secret/.env")
    );
    // Whoever still uses the old paths comes to the new ones.
    assert_eq!(fs::read_link(&old).unwrap(), new);
    assert_eq!(text(&old.join("karmyq/.env.staging")), "TOKEN=kept");
    let kept = machine.ws.state().attribute(STAGING, "kept").clone();
    let paths: Vec<_> = kept.as_object().unwrap().keys().cloned().collect();
    let secrets = machine.path("karmyq/secrets/staging");
    assert_eq!(paths, [secrets.display().to_string(), old.display().to_string()]);

    sleep(Duration::from_secs(4));
    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.actions(STAGING), "update");
    assert_eq!(plan.after(STAGING)["kept"], json!({}));
    machine.ws.step();
    assert!(fs::read_link(&old).is_err() && !old.exists());

    fs::remove_file(machine.path("web/secret/.env")).unwrap();
    fs::remove_file(new.join("karmyq/server.js")).unwrap();
    machine.ws.destroy();
    let left: Vec<_> =
        fs::read_dir(&machine.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".appenv"]);
}

#[test]
fn a_path_that_is_taken_is_refused() {
    let machine = lived_in();
    make(&machine.path("karmyq/new"), 0o755);
    machine.write("", &body(&machine, "karmyq/new", "karmyq/secrets/staging", ""));
    let before = machine.snapshot();
    let told = machine.ws.apply_fails();
    let error = told.error_titled("karmyq/staging: the new names are taken");
    assert!(error.detail.contains("karmyq/new"), "{error}");
    machine.snapshot().since(&before).is_nothing();
}

#[test]
fn what_was_moved_by_hand_is_taken_as_moved() {
    let machine = lived_in();
    let (old, new) = (machine.path("karmyq/staging"), machine.path("karmyq/new"));
    fs::rename(&old, &new).unwrap();
    machine.write("", &body(&machine, "karmyq/new", "karmyq/secrets/staging", ""));
    machine.ws.step();
    assert_eq!(text(&new.join("karmyq/server.js")), "run()");
    assert_eq!(fs::read_link(&old).unwrap(), new);
    // Ended, it takes the links along that it kept.
    fs::remove_file(machine.path("karmyq/secrets/staging/.env")).unwrap();
    fs::remove_file(new.join("karmyq/server.js")).unwrap();
    machine.ws.destroy();
    assert!(!machine.path("karmyq").exists());
}

#[test]
fn made_by_hand_at_a_path_of_its_own_it_is_imported_by_that_path() {
    let machine = Machine::new();
    let home = machine.ws.root().join("ubuntu/karmyq");
    make(&home.join("karmyq"), 0o755);
    fs::write(home.join("karmyq/server.js"), "run()").unwrap();
    let names = format!("names {{\n app_dir = \"{}\"\n }}", home.display());
    machine.write("", "");
    machine.ws.import(STAGING, &format!("karmyq/staging?app_dir={}", home.display()));
    // Under another path than it was imported with, it says so: no registry proves that it may be moved.
    let told = machine.ws.plan_fails();
    let error = told
        .error_titled("karmyq/staging: imported under other names than the configuration gives");
    assert!(error.detail.contains("app_dir"), "{error}");

    machine.write("", &names);
    assert_eq!(Planned::of(&machine.ws).actions(STAGING), "update");
    machine.ws.step();
    assert_eq!(text(&home.join("karmyq/server.js")), "run()");

    // What the registry knows comes with its path, and may be moved and adopted in one.
    machine.ws.state_rm(STAGING);
    machine.ws.import(STAGING, "karmyq/staging");
    machine.write("", "");
    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.actions(STAGING), "update");
    let new = machine.path("karmyq/staging");
    assert_eq!(plan.before(STAGING)["resolved_names"]["app_dir"], json!(home));
    assert_eq!(plan.after(STAGING)["resolved_names"]["app_dir"], json!(new));
    machine.ws.step();
    assert_eq!(text(&new.join("karmyq/server.js")), "run()");
    assert_eq!(fs::read_link(&home).unwrap(), new);
}
