// SPDX-License-Identifier: MPL-2.0
//! The command `floor` with the real binary: what it shows and replaces, by the credentials of each registry.
//!
//! The oracle asks the registry directly; no floor is there but what this writes.

use std::path::PathBuf;
use std::process::Command;

use acceptance::servers::{Moto, Servers};
use acceptance::{Workspace, provider};
use serde_json::{Value, json};

use crate::rig::{self, Hcl};
use crate::{aws, host, site};

/// How to reach a registry, by option and environment.
struct Reach {
    place: Vec<String>,
    env: Vec<(String, String)>,
    dir: PathBuf,
}

impl Reach {
    /// Exit code, standard output and standard error.
    fn run(&self, verb: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(provider::binary());
        command.args(["floor", verb]).args(&self.place).args(arguments).current_dir(&self.dir);
        command.env_clear().envs(self.env.iter().map(|(key, value)| (key, value)));
        let ran = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
    }

    fn ok(&self, verb: &str, arguments: &[&str]) -> String {
        let (code, out, err) = self.run(verb, arguments);
        assert_eq!((code, err.as_str()), (0, ""), "floor {verb} {arguments:?}: {out}");
        out
    }

    fn fails(&self, verb: &str, arguments: &[&str], says: &[&str]) {
        let (code, out, err) = self.run(verb, arguments);
        assert_eq!((code, out.as_str()), (1, ""), "floor {verb} {arguments:?}: {err}");
        assert!(err.starts_with("error: "), "{err}");
        for says in says {
            assert!(err.contains(says), "{says} in {err}");
        }
    }

    /// From none to one that is replaced once, and not again without a signature.
    fn lives(&self, owner: &str, kept: impl Fn() -> Value) {
        assert!(self.ok("show", &[]).starts_with("no floor: "));
        assert_eq!(self.ok("show", &["--json"]), "[]\n");
        self.fails("show", &["--owner", owner], &["has no floor here"]);
        let write = |name: &str, floor: &Value| {
            let file = json!({ "version": 1, "owner": owner, "floor": floor });
            std::fs::write(self.dir.join(name), file.to_string()).unwrap();
        };
        let tight = json!({ "envs": {
            "prod": { "production": true, "mode": "noop", "allow": ["create", "release"],
                "promote_from": "sandbox", "soak": 3600 },
            "sandbox": { "production": false, "mode": "open", "allow": [] },
        }, "elided": "prod" });
        write("tight.json", &tight);
        self.fails(
            "set",
            &["--owner", "else", "tight.json"],
            &["is no floor of owner", "Nothing was written"],
        );
        self.ok("set", &["--owner", owner, "tight.json"]);
        assert_eq!(kept(), tight);
        assert_eq!(
            self.ok("show", &[]),
            format!(
                "owner {owner}\n  env prod: production, gate noop, allows create, release, promoted from sandbox after \
                 3600s\n  env sandbox: not production, gate open, allows nothing\n  left out of names: prod\n"
            )
        );
        // What is printed can be set.
        std::fs::write(self.dir.join("again.json"), self.ok("show", &["--json", "--owner", owner]))
            .unwrap();
        assert!(self.ok("set", &["--owner", owner, "again.json"]).contains("as it was"));
        let key = format!("SHA256:{}", "k".repeat(43));
        let mut signed = tight.clone();
        signed["keys"] = json!([key]);
        write("signed.json", &signed);
        self.ok("set", &["--owner", owner, "signed.json"]);
        assert_eq!(kept(), signed);
        self.fails(
            "set",
            &["--owner", owner, "tight.json"],
            &["takes a signature", &key, "ssh-keygen -Y sign"],
        );
        std::fs::write(self.dir.join("tight.json.sig"), "not one").unwrap();
        let with = ["--owner", owner, "tight.json", "--signature", "tight.json.sig"];
        self.fails("set", &with, &["does not count", "Nothing was written"]);
        self.fails("set", &["--owner", owner, "absent.json"], &["cannot be read"]);
        assert_eq!(kept(), signed);
    }
}

fn reach(ws: &Workspace, place: &[&str], env: Vec<(String, String)>) -> Reach {
    Reach { place: place.iter().map(|&text| text.to_owned()).collect(), env, dir: ws.dir() }
}

#[test]
fn the_floors_of_postgresql_and_openbao_are_shown_and_replaced() {
    let servers = Servers::start();
    let ws = rig::workspace(&servers);
    let pg = reach(&ws, &["--postgres"], servers.pg.env());
    let bao = reach(&ws, &["--vault"], servers.bao.env());
    std::fs::write(
        ws.dir().join("early.json"),
        r#"{"version":1,"owner":"us","floor":{"envs":{}}}"#,
    )
    .unwrap();
    for place in [&pg, &bao] {
        assert!(place.ok("show", &[]).starts_with("no floor: "));
        place.fails("set", &["--owner", "us", "early.json"], &["no registry"]);
    }
    Hcl::new().instance("erp", "sandbox", "").write(&ws);
    ws.step();
    pg.lives(rig::OWNER, || {
        let text = servers.pg.sql("SELECT floor::text FROM appenv.floors").one().to_owned();
        serde_json::from_str(&text).unwrap()
    });
    bao.lives(rig::OWNER, || {
        servers.bao.read("kvv2/data/appenv/_floors").unwrap()["data"]["data"]["owners"][rig::OWNER]
            .clone()
    });
    // The very instance is as it was.
    ws.is_settled();

    // Planning reads what it may not write.
    let planning = [("VAULT_TOKEN".to_owned(), servers.bao.plan_token().to_owned())];
    let env: Vec<_> = servers
        .bao
        .env()
        .into_iter()
        .filter(|(key, _)| key != "VAULT_TOKEN")
        .chain(planning)
        .collect();
    let plan = reach(&ws, &["--vault"], env);
    assert!(plan.ok("show", &[]).contains("gate noop"));
    std::fs::write(ws.dir().join("new.json"), r#"{"version":1,"owner":"new","floor":{"envs":{}}}"#)
        .unwrap();
    plan.fails("set", &["--owner", "new", "new.json"], &["_floors"]);

    // One that cannot be reached, and one that is not named.
    let nowhere = reach(&ws, &["--postgres"], Vec::new());
    nowhere.fails("show", &[], &["PGHOST"]);
    for wrong in [&["--postgres", "--vault"][..], &[], &["--vault", "--url", "postgres://h"]] {
        let (code, out, err) = reach(&ws, wrong, Vec::new()).run("show", &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
    }
}

#[test]
fn the_floor_of_a_machine_is_shown_and_replaced() {
    let machine = host::Machine::new();
    machine.write("", "");
    let place = reach(&machine.ws, &["--host", machine.root.to_str().unwrap()], Vec::new());
    machine.ws.step();
    place.lives("team/one", || {
        let file = std::fs::read(machine.path(".appenv/floors.json")).unwrap();
        let floors: Value = serde_json::from_slice(&file).unwrap();
        floors["owners"]["team/one"].clone()
    });
}

#[test]
fn the_floor_of_parameter_store_is_shown_and_replaced() {
    let moto = Moto::start();
    let ws = aws::with(moto.env(), &site::block("it", "erp", "sandbox", ""));
    ws.step();
    let env: Vec<_> = moto.env();
    let place = reach(&ws, &["--aws", "eu-west-3"], env);
    place.lives("acme/shop", || moto.document("/appenv/_floor/acme.2Fshop")["floor"].clone());
}
