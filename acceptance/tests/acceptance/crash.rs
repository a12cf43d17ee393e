// SPDX-License-Identifier: MPL-2.0
//! The provider is killed, or loses an answer, at every write it makes; the next run converges.
//!
//! Every write of a create, of an update and of a delete is broken once by each kill, every write of a create also
//! by a lost reply and by a reset, on servers that hold others'
//! databases, roles and policies. Numbers are not written down: the Nth write is broken for N = 1, 2, … until a run
//! ends without having come to an Nth.

use acceptance::servers::Servers;
use acceptance::workspace::Victim;
use acceptance::{Fault, Sentinel, Snapshot, Workspace};
use serde_json::json;

use crate::rig::{self, At, Hcl, Relays};

/// How a write is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The provider is killed before the write is passed on.
    KillBefore,
    /// It is killed when the server has answered.
    KillAfter,
    /// The answer does not arrive.
    DropReply,
    /// The connection is reset instead of the write.
    Reset,
}

impl Mode {
    fn fault(self, victim: Victim) -> Fault {
        match self {
            Self::KillBefore => Fault::KillBefore(victim),
            Self::KillAfter => Fault::KillAfter(victim),
            Self::DropReply => Fault::DropReply,
            Self::Reset => Fault::Reset,
        }
    }

    fn kills(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }
}

/// Every fault of one operation, in turn.
#[derive(Debug)]
pub struct Faults {
    places: Vec<(At, Mode)>,
    nth: usize,
    /// How many writes were broken.
    pub broken: usize,
}

impl Faults {
    /// Every write at both servers, in each of these ways.
    pub fn of(modes: &[Mode]) -> Self {
        let places = modes.iter().flat_map(|mode| [(At::OpenBao, *mode), (At::Postgres, *mode)]);
        Self { places: places.collect(), nth: 1, broken: 0 }
    }

    /// Whether every write was broken.
    pub fn is_exhausted(&self) -> bool {
        self.places.is_empty()
    }

    /// Runs a command that is broken, and answers whether the command has to be run again.
    pub fn strike(&mut self, relays: &Relays, ws: &Workspace, verb: &str) -> bool {
        let Some((at, mode)) = self.places.last().copied() else { return true };
        relays.arm(at, self.nth, mode.fault(ws.victim()));
        let run = ws.run(&[verb, "-json", "-auto-approve"]);
        let Some(write) = relays.at(at).fired() else {
            assert_eq!(run.code, Some(0), "nothing was broken, and yet: {run}");
            self.places.pop();
            self.nth = 1;
            return false;
        };
        relays.forget();
        self.nth += 1;
        self.broken += 1;
        if mode.kills() {
            assert_eq!(run.code, Some(1), "killed at {write}, and yet: {run}");
        } else {
            // What was lost is looked for, not guessed at: nobody has to run it again.
            assert_eq!(run.code, Some(0), "{mode:?} at {write}: {run}");
        }
        mode.kills()
    }
}

/// Servers that hold more than what is ours.
struct Stage {
    // Before the servers that they relay to.
    relays: Relays,
    servers: Servers,
    sentinels: Vec<Sentinel>,
    neighbour: Workspace,
    rounds: usize,
}

impl Stage {
    fn set() -> Self {
        let servers = Servers::start();
        let relays = Relays::new(&servers);
        let neighbour = rig::workspace(&servers);
        Hcl::new().instance("kept", "sandbox", "").write(&neighbour);
        neighbour.apply();
        let pg = &servers.pg;
        pg.sql("CREATE ROLE legacy LOGIN");
        pg.sql("CREATE DATABASE legacy OWNER legacy TEMPLATE template0");
        servers
            .bao
            .cli()
            .policy_write("legacy", "path \"kvv2/data/legacy\" { capabilities = [\"read\"] }");
        servers.bao.api().put("kvv2/data/legacy/config", &json!({ "data": { "A": "1" } }));
        let sentinels =
            ["legacy", "kept-sandbox", "postgres"].map(|database| Sentinel::plant(pg, database));
        Self { relays, servers, sentinels: sentinels.into(), neighbour, rounds: 0 }
    }

