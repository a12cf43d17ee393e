// SPDX-License-Identifier: MPL-2.0
//! The token at OpenBao: renewed while an apply writes, and what is said of a dead one and of one that may not.

use std::time::Duration;

use acceptance::servers::Servers;
use acceptance::{Fault, Workspace};
use serde_json::{Value, json};

use crate::rig;
use crate::rig::{At, Hcl, Relays};

/// A token with the provider's policy that lives so many seconds.
fn short_lived(servers: &Servers, seconds: u64, renewable: bool) -> String {
    let wish = json!({
        "policies": ["appenv-apply"], "no_parent": true, "ttl": format!("{seconds}s"), "renewable": renewable,
    });
    token(&servers.bao.api().put("auth/token/create", &wish))
}

fn token(answer: &Value) -> String {
    answer["auth"]["client_token"].as_str().unwrap().to_owned()
}

/// An apply that is held between two of its writes.
fn apply_slowly(ws: &Workspace, relays: &Relays, seconds: u64) -> acceptance::Run {
    relays.arm(At::OpenBao, 3, Fault::Delay(Duration::from_secs(seconds)));
    ws.run(&["apply", "-json", "-auto-approve"])
}

#[test]
fn a_short_lived_token_is_renewed_while_an_apply_writes() {
    let servers = Servers::shared();
    let relays = Relays::new(&servers);
    let mut ws = relays.workspace(&servers);
    Hcl::new().instance("renewed", "sandbox", "").write(&ws);
    ws.set_env("VAULT_TOKEN", &short_lived(&servers, 10, true));
    let run = apply_slowly(&ws, &relays, 11);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(relays.bao.requests().iter().any(|asked| asked.ends_with("auth/token/renew-self")));
}

#[test]
fn a_token_that_dies_on_the_way_is_told_from_one_that_may_not() {
    let servers = Servers::shared();
    let relays = Relays::new(&servers);
    let mut ws = relays.workspace(&servers);
    Hcl::new().instance("dead", "sandbox", "").write(&ws);
    let dying = short_lived(&servers, 3, false);
    ws.set_env("VAULT_TOKEN", &dying);
    let run = apply_slowly(&ws, &relays, 4);
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    let error = told.error();
    assert!(error.detail.contains("does not know the token"), "{error}");
    assert!(
        error.detail.contains("Log in again") && !error.detail.contains("capabilities"),
        "{error}"
    );
    assert!(!run.text().contains(&dying));
    let told = ws.plan_fails();
    assert!(told.say("does not know the token"), "{told}");

    // Alive, and without the right.
    ws.set_env("VAULT_TOKEN", servers.bao.plan_token());
    let told = ws.apply_fails();
    let error = told.error();
    assert!(error.detail.contains("its policies do not allow this"), "{error}");
    assert!(
        error.detail.contains("capabilities = [") && error.detail.contains("path \""),
        "{error}"
    );
    assert!(!error.detail.contains("Log in again"), "{error}");

    ws.set_env("VAULT_TOKEN", servers.bao.apply_token());
    ws.step();
}

#[test]
fn a_token_that_may_only_plan_is_enough_to_plan() {
    let servers = Servers::shared();
    let mut ws = rig::workspace(&servers);
    Hcl::new().instance("reader", "sandbox", "").write(&ws);
    ws.step();
    ws.set_env("VAULT_TOKEN", servers.bao.plan_token());
    ws.is_settled();
}
