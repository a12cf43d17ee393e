// SPDX-License-Identifier: MPL-2.0
//! Without Vault: a role that is made for the run.

use std::time::Duration;

use acceptance::canary::watch::{Activity, CommandLines};
use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Workspace};

use super::{From, Hcl, is_gone, logins, note, noted, psql, unrenewed, workspace};

#[test]
fn it_is_opened_after_the_instance_used_and_gone_with_the_run() {
    for servers in Servers::each() {
        let pg = &servers.pg;
        let ws = workspace(&servers);
        let seen = note(pg, "seen");
        let command = format!(
            "{psql} -c 'SELECT session_user, current_user' > {seen} && \
             {psql} -c 'CREATE TABLE made (x int)' && \
             {psql} -c 'SET ROLE NONE' -c 'CREATE SCHEMA own' -c 'CREATE TABLE own.kept (x int)' && \
             {psql} -c \"SELECT rolvaliduntil - now() BETWEEN interval '14 min' AND interval '15 min' FROM pg_roles WHERE rolname = session_user\" >> {seen}",
            psql = psql(pg),
            seen = seen.display(),
        );
        let hcl = Hcl::new(From::Postgres, "till").credentials("  ttl = \"15m\"\n");
        hcl.runs(1, &command).write(&ws);
        // Made in the same run: the plan opens nothing.
        ws.plan();
        assert!(!pg.has_role("till_sandbox_role"));
        ws.step();
        let seen = noted(&seen);
        let lines: Vec<_> = seen.lines().collect();
        let (login, role) = lines[0].split_once('|').unwrap();
        assert_eq!(role, "till_sandbox_role");
        assert!(login.starts_with("till-sandbox_tmp_"), "{login}");
        assert_eq!(lines[1], "t", "{seen}");
        is_gone(pg, login);
        // What it made stays, with the owner role, however it was made.
        let owners = pg.sql_in(
            "till-sandbox",
            "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('made', 'kept')",
        );
        assert_eq!(owners.one(), "till_sandbox_role");
        assert!(logins(pg, "till").is_empty());
        // A plan of an instance that is there opens one too, and nothing stays of it.
        ws.is_settled();
        assert!(logins(pg, "till").is_empty());
        assert!(
            std::fs::read_to_string(pg.log())
                .unwrap()
                .matches("DROP ROLE IF EXISTS \"till-sandbox_tmp_")
                .count()
                > 1
        );
        ws.destroy();
    }
}

#[test]
fn it_is_renewed_while_the_run_needs_it() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let seen = note(pg, "renewed");
    // Longer than its time, and than the first renewal's.
    let command = format!(
        "{psql} -c 'SELECT session_user' > {seen} && sleep 14 && {psql} -c 'SELECT session_user' >> {seen}",
        psql = psql(pg),
        seen = seen.display(),
    );
    Hcl::new(From::Postgres, "slow").credentials("  ttl = \"8s\"\n").runs(1, &command).write(&ws);
    ws.apply();
    let seen = noted(&seen);
    let names: Vec<_> = seen.lines().collect();
    assert_eq!(names.len(), 2, "{seen}");
    assert_eq!(names[0], names[1]);
    is_gone(pg, names[0]);
    let log = std::fs::read_to_string(pg.log()).unwrap();
    let renewals = log.matches(&format!("ALTER ROLE \"{}\" VALID UNTIL", names[0])).count();
    assert!((2..=6).contains(&renewals), "it was renewed {renewals} times");
}

#[test]
fn one_that_nothing_renews_is_told() {
    let servers = Servers::start();
    unrenewed(&servers, From::Postgres, "is gone: somebody dropped it", || {
        let [login] = &logins(&servers.pg, "lapse")[..] else { panic!("one login") };
        servers.pg.admin().sql(&format!("DROP ROLE \"{login}\""));
    });
}

