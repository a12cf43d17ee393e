// SPDX-License-Identifier: MPL-2.0
//! Replacement in all its forms: no row is lost that a plan did not show, and nothing that is protected.

use acceptance::{Run, Sentinel, Snapshot};

use crate::site::{self, Site, at, block, plain};

const BEFORE_DESTROY: &str = "  lifecycle {\n    create_before_destroy = true\n  }\n";
const PROTECTED: &str = "  deletion_protection = true\n";

/// Both orders of a replacement.
fn orders() -> [(&'static str, &'static str); 2] {
    [("after", ""), ("before", BEFORE_DESTROY)]
}

fn taint(site: &Site) {
    let run = site.ws.run(&["taint", &at("it")]);
    assert_eq!(run.code, Some(0), "{run}");
}

/// Nothing has changed since, and the row is there.
fn untouched(site: &Site, before: &Snapshot, row: &Sentinel, app: &str) {
    site.is_untouched(before, app);
    row.is_still_there(&site.servers.pg);
}

#[test]
fn protected_instances_are_not_replaced() {
    let site = Site::shared();
    for (order, lifecycle) in orders() {
        let app = format!("keep-{order}");
        let database = format!("{app}-sandbox");
        site.step(&block("it", &app, "sandbox", &format!("{PROTECTED}{lifecycle}")));
        let row = Sentinel::plant(&site.servers.pg, &database);
        let before = site.snapshot(&app);
        let id = format!("{app}/sandbox: protected from deletion");
        let next = ["deletion_protection = false", "removed", "untaint"];
        let replace = format!("-replace={}", at("it"));
        site::refused(&site.ws.plan_fails_with(&[&replace]), &id, &next);
        site::refused(&site.ws.apply_fails_with(&[&replace]), &id, &next);
        // Lifting the protection in the same apply does not count.
        site.write(&block(
            "it",
            &app,
            "sandbox",
            &format!("  deletion_protection = false\n{lifecycle}"),
        ));
        site::refused(&site.ws.apply_fails_with(&[&replace]), &id, &next);
        site.write(&block("it", &app, "sandbox", &format!("{PROTECTED}{lifecycle}")));
        untouched(&site, &before, &row, &app);
        site.ws.is_settled();
        taint(&site);
        if lifecycle.is_empty() {
            site::refused(&site.ws.apply_fails(), &id, &next);
            untouched(&site, &before, &row, &app);
            assert!(site.ws.state().is_tainted(&at("it")));
            let run = site.ws.run(&["untaint", &at("it")]);
            assert_eq!(run.code, Some(0), "{run}");
        } else {
            // What comes first adopts, and the deposed entry no longer holds anything.
            site.ws.apply();
            row.is_still_there(&site.servers.pg);
        }
        site.ws.is_settled();
        site.step(&block("it", &app, "sandbox", "  deletion_protection = false\n"));
        site.ws.destroy();
    }
}

#[test]
fn unprotected_instances_are_replaced_as_the_plan_says() {
    let site = Site::shared();
    let replacement: [fn(&Site) -> Run; 2] = [
        |site| site.ws.apply_with(&[&format!("-replace={}", at("it"))]),
        |site| {
            taint(site);
            site.ws.apply()
        },
    ];
    for (order, lifecycle) in orders() {
        let app = format!("swap-{order}");
        let database = format!("{app}-sandbox");
        site.step(&block("it", &app, "sandbox", lifecycle));
        for (number, replace) in (1_i64..).zip(replacement) {
            let row = Sentinel::plant(&site.servers.pg, &database);
            let run = replace(&site);
            assert!(site.servers.pg.has_database(&database), "{run}");
            // Created first, it adopts what is there, so there is nothing to delete.
            assert_eq!(row.is_in(&site.servers.pg, &database), !lifecycle.is_empty(), "{run}");
            assert!(site.registration(&app, "sandbox").starts_with("live"), "{run}");
            assert!(site.generation(&at("it")) > number, "{run}");
            site.holder(&app, "sandbox");
            site.ws.is_settled();
        }
        site.ws.destroy();
        assert!(!site.servers.pg.has_database(&database));
    }
}

