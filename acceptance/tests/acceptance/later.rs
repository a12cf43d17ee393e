// SPDX-License-Identifier: MPL-2.0
//! What comes from other resources of the same run: unknown at plan, known at apply.

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace};
use serde_json::json;

use crate::bad_input::REQUIRED;

#[test]
fn servers_whose_addresses_come_from_another_resource_are_planned_unseen_and_applied() {
    let servers = Servers::start();
    let Servers { pg, bao } = &servers;
    let ws = Workspace::new(Cli::any()).without_trace().with_env(servers.env());
    ws.write(
        "main.tf",
        &format!(
            "{REQUIRED}
resource \"terraform_data\" \"servers\" {{
  input = {{ host = \"127.0.0.1\", address = \"{}\", services = [\"api\", \"web\"], release = \"1.2.3\" }}
}}
provider \"appenv\" {{
  owner = \"arcodange/erp\"
  postgres {{
    host = terraform_data.servers.output.host
  }}
  vault {{
    address = terraform_data.servers.output.address
  }}
}}
resource \"appenv_app_instance\" \"erp\" {{
  app      = \"erp\"
  env      = \"sandbox\"
  services = terraform_data.servers.output.services
  release  = terraform_data.servers.output.release
}}
",
            bao.address()
        ),
    );
    let asked = |text: String| text.matches("appenv").count();
    let log = || std::fs::read_to_string(pg.log()).unwrap_or_default();
    let before = asked(log());
    ws.plan_to("saved.plan");
    assert_eq!(asked(log()), before, "the plan has asked a server that it cannot know");
    let planned = ws.show_plan("saved.plan");
    let erp = &planned["planned_values"]["root_module"]["resources"];
    let erp = erp.as_array().unwrap().iter().find(|r| r["type"] == "appenv_app_instance").unwrap();
    assert_eq!(erp["values"]["instance"], "erp-sandbox", "{erp}");
    assert_eq!(erp["values"]["resolved_names"]["database"], "erp-sandbox", "{erp}");
    assert_eq!(erp["values"]["objects"]["postgres_database"], "ok", "{erp}");

    ws.apply_saved("saved.plan");
    ws.is_settled();
    assert!(pg.has_database("erp-sandbox") && bao.policy("erp-sandbox").is_some());
    let state = ws.state();
    assert_eq!(
        state.attribute("appenv_app_instance.erp", "resolved_names.services"),
        &json!({ "api": "erp-sandbox-api", "web": "erp-sandbox-web" })
    );
    ws.destroy();
    assert!(!pg.has_database("erp-sandbox"));
}
