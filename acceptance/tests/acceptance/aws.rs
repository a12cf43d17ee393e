// SPDX-License-Identifier: MPL-2.0
//! The registry in Parameter Store, alone and beside other facets.
//!
//! The oracle is the API of Parameter Store itself, asked by plain HTTP.

use std::sync::Arc;

use acceptance::servers::moto::{ACCOUNT, Moto, Relay, SECRET_KEY, Twist};
use acceptance::{Canaries, Cli, Sinks, Workspace, daemon};
use serde_json::{Value, json};

use crate::instances::{Planned, true_leaves};
use crate::site::{at, block, plain, refused};

const ENTRY: &str = "/appenv/erp/sandbox";

/// A configuration with lines in the `aws` block and before it.
pub fn hcl(owner: &str, aws: &str, provider: &str, blocks: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n  owner = \"{owner}\"\n{provider}  aws {{\n{aws}  }}\n}}\n{blocks}"
    )
}

/// A workspace with the `aws` block alone and these blocks.
pub fn with(env: Vec<(String, String)>, blocks: &str) -> Workspace {
    let ws = Workspace::new(Cli::any()).without_trace().with_env(env);
    ws.write("main.tf", &hcl("acme/shop", "", "", blocks));
    ws
}

fn erp() -> String {
    plain("it", "erp", "sandbox")
}

/// Phase, owner and generation of an entry.
fn entry(moto: &Moto, name: &str) -> String {
    let entry = moto.document(name);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text(&entry["phase"]), text(&entry["owner"]), entry["generation"])
}

#[test]
fn an_instance_with_aws_alone_lives_and_ends() {
    for cli in Cli::all() {
        let moto = Moto::start();
        let ws = Workspace::new(cli).with_env(moto.env());
        let more = "  services = [\"api\"]\n  release = \"{{ssm:/erp/sandbox/x}}\"\n";
        ws.write("main.tf", &hcl("acme/shop", "", "", &block("it", "erp", "sandbox", more)));
        let plan = Planned::of(&ws);
        assert_eq!(plan.actions(&at("it")), "create");
        assert_eq!(true_leaves(plan.unknown(&at("it"))), ["generation"]);
        let after = plan.after(&at("it"));
        assert_eq!(after["facets"], json!(["aws"]));
        assert_eq!(after["objects"], json!({ "registration": "ok" }));
        assert_eq!(after["resolved_names"]["parameter_path"], "/erp/sandbox");
        assert!(moto.names().is_empty(), "a plan wrote something");

        let told = ws.plan().diagnostics();
        assert!(
            told.warning_titled("This AWS account has no appenv registry yet")
                .detail
                .contains("/appenv/")
        );
        ws.step();
        assert_eq!(moto.names(), ["/appenv/_registry", ENTRY]);
        assert_eq!(entry(&moto, ENTRY), "live acme/shop 1");
        let founded = moto.parameter("/appenv/_registry").unwrap();
        assert_eq!((&founded["Type"], &founded["Version"]), (&json!("String"), &json!(1)));
        assert!(!founded.to_string().contains(SECRET_KEY));
        assert!(!moto.parameter(ENTRY).unwrap()["Value"].as_str().unwrap().contains("{{"));

        // In place.
        ws.write(
            "main.tf",
            &hcl("acme/shop", "", "", &block("it", "erp", "sandbox", "  release = \"2\"\n")),
        );
        assert_eq!(ws.has_changes().planned(), [format!("{}: update", at("it"))]);
        ws.step();
        assert_eq!(entry(&moto, ENTRY), "live acme/shop 2");
        assert_eq!(moto.document(ENTRY)["spec"]["release"], "2");

        // Import, which writes nothing until it is adopted.
        let before = moto.everything();
        ws.state_rm(&at("it"));
        ws.import(&at("it"), "erp/sandbox");
        assert_eq!(moto.everything(), before);
        let drift = ws.plan_text();
        assert!(drift.stdout.contains("imported, not adopted yet"), "{drift}");
        ws.step();
        assert_eq!(entry(&moto, ENTRY), "live acme/shop 3");

        ws.destroy();
        assert_eq!(moto.names(), ["/appenv/_registry", ENTRY]);
        assert_eq!(entry(&moto, ENTRY), "gone acme/shop 4");
        assert_eq!(moto.document(ENTRY)["holder"], Value::Null);
        let mut canaries = Canaries::new();
        canaries.register("the secret access key", SECRET_KEY);
        canaries.are_nowhere(&Sinks::of(&ws));
        // And again, over the tombstone.
        ws.step();
        assert_eq!(moto.parameter("/appenv/_registry").unwrap(), founded);
        ws.destroy();
    }
}

