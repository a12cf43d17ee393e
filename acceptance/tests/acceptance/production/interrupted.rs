//! An approved apply that is cut off goes on under its approval, and nothing else does.

use acceptance::servers::Servers;
use acceptance::{Diagnostics, Workspace};

use super::{digest, named};
use crate::crash::{Faults, Mode};
use crate::rig::{self, Relays};
use crate::site::{block, header};

const GATES: &str = "  gates {\n    production = \"noop\"\n  }\n  environment {\n    name       = \"prod\"\n    production = true\n    \
                     allow      = []\n  }\n  environment {\n    name = \"sandbox\"\n  }\n";

fn write(ws: &Workspace, more: &str) {
    let text = format!("{}{}", header(rig::OWNER, "", GATES), block("it", "erp", "prod", more));
    ws.write("main.tf", &text);
}

fn nothing(ws: &Workspace) {
    ws.write("main.tf", &header(rig::OWNER, "", GATES));
}

fn wish(limit: u32) -> String {
    format!(
        "  deletion_protection = false\n  force_disconnect = true\n  release = \"{limit}\"\n  database {{\n    connection_limit = \
         {limit}\n    extensions = [\"citext\"]\n  }}\n  vault {{\n    max_ttl = \"{limit}h\"\n  }}\n"
    )
}

/// The digest that a plan asks for; where an approved one goes on, none.
fn asked(ws: &Workspace, operation: &str) -> Option<String> {
    let run = ws.run(&["plan", "-json"]);
    let told: Diagnostics = run.diagnostics();
    told.errors().find_map(|error| named(&error.summary, "erp/prod", operation))
}

fn approve(ws: &mut Workspace, digest: &str) {
    ws.set_env("APPENV_APPROVALS", digest);
}

#[test]
fn every_write_of_an_approved_change_may_be_the_last() {
    let servers = Servers::start();
    let relays = Relays::new(&servers);
    let mut ws = relays.workspace(&servers);
    let kills = [Mode::KillBefore, Mode::KillAfter];
    let mut makes = Faults::of(&kills);
    let mut changes = Faults::of(&kills);
    let mut ends = Faults::of(&kills);
    let mut rounds = 0;
    while !(makes.is_exhausted() && changes.is_exhausted() && ends.is_exhausted()) {
        rounds += 1;
        assert!(rounds < 200, "the writes have no end");
        let limit = 2 * rounds;
        write(&ws, &wish(limit));
        go_on(
            &mut makes,
            (&servers, &relays),
            &mut ws,
            "create",
            |ws| write(ws, &wish(limit + 500)),
            |ws| {
                write(ws, &wish(limit));
            },
        );
        ws.is_settled();
        write(&ws, &wish(limit + 1));
        go_on(
            &mut changes,
            (&servers, &relays),
            &mut ws,
            "update",
            |ws| write(ws, &wish(limit + 500)),
            |ws| {
                write(ws, &wish(limit + 1));
            },
        );
        ws.is_settled();
        nothing(&ws);
        go_on(&mut ends, (&servers, &relays), &mut ws, "delete", |_| (), nothing);
        assert!(ws.state().is_empty());
    }
    assert!(
        makes.broken > 8 && changes.broken > 4 && ends.broken > 4,
        "{makes:?} {changes:?} {ends:?}"
    );
}

/// Applies what is approved, broken once; what goes on is that change under that approval, and no other.
fn go_on(
    faults: &mut Faults,
    (servers, relays): (&Servers, &Relays),
    ws: &mut Workspace,
    operation: &str,
    other: impl Fn(&Workspace),
    same: impl Fn(&Workspace),
) {
    let approved = digest(&ws.plan_fails(), "erp/prod", operation);
    approve(ws, &approved);
    if faults.strike(relays, ws, "apply") {
        relays.forget();
        if let Some(adopt) = asked(ws, "adopt") {
            // Nothing was written yet, or all of it, and the CLI has lost what the entry held: it is taken over anew.
            let pending =
                "SELECT count(*) FROM appenv.instances WHERE app = 'erp' AND pending IS NOT NULL";
            assert_eq!(servers.pg.sql(pending).one(), "0");
            approve(ws, &adopt);
            let run = ws.run(&["apply", "-json", "-auto-approve"]);
            assert_eq!(run.code, Some(0), "{run}");
            approve(ws, "");
            return;
        }
        // Another change than the approved one is another one still.
        other(ws);
        if let Some(asked) = asked(ws, operation) {
            assert_ne!(asked, approved);
        }
        same(ws);
        let run = ws.run(&["apply", "-json", "-auto-approve"]);
        assert_eq!(run.code, Some(0), "it does not go on after {:?}: {run}", relays.writes());
    }
    approve(ws, "");
}
