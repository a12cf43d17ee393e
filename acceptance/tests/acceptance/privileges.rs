// SPDX-License-Identifier: MPL-2.0
//! With which rights it works, and what is said where one is missing.

use acceptance::servers::postgres::Kind;
use acceptance::servers::{Postgres, Servers};
use acceptance::{Cli, Snapshot, Workspace, provider};

use crate::import::next_grant;
use crate::instances::{BOTH, Planned, address, instance, provider as blocks, workspace, write};

const BODY: &str = "database {\n connection_limit = 5\n extensions = [\"citext\"]\n }";

/// Creates, repairs and destroys, as whoever the workspace's environment says.
fn works(servers: &Servers, ws: &Workspace) {
    let empty = Snapshot::take(servers);
    write(ws, &[("erp", "sandbox", BODY)]);
    ws.step();
    let whole = Snapshot::take(servers);
    let Servers { pg, bao } = servers;
    pg.sql("ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 77; ALTER ROLE erp_sandbox_role LOGIN");
    pg.sql_in("erp-sandbox", "DROP EXTENSION citext");
    bao.api().delete("sys/policies/acl/erp-sandbox");
    bao.api().delete("postgres/roles/erp-sandbox");
    assert_eq!(Planned::of(ws).drift(&address("erp", "sandbox")).len(), 5);
    ws.apply_saved("saved.plan");
    ws.is_settled();
    Snapshot::take(servers).since(&whole).outside(&["appenv"]).is_nothing();
    let lease = bao.lease("erp-sandbox");
    let login = lease.login(pg, "erp-sandbox");
    login.sql("CREATE TABLE t (name citext)");
    assert_eq!(login.sql("SELECT current_user").one(), "erp_sandbox_role");
    bao.revoke(&lease);
    ws.destroy();
    Snapshot::take(servers).since(&empty).outside(&["appenv"]).is_nothing();
}

#[test]
fn a_superuser_is_enough() {
    for servers in Servers::each() {
        let mut ws = workspace(&servers);
        let root = servers.pg.root();
        ws.set_env("PGUSER", &root.user).set_env("PGPASSWORD", &root.password);
        works(&servers, &ws);
    }
}

#[test]
fn the_documented_logins_are_enough() {
    for kind in Kind::all() {
        let pg = Postgres::start_on(&kind);
        pg.sql(&documented("postgres-apply.sql"));
        pg.sql("ALTER ROLE appenv_apply PASSWORD 'apply-password'");
        let servers = Servers::on(pg);
        let mut ws = workspace(&servers);
        ws.set_env("PGUSER", "appenv_apply").set_env("PGPASSWORD", "apply-password");
        works(&servers, &ws);
    }
}

#[test]
fn a_plan_needs_to_read_and_no_more() {
    for servers in Servers::each() {
        let ws = workspace(&servers);
        write(&ws, &[("erp", "sandbox", BODY)]);
        ws.step();
        let Servers { pg, bao } = &servers;
        pg.sql(&documented("postgres-plan.sql"));
        pg.sql("ALTER ROLE appenv_plan PASSWORD 'plan-password'");
        let mut planner = ws;
        planner
            .set_env("PGUSER", "appenv_plan")
            .set_env("PGPASSWORD", "plan-password")
            .set_env("VAULT_TOKEN", bao.plan_token());
        let before = Snapshot::take(&servers);
        planner.is_settled();
        pg.sql("ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 77");
        bao.api().delete("sys/policies/acl/erp-sandbox");
        write(&planner, &[("erp", "sandbox", BODY), ("crm", "sandbox", "")]);
        let plan = Planned::of(&planner);
        let drift = plan.drift(&address("erp", "sandbox"));
        assert_eq!(
            drift,
            ["postgres_database: differs: connection_limit is 77", "vault_runtime_policy: missing"]
        );
        assert_eq!(plan.actions(&address("crm", "sandbox")), "create");
        // An apply with these fails before it has changed anything.
        let refused = planner.apply_fails();
        for error in refused.errors() {
            assert!(
                error.detail.contains("\n\nWhy: ") && error.detail.contains("\n\nNext: "),
                "{error}"
            );
        }
        pg.sql("ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 5");
        let policy = "sys/policies/acl/erp-sandbox";
        assert!(bao.read(policy).is_none());
        let diff = Snapshot::take(&servers).since(&before);
        diff.concerns_only(&["erp-sandbox"]);
        assert_eq!(diff.removed.len(), 1, "{diff}");
    }
}