#[test]
fn an_entry_that_was_removed_or_changed_by_hand_is_seen() {
    let moto = Moto::start();
    let ws = with(moto.env(), &erp());
    ws.step();
    moto.delete(ENTRY);
    assert_eq!(ws.has_changes().planned(), [format!("{}: create", at("it"))]);
    ws.step();
    assert_eq!(entry(&moto, ENTRY), "live acme/shop 1");

    // Somebody else's holder.
    let good = moto.document(ENTRY);
    let mut theirs = good.clone();
    theirs["holder"] = json!("somebody");
    moto.put(ENTRY, "String", &theirs.to_string());
    ws.write(
        "main.tf",
        &hcl("acme/shop", "", "", &block("it", "erp", "sandbox", "  release = \"2\"\n")),
    );
    refused(&ws.plan_fails(), "erp/sandbox: held twice", &["state rm"]);
    refused(&ws.apply_fails(), "erp/sandbox: held twice", &["state rm"]);

    // Another owner.
    let mut theirs = good.clone();
    theirs["owner"] = json!("rival/shop");
    moto.put(ENTRY, "String", &theirs.to_string());
    let plan = ws.plan_text();
    assert!(plan.stdout.contains("owner is rival/shop"), "{plan}");

    // What is no entry at all.
    moto.put(ENTRY, "String", "{\"owner\": 7");
    let told = ws.plan_fails();
    refused(
        &told,
        "erp/sandbox: Could not read parameter /appenv/erp/sandbox",
        &["get-parameter-history"],
    );
    moto.put(ENTRY, "String", &good.to_string());
    ws.step();
    ws.destroy();
}

#[test]
fn another_region_or_a_lost_registry_is_elsewhere() {
    let moto = Moto::start();
    let mut ws = with(moto.env(), &erp());
    ws.step();
    let before = moto.everything();
    let changed = hcl("acme/shop", "", "", &block("it", "erp", "sandbox", "  release = \"2\"\n"));
    let is_elsewhere = |ws: &Workspace, why: &str| {
        ws.write("main.tf", &hcl("acme/shop", "", "", &erp()));
        let told = ws.apply_with(&["-refresh-only"]).diagnostics();
        let warning = told.warning_titled("erp/sandbox: its objects are elsewhere");
        assert!(warning.detail.contains(why), "{told}");
        ws.write("main.tf", &changed);
        for args in [&[][..], &["-refresh=false"]] {
            refused(
                &ws.plan_fails_with(args),
                "erp/sandbox: its objects are elsewhere",
                &["`state rm`"],
            );
            refused(
                &ws.apply_fails_with(args),
                "erp/sandbox: its objects are elsewhere",
                &["`state rm`"],
            );
        }
        refused(&ws.destroy_fails(), "erp/sandbox: its objects are elsewhere", &["`state rm`"]);
    };
    ws.set_env("AWS_REGION", "us-east-1");
    is_elsewhere(&ws, "has no appenv registry");
    let stranger = with(moto.env(), &plain("it", "crm", "sandbox"));
    let stranger = stranger.with_env([("AWS_REGION".to_owned(), "us-east-1".to_owned())]);
    stranger.step();
    is_elsewhere(&ws, "has the registry");
    assert_eq!(moto.everything(), before, "nothing was written at home");
    ws.set_env("AWS_REGION", "eu-west-3");

    let founding = moto.document("/appenv/_registry");
    moto.delete("/appenv/_registry");
    is_elsewhere(&ws, "has no appenv registry");
    moto.put("/appenv/_registry", "String", &founding.to_string());
    ws.write("main.tf", &hcl("acme/shop", "", "", &erp()));
    ws.apply_with(&["-refresh-only"]);
    ws.is_settled();
    ws.destroy();
}

