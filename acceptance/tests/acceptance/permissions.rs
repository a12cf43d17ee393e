// SPDX-License-Identifier: MPL-2.0
//! `appenv_permissions`: what it answers is enough, and nothing of it is too much.

mod least;
mod policy;
mod taken;

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace};

use crate::instances::{BOTH, provider};
use policy::Policy;

/// The rights for the instance below and all that it uses.
const ERP: &str = "  instances = [{ app = \"erp\", env = \"prod\" }]\n  credentials = true\n  force_disconnect = true\n";

/// The change by which sessions and leases are no longer ended by force.
const GENTLE: u32 = 40;

/// The provider, the CI role's definition and the gates of production as of one change after another: a later one asks
/// for another definition, and the second for a tighter gate than the first.
fn blocks(number: u32) -> String {
    let text = provider(&BOTH.replace(
        "mount = \"gitea_jwt\"",
        &format!("mount = \"gitea_jwt\"\n      revision = {number}\n      bound_audiences = [\"{number}\"]"),
    ));
    if number == 1 {
        return text;
    }
    let allow = "name = \"prod\"\n    allow = [\"create\", \"update\", \"release\", \"rotate\", \"rename\", \"delete\"]";
    text.replace("production = \"open\"", "production = \"noop\"")
        .replace("name       = \"prod\"", allow)
}

/// An instance in production with everything that rights are needed for, as of one change after another.
fn erp(app: &str, number: u32) -> String {
    format!(
        "
resource \"appenv_app_instance\" \"it\" {{
  app                 = \"{app}\"
  env                 = \"prod\"
  services            = [\"api\"]
  release             = \"{number}\"
  deletion_protection = false
  force_disconnect    = {}

  database {{
    extensions       = [\"citext\"]
    connection_limit = {number}
  }}

  vault {{
    default_ttl = \"{number}h\"
    max_ttl     = \"48h\"
  }}

  kubernetes {{
    service_accounts = [\"{app}-{number}\"]
  }}
}}

resource \"appenv_env_secret\" \"it\" {{
  app               = appenv_app_instance.it.app
  env               = appenv_app_instance.it.env
  key               = \"TOKEN\"
  value_wo          = \"value-{number}\"
  value_wo_version  = {number}
}}

ephemeral \"appenv_database_credentials\" \"it\" {{
  app        = \"{app}\"
  env        = \"prod\"
  generation = appenv_app_instance.it.generation
}}
",
        number != GENTLE
    )
}

/// The texts that the data source answers, for plan and for apply.
struct Texts {
    plan: Rights,
    apply: Rights,
}

struct Rights {
    policy: Policy,
    sql: String,
}

// === impl Texts ===

impl Texts {
    /// Asks the data source, which asks no server.
    fn of(arguments: &str) -> Self {
        let ws = Workspace::new(Cli::any()).without_trace().with_env(
            [
                ("PGHOST", "127.0.0.1"),
                ("PGPORT", "1"),
                ("PGUSER", "nobody"),
                ("VAULT_ADDR", "http://127.0.0.1:1"),
                ("VAULT_TOKEN", "none"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        ws.write("provider.tf", &provider(BOTH));
        let asked = format!("data \"appenv_permissions\" \"it\" {{\n{arguments}}}\n");
        let outputs = "output \"plan\" {\n  value = data.appenv_permissions.it.plan\n}\noutput \"apply\" {\n  value = \
                       data.appenv_permissions.it.apply\n}\n";
        ws.write("main.tf", &format!("{asked}{outputs}"));
        ws.apply();
        let state = ws.state();
        let rights = |name: &str| {
            let output = state.output(name);
            let text = |key: &str| output[key].as_str().unwrap().to_owned();
            assert!(output["aws_policy"].is_null() && output["host"].is_null(), "{output}");
            Rights { policy: Policy::parse(&text("vault_policy")), sql: text("sql") }
        };
        Self { plan: rights("plan"), apply: rights("apply") }
    }
}

/// Gives a workspace the rights of a login that the script has made, and of a token.
fn login(ws: &mut Workspace, name: &str, token: &str) {
    ws.set_env("PGUSER", name)
        .set_env("PGPASSWORD", &format!("{name}-password"))
        .set_env("VAULT_TOKEN", token);
}

fn workspace(servers: &Servers) -> Workspace {
    let ws = Workspace::new(Cli::any()).with_env(servers.env()).without_trace();
    write(&ws, "erp", 1);
    ws
}

fn write(ws: &Workspace, app: &str, number: u32) {
    ws.write("provider.tf", &blocks(number));
    ws.write("main.tf", &erp(app, number));
}

/// Runs a script of the data source as a superuser, and sets the password.
fn make(servers: &Servers, name: &str, sql: &str) {
    servers.pg.sql(sql);
    servers.pg.sql(&format!("ALTER ROLE \"{name}\" PASSWORD '{name}-password'"));
}
