// SPDX-License-Identifier: MPL-2.0
//! Conventions, templates and names of one's own, on the servers.

use acceptance::servers::Servers;
use acceptance::{Cli, Sentinel, Snapshot, Workspace};
use serde_json::json;

use crate::conventions::{conventions, golden};
use crate::instances::{BOTH, Planned, address, provider, write};
use crate::rename::under;

fn workspace(servers: &Servers, provider: &str) -> Workspace {
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("provider.tf", provider);
    ws
}

/// Asks both servers for what an instance has.
fn stands(servers: &Servers, database: &str, role: &str, vault: &str, ci: &str) {
    let owner =
        format!("SELECT datdba::regrole::text FROM pg_database WHERE datname = '{database}'");
    assert_eq!(servers.pg.sql(&owner).one().trim_matches('"'), role);
    let bao = servers.bao.api();
    for path in [
        format!("sys/policies/acl/{vault}"),
        format!("postgres/roles/{vault}"),
        format!("auth/kubernetes/role/{vault}"),
        format!("auth/gitea_jwt/role/{ci}"),
    ] {
        assert!(bao.get(&path).is_some(), "{path}");
    }
    let lease = servers.bao.lease(vault);
    let login = lease.login(&servers.pg, database);
    login.sql("CREATE TABLE public.made (x int)");
    let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'made'";
    assert_eq!(servers.pg.sql_in(database, owner).one().trim_matches('"'), role);
    servers.bao.revoke(&lease);
}

#[test]
fn every_convention_makes_its_names() {
    let golden = golden();
    for convention in conventions() {
        // Of its default environments one that is none of production, with as many services as there are.
        let row = golden
            .iter()
            .filter(|row| row.convention == convention && !row.has_regions())
            .filter(|row| row.environments().contains(&(row.env.as_str(), false)))
            .max_by_key(|row| row.services.len());
        let Some(row) = row else { panic!("{convention}: production alone is in its golden file") };
        // Servers of its own: an app has one CI role, whatever the convention.
        let servers = Servers::start();
        let empty = Snapshot::take(&servers);
        let ws = workspace(&servers, &under(&convention, BOTH));
        let body = format!("services = {}\n", json!(row.services));
        write(&ws, &[(&row.app, &row.env, &body)]);
        ws.step();
        let state = ws.state();
        let names = &state.resource(&address(&row.app, &row.env))["resolved_names"];
        assert_eq!(names, &row.without_root(), "{convention}");
        let name = |key: &str| row.names[key].as_str().unwrap();
        stands(&servers, name("database"), name("owner_role"), name("instance"), name("ci_role"));
        ws.destroy();
        Snapshot::take(&servers).since(&empty).outside(&["appenv"]).is_nothing();
    }
}

/// A name that waits for another resource: nothing that follows from it is promised by the plan, at first and when it changes.
#[test]
fn a_name_may_come_from_what_is_not_known_yet() {
    let servers = Servers::start();
    let ws = workspace(&servers, &provider(BOTH));
    let at = address("ledger", "sandbox");
    let body = "names {\n  database = terraform_data.name.output\n}\n";
    for (name, gone, how) in [
        ("ledger_books", "ledger-sandbox", ""),
        ("ledger_2", "ledger_books", ""),
        ("ledger_3", "", "rename = \"copy\"\n"),
    ] {
        write(&ws, &[("ledger", "sandbox", &format!("{body}{how}"))]);
        let from = format!("resource \"terraform_data\" \"name\" {{\n  input = \"{name}\"\n}}\n");
        ws.write("name.tf", &from);
        let plan = Planned::of(&ws);
        assert_eq!(plan.unknown(&at)["resolved_names"], true);
        ws.step();
        assert!(servers.pg.has_database(name) && !servers.pg.has_database(gone), "{name}");
        assert_eq!(ws.state().resource(&at)["resolved_names"]["database"], name);
    }
    assert!(ws.state().resource(&at)["kept"].as_object().unwrap().contains_key("ledger_2"));
    ws.destroy();
    assert!(!servers.pg.has_database("ledger_3"));
}

