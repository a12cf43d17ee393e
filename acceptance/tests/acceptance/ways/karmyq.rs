//! `examples/karmyq`: directories, dotenv files and a database, and the way from `karmyq_prod` to `karmyq_production`.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance::{Canaries, Cli, Postgres, Sentinel, Sinks, Snapshot, Workspace};

use super::{approve, destroy, options};
use crate::host::make;

const AT: &str = "appenv_app_instance.this";

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

    // 1. Taken over under the names that it has.
    options(&mut machine.ws, "-var-file=production.legacy.tfvars");
    let before = Snapshot::default().with_postgres(&machine.pg).with_files(&machine.root);
    machine.ws.import(AT, "karmyq/production?database=karmyq_prod&owner_role=karmyq_prod");
    let imported = Snapshot::default().with_postgres(&machine.pg).with_files(&machine.root);
    imported.since(&before).is_nothing();
    let refused = machine.ws.plan_fails();
    approve(&mut machine.ws, &refused, &["karmyq/production adopt"], "");
    machine.ws.step();
    assert_eq!(machine.database(), ("karmyq_prod karmyq_prod".to_owned(), oid.clone()));
    sentinel.is_still_there(&machine.pg);
    let secrets = |machine: &Machine| {
        [(".env.production", "JWT_SECRET"), (".env.production.users", "SIMULATED_USERS_PASSWORD")]
            .map(|(link, key)| machine.value("production", link, key))
    };
    let made = secrets(&machine);
    let env = machine.root.join("karmyq/secrets/production/.env");
    let text = fs::read_to_string(&env).unwrap();
    fs::write(&env, format!("{text}SMTP_HOST=mail.example.org\n")).unwrap();
    machine.ws.is_settled();

    // 2. Renamed, and back, which is a change like any other.
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
        assert_eq!(secrets(&machine), made, "a renaming changes no secret");
        assert_eq!(machine.ws.state().output("database")["name"], names.split(' ').next().unwrap());
    }
    assert!(fs::read_to_string(&env).unwrap().contains("SMTP_HOST=mail.example.org"));

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
    assert_eq!(fs::read_to_string(&env).unwrap().trim(), "SMTP_HOST=mail.example.org");
    fs::remove_file(&env).unwrap();
    machine.has_nothing_of("production");
    let mut canaries = Canaries::new();
    for value in &made {
        canaries.register("a secret of production", value);
    }
    canaries.are_nowhere(&Sinks::of(&machine.ws).with_postgres(&machine.pg));
}
