// SPDX-License-Identifier: MPL-2.0
//! Shows the provider at work on private servers, from an empty directory to an empty sandbox.

use std::io::Write as _;
use std::time::Instant;

use acceptance::servers::Servers;
use acceptance::{Cli, Run, Workspace, say};

/// What is shown, with secrets hidden.
struct Stage {
    ws: Workspace,
    servers: Servers,
    secrets: Vec<String>,
    chapter: u32,
}

fn main() {
    // The message is the whole story; where in the bench it was raised is not.
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let told = payload.downcast_ref::<String>().map(String::as_str);
        let told = told.or_else(|| payload.downcast_ref::<&str>().copied());
        let told = told.unwrap_or("something unexpected happened");
        writeln!(std::io::stderr(), "\nThe demo stopped: {told}").ok();
    }));
    let began = Instant::now();
    let mut stage = Stage::set();
    stage.plan_and_apply();
    stage.look_at_the_servers();
    stage.log_in();
    stage.nothing_left_to_do();
    stage.break_and_mend();
    stage.destroy_the_sandbox();
    let told = format!(
        "Planned and applied erp in prod and sandbox, proved that nothing was left to do, broke two objects by hand \
         and mended them, destroyed the sandbox alone; all servers are stopped ({:.0} s).",
        began.elapsed().as_secs_f64()
    );
    drop(stage);
    say!("\n{told}");
}

// === impl Stage ===

impl Stage {
    fn set() -> Self {
        let cli = Cli::any();
        say!("Starting a private PostgreSQL and a private OpenBao …");
        let servers = Servers::start();
        say!(
            "  PostgreSQL {} on port {}, OpenBao on port {}, driven by {cli}",
            servers.pg.major(),
            servers.pg.port(),
            servers.bao.port()
        );
        let ws = Workspace::new(cli).with_env(servers.env());
        ws.copy_from("examples/quickstart");
        let (pg, bao) = (&servers.pg, &servers.bao);
        let secrets = [pg.root(), pg.admin(), pg.vault_admin()]
            .map(|login| login.password.clone())
            .into_iter()
            .chain([bao.root_token(), bao.apply_token(), bao.plan_token()].map(str::to_owned))
            .collect();
        Self { ws, servers, secrets, chapter: 0 }
    }

    fn plan_and_apply(&mut self) {
        self.chapter("Plan examples/quickstart: every name is known before anything exists");
        let plan = self.ws.plan_text();
        assert!(plan.code == Some(2), "{plan}");
        self.show("plan", &plan.stdout);

        self.chapter("Apply");
        let applied = self.ws.apply();
        self.show_progress("apply", &applied);
    }

    fn look_at_the_servers(&mut self) {
        self.chapter("What now exists, asked of the servers themselves");
        self.psql(
            "SELECT d.datname AS database, r.rolname AS owner, d.datconnlimit AS connections FROM pg_database d \
             JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname LIKE 'erp%' ORDER BY 1",
        );
        self.psql(
            "SELECT m.rolname AS member, r.rolname AS of, a.admin_option AS admin FROM pg_auth_members a JOIN pg_roles r \
             ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname LIKE 'erp%' ORDER BY 2, 1",
        );
        self.bao(&["policy", "list"]);
        self.bao(&["policy", "read", "erp-sandbox"]);
        self.bao(&["list", "postgres/roles"]);
    }

    fn log_in(&mut self) {
        self.chapter("A login leased for the sandbox works there, and nowhere else");
        let Servers { pg, bao } = &self.servers;
        let lease = bao.lease("erp-sandbox");
        self.secrets.push(lease.password.clone());
        let login = lease.login(pg, "erp-sandbox");
        let who = login.sql("SELECT session_user || ', acting as ' || current_user");
        say!("  {} in database erp-sandbox", who.one());
        let refused = lease.login(pg, "erp").sql_fails("SELECT 1");
        say!("  database erp: {}", refused.message.lines().next().unwrap_or_default());
        bao.revoke(&lease);
        say!("  revoked");
    }

    fn nothing_left_to_do(&mut self) {
        self.chapter("A second plan has nothing to do");
        self.ws.is_settled();
        say!("  No changes, with and without a refresh.");
    }

    fn break_and_mend(&mut self) {
        self.chapter("Someone changes two objects of the sandbox by hand");
        let Servers { pg, bao } = &self.servers;
        let statement = "ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 77";
        say!("  $ psql -c '{statement}'");
        pg.sql(statement);
        say!(
            "  $ bao policy write erp-sandbox - <<< 'path \"kvv2/*\" {{ capabilities = [\"read\"] }}'"
        );
        bao.cli().policy_write("erp-sandbox", "path \"kvv2/*\" { capabilities = [\"read\"] }");

        self.chapter("The plan names both");
        let plan = self.ws.plan_text();
        assert!(plan.code == Some(2), "the plan did not see what was changed by hand\n{plan}");
        let named = ["connection_limit is 77", "vault_runtime_policy"];
        for name in named {
            assert!(plan.stdout.contains(name), "the plan does not say {name:?}\n{plan}");
        }
        self.show("plan", &plan.stdout);

        self.chapter("The apply mends them");
        self.ws.step();
        let limit = self
            .servers
            .pg
            .sql("SELECT datconnlimit FROM pg_database WHERE datname = 'erp-sandbox'");
        assert_eq!(limit.one(), "5", "the connection limit was not mended");
        say!("  Mended, and nothing is left to do.");
    }

    fn destroy_the_sandbox(&mut self) {
        self.chapter("The sandbox is destroyed, production stays");
        let destroyed = self.ws.destroy_with(&["-target=appenv_app_instance.sandbox"]);
        self.show_progress("destroy", &destroyed);
        let Servers { pg, bao } = &self.servers;
        assert!(!pg.has_database("erp-sandbox") && pg.has_database("erp"));
        assert!(!pg.has_role("erp_sandbox_role") && pg.has_role("erp_role"));
        assert!(bao.policy("erp-sandbox").is_none() && bao.policy("erp").is_some());
        self.psql("SELECT datname AS database FROM pg_database WHERE datname LIKE 'erp%'");
        self.bao(&["list", "postgres/roles"]);
    }

    fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        say!("\n{}. {title}", self.chapter);
    }

    fn show(&self, command: &str, text: &str) {
        say!("  $ {} {command}", self.ws.cli().product.command());
        self.print(text);
    }

    /// What was done, without what went on in between.
    fn show_progress(&self, command: &str, run: &Run) {
        let kinds = ["apply_complete", "change_summary"];
        let lines: Vec<_> = run
            .events()
            .iter()
            .filter(|event| kinds.iter().any(|kind| event["type"] == *kind))
            .filter_map(|event| event["@message"].as_str().map(str::to_owned))
            .collect();
        self.show(command, &lines.join("\n"));
    }

    fn psql(&self, statement: &str) {
        say!("  $ psql -c \"{statement}\"");
        let login = self.servers.pg.root();
        let output = login
            .command()
            .args([
                "--pset=format=aligned",
                "--pset=tuples_only=off",
                "--pset=recordsep=\n",
                "-c",
                statement,
            ])
            .output()
            .expect("psql can be started");
        self.print(&String::from_utf8_lossy(&output.stdout));
    }

    fn bao(&self, args: &[&str]) {
        say!("  $ bao {}", args.join(" "));
        self.print(&self.servers.bao.cli().run(args));
    }

    fn print(&self, text: &str) {
        let text =
            self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        for line in text.lines() {
            say!("    {line}");
        }
    }
}
