// SPDX-License-Identifier: MPL-2.0
//! Names that change: everything of the instance goes to the new ones, and nothing is lost on the way.

use acceptance::servers::Servers;
use acceptance::{Canaries, Sentinel, Sinks, Snapshot, Workspace};
use serde_json::json;

use crate::instances::{BOTH, Planned, address, provider, registered, workspace, write};

/// A value that must be nowhere but in the document.
const CANARY: &str = "canary-7f3a-of-the-secrets";

/// The provider block under a convention with its own default envs.
pub fn under(convention: &str, blocks: &str) -> String {
    let text = provider(&format!("  convention = \"{convention}\"\n{blocks}"));
    let (head, rest) = text.split_once("  environment {").unwrap();
    let tail = rest.split_once("  convention").unwrap().1;
    format!("{head}  gates {{\n    production = \"open\"\n  }}\n  convention{tail}")
}

/// Three versions of secrets at a path, with settings of somebody's own.
pub fn secrets(servers: &Servers, path: &str) {
    let api = servers.bao.api();
    for round in 1..=3 {
        let data = json!({ "data": { "ROUND": format!("{round}"), "TOKEN": CANARY } });
        api.put(&format!("kvv2/data/{path}"), &data);
    }
    let settings = json!({ "custom_metadata": { "team": "shop" }, "max_versions": 7 });
    api.put(&format!("kvv2/metadata/{path}"), &settings);
}

/// The same at another path, and nothing left behind.
pub fn secrets_moved(servers: &Servers, from: &str, to: &str) {
    let api = servers.bao.api();
    for round in 1..=3 {
        let read = api.get(&format!("kvv2/data/{to}?version={round}")).unwrap();
        assert_eq!(read["data"]["data"], json!({ "ROUND": format!("{round}"), "TOKEN": CANARY }));
    }
    let metadata = api.get(&format!("kvv2/metadata/{to}")).unwrap();
    assert_eq!(metadata["data"]["custom_metadata"], json!({ "team": "shop" }));
    assert_eq!(metadata["data"]["max_versions"], 7);
    assert_eq!(metadata["data"]["current_version"], 3);
    assert_eq!(api.get(&format!("kvv2/metadata/{from}")), None);
}

#[test]
fn a_dropped_override_renames_database_and_role() {
    for servers in Servers::each() {
        let ws = Workspace::new(acceptance::Cli::any()).with_env(servers.env());
        ws.write("provider.tf", &under("underscored-v1", "\n  postgres {}\n"));
        let names = "names {\n  database = \"karmyq_prod\"\n  owner_role = \"karmyq_prod\"\n}";
        write(&ws, &[("karmyq", "production", names)]);
        ws.step();
        let sentinel = Sentinel::plant(&servers.pg, "karmyq_prod");
        let oid = "SELECT oid FROM pg_database WHERE datname = ";
        let before = servers.pg.sql(&format!("{oid}'karmyq_prod'")).one().to_owned();
        let at = address("karmyq", "production");

        write(&ws, &[("karmyq", "production", "")]);
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update");
        assert_eq!(plan.before(&at)["resolved_names"]["database"], "karmyq_prod");
        assert_eq!(plan.after(&at)["resolved_names"]["database"], "karmyq_production");
        assert_eq!(plan.after(&at)["resolved_names"]["owner_role"], "karmyq_user");
        ws.apply_saved("saved.plan");
        ws.is_settled();
        // The same database, not another with the same rows.
        assert_eq!(servers.pg.sql(&format!("{oid}'karmyq_production'")).one(), before);
        assert!(sentinel.is_in(&servers.pg, "karmyq_production"));
        assert!(!servers.pg.has_database("karmyq_prod") && !servers.pg.has_role("karmyq_prod"));
        assert_eq!(registered(&servers, "karmyq", "production"), "live 2 t");
        let row = "SELECT database || ' ' || owner_role FROM appenv.instances";
        assert_eq!(servers.pg.sql(row).one(), "karmyq_production karmyq_user");
    }
}