#[test]
fn an_app_has_one_owner_and_only_its_holder_changes_it() {
    let moto = Moto::start();
    let first = with(moto.env(), &erp());
    first.step();
    let before = moto.everything();
    let second = with(moto.env(), "");
    for env in ["sandbox", "staging"] {
        second.write("main.tf", &hcl("rival/shop", "", "", &plain("it", "erp", env)));
        let title = format!("erp/{env}: the app belongs to owner \"acme/shop\"");
        refused(&second.plan_fails(), &title, &["rival/shop", "`owner`"]);
        refused(&second.apply_fails(), &title, &["rival/shop", "`owner`"]);
    }
    assert!(second.state().is_empty());
    assert_eq!(moto.everything(), before);
    first.write("main.tf", &hcl("acme/platform", "", "", &erp()));
    first.step();
    assert_eq!(entry(&moto, ENTRY), "live acme/platform 2");
    first.destroy();
}

#[test]
fn credentials_of_another_account_read_and_write_nothing() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), "");
    ws.write("main.tf", &hcl("acme/shop", "    expected_account = \"210987654321\"\n", "", &erp()));
    for told in [ws.plan_fails(), ws.apply_fails()] {
        let words = ["210987654321", ACCOUNT, "`aws.expected_account`"];
        refused(&told, "erp/sandbox: The AWS credentials are another account's", &words);
    }
    let asked = relay.actions();
    assert!(asked.iter().all(String::is_empty), "Parameter Store was asked: {asked:?}");
    assert!(moto.names().is_empty());
    let expected = format!("    expected_account = \"{ACCOUNT}\"\n");
    ws.write("main.tf", &hcl("acme/shop", &expected, "", &erp()));
    ws.step();
    ws.destroy();
}

#[test]
fn what_cannot_be_reached_or_does_not_know_us_is_said() {
    let moto = Moto::start();
    let mut ws = with(moto.env(), &erp());
    let relay = Relay::new(&moto);
    for (code, words) in [
        ("AccessDeniedException", &["docs/policies/aws-apply.json", "ssm:GetParameter"][..]),
        ("ExpiredTokenException", &["aws sts get-caller-identity"]),
        ("RequestTimeTooSkewed", &["clock"]),
    ] {
        ws.set_envs(relay.env());
        relay.twist("GetParameter", Twist::Refuse(code));
        let told = ws.plan_fails();
        refused(&told, "erp/sandbox: Could not read the registry", &[code]);
        refused(&told, "", words);
    }
    // Nobody listens there.
    let nobody = format!("http://127.0.0.1:{}", daemon::free_port());
    ws.set_env("AWS_ENDPOINT_URL", &nobody);
    // At once, not after many attempts.
    ws.write("main.tf", &hcl("acme/shop", "", "", &erp()));
    let told = ws.plan_fails();
    refused(
        &told,
        "erp/sandbox: Could not read the regist",
        &["AWS Parameter Store in eu-west-3", "refused", "endpoint"],
    );
    // Secrets would go over the network in the clear.
    ws.set_env("AWS_ENDPOINT_URL", "http://ssm.example.org");
    ws.write("main.tf", &hcl("acme/shop", "", "", &erp()));
    assert!(ws.plan_fails().say("plain http beyond this machine"));
    ws.write(
        "main.tf",
        &hcl("acme/shop", "    endpoint_url = \"http://ssm.example.org\"\n", "", &erp()),
    );
    assert!(ws.validate().say("plain http beyond this machine"));
    // No region anywhere, no credentials anywhere.
    ws.write("main.tf", &hcl("acme/shop", "", "", &erp()));
    ws.set_envs(moto.env()).set_env("AWS_REGION", "");
    refused(&ws.plan_fails(), "erp/sandbox: No AWS region", &["AWS_REGION", "`aws.region`"]);
    ws.set_envs(moto.env()).set_env("AWS_ACCESS_KEY_ID", "");
    refused(&ws.plan_fails(), "erp/sandbox: Could not", &["aws sts get-caller-identity"]);
}

