// SPDX-License-Identifier: MPL-2.0
//! Targets that are not the ones an entry knows, and registries that have lost something.

use std::sync::Arc;

use acceptance::servers::Servers;
use acceptance::{Diagnostics, Sentinel, Snapshot};

use crate::site::{Site, at, block, plain};

const LIMITED: &str = "  database {\n    connection_limit = 9\n  }\n";

/// Read keeps the entry and warns; update and delete are refused; nothing is written anywhere.
fn is_elsewhere(site: &Site, app: &str, servers: &[&Servers], why: &str) {
    let before: Vec<_> = servers.iter().map(|servers| Snapshot::take(servers)).collect();
    let titled = format!("{app}/sandbox: its objects are elsewhere");
    let refused = |told: &Diagnostics| {
        let error = told.error();
        assert!(error.summary.starts_with(&titled), "{told}");
        assert!(error.detail.contains("`state rm`"), "{told}");
    };
    let entry = site.ws.state().resource(&at("it")).clone();
    let run = site.ws.apply_with(&["-refresh-only"]);
    let said = run.diagnostics();
    assert!(said.warning_titled(&titled).detail.contains(why), "{said}");
    assert_eq!(site.ws.state().resource(&at("it")), &entry, "the entry is kept");
    site.write(&block("it", app, "sandbox", LIMITED));
    for args in [&[][..], &["-refresh=false"]] {
        refused(&site.ws.plan_fails_with(args));
        refused(&site.ws.apply_fails_with(args));
    }
    let replace = format!("-replace={}", at("it"));
    refused(&site.ws.apply_fails_with(&[&replace]));
    refused(&site.ws.apply_fails_with(&[&replace, "-refresh=false"]));
    site.ws.run(&["taint", &at("it")]);
    refused(&site.ws.apply_fails());
    site.ws.run(&["untaint", &at("it")]);
    refused(&site.ws.destroy_fails());
    site.write("");
    refused(&site.ws.apply_fails());
    refused(&site.ws.apply_fails_with(&["-refresh=false"]));
    site.write(&plain("it", app, "sandbox"));
    for (servers, before) in servers.iter().zip(&before) {
        Snapshot::take(servers).since(before).is_nothing();
    }
}

/// The right targets again: one refresh clears what was noted.
fn is_home(site: &Site) {
    site.ws.apply_with(&["-refresh-only"]);
    site.ws.is_settled();
}

#[test]
fn other_servers_are_not_touched() {
    let home = Arc::new(Servers::start());
    let other = Servers::start();
    let mut site = Site::on(&home);
    site.step(&plain("it", "erp", "sandbox"));
    let row = Sentinel::plant(&home.pg, "erp-sandbox");

    // Founded by somebody else, and not founded at all.
    let stranger = Site::on(&Arc::new(Servers::start()));
    stranger.step(&plain("it", "crm", "sandbox"));
    for (foreign, why) in
        [(&other, "has no appenv registry"), (&*stranger.servers, "has the registry")]
    {
        site.ws.set_envs(foreign.pg.env());
        site.ws.set_envs(home.bao.env());
        // OpenBao leases logins in the other server; it names the same login in both.
        is_elsewhere(&site, "erp", &[&home, foreign], why);
        site.ws.set_envs(home.pg.env());
        site.ws.set_envs(foreign.bao.env());
        is_elsewhere(&site, "erp", &[&home, foreign], why);
    }

    // A restart of the right ones is enough.
    site.ws.set_envs(home.env());
    is_home(&site);
    row.is_still_there(&home.pg);
    site.ws.destroy();
    stranger.ws.destroy();
}

#[test]
fn another_maintenance_database_is_elsewhere() {
    let servers = Arc::new(Servers::start());
    servers.pg.sql("CREATE DATABASE another");
    servers.pg.sql("GRANT CREATE ON DATABASE another TO appenv_admin");
    let mut site = Site::on(&servers);
    site.step(&plain("it", "erp", "sandbox"));
    let row = Sentinel::plant(&servers.pg, "erp-sandbox");
    site.ws.set_env("PGDATABASE", "another");
    is_elsewhere(&site, "erp", &[&servers], "another maintenance database");

    // From an empty state, the objects of the other registry stand in the way.
    let mut second = site.beside();
    second.ws.set_env("PGDATABASE", "another");
    second.write(&plain("it", "erp", "sandbox"));
    let before = Snapshot::take(&servers);
    let told = second.ws.apply_fails();
    let error = told.error_titled("erp/sandbox: objects are in the way");
    assert!(error.detail.contains("import") && error.detail.contains("erp-sandbox"), "{told}");
    Snapshot::take(&servers).since(&before).is_nothing();

    site.ws.set_env("PGDATABASE", "postgres");
    is_home(&site);
    row.is_still_there(&servers.pg);
    site.ws.destroy();
}

