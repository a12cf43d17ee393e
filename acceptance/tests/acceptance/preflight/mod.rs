// SPDX-License-Identifier: MPL-2.0
//! `appenv_preflight` on real servers: each check is good, broken by hand, found, and mended as its `fix` says.

mod broken;
mod deadline;
pub mod probe;

use std::io::Write as _;
use std::process::{Command, Stdio};

use acceptance::servers::{Servers, openbao};
use acceptance::{Run, Workspace};
use serde_json::Value;

use crate::rig::Hcl;

/// A configuration that only asks. `more` goes into the data source.
pub fn asks(more: &str) -> Hcl {
    Hcl::new().text(&format!(
        "data \"appenv_preflight\" \"it\" {{\n  app = \"erp\"\n  env = \"sandbox\"\n{more}}}\n\
         output \"ok\" {{\n  value = data.appenv_preflight.it.ok\n}}\n\
         output \"findings\" {{\n  value = data.appenv_preflight.it.findings\n}}\n"
    ))
}

/// What one read found.
#[derive(Debug)]
pub struct Found {
    pub ok: bool,
    pub findings: Vec<Value>,
}

// === impl Found ===

impl Found {
    /// Applies a configuration that only asks, and reads what it puts out.
    pub fn by(ws: &Workspace) -> Self {
        Self::of(&ws.apply())
    }

    fn of(run: &Run) -> Self {
        let events = run.events();
        let outputs = events.iter().rev().find(|event| event["type"] == "outputs");
        let outputs = &outputs.unwrap_or_else(|| panic!("it puts out nothing: {run}"))["outputs"];
        let findings = outputs["findings"]["value"].as_array().unwrap().clone();
        for finding in &findings {
            let has_fix = finding["fix"] != "";
            let is_wrong = finding["status"] == "fail" || finding["status"] == "warn";
            assert_eq!(has_fix, is_wrong, "what is wrong has a fix, and nothing else: {finding}");
            assert!(finding["target"] != "" && finding["detail"] != "", "{finding}");
        }
        Self { ok: outputs["ok"]["value"].as_bool().unwrap(), findings }
    }

    /// The findings of a check.
    pub fn of_check(&self, check: &str) -> Vec<&Value> {
        let found: Vec<_> = self.findings.iter().filter(|f| f["check"] == check).collect();
        assert!(!found.is_empty(), "no {check} among {self:#?}");
        found
    }

    /// The only finding of a check.
    pub fn one(&self, check: &str) -> &Value {
        let [one] = self.of_check(check)[..] else { panic!("several of {check}: {self:#?}") };
        one
    }

    /// `check: status` of everything that is neither good nor skipped, in their order.
    pub fn wrong(&self) -> Vec<String> {
        self.with(|status| status == "fail" || status == "warn")
    }

    /// The checks that were skipped, in their order.
    pub fn skipped(&self) -> Vec<String> {
        self.with(|status| status == "skip")
    }

    fn with(&self, of: impl Fn(&str) -> bool) -> Vec<String> {
        let wanted = self.findings.iter().filter(|f| of(f["status"].as_str().unwrap()));
        wanted
            .map(|f| format!("{}: {}", f["check"].as_str().unwrap(), f["status"].as_str().unwrap()))
            .collect()
    }

    /// The checks of that status, in their order.
    pub fn with_status(&self, status: &str) -> Vec<&str> {
        let wanted = self.findings.iter().filter(|f| f["status"] == status);
        wanted.map(|f| f["check"].as_str().unwrap()).collect()
    }

    /// Does what the fix of one check says.
    pub fn mend_of(&self, servers: &Servers, check: &str) {
        follow(servers, self.one(check)["fix"].as_str().unwrap());
    }

    /// Does what each fix says, in their order, as a reader would.
    pub fn mend(&self, servers: &Servers) {
        for finding in &self.findings {
            if finding["fix"] != "" {
                follow(servers, finding["fix"].as_str().unwrap());
            }
        }
    }
}

/// Runs what a fix says to run. A value that it asks for is given on standard input.
pub fn follow(servers: &Servers, fix: &str) {
    if let Some(statements) = fix.strip_prefix("Run in psql as a superuser: ") {
        let mut psql = servers.pg.root().command();
        given(psql.args(["--file", "-"]), statements);
    } else if let Some(command) = fix.strip_prefix("Run with a token that may: ") {
        shell(servers, command, "");
    } else if let Some((_, command)) = fix.split_once(": bao kv patch ") {
        shell(servers, &format!("bao kv patch {command}"), "a-value-put-there-by-hand");
    } else {
        panic!("nothing to run in {fix:?}");
    }
}

fn shell(servers: &Servers, command: &str, input: &str) {
    let bao = openbao::program();
    let path = format!("{}:/usr/bin:/bin", bao.parent().unwrap().display());
    let mut sh = Command::new("sh");
    sh.args(["-euc", command])
        .env_clear()
        .env("PATH", path)
        .env("HOME", servers.pg.scratch().dir("sh"))
        .env("BAO_ADDR", servers.bao.address())
        .env("BAO_TOKEN", servers.bao.root_token());
    given(&mut sh, input);
}

fn given(command: &mut Command, input: &str) {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // One that reads nothing may have ended.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} {input}: {said}");
}
