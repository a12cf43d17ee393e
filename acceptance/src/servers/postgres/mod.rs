// SPDX-License-Identifier: MPL-2.0
//! A private PostgreSQL.
//!
//! It has the three logins of a real installation: the superuser `postgres` (the oracle only), `appenv_admin` (the
//! provider's: CREATEROLE, CREATEDB and CREATE on the database of the registry, nothing more) and `vault_admin`
//! (OpenBao's: CREATEROLE and `pg_signal_backend`, to end the sessions of a revoked login).

#[cfg(feature = "containers")]
mod container;
mod install;
mod kind;
mod login;

use std::path::{Path, PathBuf};

use rustix::process::Signal;

pub use install::Install;
pub use kind::Kind;
pub use login::{Login, Rows, SqlError};

use crate::account::{self, Account};
use crate::daemon::{self, Daemon, Launch};
use crate::processes;
use crate::random;
use crate::scratch::Scratch;
use crate::servers::choice;
#[cfg(feature = "containers")]
use crate::servers::containers::Container;

/// The provider's login.
pub const ADMIN: &str = "appenv_admin";
/// OpenBao's login.
pub const VAULT_ADMIN: &str = "vault_admin";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    // Stopped before its directory is removed.
    backing: Backing,
    major: u32,
    root: Login,
    admin: Login,
    vault: Login,
    log: PathBuf,
    scratch: Scratch,
}

/// What keeps a server alive.
#[derive(Debug)]
enum Backing {
    /// A process of ours, the install it comes from and its cluster.
    Process(Box<Daemon>, Install, PathBuf),
    /// A container, ended on drop.
    #[cfg(feature = "containers")]
    Container(Container),
}

// === impl Postgres ===

impl Postgres {
    /// Starts the newest version there is.
    pub fn start() -> Self {
        Self::start_on(&Kind::newest())
    }

    /// Starts a certain one.
    pub fn start_on(kind: &Kind) -> Self {
        choice::tell();
        match kind {
            Kind::Program(install) => Self::start_program(install),
            #[cfg(feature = "containers")]
            Kind::Container(image) => container::start(image),
            #[cfg(not(feature = "containers"))]
            Kind::Container(image) => unreachable!("{image}: refused where the variable is read"),
        }
    }

    fn start_program(install: &Install) -> Self {
        let scratch = Scratch::new("pg");
        let home = scratch.dir("s");
        let data = home.join("data");
        account::copy_tree(&install.template(), &data);
        if let Some(account) = Account::for_servers() {
            account.own(&home);
        }
        let [root, admin, vault] = Self::logins(install.psql(), "127.0.0.1", 0);
        let mut statements = Self::set_up(&admin, &vault);
        statements.push(format!("ALTER ROLE postgres PASSWORD '{}'", root.password));
        install.single_user(&data, &statements);
        let log = scratch.join("postgres.log");
        let (daemon, port) = launch(install, &home, &data, &log, &root);
        Self {
            backing: Backing::Process(Box::new(daemon), install.clone(), data),
            major: install.major,
            root: root.at_port(port),
            admin: admin.at_port(port),
            vault: vault.at_port(port),
            log,
            scratch,
        }
    }

    /// Superuser, provider's login, OpenBao's login, with fresh passwords.
    fn logins(psql: PathBuf, host: &str, port: u16) -> [Login; 3] {
        let root = Login {
            psql,
            host: host.to_owned(),
            port,
            user: "postgres".to_owned(),
            password: random::password(),
            database: "postgres".to_owned(),
            unlogged: true,
        };
        let admin = root.as_role(ADMIN, &random::password());
        let vault = root.as_role(VAULT_ADMIN, &random::password());
        [root, admin, vault]
    }

    fn set_up(admin: &Login, vault: &Login) -> Vec<String> {
        vec![
            format!("CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{}'", admin.password),
            format!("GRANT CREATE ON DATABASE postgres TO {ADMIN}"),
            format!("CREATE ROLE {VAULT_ADMIN} LOGIN CREATEROLE PASSWORD '{}'", vault.password),
            format!("GRANT pg_signal_backend TO {VAULT_ADMIN}"),
        ]
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.root.port
    }

    /// The superuser: for questions and for breaking things by hand, never for the provider.
    pub fn root(&self) -> &Login {
        &self.root
    }

    /// The provider's login.
    pub fn admin(&self) -> &Login {
        &self.admin
    }

    /// OpenBao's login.
    pub fn vault_admin(&self) -> &Login {
        &self.vault
    }

    /// Runs statements as superuser in database `postgres`.
    pub fn sql(&self, statements: &str) -> Rows {
        self.root.sql(statements)
    }

    /// Runs statements as superuser in another database.
    pub fn sql_in(&self, database: &str, statements: &str) -> Rows {
        self.root.in_database(database).sql(statements)
    }

    /// Whether a database of that name exists.
    pub fn has_database(&self, name: &str) -> bool {
        self.counts("pg_database WHERE datname", name)
    }

    /// Whether a role of that name exists.
    pub fn has_role(&self, name: &str) -> bool {
        self.counts("pg_roles WHERE rolname", name)
    }

    fn counts(&self, what: &str, name: &str) -> bool {
        self.sql(&format!("SELECT count(*) FROM {what} = '{}'", name.replace('\'', "''"))).one()
            == "1"
    }

