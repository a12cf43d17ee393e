// SPDX-License-Identifier: MPL-2.0
//! What a run that was killed leaves, and whom that holds up: nobody, once its time is over.

use std::time::{Duration, Instant};

use acceptance::Workspace;
use acceptance::servers::{Postgres, Servers};

use super::{From, Hcl, is_gone, logins, note, workspace};

/// Waits until something holds, which may take as long as a login lives.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_over(pg: &Postgres, login: &str) -> bool {
    let sql = format!("SELECT rolvaliduntil <= now() FROM pg_roles WHERE rolname = '{login}'");
    pg.sql(&sql).one() == "t"
}

/// Kills CLI and provider while a login is open; answers the login, which is left.
fn killed(pg: &Postgres, ws: &Workspace, app: &str, ttl: &str) -> String {
    let begun = note(pg, &format!("begun-{app}"));
    let command = format!("touch {} && sleep 30", begun.display());
    let hcl = Hcl::new(From::Postgres, app);
    ws.write("main.tf", &hcl.render_instance());
    ws.step();
    hcl.credentials(&format!("  ttl = \"{ttl}\"\n")).runs(1, &command).write(ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| begun.exists());
    running.kill_providers();
    running.kill_cli();
    drop(running);
    let left = logins(pg, app);
    assert_eq!(left.len(), 1, "{left:?}");
    left.into_iter().next().unwrap()
}

#[test]
fn the_next_opening_drops_it_once_its_time_is_over_and_not_before() {
    for servers in Servers::each() {
        let pg = &servers.pg;
        let ws = workspace(&servers);
        let left = killed(pg, &ws, "tram", "1h");
        pg.sql_in(
            "tram-sandbox",
            &format!("CREATE TABLE own (x int); ALTER TABLE own OWNER TO \"{left}\""),
        );
        Hcl::new(From::Postgres, "tram").write(&ws);
        ws.plan();
        assert!(pg.has_role(&left), "somebody may still be using it");
        pg.sql(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE \"{left}\" VALID UNTIL %L', clock_timestamp() + interval '2 s'); END $$"
        ));
        wait_until("over", || is_over(pg, &left));
        ws.plan();
        is_gone(pg, &left);
        let owner =
            pg.sql_in("tram-sandbox", "SELECT tableowner FROM pg_tables WHERE tablename = 'own'");
        assert_eq!(owner.one(), "tram_sandbox_role");
    }
}

#[test]
fn a_living_one_is_told_to_a_delete_and_a_dead_one_holds_it_up_no_more() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let left = killed(pg, &ws, "depot", "1h");
    ws.write("main.tf", &Hcl::new(From::Postgres, "depot").render_instance());
    let told = ws.destroy_fails();
    assert!(told.say(&left), "{told}");
    assert!(pg.has_database("depot-sandbox") && pg.has_role(&left));
    pg.sql(&format!("ALTER ROLE \"{left}\" VALID UNTIL 'yesterday'"));
    ws.destroy();
    is_gone(pg, &left);
    assert!(!pg.has_database("depot-sandbox") && !pg.has_role("depot_sandbox_role"));
}

#[test]
fn a_forced_delete_ends_a_living_one() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let left = killed(pg, &ws, "siding", "1h");
    let hcl = Hcl::new(From::Postgres, "siding").instance("  force_disconnect = true\n");
    ws.write("main.tf", &hcl.render_instance());
    ws.apply();
    assert!(pg.has_role(&left));
    ws.destroy();
    is_gone(pg, &left);
    assert!(!pg.has_database("siding-sandbox") && !pg.has_role("siding_sandbox_role"));
}

#[test]
fn a_renaming_waits_for_a_living_one_only() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let left = killed(pg, &ws, "track", "1h");
    let names = "  names {\n    database   = \"rails\"\n    owner_role = \"rails_role\"\n  }\n";
    let hcl = Hcl::new(From::Postgres, "track").instance(names).credentials(names);
    ws.write("main.tf", &hcl.render_instance());
    let told = ws.apply_fails();
    assert!(told.say(&left), "{told}");
    pg.sql(&format!("ALTER ROLE \"{left}\" VALID UNTIL 'yesterday'"));
    ws.step();
    is_gone(pg, &left);
    assert!(pg.has_database("rails") && pg.has_role("rails_role"));
    // And the credentials are those of the new names.
    hcl.write(&ws);
    ws.is_settled();
}

#[test]
fn another_login_of_the_provider_is_not_held_up_by_it() {
    for servers in Servers::each() {
        let pg = &servers.pg;
        let mut ws = workspace(&servers);
        let left = killed(pg, &ws, "bogie", "1h");
        pg.sql(&format!("ALTER ROLE \"{left}\" VALID UNTIL 'yesterday'"));
        // Who may do what the first one may, but on PostgreSQL 16 and later not end what that one made.
        pg.sql(
            "CREATE ROLE appenv_apply LOGIN CREATEROLE CREATEDB PASSWORD 'apply-password'; \
             GRANT CREATE ON DATABASE postgres TO appenv_apply; GRANT USAGE ON SCHEMA appenv TO appenv_apply; \
             GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA appenv TO appenv_apply; \
             GRANT bogie_sandbox_role TO appenv_apply WITH ADMIN OPTION",
        );
        ws.set_env("PGUSER", "appenv_apply").set_env("PGPASSWORD", "apply-password");
        Hcl::new(From::Postgres, "bogie").write(&ws);
        ws.plan();
        assert_eq!(pg.has_role(&left), pg.major() >= 16);
        // The first one is gone for good; what it made stays.
        pg.sql("REVOKE bogie_sandbox_role FROM appenv_admin CASCADE");
        if pg.has_role(&left) {
            pg.sql(&format!("GRANT bogie_sandbox_role TO \"{left}\""));
        }
        ws.write("main.tf", &Hcl::new(From::Postgres, "bogie").render_instance());
        ws.destroy();
        assert!(!pg.has_database("bogie-sandbox") && !pg.has_role("bogie_sandbox_role"));
    }
}

#[test]
fn a_run_whose_cli_is_killed_ends_its_login_by_itself() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let begun = note(pg, "begun");
    let command = format!("touch {} && sleep 30", begun.display());
    Hcl::new(From::Postgres, "orphan").runs(1, &command).write(&ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| begun.exists());
    let open = logins(pg, "orphan");
    assert_eq!(open.len(), 1, "{open:?}");
    running.kill_cli();
    wait_until("gone", || logins(pg, "orphan").is_empty());
    is_gone(pg, &open[0]);
}

#[test]
fn an_interrupted_run_ends_its_login() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let begun = note(pg, "begun");
    let command = format!("touch {} && sleep 30", begun.display());
    Hcl::new(From::Postgres, "halt").runs(1, &command).write(&ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| begun.exists());
    let open = logins(pg, "halt");
    assert_eq!(open.len(), 1, "{open:?}");
    running.interrupt();
    running.wait();
    is_gone(pg, &open[0]);
}
