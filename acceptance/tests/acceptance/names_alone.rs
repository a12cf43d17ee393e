// SPDX-License-Identifier: MPL-2.0
//! Names without an instance: functions, data source and command say the same, with the real CLI.
//!
//! The oracle is the golden file of each convention.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Output};

use acceptance::{Cli, Workspace, provider};
use serde_json::{Value, json};

use crate::bad_input::REQUIRED;
use crate::bad_input::book::Book;
use crate::conventions::golden;

/// Runs the provider's binary by hand, in an empty environment.
fn by_hand(arguments: &[String]) -> Output {
    Command::new(provider::binary()).args(arguments).env_clear().output().unwrap()
}

/// What it prints; nothing may go wrong.
fn printed(arguments: &[String]) -> String {
    let output = by_hand(arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn functions_work_in_outputs_and_locals_with_no_provider_block() {
    let golden = golden();
    assert!(golden.len() >= 12, "{}", golden.len());
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        let mut hcl = format!("{REQUIRED}\nlocals {{\n");
        for (index, row) in golden.iter().enumerate() {
            let (app, env, options) = (&row.app, &row.env, row.options());
            writeln!(hcl, "  options_{index} = {options}").unwrap();
            for function in ["names", "instance", "state_prefix"] {
                writeln!(
                    hcl,
                    "  {function}_{index} = provider::appenv::{function}(\"{app}\", \"{env}\", local.options_{index})"
                )
                .unwrap();
            }
        }
        hcl.push_str("}\noutput \"all\" {\n  value = [\n");
        for index in 0..golden.len() {
            writeln!(
                hcl,
                "    {{\n      names = local.names_{index}\n      instance = local.instance_{index}\n      state_prefix = \
                 local.state_prefix_{index}\n      parsed = provider::appenv::parse_instance(local.instance_{index}, \
                 local.options_{index})\n    }},"
            )
            .unwrap();
        }
        hcl.push_str("  ]\n}\n");
        ws.write("main.tf", &hcl);
        let expected: Vec<Value> = golden
            .iter()
            .map(|row| {
                json!({
                    "names": row.names,
                    "instance": row.names["instance"],
                    "state_prefix": row.names["state_prefix"],
                    "parsed": { "app": row.app, "env": row.env },
                })
            })
            .collect();
        // Known at plan, before anything is applied.
        ws.plan_to("saved.plan");
        let planned = ws.show_plan("saved.plan");
        assert_eq!(planned["planned_values"]["outputs"]["all"]["value"], json!(expected), "{cli}");
        ws.apply_saved("saved.plan");
        assert_eq!(ws.state().output("all"), &json!(expected), "{cli}");
        // The CLI compares answers of plan and apply by itself; nothing changes afterwards.
        assert_eq!(ws.plan().code, Some(0), "{cli}");
    }
}

#[test]
fn the_data_source_says_the_same_by_the_provider_block() {
    let golden = golden();
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        let providers: BTreeMap<String, String> =
            golden.iter().map(|row| (row.alias(), row.provider())).collect();
        let mut hcl = format!("{REQUIRED}\n");
        hcl.extend(providers.into_values());
        for (index, row) in golden.iter().enumerate() {
            writeln!(
                hcl,
                "data \"appenv_names\" \"n{index}\" {{\n  provider = appenv.{}\n  app = \"{}\"\n  env = \
                 \"{}\"\n  services = {}\n}}",
                row.alias(),
                row.app,
                row.env,
                json!(row.services)
            )
            .unwrap();
        }
        // Of the environments as the data source tells them, the function makes the same.
        let of = golden
            .iter()
            .position(|row| row.alias() == "elided-v1" && row.env == "sandbox")
            .unwrap();
        writeln!(
            hcl,
            "output \"same\" {{\n  value = provider::appenv::instance(\"erp\", \"sandbox\", {{ convention = \
             data.appenv_names.n{of}.convention, environments = data.appenv_names.n{of}.environments }})\n}}"
        )
        .unwrap();
        ws.write("main.tf", &hcl);
        ws.plan_to("saved.plan");
        let planned = ws.show_plan("saved.plan");
        assert_eq!(planned["planned_values"]["outputs"]["same"]["value"], "erp-sandbox");
        ws.apply_saved("saved.plan");
        let state = ws.state();
        for (index, row) in golden.iter().enumerate() {
            let read = state.resource(&format!("data.appenv_names.n{index}"));
            let coordinate = format!("{}/{}", row.app, row.env);
            assert_eq!(read["resolved_names"], row.without_root(), "{coordinate}");
            assert_eq!(read["instance"], row.names["instance"], "{coordinate}");
            assert_eq!(read["state_prefix"], row.names["state_prefix"], "{coordinate}");
            let envs = row.environments();
            let production = envs.iter().find(|(name, _)| *name == row.env).unwrap().1;
            assert_eq!(read["production"], production, "{coordinate}");
            assert_eq!(read["convention"], row.convention);
            let told: Vec<_> = read["environments"]
                .as_array()
                .unwrap()
                .iter()
                .map(|env| (env["name"].as_str().unwrap(), env["production"].as_bool().unwrap()))
                .collect();
            assert_eq!(told, envs, "{coordinate}");
        }
    }
}

