// SPDX-License-Identifier: MPL-2.0
//! `appenv_parity`: environments of one app side by side; every difference made by hand, told, and mended or allowed.
//!
//! The oracles are what was written by hand with psql and bao, and the registry's rows.

use std::path::Path;

use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Snapshot, Workspace};
use serde_json::{Value, json};

use crate::site::block;

const CANARY: &str = "a-canary-of-parity-4713";

fn header(root: &Path) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n  owner = \"acme/shop\"\n  gates {{\n    state = \"off\"\n    production = \"open\"\n  }}\n  \
         postgres {{}}\n  vault {{}}\n  host {{\n    root = \"{}\"\n    name = \"test\"\n  }}\n}}\n",
        root.display()
    )
}

fn parity(more: &str) -> String {
    format!(
        "data \"appenv_parity\" \"it\" {{\n  app = \"erp\"\n  timeout = \"5s\"\n{more}}}\noutput \"it\" {{\n  value = \
         data.appenv_parity.it\n}}\n"
    )
}

fn allowed(kind: &str, name: &str, reason: &str, envs: &str) -> String {
    format!(
        "  allowed_differences {{\n    kind = \"{kind}\"\n    name = \"{name}\"\n    reason = \"{reason}\"\n{envs}  }}\n"
    )
}

struct Looker {
    ws: Workspace,
    header: String,
}

impl Looker {
    fn look(&self, more: &str) -> Value {
        self.ws.write("main.tf", &format!("{}{}", self.header, parity(more)));
        self.ws.apply();
        self.ws.state().output("it").clone()
    }
}

/// Findings that are neither `ok` nor `skip`: `status target: detail`.
fn told(it: &Value) -> Vec<String> {
    let all = it["findings"].as_array().unwrap().iter();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    all.filter(|one| one["status"] != "ok" && one["status"] != "skip")
        .map(|one| {
            assert!(!text(one, "fix").is_empty(), "nothing to do: {one}");
            format!("{} {}: {}", text(one, "status"), text(one, "target"), text(one, "detail"))
        })
        .collect()
}

fn values(it: &Value, kind: &str, name: &str) -> Value {
    let rows = it["matrix"].as_array().unwrap();
    let found = rows.iter().find(|row| row["kind"] == kind && row["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}: {it:#}"))["values"].clone()
}

