// SPDX-License-Identifier: MPL-2.0
//! What an operator has done before the provider comes: engines, auth methods, policies.

use std::path::Path;

use serde_json::json;

use super::{Api, DATABASE_MOUNT, JWT_MOUNT, KUBERNETES_MOUNT, KV_MOUNT};
use crate::servers::issuer::{Issuer, TokenReview};
use crate::servers::postgres::Login;

/// KV v2 and the database engine with its connection.
pub(super) fn engines(api: &Api, login: &Login) {
    api.put(
        &format!("sys/mounts/{KV_MOUNT}"),
        &json!({ "type": "kv", "options": { "version": "2" } }),
    );
    api.put(&format!("sys/mounts/{DATABASE_MOUNT}"), &json!({ "type": "database" }));
    api.put(
        &format!("{DATABASE_MOUNT}/config/postgres"),
        &json!({
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": ["*"],
            "connection_url":
                format!("postgresql://{{{{username}}}}:{{{{password}}}}@{}:{}/postgres?sslmode=disable", login.host, login.port),
            "username": login.user,
            "password": login.password,
            // Without it the engine sends passwords in the clear, and the server logs them.
            "password_authentication": "scram-sha-256",
        }),
    );
    // A mount is upgraded to version 2 in the background; until then it refuses.
    let ready = || api.send("GET", &format!("{KV_MOUNT}/config"), None).is_success();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !ready() {
        assert!(std::time::Instant::now() < deadline, "{KV_MOUNT} did not become a KV v2 mount");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Kubernetes and JWT auth, both trusting `issuer`.
pub(super) fn auth(api: &Api, issuer: &Issuer, token_review: &TokenReview) {
    api.put(&format!("sys/auth/{KUBERNETES_MOUNT}"), &json!({ "type": "kubernetes" }));
    api.put(
        &format!("auth/{KUBERNETES_MOUNT}/config"),
        &json!({
            "kubernetes_host": token_review.address(),
            "pem_keys": [issuer.public_key_pem()],
            // Asked for, and without a use where the API server speaks plain HTTP.
            "kubernetes_ca_cert": token_review.ca_pem(),
            "disable_local_ca_jwt": true,
        }),
    );
    api.put(&format!("sys/auth/{JWT_MOUNT}"), &json!({ "type": "jwt" }));
    api.put(
        &format!("auth/{JWT_MOUNT}/config"),
        &json!({ "jwt_validation_pubkeys": [issuer.public_key_pem()] }),
    );
}

/// A token with the policy of `docs/policies/vault-{name}.hcl` and no other right.
pub(super) fn token(api: &Api, name: &str) -> String {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/policies/vault-{name}.hcl"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
    let policy = format!("appenv-{name}");
    api.put(&format!("sys/policies/acl/{policy}"), &json!({ "policy": text }));
    let body = api.put(
        "auth/token/create",
        &json!({ "policies": [policy], "no_parent": true, "period": "1h", "display_name": policy }),
    );
    body["auth"]["client_token"].as_str().expect("a created token is in the answer").to_owned()
}
