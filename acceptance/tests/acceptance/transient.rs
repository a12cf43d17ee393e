// SPDX-License-Identifier: MPL-2.0
//! Servers that restart, are full, sealed, limited or frozen while an apply runs, and many applies at once.

use std::time::{Duration, Instant};

use acceptance::servers::Servers;
use acceptance::workspace::Running;
use acceptance::{Cli, Fault, Workspace};
use serde_json::json;

use crate::rig::{self, At, Hcl, Relays};

/// Starts an apply, holds it at its Nth write, does something to the servers and lets it go on.
fn apply_through(
    ws: &Workspace,
    relays: &Relays,
    (at, nth): (At, usize),
    trouble: impl FnOnce(),
) -> acceptance::Run {
    relays.arm(at, nth, Fault::Delay(Duration::from_millis(400)));
    let mut run = ws.start(&["apply", "-json", "-auto-approve"]);
    run.wait_until("the write is held", |_| relays.at(at).fired().is_some());
    trouble();
    run.wait()
}

#[test]
fn a_restarted_postgres_is_waited_for() {
    let mut servers = Servers::start();
    let relays = Relays::new(&servers);
    // One write within the registry's transaction, one that creates the database, one behind it.
    for (app, nth) in [("restart1", 2), ("restart2", 5), ("restart3", 7)] {
        let ws = relays.workspace(&servers);
        Hcl::new().instance(app, "sandbox", "").write(&ws);
        let pg = &mut servers.pg;
        let run = apply_through(&ws, &relays, (At::Postgres, nth), || pg.restart());
        assert_eq!(run.code, Some(0), "{run}");
        ws.is_settled();
        assert!(servers.pg.has_database(&format!("{app}-sandbox")));
    }
    for (app, nth) in [("ended1", 2), ("ended2", 5), ("ended3", 7)] {
        let ws = relays.workspace(&servers);
        Hcl::new().instance(app, "sandbox", "").write(&ws);
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'appenv_admin'";
        let run = apply_through(&ws, &relays, (At::Postgres, nth), || drop(servers.pg.sql(end)));
        assert_eq!(run.code, Some(0), "{run}");
        ws.is_settled();
    }
    // Gone for longer than anyone waits: an error that names it, and nothing to clean up afterwards.
    let ws = relays.workspace(&servers);
    Hcl::new().instance("down", "sandbox", "").write(&ws);
    let pg = &mut servers.pg;
    let run = apply_through(&ws, &relays, (At::Postgres, 5), || pg.crash());
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    assert!(told.say(&format!("127.0.0.1:{}", relays.pg.port())), "{told}");
    assert!(told.error().summary.starts_with("down/sandbox: "), "{told}");
    servers.pg.start_again();
    ws.step();
}

#[test]
fn a_full_postgres_is_waited_for_and_then_named() {
    let servers = Servers::shared();
    // A login of its own, so that the limit is nobody else's.
    let pg = &servers.pg;
    pg.sql(&format!(
        "CREATE ROLE full_admin LOGIN CREATEROLE CREATEDB PASSWORD '{}' CONNECTION LIMIT 0",
        pg.admin().password
    ));
    let mut ws = rig::workspace(&servers);
    ws.set_env("PGUSER", "full_admin").set_env("PGDATABASE", "full_admin");
    pg.sql("CREATE DATABASE full_admin OWNER full_admin");
    Hcl::new().instance("full", "sandbox", "").write(&ws);
    let mut run = ws.start(&["plan", "-json"]);
    let log = || std::fs::read_to_string(pg.log()).unwrap();
    run.wait_until("it was refused once", |_| log().contains("too many connections for role"));
    pg.sql("ALTER ROLE full_admin CONNECTION LIMIT -1");
    let run = run.wait();
    assert_eq!(run.code, Some(0), "{run}");
    pg.sql("ALTER ROLE full_admin CONNECTION LIMIT 0");
    let begun = Instant::now();
    let told = ws.plan_fails();
    assert!(begun.elapsed() < Duration::from_secs(20));
    let error = told.error();
    assert!(error.detail.contains("53300") && error.detail.contains("max_connections"), "{error}");
}

