// SPDX-License-Identifier: MPL-2.0
//! The servers of the bench are what they claim to be.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::scratch::{self, Scratch};
use acceptance::servers::postgres::{Kind, Postgres};
use acceptance::servers::{Servers, choice};
use serde_json::json;

#[test]
fn every_postgres_has_the_three_logins_and_no_more_rights_than_said() {
    for kind in Kind::all() {
        let pg = Postgres::start_on(&kind);
        assert_eq!(pg.sql("SHOW server_version_num").one()[..2], kind.major().to_string());
        let admin = pg.admin();
        assert_eq!(
            admin
                .sql(
                    "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = user"
                )
                .0,
            [["f", "t", "t"]]
        );
        admin.sql("CREATE SCHEMA appenv; DROP SCHEMA appenv");
        admin.sql("CREATE DATABASE mine TEMPLATE template0");
        assert!(pg.has_database("mine") && !pg.has_database("theirs"));
        assert!(pg.vault_admin().sql_fails("CREATE DATABASE theirs").is_forbidden());
        let stranger = admin.as_role("appenv_admin", "wrong");
        assert_eq!(stranger.try_sql("SELECT 1").unwrap_err().code, None);
    }
}

#[test]
fn postgres_logs_the_providers_statements_and_not_the_oracles() {
    let pg = Postgres::start();
    pg.admin().sql("SELECT 'by the provider'");
    pg.sql("SELECT 'by the oracle'");
    let log = std::fs::read_to_string(pg.log()).unwrap();
    assert!(log.contains("by the provider"), "{log}");
    assert!(!log.contains("by the oracle"), "{log}");
    assert!(!log.contains(&pg.admin().password));
}

