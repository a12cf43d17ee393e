// SPDX-License-Identifier: MPL-2.0
//! Owners: one an app, changed only under a live holder.

use acceptance::Sentinel;

use crate::site::{self, Site, at, plain};

#[test]
fn an_app_has_one_owner() {
    let first = Site::shared();
    first.step(&plain("it", "owned", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "owned-sandbox");
    let before = first.snapshot("owned");
    let second = first.beside().owned_by("rival/shop");
    for env in ["sandbox", "staging", "prod"] {
        second.write(&plain("it", "owned", env));
        let titled = format!("owned/{env}: the app belongs to owner \"acme/shop\"");
        let words = ["rival/shop", "`owner`", "hand the app over"];
        site::refused(&second.ws.plan_fails(), &titled, &words);
        site::refused(&second.ws.apply_fails(), &titled, &words);
    }
    assert!(second.ws.state().is_empty());
    first.is_untouched(&before, "owned");
    row.is_still_there(&first.servers.pg);
    first.ws.destroy();
    // An app that is wholly gone binds nobody.
    second.step(&plain("it", "owned", "sandbox"));
    assert_eq!(second.registration("owned", "sandbox"), "live rival/shop 3");
    second.ws.destroy();
}

#[test]
fn the_holder_changes_the_owner() {
    let site = Site::shared();
    let blocks = format!("{}{}", plain("a", "given", "sandbox"), plain("b", "given", "staging"));
    site.step(&blocks);
    let rows =
        ["given-sandbox", "given-staging"].map(|name| Sentinel::plant(&site.servers.pg, name));
    let holder = site.holder("given", "sandbox");
    let site = site.owned_by("acme/platform");
    site.write(&blocks);
    // The CLI plans blocks in no certain order.
    let mut planned = site.ws.has_changes().planned();
    planned.sort();
    assert_eq!(planned, [format!("{}: update", at("a")), format!("{}: update", at("b"))]);
    let text = site.ws.plan_text();
    assert!(text.stdout.contains("owner is acme/shop"), "{text}");
    site.ws.step();
    assert_eq!(site.registration("given", "sandbox"), "live acme/platform 2");
    assert_eq!(site.holder("given", "sandbox"), holder, "an update is no adoption");
    let comment = site.servers.pg.sql(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'given_sandbox_role'",
    );
    assert!(comment.one().contains("acme/platform"), "{comment:?}");
    let policy = site.servers.bao.policy("given-sandbox").unwrap();
    assert!(policy.contains("acme/platform") && !policy.contains("acme/shop"), "{policy}");
    let document = site.servers.bao.read("kvv2/data/appenv/_apps/given").unwrap();
    assert!(
        document.to_string().contains("acme/platform")
            && !document.to_string().contains("acme/shop")
    );
    for row in &rows {
        row.is_still_there(&site.servers.pg);
    }
    site.ws.destroy();
}

#[test]
fn nobody_else_changes_the_owner() {
    let first = Site::shared();
    first.step(&plain("it", "guarded", "sandbox"));
    let before = first.snapshot("guarded");
    // By import, which has no holder.
    let second = first.beside().owned_by("rival/shop");
    second.write(&plain("it", "guarded", "sandbox"));
    second.ws.import(&at("it"), "guarded/sandbox");
    let titled = "guarded/sandbox: the app belongs to owner \"acme/shop\"";
    site::refused(&second.ws.plan_fails(), titled, &["hand the app over"]);
    site::refused(&second.ws.apply_fails(), titled, &["hand the app over"]);
    // By a state that another has taken the instance from.
    let third = first.beside();
    third.step(&plain("it", "guarded", "sandbox"));
    let row = Sentinel::plant(&first.servers.pg, "guarded-sandbox");
    assert!(!first.snapshot("guarded").since(&before).is_empty());
    let before = first.snapshot("guarded");
    let first = first.owned_by("rival/shop");
    first.write(&plain("it", "guarded", "sandbox"));
    site::refused(&first.ws.plan_fails(), "guarded/sandbox: held twice", &["state rm"]);
    first.is_untouched(&before, "guarded");
    row.is_still_there(&first.servers.pg);
    third.ws.destroy();
}

#[test]
fn a_changed_owner_does_not_delete() {
    let site = Site::shared();
    site.step(&plain("it", "ended", "sandbox"));
    let row = Sentinel::plant(&site.servers.pg, "ended-sandbox");
    let site = site.owned_by("rival/shop");
    site.write("");
    let titled = "ended/sandbox: the app belongs to owner \"acme/shop\"";
    site::refused(&site.ws.apply_fails(), titled, &["rival/shop", "`owner`"]);
    row.is_still_there(&site.servers.pg);
    assert_eq!(site.registration("ended", "sandbox"), "live acme/shop 1");
    let site = site.owned_by("acme/shop");
    site.write("");
    site.ws.apply();
    assert!(!site.servers.pg.has_database("ended-sandbox"));
}
