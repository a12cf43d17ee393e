// SPDX-License-Identifier: MPL-2.0
//! The provider is killed, or loses an answer, at every write of a secret; the next run converges, and no value is lost.

use acceptance::servers::Servers;
use serde_json::{Value, json};

use crate::crash::{Faults, Mode};
use crate::rig::{Hcl, Relays};

const BOTH: [Mode; 4] = [Mode::KillBefore, Mode::KillAfter, Mode::DropReply, Mode::Reset];

fn secret(version: u32) -> Hcl {
    Hcl::new().instance("erp", "sandbox", "").text(&format!(
        "resource \"appenv_env_secret\" \"k\" {{\n  app = \"erp\"\n  env = \"sandbox\"\n  key = \"K\"\n  value_wo = \
         \"value-{version}\"\n  value_wo_version = {version}\n  rotation {{\n    grace = \"7d\"\n  }}\n}}\n"
    ))
}

fn values(servers: &Servers) -> Value {
    let read = servers.bao.api().get("kvv2/data/erp-sandbox/config").unwrap();
    read["data"]["data"].clone()
}

#[test]
fn every_write_of_a_value_is_broken_once() {
    let servers = Servers::start();
    let relays = Relays::new(&servers);
    let ws = relays.workspace(&servers);
    Hcl::new().instance("erp", "sandbox", "").write(&ws);
    ws.apply();
    servers.bao.api().put("kvv2/data/erp-sandbox/config", &json!({ "data": { "OTHER": "kept" } }));

    // Creates, each of a secret that is not there.
    let mut faults = Faults::of(&BOTH);
    while !faults.is_exhausted() {
        secret(1).write(&ws);
        if faults.strike(&relays, &ws, "apply") {
            ws.apply();
        }
        relays.forget();
        ws.is_settled();
        assert_eq!(values(&servers), json!({ "K": "value-1", "OTHER": "kept" }));
        Hcl::new().instance("erp", "sandbox", "").write(&ws);
        ws.apply();
        assert_eq!(values(&servers), json!({ "OTHER": "kept" }));
    }
    assert!(faults.broken >= 12, "{faults:?}");

    // New values: the one before is never lost, also where the run that goes on writes what is written already.
    secret(1).write(&ws);
    ws.apply();
    let mut faults = Faults::of(&BOTH);
    let mut version = 1;
    while !faults.is_exhausted() {
        version += 1;
        secret(version).write(&ws);
        if faults.strike(&relays, &ws, "apply") {
            ws.apply();
        }
        relays.forget();
        ws.is_settled();
        let expected = json!({
            "K": format!("value-{version}"),
            "K_PREVIOUS": format!("value-{}", version - 1),
            "OTHER": "kept",
        });
        assert_eq!(values(&servers), expected);
    }
    assert!(faults.broken >= 12, "{faults:?}");

    // Deletes.
    let mut faults = Faults::of(&BOTH);
    while !faults.is_exhausted() {
        Hcl::new().instance("erp", "sandbox", "").write(&ws);
        if faults.strike(&relays, &ws, "apply") {
            ws.apply();
        }
        relays.forget();
        ws.is_settled();
        assert_eq!(values(&servers), json!({ "OTHER": "kept" }));
        secret(1).write(&ws);
        ws.apply();
    }
    assert!(faults.broken >= 8, "{faults:?}");
}
