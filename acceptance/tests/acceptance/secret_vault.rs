// SPDX-License-Identifier: MPL-2.0
//! Secrets of an instance in KV v2: written, changed by hand, rotated, imported, removed. The server is asked by `bao`.

use std::sync::Arc;

use acceptance::servers::Servers;
use serde_json::{Value, json};

use crate::site::{Site, block};

/// A private pair of servers: what is written by hand to a document must not meet another test.
fn site() -> Site {
    Site::on(&Arc::new(Servers::start()))
}

/// One secret of `erp/sandbox`, with more lines in it.
pub fn secret(name: &str, key: &str, more: &str) -> String {
    format!(
        "resource \"appenv_env_secret\" \"{name}\" {{\n  app = appenv_app_instance.erp.app\n  env = \"sandbox\"\n  key = \
         \"{key}\"\n{more}\n}}\n"
    )
}

fn given(value: &str, version: u32) -> String {
    format!("  value_wo = \"{value}\"\n  value_wo_version = {version}")
}

const MADE: &str = "  generate {}";

fn with(secrets: &[String]) -> String {
    format!("{}{}", block("erp", "erp", "sandbox", ""), secrets.concat())
}

/// The document of the values, and its version.
fn document(site: &Site) -> (Value, u64) {
    let read = site.servers.bao.api().get("kvv2/data/erp-sandbox/config").unwrap();
    (read["data"]["data"].clone(), read["data"]["metadata"]["version"].as_u64().unwrap())
}

fn put(site: &Site, values: &Value) {
    site.servers.bao.api().put("kvv2/data/erp-sandbox/config", &json!({ "data": values }));
}

fn attribute(site: &Site, name: &str, attribute: &str) -> Value {
    site.ws.state().attribute(&format!("appenv_env_secret.{name}"), attribute).clone()
}

#[test]
fn a_life() {
    let site = site();
    site.write(&block("erp", "erp", "sandbox", ""));
    site.ws.step();
    put(&site, &json!({ "OTHER": "kept", "NUMBER": 7 }));

    site.step(&with(&[secret("dsn", "DSN", &given("one", 1)), secret("made", "MADE", MADE)]));
    let (values, _) = document(&site);
    assert_eq!(
        (&values["DSN"], &values["OTHER"], &values["NUMBER"]),
        (&json!("one"), &json!("kept"), &json!(7))
    );
    let made = values["MADE"].as_str().unwrap().to_owned();
    assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_alphanumeric()), "{made}");
    assert_eq!(attribute(&site, "dsn", "path"), "kvv2/erp-sandbox/config");
    assert_eq!(attribute(&site, "dsn", "id"), "erp/sandbox/DSN");
    assert_eq!(attribute(&site, "dsn", "version"), 1);
    assert_eq!(attribute(&site, "dsn", "value_wo"), Value::Null);

    // A raised version writes in place; another value alone writes nothing.
    site.write(&with(&[secret("dsn", "DSN", &given("two", 1)), secret("made", "MADE", MADE)]));
    site.ws.is_settled();
    site.write(&with(&[secret("dsn", "DSN", &given("two", 2)), secret("made", "MADE", MADE)]));
    let plan = site.ws.plan_with(&["-json"]);
    assert!(plan.planned().iter().all(|line| line.contains("update")), "{:?}", plan.planned());
    site.ws.step();
    assert_eq!(document(&site).0["DSN"], "two");
    assert_eq!(attribute(&site, "dsn", "version"), 2);

    // What shapes the next value leaves the present one.
    let longer = "  generate {\n    length = 40\n  }";
    site.step(&with(&[secret("dsn", "DSN", &given("two", 2)), secret("made", "MADE", longer)]));
    assert_eq!(document(&site).0["MADE"], json!(made));

    // One key goes, the others stay.
    site.step(&with(&[secret("dsn", "DSN", &given("two", 2))]));
    let (values, _) = document(&site);
    assert_eq!(values, json!({ "DSN": "two", "OTHER": "kept", "NUMBER": 7 }));
    site.ws.destroy();
    assert_eq!(document(&site).0, json!({ "OTHER": "kept", "NUMBER": 7 }));
    let notes = site.servers.bao.api().get("kvv2/data/appenv/erp-sandbox").unwrap();
    assert_eq!(notes["data"]["data"]["keys"], json!({}));
}

