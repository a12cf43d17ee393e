// SPDX-License-Identifier: MPL-2.0
//! What an operator has set up before the workflows of `examples/ci` run: logins with the documented rights, and a state.

use std::fs;

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace, provider};

use super::bucket::Bucket;

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
    pub fn made(servers: &Servers, bucket: &Bucket) -> Self {
        let Servers { pg, bao } = servers;
        let make = |name: &str| {
            let file = provider::root().join(format!("docs/policies/postgres-{name}.sql"));
            pg.sql(&fs::read_to_string(file).unwrap());
            let password = format!("{name}-password-of-the-forge");
            pg.sql(&format!("ALTER ROLE appenv_{name} PASSWORD '{password}'"));
            password
        };
        let apply = make("apply");
        let credentials = ["plan", "apply"].map(|account| bucket.credentials(account));
        let mut first = root(Cli::any(), servers, bucket, "first");
        first.set_env("GOOGLE_CREDENTIALS", &credentials[1]);
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
                ("PLAN_GOOGLE_CREDENTIALS", &credentials[0]),
                ("APPLY_GOOGLE_CREDENTIALS", &credentials[1]),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            approvals: String::new(),
        }
    }
}

/// Applies for the first time, by hand, what is to have no instance yet: it makes the state.
pub fn begin(ws: &Workspace, logins: &Logins) {
    let secret = |name: &str| {
        let mut secrets = logins.secrets.iter();
        secrets.find(|(secret, _)| secret == name).unwrap().1.clone()
    };
    let env = [
        ("PGHOST", logins.pg_host.clone()),
        ("PGUSER", "appenv_apply".to_owned()),
        ("PGPASSWORD", secret("APPLY_PGPASSWORD")),
        ("VAULT_ADDR", logins.vault_addr.clone()),
        ("VAULT_TOKEN", secret("APPLY_VAULT_TOKEN")),
        ("GOOGLE_CREDENTIALS", secret("APPLY_GOOGLE_CREDENTIALS")),
        ("TF_VAR_envs", "[]".to_owned()),
        ("TF", ws.cli().program.display().to_string()),
    ];
    let env = env.map(|(key, value)| (key.to_owned(), value));
    let run = ws.run_script("\"$TF\" init && \"$TF\" apply -auto-approve", &env);
    assert_eq!(run.code, Some(0), "{run}");
}

/// The root of the example for an app, whose state is in this bucket. Where the servers are and who logs in, the jobs say.
pub fn root(cli: &Cli, servers: &Servers, bucket: &Bucket, app: &str) -> Workspace {
    let of_jobs =
        |key: &str| ["PGHOST", "PGUSER", "PGPASSWORD", "VAULT_ADDR", "VAULT_TOKEN"].contains(&key);
    let env = servers.env().into_iter().filter(|(key, _)| !of_jobs(key));
    let env = env.chain([bucket.endpoint()]);
    let mut ws = Workspace::new(cli).without_trace().with_env(env);
    ws.set_env("TF_VAR_app", app);
    ws.copy_from("examples/ci");
    ws.edit("versions.tf", "\"erp/main\"", &format!("\"{app}/main\""));
    ws
}
