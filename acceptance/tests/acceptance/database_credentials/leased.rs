// SPDX-License-Identifier: MPL-2.0
//! With Vault: a lease that is taken for the run.

use acceptance::servers::Servers;
use acceptance::{Canaries, Sinks};

use super::{From, Hcl, is_gone, logins, note, noted, psql, unrenewed, workspace};

/// Leases of the instance's database role that are out.
fn leases(servers: &Servers, app: &str) -> Vec<String> {
    servers.bao.api().list(&format!("sys/leases/lookup/postgres/creds/{app}-sandbox"))
}

#[test]
fn it_is_leased_for_the_asked_time_used_and_revoked() {
    for servers in Servers::each() {
        let pg = &servers.pg;
        let ws = workspace(&servers);
        let (seen, lease) = (note(pg, "seen"), note(pg, "lease"));
        let command = format!(
            "{psql} -c 'SELECT session_user, current_user' > {seen} && {psql} -c 'CREATE TABLE made (x int)' && \
             printf %s \"$LEASE_ID\" > {lease} && \
             {psql} -c \"SELECT rolvaliduntil - now() BETWEEN interval '14 min' AND interval '16 min' FROM pg_roles WHERE rolname = session_user\" >> {seen}",
            psql = psql(pg),
            seen = seen.display(),
            lease = lease.display(),
        );
        // The engine leases for an hour and more by itself.
        Hcl::new(From::Vault, "bank").credentials("  ttl = \"15m\"\n").runs(1, &command).write(&ws);
        ws.plan();
        ws.step();
        let seen = noted(&seen);
        let lines: Vec<_> = seen.lines().collect();
        let (login, role) = lines[0].split_once('|').unwrap();
        assert_eq!(role, "bank_sandbox_role");
        assert_eq!(lines[1], "t", "{seen}");
        is_gone(pg, login);
        assert!(noted(&lease).starts_with("postgres/creds/bank-sandbox/"));
        assert!(leases(&servers, "bank").is_empty());
        assert!(logins(pg, "bank").is_empty());
        ws.destroy();
    }
}

#[test]
fn a_lease_is_renewed_while_the_run_needs_it_and_its_longest_life_is_told() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let seen = note(pg, "renewed");
    let command = |rest: u32| {
        format!(
            "{psql} -c 'SELECT session_user' > {seen} && sleep {rest} && {psql} -c 'SELECT session_user' >> {seen}",
            psql = psql(pg),
            seen = seen.display(),
        )
    };
    let hcl = || Hcl::new(From::Vault, "ferry").credentials("  ttl = \"9s\"\n");
    hcl().runs(1, &command(14)).write(&ws);
    let told = ws.apply().diagnostics();
    assert!(!told.say("longest life"), "{told}");
    let lines = noted(&seen);
    let names: Vec<_> = lines.lines().collect();
    assert_eq!(names.len(), 2, "{lines}");
    assert_eq!(names[0], names[1]);
    is_gone(pg, names[0]);

    // A lease that ends while the run goes on is no error of the close.
    hcl().instance("  vault {\n    max_ttl = \"9s\"\n  }\n").runs(2, "sleep 12").write(&ws);
    let told = ws.apply().diagnostics();
    assert!(told.say("ferry/sandbox: the leased login reached its longest life"), "{told}");
    assert!(leases(&servers, "ferry").is_empty());
    assert!(logins(pg, "ferry").is_empty());
}

#[test]
fn a_renewal_that_failed_for_a_while_is_followed_by_another() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    let key = servers.bao.unseal_key();
    let seen = note(&servers.pg, "renewed");
    // Past what the lease has without another renewal.
    let command = format!(
        "{psql} -c 'SELECT session_user' > {seen} && sleep 27 && {psql} -c 'SELECT session_user' >> {seen}",
        psql = psql(&servers.pg),
        seen = seen.display(),
    );
    let hcl = Hcl::new(From::Vault, "patient").credentials("  ttl = \"18s\"\n");
    ws.write("main.tf", &hcl.render_instance());
    ws.apply();
    hcl.runs(1, &command).write(&ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| seen.exists() && !noted(&seen).is_empty());
    servers.bao.cli().run(&["operator", "seal"]);
    running.wait_until("was refused", |running| running.trace().contains("could not be renewed"));
    servers.bao.api().put("sys/unseal", &serde_json::json!({ "key": key }));
    let run = running.wait();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.diagnostics().say("not renewed"), "{run}");
    let lines = noted(&seen);
    let names: Vec<_> = lines.lines().collect();
    assert_eq!(names.len(), 2, "{lines}");
    assert_eq!(names[0], names[1]);
    is_gone(&servers.pg, names[0]);
}

#[test]
fn a_lease_that_ends_since_nothing_renews_it_is_told() {
    let servers = Servers::start();
    unrenewed(&servers, From::Vault, "lease not found", || {
        let [lease] = &leases(&servers, "lapse")[..] else { panic!("one lease") };
        let lease_id = format!("postgres/creds/lapse-sandbox/{lease}");
        servers.bao.api().put("sys/leases/revoke", &serde_json::json!({ "lease_id": lease_id }));
    });
    assert!(leases(&servers, "lapse").is_empty());
}

#[test]
fn a_leased_password_is_nowhere() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let secret = note(pg, "secret");
    let command =
        format!("printf %s \"$PGPASSWORD\" > {} && {} -c 'SELECT 1'", secret.display(), psql(pg));
    Hcl::new(From::Vault, "safe").runs(1, &command).write(&ws);
    ws.plan_to("saved.plan");
    ws.apply_saved("saved.plan");
    ws.plan_text();
    let mut canaries = Canaries::new();
    canaries.register("the password", &noted(&secret));
    canaries.are_nowhere(&Sinks::of(&ws).with_servers(&servers));
}

#[test]
fn a_connection_that_sends_passwords_in_clear_is_told() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    let hcl = Hcl::new(From::Vault, "clear");
    ws.write("main.tf", &hcl.render_instance());
    ws.apply();
    hcl.write(&ws);
    let words = "sends the passwords of leased logins in clear";
    assert!(!ws.plan().diagnostics().say(words));
    let body =
        serde_json::json!({ "password_authentication": "password", "verify_connection": false });
    servers.bao.api().put("postgres/config/postgres", &body);
    let told = ws.plan().diagnostics();
    assert!(told.say(words), "{told}");
}

#[test]
fn a_run_whose_cli_is_killed_gives_the_lease_back() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    let begun = note(pg, "begun");
    let command = format!("touch {} && sleep 30", begun.display());
    Hcl::new(From::Vault, "orphan").runs(1, &command).write(&ws);
    let mut running = ws.start(&["apply", "-json", "-auto-approve"]);
    running.wait_until("used its login", |_| begun.exists());
    assert_eq!(leases(&servers, "orphan").len(), 1);
    running.kill_cli();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !leases(&servers, "orphan").is_empty() || !logins(pg, "orphan").is_empty() {
        assert!(std::time::Instant::now() < deadline, "the lease is still out");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