#[test]
fn another_convention_renames_everything_and_keeps_every_version_of_the_secrets() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.write("provider.tf", &under("elided-v1", BOTH));
    write(&ws, &[("smartstack", "prod", "vault {\n  ops_scope = \"own\"\n}"), ("erp", "prod", "")]);
    ws.step();
    secrets(&servers, "smartstack/config");
    let sentinel = Sentinel::plant(&servers.pg, "smartstack");
    let erp = Snapshot::of_app(&servers, "erp");

    // One app changes its convention, by a state of its own.
    let names = "names {
  database = \"smartstack-prod-db\"
  owner_role = \"smartstack-prod-role\"
  vault_database_role = \"smartstack-prod\"
  kubernetes_role = \"smartstack-prod\"
  runtime_policy = \"smartstack-prod\"
  own_ops_policy = \"smartstack-prod-own\"
  kv_path = \"smartstack-prod/config\"
}
vault {
  ops_scope = \"own\"
}";
    write(&ws, &[("smartstack", "prod", names), ("erp", "prod", "")]);
    let at = address("smartstack", "prod");
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    assert_eq!(plan.actions(&address("erp", "prod")), "no-op");
    ws.apply_saved("saved.plan");
    ws.is_settled();
    let mut canaries = Canaries::new();
    canaries.register("the secret that moved", CANARY);
    canaries.are_nowhere(&Sinks::of(&ws).with_postgres(&servers.pg));
    Snapshot::of_app(&servers, "erp").since(&erp).is_nothing();

    secrets_moved(&servers, "smartstack/config", "smartstack-prod/config");
    assert!(sentinel.is_in(&servers.pg, "smartstack-prod-db"));
    let bao = servers.bao.api();
    for gone in [
        "sys/policies/acl/smartstack",
        "sys/policies/acl/smartstack-prod-ops",
        "postgres/roles/smartstack",
        "auth/kubernetes/role/smartstack",
    ] {
        assert_eq!(bao.get(gone), None, "{gone}");
    }
    let lease = servers.bao.lease("smartstack-prod");
    let login = lease.login(&servers.pg, "smartstack-prod-db");
    login.sql("CREATE TABLE public.made (x int)");
    let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'made'";
    assert!(servers.pg.sql_in("smartstack-prod-db", owner).one().contains("smartstack-prod-role"));
    servers.bao.revoke(&lease);

    // Back again, which is a renaming as any other.
    write(&ws, &[("smartstack", "prod", "vault {\n  ops_scope = \"own\"\n}"), ("erp", "prod", "")]);
    ws.step();
    secrets_moved(&servers, "smartstack-prod/config", "smartstack/config");
    assert!(sentinel.is_in(&servers.pg, "smartstack"));
}

