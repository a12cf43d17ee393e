// SPDX-License-Identifier: MPL-2.0
//! A version goes to production from where it ran before.

use std::sync::Arc;

use acceptance::servers::Servers;
use serde_json::json;

use super::{Gates, Guarded, limit};
use crate::site::{self, Site, block};

/// Continuous delivery: what ran in the sandbox goes to production without an approval, nothing else does.
const DELIVERY: Gates<'static> =
    Gates { mode: "noop", allow: &["create", "release"], more: "    promote_from = \"sandbox\"\n" };

fn release(version: &str) -> String {
    format!("  release = \"{version}\"\n")
}

/// Both envs in one state; `None`: not there.
fn both(it: &Guarded, gates: &Gates<'_>, sandbox: Option<&str>, prod: Option<&str>) {
    let of = |env: &str, more: Option<&str>| {
        more.map(|more| block(env, &it.app, env, more)).unwrap_or_default()
    };
    it.write(gates, &format!("{}{}", of("sandbox", sandbox), of("prod", prod)));
}

fn is_unpromoted(it: &Guarded, words: &[&str]) {
    let told = it.site.ws.plan_fails();
    let error = told.error();
    let id = format!("{}/prod", it.app);
    assert_eq!(error.summary, format!("{id}: not promoted from sandbox"), "{told}");
    for word in words {
        assert!(error.detail.contains(word), "{word:?} is not told:\n{told}");
    }
    assert!(error.detail.contains("Next:"), "{told}");
    let before = it.snapshot();
    it.site.ws.apply_fails_with(&["-target=appenv_app_instance.prod"]);
    it.is_untouched(&before);
}

/// The release that is registered in production.
fn runs(it: &Guarded) -> String {
    let sql = format!(
        "SELECT spec ->> 'release' FROM appenv.instances WHERE app = '{}' AND env = 'prod'",
        it.app
    );
    it.site.servers.pg.sql(&sql).one().to_owned()
}

#[test]
fn what_ran_in_the_sandbox_is_delivered_and_nothing_else() {
    let it = Guarded::new("deliver");
    let one = release("1");
    both(&it, &DELIVERY, Some(&one), None);
    it.site.ws.step();
    // The first version, too; sizes do not matter.
    let sized = format!("{one}{}", limit(7));
    both(&it, &DELIVERY, Some(&one), Some(&sized));
    it.site.ws.step();
    // Production first.
    let two = format!("{}{}", release("2"), limit(7));
    both(&it, &DELIVERY, Some(&one), Some(&two));
    is_unpromoted(&it, &["was never applied to deliver/sandbox", "release \"1\" runs there"]);
    // Both at once: that takes two applies.
    both(&it, &DELIVERY, Some(&release("2")), Some(&two));
    is_unpromoted(&it, &["two applies", "-target"]);
    it.site.ws.apply_with(&["-target=appenv_app_instance.sandbox"]);
    it.site.ws.step();
    assert_eq!(runs(&it), "2");
    // Back to what ran once is free; forward again, too.
    for version in ["1", "2"] {
        let more = format!("{}{}", release(version), limit(7));
        both(&it, &DELIVERY, Some(&release("2")), Some(&more));
        it.site.ws.step();
        assert_eq!(runs(&it), version);
    }
    // What is no release needs its approval, promoted or not.
    let other = format!("{}{}", release("2"), limit(8));
    both(&it, &DELIVERY, Some(&release("2")), Some(&other));
    super::digest(&it.site.ws.plan_fails(), "deliver/prod", "update");
    // An extension is of the version.
    let more = format!(
        "{}  database {{\n    connection_limit = 7\n    extensions = [\"citext\"]\n  }}\n",
        release("2")
    );
    both(&it, &DELIVERY, Some(&release("2")), Some(&more));
    let told = it.site.ws.plan_fails();
    assert_eq!(told.errors().count(), 1, "{told}");
}

#[test]
fn an_approval_does_not_promote() {
    let gates = Gates { allow: &["create"], ..DELIVERY };
    let mut it = Guarded::new("unpromoted");
    both(&it, &gates, Some(&release("1")), None);
    it.site.ws.step();
    both(&it, &gates, Some(&release("1")), Some(&release("1")));
    it.site.ws.step();
    both(&it, &gates, Some(&release("2")), Some(&release("1")));
    it.site.ws.step();
    both(&it, &gates, Some(&release("2")), Some(&release("3")));
    let told = it.site.ws.plan_fails();
    let digest = super::digest(&told, "unpromoted/prod", "release");
    it.approve(&[&digest]);
    is_unpromoted(&it, &["was never applied to unpromoted/sandbox"]);
    both(&it, &gates, Some(&release("2")), Some(&release("2")));
    let told = it.site.ws.plan_fails();
    it.approve(&[&super::digest(&told, "unpromoted/prod", "release")]);
    it.site.ws.step();
    assert_eq!(runs(&it), "2");
}

#[test]
fn an_app_without_a_sandbox_is_not_judged_and_one_that_had_one_is() {
    // Others have one in this registry: the founder of every test here.
    let it = Guarded::new("lonely");
    both(&it, &DELIVERY, None, Some(&release("1")));
    it.site.ws.step();
    both(&it, &DELIVERY, None, Some(&release("2")));
    it.site.ws.step();
    both(&it, &DELIVERY, Some(&release("2")), Some(&release("2")));
    it.site.ws.step();
    both(&it, &DELIVERY, None, Some(&release("2")));
    it.site.ws.step();
    both(&it, &DELIVERY, None, Some(&release("3")));
    is_unpromoted(&it, &["was never applied to lonely/sandbox"]);
}

