// SPDX-License-Identifier: MPL-2.0
//! Secrets of a production instance are production.

use super::{CREATES, Guarded, SHUT, UNPROTECTED, digest};
use crate::site::block;

fn secret(version: u32) -> String {
    format!(
        "resource \"appenv_env_secret\" \"k\" {{\n  app = appenv_app_instance.it.app\n  env = \"prod\"\n  key = \"API_KEY\"\n  \
         value_wo = \"value-{version}\"\n  value_wo_version = {version}\n}}\n"
    )
}

/// What the store has of the one secret.
fn value(it: &Guarded) -> serde_json::Value {
    let document = it.site.servers.bao.api().get(&format!("kvv2/data/{}/config", it.app)).unwrap();
    document["data"]["data"]["API_KEY"].clone()
}

fn refused(it: &Guarded, operation: &str) -> String {
    let told = it.site.ws.plan_fails();
    assert_eq!(told.errors().count(), 1, "{told}");
    assert!(!told.to_string().contains("value-"), "{told}");
    digest(&told, &format!("{}/prod/API_KEY", it.app), operation)
}

#[test]
fn each_new_value_needs_its_digest() {
    let mut it = Guarded::made("gate-secret", &CREATES, UNPROTECTED);
    let both = |it: &Guarded, version: u32| {
        it.write(
            &CREATES,
            &format!("{}{}", block("it", "gate-secret", "prod", UNPROTECTED), secret(version)),
        );
    };
    both(&it, 1);
    it.site.ws.step();
    assert_eq!(value(&it), "value-1");
    both(&it, 2);
    let second = refused(&it, "rotate");
    it.site.ws.apply_fails();
    assert_eq!(value(&it), "value-1");
    it.approve(&[&second]);
    it.site.ws.step();
    assert_eq!(value(&it), "value-2");
    // What was approved once is not approved again, nor is what follows.
    both(&it, 3);
    let third = refused(&it, "rotate");
    assert_ne!(third, second);
    // Changed by hand: mended with leave.
    both(&it, 2);
    it.approve(&[]);
    let path = format!("kvv2/data/{}/config", it.app);
    let by_hand = serde_json::json!({ "data": { "API_KEY": "by-hand" } });
    it.site.servers.bao.api().send("POST", &path, Some(&by_hand));
    let mend = refused(&it, "rotate");
    it.approve(&[&mend]);
    it.site.ws.step();
    assert_eq!(value(&it), "value-2");
    it.instance(&CREATES, UNPROTECTED);
    it.approve(&[]);
    let gone = refused(&it, "delete");
    it.site.ws.apply_fails();
    assert_eq!(value(&it), "value-2");
    it.approve(&[&gone]);
    it.site.ws.step();
}

#[test]
fn a_first_value_needs_its_digest_where_creates_do() {
    let mut it = Guarded::made("gate-first", &SHUT, "");
    it.write(&SHUT, &format!("{}{}", block("it", "gate-first", "prod", ""), secret(1)));
    let first = refused(&it, "create");
    it.approve(&[&first]);
    it.site.ws.step();
    assert_eq!(value(&it), "value-1");
}

#[test]
fn an_instance_and_its_secret_are_approved_in_one_plan() {
    let mut it = Guarded::new("gate-both");
    it.write(&SHUT, &format!("{}{}", block("it", "gate-both", "prod", ""), secret(1)));
    let told = it.site.ws.plan_fails();
    let instance = digest(&told, "gate-both/prod", "create");
    it.approve(&[&instance]);
    let secret = refused(&it, "create");
    it.approve(&[&instance, &secret]);
    it.site.ws.step();
    assert_eq!(value(&it), "value-1");
}

#[test]
fn a_replaced_secret_needs_the_digest_of_its_delete_too() {
    let mut it = Guarded::new("gate-tainted");
    it.write(&SHUT, &format!("{}{}", block("it", "gate-tainted", "prod", ""), secret(1)));
    let told = it.site.ws.plan_fails();
    it.approve(&[&digest(&told, "gate-tainted/prod", "create")]);
    it.site.ws.apply_with(&["-target=appenv_app_instance.it"]);
    let made = refused(&it, "create");
    it.approve(&[&made]);
    it.site.ws.step();
    // Asked for, both plans of it are judged.
    it.approve(&[]);
    let id = "gate-tainted/prod/API_KEY";
    let told = it.site.ws.plan_fails_with(&["-replace=appenv_env_secret.k"]);
    digest(&told, id, "delete");
    let run = it.site.ws.run(&["taint", "appenv_env_secret.k"]);
    assert_eq!(run.code, Some(0), "{run}");
    let told = it.site.ws.plan_fails();
    let delete = digest(&told, id, "delete");
    it.approve(&[&delete]);
    let create = refused(&it, "create");
    // A plan that reads nothing cannot tell that something goes; the apply does.
    it.approve(&[]);
    let told = it.site.ws.plan_fails_with(&["-refresh=false"]);
    let adopt = digest(&told, id, "adopt");
    it.approve(&[&create, &adopt]);
    let told = it.site.ws.apply_fails_with(&["-refresh=false"]);
    assert_eq!(digest(&told, id, "delete"), delete);
    assert_eq!(value(&it), "value-1");
    it.approve(&[&create, &delete]);
    it.site.ws.step();
    assert_eq!(value(&it), "value-1");
}

#[test]
fn a_rotation_whose_approval_is_over_by_now_is_not_done() {
    let mut it = Guarded::new("gate-lapsed");
    let rotated = "resource \"appenv_env_secret\" \"k\" {\n  app = appenv_app_instance.it.app\n  env = \"prod\"\n  key = \
                   \"API_KEY\"\n  generate {}\n  rotation {\n    every = \"10d\"\n    grace = \"9d\"\n  }\n}\n";
    let write = |it: &Guarded| {
        let header = crate::site::header(
            &it.site.owner,
            "",
            &format!("{}  approvals_file = \"approvals.json\"\n", CREATES.lines()),
        );
        it.site
            .ws
            .write("main.tf", &format!("{header}{}{rotated}", block("it", &it.app, "prod", "")));
    };
    let file = |it: &Guarded, approvals: serde_json::Value| {
        let text = serde_json::json!({ "version": 1, "approvals": approvals }).to_string();
        it.site.ws.write("approvals.json", &text);
    };
    write(&it);
    file(&it, serde_json::json!([]));
    it.site.ws.step();
    let first = value(&it);
    crate::secret_rotation::days(&mut it.site.ws, 11);
    let plan = it.site.ws.plan_to("waits.bin");
    let digest = super::warns(&plan, "gate-lapsed/prod/API_KEY", "rotate", "waits for leave");
    let in_eleven_days = "SELECT to_char(now() AT TIME ZONE 'utc' + interval '265 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let end = it.site.servers.pg.sql(in_eleven_days).one().to_owned();
    file(&it, serde_json::json!([{ "digest": digest, "expires": end }]));
    it.site.ws.plan_to("p.bin");
    crate::secret_rotation::days(&mut it.site.ws, 12);
    let run = it.site.ws.run(&["apply", "-json", "p.bin"]);
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    let error = told.error();
    assert!(error.summary.ends_with(": not approved any more"), "{told}");
    assert_eq!(value(&it), first);
    // Without it, and a day later with it, the rotation waits as before.
    crate::secret_rotation::days(&mut it.site.ws, 14);
    let plan = it.site.ws.plan_to("waits.bin");
    super::warns(&plan, "gate-lapsed/prod/API_KEY", "rotate", "waits for leave");
}