#[test]
fn fifty_keys_of_one_document_are_written_in_one_apply() {
    let site = site();
    let keys: Vec<String> = (0..50).map(|n| format!("KEY_{n}")).collect();
    let all = format!(
        "{}resource \"appenv_env_secret\" \"all\" {{\n  for_each = toset({keys:?})\n  app = appenv_app_instance.erp.app\n  \
         env = \"sandbox\"\n  key = each.key\n  value_wo = \"of-${{each.key}}\"\n  value_wo_version = 1\n}}\n",
        block("erp", "erp", "sandbox", "")
    );
    site.step(&all);
    let (values, version) = document(&site);
    let values = values.as_object().unwrap();
    assert_eq!(values.len(), 50);
    assert!(keys.iter().all(|key| values[key] == json!(format!("of-{key}"))));
    assert_eq!(version, 50, "each write is one version");
    // No value need be read to know that nothing changed.
    let notes = site.servers.bao.api().get("kvv2/data/appenv/erp-sandbox").unwrap();
    assert_eq!(notes["data"]["data"]["version"], json!(version));
}

#[test]
fn what_is_changed_or_deleted_by_hand_is_named_and_mended() {
    let site = site();
    let both =
        with(&[secret("a", "A", &given("a-value", 1)), secret("b", "B", &given("b-value", 1))]);
    site.step(&both);
    put(&site, &json!({ "A": "by hand", "B": "b-value" }));
    let plan = site.ws.has_changes();
    let text = site.ws.plan_text().text();
    assert!(plan.planned().iter().all(|line| !line.contains(".b")), "{:?}", plan.planned());
    assert!(text.contains("\"changed by hand\" -> \"ok\""), "{text}");
    assert!(!text.contains("by hand\"\n  + ") && !text.contains("b-value"), "{text}");
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "A": "a-value", "B": "b-value" }));

    put(&site, &json!({ "A": "a-value" }));
    let text = site.ws.plan_text().text();
    assert!(text.contains("\"deleted by hand\" -> \"ok\""), "{text}");
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "A": "a-value", "B": "b-value" }));

    // The whole version deleted, then destroyed: each key comes back.
    site.servers.bao.api().delete("kvv2/data/erp-sandbox/config");
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "A": "a-value", "B": "b-value" }));
    let (_, version) = document(&site);
    site.servers
        .bao
        .api()
        .put("kvv2/destroy/erp-sandbox/config", &json!({ "versions": [version] }));
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "A": "a-value", "B": "b-value" }));

    // A change of another hand to another key is nobody's business.
    put(&site, &json!({ "A": "a-value", "B": "b-value", "C": "foreign" }));
    site.ws.is_settled();
}

#[test]
fn who_may_not_read_values_sees_names_that_are_missing() {
    let site = site();
    let both =
        with(&[secret("a", "A", &given("a-value", 1)), secret("b", "B", &given("b-value", 1))]);
    site.step(&both);
    put(&site, &json!({ "A": "by hand" }));
    let mut reader = site.beside();
    reader.write(&both);
    std::fs::copy(
        site.ws.dir().join("terraform.tfstate"),
        reader.ws.dir().join("terraform.tfstate"),
    )
    .unwrap();
    reader.ws.set_env("VAULT_TOKEN", site.servers.bao.plan_token());
    reader.ws.set_env("BAO_TOKEN", site.servers.bao.plan_token());
    let plan = reader.ws.plan_with(&["-json"]);
    let planned = plan.planned();
    assert!(planned.iter().any(|line| line.contains("secret.b")), "{planned:?}");
    assert!(!planned.iter().any(|line| line.contains("secret.a")), "{planned:?}");
    plan.diagnostics().warning_titled("erp/sandbox/A: whether it was changed cannot be told");
}

#[test]
fn what_was_there_is_refused_and_can_be_imported() {
    let site = site();
    site.step(&block("erp", "erp", "sandbox", ""));
    put(&site, &json!({ "OLD": "legacy-value" }));
    site.write(&with(&[secret("old", "OLD", MADE)]));
    let told = site.ws.plan_fails();
    let error = told.error_titled("erp/sandbox/OLD: OLD is there already");
    assert!(error.detail.contains("terraform import ADDRESS erp/sandbox/OLD"), "{}", error.detail);

    site.ws.import("appenv_env_secret.old", "erp/sandbox/OLD");
    assert!(!site.ws.state_file().to_string().contains("legacy-value"));
    assert_eq!(attribute(&site, "old", "status"), "differs: imported, not adopted yet");
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "OLD": "legacy-value" }));
    assert_eq!(attribute(&site, "old", "version"), 1);

    // One that is given is written over what was imported.
    put(&site, &json!({ "OLD": "legacy-value", "GIVEN": "legacy-too" }));
    let grace = format!("{}\n  rotation {{\n    grace = \"1d\"\n  }}", given("new-value", 1));
    let both = with(&[secret("old", "OLD", MADE), secret("given", "GIVEN", &grace)]);
    site.write(&both);
    site.ws.import("appenv_env_secret.given", "erp/sandbox/GIVEN");
    site.ws.step();
    let values = document(&site).0;
    assert_eq!(
        (&values["GIVEN"], &values["GIVEN_PREVIOUS"]),
        (&json!("new-value"), &json!("legacy-too"))
    );
    site.step(&with(&[secret("old", "OLD", MADE)]));
    assert_eq!(document(&site).0, json!({ "OLD": "legacy-value" }));

    // Two states do not write one secret.
    let other = site.beside();
    let alone = secret("old", "OLD", MADE).replace("appenv_app_instance.erp.app", "\"erp\"");
    other.write(&alone);
    let nothing = other.ws.import_fails("appenv_env_secret.old", "erp/sandbox/NONE");
    assert!(nothing.say("Cannot import non-existent remote object"), "{nothing}");
    other.ws.import("appenv_env_secret.old", "erp/sandbox/OLD");
    other.ws.step();
    let told = site.ws.plan_fails();
    assert!(told.say("erp/sandbox/OLD: held twice"), "{told}");
    assert_eq!(document(&site).0, json!({ "OLD": "legacy-value" }));
}

