// SPDX-License-Identifier: MPL-2.0
//! A renaming that is given up, overtaken or meddled with: no version, row or database is lost, and nothing is left.

use acceptance::servers::Servers;
use acceptance::{Fault, Sentinel, Snapshot, Workspace};
use serde_json::json;

use crate::instances::{address, workspace, write};
use crate::rename::{secrets, secrets_moved, under};
use crate::rig::{At, Relays};

/// Kills an apply after its `nth` write at a server; whether it came to that.
fn kill(relays: &Relays, ws: &Workspace, at: At, nth: usize) -> bool {
    relays.arm(at, nth, Fault::KillAfter(ws.victim()));
    ws.run(&["apply", "-json", "-auto-approve"]);
    let came = relays.at(at).fired().is_some();
    relays.forget();
    came
}

fn broken(servers: &Servers) -> (Relays, Workspace) {
    let relays = Relays::new(servers);
    let ws = workspace(servers)
        .with_env(servers.pg.env_at(relays.pg.port()))
        .with_env(servers.bao.env_at(relays.bao.port()));
    (relays, ws)
}

const ELSEWHERE: &str = "names {\n  kv_path = \"a_way/config\"\n}";

#[test]
fn secrets_come_back_from_wherever_a_killed_run_has_left_them() {
    let servers = Servers::start();
    let (relays, ws) = broken(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    secrets(&servers, "till-sandbox/config");
    let mut broken = 0;
    for nth in 1.. {
        write(&ws, &[("till", "sandbox", ELSEWHERE)]);
        let came = kill(&relays, &ws, At::OpenBao, nth);
        // Another path yet, and then the first again.
        if nth % 3 == 0 {
            let third = "names {\n  kv_path = \"a_third/config\"\n}";
            write(&ws, &[("till", "sandbox", third)]);
            ws.step();
            secrets_moved(&servers, "till-sandbox/config", "a_third/config");
        }
        write(&ws, &[("till", "sandbox", "")]);
        ws.step();
        for path in ["a_way/config", "a_third/config"] {
            secrets_moved(&servers, path, "till-sandbox/config");
        }
        let read = servers.bao.policy("till-sandbox").unwrap();
        assert!(read.contains("kvv2/data/till-sandbox/config"), "write {nth}: {read}");
        broken += usize::from(came);
        if !came {
            break;
        }
    }
    assert!(broken >= 9, "{broken}");
}

#[test]
fn what_is_written_while_secrets_are_on_their_way_is_copied_too() {
    let servers = Servers::start();
    let (relays, ws) = broken(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    let api = servers.bao.api();
    let old = "kvv2/data/till-sandbox/config";
    let put = |round: u32| api.put(old, &json!({ "data": { "ROUND": round } }));
    api.put("kvv2/metadata/till-sandbox/config", &json!({ "max_versions": 3 }));
    (1..=3).for_each(|round| drop(put(round)));
    write(&ws, &[("till", "sandbox", ELSEWHERE)]);
    // Noted, settings made, versions 1 and 2 copied.
    assert!(kill(&relays, &ws, At::OpenBao, 4));
    assert_eq!(api.get("kvv2/metadata/a_way/config").unwrap()["data"]["current_version"], 2);
    // Two more: the old path forgets versions 1 and 2.
    put(4);
    put(5);
    ws.apply();
    ws.is_settled();
    let metadata = api.get("kvv2/metadata/a_way/config").unwrap();
    assert_eq!(metadata["data"]["current_version"], 5);
    for round in 3..=5 {
        let read = api.get(&format!("kvv2/data/a_way/config?version={round}")).unwrap();
        assert_eq!(read["data"]["data"], json!({ "ROUND": round }));
    }
    assert_eq!(api.get("kvv2/metadata/till-sandbox/config"), None);

    // What is written to the new path before the old one is gone stays the newest.
    write(&ws, &[("till", "sandbox", "")]);
    let mut nth = 1;
    while kill(&relays, &ws, At::OpenBao, nth) {
        let there = api.get("kvv2/metadata/till-sandbox/config");
        let whole = there.is_some_and(|there| there["data"]["current_version"] == 3);
        let read = servers.bao.policy("till-sandbox").unwrap();
        if whole && read.contains("kvv2/data/till-sandbox/config") {
            break;
        }
        nth += 1;
    }
    put(6);
    ws.apply();
    ws.is_settled();
    let read = api.get(old).unwrap();
    assert_eq!(read["data"]["data"], json!({ "ROUND": 6 }));
    assert_eq!(read["data"]["metadata"]["version"], 4);
    assert_eq!(api.get("kvv2/metadata/a_way/config"), None);
}

#[test]
fn a_document_without_a_version_to_copy_holds_nothing_up() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", ""), ("shop", "sandbox", "")]);
    ws.step();
    let api = servers.bao.api();
    // Settings and no version; every version destroyed.
    api.put("kvv2/metadata/till-sandbox/config", &json!({ "custom_metadata": { "team": "till" } }));
    secrets(&servers, "shop-sandbox/config");
    api.put("kvv2/destroy/shop-sandbox/config", &json!({ "versions": [2, 3] }));
    let names = |app: &str| format!("names {{\n  kv_path = \"{app}_new/config\"\n}}");
    write(&ws, &[("till", "sandbox", &names("till")), ("shop", "sandbox", &names("shop"))]);
    ws.step();
    let custom = &api.get("kvv2/metadata/till_new/config").unwrap()["data"]["custom_metadata"];
    assert_eq!(custom, &json!({ "team": "till" }));
    let read = api.get("kvv2/data/shop_new/config").unwrap();
    assert_eq!(read["data"]["data"]["ROUND"], "1");
    for gone in ["till", "shop"] {
        assert_eq!(api.get(&format!("kvv2/metadata/{gone}-sandbox/config")), None);
    }
}

#[test]
fn a_path_of_another_env_is_refused_though_nothing_is_there() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", ""), ("till", "prod", "")]);
    ws.step();
    let before = Snapshot::take(&servers);
    let names = "names {\n  kv_path = \"till/config\"\n}";
    write(&ws, &[("till", "sandbox", names), ("till", "prod", "")]);
    let refused = ws.plan_fails();
    assert!(refused.say("is that of till/prod"), "{refused}");
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn what_keeps_its_database_and_role_disturbs_nobody() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    secrets(&servers, "till-sandbox/config");
    let lease = servers.bao.lease("till-sandbox");
    let mut session = lease.login(&servers.pg, "till-sandbox").command();
    let mut session = session
        .args(["-c", "SELECT pg_sleep(600)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let names = "names {\n  kv_path = \"a_way/config\"\n  runtime_policy = \"till-new\"\n}\n";
    write(&ws, &[("till", "sandbox", &format!("{names}force_disconnect = true"))]);
    ws.step();
    secrets_moved(&servers, "till-sandbox/config", "a_way/config");
    assert!(session.try_wait().unwrap().is_none(), "the session goes on");
    session.kill().unwrap();
    session.wait().unwrap();
    servers.bao.revoke(&lease);
}

#[test]
fn a_copy_that_was_given_up_is_not_taken_for_the_database_later() {
    let servers = Servers::start();
    let (relays, ws) = broken(&servers);
    ws.write("provider.tf", &under("underscored-v1", "\n  postgres {}\n"));
    let names = |database: &str| format!("names {{\n  database = \"{database}\"\n}}\n");
    write(&ws, &[("till", "staging", &names("till_old"))]);
    ws.step();
    let early = Sentinel::plant(&servers.pg, "till_old");
    let copied = format!("{}rename = \"copy\"", names("till_new"));
    let rows = "SELECT datname FROM pg_database WHERE datname LIKE 'till%' ORDER BY 1";
    let mut nth = 1;
    let mut given_up = 0;
    loop {
        write(&ws, &[("till", "staging", &copied)]);
        let came = kill(&relays, &ws, At::Postgres, nth);
        assert!(came, "the copy was never half-made");
        let registered = servers.pg.sql("SELECT database FROM appenv.instances").one().to_owned();
        if registered == "till_new" {
            break;
        }
        // The names of before: the database is open, and the copy is gone.
        write(&ws, &[("till", "staging", &names("till_old"))]);
        ws.step();
        assert_eq!(servers.pg.sql(rows).column(), ["till_old"], "write {nth}");
        assert!(early.is_in(&servers.pg, "till_old"));
        given_up += 1;
        nth += 1;
    }
    assert!(given_up >= 3, "{given_up}");
    // The last one went through; what was written until then is in it.
    write(&ws, &[("till", "staging", &copied)]);
    ws.step();
    assert!(early.is_in(&servers.pg, "till_new"));

    // Half-made once more, and the old one opened by hand and written to meanwhile.
    let copied = format!("{}rename = \"copy\"", names("till_third"));
    write(&ws, &[("till", "staging", &copied)]);
    while !servers.pg.has_database("till_third") {
        nth = if nth > 9 { 1 } else { nth + 1 };
        assert!(kill(&relays, &ws, At::Postgres, nth.min(4)));
    }
    servers.pg.sql("ALTER DATABASE till_new ALLOW_CONNECTIONS true");
    let late = Sentinel::plant(&servers.pg, "till_new");
    ws.apply();
    ws.is_settled();
    assert!(early.is_in(&servers.pg, "till_third") && late.is_in(&servers.pg, "till_third"));
}

#[test]
fn a_kept_database_that_is_used_again_or_is_another_is_not_dropped() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.write("provider.tf", &under("underscored-v1", "\n  postgres {}\n"));
    let names =
        |database: &str| format!("rename = \"copy\"\nnames {{\n  database = \"{database}\"\n}}\n");
    for database in ["till_one", "till_two", "till_three"] {
        write(&ws, &[("till", "staging", &names(database))]);
        ws.step();
    }
    let at = address("till", "staging");
    assert_eq!(ws.state().resource(&at)["kept"].as_object().unwrap().len(), 2);
    servers.pg.sql("DROP DATABASE till_one");
    servers.pg.sql("CREATE DATABASE till_one");
    let foreign = Sentinel::plant(&servers.pg, "till_one");
    servers.pg.sql("ALTER DATABASE till_two ALLOW_CONNECTIONS true");
    let used = Sentinel::plant(&servers.pg, "till_two");
    servers.pg.sql(
        "UPDATE appenv.instances SET kept =
         '{\"till_one\": \"2020-01-01T00:00:00Z\", \"till_two\": \"2020-01-01T00:00:00Z\"}'",
    );
    let refused = ws.apply_fails();
    assert!(refused.say("The kept database \"till_two\" is open again"), "{refused}");
    foreign.is_still_there(&servers.pg);
    used.is_still_there(&servers.pg);
    // Taken over by whoever opened it.
    servers.pg.sql("COMMENT ON DATABASE till_two IS NULL");
    servers.pg.sql("ALTER DATABASE till_two OWNER TO postgres");
    ws.apply();
    ws.is_settled();
    assert_eq!(ws.state().resource(&at)["kept"], json!({}));
    ws.destroy();
    foreign.is_still_there(&servers.pg);
    used.is_still_there(&servers.pg);
    assert!(!servers.pg.has_database("till_three"));
}

#[test]
fn a_shared_role_is_refused_before_anybody_is_cut_off() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.write("provider.tf", &under("underscored-v1", "\n  postgres {}\n"));
    let own = "names {\n  owner_role = \"karmyq_dev_role\"\n}\n";
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", own)]);
    ws.step();
    let before = Snapshot::take(&servers);
    let force = "force_disconnect = true";
    // To the role that another has, and back to one of one's own.
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", force)]);
    let refused = ws.plan_fails();
    assert!(refused.say("owner_role = \"karmyq_dev_role\""), "{refused}");
    Snapshot::take(&servers).since(&before).is_nothing();

    write(&ws, &[("karmyq", "staging", "")]);
    ws.step();
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", "")]);
    ws.step();
    let before = Snapshot::take(&servers);
    write(&ws, &[("karmyq", "staging", ""), ("karmyq", "dev", &format!("{own}{force}"))]);
    let refused = ws.plan_fails();
    assert!(refused.say("Role \"karmyq_user\" is other instances' too"), "{refused}");
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn what_a_forced_renaming_cuts_off_leaves_no_login_behind() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    let lease = servers.bao.lease("till-sandbox");
    let login = lease.login(&servers.pg, "till-sandbox");
    // Its own, not the owner role's.
    login.sql("CREATE SCHEMA mine; GRANT ALL ON SCHEMA mine TO PUBLIC");
    login.sql("RESET ROLE; SET ROLE NONE; CREATE TABLE mine.things (x int)");
    let names = "force_disconnect = true\nnames {\n  database = \"till_new\"\n  owner_role = \"till_new_role\"\n}";
    write(&ws, &[("till", "sandbox", names)]);
    ws.step();
    assert!(!servers.pg.has_role(&lease.username), "the login is still there");
    let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'things'";
    assert_eq!(servers.pg.sql_in("till_new", owner).one(), "till_new_role");
}

#[test]
fn what_was_dropped_by_hand_is_made_under_its_new_name() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    servers.pg.sql("DROP DATABASE \"till-sandbox\"");
    servers.pg.sql("DROP ROLE till_sandbox_role");
    let names = "names {\n  database = \"till_new\"\n  owner_role = \"till_new_role\"\n}";
    write(&ws, &[("till", "sandbox", names)]);
    ws.step();
    assert!(servers.pg.has_database("till_new") && servers.pg.has_role("till_new_role"));
}
