// SPDX-License-Identifier: MPL-2.0
//! A workflow as it stands in `examples/ci`, and every command in it, run.

use std::collections::BTreeMap;
use std::fs;

use acceptance::{Run, Workspace, provider};
use yaml_rust2::{Yaml, YamlLoader};

/// What happens around a job.
pub struct Runner<'a> {
    pub ws: &'a Workspace,
    /// `pull_request` or `push`.
    pub event: &'a str,
    /// What each expression says; one that is not here fails the test.
    pub says: BTreeMap<&'a str, String>,
    /// What steps have put out, as `steps.gate.outputs.code`.
    pub outputs: BTreeMap<String, String>,
    /// What was put into the summary of the run.
    pub summary: String,
}

/// One file of `examples/ci`.
pub fn load(file: &str) -> Yaml {
    let path = provider::root().join("examples/ci").join(file);
    let text = fs::read_to_string(path).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// Text of a scalar.
fn text(value: &Yaml) -> String {
    match value {
        Yaml::String(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(value) => value.to_string(),
        other => panic!("no scalar: {other:?}"),
    }
}

impl Runner<'_> {
    /// Whether a condition holds; those of the examples are comparisons of texts, joined.
    fn holds(&self, condition: &Yaml) -> bool {
        if condition.is_badvalue() {
            return true;
        }
        let one = |part: &str| {
            let (name, expected) = part.trim_matches(['(', ')', ' ']).split_once(" == ").unwrap();
            self.value(name) == expected.trim_matches('\'')
        };
        let either = |part: &str| part.split("||").any(one);
        condition.as_str().unwrap().split("&&").all(either)
    }

    fn value(&self, name: &str) -> String {
        match name {
            "github.event_name" => self.event.to_owned(),
            name => self
                .says
                .get(name)
                .or_else(|| self.outputs.get(name))
                .unwrap_or_else(|| panic!("the workflow asks for {name}"))
                .clone(),
        }
    }

    /// A text with its `${{ … }}` replaced.
    fn resolved(&self, text: &str) -> String {
        let mut parts = text.split("${{ ");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(" }}").unwrap();
            out += &self.value(name);
            out += rest;
        }
        out
    }

    fn env(&self, of: &Yaml) -> Vec<(String, String)> {
        let Some(env) = of["env"].as_hash() else { return Vec::new() };
        env.iter().map(|(key, value)| (text(key), self.resolved(&text(value)))).collect()
    }

    /// Runs a job to its end or its first step that fails; `None` where it is not to run, else how each command ended.
    pub fn job(&mut self, workflow: &Yaml, name: &str) -> Option<Vec<(String, Run)>> {
        let job = &workflow["jobs"][name];
        assert!(!job.is_badvalue(), "no job {name}");
        if !self.holds(&job["if"]) {
            return None;
        }
        let mut runs: Vec<(String, Run)> = Vec::new();
        for step in job["steps"].as_vec().unwrap() {
            if !self.holds(&step["if"]) {
                continue;
            }
            let Some(script) = step["run"].as_str() else {
                // Without a forge: the directory is checked out, and artifacts stay in it.
                let uses = step["uses"].as_str().unwrap();
                let known = ["/checkout@", "/setup-terraform@", "load-artifact@"];
                assert!(known.iter().any(|known| uses.contains(known)), "{uses}");
                continue;
            };
            assert!(
                !script.contains("${{"),
                "what others write must not become a command: {script}"
            );
            let name = step["name"].as_str().unwrap().to_owned();
            let run = self.step(job, step, script);
            let failed = run.code != Some(0);
            runs.push((name, run));
            if failed {
                break;
            }
        }
        let outputs = job["outputs"].as_hash().into_iter().flatten();
        let outputs: Vec<_> = outputs
            .map(|(key, value)| {
                (format!("needs.{name}.outputs.{}", text(key)), self.resolved(&text(value)))
            })
            .collect();
        self.outputs.extend(outputs);
        Some(runs)
    }

    fn step(&mut self, job: &Yaml, step: &Yaml, script: &str) -> Run {
        let mut env = self.env(job);
        env.extend(self.env(step));
        for (key, value) in &mut env {
            if key == "TF" {
                assert_eq!(value, "terraform");
                *value = self.ws.cli().program.display().to_string();
            }
        }
        let files = ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"];
        for file in files {
            let path = self.ws.root().join(file);
            fs::write(&path, "").unwrap();
            env.push((file.to_owned(), path.display().to_string()));
        }
        let run = self.ws.run_script(script, &env);
        let [outputs, summary] =
            files.map(|file| fs::read_to_string(self.ws.root().join(file)).unwrap());
        self.summary += &summary;
        if let Some(id) = step["id"].as_str() {
            let found = outputs.lines().map(|line| line.split_once('=').unwrap());
            self.outputs.extend(
                found.map(|(key, value)| (format!("steps.{id}.outputs.{key}"), value.to_owned())),
            );
        }
        run
    }
}
