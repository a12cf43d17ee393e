//! The same servers as containers, behind the same interface; needs a Docker engine.

use std::path::Path;
use std::sync::LazyLock;

use testcontainers::core::{ContainerPort, Host, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, GenericImage, ImageExt as _};
use tokio::runtime::Runtime;

use super::openbao::{self, OpenBao};
use super::postgres::{Install, Postgres};
use crate::random;
use crate::scratch::Scratch;

/// A running container, removed on drop.
#[derive(Debug)]
pub struct Container {
    inner: Option<Box<ContainerAsync<GenericImage>>>,
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("threads can be started"));

const HOST: &str = "host.docker.internal";

/// Starts `postgres:{major}`. The client is the machine's own `psql`.
pub fn postgres(major: u32) -> Postgres {
    let [root, admin, vault] = Postgres::logins(Install::newest().psql(), "127.0.0.1", 0);
    let port = ContainerPort::Tcp(5432);
    let image = GenericImage::new("postgres", &major.to_string())
        .with_exposed_port(port)
        // The image starts a first server to set itself up, and says so once for each.
        .with_wait_for(WaitFor::message_on_stdout("PostgreSQL init process complete"))
        .with_wait_for(WaitFor::message_on_stderr("database system is ready to accept connections"))
        .with_env_var("POSTGRES_PASSWORD", &root.password)
        .with_env_var("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256")
        .with_cmd(["postgres", "-c", "log_statement=all", "-c", "fsync=off"]);
    let (container, port) = Container::start(image, port);
    let root = root.at_port(port);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while root.try_sql("SELECT 1").is_err() {
        assert!(std::time::Instant::now() < deadline, "postgres:{major} does not answer");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Postgres::in_container(container, major, [root, admin.at_port(port), vault.at_port(port)])
}

/// Starts `openbao/openbao` for a PostgreSQL on this machine or in a container of its own.
pub fn openbao(pg: &Postgres) -> OpenBao {
    let root_token = random::password();
    let port = ContainerPort::Tcp(8200);
    let audit = r#"{"audit":[{"type":"file","path":"file","options":{"file_path":"stdout"}}]}"#;
    let image = GenericImage::new("openbao/openbao", "latest")
        .with_exposed_port(port)
        .with_wait_for(WaitFor::message_on_stdout("OpenBao server started!"))
        .with_env_var("BAO_DEV_ROOT_TOKEN_ID", &root_token)
        .with_env_var("BAO_DEV_LISTEN_ADDRESS", "0.0.0.0:8200")
        .with_env_var("BAO_LOCAL_CONFIG", audit)
        .with_host(HOST, Host::HostGateway);
    let (container, port) = Container::start(image, port);
    let backing = openbao::Backing::Container(container);
    OpenBao::set_up(backing, Scratch::new("bao"), port, root_token, pg, HOST, pg.port())
}

// === impl Container ===

impl Container {
    fn start(
        image: testcontainers::ContainerRequest<GenericImage>,
        port: ContainerPort,
    ) -> (Self, u16) {
        RUNTIME.block_on(async {
            let container = image
                .start()
                .await
                .unwrap_or_else(|error| panic!("cannot start a container: {error}"));
            let port = container
                .get_host_port_ipv4(port)
                .await
                .unwrap_or_else(|error| panic!("a container has no port: {error}"));
            (Self { inner: Some(Box::new(container)) }, port)
        })
    }

    /// Writes everything the container has said to a file.
    pub(super) fn save_log(&self, file: &Path) {
        let Some(container) = &self.inner else { return };
        let said = RUNTIME.block_on(async {
            let mut said = container.stdout_to_vec().await.unwrap_or_default();
            said.extend(container.stderr_to_vec().await.unwrap_or_default());
            said
        });
        std::fs::write(file, said)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Some(container) = self.inner.take() {
            RUNTIME.block_on(async { container.rm().await.ok() });
        }
    }
}
