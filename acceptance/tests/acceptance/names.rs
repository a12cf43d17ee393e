// SPDX-License-Identifier: MPL-2.0
//! Names through the CLI, with no server at all: the provider block alone decides them.

use acceptance::{Cli, Snapshot, Workspace};
use serde_json::{Value, json};

use crate::bad_input::REQUIRED;
use crate::host::make;

#[test]
fn with_no_block_at_all_names_work_and_production_is_the_default() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        ws.write(
            "main.tf",
            &format!(
                "{REQUIRED}\nresource \"appenv_app_instance\" \"erp\" {{\n  app      = \"erp\"\n  services = [\"api\", \
                 \"web\"]\n}}\noutput \"names\" {{\n  value = appenv_app_instance.erp.resolved_names\n}}\n"
            ),
        );
        // Every name is known before anything exists.
        ws.plan_to("saved.plan");
        let planned = ws.show_plan("saved.plan");
        let names = &planned["planned_values"]["outputs"]["names"]["value"];
        assert_eq!(names["database"], "erp", "{planned}");
        assert_eq!(names["services"], json!({ "api": "erp-prod-api", "web": "erp-prod-web" }));
        ws.step();
        let state = ws.state();
        let erp = state.resource("appenv_app_instance.erp");
        assert_eq!(erp["env"], "prod");
        assert_eq!(erp["production"], true);
        assert_eq!(erp["deletion_protection"], true);
        assert_eq!(erp["state_prefix"], "erp/main");
        assert_eq!(erp["objects"], json!({}));
        assert_eq!(erp["facets"], json!([]));
        assert_eq!(erp["resolved_names"]["owner_role"], "erp_role");
        assert_eq!(erp["resolved_names"]["dns_host"], json!(null), "there is no domain");
        assert_eq!(
            erp["resolved_names"]["log_groups"],
            json!({ "api": "/aws/lambda/erp-prod-api", "web": "/aws/lambda/erp-prod-web" })
        );
        // Names alone are nothing to protect.
        ws.destroy();
        assert!(ws.state().is_empty());
    }
}

/// Environments made by `dynamic` from a variable.
fn environments(provider: &str, resource: &str) -> String {
    format!(
        "{REQUIRED}
variable \"environments\" {{
  type = map(object({{ production = bool, apps = optional(set(string)) }}))
}}
provider \"appenv\" {{
  {provider}
  dynamic \"environment\" {{
    for_each = var.environments
    content {{
      name       = environment.key
      production = environment.value.production
      apps       = environment.value.apps
    }}
  }}
}}
{resource}"
    )
}

#[test]
fn environments_may_come_from_a_variable() {
    for cli in Cli::all() {
        let of = |environments: &str| {
            Workspace::new(cli)
                .without_trace()
                .with_env([("TF_VAR_environments".to_owned(), environments.to_owned())])
        };
        let each = "resource \"appenv_app_instance\" \"shop\" {\n  for_each = var.environments\n  app = \"shop\"\n  \
                    env = each.key\n}\n";
        let ws = of(
            "{ eu = { production = true }, us = { production = true }, dev = { production = false } }",
        );
        ws.write("main.tf", &environments("elided = \"eu\"", each));
        ws.step();
        let state = ws.state();
        let database = |env: &str| {
            let address = format!("appenv_app_instance.shop[\"{env}\"]");
            state.attribute(&address, "resolved_names.database").clone()
        };
        assert_eq!(
            [database("eu"), database("us"), database("dev")],
            ["shop", "shop-us", "shop-dev"]
        );

        // Two production envs, and none is named: a default would be a guess.
        let default = "resource \"appenv_app_instance\" \"shop\" {\n  app = \"shop\"\n}\n";
        ws.write("main.tf", &environments("elided = \"eu\"", default));
        let refused = ws.plan_fails_with(&["-refresh=false"]);
        assert!(refused.say("\"eu\", \"us\" are all production environments"), "{refused}");

        let ws = of(
            "{ prod = { production = true }, sandbox = { production = false, apps = [\"crm\"] } }",
        );
        ws.write("main.tf", &environments("", each));
        let refused = ws.plan_fails();
        assert!(refused.say("Env \"sandbox\" is not open to app \"shop\""), "{refused}");
        // An env that the stem may not have makes an app that ends in it unambiguous.
        let ends = "resource \"appenv_app_instance\" \"a\" {\n  app = \"shop-sandbox\"\n}\n";
        ws.write("main.tf", &environments("", ends));
        ws.step();
        let database =
            ws.state().attribute("appenv_app_instance.a", "resolved_names.database").clone();
        assert_eq!(database, "shop-sandbox");
    }
}

#[test]
fn a_default_env_is_kept_when_the_rule_changes() {
    let ws = Workspace::new(Cli::any()).without_trace();
    let of = |environments: &str| {
        format!(
            "{REQUIRED}\nprovider \"appenv\" {{\n{environments}}}\nresource \"appenv_app_instance\" \"erp\" {{\n  app = \
             \"erp\"\n}}\n"
        )
    };
    let env = |name: &str, production: bool| {
        format!("  environment {{\n    name = \"{name}\"\n    production = {production}\n  }}\n")
    };
    ws.write("main.tf", &of(&(env("eu", true) + &env("us", false))));
    ws.step();
    assert_eq!(ws.state().attribute("appenv_app_instance.erp", "env"), "eu");
    // Another env becomes the one production env; the instance stays where it was.
    ws.write("main.tf", &of(&(env("eu", false) + &env("us", true))));
    ws.step();
    assert_eq!(ws.state().attribute("appenv_app_instance.erp", "env"), "eu");
}

#[test]
fn how_long_logs_are_kept_is_handed_on_and_part_of_no_instance() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        let root = ws.root().join("srv");
        make(&root, 0o755);
        // Production at its strictest: nothing passes that is not approved, but the create.
        let write = |days: &str| {
            let hcl = format!(
                "{REQUIRED}
provider \"appenv\" {{
  environment {{
    name       = \"prod\"
    production = true
    {days}
  }}
  host {{
    root = \"{}\"
  }}
}}
resource \"appenv_app_instance\" \"erp\" {{
  app      = \"erp\"
  services = [\"api\"]
}}
data \"appenv_names\" \"erp\" {{
  app = appenv_app_instance.erp.app
}}
output \"log_retention\" {{
  value = [data.appenv_names.erp.log_retention_days, data.appenv_names.erp.environments[0].log_retention_days]
}}
",
                root.display()
            );
            ws.write("main.tf", &hcl);
        };
        let told = || ws.state().output("log_retention").clone();
        let instance = || ws.state().resource("appenv_app_instance.erp").clone();
        write("log_retention_days = 30");
        ws.step();
        assert_eq!(told(), json!([30, 30]));
        let (made, registry) = (instance(), Snapshot::default().with_files(&root));
        assert!(made["spec_digest"].is_string(), "{made}");
        for (line, days) in [("log_retention_days = 365", json!(365)), ("", Value::Null)] {
            write(line);
            ws.step();
            assert_eq!(told(), json!([days, days]));
            assert_eq!(instance(), made);
            Snapshot::default().with_files(&root).since(&registry).is_nothing();
        }
        // It stays in production: its end has to be approved.
        assert!(ws.destroy_fails().say("deletion_protection"));
    }
}
