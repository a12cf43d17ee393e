// SPDX-License-Identifier: MPL-2.0
//! Secrets in Parameter Store that get another name, path or region, and what their calls need.

use acceptance::servers::moto::{Moto, Relay, Twist};
use serde_json::{Value, json};

use crate::aws::{hcl, with};
use crate::secret_rotation::days;
use crate::secret_ssm::{
    BEFORE, MONTHLY, PASSWORD, attribute, given, has_only, password, value, write,
};
use crate::secret_vault::secret;
use crate::site::{block, refused};

#[test]
fn another_parameter_name_is_another_secret() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    write(&ws, &[given("one", 1)]);
    ws.step();
    moto.put("/erp/sandbox/DB_PASSWORD", "SecureString", "theirs");
    let before = moto.everything();
    // What is in the way there is seen before anything goes here.
    let plainly = given("one", 1).replace("  parameter_name = \"db-password\"\n", "");
    write(&ws, std::slice::from_ref(&plainly));
    let told = ws.plan_fails();
    refused(
        &told,
        "erp/sandbox/DB_PASSWORD: DB_PASSWORD is there already",
        &["terraform import ADDRESS erp/sandbox/DB_PASSWORD)"],
    );
    assert_eq!(moto.everything(), before);
    moto.delete("/erp/sandbox/DB_PASSWORD");
    ws.step();
    has_only(&moto, &["/erp/sandbox/DB_PASSWORD"]);
    assert_eq!(value(&moto, "/erp/sandbox/DB_PASSWORD"), "one");
    ws.destroy();
    has_only(&moto, &[]);
}

#[test]
fn another_path_takes_the_values_along() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    let at = |path: &str, secret: &str| {
        let names = format!("  names {{\n    parameter_path = \"{path}\"\n  }}\n");
        let secret = secret.replacen("  app = ", &format!("{names}  app = "), 1);
        ws.write(
            "main.tf",
            &hcl(
                "acme/shop",
                "",
                "",
                &format!("{}{secret}", block("erp", "erp", "sandbox", &names)),
            ),
        );
    };
    let graced = |version: u32, value: &str| {
        password(&format!(
            "  value_wo = \"{value}\"\n  value_wo_version = {version}\n  rotation {{\n    grace = \"2d\"\n  }}"
        ))
    };
    write(&ws, &[graced(1, "one")]);
    ws.step();
    write(&ws, &[graced(2, "two")]);
    ws.step();
    has_only(&moto, &[PASSWORD, BEFORE]);
    at("/shop/erp", &graced(2, "two"));
    ws.step();
    has_only(&moto, &["/shop/erp/db-password", "/shop/erp/db-password_PREVIOUS"]);
    assert_eq!(value(&moto, "/shop/erp/db-password"), "two");
    assert_eq!(value(&moto, "/shop/erp/db-password_PREVIOUS"), "one");
    assert_eq!(attribute(&ws, "version"), 2);
    assert_eq!(attribute(&ws, "path"), "/shop/erp/db-password");
    ws.destroy();
    has_only(&moto, &[]);
}

#[test]
fn another_region_is_elsewhere() {
    let moto = Moto::start();
    let instance = with(moto.env(), "");
    write(&instance, &[]);
    instance.step();
    // In a state of its own, so that nothing but the secret is judged.
    let mut ws = with(moto.env(), "");
    let alone = given("one", 1).replace("appenv_app_instance.erp.app", "\"erp\"");
    ws.write("main.tf", &hcl("acme/shop", "", "", &alone));
    ws.step();
    let before = moto.everything();
    ws.set_env("AWS_REGION", "us-east-1");
    let told = ws.apply_with(&["-refresh-only"]).diagnostics();
    told.warning_titled("erp/sandbox/DB_PASSWORD: it is elsewhere");
    let title = "erp/sandbox/DB_PASSWORD: it is elsewhere";
    ws.write("main.tf", &hcl("acme/shop", "", "", &alone.replace("version = 1", "version = 2")));
    refused(&ws.plan_fails(), title, &["no appenv registry", "state rm"]);
    refused(&ws.apply_fails_with(&["-refresh=false"]), title, &["no appenv registry"]);
    refused(&ws.destroy_fails(), title, &["no appenv registry"]);
    assert_eq!(moto.everything(), before);
    ws.set_env("AWS_REGION", "eu-west-3");
    ws.step();
    assert_eq!(value(&moto, PASSWORD), "one");
    assert_eq!(attribute(&ws, "version"), 2);
}

