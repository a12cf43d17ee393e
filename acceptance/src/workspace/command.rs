// SPDX-License-Identifier: MPL-2.0
//! One method a command of the CLI.

use std::process::Command;
use std::sync::Arc;

use serde_json::Value;

use super::{Running, State, Workspace};
use crate::account;
use crate::output::{Diagnostics, Run};
use crate::provider;

// === impl Workspace ===

impl Workspace {
    /// Starts a command and does not wait.
    pub fn start(&self, args: &[&str]) -> Running {
        let verb = args.first().copied().unwrap_or("help");
        let mut command = Command::new(&self.cli.program);
        command.args(args);
        let told = format!("{} {}", self.cli.product, args.join(" "));
        self.start_command(command, verb, told)
    }

    /// Runs a script as a job of a forge does, with the CLI's environment and more; whatever its exit code is, it is in
    /// the answer.
    pub fn run_script(&self, script: &str, env: &[(String, String)]) -> Run {
        self.run_bash(&["-e", "-o", "pipefail", "-c", script], script, env)
    }

    /// Runs lines as they are typed into a terminal: a pipe ends with the exit code of its last command. The first one
    /// that fails ends them.
    pub fn run_typed(&self, lines: &str, env: &[(String, String)]) -> Run {
        self.run_bash(&["-e", "-c", lines], lines, env)
    }

    fn run_bash(&self, args: &[&str], script: &str, env: &[(String, String)]) -> Run {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc"]).args(args);
        command.envs(env.iter().cloned());
        self.start_command(command, "script", format!("script: {script}")).wait()
    }

    fn start_command(&self, mut command: Command, verb: &str, told: String) -> Running {
        let number = self.next_run();
        let files = self.scratch.join("runs").join(format!("{number:03}-{verb}"));
        let more: Vec<_> = command
            .get_envs()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect();
        command
            .current_dir(self.dir())
            .env_clear()
            .env("PATH", account::search_path())
            .env("HOME", self.scratch.join("home"))
            .env("TMPDIR", self.scratch.join("tmp"))
            .env("LANG", "C.UTF-8")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_CONFIG_FILE", self.cli_config())
            .envs(&self.env)
            .envs(more);
        if self.traces {
            command.env("TF_LOG", "TRACE").env("TF_LOG_PATH", files.with_extension("trace"));
        }
        Running::start(command, told, files, Arc::clone(&self.current), self.deadline)
    }

    /// Runs any command; whatever its exit code is, it is in the answer.
    pub fn run(&self, args: &[&str]) -> Run {
        self.start(args).wait()
    }

    /// Plans; fails the test where the plan fails.
    pub fn plan(&self) -> Run {
        self.plan_with(&[])
    }

    /// Plans with more arguments, such as `-refresh=false`; the exit code says whether there are changes.
    pub fn plan_with(&self, args: &[&str]) -> Run {
        let run = self.run(&[&["plan", "-json", "-detailed-exitcode"], args].concat());
        assert!(matches!(run.code, Some(0 | 2)), "{run}");
        run
    }

    /// Plans into a file of the workspace, for `apply_saved` and `show_plan`.
    pub fn plan_to(&self, file: &str) -> Run {
        self.plan_with(&[&format!("-out={file}")])
    }

    /// Plans what must be refused and answers why.
    pub fn plan_fails(&self) -> Diagnostics {
        self.plan_fails_with(&[])
    }

    /// The same with more arguments.
    pub fn plan_fails_with(&self, args: &[&str]) -> Diagnostics {
        self.fails(&[&["plan", "-json"], args].concat())
    }

    /// Plans as a human does and answers the text.
    pub fn plan_text(&self) -> Run {
        self.run(&["plan", "-no-color", "-detailed-exitcode"])
    }

    /// Applies; fails the test where the apply fails.
    pub fn apply(&self) -> Run {
        self.apply_with(&[])
    }

    /// Applies with more arguments, such as `-target=…` or `-replace=…`.
    pub fn apply_with(&self, args: &[&str]) -> Run {
        self.succeeds(&[&["apply", "-json", "-auto-approve"], args].concat())
    }

    /// Applies what must fail and answers why.
    pub fn apply_fails(&self) -> Diagnostics {
        self.apply_fails_with(&[])
    }

    /// The same with more arguments.
    pub fn apply_fails_with(&self, args: &[&str]) -> Diagnostics {
        self.fails(&[&["apply", "-json", "-auto-approve"], args].concat())
    }

