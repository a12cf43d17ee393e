// SPDX-License-Identifier: MPL-2.0
//! Secrets in Parameter Store, with the `aws` block alone: written, changed by hand, rotated, imported, removed. The API is
//! asked by plain HTTP.

use acceptance::servers::moto::{Moto, Relay, Twist};
use acceptance::{Cli, Workspace};
use serde_json::{Value, json};

use crate::aws::{hcl, with};
use crate::secret_rotation::days;
use crate::secret_vault::secret;
use crate::site::{block, refused};

/// What stands once the instance is there, and stays after it.
const REGISTRY: [&str; 2] = ["/appenv/_registry", "/appenv/erp/sandbox"];
pub const PASSWORD: &str = "/erp/sandbox/db-password";
pub const BEFORE: &str = "/erp/sandbox/db-password_PREVIOUS";
pub const MONTHLY: &str =
    "  generate {}\n  rotation {\n    every = \"30d\"\n    grace = \"7d\"\n  }";

/// The instance and its secrets.
pub fn blocks(secrets: &[String]) -> String {
    format!("{}{}", block("erp", "erp", "sandbox", ""), secrets.concat())
}

/// Writes the whole configuration.
pub fn write(ws: &Workspace, secrets: &[String]) {
    ws.write("main.tf", &hcl("acme/shop", "", "", &blocks(secrets)));
}

/// `DB_PASSWORD`, spelled `db-password`.
pub fn password(more: &str) -> String {
    secret("password", "DB_PASSWORD", &format!("  parameter_name = \"db-password\"\n{more}"))
}

pub fn given(value: &str, version: u32) -> String {
    password(&format!("  value_wo = \"{value}\"\n  value_wo_version = {version}"))
}

pub fn value(moto: &Moto, name: &str) -> Value {
    moto.parameter(name).map(|parameter| parameter["Value"].clone()).unwrap_or_default()
}

pub fn attribute(ws: &Workspace, attribute: &str) -> Value {
    ws.state().attribute("appenv_env_secret.password", attribute).clone()
}

/// Fails the test where there is anything but the registry and these.
pub fn has_only(moto: &Moto, secrets: &[&str]) {
    assert_eq!(moto.names(), [&REGISTRY, secrets].concat());
}

#[test]
fn a_life() {
    for cli in Cli::all() {
        let moto = Moto::start();
        let ws = Workspace::new(cli).without_trace().with_env(moto.env());
        let made = secret("made", "API_TOKEN", "  generate {}");
        write(&ws, &[given("one", 1), made.clone()]);
        ws.plan();
        assert!(moto.names().is_empty(), "a plan wrote something");
        ws.step();
        has_only(&moto, &["/erp/sandbox/API_TOKEN", PASSWORD]);
        let first = moto.parameter(PASSWORD).unwrap();
        assert_eq!(
            (&first["Type"], &first["Value"], &first["Version"]),
            (&json!("SecureString"), &json!("one"), &json!(1))
        );
        let token = value(&moto, "/erp/sandbox/API_TOKEN");
        let text = token.as_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|b| b.is_ascii_alphanumeric()), "{text}");
        let tags = moto.tags(PASSWORD);
        for (key, told) in [
            ("appenv:app", "erp"),
            ("appenv:env", "sandbox"),
            ("appenv:key", "DB_PASSWORD"),
            ("appenv:owner", "acme/shop"),
            ("appenv:version", "1"),
            ("appenv:parameter_version", "1"),
        ] {
            assert_eq!(tags[key], told, "{key} of {tags:?}");
        }
        for (name, told) in [
            ("id", json!("erp/sandbox/DB_PASSWORD")),
            ("path", json!(PASSWORD)),
            ("store", json!("ssm")),
            ("version", json!(1)),
            ("status", json!("ok")),
            ("value_wo", Value::Null),
        ] {
            assert_eq!(attribute(&ws, name), told, "{name}");
        }

        // Another value alone writes nothing; a raised version writes in place.
        write(&ws, &[given("two", 1), made.clone()]);
        ws.is_settled();
        write(&ws, &[given("two", 2), made.clone()]);
        assert_eq!(ws.has_changes().planned(), ["appenv_env_secret.password: update"]);
        ws.step();
        let second = moto.parameter(PASSWORD).unwrap();
        assert_eq!((&second["Value"], &second["Version"]), (&json!("two"), &json!(2)));
        assert_eq!(moto.tags(PASSWORD)["appenv:holder"], tags["appenv:holder"]);
        assert_eq!(moto.tags(PASSWORD)["appenv:parameter_version"], "2");
        assert_eq!(attribute(&ws, "version"), 2);
        assert_eq!(value(&moto, "/erp/sandbox/API_TOKEN"), token);

        // One goes, the other stays; what is nobody's stays too.
        moto.put("/erp/sandbox/foreign", "SecureString", "theirs");
        write(&ws, &[given("two", 2)]);
        ws.step();
        has_only(&moto, &[PASSWORD, "/erp/sandbox/foreign"]);
        moto.delete("/erp/sandbox/foreign");
        ws.destroy();
        has_only(&moto, &[]);
    }
}