#[test]
fn the_command_says_the_same() {
    for row in golden() {
        let arguments = row.arguments();
        let with = |more: &[&str]| {
            let more = more.iter().map(|word| (*word).to_owned());
            printed(&arguments.iter().cloned().chain(more).collect::<Vec<_>>())
        };
        let json: Value = serde_json::from_str(&with(&["--json"])).unwrap();
        assert_eq!(json, row.names);
        let mut table = BTreeMap::new();
        for line in with(&[]).lines() {
            let (key, name) = line.split_once(' ').unwrap();
            table.insert(key.to_owned(), name.trim_start().to_owned());
        }
        let mut expected = BTreeMap::new();
        for (key, name) in row.names.as_object().unwrap() {
            match name {
                Value::Object(services) => {
                    for (service, name) in services {
                        expected
                            .insert(format!("{key}.{service}"), name.as_str().unwrap().to_owned());
                    }
                }
                name => {
                    expected.insert(key.clone(), name.as_str().unwrap().to_owned());
                }
            }
        }
        assert_eq!(table, expected);
        // A bare name, as a script takes it.
        for key in ["state_prefix", "instance", "owner_role"] {
            assert_eq!(with(&["--field", key]), format!("{}\n", row.names[key].as_str().unwrap()));
        }
    }
}

#[test]
fn by_hand_it_says_what_it_is_and_refuses_in_words() {
    let told = by_hand(&[]);
    assert_eq!((told.status.code(), told.stdout.len()), (Some(1), 0));
    let text = String::from_utf8(told.stderr).unwrap();
    assert!(text.contains("OpenTofu and Terraform, which start it themselves"), "{text}");
    for (arguments, code, says) in [
        (&["names", "Erp"][..], 1, "capital letter"),
        (&["names"], 2, "Usage:"),
        (&["names", "erp", "--field", "x"], 2, "state_prefix"),
        // It could be a misspelt `gate`, to which 2 is an answer.
        (&["nams"], 1, "names"),
    ] {
        let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let refused = by_hand(&arguments);
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(code), 0), "{arguments:?}");
        let text = String::from_utf8(refused.stderr).unwrap();
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn what_is_known_only_after_apply_is_waited_for() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        let hcl = "resource \"terraform_data\" \"app\" {\n  input = \"erp\"\n}\nresource \"terraform_data\" \"api\" {\n  \
                   input = \"api\"\n}\ndata \"appenv_names\" \"later\" {\n  app = terraform_data.app.output\n}\noutput \
                   \"data\" {\n  value = data.appenv_names.later.instance\n}\noutput \"function\" {\n  value = \
                   provider::appenv::names(\"erp\", \"dev\", { services = [terraform_data.api.output] \
                   }).services\n}\noutput \"default\" {\n  value = provider::appenv::instance(\"erp\", null, null)\n}\n";
        ws.write("main.tf", &format!("{REQUIRED}\n{hcl}"));
        ws.plan_to("saved.plan");
        let planned = ws.show_plan("saved.plan");
        let outputs = &planned["planned_values"]["outputs"];
        assert_eq!(outputs["default"]["value"], "erp");
        for unknown in ["data", "function"] {
            assert_eq!(outputs[unknown].get("value"), None, "{unknown}: {outputs}");
        }
        ws.apply_saved("saved.plan");
        assert_eq!(ws.state().output("data"), "erp");
        assert_eq!(ws.state().output("function"), &json!({ "api": "erp-dev-api" }));
    }
}

