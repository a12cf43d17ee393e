// SPDX-License-Identifier: MPL-2.0
//! An owner role for all environments never owns a production database and another: refused at plan and before the
//! first write of an apply, with overrides that mend it as they are printed.

use acceptance::servers::Servers;
use acceptance::{Cli, Diagnostics, Sentinel, Snapshot, Workspace};

use crate::instances::{BOTH, address, write};
use crate::rename::under;

const REFUSED: &str = "Role \"karmyq_user\" would own a production database and another env's";
const UNPROTECTED: &str = "deletion_protection = false";

fn workspace(servers: &Servers) -> Workspace {
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("provider.tf", &under("underscored-v1", BOTH));
    ws
}

fn owner(servers: &Servers, database: &str) -> String {
    let owner = format!("SELECT datdba::regrole FROM pg_database WHERE datname = '{database}'");
    servers.pg.sql(&owner).one().to_owned()
}

/// The blocks that the refusal prints, as they stand: the resource's, and the provider's where there is one.
fn printed(told: &Diagnostics) -> Vec<String> {
    let refused = told.errors().find(|error| error.summary.contains(REFUSED));
    let refused = refused.unwrap_or_else(|| panic!("not refused:\n{told}"));
    let lines = refused.detail.lines().map(str::trim);
    lines.filter(|line| line.starts_with("names {")).map(str::to_owned).collect()
}

#[test]
fn the_printed_override_keeps_production_apart() {
    for servers in Servers::each() {
        let ws = workspace(&servers);
        let before = Snapshot::take(&servers);
        // Both new, in one configuration: no server knows of either.
        let both = [("karmyq", "production", UNPROTECTED), ("karmyq", "staging", "")];
        write(&ws, &both);
        let told = ws.plan_fails();
        assert_eq!(told.errors().count(), 1, "{told}");
        assert_eq!(printed(&told).len(), 2, "{told}");
        Snapshot::take(&servers).since(&before).is_nothing();

        // One that exists, and the name that comes to mind is taken.
        write(&ws, &[("karmyq", "production", UNPROTECTED)]);
        ws.step();
        let sentinel = Sentinel::plant(&servers.pg, "karmyq_production");
        servers.pg.sql("CREATE ROLE karmyq_staging_user");
        let other = workspace(&servers);
        write(&other, &[("karmyq", "staging", "")]);
        let before = Snapshot::take(&servers);
        let blocks = printed(&other.plan_fails());
        assert_eq!(blocks[0], "names { owner_role = \"karmyq_staging_role\" }");
        Snapshot::take(&servers).since(&before).is_nothing();
        servers.pg.sql("DROP ROLE karmyq_staging_user");
        let blocks = printed(&other.plan_fails());
        assert_eq!(blocks[0], "names { owner_role = \"karmyq_staging_user\" }");
        write(&other, &[("karmyq", "staging", &blocks[0])]);
        other.step();
        assert_eq!(owner(&servers, "karmyq_staging"), "karmyq_staging_user");
        assert_eq!(owner(&servers, "karmyq_production"), "karmyq_user");
        ws.is_settled();

        // A login leased for staging does not see production.
        let lease = servers.bao.lease("karmyq-staging");
        let login = lease.login(&servers.pg, "karmyq_staging");
        login.sql("SELECT 1");
        let refused = login.in_database("karmyq_production").sql_fails("SELECT 1").to_string();
        assert!(refused.contains("permission denied for database"), "{refused}");
        for statement in [
            "SET ROLE karmyq_user",
            "SET SESSION AUTHORIZATION karmyq_user",
            "GRANT karmyq_user TO CURRENT_USER",
            "RESET ROLE; GRANT karmyq_user TO CURRENT_USER",
            "ALTER DATABASE karmyq_production OWNER TO karmyq_staging_user",
        ] {
            let refused = login.sql_fails(statement);
            assert!(refused.is_forbidden(), "{statement}: {refused}");
        }
        servers.bao.revoke(&lease);
        sentinel.is_still_there(&servers.pg);
        other.destroy();
        ws.is_settled();
        ws.destroy();
        assert!(!servers.pg.has_role("karmyq_user") && !servers.pg.has_role("karmyq_staging_user"));
    }
}

