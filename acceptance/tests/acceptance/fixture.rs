// SPDX-License-Identifier: MPL-2.0
//! What release 0.1.0 left is read by this one, and nothing changes by it: its state with its private part, and its
//! registries. The objects are made anew, as a convention's objects are the same in every release.
//!
//! `UPDATE_FIXTURE=1` writes it; a release that was published keeps its own.

use std::path::PathBuf;

use acceptance::servers::Servers;
use acceptance::{Snapshot, Workspace, provider};
use serde_json::{Value, json};

use crate::rig::workspace;
use crate::site::{block, header};

const GATES: &str = "  gates {\n    production = \"noop\"\n    state      = \"off\"\n  }\n";

/// Documents of the registry in KV v2.
const DOCUMENTS: [&str; 4] =
    ["appenv/_registry", "appenv/_floors", "appenv/_apps/erp", "appenv/erp"];

fn path(name: &str) -> PathBuf {
    provider::root().join("acceptance/tests/fixtures/0.1.0").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// Production with nearly everything, and a sandbox beside it.
fn write(ws: &Workspace, limit: u32) {
    let prod = format!(
        "  release  = \"1.4.2\"\n  services = [\"api\", \"worker\"]\n  database {{\n    connection_limit = {limit}\n    extensions = \
         [\"citext\"]\n  }}\n  vault {{\n    max_ttl = \"2h\"\n  }}\n  on_destroy = \"retain\"\n"
    );
    let secret = "resource \"appenv_env_secret\" \"key\" {\n  app = appenv_app_instance.prod.app\n  env = \"prod\"\n  key = \
                  \"API_KEY\"\n  value_wo = \"a-value-of-no-use\"\n  value_wo_version = 3\n}\n";
    let blocks = format!(
        "{}{}{secret}",
        block("prod", "erp", "prod", &prod),
        block("sandbox", "erp", "sandbox", "")
    );
    ws.write("main.tf", &format!("{}{blocks}", header("team/fixture", "", GATES)));
}

fn update(servers: &Servers, ws: &Workspace) {
    let pg = &servers.pg;
    let rows = |table: &str| {
        let sql = format!("SELECT row_to_json(t) FROM appenv.{table} t ORDER BY 1::text");
        pg.sql(&sql)
            .column()
            .iter()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect::<Vec<Value>>()
    };
    let tables = json!({
        "registry": rows("registry"), "instances": rows("instances"), "floors": rows("floors"),
    });
    let api = servers.bao.api();
    let documents = DOCUMENTS.map(|at| {
        let document =
            api.get(&format!("kvv2/data/{at}")).unwrap_or_else(|| panic!("{at} is missing"));
        (at.to_owned(), document["data"]["data"].clone())
    });
    let text = |value: &Value| format!("{}\n", serde_json::to_string_pretty(value).unwrap());
    std::fs::write(path("postgres.json"), text(&tables)).unwrap();
    std::fs::write(path("vault.json"), text(&Value::Object(documents.into_iter().collect())))
        .unwrap();
    std::fs::write(path("state.json"), text(&ws.state_file())).unwrap();
}

/// Puts what the release left in the place of what this one has just made.
fn restore(servers: &Servers, ws: &Workspace) {
    let pg = &servers.pg;
    pg.admin().sql(&format!("DROP SCHEMA appenv CASCADE; {}", read("registry.sql")));
    pg.admin().sql("DELETE FROM appenv.registry");
    let tables: Value = serde_json::from_str(&read("postgres.json")).unwrap();
    for (table, rows) in tables.as_object().unwrap() {
        for row in rows.as_array().unwrap() {
            let row = row.to_string().replace('\'', "''");
            pg.admin().sql(&format!(
                "INSERT INTO appenv.{table} SELECT * FROM json_populate_record(NULL::appenv.{table}, '{row}')"
            ));
        }
    }
    let documents: Value = serde_json::from_str(&read("vault.json")).unwrap();
    for (at, document) in documents.as_object().unwrap() {
        servers.bao.api().send(
            "POST",
            &format!("kvv2/data/{at}"),
            Some(&json!({ "data": document })),
        );
    }
    std::fs::write(ws.dir().join("terraform.tfstate"), read("state.json")).unwrap();
}

#[test]
fn what_release_0_1_0_left_plans_no_change_and_is_guarded_as_it_was() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, 20);
    ws.step();
    if std::env::var_os("UPDATE_FIXTURE").is_some() {
        update(&servers, &ws);
    }
    restore(&servers, &ws);
    let before = Snapshot::take(&servers);
    ws.is_settled();
    // It is guarded as it was, and its version is still promoted where it was applied.
    write(&ws, 21);
    let told = ws.plan_fails();
    crate::production::digest(&told, "erp/prod", "update");
    Snapshot::take(&servers).since(&before).is_nothing();
}