#[test]
fn postgres_survives_a_restart_a_crash_and_a_frost() {
    let mut pg = Postgres::start();
    pg.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
    pg.restart();
    pg.crash();
    assert!(pg.root().try_sql("SELECT 1").is_err());
    pg.start_again();
    assert_eq!(pg.sql("SELECT n FROM kept").one(), "7");
    pg.freeze();
    let login = pg.root().clone();
    let asked = std::thread::spawn(move || login.sql("SELECT 1"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!asked.is_finished(), "a frozen server answered");
    pg.thaw();
    assert_eq!(asked.join().unwrap().one(), "1");
}

/// Plays two parts: started again by itself, it holds a server until it is killed.
#[test]
fn no_server_outlives_a_killed_test_run() {
    const PART: &str = "APPENV_TEST_HOLDS_A_SERVER";
    if let Some(file) = std::env::var_os(PART) {
        let servers = Servers::start();
        let ports = [servers.pg.port(), servers.bao.port()].map(|port| port.to_string()).join(" ");
        std::fs::write(file, ports).unwrap();
        std::thread::sleep(Duration::from_secs(120));
        return;
    }
    let name = "servers::no_server_outlives_a_killed_test_run";
    if choice::left_out(name, "a container belongs to its engine and outlives a killed test run") {
        return;
    }
    let scratch = Scratch::new("orphan");
    let file = scratch.join("ports");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(PART, &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(Instant::now() < deadline, "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let ports = || -> Vec<u16> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.split(' ').filter_map(|port| port.parse().ok()).collect()
    };
    until("both servers are up", &|| ports().len() == 2);
    let answers = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(ports().into_iter().all(answers));
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("both servers are gone", &|| !ports().into_iter().any(answers));
    scratch::sweep();
}

#[test]
fn openbao_leases_a_login_that_works_until_it_is_revoked() {
    for servers in Servers::each() {
        let Servers { pg, bao } = &servers;
        bao.cli().write(
            "postgres/roles/probe",
            &json!({
                "db_name": "postgres",
                "creation_statements":
                    ["CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"],
            }),
        );
        let lease = bao.lease("probe");
        let login = lease.login(pg, "postgres");
        assert_eq!(login.sql("SELECT session_user").one(), lease.username);
        bao.revoke(&lease);
        assert!(login.try_sql("SELECT 1").is_err());
        let log = std::fs::read_to_string(pg.log()).unwrap();
        assert!(log.contains(&lease.username) && !log.contains(&lease.password));
        assert!(std::fs::read_to_string(bao.audit_log()).unwrap().contains("postgres/creds/probe"));
    }
}

#[test]
fn openbao_accepts_pods_and_ci_jobs_bound_to_a_role() {
    let servers = Servers::shared();
    let bao = &servers.bao;
    bao.api().put(
        "auth/kubernetes/role/bench-login",
        &json!({
            "bound_service_account_names": ["erp"],
            "bound_service_account_namespaces": ["erp"],
            "token_policies": ["default"],
        }),
    );
    let login = |mount: &str, token: String| {
        let body = json!({ "role": "bench-login", "jwt": token });
        bao.api().send("PUT", &format!("auth/{mount}/login"), Some(&body))
    };
    let pod = login("kubernetes", bao.issuer().pod_token("erp", "erp"));
    assert!(pod.is_success(), "{pod:?}");
    assert!(!login("kubernetes", bao.issuer().pod_token("erp", "other")).is_success());

    bao.api().put(
        "auth/gitea_jwt/role/bench-login",
        &json!({
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_claims": { "repository": "org/erp" },
            "token_policies": ["default"],
        }),
    );
    let job = login("gitea_jwt", bao.issuer().ci_token("org/erp"));
    assert!(job.is_success(), "{job:?}");
    assert!(!login("gitea_jwt", bao.issuer().ci_token("org/other")).is_success());
}

#[test]
fn the_providers_token_may_do_what_its_policy_says_and_no_more() {
    let servers = Servers::shared();
    let bao = &servers.bao;
    let apply = bao.api().with_token(bao.apply_token());
    let plan = bao.api().with_token(bao.plan_token());

    apply.put("sys/policies/acl/bench-rights", &json!({ "policy": "path \"x\" {}" }));
    assert!(plan.get("sys/policies/acl/bench-rights").is_some());
    apply.delete("sys/policies/acl/bench-rights");
    apply.put(
        "kvv2/data/appenv/_apps/bench-rights",
        &json!({ "data": { "a": 1 }, "options": { "cas": 0 } }),
    );
    assert!(plan.get("kvv2/data/appenv/_apps/bench-rights").is_some());
    bao.api().delete("kvv2/metadata/appenv/_apps/bench-rights");
    assert!(plan.get("sys/internal/ui/mounts/kvv2").is_some());

    apply.put("sys/leases/revoke-prefix/postgres/creds/bench-none", &json!({ "sync": true }));
    assert!(apply.list("sys/leases/lookup/postgres/creds/bench-none").is_empty());

    let refused = |api: &acceptance::servers::openbao::Api, method: &str, path: &str| {
        let answer =
            api.send(method, path, (method == "PUT").then(|| json!({ "policy": "" })).as_ref());
        assert!(answer.is_forbidden(), "{method} {path}: {answer:?}");
    };
    refused(&apply, "PUT", "sys/policies/acl/appenv-apply");
    // Notes on secrets lie beside the registry; nothing below another name does.
    refused(&apply, "PUT", "kvv2/data/appenv/_other/bench-rights");
    refused(&apply, "DELETE", "kvv2/data/appenv/bench-rights");
    refused(&plan, "PUT", "kvv2/data/appenv/bench-rights");
    refused(&apply, "DELETE", "kvv2/metadata/appenv/_apps/bench-rights");
    // Allowed, and there is no such role; what a lease is given back by ends no other.
    let answer = apply.send("GET", "postgres/creds/bench-none", None);
    assert_eq!(answer.status, 400, "{answer:?}");
    refused(&apply, "PUT", "sys/leases/revoke");
    refused(&apply, "PUT", "sys/leases/revoke/auth/token/create/any");
    refused(&plan, "GET", "postgres/creds/any");
    refused(&apply, "GET", "sys/mounts");
    refused(&apply, "PUT", "sys/mounts/another");
    refused(&plan, "PUT", "sys/policies/acl/bench-rights");
    refused(&plan, "PUT", "kvv2/data/appenv/_apps/bench-rights");
    refused(&plan, "LIST", "sys/leases/lookup/postgres/creds/bench-none");
    refused(&plan, "GET", "kvv2/data/erp/config");
}

#[test]
fn bao_itself_reads_writes_and_misses() {
    let servers = Servers::shared();
    let bao = &servers.bao;
    assert_eq!(bao.read("sys/policies/acl/bench-none"), None);
    bao.cli().policy_write("bench-cli", "path \"kvv2/data/x\" { capabilities = [\"read\"] }");
    let read = bao.read("sys/policies/acl/bench-cli").unwrap();
    assert!(read["data"]["policy"].as_str().unwrap().contains("kvv2/data/x"));
    assert_eq!(bao.policy("bench-cli").as_deref(), read["data"]["policy"].as_str());
    let other = bao.cli().with_token("no-such-token");
    assert!(other.fails(&["read", "sys/policies/acl/bench-cli"]).contains("permission denied"));
    bao.cli().delete("sys/policies/acl/bench-cli");
}
