// SPDX-License-Identifier: MPL-2.0
//! Creates, changes, ends: each is refused at plan with its digest, and goes through with that one only.

use acceptance::Snapshot;
use serde_json::json;

use super::{CREATES, Gates, Guarded, SHUT, UNPROTECTED, digest, limit, named};
use crate::site::{at, block, moved};

#[test]
fn a_create_needs_its_digest_and_is_a_no_op_afterwards_without_it() {
    let mut it = Guarded::new("gate-create");
    it.instance(&SHUT, "");
    let before = it.snapshot();
    let digest = it.refused("create");
    assert_eq!(it.apply_refused("create"), digest);
    it.is_untouched(&before);
    it.approve(&[&digest]);
    it.site.ws.step();
    it.approve(&[]);
    it.site.ws.is_settled();
    assert_eq!(it.site.registration("gate-create", "prod"), "live team/gate-create 1");
}

#[test]
fn a_create_needs_none_where_it_is_allowed_and_a_change_does() {
    let mut it = Guarded::made("gate-change", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let told = it.site.ws.plan_fails();
    let error = told.error();
    for words in [
        "This is a change of production",
        "set database.connection_limit: 2 -> 3",
        "approve exactly this change by its digest",
        "Nothing was changed",
        "Next:",
        "destroy",
        "Document: {\"after\":",
    ] {
        assert!(error.detail.contains(words), "{words:?} is not said:\n{told}");
    }
    let first = it.refused("update");
    assert_eq!(it.apply_refused("update"), first);
    assert_eq!(it.connection_limit(), "2");
    it.approve(&[&first]);
    // Edited after the review: another change.
    it.instance(&CREATES, &limit(4));
    let second = it.refused("update");
    assert_ne!(first, second);
    it.instance(&CREATES, &limit(3));
    it.site.ws.step();
    assert_eq!(it.connection_limit(), "3");
    // What was approved does not approve what comes next.
    it.instance(&CREATES, &limit(5));
    assert_ne!(it.refused("update"), first);
}

#[test]
fn an_approval_is_for_once() {
    let mut it = Guarded::made("gate-once", &CREATES, &limit(1));
    it.instance(&CREATES, &limit(2));
    let there = it.approved("update");
    it.instance(&CREATES, &limit(1));
    let back = it.approved("update");
    it.instance(&CREATES, &limit(2));
    it.approve(&[&there, &back]);
    let again = it.refused("update");
    assert!(again != there && again != back);
    assert_eq!(it.connection_limit(), "1");
}

#[test]
fn a_saved_plan_is_refused_where_something_changed_since() {
    let mut it = Guarded::made("gate-saved", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let digest = it.refused("update");
    it.approve(&[&digest]);
    it.site.ws.plan_to("p.bin");
    it.site.servers.pg.sql("ALTER DATABASE \"gate-saved\" CONNECTION LIMIT 77");
    let before = it.snapshot();
    let run = it.site.ws.run(&["apply", "-json", "p.bin"]);
    assert_eq!(run.code, Some(1), "{run}");
    let other = super::digest(&run.diagnostics(), "gate-saved/prod", "update");
    assert_ne!(other, digest);
    it.is_untouched(&before);
    // The approval of what it would be now is another one.
    assert_eq!(it.refused("update"), other);
}

#[test]
fn a_saved_plan_is_applied_where_nothing_changed_since() {
    let mut it = Guarded::made("gate-plan", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let digest = it.refused("update");
    it.approve(&[&digest]);
    it.site.ws.plan_to("p.bin");
    // Given at plan is not given at apply.
    it.approve(&[]);
    let run = it.site.ws.run(&["apply", "-json", "p.bin"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(super::digest(&run.diagnostics(), "gate-plan/prod", "update"), digest);
    assert_eq!(it.connection_limit(), "2");
    it.approve(&[&digest]);
    it.site.ws.plan_to("q.bin");
    it.site.ws.apply_saved("q.bin");
    assert_eq!(it.connection_limit(), "3");
}

#[test]
fn drift_is_mended_only_with_leave() {
    let mut it = Guarded::made("gate-drift", &CREATES, "");
    it.site.servers.pg.sql("ALTER DATABASE \"gate-drift\" CONNECTION LIMIT 77");
    let told = it.site.ws.plan_fails();
    let error = told.error();
    let words = "mend postgres_database \"gate-drift\": differs: connection_limit is 77";
    assert!(error.detail.contains(words), "{told}");
    it.approved("update");
    assert_eq!(it.connection_limit(), "-1");
}

#[test]
fn protection_is_lifted_and_the_instance_ended_each_with_leave() {
    let mut it = Guarded::made("gate-end", &CREATES, "");
    it.instance(&CREATES, UNPROTECTED);
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains("lift the protection from deletion"), "{told}");
    let lift = it.approved("update");
    // Protected again, and not to be lifted by what lifted it before.
    it.instance(&CREATES, "");
    it.site.ws.step();
    it.instance(&CREATES, UNPROTECTED);
    it.approve(&[&lift]);
    assert_ne!(it.refused("update"), lift);
    it.approved("update");
    it.write(&CREATES, "");
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains("remove postgres_database \"gate-end\""), "{told}");
    let end = it.approved("delete");
    assert_eq!(it.site.registration("gate-end", "prod"), "gone team/gate-end 4");
    // What came again is not what was approved to go.
    it.instance(&CREATES, UNPROTECTED);
    it.site.ws.step();
    it.write(&CREATES, "");
    it.approve(&[&end]);
    assert_ne!(it.refused("delete"), end);
}

#[test]
fn the_protection_of_the_objects_of_a_destroy_is_lifted_with_leave() {
    let mut it = Guarded::made("gate-retain", &CREATES, "  on_destroy = \"retain\"\n");
    it.instance(&CREATES, "");
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains("let a destroy delete the objects"), "{told}");
    it.approved("update");
    it.site.ws.is_settled();
}

#[test]
fn a_create_that_was_approved_does_not_make_what_was_ended_since() {
    let mut it = Guarded::new("gate-replay");
    it.instance(&SHUT, UNPROTECTED);
    let create = it.approved("create");
    it.write(&SHUT, "");
    it.approved("delete");
    it.instance(&SHUT, UNPROTECTED);
    it.approve(&[&create]);
    assert_ne!(it.refused("create"), create);
}

#[test]
fn an_entry_that_was_forgotten_is_not_made_with_its_old_approval() {
    let mut it = Guarded::new("gate-forgot");
    it.instance(&SHUT, "");
    let create = it.approved("create");
    it.site.ws.state_rm(&at("it"));
    it.approve(&[&create]);
    let adopt = it.refused("adopt");
    assert_ne!(adopt, create);
    it.approve(&[&adopt]);
    it.site.ws.step();
}

#[test]
fn what_is_not_known_yet_is_not_approved() {
    let it = Guarded::made("gate-unknown", &CREATES, "");
    let unknown = |gates: &Gates<'_>| {
        let more = "  release = terraform_data.version.output\n";
        let version = "resource \"terraform_data\" \"version\" {\n  input = \"1\"\n}\n";
        it.write(gates, &format!("{version}{}", block("it", "gate-unknown", "prod", more)));
    };
    unknown(&CREATES);
    let told = it.site.ws.plan_fails();
    let error = told.error();
    assert_eq!(
        error.summary, "gate-unknown/prod update: what is not known yet cannot be approved",
        "{told}"
    );
    assert!(error.detail.contains("release") && error.detail.contains("-target"), "{told}");
    // Nor is a protection that may go, though nothing else changes.
    let version = "resource \"terraform_data\" \"off\" {\n  input = false\n}\n";
    let more = "  deletion_protection = terraform_data.off.output\n";
    it.write(&CREATES, &format!("{version}{}", block("it", "gate-unknown", "prod", more)));
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains("after apply: deletion_protection."), "{told}");
}