#[test]
fn what_is_in_use_is_listed_and_ended_only_by_force() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "till-sandbox");
    let lease = servers.bao.lease("till-sandbox");
    let mut session = lease.login(&servers.pg, "till-sandbox").command();
    let mut session = session
        .args(["-c", "SELECT pg_sleep(600)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'till-sandbox'";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while servers.pg.sql(sessions).one() == "0" {
        assert!(std::time::Instant::now() < deadline, "the session does not begin");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    let before = Snapshot::take(&servers);
    let names = "names {\n  database = \"till_new\"\n}\n";
    write(&ws, &[("till", "sandbox", names)]);
    let refused = ws.plan_fails();
    let told = refused.to_string();
    for part in [
        "Database \"till-sandbox\" is in use",
        &lease.username,
        "1 leased logins",
        "force_disconnect",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();

    write(&ws, &[("till", "sandbox", &format!("{names}force_disconnect = true"))]);
    let plan = ws.plan_to("saved.plan").diagnostics();
    assert!(plan.say("the renaming ends what is in use"), "{plan}");
    assert!(plan.say(&lease.username), "{plan}");
    ws.apply_saved("saved.plan");
    ws.is_settled();
    assert!(!session.wait().unwrap().success(), "the session was ended");
    assert!(sentinel.is_in(&servers.pg, "till_new"));
    assert!(!servers.pg.has_role(&lease.username));
    let open = "SELECT datallowconn FROM pg_database WHERE datname = 'till_new'";
    assert_eq!(servers.pg.sql(open).one(), "t");
}

#[test]
fn a_name_that_something_has_is_refused_before_anything_is_renamed() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", ""), ("shop", "sandbox", "")]);
    ws.step();
    secrets(&servers, "till-sandbox/config");
    servers.pg.sql("CREATE ROLE taken_role");
    servers.pg.sql("CREATE DATABASE taken_database");
    servers.bao.cli().policy_write("taken-policy", "path \"x\" { capabilities = [\"read\"] }");
    servers.bao.api().put("kvv2/data/taken_path/config", &json!({ "data": { "A": "b" } }));
    let before = Snapshot::take(&servers);
    for (names, told) in [
        ("database = \"taken_database\"", "database \"taken_database\""),
        ("owner_role = \"taken_role\"", "role \"taken_role\""),
        ("runtime_policy = \"taken-policy\"", "taken-policy"),
        ("kv_path = \"taken_path/config\"", "secrets of another hand"),
        ("database = \"shop-sandbox\"", "shop"),
        ("database = \"template1\"", "never allowed"),
        ("vault_database_role = \"shop-sandbox\"", "shop-sandbox"),
    ] {
        write(
            &ws,
            &[("till", "sandbox", &format!("names {{\n  {names}\n}}")), ("shop", "sandbox", "")],
        );
        let refused = ws.plan_fails();
        assert!(refused.say(told), "{names}: {refused}");
        Snapshot::take(&servers).since(&before).is_nothing();
    }

    // What appears between plan and apply is found before the first write.
    write(
        &ws,
        &[("till", "sandbox", "names {\n  database = \"late\"\n}"), ("shop", "sandbox", "")],
    );
    ws.plan_to("saved.plan");
    servers.pg.sql("CREATE DATABASE late");
    let before = Snapshot::take(&servers);
    let refused = ws.run(&["apply", "-json", "saved.plan"]).diagnostics();
    assert!(refused.say("database \"late\""), "{refused}");
    Snapshot::take(&servers).since(&before).is_nothing();

    // A deleted version could be brought back, and a copy would lose it.
    servers.bao.api().put("kvv2/delete/till-sandbox/config", &json!({ "versions": [2] }));
    write(
        &ws,
        &[
            ("till", "sandbox", "names {\n  kv_path = \"till_new/config\"\n}"),
            ("shop", "sandbox", ""),
        ],
    );
    let refused = ws.plan_fails();
    assert!(refused.say("version 2"), "{refused}");
}

#[test]
fn a_moved_block_that_is_renamed_too_is_one_update() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "till-sandbox");
    let block =
        "resource \"appenv_app_instance\" \"other\" {\n  app = \"till\"\n  env = \"sandbox\"\n";
    let moved =
        "moved {\n  from = appenv_app_instance.till_sandbox\n  to = appenv_app_instance.other\n}\n";
    ws.write("main.tf", &format!("{block}}}\n{moved}"));
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions("appenv_app_instance.other"), "no-op");
    ws.write(
        "main.tf",
        &format!("{block}  names {{\n    database = \"till_two\"\n  }}\n}}\n{moved}"),
    );
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions("appenv_app_instance.other"), "update");
    ws.apply_saved("saved.plan");
    ws.is_settled();
    assert!(sentinel.is_in(&servers.pg, "till_two"));
}