#[test]
fn the_printed_template_gives_every_instance_its_own() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    let ws = workspace(&servers);
    write(&ws, &[("karmyq", "production", UNPROTECTED)]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "karmyq_production");
    write(&ws, &[("karmyq", "production", UNPROTECTED), ("karmyq", "staging", "")]);
    let blocks = printed(&ws.plan_fails());
    ws.write("provider.tf", &under("underscored-v1", &format!("{BOTH}\n  {}\n", blocks[1])));
    ws.step();
    for env in ["production", "staging"] {
        assert_eq!(owner(&servers, &format!("karmyq_{env}")), format!("karmyq_{env}_user"));
    }
    assert!(!servers.pg.has_role("karmyq_user"));
    let marker = "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles \
                  WHERE rolname = 'karmyq_production_user'";
    assert_eq!(
        servers.pg.sql(marker).one(),
        "appenv:v1 app=karmyq env=production owner=arcodange/apps"
    );
    sentinel.is_still_there(&servers.pg);
    ws.destroy();
    Snapshot::take(&servers).since(&empty).outside(&["appenv"]).is_nothing();
}

#[test]
fn production_gets_its_own_where_others_share_already() {
    let servers = Servers::start();
    let (shared, production) = (workspace(&servers), workspace(&servers));
    write(&shared, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
    shared.step();
    write(&production, &[("karmyq", "production", UNPROTECTED)]);
    // A template would rename what several have, so none is printed.
    let blocks = printed(&production.plan_fails());
    assert_eq!(blocks, ["names { owner_role = \"karmyq_production_user\" }"]);
    let body = format!("{UNPROTECTED}\n{}", blocks[0]);
    write(&production, &[("karmyq", "production", &body)]);
    production.step();
    shared.is_settled();
    let lease = servers.bao.lease("karmyq-dev");
    let login = lease.login(&servers.pg, "karmyq_dev");
    let refused = login.in_database("karmyq_production").sql_fails("SELECT 1").to_string();
    assert!(refused.contains("permission denied for database"), "{refused}");
    servers.bao.revoke(&lease);

    // Back to the name that others have.
    write(&production, &[("karmyq", "production", UNPROTECTED)]);
    let before = Snapshot::take(&servers);
    production.plan_fails();
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn an_environment_that_becomes_production_is_refused() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
    ws.step();
    let before = Snapshot::take(&servers);
    let declared = "
  environment {
    name       = \"staging\"
    production = true
  }

  environment {
    name = \"dev\"
  }
";
    let provider = under("underscored-v1", &format!("{BOTH}{declared}"));
    ws.write("provider.tf", &provider);
    assert!(ws.plan_fails().say(REFUSED));
    // In a state of its own as well, read or not.
    write(&ws, &[("karmyq", "dev", "")]);
    let other = workspace(&servers);
    other.write("provider.tf", &provider);
    write(&other, &[("karmyq", "staging", "")]);
    let import = format!(
        "import {{\n  to = {}\n  id = \"karmyq/staging\"\n}}\n",
        address("karmyq", "staging")
    );
    other.write("import.tf", &import);
    assert!(other.plan_fails().say(REFUSED));
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn an_apply_judges_it_again_before_its_first_write() {
    let servers = Servers::start();
    let (first, second) = (workspace(&servers), workspace(&servers));
    write(&first, &[("karmyq", "production", UNPROTECTED)]);
    write(&second, &[("karmyq", "staging", "")]);
    first.plan_to("saved.plan");
    second.step();
    let before = Snapshot::take(&servers);
    let refused = first.run(&["apply", "-json", "saved.plan"]).diagnostics();
    assert_eq!(printed(&refused)[0], "names { owner_role = \"karmyq_production_user\" }");
    Snapshot::take(&servers).since(&before).is_nothing();
    second.destroy();

    // Both at once: one is first, and the other writes nothing.
    for round in 0..3 {
        first.plan_to("saved.plan");
        second.plan_to("saved.plan");
        let runs = [&first, &second].map(|ws| ws.start(&["apply", "-json", "saved.plan"]));
        let runs = runs.map(acceptance::workspace::Running::wait);
        let won = runs.iter().filter(|run| run.code == Some(0)).count();
        assert_eq!(won, 1, "round {round}: {} {}", runs[0], runs[1]);
        for run in runs.iter().filter(|run| run.code != Some(0)) {
            assert!(run.diagnostics().say(REFUSED), "round {round}: {run}");
        }
        let owned = "SELECT count(*) FROM pg_database WHERE datdba = 'karmyq_user'::regrole";
        assert_eq!(servers.pg.sql(owned).one(), "1");
        let registered = "SELECT count(*) FROM appenv.instances WHERE phase <> 'gone'";
        assert_eq!(servers.pg.sql(registered).one(), "1", "round {round}");
        for (ws, run) in [&first, &second].into_iter().zip(&runs) {
            if run.code == Some(0) {
                ws.destroy();
            }
        }
    }
}
