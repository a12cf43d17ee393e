// SPDX-License-Identifier: MPL-2.0
//! Directories that were made by hand and are taken over: by an import, or by a create that verifies.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::host::{BOTH_FILES, Machine, STAGING, WHOLE, make};
use crate::instances::Planned;

#[test]
fn made_by_hand_it_is_imported_and_adopted() {
    let machine = Machine::new();
    make(&machine.path("karmyq/staging/karmyq"), 0o775);
    make(&machine.path("karmyq/secrets/staging"), 0o755);
    fs::write(machine.path("karmyq/secrets/staging/.env"), "TOKEN=kept").unwrap();
    symlink("../../secrets/staging/.env", machine.path("karmyq/staging/karmyq/.env.staging"))
        .unwrap();
    let before = machine.snapshot();

    // Not by a create, which says what is there, nor by one that may verify.
    machine.write("", BOTH_FILES);
    let told = machine.ws.plan_fails();
    let error = told.error_titled("karmyq/staging: objects are in the way");
    assert!(error.detail.contains("karmyq/staging/karmyq\" (mode 0775"), "{error}");
    machine.write("", &format!("{BOTH_FILES}\nadopt = \"verify\""));
    let told = machine.ws.plan_fails();
    let error = told.error_titled("karmyq/staging: exists, but not as wished");
    for line in [
        "host_app_dir: differs: karmyq: mode is 0775",
        "host_backup_dir: missing",
        "host_link: differs: points to \"../../secrets/staging/.env\"",
        "host_secrets_dir: differs: mode is 0755",
    ] {
        assert!(error.detail.contains(line), "{line}: {error}");
    }
    machine.write("", BOTH_FILES);
    machine.ws.import(STAGING, "karmyq/staging");
    machine.snapshot().since(&before).is_nothing();

    let plan = Planned::of(&machine.ws);
    assert_eq!(plan.actions(STAGING), "update");
    let drift = plan.drift(STAGING);
    assert!(drift.contains(&"host_secrets_dir: differs: mode is 0755".to_owned()), "{drift:?}");
    machine.ws.apply_saved("saved.plan");
    machine.ws.is_settled();
    machine.is_whole();
    let env = machine.path("karmyq/secrets/staging/.env");
    assert_eq!(fs::read_to_string(env).unwrap(), "TOKEN=kept");

    // What is registered is imported with its inputs, and taken over.
    machine.ws.state_rm(STAGING);
    machine.ws.import(STAGING, "karmyq/staging");
    let state = machine.ws.state();
    assert_eq!(state.attribute(STAGING, "env_files"), &json!(["", "users"]));
    assert_eq!(
        Planned::of(&machine.ws).drift(STAGING),
        ["registration: differs: imported, not adopted yet"]
    );
    machine.ws.step();
}

/// A real file where a link belongs may hold what is nowhere else: the plan of an import says so, before anything is written.
#[test]
fn what_an_import_would_have_to_replace_is_told_at_plan() {
    let machine = Machine::new();
    make(&machine.path("karmyq/staging/karmyq"), 0o755);
    make(&machine.path("karmyq/secrets/staging"), 0o700);
    let file = machine.path("karmyq/staging/karmyq/.env.staging");
    fs::write(&file, "TOKEN=kept").unwrap();
    machine.write("", BOTH_FILES);
    machine.ws.import(STAGING, "karmyq/staging");
    let before = machine.snapshot();
    let secrets = machine.path("karmyq/secrets/staging/.env");
    let told = machine.ws.plan_fails();
    let error = told.error_titled(&format!("karmyq/staging: \"{}\" is in the way", file.display()));
    for words in ["(a file) where a link to", "nowhere else", "Next: move it to"] {
        assert!(error.detail.contains(words), "{words}: {error}");
    }
    assert!(error.detail.contains(&secrets.display().to_string()), "{error}");
    machine.snapshot().since(&before).is_nothing();

    // The same of a directory's place, and of a file that came after the plan.
    fs::rename(&file, &secrets).unwrap();
    machine.ws.plan_to("saved.plan");
    fs::write(machine.path("karmyq/secrets/staging/backup"), "").unwrap();
    let told = machine.ws.run(&["apply", "-json", "saved.plan"]).diagnostics();
    assert!(told.say("where the directory belongs"), "{told}");
    assert!(!machine.path("karmyq/.appenv").exists() && !machine.path(".appenv").exists());
    let told = machine.ws.plan_fails();
    assert!(told.say("where the directory belongs"), "{told}");
    fs::remove_file(machine.path("karmyq/secrets/staging/backup")).unwrap();
    // What a directory is called by a link is not moved away: the directory itself is named.
    fs::rename(machine.path("karmyq/staging"), machine.path("elsewhere")).unwrap();
    symlink(machine.path("elsewhere"), machine.path("karmyq/staging")).unwrap();
    let told = machine.ws.plan_fails();
    assert!(told.say("name the directory itself"), "{told}");
    fs::remove_file(machine.path("karmyq/staging")).unwrap();
    fs::rename(machine.path("elsewhere"), machine.path("karmyq/staging")).unwrap();
    machine.ws.step();
    machine.is_whole();
    assert_eq!(fs::read_to_string(&secrets).unwrap(), "TOKEN=kept");
}

#[test]
fn what_equals_the_wish_is_taken_over() {
    let machine = Machine::new();
    for (name, mode) in WHOLE.iter().filter(|(_, is)| !is.starts_with("->")) {
        make(&machine.path(name), u32::from_str_radix(mode, 8).unwrap());
    }
    let link = machine.path("karmyq/staging/karmyq/.env.staging");
    symlink(machine.path("karmyq/secrets/staging/.env"), link).unwrap();
    let before = machine.snapshot();
    machine.write("", "adopt = \"verify\"");
    let plan = machine.ws.plan();
    let announced = plan.diagnostics();
    announced.warning_titled("karmyq/staging: exists unregistered, and equals what is wished");
    machine.ws.step();
    machine.snapshot().since(&before).outside(&[".appenv"]).is_nothing();
}
