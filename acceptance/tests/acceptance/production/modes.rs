// SPDX-License-Identifier: MPL-2.0
//! What each mode does, and what `allow` lets pass.

use super::{CREATES, Gates, Guarded, digest, limit, warns};
use crate::site::block;

#[test]
fn review_warns_at_plan_and_refuses_in_apply() {
    let gates = Gates { mode: "review", allow: &["create"], more: "" };
    let mut it = Guarded::made("gate-review", &gates, &limit(2));
    it.instance(&gates, &limit(3));
    let plan = it.site.ws.plan_to("p.bin");
    let told =
        warns(&plan, "gate-review/prod", "update", "not approved, so the apply will refuse it");
    let before = it.snapshot();
    let run = it.site.ws.run(&["apply", "-json", "p.bin"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(digest(&run.diagnostics(), "gate-review/prod", "update"), told);
    it.is_untouched(&before);
    assert_eq!(it.apply_refused("update"), told);
    it.approve(&[&told]);
    let plan = it.site.ws.plan_to("q.bin");
    assert_eq!(warns(&plan, "gate-review/prod", "update", ": approved"), told);
    it.site.ws.apply_saved("q.bin");
    assert_eq!(it.connection_limit(), "3");
}

#[test]
fn an_open_gate_lets_everything_pass() {
    let gates = Gates { mode: "open", allow: &[], more: "" };
    let it = Guarded::made("gate-open", &Gates { mode: "open", allow: &["create"], more: "" }, "");
    for more in [limit(3), "  deletion_protection = false\n".to_owned()] {
        it.instance(&gates, &more);
        it.site.ws.step();
    }
    it.write(&gates, "");
    it.site.ws.step();
}

#[test]
fn only_the_allowed_operations_need_no_digest() {
    let gates = Gates { mode: "noop", allow: &["create", "release"], more: "" };
    let mut it = Guarded::made("gate-allow", &gates, "  release = \"1\"\n");
    it.instance(&gates, "  release = \"2\"\n");
    it.site.ws.step();
    // A release that comes with more is more than a release.
    it.instance(&gates, &format!("  release = \"3\"\n{}", limit(3)));
    it.refused("update");
    it.instance(&gates, &limit(3));
    it.approved("update");
    // What is not production needs none at all.
    let sandbox = |more: &str| {
        it.write(
            &gates,
            &format!(
                "{}{}",
                block("it", "gate-allow", "prod", &limit(3)),
                block("sandbox", "gate-allow", "sandbox", more)
            ),
        );
        it.site.ws.step();
    };
    sandbox("");
    sandbox(&limit(9));
    it.instance(&gates, &limit(3));
    it.site.ws.step();
}

#[test]
fn what_the_default_is() {
    // No word of gates: production is what the convention declares, and only a create is allowed.
    let mut it = Guarded::new("gate-default");
    let write = |it: &Guarded, more: &str| {
        let header = crate::site::header(&it.site.owner, "", "  # gates {} \n");
        let block = block("it", "gate-default", "prod", more);
        it.site.ws.write("main.tf", &format!("{header}{block}"));
    };
    write(&it, "");
    it.site.ws.step();
    write(&it, &limit(3));
    it.approved("update");
    write(&it, "");
    it.refused("update");
    it.instance(&CREATES, &limit(3));
    it.site.ws.is_settled();
}
