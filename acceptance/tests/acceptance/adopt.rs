// SPDX-License-Identifier: MPL-2.0
//! What a team made by hand, as its own conventions had it, is taken over with no object changed but for its marker.

use std::fmt::Write as _;

use acceptance::check::Diff;
use acceptance::servers::Servers;
use acceptance::{Sentinel, Snapshot, provider};
use serde_json::{Value, json};

use crate::instances::{Planned, address, provider as configuration, registered, workspace, write};

const APPS: [&str; 6] = ["webapp", "erp", "crowdsec", "plausible", "dance-lessons-coach", "cms"];

/// A frozen role, for another app.
fn role(file: &str, app: &str) -> Value {
    let path = provider::root().join("provider/tests/golden/vault").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace("erp_sandbox_role", &format!("{app}_role"));
    let text = text.replace("gitea_cicd_erp", &format!("gitea_cicd_{app}"));
    let text = text.replace("arcodange-org/erp", &format!("arcodange-org/{app}"));
    let text = text.replace("erp-ops", &format!("{app}-ops")).replace("erp-sandbox", app);
    serde_json::from_str(&text).unwrap()
}

/// One app in production, made with psql and bao.
pub fn by_hand(servers: &Servers, app: &str) {
    let admin = servers.pg.admin();
    admin.sql(&format!("CREATE ROLE \"{app}_role\""));
    admin.sql(&format!("GRANT \"{app}_role\" TO CURRENT_USER"));
    admin.sql(&format!("CREATE DATABASE \"{app}\" OWNER \"{app}_role\" TEMPLATE template0"));
    admin.sql(&format!("REVOKE ALL ON DATABASE \"{app}\" FROM PUBLIC"));
    let vault = &servers.pg.vault_admin().user;
    admin.sql(&format!("GRANT \"{app}_role\" TO \"{vault}\" WITH ADMIN OPTION"));
    let bao = servers.bao.cli();
    // In the layout, order and words of whoever wrote them.
    bao.policy_write(
        app,
        &format!(
            "// what {app} itself may do\npath \"postgres/creds/{app}\" {{ capabilities = [ \"read\" ] }}\n\n\n  path \
             \"kvv2/data/{app}/config\" {{\n capabilities=[\"read\",]\n}}"
        ),
    );
    bao.policy_write(
        &format!("{app}-ops"),
        &format!(
            "path \"kvv2/metadata/{app}/config\" {{ capabilities = [\"read\"] }}\npath \"kvv2/data/{app}/config\" {{ \
             capabilities = [\"read\", \"patch\", \"update\", \"create\"] }}\n"
        ),
    );
    let mut database = role("database-role.json", app);
    database["default_ttl"] = json!(0);
    for statement in database["creation_statements"].as_array_mut().unwrap() {
        *statement = json!(format!("  {};\n", statement.as_str().unwrap()));
    }
    bao.write(&format!("postgres/roles/{app}"), &database);
    bao.write(&format!("auth/kubernetes/role/{app}"), &role("kubernetes-role.json", app));
    bao.write(&format!("auth/gitea_jwt/role/gitea_cicd_{app}"), &role("ci-role.json", app));
    let document = json!({ "data": { "KEPT": format!("of {app}") } });
    servers.bao.api().put(&format!("kvv2/data/{app}/config"), &document);
}

fn all(body: &str) -> Vec<(&str, &str, &str)> {
    APPS.iter().map(|&app| (app, "prod", body)).collect()
}

/// The lines of a snapshot that adoption may change: the markers, and who noted them.
fn only_markers_changed(servers: &Servers, before: &Snapshot) {
    only_markers(&Snapshot::take(servers).since(before));
}

/// The same of a difference.
pub fn only_markers(diff: &Diff) {
    let ours = |object: &&String| !object.contains("appenv");
    let strange: Vec<_> = diff.added.keys().chain(diff.removed.keys()).filter(ours).collect();
    assert!(strange.is_empty(), "{strange:?}\n{diff}");
    for (object, (then, now)) in diff.changed.iter().filter(|(object, _)| ours(object)) {
        if object.contains("policy") {
            // The grants are the same, in whatever layout.
            assert_eq!(grants(then), grants(now), "{object}");
        } else {
            assert_eq!(uncommented(then), uncommented(now), "{object}");
        }
    }
}

