// SPDX-License-Identifier: MPL-2.0
//! An approved apply that is cut off goes on under its approval, and nothing else does.
//!
//! Every write is the last one before a kill once: of a create, of a change, of an end.

use acceptance::Workspace;
use acceptance::servers::Servers;

use super::{SHUT, digest, named};
use crate::crash::{Faults, Mode};
use crate::rig::{self, Relays};
use crate::site::{block, header};

/// Servers behind relays, and one app after the other.
struct Stage {
    // Before the servers that they relay to.
    relays: Relays,
    servers: Servers,
    ws: Workspace,
    faults: Faults,
}

impl Stage {
    fn set() -> Self {
        let servers = Servers::start();
        let relays = Relays::new(&servers);
        let ws = relays.workspace(&servers);
        Self { relays, servers, ws, faults: Faults::of(&[Mode::KillAfter]) }
    }

    /// Writes the configuration of an app's production instance; `None`: of nothing.
    fn write(&self, instance: Option<(&str, u32)>) {
        let block = instance.map(|(app, limit)| {
            let more = format!(
                "  deletion_protection = false\n  force_disconnect = true\n  release = \"{limit}\"\n  database {{\n    \
                 connection_limit = {limit}\n    extensions = [\"citext\"]\n  }}\n  vault {{\n    max_ttl = \"{limit}h\"\n  }}\n"
            );
            block("it", app, "prod", &more)
        });
        let header = header(rig::OWNER, "", &SHUT.lines());
        self.ws.write("main.tf", &format!("{header}{}", block.unwrap_or_default()));
    }

    /// The digest that a plan asks for; none where what was approved goes on.
    fn asked(&self, app: &str, operation: &str) -> Option<String> {
        let told = self.ws.run(&["plan", "-json"]).diagnostics();
        told.errors().find_map(|error| named(&error.summary, &format!("{app}/prod"), operation))
    }

    fn approve(&mut self, digest: &str) {
        self.ws.set_env("APPENV_APPROVALS", digest);
    }

    /// Applies what the configuration says, with leave.
    fn apply(&mut self, app: &str, operation: &str) {
        let approved = self.asked(app, operation).unwrap();
        self.approve(&approved);
        let run = self.ws.run(&["apply", "-json", "-auto-approve"]);
        assert_eq!(run.code, Some(0), "{run}");
        self.approve("");
    }

    /// Applies what is approved, broken once; what goes on is that change under that approval, and no other.
    fn go_on(&mut self, app: &str, operation: &str, same: Option<u32>) {
        let approved = digest(&self.ws.plan_fails(), &format!("{app}/prod"), operation);
        self.approve(&approved);
        if self.faults.strike(&self.relays, &self.ws, "apply") {
            self.relays.forget();
            if self.asked(app, "adopt").is_some() {
                // All of it was written, and the CLI has lost what the entry held: it is taken over anew.
                let sql = format!(
                    "SELECT phase FROM appenv.instances WHERE app = '{app}' AND pending IS NULL"
                );
                assert_eq!(self.servers.pg.sql(&sql).one(), "live");
                self.apply(app, "adopt");
                return;
            }
            if let Some(limit) = same {
                // Another change than the approved one is another one still.
                self.write(Some((app, limit + 500)));
                for operation in [operation, "adopt", "update"] {
                    assert_ne!(self.asked(app, operation).as_ref(), Some(&approved));
                }
                self.write(Some((app, limit)));
            }
            let run = self.ws.run(&["apply", "-json", "-auto-approve"]);
            assert_eq!(run.code, Some(0), "it does not go on: {run}");
        }
        // What was armed and not met.
        self.relays.forget();
        self.approve("");
    }
}

#[test]
fn an_approved_create_goes_on_after_any_write() {
    let mut stage = Stage::set();
    let mut round = 0;
    while !stage.faults.is_exhausted() {
        round += 1;
        let app = format!("app{round}");
        // A state of its own.
        stage.ws = stage.relays.workspace(&stage.servers);
        stage.write(Some((&app, 3)));
        stage.go_on(&app, "create", Some(3));
        stage.ws.is_settled();
    }
    assert!(stage.faults.broken > 8, "{:?}", stage.faults);
}

#[test]
fn an_approved_change_goes_on_after_any_write() {
    let mut stage = Stage::set();
    stage.write(Some(("erp", 1)));
    stage.apply("erp", "create");
    let mut limit = 1;
    while !stage.faults.is_exhausted() {
        limit += 1;
        stage.write(Some(("erp", limit)));
        stage.go_on("erp", "update", Some(limit));
        stage.ws.is_settled();
    }
    assert!(stage.faults.broken > 4, "{:?}", stage.faults);
}

#[test]
fn an_approved_end_goes_on_after_any_write() {
    let mut stage = Stage::set();
    let mut round = 0;
    while !stage.faults.is_exhausted() {
        round += 1;
        let app = format!("app{round}");
        stage.write(Some((&app, 3)));
        stage.apply(&app, "create");
        stage.write(None);
        stage.go_on(&app, "delete", None);
        assert!(stage.ws.state().is_empty());
    }
    assert!(stage.faults.broken > 6, "{:?}", stage.faults);
}
