// SPDX-License-Identifier: MPL-2.0
//! The provider is killed, or loses an answer, at every write of a renaming; the next run converges, and neither a row
//! nor a version of the secrets is lost.

use acceptance::servers::Servers;
use acceptance::{Sentinel, Snapshot};
use serde_json::json;

use crate::crash::{Faults, Mode};
use crate::rename::{secrets, secrets_moved};
use crate::rig::{Hcl, Relays};

/// The names an instance has; it goes from one to the next.
fn names(number: usize) -> String {
    format!(
        "  names {{
    database            = \"till-{number}\"
    owner_role          = \"till_{number}_role\"
    vault_database_role = \"till-{number}\"
    kubernetes_role     = \"till-{number}\"
    runtime_policy      = \"till-{number}\"
    ops_policy          = \"till-{number}-ops\"
    kv_path             = \"till_{number}/config\"
  }}"
    )
}

/// Renames over and over, each time with the next fault; answers how many writes were broken.
fn enumerate(modes: &[Mode], more: &str) -> usize {
    let servers = Servers::start();
    let relays = Relays::new(&servers);
    let ws = relays.workspace(&servers);
    let mut faults = Faults::of(modes);
    let mut number = 0;
    Hcl::new()
        .instance("till", "sandbox", &format!("{}\n{more}", names(number)))
        .instance("other", "sandbox", "")
        .write(&ws);
    ws.step();
    let neighbour = Snapshot::of_app(&servers, "other");
    secrets(&servers, "till_0/config");
    let sentinel = Sentinel::plant(&servers.pg, "till-0");
    while !faults.is_exhausted() {
        let was = number;
        number += 1;
        Hcl::new()
            .instance("till", "sandbox", &format!("{}\n{more}", names(number)))
            .instance("other", "sandbox", "")
            .write(&ws);
        if faults.strike(&relays, &ws, "apply") {
            relays.forget();
            ws.apply();
        }
        relays.forget();
        ws.is_settled();
        assert_eq!(relays.writes(), Vec::<String>::new(), "a plan has written");
        assert!(sentinel.is_in(&servers.pg, &format!("till-{number}")), "round {number}");
        secrets_moved(&servers, &format!("till_{was}/config"), &format!("till_{number}/config"));
        let row = "SELECT database, owner_role, phase, copying IS NULL FROM appenv.instances WHERE app = 'till'";
        let is =
            [format!("till-{number}"), format!("till_{number}_role"), "live".into(), "t".into()];
        assert_eq!(servers.pg.sql(row).0, [is]);
        assert!(!servers.pg.has_role(&format!("till_{was}_role")));
        assert_eq!(servers.pg.has_database(&format!("till-{was}")), !more.is_empty());
        let bao = servers.bao.api();
        for gone in ["sys/policies/acl", "postgres/roles", "auth/kubernetes/role"] {
            assert_eq!(bao.get(&format!("{gone}/till-{was}")), None, "{gone} in round {number}");
        }
        assert_eq!(servers.bao.policy(&format!("till-{was}-ops")), None);
        let ops = servers.bao.policy(&format!("till-{number}-ops")).unwrap();
        assert!(ops.contains(&format!("kvv2/data/till_{number}/config")), "{ops}");
    }
    Snapshot::of_app(&servers, "other").since(&neighbour).is_nothing();
    // A login of the last name works.
    let lease = servers.bao.lease(&format!("till-{number}"));
    lease.login(&servers.pg, &format!("till-{number}")).sql("SELECT 1");
    servers.bao.revoke(&lease);
    if !more.is_empty() {
        let state = ws.state();
        let kept = &state.resource("appenv_app_instance.till_sandbox")["kept"];
        assert_eq!(kept.as_object().unwrap().len(), number, "each old database is kept once");
    }
    ws.destroy();
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'till-%'";
    assert_eq!(servers.pg.sql(left).one(), "0");
    let document = servers.bao.api().get(&format!("kvv2/data/till_{number}/config")).unwrap();
    assert_eq!(document["data"]["data"]["ROUND"], json!("3"));
    faults.broken
}

#[test]
fn a_kill_before_any_write_of_a_renaming_is_mended() {
    let broken = enumerate(&[Mode::KillBefore], "");
    assert!(broken >= 18, "{broken}");
}

#[test]
fn a_kill_after_any_write_of_a_renaming_is_mended() {
    let broken = enumerate(&[Mode::KillAfter], "");
    assert!(broken >= 18, "{broken}");
}

#[test]
fn a_lost_reply_to_any_write_of_a_renaming_is_no_failure() {
    let broken = enumerate(&[Mode::DropReply], "");
    assert!(broken >= 18, "{broken}");
}

#[test]
fn a_kill_after_any_write_of_a_renaming_by_copy_is_mended() {
    let broken = enumerate(&[Mode::KillAfter], "  rename = \"copy\"\n  keep_old = \"5h\"");
    assert!(broken >= 20, "{broken}");
}
