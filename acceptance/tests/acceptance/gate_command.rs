// SPDX-License-Identifier: MPL-2.0
//! The command `gate` of the built binary, on events and plans that the real CLI wrote.

use std::fs;
use std::process::Command;

use acceptance::{Cli, Workspace, provider, random};
use serde_json::{Value, json};

/// A workspace with one instance by name alone, and what another provider keeps secret.
struct Site {
    ws: Workspace,
    canary: String,
}

/// What the gate answered, both ways, which agree.
struct Answer {
    code: i32,
    markdown: String,
    json: Value,
}

impl Site {
    fn new(cli: &Cli) -> Self {
        let canary = random::canary();
        let ws = Workspace::new(cli).with_env([("TF_VAR_canary".to_owned(), canary.clone())]);
        Self { ws: ws.without_trace(), canary }
    }

    fn write(&self, host: &str, instance: &str, more: &str) -> &Self {
        let text = format!(
            r#"
terraform {{
  required_providers {{
    appenv = {{
      source = "arcodange/appenv"
    }}
  }}
}}
variable "canary" {{
  type      = string
  sensitive = true
}}
provider "appenv" {{
  {host}
}}
resource "appenv_app_instance" "sandbox" {{
  app = "erp"
  env = "sandbox"
  {instance}
}}
resource "terraform_data" "secret" {{
  input = {{
    app     = var.canary
    release = var.canary
    objects = {{ (nonsensitive(var.canary)) = nonsensitive(var.canary) }}
  }}
}}
{more}"#
        );
        self.ws.write("main.tf", &text);
        self
    }

    /// A part of the secret that no form escapes.
    fn part(&self) -> &str {
        self.canary.split(' ').next_back().unwrap()
    }

    /// Plans with more arguments, shows the plan where there is one, and asks the gate.
    fn gate(&self, args: &[&str]) -> Answer {
        let dir = self.ws.dir();
        for file in ["plan.bin", "plan.json"] {
            fs::remove_file(dir.join(file)).ok();
        }
        let run = self.ws.run(&[&["plan", "-json", "-out=plan.bin"], args].concat());
        fs::write(dir.join("events.jsonl"), &run.stdout).unwrap();
        let mut files = vec!["events.jsonl"];
        if dir.join("plan.bin").exists() {
            let shown = self.ws.run(&["show", "-json", "plan.bin"]);
            assert!(
                shown.stdout.contains(self.part()),
                "the canary is in the plan, so that it can leak"
            );
            fs::write(dir.join("plan.json"), &shown.stdout).unwrap();
            files.push("plan.json");
        }
        self.ask(&files)
    }

