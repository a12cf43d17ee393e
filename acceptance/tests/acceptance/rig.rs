// SPDX-License-Identifier: MPL-2.0
//! One pair of servers behind relays, and small configurations to run against them.

use acceptance::servers::Servers;
use acceptance::{Cli, Fault, Proxy, Workspace};

/// The owner every configuration here names.
pub const OWNER: &str = "team/one";

/// A configuration of instances, one file.
#[derive(Clone, Debug)]
pub struct Hcl {
    ci: String,
    instances: String,
}

impl Hcl {
    /// A provider with both servers, every role, and no instance yet.
    pub fn new() -> Self {
        Self { ci: String::new(), instances: String::new() }
    }

    /// Adds lines to `vault.ci`.
    pub fn ci(mut self, lines: &str) -> Self {
        self.ci.push_str(lines);
        self
    }

    /// Adds an instance under its coordinate's name, `erp_sandbox`; `more` goes into its block.
    pub fn instance(self, app: &str, env: &str, more: &str) -> Self {
        let label = format!("{app}_{env}").replace('-', "_");
        let block = format!(
            "resource \"appenv_app_instance\" \"{label}\" {{\n  app = \"{app}\"\n  env = \"{env}\"\n\
             {more}\n}}\n"
        );
        self.text(&block)
    }

    /// Adds anything.
    pub fn text(mut self, text: &str) -> Self {
        self.instances.push_str(text);
        self
    }

    /// The file.
    pub fn render(&self) -> String {
        format!(
            r#"
terraform {{
  required_providers {{
    appenv = {{
      source = "arcodange/appenv"
    }}
  }}
}}

provider "appenv" {{
  organization = "org"
  domain       = "example.org"
  owner        = "{OWNER}"

  gates {{
    production = "open"
  }}
  environment {{
    name       = "prod"
    production = true
  }}
  environment {{
    name = "sandbox"
  }}

  postgres {{}}

  vault {{
    kubernetes {{
      mount = "kubernetes"
    }}
    ci {{
      mount = "gitea_jwt"
      {}
    }}
  }}
}}

{}"#,
            self.ci, self.instances
        )
    }

    /// Writes it as the workspace's only file.
    pub fn write(&self, ws: &Workspace) {
        ws.write("main.tf", &self.render());
    }
}

/// A workspace that reaches the servers directly.
pub fn workspace(servers: &Servers) -> Workspace {
    Workspace::new(Cli::any()).without_trace().with_env(servers.env())
}

/// A relay before each server.
pub struct Relays {
    pub pg: Proxy,
    pub bao: Proxy,
}

/// Which server's write is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Postgres,
    OpenBao,
}

impl Relays {
    pub fn new(servers: &Servers) -> Self {
        Self { pg: Proxy::postgres(&servers.pg), bao: Proxy::openbao(&servers.bao) }
    }

    pub fn at(&self, at: At) -> &Proxy {
        match at {
            At::Postgres => &self.pg,
            At::OpenBao => &self.bao,
        }
    }

    /// A workspace whose provider reaches the servers through the relays only.
    pub fn workspace(&self, servers: &Servers) -> Workspace {
        let env = servers.pg.env_at(self.pg.port());
        workspace(servers).with_env(env).with_env(servers.bao.env_at(self.bao.port()))
    }

    /// Counts from the start and disarms, on both.
    pub fn forget(&self) {
        self.pg.forget();
        self.bao.forget();
    }

    pub fn arm(&self, at: At, nth: usize, fault: Fault) {
        self.forget();
        self.at(at).arm(nth, fault);
    }

    /// Everything written since the count began.
    pub fn writes(&self) -> Vec<String> {
        [self.pg.writes(), self.bao.writes()].concat()
    }
}