/// Updates are allowed, and a renaming is none; which of them a name that is unknown comes to is unknown too.
#[test]
fn an_unknown_name_may_be_a_renaming() {
    let updates = Gates { mode: "noop", allow: &["create", "update"], more: "" };
    let it = Guarded::made("gate-unnamed", &updates, "");
    let name = "resource \"terraform_data\" \"name\" {\n  input = \"gate-named\"\n}\n";
    let more = "  names {\n    database = terraform_data.name.output\n  }\n";
    it.write(&updates, &format!("{name}{}", block("it", "gate-unnamed", "prod", more)));
    let told = it.site.ws.plan_fails();
    assert!(told.error().summary.ends_with("what is not known yet cannot be approved"), "{told}");
    assert!(told.error().detail.contains("names.database"), "{told}");
}

#[test]
fn the_same_change_at_another_address_is_the_same() {
    let mut it = Guarded::made("gate-moved", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let digest = it.refused("update");
    it.write(
        &CREATES,
        &format!(
            "{}{}",
            block("other", "gate-moved", "prod", &limit(3)),
            moved(&at("it"), &at("other"))
        ),
    );
    assert_eq!(it.refused("update"), digest);
    it.approve(&[&digest]);
    it.site.ws.step();
    assert_eq!(it.connection_limit(), "3");
}

#[test]
fn a_destroy_is_told_to_apply_or_revert_what_the_configuration_changes_first() {
    let mut it = Guarded::made("gate-destroy", &CREATES, UNPROTECTED);
    it.instance(&CREATES, &format!("{UNPROTECTED}{}", limit(3)));
    let told = it.site.ws.destroy_fails();
    let error =
        told.errors().find(|error| named(&error.summary, "gate-destroy/prod", "update").is_some());
    let refused = error.unwrap_or_else(|| panic!("{told}"));
    assert!(refused.detail.contains("A destroy and a replacement first plan"), "{told}");
    it.instance(&CREATES, UNPROTECTED);
    let told = it.site.ws.destroy_fails();
    let end = digest(&told, "gate-destroy/prod", "delete");
    it.approve(&[&end]);
    it.site.ws.destroy();
    assert_eq!(it.site.registration("gate-destroy", "prod"), "gone team/gate-destroy 2");
}

#[test]
fn a_refused_plan_is_no_plan_without_changes() {
    let it = Guarded::made("gate-held", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let run = it.site.ws.run(&["plan", "-json", "-detailed-exitcode"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert!(!run.text().contains("No changes"), "{run}");
    let attributes = it.site.ws.state_file()["resources"][0]["instances"][0]["attributes"].clone();
    assert_eq!(attributes.get("pending_approval"), None);
    assert_eq!(attributes["database"]["connection_limit"], json!(2));
}

#[test]
fn three_changes_in_one_plan_show_three_digests() {
    let it = Guarded::new("gate-three");
    let all = |more: &str| {
        let blocks =
            ["a", "b", "c"].map(|name| block(name, &format!("gate-three-{name}"), "prod", more));
        it.write(&CREATES, &blocks.concat());
    };
    all("");
    it.site.ws.step();
    let before = ["a", "b", "c"]
        .map(|name| Snapshot::of_app(&it.site.servers, &format!("gate-three-{name}")));
    all(&limit(5));
    let told = it.site.ws.plan_fails();
    let mut digests = ["a", "b", "c"]
        .map(|name| digest(&told, &format!("gate-three-{name}/prod"), "update"))
        .to_vec();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 3, "{told}");
    for (name, before) in ["a", "b", "c"].iter().zip(&before) {
        it.site.is_untouched(before, &format!("gate-three-{name}"));
    }
}

#[test]
fn of_two_approved_changes_of_the_same_the_second_is_refused() {
    let mut it = Guarded::made("gate-two", &CREATES, &limit(2));
    let state = std::fs::read(it.site.ws.dir().join("terraform.tfstate")).unwrap();
    let beside = it.site.beside().owned_by(&it.site.owner);
    std::fs::write(beside.ws.dir().join("terraform.tfstate"), state).unwrap();
    let mut other = Guarded { site: beside, app: it.app.clone() };
    it.instance(&CREATES, &limit(3));
    other.instance(&CREATES, &limit(4));
    let (three, four) = (it.refused("update"), other.refused("update"));
    it.approve(&[&three]);
    other.approve(&[&four]);
    other.site.ws.plan_to("p.bin");
    it.site.ws.apply();
    let run = other.site.ws.run(&["apply", "-json", "p.bin"]);
    assert_eq!(run.code, Some(1), "{run}");
    assert_eq!(it.connection_limit(), "3");
}

#[test]
fn a_target_approves_nothing_beside_it() {
    let mut it = Guarded::new("gate-target");
    let both = |more: &str| {
        let blocks = ["a", "b"]
            .map(|name| block(name, &format!("gate-target-{name}"), "prod", more))
            .concat();
        it.write(&CREATES, &blocks);
    };
    both("");
    it.site.ws.step();
    both(&limit(5));
    let told = it.site.ws.plan_fails();
    let a = digest(&told, "gate-target-a/prod", "update");
    it.approve(&[&a]);
    it.site.ws.apply_with(&["-target=appenv_app_instance.a"]);
    let told = it.site.ws.plan_fails();
    assert_eq!(told.errors().count(), 1, "{told}");
    digest(&told, "gate-target-b/prod", "update");
}

#[test]
fn the_login_that_gets_the_owner_role_is_approved_by_its_name() {
    let mut it = Guarded::new("gate-login");
    it.instance(&SHUT, "");
    let told = it.site.ws.plan_fails();
    let words = "make postgres_vault_login \"vault_admin\"";
    assert!(told.error().detail.contains(words), "{told}");
    let create = it.refused("create");
    // The same words for another login are another change.
    it.site.servers.pg.sql("CREATE ROLE gate_login_other LOGIN");
    let aside = |it: &Guarded| {
        let header = crate::site::header(&it.site.owner, "", &SHUT.lines())
            .replace("vault {}", "vault {\n    database_login = \"gate_login_other\"\n  }");
        it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", "")));
    };
    aside(&it);
    it.approve(&[&create]);
    let other = it.refused("create");
    assert_ne!(other, create);
    assert_eq!(it.apply_refused("create"), other);
    it.instance(&SHUT, "");
    it.site.ws.step();
    // Taken away by hand, it is given back to the one that is named.
    it.site.servers.pg.sql("REVOKE \"gate-login_role\" FROM vault_admin GRANTED BY appenv_admin");
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains(words), "{told}");
    let mend = it.refused("update");
    aside(&it);
    it.approve(&[&mend]);
    assert_ne!(it.refused("update"), mend);
    it.instance(&SHUT, "");
    it.site.ws.step();
}

#[test]
fn where_a_new_facet_is_made_is_approved_too() {
    let mut it = Guarded::new("gate-facet");
    let header = crate::site::header(&it.site.owner, "", &CREATES.lines());
    let block = block("it", "gate-facet", "prod", "");
    it.site.ws.write("main.tf", &format!("{}{block}", header.replace("  vault {}\n", "")));
    it.site.ws.step();
    it.site.ws.write("main.tf", &format!("{header}{block}"));
    let told = it.site.ws.plan_fails();
    let (_, document) = told.error().detail.rsplit_once("Document: ").unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let registry = it.site.servers.bao.api().get("kvv2/data/appenv/_registry").unwrap();
    assert_eq!(document["target"]["vault"], registry["data"]["data"]["id"], "{document}");
    assert!(document["target"]["postgres"].is_string(), "{document}");
    it.approved("update");
}

#[test]
fn a_delete_names_what_was_kept_of_before() {
    let mut it = Guarded::made("gate-kept", &CREATES, UNPROTECTED);
    let renamed = format!(
        "{UNPROTECTED}  rename   = \"copy\"\n  keep_old = \"1h\"\n  names {{\n    database = \"gate-kept-new\"\n  }}\n"
    );
    it.instance(&CREATES, &renamed);
    it.approved("rename");
    it.write(&CREATES, "");
    let told = it.site.ws.plan_fails();
    for words in ["remove postgres_database \"gate-kept-new\"", "drop gate-kept, which was kept"] {
        assert!(told.error().detail.contains(words), "{words:?} is not told:\n{told}");
    }
    it.approved("delete");
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'gate-kept%'";
    assert_eq!(it.site.servers.pg.sql(left).one(), "0");
}
