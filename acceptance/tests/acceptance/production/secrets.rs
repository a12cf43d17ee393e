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
