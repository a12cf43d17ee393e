// SPDX-License-Identifier: MPL-2.0
//! OpenBao or HashiCorp Vault in a container; the client is the machine's own `bao`, whose protocol both speak.

use std::fs;

use rustix::process::{getegid, geteuid};
use serde_json::json;

use super::{Api, Backing, OpenBao, is_up};
use crate::daemon;
use crate::random;
use crate::scratch::Scratch;
use crate::servers::choice::{Image, Product};
use crate::servers::containers::{self, Container, Launch};
use crate::servers::postgres::Postgres;

// The images' own scripts change the owner of what is mounted; the program alone does not.
const OPENBAO: &str = r#"exec bao server "$@" >>/appenv/server.log 2>&1"#;
const VAULT: &str = r#"exec vault server "$@" >>/appenv/server.log 2>&1"#;

/// Where the audit log is, inside. Mode 0000 leaves the file's mode as it was made.
const AUDIT: (&str, &str) = ("/appenv/audit.log", "0000");

pub(super) fn start(image: &Image, pg: &Postgres) -> OpenBao {
    containers::pull(image);
    let scratch = Scratch::new("bao");
    let dir = scratch.dir("s");
    containers::share(&dir, &["server.log", "audit.log"]);
    let port = daemon::free_port();
    let root_token = random::password();
    let mut args = ["-dev", "-dev-no-store-token"].map(str::to_owned).to_vec();
    args.push(format!("-dev-listen-address=127.0.0.1:{port}"));
    let (script, token) = if image.product == Product::Vault {
        (VAULT, "VAULT_DEV_ROOT_TOKEN_ID")
    } else {
        // Audit devices are declared; the API makes none.
        let (path, mode) = AUDIT;
        let audit = format!(
            "audit \"file\" \"file\" {{\n  options {{\n    file_path = \"{path}\"\n    mode = \"{mode}\"\n  }}\n}}\n"
        );
        fs::write(dir.join("audit.hcl"), audit).expect("our own directory");
        args.push(format!("-config={}/audit.hcl", containers::SHARED));
        (OPENBAO, "BAO_DEV_ROOT_TOKEN_ID")
    };
    let container = Container::start(Launch {
        image,
        script,
        args,
        env: vec![(token, &root_token), ("HOME", containers::SHARED)],
        user: Some(format!("{}:{}", geteuid().as_raw(), getegid().as_raw())),
        dir: &dir,
    });
    let api = Api::new(&format!("http://127.0.0.1:{port}"), &root_token);
    container.wait_until(&dir.join("server.log"), || is_up(&api));
    if image.product == Product::Vault {
        // Here they are made by the API, and declaring one is an error.
        let (path, mode) = AUDIT;
        let options = json!({ "file_path": path, "mode": mode });
        api.put("sys/audit/file", &json!({ "type": "file", "options": options }));
    }
    OpenBao::set_up(Backing::Container(container), scratch, port, root_token, pg)
}