#[test]
fn a_provider_block_takes_it() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let hcl = Hcl::new(From::Postgres, "kiosk");
    ws.write("main.tf", &hcl.render_instance());
    ws.step();
    let hcl = hcl.more(
        "provider \"appenv\" {
  alias = \"tenant\"
  owner = \"acme/shop\"
  postgres {
    host     = ephemeral.appenv_database_credentials.it.host
    port     = ephemeral.appenv_database_credentials.it.port
    user     = ephemeral.appenv_database_credentials.it.username
    password = ephemeral.appenv_database_credentials.it.password
    database = ephemeral.appenv_database_credentials.it.database
    sslmode  = ephemeral.appenv_database_credentials.it.sslmode
  }
}
provider \"appenv\" {
  alias = \"by_url\"
  owner = \"acme/shop\"
  postgres {
    url = ephemeral.appenv_database_credentials.it.url
  }
}
resource \"appenv_app_instance\" \"inside\" {
  provider = appenv.tenant
  app      = \"inside\"
  env      = \"sandbox\"
}
resource \"appenv_app_instance\" \"by_url\" {
  provider = appenv.by_url
  app      = \"byurl\"
  env      = \"sandbox\"
}
",
    );
    hcl.write(&ws);
    // The plan of a create looks into the tenant's database with the tenant's login.
    ws.has_changes();
    let log = std::fs::read_to_string(pg.log()).unwrap();
    let looks = log.lines().filter(|line| {
        line.contains(" kiosk-sandbox_tmp_") && line.contains("@kiosk-sandbox appenv/")
    });
    let runs: std::collections::BTreeSet<_> =
        looks.filter_map(|line| line.split("appenv/").nth(1)?.split(' ').next()).collect();
    assert_eq!(runs.len(), 2, "two providers logged in: {runs:?}");
    assert!(logins(pg, "kiosk").is_empty());
}

#[test]
fn its_password_is_nowhere() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let activity = Activity::of(pg);
    let lines = CommandLines::start();
    let ws = workspace(&servers);
    let (secret, url) = (note(pg, "secret"), note(pg, "url"));
    let command = format!(
        "printf %s \"$PGPASSWORD\" > {} && printf %s \"$URL\" > {} && {} -c 'SELECT pg_sleep(0.2)'",
        secret.display(),
        url.display(),
        psql(pg)
    );
    Hcl::new(From::Postgres, "vaultless").runs(1, &command).write(&ws);
    ws.plan_to("saved.plan");
    ws.apply_saved("saved.plan");
    Hcl::new(From::Postgres, "vaultless").runs(1, &command).write(&ws);
    ws.plan_to("again.plan");
    ws.plan_text();
    let password = noted(&secret);
    assert_eq!(password.len(), 64);
    assert!(
        noted(&url).contains(&format!(":{password}@127.0.0.1:{}/vaultless-sandbox", pg.port()))
    );
    let mut canaries = Canaries::new();
    canaries.register("the password", &password);
    let verifier = std::fs::read_to_string(pg.log()).unwrap();
    let verifier = verifier.split("PASSWORD 'SCRAM-SHA-256$").nth(1).expect("a verifier was sent");
    let mut verifiers = Canaries::new();
    verifiers.register("the verifier", &verifier[..60]);
    let ours = Sinks::of(&ws);
    verifiers.are_nowhere(&ours);
    let sinks = ours.with_servers(&servers).with_path(activity.saw()).with_path(lines.saw());
    canaries.are_nowhere(&sinks);
    assert!(
        std::fs::read_to_string(activity.saw()).unwrap().contains("pg_sleep"),
        "it saw nothing"
    );
}

#[test]
fn a_login_that_cannot_be_dropped_is_shut_and_told() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    // In another database, where anybody may: it is not the instance's to give away.
    let command = format!("{} -d postgres -c 'SELECT lo_create(4711)'", psql(pg));
    Hcl::new(From::Postgres, "stray").runs(1, &command).write(&ws);
    let told = ws.apply().diagnostics();
    let warning = told.warnings().find(|warning| warning.summary.contains("shut but not dropped"));
    let warning = warning.unwrap_or_else(|| panic!("{told}"));
    assert!(
        warning.detail.contains("1 owned (pg_largeobject) in database \"postgres\""),
        "{warning}"
    );
    let left = logins(pg, "stray");
    assert_eq!(left.len(), 1, "{left:?}");
    let shut = pg.sql(&format!("SELECT rolcanlogin FROM pg_roles WHERE rolname = '{}'", left[0]));
    assert_eq!(shut.one(), "f");
    pg.sql("SELECT lo_unlink(4711)");
    ws.plan();
    is_gone(pg, &left[0]);
}

#[test]
fn a_session_that_outlives_the_run_is_ended() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = Workspace::new(Cli::any()).with_env(servers.env()).without_trace();
    // In the background of the machine: it goes on when the run is over.
    let command =
        format!("nohup {} -c 'SELECT pg_sleep(120)' > /dev/null 2>&1 & sleep 1", psql(pg));
    Hcl::new(From::Postgres, "pool").runs(1, &command).write(&ws);
    let begun = std::time::Instant::now();
    ws.apply();
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert!(logins(pg, "pool").is_empty());
    let rows =
        pg.sql("SELECT usename FROM pg_stat_activity WHERE usename LIKE 'pool-sandbox_tmp_%'");
    assert!(rows.is_empty());
}
