// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL in a container; the client is the machine's own `psql`.

use super::{Backing, Install, Postgres, settings};
use crate::daemon;
use crate::scratch::Scratch;
use crate::servers::choice::Image;
use crate::servers::containers::{self, Container, Launch};

/// The image's own script makes the cluster, starts a server without a network to set it up, and then the real one.
const SCRIPT: &str = r#"exec docker-entrypoint.sh postgres "$@" 2>>/appenv/postgres.log"#;

pub(super) fn start(image: &Image) -> Postgres {
    containers::pull(image);
    let scratch = Scratch::new("pg");
    let dir = scratch.dir("s");
    containers::share(&dir, &["postgres.log"]);
    let log = dir.join("postgres.log");
    let [root, admin, vault] =
        Postgres::logins(Install::newest().psql(), "127.0.0.1", daemon::free_port());
    let args = settings(root.port).into_iter().flat_map(|setting| ["-c".to_owned(), setting]);
    let container = Container::start(Launch {
        image,
        script: SCRIPT,
        args: args.collect(),
        env: vec![
            ("POSTGRES_PASSWORD", &root.password),
            (
                "POSTGRES_INITDB_ARGS",
                "--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync",
            ),
        ],
        user: None,
        dir: &dir,
    });
    container.wait_until(&log, || root.try_sql("SELECT 1").is_ok());
    root.sql(&Postgres::set_up(&admin, &vault).join(";\n"));
    let (backing, major) = (Backing::Container(container), image.major());
    Postgres { backing, major, root, admin, vault, log, scratch }
}
