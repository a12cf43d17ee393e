// SPDX-License-Identifier: MPL-2.0
//! Imports into production: what they take over is judged, and what they change with it.

use super::{CREATES, Gates, Guarded, limit};
use crate::adopt::{by_hand, only_markers};
use crate::site::at;

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
