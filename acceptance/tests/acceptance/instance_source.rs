// SPDX-License-Identifier: MPL-2.0
//! The data source `appenv_app_instance`: a registered instance, read by a state that does not hold it.
//!
//! The oracles are psql and the API of OpenBao, and what was written.

use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::json;

use crate::site::{Site, block, header, plain};

const CANARY: &str = "a-canary-of-an-instance-4712";

fn source(app: &str, env: &str, more: &str) -> String {
    format!(
        "data \"appenv_app_instance\" \"it\" {{\n  app = \"{app}\"\n  env = \"{env}\"\n{more}}}\noutput \"it\" {{\n  value = \
         data.appenv_app_instance.it\n}}\n"
    )
}

#[test]
fn an_instance_is_read_by_a_state_that_does_not_hold_it() {
    let site = Site::shared();
    let (pg, bao) = (&site.servers.pg, &site.servers.bao);
    let more = "  release = \"2.0.1\"\n  services = [\"api\"]\n  names {\n    database = \"source_db\"\n  }\n";
    let secret = format!(
        "resource \"appenv_env_secret\" \"key\" {{\n  app = appenv_app_instance.it.app\n  env = \"sandbox\"\n  key = \
         \"API_KEY\"\n  value_wo = \"{CANARY}\"\n  value_wo_version = 1\n}}\n"
    );
    site.write_at("src1.tfstate", &format!("{}{secret}", block("it", "src1", "sandbox", more)));
    site.ws.apply();

    // Another state of another owner, with a token that may plan.
    let mut ws = Workspace::new(Cli::any()).with_env(site.servers.env());
    ws.set_env("VAULT_TOKEN", bao.plan_token());
    let write = |ws: &Workspace, data: &str| {
        ws.write("main.tf", &format!("{}{data}", header("acme/watch", "", "")));
    };
    write(&ws, &source("src1", "sandbox", ""));
    let before = site.snapshot("src1");
    ws.apply();
    site.is_untouched(&before, "src1");
    let it = ws.state().output("it").clone();
    let row = pg.sql(
        "SELECT owner || ' ' || generation || ' ' || written_at || ' ' || spec_digest FROM appenv.instances WHERE app = 'src1'",
    );
    let text = |field: &str| it[field].as_str().unwrap().to_owned();
    assert_eq!(
        format!(
            "{} {} {} {}",
            text("owner"),
            it["generation"],
            text("last_apply"),
            text("spec_digest")
        ),
        row.one()
    );
    assert_eq!(
        [&it["registered"], &it["production"], &it["release"], &it["services"], &it["registries"]],
        [
            &json!(true),
            &json!(false),
            &json!("2.0.1"),
            &json!(["api"]),
            &json!(["postgres", "vault"])
        ]
    );
    assert!(text("holder").ends_with("src1.tfstate"), "{it:#}");
    assert_eq!(it["resolved_names"]["database"], "source_db");
    assert_eq!(it["resolved_names"]["kv_path"], "src1-sandbox/config");
    assert_eq!(it["resolved_names"]["services"], json!({ "api": "src1-sandbox-api" }));
    assert_eq!(it["protection"], json!(null), "no production apply yet");
    let differing = |it: &serde_json::Value| {
        let objects = it["objects"].as_object().unwrap().clone();
        objects.into_iter().filter(|(_, state)| state != "ok").collect::<Vec<_>>()
    };
    assert_eq!(differing(&it), []);

    // What was changed by hand is told.
    pg.sql("ALTER DATABASE source_db CONNECTION LIMIT 77");
    bao.cli().delete("sys/policies/acl/src1-sandbox");
    ws.apply();
    let told = differing(ws.state().output("it"));
    assert_eq!(
        told,
        [
            ("postgres_database".to_owned(), json!("differs: connection_limit is 77")),
            ("vault_runtime_policy".to_owned(), json!("missing")),
        ]
    );
    site.ws.step();
    ws.apply();
    assert_eq!(differing(ws.state().output("it")), []);

    // A name that is not the registered one.
    write(&ws, &source("src1", "sandbox", "  names {\n    database = \"other\"\n  }\n"));
    let told = ws.plan_fails();
    let error = told.error();
    assert_eq!(error.summary, "src1/sandbox has another database");
    assert!(error.detail.contains("registered with \"source_db\""), "{told}");

    // Not registered: an error that says where it was looked for, or an answer.
    write(&ws, &source("src1", "dev", ""));
    let told = ws.plan_fails();
    let error = told.error();
    assert_eq!(error.summary, "src1/dev is not registered");
    for words in
        ["PostgreSQL at ", "Vault at ", "has only \"sandbox\"", "must_exist = false", "Next:"]
    {
        assert!(error.detail.contains(words), "{words}: {told}");
    }
    write(&ws, &source("src1", "dev", "  must_exist = false\n"));
    ws.apply();
    let it = ws.state().output("it").clone();
    assert_eq!((&it["registered"], &it["owner"]), (&json!(false), &json!(null)));
    assert_eq!(it["resolved_names"]["database"], "src1-dev");

    // Cut off, and production with its floor.
    pg.sql("UPDATE appenv.instances SET phase = 'pending' WHERE app = 'src1'");
    write(&ws, &source("src1", "sandbox", ""));
    ws.apply();
    let registration = ws.state().output("it")["objects"]["registration"].clone();
    assert_eq!(registration, "differs: a create did not finish");
    site.ws.step();
    let prod = site.beside().owned_by("acme/floor");
    prod.write(&plain("it", "src2", "prod"));
    prod.ws.step();
    write(&ws, &source("src2", "prod", ""));
    ws.apply();
    let it = ws.state().output("it").clone();
    assert_eq!((&it["production"], &it["protection"]["mode"]), (&json!(true), &json!("open")));
    assert_eq!(it["protection"]["production"], true);

    // A dead server is an error that names it.
    write(&ws, &source("src2", "prod", "  timeout = \"3s\"\n"));
    let port = acceptance::daemon::free_port().to_string();
    ws.set_env("PGPORT", &port);
    let told = ws.plan_fails();
    assert!(told.error().summary.starts_with("src2/prod: "), "{told}");
    assert!(told.error().detail.contains(&format!("server listens at 127.0.0.1:{port}")), "{told}");

    let mut canaries = Canaries::new();
    canaries.register("a secret", CANARY).register("a token", bao.plan_token());
    canaries.are_nowhere(&Sinks::of(&ws));
    site.ws.destroy();
}