#[test]
fn what_is_refused() {
    let site = site();
    let refused = |more: &str, key: &str| {
        site.write(&with(&[secret("x", key, more)]));
        site.ws.plan_fails()
    };
    for (key, more, title) in [
        ("lower", MADE, "`key` cannot be \"lower\""),
        ("PATH", MADE, "`key` cannot be \"PATH\""),
        ("A_PREVIOUS", MADE, "`key` cannot be \"A_PREVIOUS\""),
        ("A", "", "Neither `value_wo` nor `generate`"),
        (
            "A",
            "  value_wo = \"x\"\n  value_wo_version = 1\n  generate {}",
            "Both `value_wo` and `generate`",
        ),
        ("A", "  value_wo = \"x\"", "`value_wo_version` is missing"),
        ("A", "  value_wo = \"a\\u0000b\"\n  value_wo_version = 1", "The value cannot be kept"),
        ("A", "  value_wo = \"\"\n  value_wo_version = 1", "`value_wo` is empty"),
        ("A", "  store = \"ssm\"\n  generate {}", "Store `ssm` is not configured"),
        ("A", "  file = \"users\"\n  generate {}", "`file` is only for store `file`"),
        ("A", "  generate {\n    length = 4\n  }", "`generate.length` cannot be used"),
        (
            "A",
            "  value_wo = \"x\"\n  value_wo_version = 1\n  rotation {\n    every = \"30d\"\n  }",
            "`rotation.every` without `generate`",
        ),
    ] {
        let told = refused(more, key);
        assert!(told.say(title), "{title}: {told}");
    }
    let long = format!("  value_wo = \"{}\"\n  value_wo_version = 1", "x".repeat(65 * 1024));
    assert!(refused(&long, "A").say("The value cannot be kept"));

    site.step(&with(&[secret("x", "A", &given("two", 2))]));
    site.write(&with(&[secret("x", "A", &given("one", 1))]));
    site.ws.plan_fails().error_titled("`value_wo_version` goes down from 2 to 1");
    assert_eq!(document(&site).0, json!({ "A": "two" }));

    // Two blocks of one secret.
    site.write(&with(&[secret("x", "A", &given("two", 2)), secret("y", "A", &given("two", 2))]));
    assert!(site.ws.plan_fails().say("two blocks of one secret"));

    // A replacement that the user asks for, and a taint.
    site.write(&with(&[secret("x", "A", &given("two", 2))]));
    site.ws.apply_with(&["-replace=appenv_env_secret.x"]);
    site.ws.is_settled();
    site.ws.run(&["taint", "appenv_env_secret.x"]);
    site.ws.step();
    assert_eq!(document(&site).0, json!({ "A": "two" }));

    // An instance that is not there.
    site.write(
        "resource \"appenv_env_secret\" \"x\" {\n  app = \"crm\"\n  env = \"sandbox\"\n  key = \"A\"\n  generate {}\n}\n",
    );
    site.ws.apply_fails().error_titled("crm/sandbox/A: instance crm/sandbox is not there");
}