    /// Creates, changes and deletes one instance, each with the next fault of its kind.
    fn round(&mut self, create: &mut Faults, update: &mut Faults, delete: &mut Faults) {
        self.rounds += 1;
        let app = format!("app{}", self.rounds);
        let (relays, pg, bao) = (&self.relays, &self.servers.pg, &self.servers.bao);
        let names = [
            app.clone(),
            format!("{app}-sandbox"),
            format!("{app}_sandbox_role"),
            format!("{app}-ops"),
            format!("gitea_cicd_{app}"),
        ];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let before = Snapshot::take(&self.servers);
        let ws = relays.workspace(&self.servers);
        let limit = |n: u32| format!("  database {{\n    connection_limit = {n}\n  }}");
        Hcl::new().instance(&app, "sandbox", &limit(3)).write(&ws);
        if create.strike(relays, &ws, "apply") {
            relays.forget();
            ws.apply();
        }
        relays.forget();
        ws.is_settled();
        assert_eq!(relays.writes(), Vec::<String>::new(), "a plan has written");
        self.is_made(&app, 3);
        Snapshot::take(&self.servers).since(&before).concerns_only(&names);

        if !update.is_exhausted() {
            // By hand, so that an update has every kind of object to mend.
            pg.sql(&format!("GRANT CONNECT ON DATABASE \"{app}-sandbox\" TO PUBLIC"));
            let foreign = json!({ "policy": "path \"x\" { capabilities = [\"read\"] }" });
            for policy in [format!("{app}-sandbox"), format!("{app}-ops")] {
                bao.api().put(&format!("sys/policies/acl/{policy}"), &foreign);
            }
            bao.api().delete(&format!("auth/kubernetes/role/{app}-sandbox"));
            bao.api().delete(&format!("auth/gitea_jwt/role/gitea_cicd_{app}"));
            let vault = "  vault {\n    default_ttl = \"30m\"\n  }";
            Hcl::new().instance(&app, "sandbox", &format!("{}\n{vault}", limit(4))).write(&ws);
            if update.strike(relays, &ws, "apply") {
                ws.apply();
            }
            ws.is_settled();
            self.is_made(&app, 4);
            let role = bao.read(&format!("postgres/roles/{app}-sandbox")).unwrap();
            assert_eq!(role["data"]["default_ttl"], 1800);
            Snapshot::take(&self.servers).since(&before).concerns_only(&names);
        }

        if delete.strike(relays, &ws, "destroy") {
            ws.destroy();
        }
        assert_eq!(ws.state_file()["resources"], json!([]));
        let left = Snapshot::take(&self.servers).since(&before);
        // What remains is the registry's memory of the generation.
        let memory = left.added.keys().filter(|key| {
            let row = key.starts_with("pg in postgres: row of appenv.");
            !row && !key.starts_with("bao kv appenv/_apps/")
        });
        assert_eq!(memory.collect::<Vec<_>>(), Vec::<&String>::new(), "left behind");
        assert!(left.removed.is_empty() && left.changed.is_empty(), "collateral:\n{left}");
        left.concerns_only(&names);
        self.sentinels.iter().for_each(|sentinel| sentinel.is_still_there(pg));
    }

    fn is_made(&self, app: &str, limit: u32) {
        let (pg, bao) = (&self.servers.pg, &self.servers.bao);
        let found = pg.sql(&format!(
            "SELECT datconnlimit, datdba::regrole, has_database_privilege('legacy', oid, 'CONNECT'), \
             (SELECT phase FROM appenv.instances WHERE app = '{app}') \
             FROM pg_database WHERE datname = '{app}-sandbox'"
        ));
        assert_eq!(found.0, [[&limit.to_string(), &format!("{app}_sandbox_role"), "f", "live"]]);
        let ops = bao.policy(&format!("{app}-ops")).unwrap();
        assert!(ops.contains(&format!("kvv2/data/{app}-sandbox/config")), "{ops}");
        let runtime = bao.policy(&format!("{app}-sandbox")).unwrap();
        assert!(runtime.contains(&format!("postgres/creds/{app}-sandbox")), "{runtime}");
        for role in [
            format!("auth/kubernetes/role/{app}-sandbox"),
            format!("auth/gitea_jwt/role/gitea_cicd_{app}"),
            format!("postgres/roles/{app}-sandbox"),
        ] {
            assert!(bao.api().get(&role).is_some(), "{role} is missing");
        }
    }

    /// The instance that was there all along is as it was, to its own state too.
    fn neighbour_is_untouched(&self) {
        self.neighbour.is_settled();
    }
}

/// Breaks every write of a create in all these ways; of an update and a delete in the others. Answers how many were
/// broken of each.
fn enumerate(create: &[Mode], rest: &[Mode]) -> [usize; 3] {
    let mut stage = Stage::set();
    let [mut create, mut update, mut delete] = [create, rest, rest].map(Faults::of);
    while !(create.is_exhausted() && update.is_exhausted() && delete.is_exhausted()) {
        stage.round(&mut create, &mut update, &mut delete);
    }
    stage.neighbour_is_untouched();
    [create.broken, update.broken, delete.broken]
}

#[test]
fn a_kill_before_any_write_is_mended_by_the_next_run() {
    let [create, update, delete] = enumerate(&[Mode::KillBefore], &[Mode::KillBefore]);
    assert!(create >= 15 && update >= 8 && delete >= 10, "{create} {update} {delete}");
}

#[test]
fn a_kill_after_any_write_is_mended_by_the_next_run() {
    let [create, update, delete] = enumerate(&[Mode::KillAfter], &[Mode::KillAfter]);
    assert!(create >= 15 && update >= 8 && delete >= 10, "{create} {update} {delete}");
}

#[test]
fn a_lost_reply_to_any_write_of_a_create_is_no_failure() {
    let [create, ..] = enumerate(&[Mode::DropReply], &[]);
    assert!(create >= 15, "{create}");
}

#[test]
fn a_reset_before_any_write_of_a_create_is_no_failure() {
    let [create, ..] = enumerate(&[Mode::Reset], &[]);
    assert!(create >= 15, "{create}");
}