#[test]
fn what_is_changed_or_deleted_by_hand_is_named_and_mended() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    let other = secret("other", "OTHER", "  generate {}");
    write(&ws, &[given("the-wished-value", 1), other]);
    ws.step();
    moto.put(PASSWORD, "SecureString", "written-by-hand");
    assert_eq!(ws.has_changes().planned(), ["appenv_env_secret.password: update"]);
    let plan = ws.plan_text();
    let text = plan.text();
    assert!(text.contains("\"changed by hand\" -> \"ok\""), "{text}");
    assert!(!text.contains("written-by-hand") && !text.contains("the-wished-value"), "{text}");
    ws.step();
    assert_eq!(value(&moto, PASSWORD), "the-wished-value");
    assert_eq!(attribute(&ws, "version"), 3);

    // The same value, written by hand, is a write too: the version tells, no value is read.
    moto.put(PASSWORD, "SecureString", "the-wished-value");
    ws.has_changes();
    ws.step();

    // Its tags are its record, so what was removed is made anew.
    moto.delete(PASSWORD);
    assert_eq!(ws.has_changes().planned(), ["appenv_env_secret.password: create"]);
    ws.step();
    let again = moto.parameter(PASSWORD).unwrap();
    assert_eq!((&again["Value"], &again["Version"]), (&json!("the-wished-value"), &json!(1)));

    // Removed and made again by somebody else: it is theirs now.
    moto.delete(PASSWORD);
    moto.put(PASSWORD, "SecureString", "theirs");
    assert!(ws.plan_fails().say("erp/sandbox/DB_PASSWORD: DB_PASSWORD is there already"));
    moto.delete(PASSWORD);
    ws.step();

    // Gone together with its instance's other secrets before a destroy.
    moto.delete(PASSWORD);
    ws.destroy();
    has_only(&moto, &[]);
}

#[test]
fn rotated_with_a_time_of_grace() {
    let moto = Moto::start();
    let mut ws = with(moto.env(), "");
    write(&ws, &[password(MONTHLY)]);
    ws.step();
    let first = value(&moto, PASSWORD);
    days(&mut ws, 29);
    ws.is_settled();

    // Signed by a clock a month ahead; moto judges no signature.
    days(&mut ws, 31);
    let plan = ws.plan_text().text();
    assert!(plan.contains("rotation_due") && plan.contains("true -> false"), "{plan}");
    ws.step();
    has_only(&moto, &[PASSWORD, BEFORE]);
    let second = value(&moto, PASSWORD);
    assert_ne!(second, first);
    assert_eq!(value(&moto, BEFORE), first);
    assert_eq!(moto.parameter(BEFORE).unwrap()["Type"], "SecureString");
    assert_eq!(attribute(&ws, "version"), 2);

    days(&mut ws, 37);
    ws.is_settled();
    days(&mut ws, 39);
    let plan = ws.plan_text().text();
    assert!(plan.contains("grace_over"), "{plan}");
    ws.step();
    has_only(&moto, &[PASSWORD]);
    assert_eq!((value(&moto, PASSWORD), attribute(&ws, "version")), (second, json!(2)));

    // A second one, and destroyed within its time of grace.
    days(&mut ws, 62);
    ws.step();
    has_only(&moto, &[PASSWORD, BEFORE]);
    ws.destroy();
    has_only(&moto, &[]);
}

#[test]
fn what_was_there_is_refused_and_can_be_imported() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    write(&ws, &[]);
    ws.step();
    moto.put(PASSWORD, "SecureString", "legacy-value");
    moto.put(PASSWORD, "SecureString", "later-legacy-value");
    let before = moto.everything();
    write(&ws, &[password("  generate {}")]);
    let import = "terraform import ADDRESS erp/sandbox/DB_PASSWORD?parameter_name=db-password";
    for told in [ws.plan_fails(), ws.apply_fails()] {
        let title = "erp/sandbox/DB_PASSWORD: DB_PASSWORD is there already";
        refused(&told, title, &[import, "`parameter_name`", PASSWORD]);
    }
    assert_eq!(moto.everything(), before);

    let at = "appenv_env_secret.password";
    for id in [
        "DB_PASSWORD?parameter_name=db-password",
        "DB_PASSWORD?store=ssm&parameter_name=db-password",
    ] {
        ws.import(at, &format!("erp/sandbox/{id}"));
        assert_eq!(moto.everything(), before, "an import wrote something");
        assert!(!ws.state_file().to_string().contains("legacy-value"));
        assert_eq!(attribute(&ws, "status"), "differs: imported, not adopted yet");
        if id.contains("store") {
            break;
        }
        ws.state_rm(at);
    }
    assert_eq!(ws.has_changes().planned(), [format!("{at}: update")]);
    ws.step();
    assert_eq!(value(&moto, PASSWORD), "later-legacy-value");
    assert_eq!(attribute(&ws, "version"), 2);
    assert_eq!(moto.tags(PASSWORD)["appenv:parameter_version"], "2");

    // Another state takes it; this one then touches nothing.
    let other = with(moto.env(), "");
    let alone = password("  generate {}").replace("appenv_app_instance.erp.app", "\"erp\"");
    other.write("main.tf", &hcl("acme/shop", "", "", &alone));
    let nothing = other.import_fails(at, "erp/sandbox/NONE");
    assert!(nothing.say("Cannot import non-existent remote object"), "{nothing}");
    other.import(at, "erp/sandbox/DB_PASSWORD?parameter_name=db-password");
    other.step();
    assert!(ws.plan_fails().say("erp/sandbox/DB_PASSWORD: held twice"));
    assert_eq!(value(&moto, PASSWORD), "later-legacy-value");
    other.destroy();
    has_only(&moto, &[]);
}

