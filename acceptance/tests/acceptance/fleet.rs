// SPDX-License-Identifier: MPL-2.0
//! `appenv_fleet`: every instance of four registries; each finding by breaking what it is about, and by mending it as it says.
//!
//! The oracles are psql, the API of OpenBao, the file system, and what the breaking itself did.

use std::fs;
use std::path::Path;

use acceptance::servers::{Moto, Servers};
use acceptance::{Canaries, Cli, Sinks, Snapshot, Workspace};
use serde_json::{Value, json};

use crate::names_alone::shown;
use crate::site::{block, plain};

const CANARY: &str = "a-canary-of-the-fleet-4711";

fn header(root: &Path, owner: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n  owner = \"{owner}\"\n  secret_store = \"vault\"\n  gates {{\n    state = \"off\"\n    \
         production = \"open\"\n  }}\n  postgres {{}}\n  vault {{}}\n  host {{\n    root = \"{}\"\n    name = \"test\"\n  }}\n  \
         aws {{\n    region = \"eu-west-3\"\n  }}\n}}\n",
        root.display()
    )
}

fn fleet(name: &str, more: &str) -> String {
    format!(
        "data \"appenv_fleet\" \"{name}\" {{\n  timeout = \"5s\"\n{more}}}\noutput \"{name}\" {{\n  value = \
         data.appenv_fleet.{name}\n}}\n"
    )
}

/// A workspace that only looks.
struct Looker {
    ws: Workspace,
}

impl Looker {
    fn new(env: Vec<(String, String)>, root: &Path, blocks: &str) -> Self {
        let ws = Workspace::new(Cli::any()).with_env(env);
        ws.write("main.tf", &format!("{}{blocks}", header(root, "acme/watch")));
        Self { ws }
    }

    fn look(&self) -> Look {
        self.ws.apply();
        Look(self.ws.state().output("all").clone())
    }
}

struct Look(Value);

impl Look {
    /// Each instance as `app/env status registries`.
    fn instances(&self) -> Vec<String> {
        let list = |value: &Value| {
            let names = value.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
            names.collect::<Vec<_>>().join("+")
        };
        let told = |one: &Value| {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            format!(
                "{}/{} {} {}",
                text("app"),
                text("env"),
                text("status"),
                list(&one["registries"])
            )
        };
        self.0["instances"].as_array().unwrap().iter().map(told).collect()
    }

    fn instance(&self, app: &str) -> &Value {
        let all = self.0["instances"].as_array().unwrap();
        all.iter().find(|one| one["app"] == app).unwrap()
    }

    /// Findings that are neither `ok` nor `skip`, as `check status target`.
    fn findings(&self) -> Vec<String> {
        let all = self.0["findings"].as_array().unwrap().iter();
        let told = all.filter(|one| one["status"] != "ok" && one["status"] != "skip");
        let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
        told.map(|one| {
            assert!(!text(one, "fix").is_empty(), "nothing to do: {one}");
            let server = text(one, "target");
            let server = ["PostgreSQL", "Vault", "directories"]
                .into_iter()
                .find(|name| server.contains(name))
                .unwrap_or(if server.contains("AWS") { "AWS" } else { "everywhere" });
            let target = text(one, "target").split(" on ").next().unwrap().to_owned();
            let target = if target.contains(server) { "registry".to_owned() } else { target };
            format!("{} {} {target} {server}", text(one, "check"), text(one, "status"))
        })
        .collect()
    }

    fn is_whole(&self) {
        assert_eq!(self.findings(), [""; 0]);
        assert_eq!(self.0["ok"], true);
    }

    fn says(&self, words: &str) {
        assert!(self.0["findings"].to_string().contains(words), "{words}:\n{:#}", self.0);
    }
}

/// The examples of what reads instances, where erp/sandbox is.
fn the_examples_hold(servers: &Servers) {
    for (example, output, value) in [
        ("appenv_app_instance", "database", json!("erp-sandbox")),
        (
            "appenv_fleet",
            "releases",
            json!({ "crm/dev": null, "erp/sandbox": "1.4.2", "lab/dev": null }),
        ),
        ("appenv_parity", "", json!(null)),
    ] {
        let ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
        ws.copy_from(&format!("examples/data-sources/{example}"));
        let told = ws.apply().diagnostics();
        // There is no erp/prod here, which its check tells.
        assert_eq!(told.warnings().count(), usize::from(example == "appenv_parity"), "{told}");
        if !output.is_empty() {
            assert_eq!(ws.state().output(output), &value, "{example}");
        }
        let (page, body) = shown(&format!("data-sources/{example}"));
        assert!(page.contains(&body), "the page of {example} shows another one");
    }
}

