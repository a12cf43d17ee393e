// SPDX-License-Identifier: MPL-2.0
//! Replacements: what is made does not approve what goes.

use super::{CREATES, Gates, Guarded, SHUT, UNPROTECTED, digest};
use crate::site::{at, block};

#[test]
fn a_taint_needs_the_digest_of_the_delete_too() {
    let mut it = Guarded::made("gate-taint", &SHUT, UNPROTECTED);
    it.taint();
    let told = it.site.ws.plan_fails();
    let create = digest(&told, "gate-taint/prod", "create");
    let delete = digest(&told, "gate-taint/prod", "delete");
    it.approve(&[&create]);
    assert_eq!(it.refused("delete"), delete);
    // A plan that reads nothing cannot tell that something goes; the apply does.
    let before = it.snapshot();
    let told = it.site.ws.plan_fails_with(&["-refresh=false"]);
    let adopt = digest(&told, "gate-taint/prod", "adopt");
    it.approve(&[&create, &adopt]);
    let told = it.site.ws.apply_fails_with(&["-refresh=false"]);
    assert_eq!(digest(&told, "gate-taint/prod", "delete"), delete);
    it.is_untouched(&before);
    it.approve(&[&create, &delete]);
    it.site.ws.step();
    assert_eq!(it.site.registration("gate-taint", "prod"), "live team/gate-taint 3");
}

#[test]
fn a_replacement_that_is_asked_for_needs_both_digests() {
    let mut it = Guarded::made("gate-replace", &SHUT, UNPROTECTED);
    let replace = format!("-replace={}", at("it"));
    let told = it.site.ws.plan_fails_with(&[&replace]);
    let create = digest(&told, "gate-replace/prod", "create");
    let delete = digest(&told, "gate-replace/prod", "delete");
    let before = it.snapshot();
    for one in [&create, &delete] {
        it.approve(&[one]);
        it.site.ws.apply_fails_with(&[&replace]);
        it.is_untouched(&before);
    }
    it.approve(&[&create, &delete]);
    it.site.ws.apply_with(&[&replace]);
    it.approve(&[]);
    it.site.ws.is_settled();
    assert_eq!(it.site.registration("gate-replace", "prod"), "live team/gate-replace 3");
}

#[test]
fn another_app_in_its_place_needs_both_digests() {
    let mut it = Guarded::made("gate-renamed", &SHUT, UNPROTECTED);
    it.write(&SHUT, &block("it", "gate-renamed-too", "prod", UNPROTECTED));
    let delete = it.refused("delete");
    it.approve(&[&delete]);
    let told = it.site.ws.plan_fails();
    let create = digest(&told, "gate-renamed-too/prod", "create");
    it.approve(&[&delete, &create]);
    it.site.ws.step();
    assert_eq!(it.site.registration("gate-renamed", "prod"), "gone team/gate-renamed 2");
}

#[test]
fn a_removed_key_needs_the_digest_of_its_delete() {
    let mut it = Guarded::new("gate-keys");
    let apps = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        format!(
            "resource \"appenv_app_instance\" \"it\" {{\n  for_each = toset([{}])\n  app = each.key\n  env = \"prod\"\n  \
             deletion_protection = false\n}}\n",
            names.join(", ")
        )
    };
    it.write(&CREATES, &apps(&["gate-keys-a", "gate-keys-b"]));
    it.site.ws.step();
    it.write(&CREATES, &apps(&["gate-keys-a"]));
    let told = it.site.ws.plan_fails();
    let delete = digest(&told, "gate-keys-b/prod", "delete");
    it.approve(&[&delete]);
    it.site.ws.step();
    assert_eq!(it.site.registration("gate-keys-a", "prod"), "live team/gate-keys 1");
    assert_eq!(it.site.registration("gate-keys-b", "prod"), "gone team/gate-keys 2");
}

#[test]
fn a_replacement_in_review_is_an_error_since_its_warnings_are_dropped() {
    let gates = Gates { mode: "review", ..CREATES };
    let it = Guarded::made("gate-second", &gates, UNPROTECTED);
    let told = it.site.ws.plan_fails_with(&[&format!("-replace={}", at("it"))]);
    digest(&told, "gate-second/prod", "delete");
    // The first half of another app in its place warns, as any plan; the second cannot.
    let shut = Gates { mode: "review", ..SHUT };
    it.write(&shut, &block("it", "gate-second-too", "prod", UNPROTECTED));
    let told = it.site.ws.plan_fails();
    digest(&told, "gate-second-too/prod", "create");
    let before = it.snapshot();
    it.site.ws.apply_fails();
    it.is_untouched(&before);
}