#[test]
fn a_parameter_of_another_type_is_not_written() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    write(&ws, &[]);
    ws.step();
    moto.put(PASSWORD, "String", "in the clear");
    let before = moto.everything();
    write(&ws, &[given("the-new-value", 1)]);
    ws.import("appenv_env_secret.password", "erp/sandbox/DB_PASSWORD?parameter_name=db-password");
    let title = "erp/sandbox/DB_PASSWORD: /erp/sandbox/db-password is no SecureString";
    refused(&ws.apply_fails(), title, &["cannot change its type", "`parameter_name`"]);
    assert_eq!(moto.everything(), before);
}

#[test]
fn names_and_values_that_aws_does_not_take_are_refused_at_plan() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    write(&ws, &[]);
    ws.step();
    let before = moto.everything();
    let is_refused = |secrets: &[String], title: &str| {
        write(&ws, secrets);
        let told = ws.plan_fails();
        assert!(told.say(title), "{title}: {told}");
        assert_eq!(moto.everything(), before, "{title}: something was written");
        told
    };
    for (name, words) in [
        ("db password", "` ` is in it"),
        ("db/password", "`/` is in it"),
        ("..", "`..`"),
        ("", "empty"),
        ("caf\u{e9}", "is in it"),
        ("db-password_PREVIOUS", "kept for the values before"),
        (&"a".repeat(1011), "1011 are the most"),
    ] {
        let named = format!("  parameter_name = \"{name}\"\n  generate {{}}");
        is_refused(&[secret("x", "A", &named)], words);
    }
    let value =
        |text: &str| secret("x", "A", &format!("  value_wo = \"{text}\"\n  value_wo_version = 1"));
    let long = "long-value-".repeat(373);
    let told = is_refused(&[value(&long)], "Parameter Store does not take the value of A");
    let error = told.error();
    assert!(error.detail.contains("4103 bytes") && error.detail.contains("4096"), "{told}");
    assert!(!told.to_string().contains("long-value-"), "the value is told");
    is_refused(&[value("a {{ssm:/erp/prod/x}} b")], "a reference to another parameter");
    is_refused(&[value("")], "`value_wo` is empty");
    is_refused(
        &[secret("x", "A", "  generate {\n    length = 5000\n  }")],
        "`generate.length` cannot be used",
    );
    is_refused(
        &[secret("x", "A", "  store = \"vault\"\n  generate {}")],
        "Store `vault` is not configured",
    );

    // One parameter, two secrets.
    let same =
        |label: &str, key: &str| secret(label, key, "  parameter_name = \"x\"\n  generate {}");
    is_refused(&[same("a", "A"), same("b", "B")], "two secrets of one parameter");
    is_refused(
        &[secret("a", "A", "  generate {}"), same("b", "B").replace("\"x\"", "\"A\"")],
        "two secrets of one parameter",
    );

    // What just fits.
    write(&ws, &[value(&"v".repeat(4096))]);
    ws.step();
    ws.destroy();
}

#[test]
fn throttled_or_without_an_answer_it_goes_on() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), "");
    write(&ws, &[]);
    ws.step();
    write(&ws, &[given("one", 1)]);
    for action in ["GetParameters", "PutParameter"] {
        relay.twist(action, Twist::Refuse("ThrottlingException"));
    }
    relay.twist("PutParameter", Twist::LoseAnswer);
    ws.step();
    assert_eq!(relay.unmet(), 0, "the twists were not met");
    assert_eq!(value(&moto, PASSWORD), "one");

    write(&ws, &[given("two", 2)]);
    for action in ["ListTagsForResource", "AddTagsToResource", "PutParameter"] {
        relay.twist(action, Twist::Refuse("ThrottlingException"));
    }
    relay.twist("PutParameter", Twist::LoseAnswer);
    ws.step();
    assert_eq!(relay.unmet(), 0, "the twists were not met");
    assert_eq!(value(&moto, PASSWORD), "two");
    relay.twist("DeleteParameter", Twist::Refuse("ThrottlingException"));
    ws.destroy();
    has_only(&moto, &[]);
}