#[test]
fn a_fleet_over_four_registries_broken_and_mended() {
    let mut servers = Servers::start();
    let moto = Moto::start();
    let makers = Workspace::new(Cli::any()).without_trace();
    let root = makers.root().join("srv");
    fs::create_dir(&root).unwrap();
    let env: Vec<_> = servers.env().into_iter().chain(moto.env()).collect();
    let makers = makers.with_env(env.clone());
    let secret = format!(
        "resource \"appenv_env_secret\" \"key\" {{\n  app = appenv_app_instance.erp.app\n  env = \"sandbox\"\n  key = \
         \"API_KEY\"\n  value_wo = \"{CANARY}\"\n  value_wo_version = 1\n}}\n"
    );
    let blocks = format!(
        "{}{}{}{secret}",
        block("erp", "erp", "sandbox", "  release = \"1.4.2\"\n"),
        block("crm", "crm", "dev", "  on_destroy = \"retain\"\n"),
        plain("lab", "lab", "dev"),
    );
    makers.write("main.tf", &format!("{}{blocks}", header(&root, "acme/shop")));
    makers.apply();
    // The token is one that plans; the looker's owner is another one.
    let mut env = env;
    env.retain(|(key, _)| key != "VAULT_TOKEN");
    env.push(("VAULT_TOKEN".to_owned(), servers.bao.plan_token().to_owned()));
    let filters = [
        fleet("all", ""),
        fleet("erp", "  app = \"erp\"\n  env = \"sandbox\"\n  owner = \"acme/shop\"\n"),
        fleet("none", "  owner = \"acme/watch\"\n"),
    ];
    let mut looker = Looker::new(env, &root, &filters.concat());

    let before = Snapshot::take(&servers).with_files(&root);
    let entries = moto.everything();
    let look = looker.look();
    look.is_whole();
    let everywhere = "postgres+vault+host+aws";
    assert_eq!(
        look.instances(),
        ["crm/dev", "erp/sandbox", "lab/dev"].map(|one| format!("{one} registered {everywhere}"))
    );
    let erp = look.instance("erp");
    assert_eq!(
        [&erp["instance"], &erp["release"], &erp["owner"], &erp["generation"]],
        [&json!("erp-sandbox"), &json!("1.4.2"), &json!("acme/shop"), &json!(1)]
    );
    assert_eq!(
        (&erp["production"], &look.instance("lab")["release"]),
        (&json!(false), &json!(null))
    );
    let written = "SELECT written_at FROM appenv.instances WHERE app = 'erp'";
    assert_eq!(erp["last_apply"], json!(servers.pg.sql(written).one()));
    let state = looker.ws.state();
    assert_eq!(state.output("erp")["instances"], json!([erp]));
    assert_eq!(state.output("none")["instances"], json!([]));
    look.says("The token may not list sys/policies/acl");
    assert_eq!(moto.everything(), entries);
    Snapshot::take(&servers).with_files(&root).since(&before).is_nothing();

    the_examples_hold(&servers);

    // Broken: objects gone in three systems, a registration gone in one, an apply cut off, a login left.
    let row = "SELECT row_to_json(i) FROM appenv.instances i WHERE app = 'lab'";
    let row = servers.pg.sql(row).one().replace('\'', "''");
    servers.pg.sql("DROP DATABASE \"erp-sandbox\"");
    servers.bao.cli().delete("sys/policies/acl/erp-sandbox");
    fs::remove_dir_all(root.join("erp/secrets")).unwrap();
    servers.pg.sql("DELETE FROM appenv.instances WHERE app = 'lab'");
    servers.pg.sql("UPDATE appenv.instances SET phase = 'pending' WHERE app = 'crm'");
    let lease = servers.bao.lease("crm-dev");
    servers
        .pg
        .sql(&format!("ALTER ROLE \"{}\" VALID UNTIL '2020-01-02T03:04:05Z'", lease.username));
    let shut = servers.bao.lease("crm-dev");
    let login = &shut.username;
    servers.pg.sql_in(
        "crm-dev",
        &format!("CREATE TABLE left_over (); ALTER TABLE left_over OWNER TO \"{login}\""),
    );
    servers.bao.revoke(&shut);
    let mut logins = [&lease.username, login];
    logins.sort();
    let look = looker.look();
    assert_eq!(
        look.findings(),
        [
            "pending warn crm/dev PostgreSQL".to_owned(),
            "orphaned fail erp/sandbox PostgreSQL".to_owned(),
            "orphaned fail erp/sandbox Vault".to_owned(),
            "orphaned fail erp/sandbox directories".to_owned(),
            "orphaned fail lab/dev PostgreSQL".to_owned(),
            format!("overdue_login warn login \"{}\" PostgreSQL", logins[0]),
            format!("overdue_login warn login \"{}\" PostgreSQL", logins[1]),
        ]
    );
    for words in
        ["database \\\"erp-sandbox\\\"", "policy \\\"erp-sandbox\\\"", "/erp/secrets/sandbox"]
    {
        look.says(words);
    }
    assert_eq!(
        look.instances(),
        [
            format!("crm/dev pending {everywhere}"),
            format!("erp/sandbox orphaned {everywhere}"),
            "lab/dev orphaned vault+host+aws".to_owned(),
        ]
    );
    assert_eq!(look.0["ok"], false);
    let overdue = look.0["overdue_logins"].as_array().unwrap();
    let over = overdue.iter().find(|one| one["login"] == json!(lease.username)).unwrap();
    assert_eq!(over["until"], "2020-01-02T03:04:05Z");
    look.says("It is shut, and stays since it owns objects.");

    // Mended as the findings say: restored, applied, revoked.
    servers.pg.sql(&format!(
        "INSERT INTO appenv.instances SELECT * FROM json_populate_record(NULL::appenv.instances, '{row}')"
    ));
    makers.apply();
    servers.bao.revoke(&lease);
    assert!(servers.pg.has_database("erp-sandbox") && !servers.pg.has_role(&lease.username));
    assert!(!servers.pg.has_role(login), "a shut login stays");
    looker.look().is_whole();

    // Another entry holds it in one registry.
    let mut document =
        servers.bao.api().get("kvv2/data/appenv/_apps/lab").unwrap()["data"]["data"].clone();
    document["instances"]["dev"]["holder"] = json!("somebody");
    servers.bao.api().put("kvv2/data/appenv/_apps/lab", &json!({ "data": document }));
    let look = looker.look();
    assert_eq!(look.findings(), ["registration fail lab/dev everywhere"]);
    assert!(!look.0.to_string().contains("somebody"));
    makers.apply();
    looker.look().is_whole();

    // A registration that cannot be read hides no other.
    let junk = json!({ "data": { "instances": "junk" } });
    servers.bao.api().put("kvv2/data/appenv/_apps/junk", &junk);
    let look = looker.look();
    assert_eq!(look.findings(), ["registration fail registry Vault"]);
    look.says("app \\\"junk\\\"");
    assert_eq!(look.instances().len(), 3);
    servers.bao.cli().delete("kvv2/metadata/appenv/_apps/junk");
    looker.look().is_whole();

    // A policy that carries the marker of nobody, seen by a token that may list policies.
    let text = servers.bao.policy("lab-dev").unwrap().replace("app=lab", "app=ghost");
    servers.bao.cli().policy_write("ghost-dev", &text);
    looker.ws.set_env("VAULT_TOKEN", servers.bao.root_token());
    let look = looker.look();
    assert_eq!(look.findings(), ["orphaned fail ghost/dev Vault"]);
    assert_eq!(look.instance("ghost")["generation"], json!(null));
    servers.bao.cli().delete("sys/policies/acl/ghost-dev");
    let look = looker.look();
    look.is_whole();
    assert!(!look.0.to_string().contains("may not list"));

    // Deleted, with what is kept.
    makers
        .write("main.tf", &format!("{}{}", header(&root, "acme/shop"), plain("lab", "lab", "dev")));
    makers.apply();
    let look = looker.look();
    assert_eq!(
        look.instances()[..2],
        ["crm/dev", "erp/sandbox"].map(|one| format!("{one} gone {everywhere}"))
    );
    assert_eq!(look.findings(), ["kept warn crm/dev PostgreSQL"]);
    look.says("database \\\"crm-dev\\\", role \\\"crm_dev_role\\\"");
    servers.pg.sql("DROP DATABASE \"crm-dev\"");
    servers.pg.sql("DROP ROLE crm_dev_role");
    let look = looker.look();
    look.is_whole();

    // Dead: one registry, then two; the others are listed all the same.
    servers.pg.crash();
    let look = looker.look();
    assert_eq!(look.findings(), ["registry fail registry PostgreSQL"]);
    assert_eq!(look.instances()[2], "lab/dev registered vault+host+aws");
    servers.bao.freeze();
    let look = looker.look();
    assert_eq!(
        look.findings(),
        ["registry fail registry PostgreSQL", "registry fail registry Vault"]
    );
    assert_eq!(look.instances()[2], "lab/dev registered host+aws");
    assert_eq!(look.0["ok"], false);
    servers.bao.thaw();
    servers.pg.start_again();
    looker.look().is_whole();

    let mut canaries = Canaries::new();
    canaries.register("a secret", CANARY).register("a leased password", &lease.password);
    canaries.register("a token", servers.bao.plan_token());
    canaries.are_nowhere(&Sinks::of(&looker.ws).with_openbao(&servers.bao));
}