#[test]
fn what_stands_is_imported_and_written_over_in_one_apply() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    write(&ws, &[]);
    ws.step();
    moto.put(PASSWORD, "SecureString", "legacy-value");
    let new = password(
        "  value_wo = \"new-value\"\n  value_wo_version = 1\n  rotation {\n    grace = \"2d\"\n  }",
    );
    write(&ws, &[new]);
    ws.import("appenv_env_secret.password", "erp/sandbox/DB_PASSWORD?parameter_name=db-password");
    ws.step();
    assert_eq!(
        (value(&moto, PASSWORD), value(&moto, BEFORE)),
        (json!("new-value"), json!("legacy-value"))
    );
    assert_eq!(attribute(&ws, "version"), 2);
    ws.destroy();
    has_only(&moto, &[]);
}

#[test]
fn the_value_before_does_not_outlive_a_record_that_was_removed() {
    let moto = Moto::start();
    let mut ws = with(moto.env(), "");
    write(&ws, &[password(MONTHLY)]);
    ws.step();
    days(&mut ws, 31);
    ws.step();
    has_only(&moto, &[PASSWORD, BEFORE]);
    moto.delete(PASSWORD);
    ws.step();
    has_only(&moto, &[PASSWORD]);

    // What somebody else put there is theirs, and stops a rotation before its first write.
    moto.put(BEFORE, "SecureString", "theirs");
    let before = moto.everything();
    days(&mut ws, 62);
    let title = "erp/sandbox/DB_PASSWORD: db-password_PREVIOUS is there already";
    refused(&ws.apply_fails(), title, &["`rotation.grace`", "remove db-password_PREVIOUS"]);
    assert_eq!(moto.everything(), before);
    ws.destroy();
    has_only(&moto, &[BEFORE]);
    assert_eq!(value(&moto, BEFORE), "theirs");
}

/// moto enforces no policy, so what is asked is held against the documents.
#[test]
fn what_is_asked_is_in_the_policies() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let mut ws = with(relay.env(), "");
    let allowed = |name: &str| -> Vec<String> {
        let file = acceptance::provider::root().join(format!("docs/policies/aws-{name}.json"));
        let policy: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let mut actions: Vec<String> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap())
            .filter_map(|action| action.as_str().unwrap().strip_prefix("ssm:").map(str::to_owned))
            .collect();
        actions.sort();
        actions.dedup();
        actions
    };
    let asked = || {
        let mut asked = relay.actions();
        asked.sort();
        asked.dedup();
        asked
    };
    write(&ws, &[password(MONTHLY), secret("other", "OTHER", "  generate {}")]);
    relay.twist("PutParameter", Twist::LoseAnswer);
    ws.apply();
    let mut all = asked();
    days(&mut ws, 31);
    ws.plan();
    // A write that was begun is known by its history, which a plan asks for then only.
    let begun = json!({
        "ResourceType": "Parameter", "ResourceId": "/erp/sandbox/OTHER",
        "Tags": [{ "Key": "appenv:intent", "Value": "w-1 2 2026-02-01T00:00:00Z -" }],
    });
    moto.ask("AddTagsToResource", &begun);
    moto.put("/erp/sandbox/OTHER", "SecureString", "by hand");
    ws.plan();
    let planned = asked();
    assert_eq!(planned, allowed("plan"));
    ws.step();
    ws.destroy();
    all.extend(planned);
    all.extend(asked());
    all.sort();
    all.dedup();
    assert_eq!(all, allowed("apply"));
}
