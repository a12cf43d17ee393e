// SPDX-License-Identifier: MPL-2.0
//! `appenv_database_credentials`: opened, used, renewed, closed, and asked of the servers afterwards.

mod broken;
mod leased;
mod left;
mod refused;
mod temporary;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use acceptance::servers::{Postgres, Servers};
use acceptance::{Cli, Workspace, provider};

/// The owner in these tests.
const OWNER: &str = "acme/shop";

#[test]
fn the_example_holds_and_its_page_shows_it() {
    let servers = Servers::start();
    for from in [From::Postgres, From::Vault] {
        let mut ws = workspace(&servers);
        let example = "examples/ephemeral-resources/appenv_database_credentials";
        ws.copy_from(example);
        let file = "ephemeral-resource.tf";
        let hcl = std::fs::read_to_string(ws.dir().join(file)).unwrap();
        if from == From::Vault {
            ws.write(file, &hcl.replace("  postgres {}\n", "  postgres {}\n  vault {}\n"));
        }
        let command = servers.pg.root().command();
        let bin = Path::new(command.get_program()).parent().unwrap();
        ws.set_env("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
        ws.apply();
        let owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'invoices'";
        assert_eq!(servers.pg.sql_in("erp-sandbox", owner).one(), "erp_sandbox_role");
        assert!(logins(&servers.pg, "erp").is_empty());
        ws.destroy();
        let page = provider::root().join("docs/ephemeral-resources/database_credentials.md");
        let (_, body) = hcl.split_once("\n}\n").unwrap();
        assert!(std::fs::read_to_string(page).unwrap().contains(body.trim()));
    }
}

/// Where the login comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Postgres,
    Vault,
}

/// A configuration of one instance and its credentials.
struct Hcl {
    from: From,
    instance: String,
    credentials: String,
    more: String,
}

// === impl Hcl ===

impl Hcl {
    /// Instance `app/sandbox` as `it`, and its credentials that wait for it.
    fn new(from: From, app: &str) -> Self {
        let place = format!("  app = \"{app}\"\n  env = \"sandbox\"\n");
        Self {
            from,
            instance: place.clone(),
            credentials: format!("{place}  generation = appenv_app_instance.it.generation\n"),
            more: String::new(),
        }
    }

    /// With more in the instance's block.
    fn instance(mut self, lines: &str) -> Self {
        self.instance.push_str(lines);
        self
    }

    /// With more in the credentials' block.
    fn credentials(mut self, lines: &str) -> Self {
        self.credentials.push_str(lines);
        self
    }

    /// With anything.
    fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self
    }

    /// With a command that gets the login in the variables of libpq and in `URL`; it runs whenever `round` changes.
    fn runs(self, round: u32, command: &str) -> Self {
        let mut environment = String::new();
        for (variable, of) in [
            ("PGHOST", "host"),
            ("PGPORT", "port"),
            ("PGUSER", "username"),
            ("PGPASSWORD", "password"),
            ("PGDATABASE", "database"),
            ("URL", "url"),
        ] {
            let value = format!("ephemeral.appenv_database_credentials.it.{of}");
            writeln!(environment, "      {variable} = {value}").unwrap();
        }
        if self.from == From::Vault {
            let value = "ephemeral.appenv_database_credentials.it.lease_id";
            writeln!(environment, "      LEASE_ID = {value}").unwrap();
        }
        let command = command.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${");
        self.more(&format!(
            "resource \"terraform_data\" \"use\" {{\n  triggers_replace = {round}\n  provisioner \"local-exec\" {{\n    \
             command = \"{command}\"\n    environment = {{\n{environment}    }}\n  }}\n}}\n"
        ))
    }

    fn head(&self) -> String {
        let vault = if self.from == From::Vault { "  vault {}\n" } else { "" };
        format!(
            "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
             provider \"appenv\" {{\n  owner = \"{OWNER}\"\n  postgres {{}}\n{vault}}}\n\
             resource \"appenv_app_instance\" \"it\" {{\n{}}}\n",
            self.instance
        )
    }

    /// The instance alone.
    fn render_instance(&self) -> String {
        self.head()
    }

    fn render(&self) -> String {
        format!(
            "{}ephemeral \"appenv_database_credentials\" \"it\" {{\n{}}}\n{}",
            self.head(),
            self.credentials,
            self.more
        )
    }

    fn write(&self, ws: &Workspace) {
        ws.write("main.tf", &self.render());
    }
}

fn workspace(servers: &Servers) -> Workspace {
    Workspace::new(Cli::any()).with_env(servers.env())
}

/// `psql` as a shell runs it, without the reader's own settings.
fn psql(pg: &Postgres) -> String {
    let command = pg.root().command();
    format!("{} --no-psqlrc -q -At", Path::new(command.get_program()).display())
}

/// What a run wrote into a file of a directory that is no sink.
fn noted(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A file beside the server's own, where a run may note what it saw.
fn note(pg: &Postgres, name: &str) -> PathBuf {
    pg.scratch().dir("noted").join(name)
}

/// Logins of an instance that are there: temporary ones, and those Vault leased.
fn logins(pg: &Postgres, app: &str) -> Vec<String> {
    let rows = pg.sql(&format!(
        "SELECT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member \
         JOIN pg_roles r ON r.oid = a.roleid WHERE r.rolname = '{app}_sandbox_role' \
         AND m.rolname NOT IN ('appenv_admin', 'appenv_apply', 'vault_admin', 'postgres') ORDER BY 1"
    ));
    rows.column().into_iter().map(str::to_owned).collect()
}

/// Fails the test where a login left anything: role, session, object, setting, comment.
fn is_gone(pg: &Postgres, login: &str) {
    assert!(!login.is_empty());
    assert!(!pg.has_role(login), "{login} is there");
    let sessions = pg.sql(&format!("SELECT 1 FROM pg_stat_activity WHERE usename = '{login}'"));
    assert!(sessions.is_empty(), "{login} has a session");
    for (what, of) in [
        ("pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid", "an object"),
        ("pg_db_role_setting WHERE setrole <> 0 AND setrole", "a setting"),
        ("pg_shdescription WHERE classoid = 'pg_authid'::regclass AND objoid", "a comment"),
    ] {
        let orphans = pg.sql(&format!("SELECT 1 FROM {what} NOT IN (SELECT oid FROM pg_authid)"));
        assert!(orphans.is_empty(), "{of} of a dropped role is left");
    }
}

/// A run that uses its login of instance `lapse` for longer than what `ends` leaves of it; `why` is what it is told.
fn unrenewed(servers: &Servers, from: From, why: &str, ends: impl FnOnce()) {
    let ws = workspace(servers);
    let (begun, ended) = (note(&servers.pg, "begun"), note(&servers.pg, "ended"));
    let command = format!(
        "touch {}; until test -e {}; do sleep 0.1; done; sleep 10",
        begun.display(),
        ended.display()
    );
    let hcl = Hcl::new(from, "lapse").credentials("  ttl = \"9s\"\n");
    ws.write("main.tf", &hcl.render_instance());
    ws.apply();
    hcl.runs(1, &command).write(&ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| begun.exists());
    ends();
    std::fs::write(&ended, "").unwrap();
    let told = running.wait().diagnostics();
    assert!(told.say("lapse/sandbox: the login was not renewed in time"), "{told}");
    assert!(told.say("Its last renewal failed (") && told.say(why), "{told}");
    assert!(logins(&servers.pg, "lapse").is_empty());
}
