// SPDX-License-Identifier: MPL-2.0
//! `examples/karmyq`: directories, dotenv files and a database, and the way from `karmyq_prod` to `karmyq_production`.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::{Canaries, Cli, Postgres, Sentinel, Sinks, Snapshot, Workspace};

use super::{approve, destroy, follow, options, said};
use crate::host::make;

/// What production is taken over by.
const IMPORTS: [(&str, &str); 3] = [
    ("appenv_app_instance.this", "karmyq/production?database=karmyq_prod&owner_role=karmyq_prod"),
    ("appenv_env_secret.jwt_secret", "karmyq/production/JWT_SECRET?store=file"),
    (
        "appenv_env_secret.simulated_users_password",
        "karmyq/production/SIMULATED_USERS_PASSWORD?store=file&file=users",
    ),
];

/// The secrets that production runs on, and the file of each in the working tree.
const BY_HAND: [(&str, &str, &str); 2] = [
    (".env.production", "JWT_SECRET", "of-a-hand-2f6b8c41d7"),
    (".env.production.users", "SIMULATED_USERS_PASSWORD", "of-a-hand-90ae3375b2"),
];

/// The links to them, as the README makes them.
const LINKS: [&str; 2] = [
    "ln -s /opt/karmyq/secrets/production/.env ",
    "ln -s /opt/karmyq/secrets/production/.env.production.users ",
];

/// A machine with its PostgreSQL.
struct Machine {
    pg: Postgres,
    ws: Workspace,
    root: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let pg = Postgres::start();
        let mut ws = Workspace::new(Cli::any()).with_env(pg.env());
        let root = ws.root().join("opt");
        make(&root, 0o755);
        ws.set_env("TF_VAR_root", root.to_str().unwrap());
        ws.copy_from("examples/karmyq");
        Self { pg, ws, root }
    }

    /// The value of a secret, as a shell reads the link in the working tree.
    fn value(&self, env: &str, link: &str, key: &str) -> String {
        let link = self.root.join(format!("karmyq/{env}/karmyq/{link}"));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{}", link.display());
        let text = fs::read_to_string(&link).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("no {key} in {}", link.display())).to_owned()
    }

    /// Database and owner as the server has them, and the number by which it knows the database.
    fn database(&self) -> (String, String) {
        let asked = "SELECT datname || ' ' || datdba::regrole, oid FROM pg_database WHERE datname LIKE 'karmyq%'";
        let rows = self.pg.sql(asked).0;
        assert_eq!(rows.len(), 1, "{rows:?}");
        (rows[0][0].clone(), rows[0][1].clone())
    }

    /// Fails the test where something of the instance is left.
    fn has_nothing_of(&self, env: &str) {
        assert!(!self.root.join("karmyq").join(env).exists());
        let left: Vec<_> = files(&self.root.join("karmyq/secrets").join(env));
        assert!(left.iter().all(|path| path.parent().unwrap().ends_with("backup")), "{left:?}");
        for kind in ["database WHERE datname", "roles WHERE rolname"] {
            let asked = format!("SELECT count(*) FROM pg_{kind} LIKE 'karmyq%'");
            assert_eq!(self.pg.sql(&asked).one(), "0", "{kind}");
        }
    }
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn staging_lives_on_its_machine() {
    let mut machine = Machine::new();
    options(&mut machine.ws, "-var-file=staging.tfvars");
    machine.ws.step();
    assert_eq!(machine.database().0, "karmyq_staging karmyq_user");
    let password = machine.value("staging", ".env.staging.users", "SIMULATED_USERS_PASSWORD");
    assert_eq!(password.len(), 32);
    let out = machine.ws.state().output("secret_files").clone();
    let file = machine.root.join("karmyq/secrets/staging/.env");
    assert_eq!(out["JWT_SECRET"], file.to_str().unwrap());
    let mut canaries = Canaries::new();
    canaries.register("the users' password", &password);
    canaries.register("the key", &machine.value("staging", ".env.staging", "JWT_SECRET"));
    machine.ws.destroy();
    machine.has_nothing_of("staging");
    canaries.are_nowhere(&Sinks::of(&machine.ws).with_postgres(&machine.pg));
}