#[test]
fn mistakes_in_a_call_are_refused_at_validate() {
    let mut book = Book::section("functions");
    for (case, call, says) in [
        ("app", "names(\"Erp\", \"dev\", null)", "capital letter"),
        ("env", "names(\"erp\", \"qa\", null)", "not declared"),
        ("no env", "instance(\"erp\", null, { environments = [\"qa\"] })", "The env is missing"),
        (
            "key",
            "names(\"erp\", \"dev\", { convnetion = \"elided-v1\" })",
            "has no key \"convnetion\"",
        ),
        (
            "key of an environment",
            "instance(\"erp\", \"dev\", { environments = [{ name = \"dev\", prodution = true }] })",
            "`environments[0]` has no key \"prodution\"",
        ),
        (
            "type",
            "state_prefix(\"erp\", \"dev\", { services = \"api\" })",
            "`services` is a string",
        ),
        ("template", "names(\"erp\", \"dev\", { names = { databse = \"{app}\" } })", "databse"),
        ("parse", "parse_instance(\"erp\", [\"qa\"])", "is the name of no instance"),
    ] {
        let ws = Workspace::new(Cli::any()).without_trace();
        ws.write(
            "main.tf",
            &format!("{REQUIRED}\noutput \"x\" {{\n  value = provider::appenv::{call}\n}}\n"),
        );
        let told = ws.validate();
        let error = told.error();
        assert!(error.detail.contains(says), "{case}: {error}");
        assert!(!error.detail.contains(".."), "{case}: {error}");
        book.says(case, [error.clone()]);
    }
    book.close();
}

/// The page that shows an example, and what it shows of it: all behind the `terraform` block.
pub fn shown(example: &str) -> (String, String) {
    let root = provider::root();
    let (page, file) = match example.split_once('/').unwrap() {
        ("functions", name) => (format!("functions/{name}"), "function.tf"),
        (_, name) => {
            (format!("data-sources/{}", name.trim_start_matches("appenv_")), "data-source.tf")
        }
    };
    let page = std::fs::read_to_string(root.join("docs").join(page).with_extension("md")).unwrap();
    let hcl = std::fs::read_to_string(root.join("examples").join(example).join(file)).unwrap();
    let (_, body) = hcl.split_once("\n}\n").unwrap();
    (page, body.trim().to_owned())
}

#[test]
fn the_examples_hold() {
    for cli in Cli::all() {
        for (example, output, value) in [
            ("functions/names", "host", json!("erp-sandbox.arcodange.lab")),
            ("functions/names", "api", json!("erp-sandbox-api")),
            ("functions/instance", "production", json!("erp")),
            ("functions/instance", "sandbox", json!("erp-sandbox")),
            (
                "functions/state_prefix",
                "states",
                json!({ "erp": "erp/sandbox", "crm": "crm/sandbox" }),
            ),
            ("functions/parse_instance", "sandbox", json!({ "app": "erp", "env": "sandbox" })),
            ("functions/parse_instance", "regions", json!({ "app": "erp", "env": "us" })),
            (
                "functions/dotenv_encode",
                "file",
                json!("GREETING=\"it's \\\"fine\\\" here\"\nPORT=8080\nPRICE='5 $'\n"),
            ),
            ("functions/dotenv_decode", "port", json!("8080")),
            ("data-sources/appenv_names", "namespace", json!("erp-sandbox")),
            ("data-sources/appenv_names", "state_prefix", json!("erp/sandbox")),
        ] {
            let ws = Workspace::new(cli).without_trace();
            ws.copy_from(&format!("examples/{example}"));
            ws.apply();
            assert_eq!(ws.state().output(output), &value, "{example}");
            let (page, body) = shown(example);
            assert!(page.contains(&body), "the page of {example} shows another one");
        }
    }
}