    fn ask(&self, files: &[&str]) -> Answer {
        let run = |more: &[&str]| {
            let output = Command::new(provider::binary())
                .arg("gate")
                .args(files)
                .args(more)
                .current_dir(self.ws.dir())
                .env_clear()
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let told = format!("{text}{}", String::from_utf8(output.stderr).unwrap());
            for secret in [&*self.canary, self.part()] {
                assert!(!told.contains(secret), "the canary leaked: {told}");
            }
            (output.status.code().unwrap(), text)
        };
        let (code, markdown) = run(&[]);
        let (same, text) = run(&["--format", "json"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((code, &json["exit_code"]), (same, &json!(code)), "{text}");
        Answer { code, markdown, json }
    }
}

impl Answer {
    /// Fails the test where it is another verdict.
    fn is(self, code: i32, headline: &str) -> Self {
        assert_eq!(self.code, code, "{}", self.markdown);
        let line = self.markdown.lines().nth(1).unwrap();
        assert_eq!(line, format!("## appenv gate: {headline}"), "{}", self.markdown);
        self
    }

    fn says(&self, text: &str) {
        assert!(self.markdown.contains(text), "{text:?} was expected: {}", self.markdown);
    }
}

const SANDBOX: &str = "appenv_app_instance.sandbox";

#[test]
fn a_life_by_name_alone() {
    for cli in Cli::all() {
        let site = Site::new(cli);
        let made = site.write("", "", "").gate(&[]).is(2, "2 changes, all allowed");
        made.says("| `erp/sandbox` | `appenv_app_instance.sandbox` | create | allowed |  |");
        made.says("- `database`: – → `erp-sandbox`");
        assert_eq!(made.json["counts"], json!({ "create": 2 }));
        assert_eq!(made.json["instances"][0]["changes"][0]["address"], SANDBOX);
        assert_eq!(made.json["others"][0]["addresses"], json!(["terraform_data.secret"]));
        site.ws.apply_saved("plan.bin");
        site.gate(&[]).is(0, "nothing to change");

        let output = "output \"host\" {\n  value = \"x\"\n}\n";
        site.write("", "", output).gate(&[]).is(0, "nothing to change").says("1 output to change");
        let renamed = "names {\n    namespace = \"shop\"\n  }";
        let named = site.write("", renamed, output).gate(&[]).is(2, "1 change, all allowed");
        named.says("- `namespace`: `erp-sandbox` → `shop`");
        site.ws.apply_saved("plan.bin");

        let replaced = site.gate(&["-replace=terraform_data.secret"]);
        replaced.is(4, "1 change, all allowed, and one object is destroyed");
        let gone = site.gate(&["-destroy"]);
        let gone = gone.is(4, "2 changes, all allowed, and 2 objects are destroyed");
        gone.says("| `erp/sandbox` | `appenv_app_instance.sandbox` | delete | allowed |  |");
        site.write("", "", "")
            .gate(&["-target=terraform_data.secret"])
            .is(1, "closed, the plan is incomplete");
    }
}

#[test]
fn drift_is_named_by_object() {
    let site = Site::new(Cli::any());
    let host = "host {\n    root = \"~/apps\"\n    name = \"here\"\n  }";
    site.write(host, "", "").ws.apply();
    let dir = site.ws.root().join("home/apps/erp/sandbox");
    fs::remove_dir_all(&dir).unwrap();
    let found = site.gate(&[]).is(2, "1 change, all allowed");
    found.says("Found otherwise than it should be:\n\n- `host_app_dir`: `missing`");
    assert_eq!(found.json["instances"][0]["changes"][0]["objects"]["host_app_dir"], "missing");
}

#[test]
fn what_fails_is_closed() {
    for cli in Cli::all() {
        let site = Site::new(cli);
        // Ours, at validate; nothing is planned.
        site.write("", "release = {}", "").gate(&[]).is(1, "closed, 1 error");
        let invalid = site.write("", "services = [\"dev\"]", "").gate(&[]);
        assert_eq!(invalid.code, 1, "{}", invalid.markdown);
        assert!(!invalid.json["errors"].as_array().unwrap().is_empty());
        // Another provider's, whose words hold the secret.
        let condition = "resource \"terraform_data\" \"never\" {\n  lifecycle {\n    precondition {\n      \
                         condition     = terraform_data.secret.id == \"\"\n      error_message = \"no: \
                         ${nonsensitive(var.canary)}\"\n    }\n  }\n}\n";
        site.write("", "", "").ws.apply();
        let failed = site.write("", "", condition).gate(&[]).is(1, "closed, 1 error");
        failed.says("- `Resource precondition failed` at ");

        // The events of that apply, and the plan alone, are no plan's events.
        site.write("", "", "");
        let applied =
            site.ws.run(&["apply", "-json", "-auto-approve", "-replace=terraform_data.secret"]);
        fs::write(site.ws.dir().join("events.jsonl"), applied.stdout).unwrap();
        site.ask(&["events.jsonl"]).is(1, "closed, the plan cannot be judged");
        site.gate(&[]).is(0, "nothing to change");
        site.ask(&["plan.json"]).is(1, "closed, the plan cannot be judged");
        // Events of another plan than the one given.
        site.write("", "release = \"2\"", "").gate(&[]).is(2, "1 change, all allowed");
        fs::copy(site.ws.dir().join("events.jsonl"), site.ws.dir().join("other.jsonl")).unwrap();
        site.write("", "", "").gate(&[]);
        site.ask(&["other.jsonl", "plan.json"]).is(1, "closed, the plan cannot be judged");
    }
}

#[test]
fn a_refusal_is_three() {
    let site = Site::new(Cli::any());
    let golden = provider::root().join("provider/tests/golden/gate/refused.jsonl");
    site.ask(&[golden.to_str().unwrap()]).is(3, "refused, 2 changes not approved and 2 refusals");
}