#[test]
fn the_documented_logins_open_credentials() {
    for kind in Kind::all() {
        let pg = Postgres::start_on(&kind);
        pg.sql(&documented("postgres-apply.sql"));
        pg.sql("ALTER ROLE appenv_apply PASSWORD 'apply-password'");
        let servers = Servers::on(pg);
        let Servers { pg, bao } = &servers;
        let mut ws = workspace(&servers);
        ws.set_env("PGUSER", "appenv_apply").set_env("PGPASSWORD", "apply-password");
        write(&ws, &[("erp", "sandbox", BODY)]);
        ws.step();
        let credentials = "ephemeral \"appenv_database_credentials\" \"it\" {\n  app = \"erp\"\n  env = \"sandbox\"\n}\n";
        let made =
            || pg.sql("SELECT 1 FROM pg_roles WHERE rolname LIKE '%_tmp_%' OR rolname LIKE 'v-%'");
        // Leased; without the `vault` block made in PostgreSQL.
        ws.write("credentials.tf", credentials);
        ws.is_settled();
        assert!(made().is_empty());
        assert!(
            std::fs::read_to_string(bao.audit_log())
                .unwrap()
                .contains("postgres/creds/erp-sandbox\"")
        );
        let mut alone = Workspace::new(Cli::any()).with_env(servers.pg.env());
        alone.set_env("PGUSER", "appenv_apply").set_env("PGPASSWORD", "apply-password");
        alone.write("provider.tf", &blocks("  postgres {}\n"));
        alone.write("credentials.tf", credentials);
        alone.plan();
        assert!(made().is_empty());
        assert!(
            std::fs::read_to_string(pg.log()).unwrap().contains("CREATE ROLE \"erp-sandbox_tmp_")
        );

        // To plan it takes what the policy of a planning token names beside.
        pg.sql(&documented("postgres-plan.sql"));
        pg.sql("ALTER ROLE appenv_plan PASSWORD 'plan-password'");
        ws.set_env("PGUSER", "appenv_plan")
            .set_env("PGPASSWORD", "plan-password")
            .set_env("VAULT_TOKEN", bao.plan_token());
        assert!(ws.plan_fails().say("path \"postgres/creds/erp-sandbox\""));
        let policy = documented("vault-plan.hcl").replace("#   path \"", "path \"");
        bao.api().put("sys/policies/acl/appenv-plan", &serde_json::json!({ "policy": policy }));
        ws.is_settled();
        assert!(made().is_empty());
        alone.set_env("PGUSER", "appenv_plan").set_env("PGPASSWORD", "plan-password");
        assert!(alone.plan_fails().say("ALTER ROLE \"appenv_plan\" CREATEROLE;"));
    }
}

#[test]
fn each_missing_privilege_is_told_with_the_statement_that_grants_it() {
    for servers in Servers::each() {
        let pg = &servers.pg;
        pg.sql("ALTER ROLE appenv_admin NOCREATEROLE NOCREATEDB; REVOKE CREATE ON DATABASE postgres FROM appenv_admin");
        let ws = workspace(&servers);
        write(&ws, &[("erp", "sandbox", BODY)]);
        let mut asked = Vec::new();
        while let Some(statement) = next_grant(&ws) {
            assert!(ws.state().is_empty(), "a create that failed is tainted");
            pg.sql(&statement);
            asked.push(statement);
            assert!(asked.len() < 6, "{asked:?}");
        }
        assert_eq!(
            asked,
            [
                "GRANT CREATE ON DATABASE \"postgres\" TO \"appenv_admin\";",
                "ALTER ROLE \"appenv_admin\" CREATEROLE;",
                "ALTER ROLE \"appenv_admin\" CREATEDB;",
            ]
        );
        ws.is_settled();
    }
}

#[test]
fn a_plan_says_that_it_founds_a_registry() {
    let servers = Servers::start();
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("provider.tf", &blocks(BOTH));
    ws.write("main.tf", &instance("erp", "sandbox", ""));
    let told = ws.plan().diagnostics();
    for server in ["PostgreSQL", "Vault"] {
        told.warning_titled(&format!("This {server} server has no appenv registry yet"));
    }
    ws.step();
    let told = ws.plan().diagnostics();
    assert!(!told.say("no appenv registry yet"), "{told}");
    // Founded, it is closed to everyone else.
    let refused = servers.pg.vault_admin().sql_fails("SELECT * FROM appenv.instances");
    assert!(refused.is_forbidden(), "{refused}");
}

#[test]
fn two_apps_found_a_registry_together() {
    let servers = Servers::start();
    let workspaces: Vec<_> = ["erp", "crm"]
        .iter()
        .map(|app| {
            let ws = workspace(&servers);
            write(&ws, &[(app, "sandbox", "")]);
            ws.plan_to("saved.plan");
            ws
        })
        .collect();
    // Both plans saw none; whoever comes second works with that of the first.
    std::thread::scope(|scope| {
        for ws in &workspaces {
            scope.spawn(|| ws.apply_saved("saved.plan"));
        }
    });
    workspaces.iter().for_each(Workspace::is_settled);
}

fn documented(name: &str) -> String {
    std::fs::read_to_string(provider::root().join("docs/policies").join(name)).unwrap()
}