#[test]
fn a_lost_registry_is_elsewhere() {
    let servers = Arc::new(Servers::start());
    let site = Site::on(&servers);
    site.step(&plain("it", "erp", "sandbox"));
    let row = Sentinel::plant(&servers.pg, "erp-sandbox");
    servers.pg.sql("ALTER SCHEMA appenv RENAME TO lost");
    is_elsewhere(&site, "erp", &[&servers], "restored without its registry");
    servers.pg.sql("ALTER SCHEMA lost RENAME TO appenv");
    is_home(&site);

    // Soft deletes of KV, which can be undone.
    for path in ["appenv/_registry", "appenv/_apps/erp"] {
        servers.bao.api().delete(&format!("kvv2/data/{path}"));
    }
    is_elsewhere(&site, "erp", &[&servers], "restored without its registry");
    for path in ["appenv/_registry", "appenv/_apps/erp"] {
        let body = serde_json::json!({ "versions": (1..=9).collect::<Vec<_>>() });
        servers.bao.api().put(&format!("kvv2/undelete/{path}"), &body);
    }
    is_home(&site);

    // For good: the entry is dropped, and the objects are taken over by import.
    servers.pg.sql("DROP SCHEMA appenv CASCADE");
    for path in ["appenv/_registry", "appenv/_apps/erp"] {
        servers.bao.api().delete(&format!("kvv2/metadata/{path}"));
    }
    is_elsewhere(&site, "erp", &[&servers], "restored without its registry");
    site.ws.state_rm(&at("it"));
    let told = site.ws.plan_fails();
    let error = told.error_titled("erp/sandbox: objects are in the way");
    assert!(error.detail.contains("terraform import ADDRESS erp/sandbox"), "{told}");
    site.ws.import(&at("it"), "erp/sandbox");
    site.ws.step();
    assert_eq!(site.registration("erp", "sandbox"), "live acme/shop 1");
    row.is_still_there(&servers.pg);
    site.ws.destroy();
    assert!(!servers.pg.has_database("erp-sandbox"));
}

#[test]
fn an_entry_that_is_gone_is_a_create_and_objects_without_one_are_in_the_way() {
    let site = Site::shared();
    let Servers { pg, bao } = &*site.servers;
    let app = "unlisted";
    site.step(&plain("it", app, "sandbox"));
    let row = Sentinel::plant(pg, "unlisted-sandbox");
    pg.sql("DELETE FROM appenv.instances WHERE app = 'unlisted'");
    bao.api().delete("kvv2/metadata/appenv/_apps/unlisted");
    let before = site.snapshot(app);
    for _ in 0..2 {
        let told = site.ws.plan_fails();
        let error = told.error_titled("unlisted/sandbox: objects are in the way");
        assert!(error.detail.contains("terraform import ADDRESS unlisted/sandbox"), "{told}");
        site.ws.apply_fails();
    }
    site.is_untouched(&before, app);
    site.ws.apply_with(&["-refresh-only"]);
    assert!(site.ws.state().is_empty());
    site.ws.import(&at("it"), "unlisted/sandbox");
    site.ws.step();
    row.is_still_there(pg);

    // With the objects gone too, it is created anew.
    site.ws.destroy_with(&["-refresh=false"]);
    pg.sql("DELETE FROM appenv.instances WHERE app = 'unlisted'");
    bao.api().delete("kvv2/metadata/appenv/_apps/unlisted");
    site.ws.step();
    assert_eq!(site.registration(app, "sandbox"), "live acme/shop 1");
    pg.sql("DROP DATABASE \"unlisted-sandbox\"");
    pg.sql("DELETE FROM appenv.instances WHERE app = 'unlisted'");
    pg.sql("DROP OWNED BY unlisted_sandbox_role; DROP ROLE unlisted_sandbox_role");
    for path in [
        "sys/policies/acl/unlisted-sandbox",
        "sys/policies/acl/unlisted-ops",
        "postgres/roles/unlisted-sandbox",
    ] {
        bao.api().delete(path);
    }
    bao.api().delete("kvv2/metadata/appenv/_apps/unlisted");
    assert_eq!(site.ws.has_changes().planned(), ["appenv_app_instance.it: create"]);
    site.ws.step();
    site.ws.destroy();
}