#[test]
fn production_is_taken_over_and_renamed_with_all_its_data() {
    let mut machine = Machine::new();
    let admin = machine.pg.admin();
    admin.sql("CREATE ROLE karmyq_prod");
    admin.sql("GRANT karmyq_prod TO CURRENT_USER");
    admin.sql("CREATE DATABASE karmyq_prod OWNER karmyq_prod TEMPLATE template0");
    let sentinel = Sentinel::plant(&machine.pg, "karmyq_prod");
    let (_, oid) = machine.database();

    let tree = machine.root.join("karmyq/production/karmyq");
    make(&tree, 0o755);
    for (name, key, value) in BY_HAND {
        fs::write(tree.join(name), format!("# by hand\n{key}={value}\nFOR={name}\n")).unwrap();
    }

    // 1. The files are put where no `git clean` reaches them.
    let moving = said(
        "karmyq",
        &[
            "cd /opt",
            "install ",
            "mv .env.production ",
            "mv .env.production.users ",
            LINKS[0],
            LINKS[1],
        ],
    );
    follow(&machine.ws, &moving.replace("/opt/", &format!("{}/", machine.root.display())));

    // 2. Taken over under the names and with the values that it has.
    options(&mut machine.ws, "-var-file=production.legacy.tfvars");
    let before = Snapshot::default().with_postgres(&machine.pg).with_files(&machine.root);
    for (address, id) in IMPORTS {
        assert_eq!(said("karmyq", &[&format!("  '{id}'")]).trim(), format!("'{id}'"));
        machine.ws.import(address, id);
    }
    let imported = Snapshot::default().with_postgres(&machine.pg).with_files(&machine.root);
    imported.since(&before).is_nothing();
    let refused = machine.ws.plan_fails();
    let approved = approve(&mut machine.ws, &refused, &["karmyq/production adopt"], "");
    let refused = machine.ws.plan_fails();
    let secrets = [
        "karmyq/production/JWT_SECRET adopt",
        "karmyq/production/SIMULATED_USERS_PASSWORD?file=users adopt",
    ];
    approve(&mut machine.ws, &refused, &secrets, &approved);
    machine.ws.step();
    assert_eq!(machine.database(), ("karmyq_prod karmyq_prod".to_owned(), oid.clone()));
    sentinel.is_still_there(&machine.pg);
    let secrets =
        |machine: &Machine| BY_HAND.map(|(link, key, _)| machine.value("production", link, key));
    let stood = secrets(&machine);
    assert_eq!(stood, BY_HAND.map(|(_, _, value)| value), "a takeover changes no secret");
    for (name, ..) in BY_HAND {
        let text = fs::read_to_string(tree.join(name)).unwrap();
        assert!(
            text.starts_with("# by hand\n") && text.contains(&format!("\nFOR={name}\n")),
            "{text}"
        );
    }

    // 3. Renamed, and back, which is a change like any other.
    let legacy = "-var-file=production.legacy.tfvars";
    for (vars, names) in [
        ("-var-file=production.tfvars", "karmyq_production karmyq_user"),
        (legacy, "karmyq_prod karmyq_prod"),
        ("-var-file=production.tfvars", "karmyq_production karmyq_user"),
    ] {
        options(&mut machine.ws, vars);
        let refused = machine.ws.plan_fails();
        approve(&mut machine.ws, &refused, &["karmyq/production rename"], "");
        machine.ws.step();
        assert_eq!(machine.database(), (names.to_owned(), oid.clone()));
        assert!(sentinel.is_in(&machine.pg, names.split(' ').next().unwrap()));
        assert_eq!(secrets(&machine), stood, "a renaming changes no secret");
        assert_eq!(machine.ws.state().output("database")["name"], names.split(' ').next().unwrap());
    }
    // The end, by two approved applies; what somebody else wrote stays.
    options(&mut machine.ws, "-var-file=production.tfvars -var=deletion_protection=false");
    let refused = machine.ws.plan_fails();
    approve(&mut machine.ws, &refused, &["karmyq/production update"], "");
    machine.ws.step();
    let secrets = [
        "karmyq/production/JWT_SECRET delete",
        "karmyq/production/SIMULATED_USERS_PASSWORD?file=users delete",
    ];
    destroy(&mut machine.ws, &secrets, "karmyq/production delete");
    for (file, (name, ..)) in [".env", ".env.production.users"].into_iter().zip(BY_HAND) {
        let file = machine.root.join("karmyq/secrets/production").join(file);
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("# by hand\nFOR={name}\n"));
        fs::remove_file(&file).unwrap();
    }
    machine.has_nothing_of("production");
    let mut canaries = Canaries::new();
    for value in &stood {
        canaries.register("a secret of production", value);
    }
    canaries.are_nowhere(&Sinks::of(&machine.ws).with_postgres(&machine.pg));
}