#[test]
fn environments_that_drift_apart_are_told_mended_and_allowed() {
    let mut servers = Servers::start();
    let makers = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    let root = makers.root().join("srv");
    std::fs::create_dir(&root).unwrap();
    let write = |release: &str, dev: &str| {
        let more = "  services = [\"api\"]\n  database {\n    extensions = [\"citext\"]\n  }\n";
        let of = |name: &str, release: &str| format!("  release = \"{release}\"\n{name}");
        let blocks = [
            block("prod", "erp", "prod", &of(more, "1.4.2")),
            block("staging", "erp", "staging", &of(more, release)),
            block("dev", "erp", "dev", &of(dev, "1.4.2")),
            block("other", "crm", "dev", ""),
        ];
        makers.write("main.tf", &format!("{}{}", header(&root), blocks.concat()));
        makers.apply();
        more.to_owned()
    };
    let alike = write(
        "1.4.2",
        "  services = [\"api\"]\n  database {\n    extensions = [\"citext\"]\n  }\n",
    );
    let bao = servers.bao.cli();
    let put = |instance: &str, keys: &[&str]| {
        let secrets: serde_json::Map<_, _> =
            keys.iter().map(|key| ((*key).to_owned(), json!(CANARY))).collect();
        bao.write(&format!("kvv2/data/{instance}/config"), &json!({ "data": secrets }));
    };
    for instance in ["erp", "erp-staging", "erp-dev"] {
        put(instance, &["API_KEY", "DB_PASSWORD"]);
    }
    let mut ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.set_env("VAULT_TOKEN", servers.bao.plan_token());
    let looker = Looker { ws, header: header(&root).replace("acme/shop", "acme/watch") };

    let before = Snapshot::take(&servers).with_files(&root);
    let it = looker.look("");
    assert_eq!(told(&it), [""; 0]);
    assert_eq!(it["ok"], true);
    let all = |value: &str| json!({ "prod": value, "staging": value, "dev": value });
    assert_eq!(values(&it, "key", "API_KEY"), all("present"));
    assert_eq!(values(&it, "extension", "citext"), all("present"));
    assert_eq!(values(&it, "service", "api"), all("present"));
    assert_eq!(values(&it, "release", "release"), all("1.4.2"));
    assert_eq!(values(&it, "option", "connection_limit"), all("-1"));
    Snapshot::take(&servers).with_files(&root).since(&before).is_nothing();

    // A key more, and one that a rotation leaves for a time; an extension by hand; another release, services, limit.
    put("erp", &["API_KEY", "API_KEY_PREVIOUS", "DB_PASSWORD", "SENTRY_DSN"]);
    servers.pg.sql_in("erp-staging", "DROP EXTENSION citext");
    write("1.5.0", "  database {\n    connection_limit = 5\n    extensions = [\"citext\"]\n  }\n");
    servers.pg.sql_in("erp-staging", "DROP EXTENSION citext");
    let it = looker.look("");
    let drifted = [
        "fail key \"SENTRY_DSN\" of erp: present in prod; absent in dev, staging.",
        "fail extension \"citext\" of erp: present in dev, prod; absent in staging.",
        "fail service \"api\" of erp: present in prod, staging; absent in dev.",
        "warn release of erp: 1.5.0 in staging; 1.4.2 in dev, prod.",
        "fail option \"connection_limit\" of erp: 5 in dev; -1 in prod, staging.",
    ];
    assert_eq!(told(&it), drifted);
    assert_eq!(it["ok"], false);
    assert_eq!(
        values(&it, "key", "SENTRY_DSN"),
        json!({ "prod": "present", "staging": "absent", "dev": "absent" })
    );
    // Only two envs.
    let two = looker.look("  envs = [\"prod\", \"staging\"]\n");
    assert_eq!(told(&two).len(), 3, "{two:#}");

    // Allowed with reasons; an allowance of one env holds the others alike; one that matches nothing is told.
    let reasons = [
        allowed("key", "SENTRY_DSN", "only production reports", "    envs = [\"prod\"]\n"),
        allowed("service", "api", "dev has it in a stub", "    envs = [\"staging\"]\n"),
        allowed("option", "connection_limit", "dev is small", ""),
        allowed("release", "release", "staging is ahead", "    envs = [\"staging\"]\n"),
        allowed("key", "GONE", "once", ""),
    ];
    let it = looker.look(&reasons.concat());
    assert_eq!(
        told(&it),
        [
            drifted[1].to_owned(),
            drifted[2].to_owned(),
            "warn key \"GONE\" of erp: It is listed under `allowed_differences`, and no compared environment differs in it."
                .to_owned(),
        ]
    );
    assert!(it["findings"].to_string().contains("allowed: only production reports"), "{it:#}");

    // Mended as the findings say.
    for instance in ["erp-staging", "erp-dev"] {
        put(instance, &["API_KEY", "DB_PASSWORD", "SENTRY_DSN"]);
    }
    write("1.4.2", &alike);
    let it = looker.look("");
    assert_eq!(told(&it), [""; 0]);

    // Another store, by the names in its file.
    std::fs::write(root.join("erp/secrets/dev/.env"), format!("ONLY_DEV={CANARY}\n")).unwrap();
    let it = looker.look("  store = \"file\"\n");
    assert_eq!(
        told(&it),
        ["fail key \"ONLY_DEV\" of erp: present in dev; absent in prod, staging."]
    );

    // What is not there, and what is no reason.
    let it = looker.look("  envs = [\"prod\", \"staging\", \"sandbox\"]\n");
    assert_eq!(
        told(&it),
        ["fail erp/sandbox: No registry that answered has a living instance of it."]
    );
    looker.ws.write(
        "main.tf",
        &format!("{}{}", looker.header, parity(&allowed("secret", "A", " ", ""))),
    );
    let refused = looker.ws.plan_fails();
    for summary in ["`kind` cannot be \"secret\"", "`reason` is empty"] {
        refused.error_titled(summary);
    }

    // A database that cannot be reached, then a dead registry, hide nothing else.
    servers.pg.sql("ALTER DATABASE \"erp-dev\" ALLOW_CONNECTIONS false");
    let it = looker.look("");
    assert!(
        told(&it)[0].starts_with("warn database \"erp-dev\" of erp/dev on PostgreSQL"),
        "{it:#}"
    );
    assert_eq!(
        values(&it, "extension", "citext"),
        json!({ "prod": "present", "staging": "present" })
    );
    servers.pg.crash();
    let it = looker.look("");
    assert!(told(&it)[0].starts_with("fail PostgreSQL at "), "{it:#}");
    assert_eq!(told(&it).len(), 1, "{it:#}");
    assert_eq!(values(&it, "key", "SENTRY_DSN"), all("present"));

    let mut canaries = Canaries::new();
    canaries.register("a secret", CANARY).register("a token", servers.bao.plan_token());
    canaries.are_nowhere(&Sinks::of(&looker.ws).with_openbao(&servers.bao));
    servers.pg.start_again();
}