    /// The environment from which the provider reaches it.
    pub fn env(&self) -> Vec<(String, String)> {
        self.env_at(self.port())
    }

    /// The same through another port, such as a proxy's.
    pub fn env_at(&self, port: u16) -> Vec<(String, String)> {
        [
            ("PGHOST", self.admin.host.clone()),
            ("PGPORT", port.to_string()),
            ("PGUSER", self.admin.user.clone()),
            ("PGPASSWORD", self.admin.password.clone()),
            ("PGDATABASE", self.admin.database.clone()),
            ("PGSSLMODE", "disable".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    /// The server's log, with every statement in it but the oracle's.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// A directory that goes with the server.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Stops the server at once, as a crash would (`pg_ctl stop -m immediate`).
    pub fn crash(&mut self) {
        match &mut self.backing {
            Backing::Process(daemon, ..) => daemon.stop_with(Signal::QUIT),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.kill(),
        }
    }

    /// Starts a stopped server again on the port it had.
    pub fn start_again(&mut self) {
        let (port, root) = (self.port(), &self.root);
        let up = || root.try_sql("SELECT 1").is_ok();
        match &mut self.backing {
            Backing::Process(daemon, install, data) => {
                **daemon = start_at(install, &self.scratch.join("s"), data, &self.log, port);
                daemon
                    .wait_until(up)
                    .unwrap_or_else(|why| panic!("PostgreSQL did not start again: {why}"));
            }
            #[cfg(feature = "containers")]
            Backing::Container(container) => {
                container.start_again();
                container.wait_until(&self.log, up);
            }
        }
    }

    /// Stops the server, sessions and all (`pg_ctl restart -m fast`), and starts it again.
    pub fn restart(&mut self) {
        match &mut self.backing {
            Backing::Process(daemon, ..) => daemon.stop_with(Signal::INT),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.stop(),
        }
        self.start_again();
    }

    /// Another server with the same data that takes no writes until `pg_promote()`; what comes later does not reach it.
    /// Not of one in a container.
    #[must_use]
    pub fn standby(&mut self) -> Self {
        let (root, admin, vault) = (self.root.clone(), self.admin.clone(), self.vault.clone());
        let (install, own) = match &mut self.backing {
            Backing::Process(daemon, install, own) => {
                daemon.stop_with(Signal::INT);
                (install.clone(), own.clone())
            }
            #[cfg(feature = "containers")]
            Backing::Container(_) => panic!("a container's data cannot be copied"),
        };
        let scratch = Scratch::new("pg");
        let home = scratch.dir("s");
        let data = home.join("data");
        account::copy_tree(&own, &data);
        std::fs::write(data.join("standby.signal"), "").expect("our own directory");
        if let Some(account) = Account::for_servers() {
            account.own(&home);
        }
        self.start_again();
        let log = scratch.join("postgres.log");
        let (daemon, port) = launch(&install, &home, &data, &log, &root);
        Self {
            backing: Backing::Process(Box::new(daemon), install.clone(), data),
            major: install.major,
            root: root.at_port(port),
            admin: admin.at_port(port),
            vault: vault.at_port(port),
            log,
            scratch,
        }
    }

    /// Freezes the server and its sessions: connections stay open and nothing answers.
    pub fn freeze(&mut self) {
        match &self.backing {
            Backing::Process(daemon, ..) => processes::signal_tree(daemon.pid(), Signal::STOP),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.freeze(),
        }
    }

    /// Lets a frozen server go on.
    pub fn thaw(&mut self) {
        match &self.backing {
            Backing::Process(daemon, ..) => processes::signal_tree(daemon.pid(), Signal::CONT),
            #[cfg(feature = "containers")]
            Backing::Container(container) => container.thaw(),
        }
    }
}

/// Starts the server on a free port; where someone else takes the port first, on another.
fn launch(install: &Install, home: &Path, data: &Path, log: &Path, root: &Login) -> (Daemon, u16) {
    let mut why = String::new();
    for _ in 0..5 {
        let port = daemon::free_port();
        let login = root.at_port(port);
        let mut daemon = start_at(install, home, data, log, port);
        match daemon.wait_until(|| login.try_sql("SELECT 1").is_ok()) {
            Ok(()) => return (daemon, port),
            Err(error) => why = error,
        }
    }
    panic!("PostgreSQL {} does not start: {why}", install.version)
}

fn start_at(install: &Install, home: &Path, data: &Path, log: &Path, port: u16) -> Daemon {
    let mut args = vec!["-D".to_owned(), data.display().to_string()];
    let settings = settings(port).into_iter().chain(
        // A TCP port is what the provider is given; a second way in would escape the proxy.
        ["unix_socket_directories=".to_owned(), "dynamic_shared_memory_type=mmap".to_owned()],
    );
    args.extend(settings.flat_map(|setting| ["-c".to_owned(), setting]));
    Daemon::start(Launch {
        program: install.program("postgres"),
        args,
        env: Vec::new(),
        dir: home.to_owned(),
        account: Account::for_servers(),
        log: log.to_owned(),
        stop: Signal::QUIT,
    })
}

/// What every server is told, in a container too.
fn settings(port: u16) -> Vec<String> {
    let mut settings = vec![format!("port={port}")];
    settings.extend(
        [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "shared_buffers=16MB",
            "log_statement=all",
            "log_line_prefix=%m [%p] %u@%d %a ",
            "logging_collector=off",
        ]
        .map(str::to_owned),
    );
    settings
}
