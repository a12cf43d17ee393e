// SPDX-License-Identifier: MPL-2.0
//! The credentials the provider is given are in nothing that a run leaves behind.

use acceptance::canary::watch::{Activity, CommandLines};
use acceptance::servers::Servers;
use acceptance::{Canaries, Cli, Sinks, Workspace};

use crate::bad_input::REQUIRED;

#[test]
fn credentials_are_nowhere_after_a_whole_life_at_trace() {
    let servers = Servers::start();
    let Servers { pg, bao } = &servers;
    let mut canaries = Canaries::new();
    canaries.register_servers(&servers);
    let activity = Activity::of(pg);
    let lines = CommandLines::start();

    // As arguments, where the CLI handles them too; from the environment they would pass it by.
    let ws = Workspace::new(Cli::any()).with_env(
        [
            ("TF_VAR_password", pg.admin().password.clone()),
            ("TF_VAR_token", bao.apply_token().to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    let hcl = format!(
        "{REQUIRED}
variable \"password\" {{
  sensitive = true
  ephemeral = true
}}
variable \"token\" {{
  sensitive = true
  ephemeral = true
}}
provider \"appenv\" {{
  owner        = \"arcodange/erp\"
  organization = \"arcodange-org\"
  gates {{
    production = \"open\"
  }}
  postgres {{
    host     = \"127.0.0.1\"
    port     = {}
    user     = \"{}\"
    password = var.password
    sslmode  = \"disable\"
  }}
  vault {{
    address = \"{}\"
    token   = var.token
    kubernetes {{}}
    ci {{
      mount = \"gitea_jwt\"
    }}
  }}
}}
resource \"appenv_app_instance\" \"erp\" {{
  app = \"erp\"
  env = \"sandbox\"
  database {{
    connection_limit = 5
    extensions       = [\"citext\"]
  }}
}}
",
        pg.port(),
        pg.admin().user,
        bao.address()
    );
    ws.write("main.tf", &hcl);
    ws.plan_to("create.plan");
    ws.apply_saved("create.plan");
    ws.plan_text();

    // Drift, and its repair.
    pg.sql("ALTER DATABASE \"erp-sandbox\" CONNECTION LIMIT 77");
    bao.cli().delete("sys/policies/acl/erp-sandbox");
    ws.plan_text();
    ws.step();

    // Refusals by both servers: what they say is passed on.
    let refused = ws.run(&[
        "plan",
        "-json",
        "-var=password=another-password-altogether",
        "-var=token=another-token-altogether",
    ]);
    assert_eq!(refused.code, Some(1), "{refused}");
    canaries.register("a wrong password", "another-password-altogether");
    canaries.register("a wrong token", "another-token-altogether");

    ws.destroy();
    assert!(!pg.has_database("erp-sandbox"));

    // The wrong ones were on the command line and in this very configuration of the run.
    let sinks = Sinks::of(&ws).with_servers(&servers).with_path(activity.saw());
    let hits: Vec<_> = canaries.scan(&sinks).iter().map(ToString::to_string).collect();
    let told = |hit: &String| !hit.starts_with("a wrong") || !hit.contains(".trace");
    let hits: Vec<_> = hits.into_iter().filter(told).collect();
    assert!(hits.is_empty(), "secrets have leaked:\n  {}", hits.join("\n  "));

    let mut given = Canaries::new();
    given.register_servers(&servers);
    given.are_nowhere(&Sinks::default().with_path(lines.saw()));
    assert!(std::fs::read_to_string(activity.saw()).unwrap().contains("appenv"), "it saw nothing");
}
