// SPDX-License-Identifier: MPL-2.0
//! The probe leases a login, tries it and revokes it, whatever happens in between.

use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::{Value, json};

use super::{Found, asks};
use crate::rig::{Hcl, workspace};

const ROLE: &str = "postgres/roles/erp-sandbox";

/// Nothing is left of a login.
pub fn is_clean(servers: &Servers) {
    let leases = servers.bao.api().list("sys/leases/lookup/postgres/creds/erp-sandbox");
    assert_eq!(leases, [""; 0]);
    let roles = servers.pg.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'");
    assert!(roles.is_empty(), "{roles:?}");
}

/// How many logins were leased since the server began.
fn leased(servers: &Servers) -> usize {
    let log = std::fs::read_to_string(servers.bao.audit_log()).unwrap();
    let is = |line: &&str| {
        line.contains("\"type\":\"response\"")
            && line.contains("\"path\":\"postgres/creds/erp-sandbox\"")
    };
    log.lines().filter(is).count()
}

pub fn statements(servers: &Servers, change: impl Fn(&mut Vec<Value>)) {
    let role = servers.bao.read(ROLE).unwrap()["data"].clone();
    let mut statements = role["creation_statements"].as_array().unwrap().clone();
    change(&mut statements);
    servers.bao.cli().write(ROLE, &json!({ "creation_statements": statements }));
}

#[test]
fn a_login_is_leased_tried_and_revoked_whatever_happens() {
    let servers = Servers::start();
    let instance = workspace(&servers);
    Hcl::new().instance("erp", "sandbox", "").write(&instance);
    instance.step();
    let mut ws = workspace(&servers);
    asks("").write(&ws);
    let found = Found::by(&ws);
    assert!(found.findings.iter().all(|f| !f["check"].as_str().unwrap().starts_with("probe")));
    assert_eq!(leased(&servers), 0, "nothing is leased unasked");

    let probe = |found: &Found| {
        ["probe_lease", "probe_role", "probe_revoke"]
            .map(|c| found.one(c)["status"].as_str().unwrap().to_owned())
    };
    asks("  probe = true\n").write(&ws);
    let found = Found::by(&ws);
    assert_eq!(probe(&found), ["ok", "ok", "ok"], "{found:#?}");
    assert!(leased(&servers) > 0);
    is_clean(&servers);
    // The same answer each time is no change.
    ws.is_settled();
    is_clean(&servers);

    // The example, as whoever has the instance: the probe in it, a postcondition and a check.
    let example = workspace(&servers);
    example.copy_from("examples/data-sources/appenv_preflight");
    let text = std::fs::read_to_string(example.dir().join("data-source.tf")).unwrap();
    let docs = acceptance::provider::root().join("docs/data-sources/preflight.md");
    let (_, shown) = text.split_once("provider \"appenv\"").unwrap();
    assert!(std::fs::read_to_string(docs).unwrap().contains(shown.trim_end()));
    example.write("data-source.tf", &text.replace("acme/erp", crate::rig::OWNER));
    example.write(".env.example", "DB_PASSWORD=\n");
    let told = example.plan_fails();
    assert!(told.say("env_example_key of key DB_PASSWORD"), "{told}");
    let document = json!({ "data": { "DB_PASSWORD": "x" } });
    servers.bao.api().put("kvv2/data/erp-sandbox/config", &document);
    let told = example.plan_with(&[]).diagnostics();
    assert!(told.0.is_empty(), "{told}");
    is_clean(&servers);

    // Its password is nowhere: this once the engine sends it in clear, so that PostgreSQL's log tells what to look for.
    let connection = "postgres/config/postgres";
    servers.bao.cli().run(&["write", connection, "password_authentication=password"]);
    let traced = Workspace::new(Cli::any()).with_env(servers.env());
    asks("  probe = true\n").write(&traced);
    assert_eq!(probe(&Found::by(&traced)), ["ok", "ok", "ok"]);
    servers.bao.cli().run(&["write", connection, "password_authentication=scram-sha-256"]);
    let mut canaries = Canaries::new();
    let log = std::fs::read_to_string(servers.pg.log()).unwrap();
    let passwords = log.split("LOGIN INHERIT PASSWORD '").skip(1);
    let mut clear =
        passwords.filter_map(|rest| rest.split('\'').next()).filter(|it| !it.starts_with("SCRAM"));
    canaries.register("a leased password", clear.next().unwrap()).are_nowhere(&Sinks::of(&traced));

    // A login that does not become the owner role.
    statements(&servers, |all| {
        all.pop();
    });
    let found = Found::by(&ws);
    assert_eq!(probe(&found), ["ok", "fail", "ok"], "{found:#?}");
    assert!(found.one("probe_role")["detail"].as_str().unwrap().contains("works as itself"));
    is_clean(&servers);
    instance.apply();

    // One that is not let in.
    servers.pg.sql("ALTER DATABASE \"erp-sandbox\" ALLOW_CONNECTIONS false");
    let found = Found::by(&ws);
    assert_eq!(probe(&found), ["ok", "fail", "ok"], "{found:#?}");
    is_clean(&servers);
    found.mend_of(&servers, "database");
    assert_eq!(probe(&Found::by(&ws)), ["ok", "ok", "ok"]);

    // A lease that comes after the deadline is revoked all the same.
    statements(&servers, |all| all.push(json!("SELECT pg_sleep(3)")));
    asks("  probe = true\n  timeout = \"1s\"\n").write(&ws);
    let before = leased(&servers);
    let found = Found::by(&ws);
    assert_eq!(probe(&found), ["fail", "fail", "ok"], "{found:#?}");
    assert!(leased(&servers) > before, "it was leased");
    is_clean(&servers);
    instance.apply();

    // A token that may not lease; the policy line that it asks for is in the fix.
    asks("  probe = true\n").write(&ws);
    ws.set_env("BAO_TOKEN", servers.bao.plan_token())
        .set_env("VAULT_TOKEN", servers.bao.plan_token());
    let found = Found::by(&ws);
    assert_eq!(probe(&found), ["fail", "skip", "skip"], "{found:#?}");
    let fix = found.one("probe_lease")["fix"].as_str().unwrap();
    assert!(
        fix.contains("path \"postgres/creds/erp-sandbox\" { capabilities = [\"read\"] }"),
        "{fix}"
    );
    // It may look at everything else.
    assert_eq!(found.with_status("fail"), ["probe_lease"], "{found:#?}");
    is_clean(&servers);
}