#[test]
fn a_copy_keeps_the_old_database_until_its_time_is_over() {
    for servers in Servers::each() {
        let ws = Workspace::new(acceptance::Cli::any()).with_env(servers.env());
        ws.write("provider.tf", &under("underscored-v1", "\n  postgres {}\n"));
        let names = "names {\n  database = \"karmyq_prod\"\n  owner_role = \"karmyq_prod\"\n}\n";
        write(&ws, &[("karmyq", "production", &format!("{names}deletion_protection = false"))]);
        ws.step();
        let sentinel = Sentinel::plant(&servers.pg, "karmyq_prod");
        let at = address("karmyq", "production");

        let body = "rename = \"copy\"\nkeep_old = \"1h\"\ndeletion_protection = false";
        write(&ws, &[("karmyq", "production", body)]);
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update");
        assert_eq!(plan.after(&at)["resolved_names"]["database"], "karmyq_production");
        ws.apply_saved("saved.plan");
        ws.is_settled();
        assert!(sentinel.is_in(&servers.pg, "karmyq_production"));
        let kept = "SELECT datallowconn::text || ' ' || datdba::regrole || ' ' || shobj_description(oid, 'pg_database') \
                    FROM pg_database WHERE datname = 'karmyq_prod'";
        let told = servers.pg.sql(kept).one().to_owned();
        assert!(
            told.starts_with("false karmyq_user appenv:v1 app=karmyq env=production"),
            "{told}"
        );
        let state = ws.state();
        let until = state.resource(&at)["kept"]["karmyq_prod"].as_str().unwrap().to_owned();
        assert!(told.ends_with(&format!("kept until {until}")), "{told} {until}");

        // Nothing drops it before, whatever else changes.
        let more = format!("{body}\ndatabase {{\n  connection_limit = 5\n}}");
        write(&ws, &[("karmyq", "production", &more)]);
        ws.step();
        assert!(servers.pg.has_database("karmyq_prod"));
        // An import knows it too.
        ws.state_rm(&at);
        ws.import(&at, "karmyq/production");
        assert_eq!(ws.state().resource(&at)["kept"]["karmyq_prod"], json!(until));
        ws.step();

        // Time passes.
        servers.pg.sql(
            "UPDATE appenv.instances SET kept = '{\"karmyq_prod\": \"2020-01-01T00:00:00Z\"}'",
        );
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update");
        assert_eq!(plan.after(&at)["kept"], json!({}));
        ws.apply_saved("saved.plan");
        ws.is_settled();
        assert!(!servers.pg.has_database("karmyq_prod"));

        // What is kept goes with the instance.
        write(
            &ws,
            &[("karmyq", "production", &format!("{body}\nnames {{\n  database = \"third\"\n}}"))],
        );
        ws.step();
        assert!(
            sentinel.is_in(&servers.pg, "third") && servers.pg.has_database("karmyq_production")
        );
        ws.destroy();
        for gone in ["third", "karmyq_production"] {
            assert!(!servers.pg.has_database(gone), "{gone}");
        }
        assert!(!servers.pg.has_role("karmyq_user"));
    }
}

#[test]
fn without_the_rights_to_move_secrets_nothing_is_renamed() {
    let servers = Servers::start();
    let mut ws = workspace(&servers);
    write(&ws, &[("till", "sandbox", "")]);
    ws.step();
    secrets(&servers, "till-sandbox/config");
    let before = Snapshot::take(&servers);
    let text =
        std::fs::read_to_string(acceptance::provider::root().join("docs/policies/vault-apply.hcl"));
    let text = text.unwrap();
    let (without, moving) = text.split_once("# An instance's document of secrets").unwrap();
    assert!(moving.contains("kvv2/data/+/config"), "{moving}");
    let reads = "path \"kvv2/metadata/+/config\" {\n  capabilities = [\"read\"]\n}\n";
    let api = servers.bao.api();
    let token = |name: &str, policy: &str| {
        api.put(&format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
        let made = api.send("POST", "auth/token/create", Some(&json!({ "policies": [name] })));
        made.body["auth"]["client_token"].as_str().unwrap().to_owned()
    };
    let new = "names {\n  database = \"till_new\"\n  kv_path = \"till_new/config\"\n}";
    write(&ws, &[("till", "sandbox", new)]);
    // Not even to look: told by the plan.
    ws.set_env("VAULT_TOKEN", &token("appenv-none", without));
    let refused = ws.plan_fails();
    assert!(
        refused.say("path \"kvv2/metadata/till-sandbox/config\" { capabilities = [\"read\"] }"),
        "{refused}"
    );

    // To look and no more: told by the apply, before anything has another name.
    ws.set_env("VAULT_TOKEN", &token("appenv-reads", &format!("{without}\n{reads}")));
    // By force too: what was shut for it is open again.
    write(&ws, &[("till", "sandbox", &format!("{new}\nforce_disconnect = true"))]);
    let refused = ws.apply_fails();
    assert!(refused.say("kvv2/metadata/till_new/config"), "{refused}");
    let open = "SELECT datallowconn FROM pg_database WHERE datname = 'till-sandbox'";
    assert_eq!(servers.pg.sql(open).one(), "t");
    assert!(servers.pg.has_database("till-sandbox") && !servers.pg.has_database("till_new"));
    assert!(servers.bao.policy("till-sandbox").is_some());
    let changed = Snapshot::take(&servers).since(&before);
    changed.outside(&["appenv", "appenv-none", "appenv-reads"]).is_nothing();

    ws.set_env("VAULT_TOKEN", servers.bao.apply_token());
    ws.step();
    secrets_moved(&servers, "till-sandbox/config", "till_new/config");
    assert!(servers.pg.has_database("till_new"));
}