#[test]
fn a_sealed_openbao_is_named_and_an_unsealed_one_goes_on() {
    let servers = Servers::start();
    let relays = Relays::new(&servers);
    let bao = &servers.bao;
    let ws = relays.workspace(&servers);
    Hcl::new().instance("seal", "sandbox", "").write(&ws);
    let run = apply_through(&ws, &relays, (At::OpenBao, 4), || {
        drop(bao.api().put("sys/seal", &json!({})));
    });
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    let error = told.error();
    assert!(error.detail.contains("Vault is sealed") && error.detail.contains("unseal"), "{error}");
    assert!(error.detail.contains(&format!("127.0.0.1:{}", relays.bao.port())), "{error}");
    assert!(run.took < Duration::from_secs(20), "{run}");
    let told = ws.plan_fails();
    assert!(told.say("Vault is sealed"), "{told}");

    let log = std::fs::read_to_string(bao.log()).unwrap();
    let key = log.lines().find_map(|line| line.split_once("Unseal Key: ")).unwrap().1.trim();
    bao.api().put("sys/unseal", &json!({ "key": key }));
    let deadline = Instant::now() + Duration::from_secs(20);
    while bao.api().send("GET", "sys/health", None).status != 200 {
        assert!(Instant::now() < deadline, "it stays sealed");
        std::thread::sleep(Duration::from_millis(20));
    }
    ws.step();
}

#[test]
fn a_rate_limit_slows_an_apply_down_and_does_not_break_it() {
    let servers = Servers::start();
    // With its trace, which tells of each wait.
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    Hcl::new()
        .instance("slow", "sandbox", "")
        .instance("slow", "prod", "  deletion_protection = false")
        .write(&ws);
    let quota = json!({ "rate": 10, "interval": "1s" });
    servers.bao.api().put("sys/quotas/rate-limit/all", &quota);
    let run = ws.apply();
    let trace = run.trace_text();
    assert!(trace.contains("over a rate limit"), "the limit was never met");
    let quota = servers.bao.api().send("DELETE", "sys/quotas/rate-limit/all", None);
    // Over the limit itself, it may take a second.
    if !quota.is_success() {
        std::thread::sleep(Duration::from_secs(2));
        servers.bao.api().delete("sys/quotas/rate-limit/all");
    }
    ws.is_settled();
}

#[test]
fn a_frozen_server_ends_in_an_error_that_names_it() {
    let mut servers = Servers::start();
    let ws = rig::workspace(&servers);
    let hcl = Hcl::new().instance(
        "frost",
        "sandbox",
        "  timeouts {\n    create = \"3s\"\n    read = \"3s\"\n    delete = \"3s\"\n  }",
    );
    hcl.write(&ws);
    let named = |told: &acceptance::Diagnostics, what: &str, port: u16, begun: Instant| {
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}: {told}", begun.elapsed());
        let error = told.error();
        assert!(error.summary.starts_with("frost/sandbox: "), "{error}");
        assert!(error.detail.contains(&format!("127.0.0.1:{port}")), "{error}");
        assert!(error.detail.contains(what), "{error}");
    };
    let (pg_port, bao_port) = (servers.pg.port(), servers.bao.port());

    // While it plans.
    servers.bao.freeze();
    let begun = Instant::now();
    named(&ws.plan_fails(), "timeouts", bao_port, begun);
    servers.bao.thaw();
    servers.pg.freeze();
    let begun = Instant::now();
    named(&ws.plan_fails(), "timeouts", pg_port, begun);
    servers.pg.thaw();

    // While it applies.
    let relays = Relays::new(&servers);
    let ws = relays.workspace(&servers);
    hcl.write(&ws);
    let bao = &servers.bao;
    let run = apply_through(&ws, &relays, (At::OpenBao, 4), || bao.freeze());
    bao.thaw();
    assert_eq!(run.code, Some(1), "{run}");
    named(&run.diagnostics(), "timeouts", relays.bao.port(), Instant::now());
    assert!(run.took < Duration::from_secs(15), "{run}");
    ws.step();
    // While it reads.
    let begun = Instant::now();
    servers.pg.freeze();
    named(&ws.plan_fails(), "timeouts", relays.pg.port(), begun);
    servers.pg.thaw();
    ws.step();
}