#[test]
fn throttling_is_waited_for() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), &erp());
    for action in ["GetParameter", "GetParametersByPath", "PutParameter", "PutParameter"] {
        for code in ["ThrottlingException", "RequestLimitExceeded"] {
            relay.twist(action, Twist::Refuse(code));
        }
    }
    ws.apply();
    assert_eq!(relay.unmet(), 0, "the twists were not met");
    ws.is_settled();
    // Two updates of one parameter at a time.
    relay.twist("PutParameter", Twist::Refuse("TooManyUpdates"));
    let changed = block("it", "erp", "sandbox", "  release = \"2\"\n");
    ws.write("main.tf", &hcl("acme/shop", "", "", &changed));
    refused(
        &ws.apply_fails(),
        "erp/sandbox: Could not register",
        &["TooManyUpdates", "Another run"],
    );
    ws.step();
    ws.destroy();
}

/// moto enforces no policy, so what is asked is held against the documents.
#[test]
fn what_is_asked_is_in_the_policies() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), &erp());
    let allowed = |name: &str| -> Vec<String> {
        let file = acceptance::provider::root().join(format!("docs/policies/aws-{name}.json"));
        let policy: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let registry = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["Sid"] == "Registry")
            .unwrap();
        let actions = registry["Action"].as_array().unwrap();
        let mut actions: Vec<_> =
            actions.iter().map(|action| action.as_str().unwrap().replace("ssm:", "")).collect();
        actions.sort();
        actions
    };
    let asked = || {
        let mut asked = relay.actions();
        asked.sort();
        asked.dedup();
        asked
    };
    ws.plan();
    assert_eq!(asked(), allowed("plan"));
    // Only a lost answer needs the history.
    relay.twist("PutParameter", Twist::Meanwhile(Box::new(|| {})));
    for _ in 0..2 {
        relay.twist("PutParameter", Twist::LoseAnswer);
    }
    relay
        .twist("PutParameter", Twist::Meanwhile(Box::new(|| {})))
        .twist("PutParameter", Twist::LoseAnswer);
    ws.step();
    ws.destroy();
    assert_eq!(asked(), allowed("apply"));
}

#[test]
fn an_answer_that_was_lost_is_no_conflict() {
    let moto = Moto::start();
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), &erp());
    for _ in 0..3 {
        // Founding, the first entry, and the first overwrite.
        relay.twist("PutParameter", Twist::LoseAnswer);
    }
    ws.step();
    assert_eq!(relay.unmet(), 0);
    assert_eq!(entry(&moto, ENTRY), "live acme/shop 1");
    ws.destroy();
}

#[test]
fn a_write_in_between_is_a_conflict_that_is_told() {
    let moto = Arc::new(Moto::start());
    let relay = Relay::new(&moto);
    let ws = with(relay.env(), &erp());
    // Somebody makes the entry between the look and the write.
    let other = Arc::clone(&moto);
    let theirs = json!({
        "owner": "acme/shop", "phase": "live", "holder": "other", "generation": 7, "state_address": null,
        "production": false, "spec_digest": "", "spec": {}, "written_at": "2026-01-01T00:00:00Z",
    });
    let made = theirs.to_string();
    relay.twist("PutParameter", Twist::Meanwhile(Box::new(|| {}))).twist(
        "PutParameter",
        Twist::Meanwhile(Box::new(move || other.put(ENTRY, "String", &made))),
    );
    refused(
        &ws.apply_fails(),
        "erp/sandbox: Could not register",
        &["someone else wrote", "Plan again"],
    );
    assert_eq!(moto.document(ENTRY), theirs, "it was not written over");
    assert!(ws.state().is_empty());
    moto.delete(ENTRY);
    ws.step();
    // And over it: Parameter Store does not compare, so it is only told.
    let other = Arc::clone(&moto);
    let overwritten = theirs.to_string();
    relay.twist(
        "PutParameter",
        Twist::Meanwhile(Box::new(move || other.put(ENTRY, "String", &overwritten))),
    );
    let changed = block("it", "erp", "sandbox", "  release = \"2\"\n");
    ws.write("main.tf", &hcl("acme/shop", "", "", &changed));
    let told = ws.apply_fails();
    refused(
        &told,
        "erp/sandbox: Somebody else registered",
        &["get-parameter-history", "cannot compare"],
    );
}