/// The convention's names are too long for the longest app and env; what is written in their place may come later, and so may
/// what has nothing to do with names.
#[test]
fn a_convention_that_does_not_fit_waits_for_the_name_in_its_place() {
    let servers = Servers::start();
    let (app, env) = ("a".repeat(40), "stage-of-20-bytes-ok");
    let declared = format!("{BOTH}  environment {{\n    name = \"{env}\"\n  }}\n");
    let ws = workspace(&servers, &provider(&declared));
    let at = address(&app, env);
    let later = |name: &str, value: &str| {
        let value = format!("resource \"terraform_data\" \"{name}\" {{\n  input = {value}\n}}\n");
        ws.write(&format!("{name}.tf"), &value);
    };
    let names =
        |role: &str| format!("names {{\n  owner_role = {role}\n  iam_role = \"short\"\n}}\n");
    write(&ws, &[(&app, env, &names("null"))]);
    let told = ws.plan_fails();
    assert!(told.say("too long for a PostgreSQL role"), "{told}");

    let services = "services = terraform_data.services.output\n";
    later("services", "[\"api\"]");
    write(&ws, &[(&app, env, &format!("{services}{}", names("\"short_role\"")))]);
    assert_eq!(Planned::of(&ws).after(&at)["resolved_names"]["owner_role"], "short_role");

    later("role", "\"waited_role\"");
    write(&ws, &[(&app, env, &names("terraform_data.role.output"))]);
    ws.step();
    let owner =
        format!("SELECT datdba::regrole::text FROM pg_database WHERE datname = '{app}-{env}'");
    assert_eq!(servers.pg.sql(&owner).one(), "waited_role");

    // What comes is judged as what is there.
    later("role", &format!("\"{}\"", "r".repeat(64)));
    let told = ws.apply_fails();
    assert!(told.say("too long for a PostgreSQL role"), "{told}");
    assert_eq!(servers.pg.sql(&owner).one(), "waited_role");
    later("role", "\"another_role\"");
    ws.step();
    assert_eq!(servers.pg.sql(&owner).one(), "another_role");
    ws.destroy();
}

#[test]
fn templates_and_names_stand_in_the_place_of_the_conventions() {
    let servers = Servers::start();
    let empty = Snapshot::take(&servers);
    let blocks = format!(
        "{BOTH}\n  names {{\n    database = \"db_{{app.snake}}_{{env}}\"\n    dns_host = \
         \"{{instance}}.lab.example.org\"\n  }}\n"
    );
    let ws = workspace(&servers, &provider(&blocks));
    let own = "names {\n  owner_role = \"till_owner\"\n  runtime_policy = \"till-run\"\n}\n";
    write(&ws, &[("till", "sandbox", own), ("my-shop", "sandbox", "")]);
    let plan = Planned::of(&ws);
    let names = &plan.after(&address("till", "sandbox"))["resolved_names"];
    assert_eq!(names["database"], "db_till_sandbox");
    assert_eq!(names["owner_role"], "till_owner");
    assert_eq!(names["dns_host"], "till-sandbox.lab.example.org");
    ws.apply_saved("saved.plan");
    ws.is_settled();
    stands(
        &servers,
        "db_my_shop_sandbox",
        "my-shop_sandbox_role",
        "my-shop-sandbox",
        "gitea_cicd_my-shop",
    );
    assert!(servers.bao.policy("till-run").unwrap().contains("postgres/creds/till-sandbox"));
    assert_eq!(servers.bao.policy("till-sandbox"), None);

    // Drift is told of the names that are.
    servers.pg.sql("ALTER DATABASE db_till_sandbox CONNECTION LIMIT 3");
    servers.bao.cli().delete("sys/policies/acl/till-run");
    let plan = Planned::of(&ws);
    assert_eq!(
        plan.drift(&address("till", "sandbox")),
        ["postgres_database: differs: connection_limit is 3", "vault_runtime_policy: missing"]
    );
    ws.step();
    ws.destroy();
    Snapshot::take(&servers).since(&empty).outside(&["appenv"]).is_nothing();
}

