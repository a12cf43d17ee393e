// SPDX-License-Identifier: MPL-2.0
//! The provider is killed, or loses an answer, at every write of an opening and a close.

use acceptance::servers::Servers;
use acceptance::workspace::Victim;
use acceptance::{Fault, Workspace};

use super::{From, Hcl, logins, workspace};
use crate::rig::Relays;

/// A way to break the Nth write.
type Breaking = fn(Victim) -> Fault;

/// Breaks the Nth write of a plan that opens credentials, for N = 1, 2, … until there is no Nth; says what follows.
fn each(relays: &Relays, ws: &Workspace, fault: Breaking, mut then: impl FnMut(&str, Option<i32>)) {
    for nth in 1.. {
        relays.forget();
        relays.pg.arm(nth, fault(ws.victim()));
        let run = ws.run(&["plan", "-json"]);
        let Some(write) = relays.pg.fired() else {
            assert_eq!(run.code, Some(0), "nothing was broken, and yet: {run}");
            assert!(nth > 3, "it made {nth} writes only");
            return;
        };
        relays.forget();
        then(&write, run.code);
    }
}

#[test]
fn every_write_of_it() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let relays = Relays::new(&servers);
    let hcl = Hcl::new(From::Postgres, "fuse");
    let direct = workspace(&servers);
    direct.write("main.tf", &hcl.render_instance());
    direct.step();
    let ws = relays.workspace(&servers);
    // No instance in this state: the credentials alone.
    let alone = hcl.render().replace("  generation = appenv_app_instance.it.generation\n", "");
    let (before, rest) = alone.split_once("resource \"appenv_app_instance\"").unwrap();
    let (_, after) = rest.split_once("\n}\n").unwrap();
    ws.write("main.tf", &format!("{before}{after}"));

    let breaking: [Breaking; 2] = [|_| Fault::DropReply, |_| Fault::Reset];
    for fault in breaking {
        each(&relays, &ws, fault, |write, code| {
            assert_eq!(code, Some(0), "lost at {write}");
            assert!(logins(pg, "fuse").is_empty(), "lost at {write}");
        });
    }
    let killing: [Breaking; 2] = [Fault::KillBefore, Fault::KillAfter];
    for fault in killing {
        each(&relays, &ws, fault, |write, code| {
            assert_eq!(code, Some(1), "killed at {write}");
            // Whatever is left is known, and ends: the next opening drops it.
            let left = logins(pg, "fuse");
            for login in &left {
                let marked = pg.sql(&format!(
                    "SELECT shobj_description(oid, 'pg_authid') || ' ' || (rolvaliduntil IS NOT NULL) \
                     FROM pg_roles WHERE rolname = '{login}'"
                ));
                assert_eq!(
                    marked.one(),
                    "appenv:v1 app=fuse env=sandbox owner=acme/shop temporary login true",
                    "killed at {write}"
                );
                pg.sql(&format!("ALTER ROLE \"{login}\" VALID UNTIL 'yesterday'"));
            }
            ws.plan();
            assert!(logins(pg, "fuse").is_empty(), "killed at {write}: {left:?}");
        });
    }
    let roles = pg.sql("SELECT 1 FROM pg_roles WHERE rolname LIKE '%_tmp_%'");
    assert!(roles.is_empty());
}