#[test]
fn it_runs_there_for_a_while_first() {
    let gates = Gates { more: "    promote_from = \"sandbox\"\n    soak = \"24h\"\n", ..DELIVERY };
    let mut it = Guarded::new("soak");
    both(&it, &gates, Some(&release("1")), None);
    it.site.ws.step();
    both(&it, &gates, Some(&release("1")), Some(&release("1")));
    is_unpromoted(&it, &["has to run there until"]);
    crate::secret_rotation::days(&mut it.site.ws, 2);
    it.site.ws.step();
    assert_eq!(runs(&it), "1");
}

#[test]
fn another_registry_needs_evidence() {
    let servers = Arc::new(Servers::start());
    let site = Site::on(&servers).owned_by("team/apart");
    let it = Guarded { site, app: "apart".to_owned() };
    both(&it, &DELIVERY, None, Some(&release("1")));
    is_unpromoted(&it, &["No registry that this configuration reaches", "`evidence`", "`apps`"]);
    // The sandbox is elsewhere; what it says of itself is the evidence.
    let sandbox = Guarded::new("apart");
    both(&sandbox, &DELIVERY, Some(&release("1")), None);
    sandbox.site.ws.step();
    let digest =
        sandbox.site.ws.state().attribute("appenv_app_instance.sandbox", "spec_digest").clone();
    let evidence = json!({
        "version": 1,
        "env": "sandbox",
        "applied": { "apart": { digest.as_str().unwrap(): "2026-11-25T00:00:00Z" } },
    });
    it.site.ws.write("evidence.json", &evidence.to_string());
    let gates = Gates {
        more: "    promote_from = \"sandbox\"\n    evidence = \"evidence.json\"\n",
        ..DELIVERY
    };
    both(&it, &gates, None, Some(&release("1")));
    it.site.ws.step();
    both(&it, &gates, None, Some(&release("2")));
    is_unpromoted(&it, &["The evidence \"evidence.json\" does not have it"]);
    for bad in ["", "{}", "{\"version\":1,\"env\":\"sandbox\",\"applied\":{},\"more\":1}"] {
        it.site.ws.write("evidence.json", bad);
        let told = it.site.ws.plan_fails();
        assert_eq!(told.error().summary, "The evidence \"evidence.json\" cannot be used", "{told}");
    }
    it.site.ws.remove("evidence.json");
    let told = it.site.ws.plan_fails();
    assert!(told.error().detail.contains("No such file"), "{told}");
}

#[test]
fn where_versions_come_from_is_declared() {
    let it = Guarded::new("declared");
    for (more, summary) in [
        ("    promote_from = \"nowhere\"\n", "Env \"nowhere\" is not declared"),
        ("    promote_from = \"prod\"\n", "Env \"prod\" is promoted from itself"),
        ("    soak = \"1h\"\n", "`soak` without `promote_from`"),
        ("    evidence = \"e\"\n", "`evidence` without `promote_from`"),
        ("    promote_from = \"sandbox\"\n    soak = \"soon\"\n", "`soak` cannot be \"soon\""),
    ] {
        it.instance(&Gates { more, ..DELIVERY }, "");
        let told = it.site.ws.plan_fails();
        assert_eq!(told.error().summary, summary, "{told}");
    }
    let header = site::header(&it.site.owner, "", "  gates {\n    production = \"closed\"\n  }\n");
    it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", "")));
    let told = it.site.ws.plan_fails();
    assert_eq!(told.error().summary, "`gates.production` cannot be \"closed\"", "{told}");
}

#[test]
fn the_registry_is_believed_before_any_evidence_and_whatever_is_declared() {
    let it = Guarded::new("believed");
    both(&it, &DELIVERY, Some(&release("1")), None);
    it.site.ws.step();
    // Evidence of a version that this registry knows did not run there.
    both(&it, &DELIVERY, Some(&release("1")), Some(&release("2")));
    let planned = it.site.ws.run(&["plan", "-json", "-target=appenv_app_instance.sandbox"]);
    assert_eq!(planned.code, Some(0), "{planned}");
    both(&it, &Gates { more: "", ..DELIVERY }, Some(&release("1")), Some(&release("2")));
    let plan = it.site.ws.plan_to("p.bin");
    assert_eq!(plan.code, Some(2), "{plan}");
    let shown: serde_json::Value =
        serde_json::from_str(&it.site.ws.run(&["show", "-json", "p.bin"]).stdout).unwrap();
    let changes = shown["resource_changes"].as_array().unwrap();
    let prod = changes.iter().find(|change| change["name"] == "prod").unwrap();
    let version = prod["change"]["after"]["spec_digest"].as_str().unwrap();
    let evidence = json!({
        "version": 1, "env": "sandbox", "applied": { "believed": { version: "2026-01-01T00:00:00Z" } },
    });
    it.site.ws.write("evidence.json", &evidence.to_string());
    let told = "    promote_from = \"sandbox\"\n    evidence = \"evidence.json\"\n";
    both(&it, &Gates { more: told, ..DELIVERY }, Some(&release("1")), Some(&release("2")));
    is_unpromoted(&it, &["was never applied to believed/sandbox"]);
    // A sandbox that is said to be for other apps only.
    let lines = DELIVERY
        .lines()
        .replace("name = \"sandbox\"", "name = \"sandbox\"\n    apps = [\"other\"]");
    let header = site::header(&it.site.owner, "", &lines);
    it.site
        .ws
        .write("main.tf", &format!("{header}{}", block("prod", "believed", "prod", &release("2"))));
    it.site.ws.state_rm("appenv_app_instance.sandbox");
    is_unpromoted(&it, &["was never applied to believed/sandbox"]);
}