#[test]
fn names_that_meet_are_refused() {
    let servers = Servers::start();
    let ws = workspace(&servers, &provider(BOTH));
    write(&ws, &[("shop", "sandbox", "")]);
    ws.step();
    let sentinel = Sentinel::plant(&servers.pg, "shop-sandbox");
    let before = Snapshot::take(&servers);

    // In one configuration.
    write(
        &ws,
        &[
            ("shop", "sandbox", ""),
            ("till", "sandbox", "names {\n  database = \"shop-sandbox\"\n}"),
        ],
    );
    let refused = ws.plan_fails();
    // Whichever is planned second says it.
    assert!(refused.say(": database \"shop-sandbox\" is that of "), "{refused}");
    // From another state: the registry tells.
    let other = workspace(&servers, &provider(BOTH));
    for (name, told) in [
        (
            "database = \"shop-sandbox\"",
            "Database \"shop-sandbox\" already belongs to app \"shop\"",
        ),
        (
            "owner_role = \"shop_sandbox_role\"",
            "Role \"shop_sandbox_role\" already belongs to app \"shop\"",
        ),
        (
            "runtime_policy = \"shop-sandbox\"",
            "Policy \"shop-sandbox\" already belongs to app \"shop\" in env \"sandbox\"",
        ),
        // Policies of every kind are in one place.
        ("runtime_policy = \"shop-ops\"", "policy \"shop-ops\""),
        ("ops_policy = \"shop-sandbox\"", "policy \"shop-sandbox\""),
        ("ops_policy = \"shop-ops\"", "policy \"shop-ops\""),
        ("ci_role = \"gitea_cicd_shop\"", "CI role \"gitea_cicd_shop\""),
        ("kubernetes_role = \"shop-sandbox\"", "Kubernetes auth role \"shop-sandbox\""),
        ("vault_database_role = \"shop-sandbox\"", "database role \"shop-sandbox\""),
        ("kv_path = \"shop-sandbox/config\"", "is that of shop/sandbox"),
    ] {
        write(&other, &[("till", "sandbox", &format!("names {{\n  {name}\n}}"))]);
        let refused = other.plan_fails();
        assert!(refused.say(told), "{told}: {refused}");
    }
    // What the provider and Vault work with.
    let (admin, vault) = (&servers.pg.admin().user, &servers.pg.vault_admin().user);
    for (name, told) in [
        (format!("owner_role = \"{admin}\""), "the provider's own login"),
        (format!("owner_role = \"{vault}\""), "Vault's own login"),
    ] {
        write(&other, &[("till", "sandbox", &format!("names {{\n  {name}\n}}"))]);
        let refused = other.plan_fails();
        assert!(refused.say(told), "{told}: {refused}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();
    sentinel.is_still_there(&servers.pg);
}

#[test]
fn nobody_gets_anothers_secrets_by_a_path() {
    let servers = Servers::start();
    let open = format!("{BOTH}\n  gates {{\n    naming = \"off\"\n  }}\n");
    let own = "names {\n  kv_path = \"old/config\"\n}";
    let ws = workspace(&servers, &provider(&open));
    write(&ws, &[("shop", "sandbox", ""), ("till", "sandbox", own)]);
    ws.step();
    let before = Snapshot::take(&servers);
    // Nothing need stand there: the registry knows.
    let other = workspace(&servers, &provider(&open));
    for (path, whose) in [("shop-sandbox/config", "shop"), ("old/config", "till")] {
        write(&other, &[("spy", "sandbox", &format!("names {{\n  kv_path = \"{path}\"\n}}"))]);
        let told =
            format!("kv_path \"{path}\" already belongs to app \"{whose}\" in env \"sandbox\"");
        assert!(other.plan_fails().say(&told), "{path}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();
    // By a renaming neither.
    write(&other, &[("spy", "sandbox", "")]);
    other.step();
    write(&other, &[("spy", "sandbox", own)]);
    assert!(other.plan_fails().say("kv_path \"old/config\" already belongs to app \"till\""));
    // Both new in one configuration.
    let names = "names {\n  kv_path = \"new/config\"\n}";
    write(&other, &[("spy", "sandbox", ""), ("one", "sandbox", names), ("two", "sandbox", names)]);
    assert!(other.plan_fails().say("kv_path \"new/config\" is that of"));
    // It is free once nobody has it.
    ws.destroy();
    write(&other, &[("spy", "sandbox", own)]);
    other.step();
    other.destroy();
}

#[test]
fn a_role_that_environments_share_is_no_other_apps() {
    let servers = Servers::start();
    let ws = workspace(&servers, &under("underscored-v1", BOTH));
    let spy = "names {\n  owner_role = \"karmyq_user\"\n}";
    write(&ws, &[("karmyq", "staging", ""), ("spy", "staging", spy)]);
    let told = ws.plan_fails();
    assert!(told.say("owner_role \"karmyq_user\" is that of"), "{told}");
    write(&ws, &[("karmyq", "staging", "")]);
    ws.step();
    let other = workspace(&servers, &under("underscored-v1", BOTH));
    write(&other, &[("spy", "staging", spy)]);
    let told = other.plan_fails();
    assert!(told.say("Role \"karmyq_user\" already belongs to app \"karmyq\""), "{told}");
    ws.destroy();
}

#[test]
fn the_naming_gate_lets_through_what_it_is_told_to_and_never_two_in_one_place() {
    let servers = Servers::start();
    for (gate, warns) in [("enforce", false), ("warn", true), ("off", false)] {
        let blocks = format!("{BOTH}\n  gates {{\n    naming = \"{gate}\"\n  }}\n");
        let ws = workspace(&servers, &provider(&blocks));
        let summary = "App \"erp-sandbox\" cannot be told from app \"erp\" in env \"sandbox\"";
        write(&ws, &[("erp-sandbox", "prod", "deletion_protection = false")]);
        if gate == "enforce" {
            assert_eq!(ws.plan_fails().error().summary, summary);
            continue;
        }
        let plan = ws.plan_to("saved.plan").diagnostics();
        assert_eq!(plan.say(summary), warns, "{gate}: {plan}");
        ws.apply_saved("saved.plan");
        ws.is_settled();
        let sentinel = Sentinel::plant(&servers.pg, "erp-sandbox");

        // Its names are those of erp in sandbox: whoever comes second is refused.
        let other = workspace(&servers, &provider(&blocks));
        write(&other, &[("erp", "sandbox", "")]);
        let before = Snapshot::take(&servers);
        let refused = other.plan_fails();
        assert!(
            refused.say("Database \"erp-sandbox\" already belongs to app \"erp-sandbox\""),
            "{refused}"
        );
        Snapshot::take(&servers).since(&before).is_nothing();
        sentinel.is_still_there(&servers.pg);
        ws.destroy();
    }
}

#[test]
fn an_open_gate_lets_no_two_share_an_object_of_vault() {
    let servers = Servers::start();
    let vault = BOTH.replace("  postgres {}\n", "");
    let open = format!("{vault}\n  gates {{\n    naming = \"off\"\n  }}\n");
    let ws = workspace(&servers, &provider(&open));
    let both = [("erp-sandbox", "prod", "deletion_protection = false"), ("erp", "prod", "")];
    write(&ws, &both);
    ws.step();
    let before = Snapshot::take(&servers);
    let other = workspace(&servers, &provider(&open));
    for adopt in ["", "adopt = \"verify\""] {
        write(&other, &[("erp", "sandbox", adopt)]);
        let refused = other.plan_fails();
        let told = "Policy \"erp-sandbox\" already belongs to app \"erp-sandbox\" in env \"prod\"";
        assert!(refused.say(told), "{refused}");
    }
    Snapshot::take(&servers).since(&before).is_nothing();
    // Nor in one configuration.
    write(&ws, &[both[0], both[1], ("erp", "sandbox", "")]);
    let refused = ws.plan_fails();
    assert!(refused.say("runtime_policy \"erp-sandbox\" is that of"), "{refused}");
    Snapshot::take(&servers).since(&before).is_nothing();
}