#[test]
fn a_renamed_instance_takes_its_secrets_along() {
    let site = site();
    let of = |provider: &str| {
        let secrets = [secret("a", "A", &given("a-value", 1)), secret("b", "B", MADE)].concat();
        let text = format!(
            "{}{}{secrets}",
            crate::site::header(&site.owner, "", provider),
            block("erp", "erp", "prod", "  deletion_protection = false\n")
        );
        text.replace("env = \"sandbox\"", "env = \"prod\"")
    };
    site.ws.write("main.tf", &of(""));
    site.ws.step();
    let values =
        |path: &str| site.servers.bao.api().get(path).map(|read| read["data"]["data"].clone());
    let before = values("kvv2/data/erp/config").unwrap();

    site.ws.write("main.tf", &of("  convention = \"suffixed-v1\"\n"));
    let plan = site.ws.plan_text().text();
    assert!(plan.contains("\"kvv2/erp/config\" -> \"kvv2/erp-prod/config\""), "{plan}");
    site.ws.step();
    assert_eq!(values("kvv2/data/erp-prod/config").unwrap(), before);
    assert_eq!(values("kvv2/data/erp/config"), None);
    assert_eq!(values("kvv2/data/appenv/erp").unwrap()["keys"], json!({}));
    let notes = values("kvv2/data/appenv/erp-prod").unwrap();
    assert_eq!(notes["keys"].as_object().unwrap().len(), 2, "{notes}");
    assert_eq!(attribute(&site, "b", "version"), 1);
    site.ws.destroy();
    assert_eq!(values("kvv2/data/erp-prod/config").unwrap(), json!({}));
}

#[test]
fn names_that_change_without_the_path_take_the_notes_along() {
    let site = site();
    let pinned = "  names {\n    kv_path = \"erp/config\"\n  }\n";
    let of = |provider: &str, version: u32| {
        let secret =
            secret("a", "A", &format!("{}\n{pinned}", given(&format!("value-{version}"), version)));
        let instance =
            block("erp", "erp", "prod", &format!("  deletion_protection = false\n{pinned}"));
        let text = format!("{}{instance}{secret}", crate::site::header(&site.owner, "", provider));
        text.replace("env = \"sandbox\"", "env = \"prod\"")
    };
    site.ws.write("main.tf", &of("", 1));
    site.ws.step();
    site.ws.write("main.tf", &of("  convention = \"suffixed-v1\"\n", 1));
    site.ws.step();
    site.ws.write("main.tf", &of("  convention = \"suffixed-v1\"\n", 2));
    site.ws.step();
    let read = site.servers.bao.api().get("kvv2/data/erp/config").unwrap();
    assert_eq!(read["data"]["data"], json!({ "A": "value-2" }));
}

#[test]
fn a_block_that_was_renamed_without_moved_is_refused() {
    let site = site();
    site.step(&with(&[secret("a", "A", MADE)]));
    let before = document(&site).0;
    site.write(&with(&[secret("b", "A", MADE)]));
    let told = site.ws.plan_fails();
    assert!(told.say("one block is created, another deleted") && told.say("moved {"), "{told}");
    let moved = "moved {\n  from = appenv_env_secret.a\n  to   = appenv_env_secret.b\n}\n";
    site.step(&format!("{}{moved}", with(&[secret("b", "A", MADE)])));
    assert_eq!(document(&site).0, before);
}

#[test]
fn another_key_that_is_taken_is_refused_before_the_old_one_goes() {
    let site = site();
    site.step(&with(&[secret("a", "A", &given("a-value", 1))]));
    put(&site, &json!({ "A": "a-value", "B": "of another hand" }));
    site.write(&with(&[secret("a", "B", &given("a-value", 1))]));
    site.ws.plan_fails().error_titled("erp/sandbox/B: B is there already");
    site.step(&with(&[secret("a", "C", &given("a-value", 1))]));
    assert_eq!(document(&site).0, json!({ "C": "a-value", "B": "of another hand" }));
}

/// Every stanza for secrets in the documented policy is needed: without it the apply fails and names the path.
#[test]
fn each_right_that_is_taken_away_is_named() {
    let mut site = site();
    site.step(&block("erp", "erp", "sandbox", ""));
    let documented = include_str!("../../../docs/policies/vault-apply.hcl");
    for (number, path) in
        ["kvv2/data/appenv/+", "kvv2/subkeys/+/config", "kvv2/data/+/config"].iter().enumerate()
    {
        let stanza = format!("path \"{path}\"");
        assert!(documented.contains(&stanza));
        // What no policy names is denied.
        let less = documented.replace(&stanza, "path \"kvv2/data/nothing\"");
        let name = format!("less-{number}");
        site.servers.bao.cli().policy_write(&name, &less);
        let made = site.servers.bao.api().put("auth/token/create", &json!({ "policies": [name] }));
        let token = made["auth"]["client_token"].as_str().unwrap().to_owned();
        site.ws.set_env("VAULT_TOKEN", &token);
        site.ws.set_env("BAO_TOKEN", &token);
        site.write(&with(&[secret("a", "A", &given("a-value", 1))]));
        let told = site.ws.apply_fails();
        let named = path.replace('+', "erp-sandbox");
        assert!(told.say(&named) && told.say("capabilities = ["), "{path}: {told}");
    }
    assert_eq!(site.servers.bao.api().get("kvv2/data/erp-sandbox/config"), None);
}
