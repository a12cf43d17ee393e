// SPDX-License-Identifier: MPL-2.0
//! Imports into production: what they take over is judged, and what they change with it.

use std::sync::Arc;

use acceptance::servers::Servers;

use super::{CREATES, Gates, Guarded, UNPROTECTED, digest, limit};
use crate::adopt::{by_hand, only_markers};
use crate::site::{Site, at, block};

/// Takeovers are allowed.
const ADOPTS: Gates<'static> = Gates { mode: "noop", allow: &["adopt"], more: "" };

#[test]
fn an_import_is_an_adoption_that_needs_leave_and_forgetting_touches_nothing() {
    let mut it = Guarded::made("gate-import", &CREATES, "");
    it.site.ws.state_rm(&at("it"));
    it.site.ws.import(&at("it"), "gate-import/prod");
    let digest = it.refused("adopt");
    it.approve(&[&digest]);
    it.site.ws.step();
    it.approve(&[]);
    // `removed` without a destroy never asks the provider.
    let before = it.snapshot();
    let forget = format!(
        "removed {{\n  from = {}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n",
        at("it")
    );
    it.write(&CREATES, &forget);
    it.site.ws.apply();
    assert!(it.site.ws.state().is_empty());
    it.is_untouched(&before);
}

/// An import of what nobody registered is judged against what is wished, which its read does not know.
#[test]
fn an_import_that_keeps_settings_is_the_adoption_alone() {
    let it = Guarded::new("gate-by-hand");
    by_hand(&it.site.servers, "gate-by-hand");
    it.site.servers.pg.sql("ALTER DATABASE \"gate-by-hand\" CONNECTION LIMIT 7");
    it.instance(&ADOPTS, &limit(7));
    it.site.ws.import(&at("it"), "gate-by-hand/prod");
    let before = it.snapshot();
    it.site.ws.plan_to("saved.plan");
    it.is_untouched(&before);
    it.site.ws.apply_saved("saved.plan");
    it.site.ws.is_settled();
    only_markers(&it.snapshot().since(&before));
}

#[test]
fn an_import_that_changes_settings_is_an_update_too() {
    let mut it = Guarded::new("gate-taken");
    by_hand(&it.site.servers, "gate-taken");
    it.instance(&ADOPTS, &limit(9));
    it.site.ws.import(&at("it"), "gate-taken/prod");
    let set = |limit: i32| format!("ALTER DATABASE \"gate-taken\" CONNECTION LIMIT {limit}");
    let is = |limit: i32| {
        format!("mend postgres_database \"gate-taken\": differs: connection_limit is {limit}")
    };
    // Also where what is there equals an instance without any settings, which is what the read compares with.
    for there in [7, -1] {
        it.site.servers.pg.sql(&set(there));
        let told = it.site.ws.plan_fails();
        assert!(told.say(&is(there)), "{told}");
    }
    it.site.servers.pg.sql(&set(7));
    it.instance(&ADOPTS, "");
    let told = it.site.ws.plan_fails();
    assert!(told.say(&is(7)), "{told}");
    // What was approved is what the apply finds.
    it.instance(&ADOPTS, &limit(9));
    it.approved("adopt");
    assert_eq!(it.connection_limit(), "9");
}

/// A create of the same run may come first and found the registries, and make what the app's instances share.
#[test]
fn what_another_instance_makes_in_the_same_run_breaks_no_approval_of_an_import() {
    let servers = Arc::new(Servers::start());
    let admin = servers.pg.admin();
    admin.sql("CREATE ROLE first_role; GRANT first_role TO CURRENT_USER");
    admin.sql("CREATE DATABASE first OWNER first_role TEMPLATE template0");
    let site = Site::on(&servers).owned_by("team/first");
    let mut it = Guarded { site, app: "first".to_owned() };
    let after = format!("  depends_on = [{}]\n", at("beside"));
    let blocks = [block("it", "first", "prod", &after), block("beside", "first", "sandbox", "")];
    it.write(&CREATES, &blocks.concat());
    it.site.ws.import(&at("it"), "first/prod");
    let digest = digest(&it.site.ws.plan_fails(), "first/prod", "adopt");
    it.approve(&[&digest]);
    it.site.ws.step();
    assert_eq!(it.site.registration("first", "prod"), "live team/first 1");
}

/// The entry that was ended keeps its generation, and with it what was approved then is of then.
#[test]
fn an_approved_import_is_approved_once() {
    let more = format!("{UNPROTECTED}  on_destroy = \"retain\"\n");
    let mut it = Guarded::made("gate-again", &CREATES, &more);
    let mut approved = Vec::new();
    for _ in 0..2 {
        let told = it.site.ws.destroy_fails();
        let end = digest(&told, "gate-again/prod", "delete");
        assert!(!approved.contains(&end));
        approved.push(end);
        it.approve(&approved.iter().map(String::as_str).collect::<Vec<_>>());
        it.site.ws.destroy();
        it.site.ws.import(&at("it"), "gate-again/prod");
        let adoption = it.refused("adopt");
        assert!(!approved.contains(&adoption));
        approved.push(adoption);
        it.approve(&approved.iter().map(String::as_str).collect::<Vec<_>>());
        it.site.ws.step();
    }
}

/// What is not known yet may be more than what is allowed.
#[test]
fn an_import_of_which_something_is_unknown_is_refused_though_adoptions_are_allowed() {
    let it = Guarded::new("gate-dark");
    by_hand(&it.site.servers, "gate-dark");
    it.instance(&ADOPTS, "");
    it.site.ws.import(&at("it"), "gate-dark/prod");
    let from = "resource \"terraform_data\" \"limit\" {\n  input = 5\n}\n";
    let more = "  database {\n    connection_limit = terraform_data.limit.output\n  }\n";
    it.write(&ADOPTS, &format!("{from}{}", block("it", "gate-dark", "prod", more)));
    let before = it.snapshot();
    let told = it.site.ws.plan_fails();
    let summary = "gate-dark/prod adopt: what is not known yet cannot be approved";
    assert!(told.error_titled(summary).detail.contains("database.connection_limit"), "{told}");
    it.is_untouched(&before);
}
