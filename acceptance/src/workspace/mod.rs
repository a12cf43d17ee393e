// SPDX-License-Identifier: MPL-2.0
//! A directory with configuration in it, and the commands one runs there.
//!
//! Nothing leaks in: the environment holds a search path, a home of its own and what the test says, no `TF_*`, `PG*`
//! or `VAULT_*` from outside. Everything a run leaves behind (state, plans, output, traces, temporary files) stays
//! in the one directory, where the canary scan finds it.

mod command;
mod running;
mod state;
mod step;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use running::{Running, Victim};
pub use state::State;

use crate::cli::{Cli, Product};
use crate::provider;
use crate::scratch::Scratch;

/// A private working directory for one CLI.
#[derive(Debug)]
pub struct Workspace {
    cli: Cli,
    env: BTreeMap<String, String>,
    /// Numbers the runs, for the names of their files.
    runs: AtomicU32,
    /// The CLI that runs now, 0 for none.
    current: Arc<AtomicU32>,
    deadline: Duration,
    /// Whether runs write a trace; it slows them down.
    traces: bool,
    scratch: Scratch,
}

// === impl Workspace ===

impl Workspace {
    /// A directory where the built provider answers to `arcodange/appenv`.
    pub fn new(cli: &Cli) -> Self {
        Self::with_provider_at(cli, provider::binary())
    }

    /// The same with a provider from elsewhere, such as an earlier release.
    pub fn with_provider_at(cli: &Cli, program: &Path) -> Self {
        let workspace = Self::without_provider(cli);
        workspace.use_provider(program);
        workspace.configure_cli(&overrides(&workspace.scratch.join("plugin")));
        workspace
    }

    /// Has another program answer from now on.
    pub fn use_provider(&self, program: &Path) {
        let link = self.scratch.dir("plugin").join(provider::PROGRAM);
        // Not there in a new workspace.
        fs::remove_file(&link).ok();
        std::os::unix::fs::symlink(program, link).expect("our own directory");
    }

    /// A directory for what the CLI can do by itself.
    pub fn without_provider(cli: &Cli) -> Self {
        let scratch = Scratch::new("ws");
        for dir in ["home", "tmp", "main", "runs"] {
            scratch.dir(dir);
        }
        let workspace = Self {
            cli: cli.clone(),
            env: BTreeMap::new(),
            runs: AtomicU32::new(0),
            current: Arc::default(),
            deadline: Duration::from_secs(300),
            traces: true,
            scratch,
        };
        workspace.configure_cli("provider_installation {\n  direct {}\n}\n");
        workspace
    }

    /// The CLI it works with.
    pub fn cli(&self) -> &Cli {
        &self.cli
    }

    /// Where the configuration is and the CLI runs.
    pub fn dir(&self) -> PathBuf {
        self.scratch.join("main")
    }

    /// The directory that holds everything, the CLI's home and its temporary files too.
    pub fn root(&self) -> &Path {
        self.scratch.path()
    }

    /// Sets a variable of the environment of every later run.
    pub fn set_env(&mut self, key: &str, value: &str) -> &mut Self {
        self.env.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets many.
    pub fn set_envs(&mut self, env: impl IntoIterator<Item = (String, String)>) -> &mut Self {
        self.env.extend(env);
        self
    }

    /// The same, on a fresh workspace.
    #[must_use]
    pub fn with_env(mut self, env: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(env);
        self
    }

    /// How long one run may take before it is killed and the test fails; five minutes by default.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs without a trace, for measuring.
    #[must_use]
    pub fn without_trace(mut self) -> Self {
        self.traces = false;
        self
    }

    /// Writes a file of the configuration, directories and all.
    pub fn write(&self, name: &str, text: &str) -> &Self {
        let file = self.dir().join(name);
        fs::create_dir_all(file.parent().expect("a file is in a directory"))
            .and_then(|()| fs::write(&file, text))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
        self
    }

    /// Removes a file of the configuration.
    pub fn remove(&self, name: &str) -> &Self {
        let file = self.dir().join(name);
        fs::remove_file(&file)
            .unwrap_or_else(|error| panic!("cannot remove {}: {error}", file.display()));
        self
    }

    /// Copies a directory of the project, such as `examples/quickstart`, with all below it; not what a CLI left there.
    pub fn copy_from(&self, dir: &str) -> &Self {
        copy(&provider::root().join(dir), &self.dir());
        self
    }

    /// Puts another text into a file of the configuration, in the place of one that is in it once.
    pub fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.dir().join(name))
            .unwrap_or_else(|error| panic!("cannot read {name}: {error}"));
        assert_eq!(text.matches(from).count(), 1, "{name} must have {from:?} once");
        self.write(name, &text.replace(from, to))
    }

    /// A handle that kills the provider of whatever runs here then; for the fault proxy.
    pub fn victim(&self) -> Victim {
        Victim::providers_below(Arc::clone(&self.current))
    }

    fn configure_cli(&self, text: &str) {
        fs::write(self.cli_config(), text).expect("our own directory");
    }

    fn cli_config(&self) -> PathBuf {
        self.scratch.join("cli.tfrc")
    }

    fn next_run(&self) -> u32 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }
}

/// Copies what is in a directory but hidden files and states, which are what a CLI left.
fn copy(from: &Path, to: &Path) {
    let entries = fs::read_dir(from)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", from.display()));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let told = name.to_string_lossy();
        if told.starts_with('.') || told.contains(".tfstate") {
            continue;
        }
        let target = to.join(&name);
        if path.is_dir() {
            fs::create_dir_all(&target).expect("our own directory");
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("both can be read and written");
        }
    }
}

/// CLI configuration that takes the provider from a directory, without `init`.
fn overrides(plugin: &Path) -> String {
    let of = |product: Product| {
        format!("    \"{}/{}\" = \"{}\"\n", product.registry(), provider::SOURCE, plugin.display())
    };
    format!(
        "provider_installation {{\n  dev_overrides {{\n{}{}  }}\n  direct {{}}\n}}\n",
        of(Product::OpenTofu),
        of(Product::Terraform)
    )
}
