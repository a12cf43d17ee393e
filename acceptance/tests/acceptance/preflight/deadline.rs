// SPDX-License-Identifier: MPL-2.0
//! One server that is dead hides nothing of the other, and no read takes longer than it may.

use std::time::Duration;

use acceptance::servers::Servers;
use serde_json::json;

use super::{Found, asks};
use crate::rig::{Hcl, workspace};

const POSTGRES: [&str; 4] = ["postgres_version", "postgres_login", "owner_role", "database"];
const VAULT: [&str; 3] = ["vault_database_role", "vault_runtime_policy", "vault_kubernetes_role"];

fn is(found: &Found, checks: &[&str], status: &str) {
    for check in checks {
        assert_eq!(found.one(check)["status"], status, "{check} of {found:#?}");
    }
}

#[test]
fn one_dead_server_hides_no_other() {
    let mut servers = Servers::start();
    let instance = workspace(&servers);
    Hcl::new().instance("erp", "sandbox", "").write(&instance);
    instance.step();
    servers.bao.api().put("kvv2/data/erp-sandbox/config", &json!({ "data": { "TOKEN": "x" } }));
    let mut ws = workspace(&servers);
    asks("  timeout = \"5s\"\n  required_keys = [\"TOKEN\"]\n").write(&ws);
    let good = Found::by(&ws);
    assert!(good.ok, "{good:#?}");

    // Sealed, and unsealed as it says.
    let key = servers.bao.unseal_key();
    servers.bao.cli().run(&["operator", "seal"]);
    let found = Found::by(&ws);
    is(&found, &["vault_connection", "secret_store"], "fail");
    is(&found, &VAULT, "skip");
    is(&found, &["required_key"], "skip");
    is(&found, &POSTGRES, "ok");
    let told = found.one("vault_connection");
    assert!(told["fix"].as_str().unwrap().contains("bao operator unseal"), "{told}");
    servers.bao.cli().run(&["operator", "unseal", &key]);
    assert!(Found::by(&ws).ok);

    // Frozen: connections are taken and nothing answers.
    servers.bao.freeze();
    let run = ws.apply();
    servers.bao.thaw();
    assert!(run.took < Duration::from_secs(25), "{run}");
    let found = Found::of(&run);
    is(&found, &["vault_connection"], "fail");
    assert_eq!(found.one("vault_connection")["detail"], "It did not answer within 5 s.");
    is(&found, &VAULT, "skip");
    is(&found, &POSTGRES, "ok");

    servers.pg.freeze();
    let run = ws.apply();
    servers.pg.thaw();
    assert!(run.took < Duration::from_secs(25), "{run}");
    let found = Found::of(&run);
    is(&found, &["postgres_connection"], "fail");
    is(&found, &POSTGRES, "skip");
    is(&found, &VAULT, "ok");
    is(&found, &["required_key"], "ok");

    // Gone, and back.
    servers.pg.crash();
    let found = Found::by(&ws);
    is(&found, &["postgres_connection"], "fail");
    is(&found, &VAULT, "ok");
    servers.pg.start_again();
    assert!(Found::by(&ws).ok);

    // A token that nobody knows, and a password that is another one.
    ws.set_env("VAULT_TOKEN", "s.nobody").set_env("BAO_TOKEN", "s.nobody");
    let found = Found::by(&ws);
    is(&found, &["vault_connection"], "fail");
    is(&found, &POSTGRES, "ok");
    ws.set_envs(servers.env()).set_env("PGPASSWORD", "another one");
    let found = Found::by(&ws);
    is(&found, &["postgres_connection"], "fail");
    is(&found, &VAULT, "ok");
    ws.set_envs(servers.env());
    assert!(Found::by(&ws).ok);
}