#[test]
fn what_may_be_slow_has_what_is_left_of_the_operations_limit() {
    let servers = Servers::start();
    let ws = rig::workspace(&servers);
    let timeouts = "  timeouts {\n    create = \"20m\"\n    delete = \"40m\"\n  }";
    Hcl::new().instance("patient", "sandbox", timeouts).write(&ws);
    ws.apply();
    ws.destroy();
    let log = std::fs::read(servers.pg.log()).unwrap();
    let log = String::from_utf8_lossy(&log);
    let statements: Vec<&str> =
        log.lines().filter_map(|line| line.split_once("statement: ")).map(|(_, sql)| sql).collect();
    for (slow, minutes) in [("CREATE DATABASE", 20), ("DROP DATABASE", 40)] {
        let at = statements.iter().position(|sql| sql.starts_with(slow)).unwrap();
        let limit = statements[..at]
            .iter()
            .rev()
            .find_map(|sql| sql.strip_prefix("SET statement_timeout = "))
            .unwrap_or_else(|| panic!("{slow} has no limit of its own: {statements:#?}"));
        let seconds = limit.parse::<u64>().unwrap() / 1000;
        assert!((minutes * 60 - 120..minutes * 60).contains(&seconds), "{slow}: {seconds} s");
        assert!(statements[at..].contains(&"SET statement_timeout = 30000"), "{slow}");
    }
}

#[test]
fn eight_states_create_at_once_on_an_empty_server() {
    let servers = Servers::start();
    let spaces: Vec<_> = (1..=8)
        .map(|n| {
            let ws = rig::workspace(&servers);
            Hcl::new().instance(&format!("many{n}"), "sandbox", "").write(&ws);
            ws
        })
        .collect();
    let all = |args: &[&str]| {
        let running: Vec<_> = spaces.iter().map(|ws| ws.start(args)).collect();
        for run in running.into_iter().map(Running::wait) {
            assert_eq!(run.code, Some(0), "{run}");
        }
    };
    all(&["apply", "-json", "-auto-approve"]);
    all(&["plan", "-json", "-detailed-exitcode"]);
    let made = servers.pg.sql("SELECT count(*) FROM appenv.instances WHERE phase = 'live'");
    assert_eq!(made.one(), "8");
    all(&["destroy", "-json", "-auto-approve"]);
    let log = std::fs::read_to_string(servers.pg.log()).unwrap();
    assert!(!log.contains("tuple concurrently"), "{log}");
    assert!(!log.contains("deadlock detected"), "{log}");
}

#[test]
fn a_plan_of_many_instances_takes_two_connections() {
    let servers = Servers::start();
    let relays = Relays::new(&servers);
    let ws = relays.workspace(&servers);
    let hcl = Hcl::new().text(
        "resource \"appenv_app_instance\" \"all\" {\n  for_each = toset([for n in range(20) : \"crowd${n}\"])\n  \
         app      = each.key\n  env      = \"sandbox\"\n}\n",
    );
    hcl.write(&ws);
    let wide = "-parallelism=50";
    let most = |args: &[&str]| {
        relays.forget();
        let mut run = ws.start(args);
        let mut most = 0;
        while !run.has_ended() {
            let counted = servers.pg.sql(
                "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM pg_stat_activity \
                 WHERE application_name LIKE 'appenv/%' GROUP BY application_name) AS run",
            );
            most = most.max(counted.one().parse::<usize>().unwrap());
        }
        let run = run.wait();
        assert_eq!(run.code, Some(0), "{run}");
        (most, relays.pg.most_connections())
    };
    // A run is one process that talks to servers, and its run id is in the name of the application.
    let [plan, apply, again] = [
        &["plan", "-json", wide][..],
        &["apply", "-json", "-auto-approve", wide],
        &["plan", "-json", "-detailed-exitcode", wide],
    ]
    .map(most);
    for (what, (by_name, at_relay)) in [("plan", plan), ("apply", apply), ("no-op plan", again)] {
        assert!(
            by_name <= 2 && at_relay <= 2,
            "{what}: {by_name} by name, {at_relay} at the relay"
        );
    }
    assert!(again.1 >= 1, "nobody asked PostgreSQL");
}