fn uncommented(line: &str) -> Value {
    let mut row: Value = serde_json::from_str(line).unwrap();
    row["comment"] = Value::Null;
    row
}

/// The words of a policy that grant something, sorted: paths, each with its capabilities.
fn grants(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code: Vec<_> = text
        .replace("\\n", "\n")
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.starts_with('#') && !line.starts_with("//"))
        .collect();
    for stanza in code.join(" ").split("path ").skip(1) {
        let mut words: Vec<_> = stanza.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        words[1..].sort();
        found.push(words.join(" "));
    }
    found.sort();
    found
}

#[test]
fn six_apps_are_imported_and_adopted_by_their_markers_alone() {
    let servers = Servers::start();
    for app in APPS {
        by_hand(&servers, app);
    }
    let sentinels: Vec<_> = APPS.iter().map(|app| Sentinel::plant(&servers.pg, app)).collect();
    let before = Snapshot::take(&servers);
    let ws = workspace(&servers);
    write(&ws, &all(""));
    let mut imports = String::new();
    for app in APPS {
        let to = address(app, "prod");
        write!(imports, "import {{\n  to = {to}\n  id = \"{app}/prod\"\n}}\n").unwrap();
    }
    ws.write("import.tf", &imports);

    let plan = Planned::of(&ws);
    for app in APPS {
        let at = address(app, "prod");
        assert_eq!(plan.actions(&at), "update", "{app}");
        assert_eq!(
            plan.drift(&at),
            [
                "postgres_database: differs: has no comment",
                "postgres_owner_role: differs: has no comment",
                "registration: missing",
            ],
            "{app}"
        );
    }
    Snapshot::take(&servers).since(&before).is_nothing();
    ws.apply_saved("saved.plan");
    ws.remove("import.tf");
    ws.is_settled();
    only_markers_changed(&servers, &before);
    for sentinel in &sentinels {
        sentinel.is_still_there(&servers.pg);
    }
    for app in APPS {
        assert_eq!(registered(&servers, app, "prod"), "live 1 t", "{app}");
        let comment = format!(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{app}'"
        );
        let marker = format!("appenv:v1 app={app} env=prod owner=arcodange/apps");
        assert_eq!(servers.pg.sql(&comment).one(), marker);
    }
}