#[test]
fn a_failed_provisioner_loses_nothing_that_is_protected() {
    let failing = "  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n";
    let site = Site::shared();
    for (app, protection) in [("prov-kept", PROTECTED), ("prov-lost", "")] {
        let database = format!("{app}-sandbox");
        site.write(&block("it", app, "sandbox", &format!("{protection}{failing}")));
        site.ws.apply_fails();
        assert!(site.ws.state().is_tainted(&at("it")));
        let row = Sentinel::plant(&site.servers.pg, &database);
        site.write(&block("it", app, "sandbox", protection));
        if protection.is_empty() {
            assert_eq!(site.ws.has_changes().planned(), ["appenv_app_instance.it: replace"]);
            site.ws.step();
            assert!(!row.is_in(&site.servers.pg, &database), "the plan said replace");
        } else {
            let id = format!("{app}/sandbox: protected from deletion");
            site::refused(&site.ws.apply_fails(), &id, &["untaint"]);
            row.is_still_there(&site.servers.pg);
            site.ws.run(&["untaint", &at("it")]);
            site.ws.is_settled();
            site.step(&block("it", app, "sandbox", "  deletion_protection = false\n"));
        }
        site.ws.destroy();
    }
}

#[test]
fn a_changed_coordinate_is_refused_or_replaces() {
    let site = Site::shared();
    let (pg, bao) = (&site.servers.pg, &site.servers.bao);
    site.step(&plain("it", "turned", "prod"));
    let row = Sentinel::plant(pg, "turned");
    let before = site.snapshot("turned");
    let words = ["moved", "import", "removed", "deletion_protection = false"];
    site.write(&plain("it", "turned", "sandbox"));
    site::refused(&site.ws.plan_fails(), "turned/prod: would become turned/sandbox", &words);
    site.write(&plain("it", "spun", "prod"));
    site::refused(&site.ws.apply_fails(), "turned/prod: would become spun/prod", &words);
    untouched(&site, &before, &row, "turned");
    assert!(!pg.has_database("spun") && bao.policy("spun").is_none());

    site.step(&block("it", "turned", "prod", "  deletion_protection = false\n"));
    site.write(&plain("it", "turned", "sandbox"));
    assert_eq!(site.ws.has_changes().planned(), ["appenv_app_instance.it: replace"]);
    site.ws.step();
    assert!(!pg.has_database("turned") && pg.has_database("turned-sandbox"));
    assert!(bao.policy("turned").is_none() && bao.policy("turned-sandbox").is_some());
    // Into one that another state holds.
    let other = site.beside();
    other.step(&plain("it", "spun", "sandbox"));
    let kept = Sentinel::plant(pg, "spun-sandbox");
    site.write(&plain("it", "spun", "sandbox"));
    site::refused(&site.ws.apply_fails(), "spun/sandbox: exists, held since", &["import"]);
    assert!(pg.has_database("turned-sandbox"));
    kept.is_still_there(pg);
    other.ws.destroy();
    site.step(&plain("it", "spun", "sandbox"));
    assert!(!pg.has_database("turned-sandbox") && pg.has_database("spun-sandbox"));
    site.ws.destroy();
}

#[test]
fn what_was_imported_and_not_adopted_is_not_replaced() {
    let first = Site::shared();
    first.step(&plain("it", "foreign", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "foreign-sandbox");
    let before = first.snapshot("foreign");
    let second = first.beside();
    second.write(&plain("it", "foreign", "sandbox"));
    second.ws.import(&at("it"), "foreign/sandbox");
    let refusal = "foreign/sandbox: imported, not adopted yet";
    let replace = format!("-replace={}", at("it"));
    site::refused(&second.ws.apply_fails_with(&[&replace]), refusal, &["state rm"]);
    site::refused(&second.ws.destroy_fails(), refusal, &["state rm"]);
    untouched(&first, &before, &row, "foreign");
    taint(&second);
    // A taint hides from the plan that it was imported; the delete knows, and drops the entry alone.
    second.ws.apply();
    row.is_still_there(&first.servers.pg);
    second.ws.is_settled();
    second.ws.destroy();
}
