// SPDX-License-Identifier: MPL-2.0
//! Ephemeral resources feed a provider block and write-only attributes.

use std::sync::Arc;

use acceptance::servers::Servers;
use acceptance::{Cli, Sinks, Workspace};
use serde_json::json;

use crate::site::{OWNER, block};

/// The first provider with both servers, and another whose token is a secret of the instance.
fn providers() -> String {
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    }}\n  }}\n}}\n\
         provider \"appenv\" {{\n  owner = \"{OWNER}\"\n  postgres {{}}\n  vault {{}}\n}}\n{}",
        block("erp", "erp", "sandbox", "")
    )
}

#[test]
fn a_secret_is_a_providers_token_and_leased_credentials_are_a_secret() {
    let servers = Arc::new(Servers::start());
    let Servers { bao, pg } = &*servers;
    let ws = Workspace::new(Cli::any()).with_env(servers.env());
    ws.write("main.tf", &providers());
    ws.apply();
    let path = "kvv2/data/erp-sandbox/config";
    bao.api().put(path, &json!({ "data": { "TOKEN": bao.apply_token() } }));

    let more = format!(
        r#"
ephemeral "appenv_env_secret" "token" {{
  app = "erp"
  env = "sandbox"
  key = "TOKEN"
}}
provider "appenv" {{
  alias = "second"
  owner = "{OWNER}"
  vault {{
    address = "{}"
    token   = ephemeral.appenv_env_secret.token.value
  }}
}}
resource "appenv_env_secret" "through" {{
  provider = appenv.second
  app      = "erp"
  env      = "sandbox"
  key      = "THROUGH"
  generate {{
    kind = "uuid"
  }}
}}
ephemeral "appenv_database_credentials" "login" {{
  app        = "erp"
  env        = "sandbox"
  generation = appenv_app_instance.erp.generation
}}
resource "appenv_env_secret" "login" {{
  app              = "erp"
  env              = "sandbox"
  key              = "LOGIN"
  value_wo         = ephemeral.appenv_database_credentials.login.username
  value_wo_version = 1
}}
"#,
        bao.address()
    );
    ws.write("main.tf", &format!("{}{more}", providers()));
    ws.apply();
    ws.is_settled();
    let values = bao.api().get(path).unwrap()["data"]["data"].clone();
    assert_eq!(values["THROUGH"].as_str().unwrap().len(), 36, "{}", values["THROUGH"]);
    let login = values["LOGIN"].as_str().unwrap();
    // It was leased for one run, and is gone with it.
    assert!(login.starts_with("v-"), "{login}");
    let there = pg.sql(&format!("SELECT count(*) FROM pg_roles WHERE rolname = '{login}'"));
    assert_eq!(there.one(), "0");

    let mut canaries = acceptance::Canaries::new();
    canaries.register_servers(&servers);
    canaries.register("a made value", values["THROUGH"].as_str().unwrap());
    canaries.are_nowhere(&Sinks::of(&ws).with_servers(&servers));
}

#[test]
fn what_cannot_be_read_is_told() {
    let servers = Arc::new(Servers::start());
    let ws = Workspace::new(Cli::any()).with_env(servers.env()).without_trace();
    let ask = |more: &str| {
        format!("ephemeral \"appenv_env_secret\" \"x\" {{\n  env = \"sandbox\"\n{more}\n}}\n")
    };
    ws.write("main.tf", &format!("{}{}", providers(), ask("  app = \"erp\"\n  key = \"NONE\"")));
    ws.plan_fails().error_titled("erp/sandbox/NONE: instance erp/sandbox is not there");
    ws.write("main.tf", &providers());
    ws.apply();
    ws.write("main.tf", &format!("{}{}", providers(), ask("  app = \"erp\"\n  key = \"NONE\"")));
    let told = ws.plan_fails();
    let error = told.error_titled("erp/sandbox/NONE: there is no such secret");
    assert!(error.detail.contains("kvv2/erp-sandbox/config"), "{}", error.detail);
    ws.write("main.tf", &format!("{}{}", providers(), ask("  app = \"erp\"\n  key = \"none\"")));
    ws.plan_fails().error_titled("`key` cannot be \"none\"");
}
