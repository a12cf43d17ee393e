//! What an operator has set up before the workflows of `examples/ci` run: logins with the documented rights, and a state.

use std::fs;

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace, provider};

/// What the forge keeps for the jobs.
#[derive(Clone, Debug)]
pub struct Logins {
    pub pg_host: String,
    pub vault_addr: String,
    /// By the name of the forge's secret.
    pub secrets: Vec<(String, String)>,
    /// Digests that are approved, the forge's variable.
    pub approvals: String,
}

// === impl Logins ===

impl Logins {
    /// Of no server, for a root that asks none.
    pub fn none() -> Self {
        let secrets = ["PLAN_PGPASSWORD", "PLAN_VAULT_TOKEN", "PLAN_GOOGLE_CREDENTIALS"];
        let secrets = secrets.map(|name| (name.to_owned(), "of-no-server".to_owned())).into();
        let (pg_host, vault_addr) = (String::new(), String::new());
        Self { pg_host, vault_addr, secrets, approvals: String::new() }
    }

    /// Makes them as `docs/policies` says: the login that applies founds the registry, then the one that plans is let in.
    pub fn made(servers: &Servers) -> Self {
        let Servers { pg, bao } = servers;
        let make = |name: &str| {
            let file = provider::root().join(format!("docs/policies/postgres-{name}.sql"));
            pg.sql(&fs::read_to_string(file).unwrap());
            let password = format!("{name}-password-of-the-forge");
            pg.sql(&format!("ALTER ROLE appenv_{name} PASSWORD '{password}'"));
            password
        };
        let apply = make("apply");
        let mut first = root(Cli::any(), servers, "first");
        first.set_env("TF_VAR_envs", "[\"sandbox\"]");
        first.set_envs(servers.env());
        first.set_env("PGUSER", "appenv_apply").set_env("PGPASSWORD", &apply);
        first.init(&[]);
        first.apply();
        let plan = make("plan");
        Self {
            pg_host: pg.admin().host.clone(),
            vault_addr: bao.address().to_owned(),
            secrets: [
                ("PLAN_PGPASSWORD", plan.as_str()),
                ("PLAN_VAULT_TOKEN", bao.plan_token()),
                ("APPLY_PGPASSWORD", &apply),
                ("APPLY_VAULT_TOKEN", bao.apply_token()),
                // For a bucket that is not there: the state is a file here.
                ("PLAN_GOOGLE_CREDENTIALS", "{}"),
                ("APPLY_GOOGLE_CREDENTIALS", "{}"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            approvals: String::new(),
        }
    }
}

/// The root of the example for an app, with a local state in the place of the bucket. Where the servers are and who
/// logs in, the jobs say.
pub fn root(cli: &Cli, servers: &Servers, app: &str) -> Workspace {
    let of_jobs =
        |key: &str| ["PGHOST", "PGUSER", "PGPASSWORD", "VAULT_ADDR", "VAULT_TOKEN"].contains(&key);
    let env = servers.env().into_iter().filter(|(key, _)| !of_jobs(key));
    let mut ws = Workspace::new(cli).without_trace().with_env(env);
    ws.set_env("TF_VAR_app", app);
    ws.copy_from("examples/ci");
    let path = format!("{app}/main/terraform.tfstate");
    ws.write(
        "backend_override.tf",
        &format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n"),
    );
    ws
}
