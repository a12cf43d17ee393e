// SPDX-License-Identifier: MPL-2.0
//! Configurations with instances in them, and what a plan says of them.

use std::fmt::Write as _;

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace};
use serde_json::{Value, json};

/// The provider with both facets; everything else comes from the environment.
pub const BOTH: &str = "
  postgres {}

  vault {
    kubernetes {
      mount = \"kubernetes\"
    }

    ci {
      mount = \"gitea_jwt\"
      bound_claims = {
        repository = \"{organization}/{app}\"
      }
    }
  }
";

/// The provider with these blocks in it.
pub fn provider(blocks: &str) -> String {
    // The production gate is open: these tests are not about it.
    let blocks = match blocks.split_once("gates {\n") {
        Some((before, after)) => {
            format!("{before}gates {{\n    production = \"open\"\n{after}")
        }
        None => format!("  gates {{\n    production = \"open\"\n  }}\n{blocks}"),
    };
    format!(
        "terraform {{
  required_providers {{
    appenv = {{
      source = \"arcodange/appenv\"
    }}
  }}
}}

provider \"appenv\" {{
  organization = \"arcodange-org\"
  domain       = \"arcodange.lab\"
  owner        = \"arcodange/apps\"

  environment {{
    name       = \"prod\"
    production = true
  }}

  environment {{
    name = \"sandbox\"
  }}
{blocks}}}
"
    )
}

/// An instance's block; its label is `{app}_{env}` with underscores.
pub fn instance(app: &str, env: &str, body: &str) -> String {
    format!(
        "
resource \"appenv_app_instance\" \"{}\" {{
  app = \"{app}\"
  env = \"{env}\"
{body}
}}
",
        label(app, env)
    )
}

/// The address of such a block.
pub fn address(app: &str, env: &str) -> String {
    format!("appenv_app_instance.{}", label(app, env))
}

fn label(app: &str, env: &str) -> String {
    format!("{app}_{env}").replace('-', "_")
}

/// A workspace on these servers with the provider's both facets, and nothing else yet.
pub fn workspace(servers: &Servers) -> Workspace {
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("provider.tf", &provider(BOTH));
    ws
}

/// Writes the instances' blocks.
pub fn write(ws: &Workspace, instances: &[(&str, &str, &str)]) {
    let mut text = String::new();
    for (app, env, body) in instances {
        write!(text, "{}", instance(app, env, body)).unwrap();
    }
    ws.write("main.tf", &text);
}

/// What a saved plan does to one address.
pub struct Planned(Value);

impl Planned {
    /// Plans into a file.
    pub fn of(ws: &Workspace) -> Self {
        ws.plan_to("saved.plan");
        Self(ws.show_plan("saved.plan"))
    }

    /// `create`, `update`, `delete`, `no-op`, or `delete, create`.
    pub fn actions(&self, address: &str) -> String {
        let actions = self.change(address)["actions"].as_array().unwrap();
        let words: Vec<_> = actions.iter().map(|word| word.as_str().unwrap()).collect();
        words.join(", ")
    }

    /// What is before it.
    pub fn before(&self, address: &str) -> &Value {
        &self.change(address)["before"]
    }

    /// What is known of what will be after it.
    pub fn after(&self, address: &str) -> &Value {
        &self.change(address)["after"]
    }

    /// What is not known until it is applied.
    pub fn unknown(&self, address: &str) -> &Value {
        &self.change(address)["after_unknown"]
    }

    /// Objects that are not `ok`, as `name: state`.
    pub fn drift(&self, address: &str) -> Vec<String> {
        let objects = self.before(address)["objects"].as_object().unwrap();
        let line = |(name, state): (&String, &Value)| {
            let state = state.as_str().unwrap();
            (state != "ok").then(|| format!("{name}: {state}"))
        };
        let lines: Vec<_> = objects.iter().filter_map(line).collect();
        let after = self.after(address)["objects"].as_object().unwrap();
        assert!(
            after.values().all(|state| state == "ok"),
            "the plan promises less than ok: {after:?}"
        );
        lines
    }

    fn change(&self, address: &str) -> &Value {
        let changes = self.0["resource_changes"].as_array().unwrap();
        let change = changes.iter().find(|change| change["address"] == address);
        &change.unwrap_or_else(|| panic!("{address} is not in the plan"))["change"]
    }
}

/// Every fact of a body of JSON that is not `false`, `{}` or `[]`: what is unknown in a plan.
pub fn true_leaves(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![(String::new(), value)];
    while let Some((path, value)) = stack.pop() {
        match value {
            Value::Object(fields) => {
                stack.extend(fields.iter().map(|(key, value)| (format!("{path}.{key}"), value)));
            }
            Value::Array(items) => {
                stack.extend(
                    items.iter().enumerate().map(|(at, value)| (format!("{path}.{at}"), value)),
                );
            }
            value if *value == json!(true) => found.push(path[1..].to_owned()),
            _ => {}
        }
    }
    found.sort();
    found
}

/// The registry's row of an instance: phase, generation, whether it has a holder.
pub fn registered(servers: &Servers, app: &str, env: &str) -> String {
    let row = servers.pg.sql(&format!(
        "SELECT format('%s %s %s', phase, generation, holder IS NOT NULL) FROM appenv.instances \
         WHERE app = '{app}' AND env = '{env}'"
    ));
    if row.is_empty() { "none".to_owned() } else { row.one().to_owned() }
}