#[test]
fn what_equals_the_wish_is_taken_over_and_what_differs_is_listed() {
    let servers = Servers::start();
    for app in APPS {
        by_hand(&servers, app);
    }
    let sentinels: Vec<_> = APPS.iter().map(|app| Sentinel::plant(&servers.pg, app)).collect();
    let ws = workspace(&servers);

    // By default each object is named, and nothing is taken.
    write(&ws, &[("erp", "prod", "")]);
    let refused = ws.plan_fails();
    assert_eq!(refused.error().summary, "erp/prod: objects are in the way");
    assert!(refused.say("adopt = \"verify\""), "{refused}");

    // A difference is a line, also one that apply would find later than the plan.
    servers
        .pg
        .sql("ALTER DATABASE erp CONNECTION LIMIT 9; COMMENT ON ROLE erp_role IS 'of the shop'");
    servers.bao.cli().delete("auth/kubernetes/role/erp");
    let before = Snapshot::take(&servers);
    write(&ws, &[("erp", "prod", "adopt = \"verify\"")]);
    let refused = ws.plan_fails();
    let error = refused.error();
    assert_eq!(error.summary, "erp/prod: exists, but not as wished");
    for line in [
        "- postgres_database: differs: connection_limit is 9; has no comment\n",
        "- postgres_owner_role: differs: comment is \"of the shop\"\n",
        "- vault_kubernetes_role: missing\n",
        "import",
    ] {
        assert!(error.detail.contains(line), "{line}: {}", error.detail);
    }
    Snapshot::take(&servers).since(&before).is_nothing();
    servers.pg.sql("ALTER DATABASE erp CONNECTION LIMIT -1; COMMENT ON ROLE erp_role IS NULL");
    servers.bao.cli().write("auth/kubernetes/role/erp", &role("kubernetes-role.json", "erp"));

    let before = Snapshot::take(&servers);
    write(&ws, &all("adopt = \"verify\""));
    let plan = ws.plan_to("saved.plan").diagnostics();
    for app in APPS {
        let summary = format!("{app}/prod: exists unregistered, and equals what is wished");
        assert!(plan.say(&summary), "{summary}: {plan}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();

    // What changed between plan and apply is found before the first write.
    servers.pg.sql("ALTER DATABASE cms CONNECTION LIMIT 3");
    let refused = ws.run(&["apply", "-json", "saved.plan"]).diagnostics();
    assert!(refused.say("cms/prod: exists, but not as wished"), "{refused}");
    assert_eq!(registered(&servers, "cms", "prod"), "none");
    servers.pg.sql("ALTER DATABASE cms CONNECTION LIMIT -1");
    ws.step();
    only_markers_changed(&servers, &before);
    for sentinel in &sentinels {
        sentinel.is_still_there(&servers.pg);
    }
    assert_eq!(registered(&servers, "cms", "prod"), "live 1 t");
}

#[test]
fn what_another_owner_registered_is_not_adopted() {
    let servers = Servers::start();
    let theirs = workspace(&servers);
    theirs.write(
        "provider.tf",
        &configuration(crate::instances::BOTH).replace("arcodange/apps", "other/team"),
    );
    write(&theirs, &[("erp", "prod", "")]);
    theirs.step();
    let before = Snapshot::take(&servers);
    let ws = workspace(&servers);
    write(&ws, &[("erp", "prod", "adopt = \"verify\"")]);
    let refused = ws.plan_fails();
    assert_eq!(refused.error().summary, "erp/prod: the app belongs to owner \"other/team\"");
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn an_instance_with_names_of_its_own_is_imported_by_them() {
    let servers = Servers::start();
    let admin = servers.pg.admin();
    admin.sql("CREATE ROLE karmyq_prod");
    admin.sql("GRANT karmyq_prod TO CURRENT_USER");
    admin.sql("CREATE DATABASE karmyq_prod OWNER karmyq_prod TEMPLATE template0");
    let sentinel = Sentinel::plant(&servers.pg, "karmyq_prod");
    let ws = workspace(&servers);
    ws.write("provider.tf", &karmyq());
    let at = address("karmyq", "production");
    write(&ws, &[("karmyq", "production", NAMES)]);
    for (id, told) in [
        ("karmyq/production?database", "database=…"),
        ("karmyq/production?data_base=x", "no name that an id can give"),
        ("karmyq/production?instance=x", "no name that an id can give"),
        ("karmyq/production?database=a&database=b", "stands twice"),
        ("karmyq/production?database=", "empty"),
        ("karmyq/production?database=template1", "never allowed"),
        ("karmyq/production?services=x", "one for each service"),
        ("karmyq?database=x", "app/env"),
    ] {
        let refused = ws.import_fails(&at, id);
        assert!(refused.say(told), "{id}: {refused}");
    }
    assert!(ws.state().is_empty());

    ws.import(&at, "karmyq/production?database=karmyq_prod&owner_role=karmyq_prod");
    let imported = ws.state().resource(&at).clone();
    assert_eq!(imported["names"]["database"], "karmyq_prod");
    assert_eq!(imported["resolved_names"]["owner_role"], "karmyq_prod");
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    assert_eq!(
        plan.drift(&at),
        [
            "postgres_database: differs: has no comment",
            "postgres_owner_role: differs: has no comment",
            "postgres_public_access: differs: PUBLIC may CONNECT, TEMPORARY",
            "registration: missing",
        ]
    );
    ws.apply_saved("saved.plan");
    ws.is_settled();
    sentinel.is_still_there(&servers.pg);
    assert_eq!(registered(&servers, "karmyq", "production"), "live 1 t");

    // The registry knows the names, so an import that follows need not; one that says others is refused.
    ws.state_rm(&at);
    let refused = ws.import_fails(&at, "karmyq/production?database=karmyq_other");
    assert!(refused.say("registered under other names"), "{refused}");
    ws.import(&at, "karmyq/production");
    assert_eq!(ws.state().resource(&at)["names"]["database"], "karmyq_prod");
    ws.step();
    sentinel.is_still_there(&servers.pg);
}

const NAMES: &str = "names {\n  database = \"karmyq_prod\"\n  owner_role = \"karmyq_prod\"\n}\n";

fn karmyq() -> String {
    let text = configuration("  convention = \"underscored-v1\"\n\n  postgres {}\n");
    let (head, rest) = text.split_once("  environment {").unwrap();
    let tail = rest.split_once("  convention").unwrap().1;
    format!("{head}  gates {{\n    production = \"open\"\n  }}\n  convention{tail}")
}