#[test]
fn beside_a_host_it_is_the_second_registry() {
    let moto = Moto::start();
    let ws = with(moto.env(), "");
    let root = ws.root().join("srv");
    std::fs::create_dir(&root).unwrap();
    let host = format!("  host {{\n    root = \"{}\"\n  }}\n", root.display());
    let alone = hcl("acme/shop", "", &host, &erp());
    let alone = alone.replace("  aws {\n  }\n", "");
    ws.write("main.tf", &alone);
    ws.step();
    // A facet that comes later.
    ws.write("main.tf", &hcl("acme/shop", "", &host, &erp()));
    assert_eq!(ws.has_changes().planned(), [format!("{}: update", at("it"))]);
    ws.step();
    assert_eq!(entry(&moto, ENTRY), "live acme/shop 2");
    moto.delete(ENTRY);
    let plan = ws.plan_text();
    assert!(plan.stdout.contains("aws has no registration"), "{plan}");
    ws.step();
    // A block that is gone.
    ws.write("main.tf", &alone);
    refused(&ws.plan_fails(), "erp/sandbox: the `aws` block is gone", &["put the block back"]);
    ws.write("main.tf", &hcl("acme/shop", "", &host, &erp()));
    ws.destroy();
    assert_eq!(entry(&moto, ENTRY).split(' ').next(), Some("gone"));
}

#[test]
fn a_later_facet_of_an_app_that_is_anothers_is_refused_at_plan() {
    let moto = Moto::start();
    let first = with(moto.env(), &erp());
    first.step();
    let ws = with(moto.env(), "");
    let root = ws.root().join("srv");
    std::fs::create_dir(&root).unwrap();
    let host = format!("  host {{\n    root = \"{}\"\n  }}\n", root.display());
    let both = hcl("rival/shop", "", &host, &erp());
    ws.write("main.tf", &both.replace("  aws {\n  }\n", ""));
    ws.step();
    let before = moto.everything();
    ws.write("main.tf", &both);
    refused(
        &ws.plan_fails(),
        "erp/sandbox: the app belongs to owner \"acme/shop\"",
        &["rival/shop"],
    );
    assert_eq!(moto.everything(), before);
}

#[test]
fn misspelt_and_misshapen_arguments_are_refused() {
    let ws = Workspace::new(Cli::any()).without_trace();
    for (line, words) in [
        ("regoin = \"eu-west-3\"", "Unsupported argument"),
        ("region = \"EU west\"", "eu-west-3"),
        ("expected_account = \"12345\"", "12 digits"),
        ("expected_account = \"\"", "12 digits"),
        ("kms_key = \"my key\"", "alias/"),
        ("endpoint_url = \"ssm\"", "is not a URL"),
    ] {
        ws.write("main.tf", &hcl("acme/shop", &format!("    {line}\n"), "", &erp()));
        let told = ws.validate();
        assert!(
            told.error().detail.contains(words) || told.error().summary.contains(words),
            "{line}: {told}"
        );
    }
    // Whose it is must be said.
    ws.write("main.tf", &hcl("", "", "", &erp()).replace("  owner = \"\"\n", ""));
    assert!(ws.plan_fails().error().summary.contains("`owner` is missing"));
}
