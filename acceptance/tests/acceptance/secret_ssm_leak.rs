// SPDX-License-Identifier: MPL-2.0
//! A secret of each kind goes through Parameter Store and is in nothing that a run leaves behind.

use acceptance::canary::watch::CommandLines;
use acceptance::servers::moto::{Moto, Relay, Twist};
use acceptance::{Canaries, Cli, Sinks, Workspace, random};
use serde_json::Value;

use crate::aws::hcl;
use crate::secret_ssm::blocks;
use crate::secret_vault::secret;

const KINDS: [&str; 4] = ["PASSWORD", "PEM", "JSON", "QUOTES"];

/// One value of each kind, in the order of [`KINDS`].
fn values() -> [String; 4] {
    let lines: Vec<String> = (0..4).map(|_| random::password().repeat(2)).collect();
    [
        random::password(),
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")),
        serde_json::json!({ "user": "shop", "password": random::canary(), "port": 5432 })
            .to_string(),
        format!("it's \"quoted\" $(echo {}) `id` \\ ${{HOME}}", random::password()),
    ]
}

/// Registers a value, and every part of it that would tell it.
fn register(canaries: &mut Canaries, name: &str, value: &str) {
    canaries.register(name, value);
    for (at, line) in value.lines().enumerate().filter(|(_, line)| !line.starts_with("-----")) {
        canaries.register(&format!("{name}, line {at}"), line);
    }
    if let Ok(json) = serde_json::from_str::<Value>(value)
        && let Some(password) = json["password"].as_str()
    {
        canaries.register(&format!("{name}, password"), password);
    }
}

/// Puts the values where the CLI takes variables from.
fn hand_in(ws: &mut Workspace, values: &[String]) {
    for (kind, value) in KINDS.into_iter().zip(values) {
        ws.set_env(&format!("TF_VAR_{kind}"), value);
    }
}

fn write(ws: &Workspace, version: u32) {
    let variables = KINDS
        .map(|kind| format!("variable \"{kind}\" {{\n  type = string\n  ephemeral = true\n}}\n"));
    let secrets = KINDS.map(|kind| {
        let more = format!(
            "  parameter_name = \"{}\"\n  value_wo = var.{kind}\n  value_wo_version = {version}\n  rotation {{\n    grace = \
             \"2d\"\n  }}",
            kind.to_lowercase()
        );
        secret(&kind.to_lowercase(), kind, &more)
    });
    let text = format!("{}{}", variables.concat(), blocks(&secrets));
    ws.write("main.tf", &hcl("acme/shop", "", "", &text));
}

fn stand(moto: &Moto, values: &[String], suffix: &str) {
    for (kind, value) in KINDS.into_iter().zip(values) {
        let name = format!("/erp/sandbox/{}{suffix}", kind.to_lowercase());
        assert_eq!(moto.parameter(&name).unwrap()["Value"], **value, "{name}");
    }
}

#[test]
fn values_of_every_kind_are_nowhere_after_a_whole_life_at_trace() {
    for cli in Cli::all() {
        let moto = Moto::start();
        let relay = Relay::new(&moto);
        let lines = CommandLines::start();
        let (first, second) = (values(), values());
        let mut canaries = Canaries::new();
        for (kind, value) in KINDS.into_iter().zip(&first).chain(KINDS.into_iter().zip(&second)) {
            register(&mut canaries, kind, value);
        }
        let mut ws = Workspace::new(cli).with_env(relay.env());
        hand_in(&mut ws, &first);
        write(&ws, 1);
        ws.plan_to("create.plan");
        ws.show_plan("create.plan");
        relay.twist("PutParameter", Twist::Refuse("ThrottlingException"));
        ws.apply_saved("create.plan");
        stand(&moto, &first, "");
        ws.is_settled();

        // Another value; the one before is read and written by the provider.
        hand_in(&mut ws, &second);
        write(&ws, 2);
        ws.plan_text();
        ws.plan_to("raise.plan");
        ws.show_plan("raise.plan");
        ws.apply_saved("raise.plan");
        stand(&moto, &second, "");
        stand(&moto, &first, "_PREVIOUS");

        // By hand, mended; refused by AWS in words that a relay makes up.
        let by_hand = random::canary();
        canaries.register("by hand", &by_hand);
        moto.put("/erp/sandbox/password", "SecureString", &by_hand);
        ws.plan_text();
        relay.twist("PutParameter", Twist::Refuse("ValidationException"));
        ws.apply_fails();
        ws.step();
        stand(&moto, &second, "");

        // A value that is not taken: the plan tells its length, and nothing of it.
        let long = format!("{}{}", random::canary(), random::password().repeat(128));
        canaries
            .register("a long value", &long[..40])
            .register("its end", &long[long.len() - 32..]);
        ws.set_env("TF_VAR_PASSWORD", &long);
        assert!(ws.plan_fails().say("does not take the value of PASSWORD"));
        ws.set_env("TF_VAR_PASSWORD", &second[0]);
        ws.state();
        ws.destroy();
        assert_eq!(moto.names(), ["/appenv/_registry", "/appenv/erp/sandbox"]);

        let sinks = Sinks::of(&ws).with_path(lines.saw());
        canaries.are_nowhere(&sinks);
        // The scan does see state, plans, output and the provider's own trace.
        let mut seen = Canaries::new();
        seen.register("a path", "/erp/sandbox/password");
        let hits = seen.scan(&sinks);
        for place in [
            "terraform.tfstate",
            "create.plan, entry tfplan",
            "raise.plan, entry tfstate",
            ".stdout",
            "trace",
        ] {
            assert!(hits.iter().any(|hit| hit.place.contains(place)), "{place}: {hits:?}");
        }
    }
}
