// SPDX-License-Identifier: MPL-2.0
//! The fault proxy breaks what it is told to and nothing else, on real servers.

use std::io::Write as _;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use acceptance::servers::openbao::Api;
use acceptance::servers::postgres::{Kind, Login, Postgres};
use acceptance::servers::{OpenBao, Servers};
use acceptance::workspace::Victim;
use acceptance::{Fault, Proxy};
use serde_json::json;

/// A `psql` that is connected through the proxy and waits for statements.
fn psql(login: &Login) -> Child {
    login
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn say(mut psql: Child, text: &str) -> Output {
    psql.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    psql.wait_with_output().unwrap()
}

/// Statements in the simple and in the extended protocol.
fn forms(role: &str) -> [String; 2] {
    [format!("CREATE ROLE {role};\n"), format!("CREATE ROLE {role} \\bind \\g\n")]
}

#[test]
fn postgres_writes_are_counted_and_reads_are_not() {
    let pg = Postgres::start();
    let proxy = Proxy::postgres(&pg);
    let admin = pg.admin().at_port(proxy.port());
    admin.sql("SELECT 1");
    admin.sql("BEGIN; SELECT 1; COMMIT");
    assert_eq!(proxy.writes(), Vec::<String>::new());
    let statements = "BEGIN;\nCREATE ROLE a;\nSELECT 1;\nCOMMIT;\nSELECT $1 \\bind x \\g\nCREATE ROLE b \\bind \\g\n";
    assert!(say(psql(&admin), statements).status.success());
    assert_eq!(proxy.writes(), ["CREATE ROLE a;", "COMMIT;", "CREATE ROLE b "]);
    assert!(proxy.requests().len() > 5);
    let both = [psql(&admin), psql(&admin)].map(|psql| say(psql, "SELECT 1;"));
    assert!(both.iter().all(|output| output.status.success()));
    assert!((1..=3).contains(&proxy.most_connections()));
    assert_eq!(proxy.fired(), None);
}

#[test]
fn postgres_faults_do_what_they_say() {
    for kind in Kind::all() {
        let pg = Postgres::start_on(&kind);
        // `\bind`, and with it the extended protocol, came with the client of version 16.
        faults_on(&pg, kind.major() >= 16);
    }
}

fn faults_on(pg: &Postgres, has_bind: bool) {
    let proxy = Proxy::postgres(pg);
    let admin = pg.admin().at_port(proxy.port());
    let faults = || {
        [
            ("drop_before", Fault::DropBefore, false),
            ("reset", Fault::Reset, false),
            ("drop_reply", Fault::DropReply, true),
            ("partial_reply", Fault::PartialReply, true),
        ]
    };
    for (name, fault, lands) in faults() {
        for (form, statement) in forms(name).iter().enumerate().take(if has_bind { 2 } else { 1 }) {
            pg.sql(&format!("DROP ROLE IF EXISTS {name}"));
            proxy.arm(1, fault.clone());
            let output = say(psql(&admin), statement);
            assert!(!output.status.success(), "{name} {form}: nothing was broken");
            assert!(proxy.fired().unwrap().contains(name));
            assert_eq!(pg.has_role(name), lands, "{name} {form}");
            // The next one goes through.
            assert!(admin.try_sql("SELECT 1").is_ok());
        }
    }
    for (name, lands) in [("kill_before", false), ("kill_after", true)] {
        for (form, statement) in forms(name).iter().enumerate().take(if has_bind { 2 } else { 1 }) {
            pg.sql(&format!("DROP ROLE IF EXISTS {name}"));
            let psql = psql(&admin);
            let victim = Victim::process(psql.id());
            proxy.arm(1, if lands { Fault::KillAfter(victim) } else { Fault::KillBefore(victim) });
            let output = say(psql, statement);
            assert_eq!(output.status.code(), None, "{name} {form}: psql was not killed");
            assert_eq!(pg.has_role(name), lands, "{name} {form}");
        }
    }
}

#[test]
fn a_commit_is_a_write_of_its_own() {
    let pg = Postgres::start();
    let proxy = Proxy::postgres(&pg);
    let admin = pg.admin().at_port(proxy.port());
    let transaction = "BEGIN;\nCREATE ROLE whole;\nCOMMENT ON ROLE whole IS 'x';\nCOMMIT;\n";
    for (nth, fault, lands) in [
        (1, Fault::DropReply, false),
        (2, Fault::DropReply, false),
        (3, Fault::DropBefore, false),
        (3, Fault::DropReply, true),
    ] {
        proxy.arm(nth, fault);
        assert!(!say(psql(&admin), transaction).status.success());
        assert_eq!(pg.has_role("whole"), lands, "write {nth}");
    }
}

#[test]
fn a_delayed_write_lands_after_the_client_has_given_up() {
    let pg = Postgres::start();
    let proxy = Proxy::postgres(&pg);
    let admin = pg.admin().at_port(proxy.port());
    proxy.arm(1, Fault::Delay(Duration::from_millis(800)));
    let mut client = psql(&admin);
    client.stdin.take().unwrap().write_all(b"CREATE ROLE late;\n").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while proxy.fired().is_none() {
        assert!(Instant::now() < deadline);
    }
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(!pg.has_role("late"));
    while !pg.has_role("late") {
        assert!(Instant::now() < deadline, "the write never landed");
    }
}

#[test]
fn a_cut_line_answers_nobody_until_it_is_healed() {
    let pg = Postgres::start();
    let proxy = Proxy::postgres(&pg);
    let admin = pg.admin().at_port(proxy.port());
    let held = psql(&admin);
    proxy.cut();
    assert!(admin.try_sql("SELECT 1").is_err());
    proxy.heal();
    admin.sql("SELECT 1");
    drop(held);
}

/// A client without a pool, so that nothing is sent twice.
fn api(bao: &OpenBao, proxy: &Proxy) -> Api {
    Api::new(&format!("http://127.0.0.1:{}", proxy.port()), bao.root_token())
}

#[test]
fn openbao_faults_do_what_they_say() {
    let servers = Servers::shared();
    let bao = &servers.bao;
    let proxy = Proxy::openbao(bao);
    assert!(api(bao, &proxy).get("sys/policies/acl/default").is_some());
    assert!(api(bao, &proxy).list("sys/policies/acl").contains(&"default".to_owned()));
    assert_eq!(proxy.writes(), Vec::<String>::new());
    assert_eq!(proxy.requests().len(), 2);
    for (name, fault, lands) in [
        ("drop-before", Fault::DropBefore, false),
        ("reset", Fault::Reset, false),
        ("drop-reply", Fault::DropReply, true),
        ("partial-reply", Fault::PartialReply, true),
    ] {
        let path = format!("kvv2/data/proxy/{name}");
        proxy.arm(2, fault);
        let api = api(bao, &proxy);
        let body = json!({ "data": { "n": 1 } });
        assert!(api.try_send("PUT", "kvv2/data/proxy/first", Some(&body)).unwrap().is_success());
        let answer = api.try_send("PUT", &path, Some(&body));
        assert!(!answer.is_ok_and(|answer| !answer.body.is_null()), "{name}: nothing was broken");
        assert_eq!(proxy.fired().unwrap(), format!("PUT /v1/{path}"));
        assert_eq!(bao.api().get(&path).is_some(), lands, "{name}");
    }
}

#[test]
fn openbao_clients_can_be_killed_around_a_write() {
    let servers = Servers::shared();
    let bao = &servers.bao;
    let proxy = Proxy::openbao(bao);
    for (name, lands) in [("kill-before", false), ("kill-after", true)] {
        let path = format!("kvv2/data/proxy/{name}");
        let mut idler = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let victim = Victim::process(idler.id());
        proxy.arm(1, if lands { Fault::KillAfter(victim) } else { Fault::KillBefore(victim) });
        let body = json!({ "data": { "n": 1 } });
        let answer = api(bao, &proxy).try_send("PUT", &path, Some(&body));
        assert!(answer.is_err(), "{name}: {answer:?}");
        assert_eq!(idler.wait().unwrap().code(), None, "{name}: nobody was killed");
        assert_eq!(bao.api().get(&path).is_some(), lands, "{name}");
    }
}
