// SPDX-License-Identifier: MPL-2.0
//! Configurations of instances, and what the holder's tests ask of servers, states and plans.

use std::sync::Arc;

use acceptance::servers::Servers;
use acceptance::{Cli, Diagnostics, Snapshot, Workspace};
use serde_json::json;

/// The owner in most tests.
pub const OWNER: &str = "acme/shop";

/// A working directory of one owner on a pair of servers.
pub struct Site {
    pub servers: Arc<Servers>,
    pub ws: Workspace,
    pub owner: String,
}

// === impl Site ===

impl Site {
    /// On the servers that tests share; each test has an app of its own.
    pub fn shared() -> Self {
        Self::on(&Servers::shared())
    }

    pub fn on(servers: &Arc<Servers>) -> Self {
        let ws = Workspace::new(Cli::any()).with_env(servers.env()).without_trace();
        Self { servers: Arc::clone(servers), ws, owner: OWNER.to_owned() }
    }

    /// Another directory, hence another state, on the same servers.
    pub fn beside(&self) -> Self {
        Self::on(&self.servers)
    }

    pub fn owned_by(mut self, owner: &str) -> Self {
        owner.clone_into(&mut self.owner);
        self
    }

    /// Writes the configuration: the provider, and what the test wants.
    pub fn write(&self, blocks: &str) -> &Self {
        self.write_with_backend("", blocks);
        self
    }

    /// The same with a state whose address can be read, wherever it is; initialises it.
    pub fn write_at(&self, path: &str, blocks: &str) -> &Self {
        self.write_with_backend(
            &format!("  backend \"local\" {{\n    path = \"{path}\"\n  }}\n"),
            blocks,
        );
        self.ws.init(&["-reconfigure"]);
        self
    }

    fn write_with_backend(&self, backend: &str, blocks: &str) {
        // These states are called after their part in the test, not after an instance.
        let gates = if backend.is_empty() {
            ""
        } else {
            "  gates {\n    state = \"off\"\n    production = \"open\"\n  }\n"
        };
        let text = format!("{}{blocks}", header(&self.owner, backend, gates));
        self.ws.write("main.tf", &text);
    }

    /// Applies a configuration as a step: settled afterwards.
    pub fn step(&self, blocks: &str) -> &Self {
        self.write(blocks);
        self.ws.step();
        self
    }

    /// The registration in PostgreSQL as `phase owner generation`; empty where there is none.
    pub fn registration(&self, app: &str, env: &str) -> String {
        let rows = self.servers.pg.sql(&format!(
            "SELECT phase || ' ' || owner || ' ' || generation FROM appenv.instances \
             WHERE app = '{app}' AND env = '{env}'"
        ));
        rows.column().first().map(|&text| text.to_owned()).unwrap_or_default()
    }

    /// The holder in both registries, which agree.
    pub fn holder(&self, app: &str, env: &str) -> String {
        let rows = self.servers.pg.sql(&format!(
            "SELECT holder FROM appenv.instances WHERE app = '{app}' AND env = '{env}'"
        ));
        let document =
            self.servers.bao.api().get(&format!("kvv2/data/appenv/_apps/{app}")).unwrap();
        let instance = &document["data"]["data"]["instances"][env];
        assert_eq!(instance["holder"], json!(rows.one()), "{document}");
        rows.one().to_owned()
    }

    /// What there is of an app; other tests share the servers.
    pub fn snapshot(&self, app: &str) -> Snapshot {
        Snapshot::of_app(&self.servers, app)
    }

    /// Fails the test where anything of an app has changed since.
    pub fn is_untouched(&self, before: &Snapshot, app: &str) {
        self.snapshot(app).since(before).is_nothing();
    }

    /// The generation that the state has of a block.
    pub fn generation(&self, address: &str) -> i64 {
        self.ws.state().attribute(address, "generation").as_i64().unwrap()
    }
}

/// The production gate is open where a test is not about it.
const OPEN: &str = "  gates {\n    production = \"open\"\n  }\n";

/// Everything of a configuration but its blocks.
pub fn header(owner: &str, backend: &str, provider: &str) -> String {
    let open = if provider.contains("gates {") { "" } else { OPEN };
    format!(
        "terraform {{\n{backend}  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  \
         }}\n}}\nprovider \"appenv\" {{\n  owner = \"{owner}\"\n{open}{provider}  postgres {{}}\n  vault {{}}\n}}\n"
    )
}

/// A block, with more lines in it.
pub fn block(name: &str, app: &str, env: &str, more: &str) -> String {
    format!(
        "resource \"appenv_app_instance\" \"{name}\" {{\n  app = \"{app}\"\n  env = \"{env}\"\n{more}}}\n"
    )
}

/// A block without more.
pub fn plain(name: &str, app: &str, env: &str) -> String {
    block(name, app, env, "")
}

/// A `moved` block.
pub fn moved(from: &str, to: &str) -> String {
    format!("moved {{\n  from = {from}\n  to   = {to}\n}}\n")
}

/// The address of a block of the root module.
pub fn at(name: &str) -> String {
    format!("appenv_app_instance.{name}")
}

/// Fails the test where the only error does not begin so, or its text lacks one of these.
pub fn refused(told: &Diagnostics, summary: &str, words: &[&str]) {
    let error = told.error();
    assert!(error.summary.starts_with(summary), "{summary:?} was expected:\n{told}");
    for word in words {
        assert!(error.detail.contains(word), "it does not say {word:?}:\n{told}");
    }
    assert!(error.detail.contains("Next:"), "it names no next step:\n{told}");
}
