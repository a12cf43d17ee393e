// SPDX-License-Identifier: MPL-2.0
//! Values of secrets are in nothing that a run leaves behind, whatever they look like and wherever they live.
//!
//! Each value is put into the server by the test, read by the ephemeral resource and written by a write-only attribute, so
//! that no configuration, variable or environment ever holds it.

use std::fmt::Write as _;
use std::sync::Arc;

use acceptance::canary::watch::{Activity, CommandLines};
use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::{Value, json};

use crate::site::{OWNER, block};

/// A value of each kind. Dotenv files hold them all.
fn values() -> Value {
    json!({
        "PASSWORD": "correct-horse-battery-staple",
        "PEM": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPanaryPanaryPanaryPanaryPanary00\n-----END PRIVATE KEY-----\n",
        "JSON": "{\"client\": \"canary-client-id\", \"secret\": \"canary-client-secret\", \"list\": [1, 2]}",
        "QUOTED": "canary \"quoted\" $(touch /tmp/never) `id` $HOME & more",
    })
}

fn header(root: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n  owner = \"{OWNER}\"\n  postgres {{}}\n  vault {{}}\n  host {{\n    root = \"{root}\"\n  \
         }}\n}}\n{}",
        block("erp", "erp", "sandbox", "")
    )
}

fn copies(version: u32) -> String {
    let mut text = String::new();
    for key in ["PASSWORD", "PEM", "JSON", "QUOTED"] {
        for store in ["vault", "file"] {
            write!(
                text,
                "ephemeral \"appenv_env_secret\" \"{store}_{key}\" {{\n  app = \"erp\"\n  env = \"sandbox\"\n  store = \"vault\"\n  \
                 key = \"{key}\"\n}}\n\
                 resource \"appenv_env_secret\" \"{store}_{key}\" {{\n  app = \"erp\"\n  env = \"sandbox\"\n  store = \"{store}\"\n  \
                 key = \"COPY_{key}\"\n  value_wo = ephemeral.appenv_env_secret.{store}_{key}.value\n  value_wo_version = \
                 {version}\n  rotation {{\n    grace = \"1d\"\n  }}\n}}\n"
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn every_kind_of_value_is_nowhere_after_a_whole_life_at_trace() {
    let servers = Arc::new(Servers::start());
    let Servers { pg, bao } = &*servers;
    let activity = Activity::of(pg);
    let lines = CommandLines::start();
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    let root = ws.root().join("machine");
    let root = root.to_str().unwrap().to_owned();
    let machine = std::path::Path::new(&root);

    ws.write("main.tf", &header(&root));
    ws.apply();
    let path = "kvv2/data/erp-sandbox/config";
    bao.api().put(path, &json!({ "data": values() }));
    ws.write("main.tf", &format!("{}{}", header(&root), copies(1)));
    ws.plan_to("create.plan");
    ws.show_plan("create.plan");
    ws.apply_saved("create.plan");
    ws.is_settled();

    // They arrived.
    let stored = bao.api().get(path).unwrap()["data"]["data"].clone();
    for (key, value) in values().as_object().unwrap() {
        assert_eq!(&stored[format!("COPY_{key}")], value, "{key}");
    }
    let dotenv = machine.join("erp/secrets/sandbox/.env");
    let read = crate::dotenv::by_sh("sh", &dotenv);
    for (key, value) in values().as_object().unwrap() {
        assert_eq!(read[&format!("COPY_{key}")], value.as_str().unwrap(), "{key}");
    }

    // Changed by hand, planned as text and as JSON, mended; written again and kept for a while; refused; removed.
    let mut changed = stored.clone();
    changed["COPY_PEM"] = json!("changed by hand, canary-by-hand");
    bao.api().put(path, &json!({ "data": changed }));
    let text = std::fs::read_to_string(&dotenv).unwrap();
    std::fs::write(&dotenv, text.replace("correct-horse", "incorrect-horse")).unwrap();
    let plan = ws.plan_text().text();
    assert!(plan.contains("changed by hand"), "{plan}");
    ws.step();
    ws.write("main.tf", &format!("{}{}", header(&root), copies(2)));
    ws.step();
    ws.run(&["plan", "-json", "-var=nothing=1"]);
    let mut canaries = Canaries::new();
    canaries.register_servers(&servers);
    for (key, value) in values().as_object().unwrap() {
        canaries.register(key, value.as_str().unwrap());
    }
    canaries.register("a value by hand", "changed by hand, canary-by-hand");
    canaries.register("a value by hand in a file", "incorrect-horse-battery-staple");
    ws.destroy();

    let sinks = Sinks::of(&ws)
        .with_servers(&servers)
        .with_path(activity.saw())
        .with_path(lines.saw())
        .with_path(&machine.join(".appenv"));
    canaries.are_nowhere(&sinks);
}
