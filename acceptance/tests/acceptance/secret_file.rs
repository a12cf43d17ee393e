//! Files of secrets, and what becomes of them when somebody cleans the working tree.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use crate::host::{BOTH_FILES, Machine, hcl};

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

/// ADR-023: `git clean -fd` in production removed `.env.production.users`, and with it the only copy of its credentials.
#[test]
fn a_clean_of_the_working_tree_loses_no_secret() {
    let machine = Machine::new();
    machine.ws.write(
        "main.tf",
        &hcl(&machine.root, "", BOTH_FILES).replace("env = \"staging\"", "env = \"production\""),
    );
    machine.ws.step();
    let files = [
        ("karmyq/secrets/production/.env", "karmyq/production/karmyq/.env.production"),
        (
            "karmyq/secrets/production/.env.production.users",
            "karmyq/production/karmyq/.env.production.users",
        ),
    ];
    for (file, link) in files {
        fs::write(machine.path(file), format!("TOKEN={file}\n")).unwrap();
        assert_eq!(fs::read_link(machine.path(link)).unwrap(), machine.path(file));
    }
    let inode = |file: &str| fs::metadata(machine.path(file)).unwrap().ino();
    let before = files.map(|(file, _)| inode(file));

    let tree = machine.path("karmyq/production/karmyq");
    git(&tree, &["init", "--quiet"]);
    let cleaned = git(&tree, &["clean", "-fdx"]);
    assert!(cleaned.contains(".env.production.users"), "nothing was cleaned: {cleaned}");
    for (file, link) in files {
        assert!(fs::symlink_metadata(machine.path(link)).is_err(), "{link} was not cleaned");
        assert_eq!(fs::read_to_string(machine.path(file)).unwrap(), format!("TOKEN={file}\n"));
    }

    machine.ws.step();
    for (file, link) in files {
        assert_eq!(fs::read_link(machine.path(link)).unwrap(), machine.path(file));
        assert_eq!(fs::read_to_string(machine.path(link)).unwrap(), format!("TOKEN={file}\n"));
    }
    assert_eq!(files.map(|(file, _)| inode(file)), before);
}
