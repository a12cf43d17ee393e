// SPDX-License-Identifier: MPL-2.0
//! The promotion ledger: what was applied whole, in each registry, and first when.
//!
//! The oracle is psql and bao.

use std::collections::BTreeMap;

use acceptance::servers::Servers;

use crate::rig::{self, Hcl};

type Ledger = BTreeMap<String, String>;

/// What each registry says was applied; the two never differ.
fn applied(servers: &Servers) -> Ledger {
    let row = "SELECT applied::text FROM appenv.instances WHERE app = 'ledger' AND env = 'sandbox'";
    let postgres: Ledger = serde_json::from_str(servers.pg.sql(row).one()).unwrap();
    let document = servers.bao.read("kvv2/data/appenv/_apps/ledger").unwrap();
    let vault = &document["data"]["data"]["instances"]["sandbox"]["applied"];
    assert_eq!(serde_json::to_value(&postgres).unwrap(), *vault);
    postgres
}

#[test]
fn what_was_applied_whole_stays_applied() {
    let servers = Servers::shared();
    let ws = rig::workspace(&servers);
    let release = |version: &str| {
        let line = format!("  release = \"{version}\"");
        Hcl::new().instance("ledger", "sandbox", &line).write(&ws);
        ws.step();
        let digest =
            ws.state().resource("appenv_app_instance.ledger_sandbox")["spec_digest"].clone();
        (digest.as_str().unwrap().to_owned(), applied(&servers))
    };
    let (one, first) = release("1");
    assert_eq!(first.keys().collect::<Vec<_>>(), [&one]);
    let (two, both) = release("2");
    assert_ne!(one, two);
    assert_eq!(both.len(), 2);
    assert_eq!((both.get(&one), both.contains_key(&two)), (first.get(&one), true));
    // Back to what was there: nothing new, and the first time counts.
    assert_eq!(release("1"), (one.clone(), both.clone()));

    // A registry that lost it learns it from the other.
    servers.pg.sql("UPDATE appenv.instances SET applied = '{}' WHERE app = 'ledger'");
    let (three, all) = release("3");
    assert_eq!(all.len(), 3);
    assert_eq!((all.get(&one), all.contains_key(&three)), (first.get(&one), true));

    ws.destroy();
    assert_eq!(applied(&servers), all, "a tombstone keeps it");
    assert_eq!(release("1"), (one, all), "and what is made again has it");
    ws.destroy();
}

#[test]
fn what_did_not_become_whole_was_not_applied() {
    let servers = Servers::start();
    let ws = rig::workspace(&servers);
    Hcl::new().instance("ledger", "sandbox", "").write(&ws);
    // It is registered, and its database cannot be made.
    servers.pg.sql("ALTER ROLE appenv_admin NOCREATEDB");
    ws.apply_fails();
    let row = "SELECT phase || ' ' || applied::text FROM appenv.instances";
    assert_eq!(servers.pg.sql(row).one(), "pending {}");
    servers.pg.sql("ALTER ROLE appenv_admin CREATEDB");
    ws.step();
    assert_eq!(applied(&servers).len(), 1);
    ws.destroy();
}
