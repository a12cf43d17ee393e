// SPDX-License-Identifier: MPL-2.0
//! A private PostgreSQL, with the logins a provider and a Vault have: neither is a superuser.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use crate::bao::Bao;
use crate::servers::{Process, command, free_port};

/// A private server; ended when dropped.
pub struct Postgres {
    pub port: u16,
    pub version: u32,
    _process: Process,
    _home: TempDir,
}

/// PostgreSQL refuses to run as root; then it runs as `nobody`.
fn demote(command: &mut Command, home: &Path) {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|m| {
        use std::os::unix::fs::MetadataExt;
        m.uid() == 0
    });
    if is_root {
        const NOBODY: u32 = 65_534;
        std::os::unix::fs::chown(home, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
}

impl Postgres {
    /// A server of the binaries in a directory.
    pub async fn start(bindir: &Path) -> Self {
        for _ in 0..3 {
            if let Some(server) = Self::try_start(bindir).await {
                return server;
            }
        }
        panic!("postgres of {} did not start", bindir.display());
    }

    async fn try_start(bindir: &Path) -> Option<Self> {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        let mut initdb = command(&bindir.join("initdb"), home.path());
        demote(&mut initdb, home.path());
        let made = initdb
            .args([
                "--username=postgres",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Logins with a password need it; the superuser of the tests does not.
        let rules =
            "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let port = free_port();
        let mut server = command(&bindir.join("postgres"), home.path());
        demote(&mut server, home.path());
        server
            .arg("-D")
            .arg(&data)
            .args(["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", &format!("port={port}"), "-c"])
            .arg(format!("unix_socket_directories={}", home.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Process(server.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        let client = loop {
            if let Some(client) = connect(port, "postgres", "postgres", "").await {
                break client;
            }
            if process.0.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "postgres does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let number: String = client.query_one("SHOW server_version_num", &[]).await.unwrap().get(0);
        let version = number.parse::<u32>().unwrap() / 10_000;
        Some(Self { port, version, _process: process, _home: home })
    }

    /// A session; `None`: refused.
    pub async fn connect(&self, user: &str, password: &str, database: &str) -> Option<Client> {
        connect(self.port, user, database, password).await
    }

    /// A session of the superuser.
    pub async fn superuser(&self, database: &str) -> Client {
        self.connect("postgres", "", database).await.unwrap()
    }

    /// The logins, and what the PostgreSQL part of an instance makes: an owner role, its database, nothing to
    /// PUBLIC, Vault's login a member with admin option.
    pub async fn prepare(&self, database: &str, owner_role: &str) {
        let root = self.superuser("postgres").await;
        root.batch_execute(
            "CREATE ROLE vault_admin LOGIN CREATEROLE PASSWORD 'vault-admin-pw';
             GRANT pg_signal_backend TO vault_admin;
             CREATE ROLE provider LOGIN CREATEROLE CREATEDB PASSWORD 'provider-pw'",
        )
        .await
        .unwrap();
        let provider = self.connect("provider", "provider-pw", "postgres").await.unwrap();
        provider
            .batch_execute(&format!(
                "CREATE ROLE \"{owner_role}\" NOLOGIN; GRANT \"{owner_role}\" TO vault_admin WITH ADMIN OPTION"
            ))
            .await
            .unwrap();
        if self.version >= 16 {
            let own = format!("GRANT \"{owner_role}\" TO provider WITH SET TRUE");
            provider.batch_execute(&own).await.unwrap();
        }
        let make =
            format!("CREATE DATABASE \"{database}\" OWNER \"{owner_role}\" TEMPLATE template0");
        if self.version < 16 {
            let own = format!("GRANT \"{owner_role}\" TO provider");
            provider.batch_execute(&own).await.unwrap();
        }
        provider.batch_execute(&make).await.unwrap();
        provider
            .batch_execute(&format!("REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC"))
            .await
            .unwrap();
    }

    /// Tells an OpenBao of this server, as connection `postgres`.
    pub async fn join(&self, bao: &Bao) {
        bao.ok(
            "POST",
            "postgres/config/postgres",
            json!({
                "plugin_name": "postgresql-database-plugin",
                "allowed_roles": ["erp-*"],
                "connection_url": format!(
                    "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
                    self.port
                ),
                "username": "vault_admin",
                "password": "vault-admin-pw",
                "password_authentication": "scram-sha-256",
            }),
        )
        .await;
    }
}

async fn connect(port: u16, user: &str, database: &str, password: &str) -> Option<Client> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(user).dbname(database).password(password);
    config.connect_timeout(Duration::from_secs(5));
    let (client, connection) = config.connect(NoTls).await.ok()?;
    tokio::spawn(connection);
    Some(client)
}
