// SPDX-License-Identifier: MPL-2.0
//! Taking over what already runs: an instance whose state was lost, and one that was made by hand.

use acceptance::servers::Servers;
use acceptance::{Sentinel, Snapshot};
use serde_json::json;

use crate::instances::{Planned, address, registered, workspace, write};

const IMPORTED: &str = "registration: differs: imported, not adopted yet";

const BODY: &str = "services = [\"api\", \"web\"]
  release = \"1.2.3\"
  database {
    connection_limit = 7
    extensions = [\"citext\"]
    encoding = \"UTF8\"
  }
  vault {
    default_ttl = \"1h\"
    max_ttl = \"24h\"
    ops_scope = \"own\"
  }
  kubernetes {
    namespaces = [\"pods\"]
    service_accounts = [\"web\"]
  }
";

#[test]
fn a_lost_state_comes_back_whole() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("erp", "sandbox", BODY)]);
    ws.step();
    let at = address("erp", "sandbox");
    let created = ws.state().resource(&at).clone();
    let before = Snapshot::take(&servers);
    ws.state_rm(&at);

    ws.import(&at, "erp/sandbox");
    let mut imported = ws.state().resource(&at).clone();
    assert_eq!(imported["objects"]["registration"], json!(IMPORTED.split_once(": ").unwrap().1));
    imported["objects"]["registration"] = json!("ok");
    // The generation proves whose an instance is; an entry that holds nothing has none.
    assert_eq!(imported["generation"], json!(null));
    imported["generation"] = created["generation"].clone();
    assert_eq!(imported, created);
    // Planning, however often, does not adopt; nor may it be deleted yet.
    for _ in 0..2 {
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at), "update");
        assert_eq!(plan.drift(&at), [IMPORTED]);
    }
    let refused = ws.destroy_fails();
    assert_eq!(refused.error().summary, "erp/sandbox: imported, not adopted yet");
    Snapshot::take(&servers).since(&before).is_nothing();

    ws.apply_saved("saved.plan");
    ws.is_settled();
    // The registration alone has changed, and with it what the holder was before.
    Snapshot::take(&servers).since(&before).outside(&["appenv"]).is_nothing();
    assert_eq!(registered(&servers, "erp", "sandbox"), "live 2 t");
    let mut adopted = ws.state().resource(&at).clone();
    assert_eq!(adopted["generation"], 2);
    adopted["generation"] = json!(1);
    assert_eq!(adopted, created);
    ws.destroy();
    assert!(!servers.pg.has_database("erp-sandbox"));
}

#[test]
fn an_import_block_adopts_in_one_apply() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    let body = "database {\n connection_limit = 4\n }";
    write(&ws, &[("till", "sandbox", body)]);
    ws.step();
    let at = address("till", "sandbox");
    ws.state_rm(&at);
    // What is wished has moved on as well: both are told at once.
    write(&ws, &[("till", "sandbox", "database {\n connection_limit = 6\n }")]);
    ws.write("import.tf", &format!("import {{\n  to = {at}\n  id = \"till/sandbox\"\n}}\n"));
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    assert_eq!(plan.drift(&at), [IMPORTED]);
    assert_eq!(plan.before(&at)["database"]["connection_limit"], 4);
    ws.apply_saved("saved.plan");
    ws.is_settled();
    let limit = "SELECT datconnlimit FROM pg_database WHERE datname = 'till-sandbox'";
    assert_eq!(servers.pg.sql(limit).one(), "6");
    ws.destroy();
}

/// What PostgreSQL settles at creation, and a role that is never changed: the plan says so, and nothing is half taken over.
#[test]
fn what_no_apply_can_change_is_refused_by_the_plan_of_an_import() {
    let servers = Servers::start();
    servers.pg.sql("CREATE ROLE shop_sandbox_role SUPERUSER");
    servers.pg.sql(
        "CREATE DATABASE \"shop-sandbox\" OWNER shop_sandbox_role TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' \
         LC_CTYPE 'C'",
    );
    let ws = workspace(&servers);
    write(&ws, &[("shop", "sandbox", "database {\n encoding = \"UTF8\"\n }")]);
    ws.import(&address("shop", "sandbox"), "shop/sandbox");
    let before = Snapshot::take(&servers);
    let told = ws.plan_fails();
    let database =
        told.error_titled("shop/sandbox: database \"shop-sandbox\" cannot become as wished");
    assert!(database.detail.contains("encoding is \"LATIN1\", \"UTF8\" needs"), "{told}");
    let role = told.error_titled("shop/sandbox: role \"shop_sandbox_role\" is a superuser");
    assert!(role.detail.contains("NOSUPERUSER"), "{told}");
    Snapshot::take(&servers).since(&before).is_nothing();
}

