// SPDX-License-Identifier: MPL-2.0
//! The CLI is killed during an apply: the provider ends by itself, and the next apply converges.

use std::time::{Duration, Instant};

use acceptance::servers::Servers;
use acceptance::{Fault, Workspace};

use crate::rig::{At, Hcl, Relays};

/// Kills the CLI while the Nth write is held; answers how long the provider lived on.
fn kill_cli_at(ws: &Workspace, relays: &Relays, at: At, nth: usize) -> Duration {
    relays.arm(at, nth, Fault::Delay(Duration::from_secs(2)));
    let mut run = ws.start(&["apply", "-json", "-auto-approve"]);
    run.wait_until("the write is held", |_| relays.at(at).fired().is_some());
    let providers = run.providers();
    assert!(!providers.is_empty(), "no provider runs");
    run.kill_cli();
    let killed = Instant::now();
    while providers.iter().any(|process| lives(process.pid)) {
        assert!(killed.elapsed() < Duration::from_secs(10), "the provider outlives its CLI");
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = killed.elapsed();
    assert_eq!(run.wait().code, None, "the CLI was not killed");
    relays.forget();
    took
}

/// Whether a process runs; one that has ended and was not waited for does not.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[test]
fn a_provider_ends_with_its_cli_and_the_next_apply_goes_on() {
    let servers = Servers::shared();
    let relays = Relays::new(&servers);
    for (app, at, nth) in
        [("orphan1", At::Postgres, 2), ("orphan2", At::Postgres, 5), ("orphan3", At::OpenBao, 3)]
    {
        let ws = relays.workspace(&servers);
        Hcl::new().instance(app, "sandbox", "").write(&ws);
        kill_cli_at(&ws, &relays, at, nth);
        ws.step();
        assert!(servers.pg.has_database(&format!("{app}-sandbox")));
        ws.destroy();
        assert!(!servers.pg.has_database(&format!("{app}-sandbox")));
    }
}
