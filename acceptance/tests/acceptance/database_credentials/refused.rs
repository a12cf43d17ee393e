// SPDX-License-Identifier: MPL-2.0
//! What cannot be opened, and how that is said. Nothing is made then.

use acceptance::servers::Servers;
use acceptance::{Cli, Diagnostics, Workspace};
use serde_json::json;

use super::{From, Hcl, logins, workspace};

/// The only error, which says all of these and names a next step.
fn refused(told: &Diagnostics, summary: &str, words: &[&str]) {
    let error = told.error();
    assert!(error.summary.starts_with(summary), "{summary:?} was expected:\n{told}");
    for word in words.iter().chain(&["Next: "]) {
        assert!(error.detail.contains(word), "it does not say {word:?}:\n{told}");
    }
}

/// Credentials alone.
fn credentials(provider: &str, lines: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n{provider}}}\n\
         ephemeral \"appenv_database_credentials\" \"it\" {{\n{lines}}}\n"
    )
}

const PROVIDER: &str = "  owner = \"acme/shop\"\n  postgres {}\n";

#[test]
fn an_instance_of_the_same_run_is_waited_for_by_its_generation() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    let hcl = Hcl::new(From::Postgres, "tram");
    let waits = hcl.render();
    let not = waits.replace("  generation = appenv_app_instance.it.generation\n", "");
    ws.write("main.tf", &not);
    refused(
        &ws.plan_fails(),
        "tram/sandbox: not registered",
        &["Nothing was made", "generation = appenv_app_instance.NAME.generation"],
    );
    // As the message has it.
    ws.write("main.tf", &waits);
    ws.step();
    // There now, it needs no waiting.
    ws.write("main.tf", &not);
    ws.is_settled();
    assert!(logins(&servers.pg, "tram").is_empty());
}

#[test]
fn what_the_registry_does_not_bear_out() {
    let servers = Servers::start();
    let pg = &servers.pg;
    let ws = workspace(&servers);
    ws.write("main.tf", &Hcl::new(From::Postgres, "kiosk").render_instance());
    ws.step();
    let place = "  app = \"kiosk\"\n  env = \"sandbox\"\n";
    let plan = |provider: &str, lines: &str| {
        let ws = workspace(&servers);
        ws.write("main.tf", &credentials(provider, lines));
        ws.plan_fails()
    };
    let other = PROVIDER.replace("acme/shop", "someone/else");
    refused(
        &plan(&other, place),
        "kiosk/sandbox: the app belongs to owner \"acme/shop\"",
        &["\"someone/else\"", "set `owner` in the provider block to \"acme/shop\""],
    );
    refused(
        &plan(PROVIDER, &format!("{place}  generation = 77\n")),
        "kiosk/sandbox: registered at generation 1, not 77",
        &["postgres"],
    );
    refused(
        &plan(PROVIDER, &format!("{place}  names {{\n    database = \"another\"\n  }}\n")),
        "kiosk/sandbox: registered under other names",
        &["\"kiosk-sandbox\"", "\"another\""],
    );
    refused(
        &plan(PROVIDER, "  app = \"nowhere\"\n  env = \"sandbox\"\n"),
        "nowhere/sandbox: not registered",
        &["correct `app` and `env`"],
    );
    pg.sql("UPDATE appenv.instances SET phase = 'deleting' WHERE app = 'kiosk'");
    refused(&plan(PROVIDER, place), "kiosk/sandbox: being deleted", &[]);
    pg.sql("UPDATE appenv.instances SET phase = 'pending' WHERE app = 'kiosk'");
    refused(&plan(PROVIDER, place), "kiosk/sandbox: not whole yet", &[]);
    pg.sql("UPDATE appenv.instances SET phase = 'live' WHERE app = 'kiosk'");
    pg.sql("ALTER DATABASE \"kiosk-sandbox\" ALLOW_CONNECTIONS false");
    refused(
        &plan(PROVIDER, place),
        "kiosk/sandbox: Could not open credentials of \"kiosk-sandbox\"",
        &["missing, or shut"],
    );
    pg.sql("ALTER DATABASE \"kiosk-sandbox\" ALLOW_CONNECTIONS true");
    // A login that may not make roles, and one that may not hand the owner role on.
    pg.sql("ALTER ROLE appenv_admin NOCREATEROLE");
    refused(
        &plan(PROVIDER, place),
        "kiosk/sandbox: Could not make a temporary login of \"kiosk-sandbox\"",
        &["ALTER ROLE \"appenv_admin\" CREATEROLE;"],
    );
    pg.sql("ALTER ROLE appenv_admin CREATEROLE");
    assert!(logins(pg, "kiosk").is_empty());
}

