// SPDX-License-Identifier: MPL-2.0
//! Texts for one instance, through the CLI: the Application of Argo CD, the runbook, the rights.

use std::process::Command;

use acceptance::{Cli, Workspace, provider};
use serde_json::{Value, json};

use crate::bad_input::REQUIRED;

/// Reads every document with PyYAML, which is of YAML 1.1, and holds it against the schema with jsonschema.
const READER: &str = "
import json, sys, yaml, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
texts = json.load(sys.stdin)
read = [list(yaml.safe_load_all(text)) for text in texts]
for documents in read:
    assert len(documents) == 1, documents
    jsonschema.Draft202012Validator(schema).validate(documents[0])
json.dump([documents[0] for documents in read], sys.stdout)
";

/// The Applications as another reader has them, each accepted by the schema.
fn accepted(texts: &[&str]) -> Vec<Value> {
    let python = provider::site_packages()
        .find(|packages| packages.join("jsonschema").is_dir() && packages.join("yaml").is_dir())
        .expect("`make tools` installs moto, which brings both readers");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/argocd-application.json");
    let mut child = Command::new(python.join("../../../bin/python"))
        .args(["-c", READER, schema])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), texts).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{texts:#?}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn outputs(cli: &Cli, hcl: &str, names: &[&str]) -> Vec<String> {
    let ws = Workspace::new(cli).without_trace();
    ws.write("main.tf", &format!("{REQUIRED}\n{hcl}"));
    ws.apply();
    let state = ws.state();
    names.iter().map(|name| state.output(name).as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_application_is_accepted_by_other_readers() {
    // What some reader takes for something else than a string.
    let hostile = vec![
        "yes",
        "NO",
        "on",
        "y",
        "~",
        "null",
        "1e3",
        "0x1f",
        "010",
        "1_000",
        "0b1",
        "+1",
        ".5",
        ".inf",
        "12:30:45",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "- a",
        "a: b",
        "a #b",
        "&a",
        "*a",
        "!!int 1",
        "|",
        ">",
        "%",
        "@a",
        "`a",
        "{a}",
        "[a]",
        " a ",
        "",
        "'",
        "\"",
        "\\",
        "two\nlines\n",
        "tab\there",
        "é",
        "\u{1f600}",
        "\u{85}",
        "\u{feff}",
        "=",
        "<<",
        "---",
        "...",
        "?",
    ];
    let literal = serde_json::to_string(&hostile).unwrap();
    let hcl = "locals {
  own = {
    repo_url        = \"ssh://git@gitea.arcodange.lab:2222/arcodange-org/erp.git\"
    path            = \"chart\"
    target_revision = \"2026_01\"
    finalizer       = true
    create_namespace = true
    sync            = { prune = true }
    values          = {
      hostile  = jsondecode(file(\"hostile.json\"))
      nested   = { number = 1.5, whole = 2, yes = true, none = null, empty = [], nothing = {} }
    }
  }
}
output \"sandbox\" {
  value = provider::appenv::argocd_application(\"erp\", \"sandbox\", { argocd = local.own })
}
output \"again\" {
  value = provider::appenv::argocd_application(\"erp\", \"sandbox\", { argocd = local.own })
}
output \"prod\" {
  value = provider::appenv::argocd_application(\"erp\", null, { argocd = { repo_url = \"x\" } })
}
"
    .to_string();
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        ws.write("hostile.json", &literal);
        ws.write("main.tf", &format!("{REQUIRED}\n{hcl}"));
        ws.apply();
        let state = ws.state();
        let [sandbox, again, prod] =
            ["sandbox", "again", "prod"].map(|name| state.output(name).as_str().unwrap());
        assert_eq!(sandbox, again);
        let read = accepted(&[sandbox, prod]);
        let source = &read[0]["spec"]["source"];
        assert_eq!(source["targetRevision"], "2026_01");
        assert_eq!(source["helm"]["valueFiles"], json!(["values-sandbox.yaml"]));
        let values = &source["helm"]["valuesObject"];
        assert_eq!(values["hostile"], json!(hostile), "{sandbox}");
        let nested = json!({
            "number": 1.5, "whole": 2, "yes": true, "none": null, "empty": [], "nothing": {},
        });
        assert_eq!(values["nested"], nested);
        assert_eq!(read[0]["metadata"]["labels"], json!({ "app": "erp", "env": "sandbox" }));
        assert_eq!(read[0]["spec"]["destination"]["namespace"], "erp-sandbox");
        assert_eq!(read[1]["metadata"]["name"], "erp");
        assert_eq!(read[1]["spec"]["syncPolicy"], Value::Null, "production waits for somebody");
    }
}

#[test]
fn an_unknown_key_is_refused_at_validate() {
    for (call, says) in [
        (
            "argocd_application(\"erp\", \"dev\", { argocd = { repo = \"x\" } })",
            "has no key \"repo\"",
        ),
        ("argocd_application(\"erp\", \"dev\", null)", "`argocd` is missing"),
        ("runbook(\"erp\", \"dev\", { runbook = { contact = [] } })", "has no key \"contact\""),
        ("runbook(\"erp\", \"qa\", null)", "not declared"),
    ] {
        let ws = Workspace::new(Cli::any()).without_trace();
        ws.write(
            "main.tf",
            &format!("{REQUIRED}\noutput \"x\" {{\n  value = provider::appenv::{call}\n}}\n"),
        );
        let told = ws.validate();
        assert!(told.error().detail.contains(says), "{call}: {told}");
    }
}

#[test]
fn a_runbook_is_the_same_through_the_cli() {
    let golden = provider::root().join("provider/tests/golden/runbook-erp-prod.md");
    let golden = std::fs::read_to_string(golden).unwrap();
    for cli in Cli::all() {
        let hcl =
            "output \"page\" {\n  value = provider::appenv::runbook(\"erp\", null, null)\n}\n";
        assert_eq!(outputs(cli, hcl, &["page"]), std::slice::from_ref(&golden));
    }
}

#[test]
fn the_examples_hold_and_their_pages_show_them() {
    for (example, page, file, output, holds) in [
        (
            "functions/argocd_application",
            "functions/argocd_application.md",
            "function.tf",
            "sandbox",
            "      selfHeal: true\n",
        ),
        (
            "functions/runbook",
            "functions/runbook.md",
            "function.tf",
            "page",
            "\n## Roll back\n\n1. git",
        ),
        (
            "data-sources/appenv_permissions",
            "data-sources/permissions.md",
            "data-source.tf",
            "apply_policy",
            "path \"auth/kubernetes/role/erp-sandbox\" {",
        ),
    ] {
        let ws = Workspace::new(Cli::any()).without_trace();
        ws.copy_from(&format!("examples/{example}"));
        ws.apply();
        let text = ws.state().output(output).as_str().unwrap().to_owned();
        assert!(text.contains(holds), "{example}: {text}");
        let root = provider::root();
        let hcl = std::fs::read_to_string(root.join("examples").join(example).join(file)).unwrap();
        let (_, body) = hcl.split_once("\n}\n").unwrap();
        let page = std::fs::read_to_string(root.join("docs").join(page)).unwrap();
        assert!(page.contains(body.trim()), "the page of {example} shows another one");
    }
}
