// SPDX-License-Identifier: MPL-2.0
//! Ways that somebody else could lead elsewhere, and what is refused of a host: said with the way out, nothing changed.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::Path;

use acceptance::{Diagnostic, Diagnostics};

use crate::bad_input::book::Book;
use crate::host::{BOTH_FILES, Machine, chmod, make};

/// What is done by hand on a machine with a whole instance, and what is said then.
struct Trap {
    name: &'static str,
    says: &'static [&'static str],
    by_hand: fn(&Machine),
}

fn trap(name: &'static str, says: &'static [&'static str], by_hand: fn(&Machine)) -> Trap {
    Trap { name, says, by_hand }
}

/// A directory that a link leads to; nothing may come to be in it.
fn victim(on: &Machine) -> std::path::PathBuf {
    on.ws.root().join("victim")
}

/// Puts a link to the victim in the place of a directory.
fn swap(on: &Machine, name: &str) {
    let path = on.path(name);
    fs::rename(&path, on.ws.root().join("was")).unwrap();
    symlink(victim(on), path).unwrap();
}

fn traps() -> Vec<Trap> {
    vec![
        trap("root_open", &["is writable by everybody (mode 0777)", "chmod o-w"], |on| {
            chmod(&on.root, 0o777);
        }),
        trap("root_sticky", &["is writable by everybody (mode 1777)"], |on| {
            chmod(&on.root, 0o1777);
        }),
        trap("above_root_open", &["is writable by everybody", "chmod o-w"], |on| {
            chmod(on.ws.root(), 0o777);
        }),
        trap("secrets_parent_open", &["karmyq/secrets\" is writable by everybody"], |on| {
            chmod(&on.path("karmyq/secrets"), 0o777);
        }),
        trap("group", &["is writable by group 4711 (mode 0775)", "chmod g-w"], |on| {
            chown(on.path("karmyq"), None, Some(4711)).unwrap();
            chmod(&on.path("karmyq"), 0o775);
        }),
        trap("foreign", &["belongs to user 4711", "give"], |on| {
            chown(on.path("karmyq"), Some(4711), None).unwrap();
        }),
        trap("work_tree", &["is in a git work tree", "git clean"], |on| {
            make(&on.path(".git"), 0o755);
        }),
        trap("root_link", &["is a symbolic link to", "Could not go through"], |on| {
            let real = on.ws.root().join("real");
            fs::rename(&on.root, &real).unwrap();
            symlink(&real, &on.root).unwrap();
        }),
        trap("parent_link", &["is a symbolic link to"], |on| swap(on, "karmyq/secrets")),
        trap("secrets_link", &["is not what it was made as", "(to ", "move it away"], |on| {
            swap(on, "karmyq/secrets/staging");
        }),
        trap("project_link", &["is not what it was made as"], |on| {
            swap(on, "karmyq/staging/karmyq");
        }),
        trap("secrets_file", &["(a file)", "move it away"], |on| {
            let path = on.path("karmyq/secrets/staging");
            fs::remove_dir_all(&path).unwrap();
            fs::write(path, "TOKEN").unwrap();
        }),
        trap("link_pipe", &["(a named pipe)"], |on| {
            let path = on.path("karmyq/staging/karmyq/.env.staging");
            fs::remove_file(&path).unwrap();
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        }),
        trap("registry_link", &["is a symbolic link to"], |on| swap(on, ".appenv")),
        trap("registry_open", &["may be somebody else's", "mode 0777"], |on| {
            chmod(&on.path(".appenv"), 0o777);
        }),
        trap("registry_foreign", &["may be somebody else's", "belongs to user 4711"], |on| {
            chown(on.path(".appenv"), Some(4711), None).unwrap();
        }),
        trap("registry_pipe", &["Could not read", "registry.json"], |on| {
            let path = on.path(".appenv/registry.json");
            fs::remove_file(&path).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        trap("registry_damaged", &["is not one that appenv wrote", "backup"], |on| {
            fs::write(on.path(".appenv/instances/karmyq/staging.json"), "{\"owner\": 1").unwrap();
        }),
    ]
}

/// Giving things away takes root, as the tests' containers have it.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn what_others_could_lead_elsewhere_is_refused() {
    let mut book = Book::section("host");
    for Trap { name, says, by_hand } in traps() {
        assert!(is_root(), "needs root");
        let machine = Machine::new();
        make(&victim(&machine), 0o755);
        // Something is to be done, so that an apply would write.
        machine.write("", "").ws.step();
        by_hand(&machine);
        machine.write("", BOTH_FILES);
        let files = |machine: &Machine| {
            acceptance::Snapshot::default()
                .with_files(&machine.root)
                .with_files(&victim(machine))
                .with_files(&machine.ws.root().join("was"))
                .with_files(&machine.ws.root().join("real"))
        };
        let before = files(&machine);
        let told = machine.ws.apply_fails();
        for words in says {
            assert!(told.say(words), "{name} does not say {words:?}:\n{told}");
        }
        files(&machine).since(&before).is_nothing();
        book.says(name, told.errors().map(|told| hidden(told, &machine)));
        // Nor does an end of it follow where that leads.
        let ended = machine.ws.run(&["destroy", "-json", "-auto-approve"]);
        assert!(!ended.diagnostics().say("panicked"), "{ended}");
        assert!(victim(&machine).exists());
        let victim = fs::read_dir(victim(&machine)).unwrap().count();
        assert_eq!(victim, 0, "{name}");
    }
    book.close();
}

/// The text without where the tests run.
fn hidden(told: &Diagnostic, machine: &Machine) -> Diagnostic {
    let place = machine.ws.root().display().to_string();
    Diagnostic {
        summary: told.summary.replace(&place, "/machine"),
        detail: told.detail.replace(&place, "/machine"),
        snippet: told.snippet.as_ref().map(|line| line.replace(&place, "/machine")),
        ..told.clone()
    }
}

/// A name, the root it asks for, and what is said.
type Case = (&'static str, fn(&Machine) -> String, &'static [&'static str]);

#[test]
fn a_create_is_refused_before_anything_is_made() {
    let mut book = Book::section("host create");
    let cases: [Case; 6] = [
        ("no_way", |on| on.path("a/b").display().to_string(), &["is not there", "mkdir -p"]),
        (
            "file",
            |on| {
                fs::write(on.path("file"), "").unwrap();
                on.path("file").display().to_string()
            },
            &["is a file"],
        ),
        (
            "open",
            |on| {
                make(&on.path("open"), 0o777);
                on.path("open").display().to_string()
            },
            &["is writable by everybody (mode 0777)"],
        ),
        ("temporary", |_| "/tmp".to_owned(), &["is writable by everybody (mode 1777)"]),
        (
            "link",
            |on| {
                symlink(&on.root, on.ws.root().join("link")).unwrap();
                on.ws.root().join("link").display().to_string()
            },
            &["is a symbolic link to"],
        ),
        (
            "work_tree",
            |on| {
                make(&on.path("repo/.git"), 0o755);
                make(&on.path("repo/apps"), 0o755);
                on.path("repo/apps").display().to_string()
            },
            &["is in a git work tree"],
        ),
    ];
    for (name, root, says) in cases {
        let machine = Machine::new();
        let root = root(&machine);
        machine.ws.write("main.tf", &crate::host::hcl(Path::new(&root), "", ""));
        let before = machine.snapshot();
        let told = machine.ws.apply_fails();
        for words in says {
            assert!(told.say(words), "{name} does not say {words:?}:\n{told}");
        }
        machine.snapshot().since(&before).is_nothing();
        assert!(machine.ws.state().is_empty());
        book.says(name, told.errors().map(|told| hidden(told, &machine)));
    }
    assert!(!Path::new("/tmp/.appenv").exists());
    book.close();
}

#[test]
fn words_that_cannot_be_are_refused() {
    let cases = [
        ("root_relative", "root = \"apps\"", "", "It does not begin with"),
        ("root_up", "root = \"/opt/../etc\"", "", "is a relative step"),
        ("root_slash", "root = \"/opt/\"", "", "One of its parts is empty"),
        ("root_nothing", "root = \"/\"", "", "is not allowed"),
        ("root_control", "root = \"/opt/a\\nb\"", "", "holds the character"),
        ("name", "root = \"/opt\"\n name = \"prod 1\"", "", "`host.name` cannot be \"prod 1\""),
        ("backups", "root = \"/opt\"\n backups_kept = 1001", "", "0 (none) to 1000"),
        ("backups_less", "root = \"/opt\"\n backups_kept = -1", "", "0 (none) to 1000"),
        (
            "file_up",
            "root = \"/opt\"",
            "env_files = [\"../x\"]",
            "`env_files` cannot hold \"../x\"",
        ),
        ("file_capital", "root = \"/opt\"", "env_files = [\"Users\"]", "lower-case"),
        ("file_twice", "root = \"/opt\"", "env_files = [\"\", \"\"]", "linked once"),
    ];
    let mut book = Book::section("host words");
    for (name, host, body, says) in cases {
        let machine = Machine::new();
        let hcl = crate::host::hcl(&machine.root, "", body);
        let root = format!("root = \"{}\"", machine.root.display());
        machine.ws.write("main.tf", &hcl.replace(&root, host));
        let told = machine.ws.plan_fails();
        assert!(told.say(says), "{name} does not say {says:?}:\n{told}");
        let errors: Vec<_> = told.errors().cloned().collect();
        assert!(errors.iter().all(|told| told.snippet.is_some()), "{}", Diagnostics(errors));
        book.says(name, errors);
    }
    book.close();
}

#[test]
fn a_path_of_its_own_outside_of_the_root_is_taken_as_it_is() {
    let machine = Machine::new();
    let elsewhere = machine.ws.root().join("ubuntu/karmyq");
    let names = format!("names {{\n app_dir = \"{}\"\n }}", elsewhere.display());
    machine.write("", &names);
    // Above the root's own directories nothing is made.
    let told = machine.ws.apply_fails();
    assert!(told.say("only directories in `host.root` are made"), "{told}");
    assert!(!machine.ws.root().join("ubuntu").exists());
    make(&machine.ws.root().join("ubuntu"), 0o755);
    machine.ws.step();
    let link = fs::read_link(elsewhere.join("karmyq/.env.staging")).unwrap();
    assert_eq!(link, machine.path("karmyq/secrets/staging/.env"));
    machine.ws.destroy();
    assert!(!elsewhere.exists() && machine.ws.root().join("ubuntu").exists());
}

#[test]
fn directories_that_are_not_an_instances_alone_are_refused() {
    let cases = [
        ("root", "secrets_dir", "ROOT", "all instances are in it"),
        ("above", "app_dir", "MACHINE", "all instances are in it"),
        ("registry", "secrets_dir", "ROOT/.appenv/instances", "the registry is there"),
        ("system", "app_dir", "/etc", "one of the system's own"),
        ("home", "app_dir", "MACHINE/home", "the home directory is in it"),
        ("working_tree", "secrets_dir", "ROOT/karmyq/staging/karmyq/x", "`git clean`"),
        ("around", "secrets_dir", "ROOT/karmyq", "nobody but its owner could enter"),
    ];
    let mut book = Book::section("host own");
    for (name, key, path, says) in cases {
        let machine = Machine::new();
        let path = path
            .replace("ROOT", machine.root.to_str().unwrap())
            .replace("MACHINE", machine.ws.root().to_str().unwrap());
        machine.write("", &format!("names {{\n {key} = \"{path}\"\n }}"));
        let before = machine.snapshot();
        let told = machine.ws.apply_fails();
        assert!(told.say(says), "{name} does not say {says:?}:\n{told}");
        machine.snapshot().since(&before).is_nothing();
        book.says(name, told.errors().map(|told| hidden(told, &machine)));
    }
    book.close();
}

#[test]
fn a_directory_is_judged_while_the_other_is_not_known_yet() {
    for (known, waiting) in [("app_dir", "secrets_dir"), ("secrets_dir", "app_dir")] {
        let machine = Machine::new();
        let own = machine.root.join("karmyq/own");
        let value =
            format!("resource \"terraform_data\" \"own\" {{\n input = \"{}\"\n}}\n", own.display());
        machine.ws.write("own.tf", &value);
        let path = machine.root.display();
        let names =
            format!("names {{\n {known} = \"{path}\"\n {waiting} = terraform_data.own.output\n }}");
        machine.write("", &names);
        let told = machine.ws.plan_fails();
        assert!(told.say("all instances are in it"), "{known}:\n{told}");
    }
}

#[test]
fn directories_of_another_instance_are_not_taken_over() {
    let machine = Machine::new();
    machine.write("", "").ws.step();
    let before = machine.snapshot();
    // From another state, where nothing of this run tells of the other.
    let other = Machine::new();
    let theirs = machine.root.display();
    let names = format!(
        "names {{\n app_dir = \"{theirs}/karmyq/staging\"\n secrets_dir = \"{theirs}/karmyq/secrets/staging\"\n }}\nadopt \
         = \"verify\""
    );
    let hcl = crate::host::hcl(&machine.root, "", &names).replace("\"karmyq\"", "\"other\"");
    other.ws.write("main.tf", &hcl);
    let told = other.ws.apply_fails();
    assert!(told.say("its directories are those of karmyq/staging"), "{told}");
    machine.snapshot().since(&before).is_nothing();
}