#[test]
fn no_database_server_at_all() {
    let ws = Workspace::new(Cli::any()).without_trace();
    let place = "  app = \"kiosk\"\n  env = \"sandbox\"\n";
    ws.write("main.tf", &credentials("  owner = \"acme/shop\"\n", place));
    refused(&ws.plan_fails(), "No PostgreSQL server is configured", &["`postgres` block"]);
    // Vault alone leases nothing: there is no database.
    let vault = "  owner = \"acme/shop\"\n  vault {\n    address = \"http://127.0.0.1:1\"\n    token = \"x\"\n  }\n";
    ws.write("main.tf", &credentials(vault, place));
    refused(&ws.plan_fails(), "No PostgreSQL server is configured", &["`postgres` block"]);
}

#[test]
fn forms_are_judged_before_any_server_is_asked() {
    let ws = Workspace::new(Cli::any()).without_trace();
    for (lines, summary) in [
        ("  app = \"Kiosk\"\n", "app "),
        ("  app = \"kiosk\"\n  env = \"Sand_box\"\n", "env "),
        ("  app = \"kiosk\"\n  ttl = \"soon\"\n", "`ttl` cannot be \"soon\""),
        ("  app = \"kiosk\"\n  ttl = \"0s\"\n", "`ttl` cannot be \"0s\""),
        ("  app = \"kiosk\"\n  ttl = \"25h\"\n", "`ttl` cannot be \"25h\""),
        ("  app = \"kiosk\"\n  generation = -1\n", "`generation` cannot be -1"),
    ] {
        ws.write("main.tf", &credentials("", lines));
        let told = ws.validate();
        let error = told.error();
        assert!(error.summary.to_lowercase().contains(summary), "{lines}: {told}");
        assert!(error.address.is_some() || !error.detail.is_empty(), "{told}");
    }
}

#[test]
fn what_vault_refuses() {
    let servers = Servers::start();
    let bao = &servers.bao;
    let ws = workspace(&servers);
    let hcl = Hcl::new(From::Vault, "till");
    ws.write("main.tf", &hcl.render_instance());
    ws.step();
    hcl.write(&ws);
    ws.is_settled();

    // The documented policy without what is there for leasing.
    let policy = bao.policy("appenv-apply").unwrap();
    let without = |path: &str| {
        let text = policy.replace(&format!("path \"{path}\""), "path \"nothing/of/that\"");
        assert_ne!(text, policy);
        bao.api().put("sys/policies/acl/appenv-apply", &json!({ "policy": text }));
    };
    without("postgres/creds/*");
    refused(
        &ws.plan_fails(),
        "till/sandbox: Could not lease a database login",
        &["path \"postgres/creds/till-sandbox\" { capabilities = [\"read\"] }"],
    );
    without("sys/leases/revoke/postgres/creds/*");
    let told = ws.plan_fails();
    refused(
        &told,
        "till/sandbox: Could not revoke a leased database login",
        &["path \"sys/leases/revoke/postgres/creds/till-sandbox/"],
    );
    bao.api().put("sys/policies/acl/appenv-apply", &json!({ "policy": policy }));
    bao.api().put("sys/leases/revoke-prefix/postgres/creds/till-sandbox", &json!({ "sync": true }));

    // A role that somebody removed, and one that is another's.
    let role = bao.api().get("postgres/roles/till-sandbox").unwrap()["data"].clone();
    bao.api().delete("postgres/roles/till-sandbox");
    // Waiting for the repair, it is opened after it; not waiting, it is told.
    ws.plan();
    let waits = "  generation = appenv_app_instance.it.generation\n";
    ws.write("main.tf", &hcl.render().replace(waits, ""));
    refused(&ws.plan_fails(), "till/sandbox: Could not lease a database login", &["till-sandbox"]);
    bao.api().put("postgres/roles/till-sandbox", &role);
    bao.api().put("postgres/roles/another", &role);
    let names = "  names {\n    vault_database_role = \"another\"\n  }\n";
    ws.write("main.tf", &Hcl::new(From::Vault, "till").credentials(names).render());
    refused(
        &ws.plan_fails(),
        "till/sandbox: No database role in Vault is its own",
        &["no database role \"another\" at \"postgres\" as its own"],
    );
    assert!(bao.api().list("sys/leases/lookup/postgres/creds/another").is_empty());

    hcl.write(&ws);
    let key = bao.unseal_key();
    bao.api().put("sys/seal", &json!({}));
    let told = ws.plan_fails_with(&["-refresh=false"]);
    assert!(told.say("Vault is sealed"), "{told}");
    bao.api().put("sys/unseal", &json!({ "key": key }));
    assert!(logins(&servers.pg, "till").is_empty());
}