#[test]
fn what_was_made_by_hand_is_taken_over_with_its_data() {
    let servers = Servers::start();
    let Servers { pg, bao } = &servers;
    pg.sql("CREATE ROLE old LOGIN PASSWORD 'x'; CREATE ROLE shop_sandbox_role");
    pg.sql("CREATE DATABASE \"shop-sandbox\" OWNER old");
    let sentinel = Sentinel::plant(pg, "shop-sandbox");
    bao.cli()
        .policy_write("shop-sandbox", "path \"kvv2/data/shop*\" { capabilities = [\"read\"] }");
    bao.cli().write(
        "postgres/roles/shop-sandbox",
        &json!({ "db_name": "postgres", "creation_statements": ["CREATE ROLE \"{{name}}\" LOGIN"] }),
    );
    let by_hand = Snapshot::take(&servers);
    let ws = workspace(&servers);
    write(&ws, &[("shop", "sandbox", "")]);
    let at = address("shop", "sandbox");

    // A create does not take it, and says whose each object is.
    let refused = ws.plan_fails();
    let told = refused.to_string();
    for object in [
        "role \"shop_sandbox_role\" (no marker)",
        "database \"shop-sandbox\" (owned by role \"old\", no marker)",
        "policy \"shop-sandbox\" (no marker)",
        "database role \"shop-sandbox\"",
    ] {
        assert!(told.contains(object), "{told}");
    }

    ws.import(&at, "shop/sandbox");
    let plan = Planned::of(&ws);
    assert_eq!(plan.actions(&at), "update");
    let drift = plan.drift(&at);
    for line in [
        "postgres_database: differs: owner is \"old\"; has no comment",
        "postgres_owner_role: differs: has no comment",
        "postgres_public_access: differs: PUBLIC may CONNECT, TEMPORARY",
        "postgres_vault_login: missing",
        "registration: missing",
        "vault_ci_role: missing",
        "vault_database_role: differs: creation_statements is not the convention's",
        "vault_kubernetes_role: missing",
        "vault_ops_policy: missing",
        "vault_runtime_policy: differs: ",
    ] {
        assert!(drift.iter().any(|told| told.starts_with(line)), "{line}: {drift:?}");
    }
    assert_eq!(ws.destroy_fails().error().summary, "shop/sandbox: imported, not adopted yet");
    Snapshot::take(&servers).since(&by_hand).is_nothing();

    // The provider's login may not act for roles that others made: what lets it is told, statement by statement.
    let mut asked = Vec::new();
    while let Some(statement) = next_grant(&ws) {
        pg.sql(&statement);
        asked.push(statement);
        assert!(asked.len() < 5, "{asked:?}");
    }
    assert!(!asked.is_empty());
    ws.is_settled();
    sentinel.is_still_there(pg);
    let owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'shop-sandbox'";
    assert_eq!(pg.sql(owner).one(), "shop_sandbox_role");
    assert!(pg.has_role("old"));
    ws.destroy();
    assert!(!pg.has_database("shop-sandbox") && !pg.has_role("shop_sandbox_role"));
}

/// Applies; where a privilege is missing, the statement that the error gives a superuser to run.
pub fn next_grant(ws: &acceptance::Workspace) -> Option<String> {
    let run = ws.run(&["apply", "-json", "-auto-approve"]);
    if run.code == Some(0) {
        return None;
    }
    let told = run.diagnostics();
    let (_, rest) = told
        .error()
        .detail
        .split_once("A superuser of the server can run: ")
        .unwrap_or_else(|| panic!("{told}"));
    let (statement, _) = rest.split_once(" Then apply again.").unwrap_or_else(|| panic!("{told}"));
    Some(statement.to_owned())
}

#[test]
fn nothing_and_nonsense_are_not_imported() {
    let servers = Servers::shared();
    let ws = workspace(&servers);
    write(&ws, &[("void", "sandbox", "")]);
    let at = address("void", "sandbox");
    let refused = ws.import_fails(&at, "void/sandbox");
    assert!(refused.say("non-existent") || refused.say("nothing"), "{refused}");
    for (id, told) in [
        ("void", "app/env"),
        ("void-sandbox", "app/env"),
        ("", "without an id"),
        ("void/moon", "moon"),
        ("Void/sandbox", "Void"),
        ("void/sandbox/x", "sandbox/x"),
        ("../sandbox", ".."),
    ] {
        let refused = ws.import_fails(&at, id);
        assert!(refused.say(told), "{id:?}: {refused}");
    }
    assert!(ws.state().is_empty());
}