    /// Applies a saved plan.
    pub fn apply_saved(&self, file: &str) -> Run {
        self.succeeds(&["apply", "-json", file])
    }

    /// Destroys everything; fails the test where that fails.
    pub fn destroy(&self) -> Run {
        self.destroy_with(&[])
    }

    /// Destroys with more arguments, such as `-target=…`.
    pub fn destroy_with(&self, args: &[&str]) -> Run {
        self.succeeds(&[&["destroy", "-json", "-auto-approve"], args].concat())
    }

    /// Destroys what must not be destroyed and answers why.
    pub fn destroy_fails(&self) -> Diagnostics {
        self.fails(&["destroy", "-json", "-auto-approve"])
    }

    /// Imports an object.
    pub fn import(&self, address: &str, id: &str) -> Run {
        self.succeeds(&["import", "-no-color", address, id])
    }

    /// Imports what cannot be and answers why.
    pub fn import_fails(&self, address: &str, id: &str) -> Diagnostics {
        self.fails(&["import", "-no-color", address, id])
    }

    /// Validates and answers what there is to say; no error where it is valid.
    pub fn validate(&self) -> Diagnostics {
        let run = self.run(&["validate", "-json"]);
        let told: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
        let events = told["diagnostics"].as_array().cloned().unwrap_or_default();
        let lines: Vec<String> = events
            .into_iter()
            .map(|diagnostic| {
                serde_json::json!({ "type": "diagnostic", "diagnostic": diagnostic }).to_string()
            })
            .collect();
        Run { stdout: lines.join("\n"), stderr: String::new(), ..run }.diagnostics()
    }

    /// Runs the tests of the configuration, those in `tests/`, as a human does; whatever its exit code is, it is in the
    /// answer.
    pub fn test(&self) -> Run {
        self.run(&["test", "-no-color"])
    }

    /// Prepares a backend. The provider comes from a local mirror here, since an override makes older CLIs ask the
    /// registry; later commands use the override again.
    pub fn init(&self, args: &[&str]) -> Run {
        let overriding = std::fs::read_to_string(self.cli_config()).expect("our own file");
        self.configure_cli(&self.mirror());
        let run = self.run(&[&["init", "-no-color"], args].concat());
        self.configure_cli(&overriding);
        assert!(run.code == Some(0), "{run}");
        run
    }

    /// Has `init` and all later commands take the provider from a local mirror, as they take it from a registry: it is
    /// then found below `.terraform`.
    pub fn use_mirror(&self) {
        self.configure_cli(&self.mirror());
    }

    /// The state as `show -json` tells it.
    pub fn state(&self) -> State {
        State::new(self.show(&[]))
    }

    /// A saved plan as `show -json` tells it.
    pub fn show_plan(&self, file: &str) -> Value {
        self.show(&[file])
    }

    /// The state file's own JSON; null where there is none.
    pub fn state_file(&self) -> Value {
        let text = std::fs::read_to_string(self.dir().join("terraform.tfstate"));
        text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Forgets an object without touching it.
    pub fn state_rm(&self, address: &str) -> Run {
        self.succeeds(&["state", "rm", address])
    }

    fn show(&self, args: &[&str]) -> Value {
        let run = self.succeeds(&[&["show", "-json"], args].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"))
    }

    fn succeeds(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert!(run.code == Some(0), "{run}");
        run
    }

    fn fails(&self, args: &[&str]) -> Diagnostics {
        let run = self.run(args);
        assert!(run.code == Some(1), "expected a refusal: {run}");
        let diagnostics = run.diagnostics();
        assert!(diagnostics.errors().next().is_some(), "it failed without an error: {run}");
        diagnostics
    }

    /// CLI configuration whose only source is a directory with the provider in it, laid out as a registry mirror.
    fn mirror(&self) -> String {
        let plugin = self.scratch.join("plugin").join(provider::PROGRAM);
        if !plugin.exists() {
            return "provider_installation {\n  direct {}\n}\n".to_owned();
        }
        let mirror = self.scratch.dir("mirror");
        let os = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let source = provider::SOURCE;
        let version = env!("CARGO_PKG_VERSION");
        let dir = mirror.join(self.cli.registry()).join(source);
        let dir = dir.join(format!("{version}/{os}_{arch}"));
        std::fs::create_dir_all(&dir).expect("our own directory");
        let target = dir.join(format!("{}_v{version}", provider::PROGRAM));
        let program = plugin.canonicalize().expect("the workspace's provider is there");
        // There from an earlier `init`.
        std::os::unix::fs::symlink(program, target).ok();
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        )
    }
}
