// SPDX-License-Identifier: MPL-2.0
//! What is in OpenBao, as lines.

use serde_json::Value;

use super::digest;
use crate::servers::openbao::{Api, DATABASE_MOUNT, JWT_MOUNT, KUBERNETES_MOUNT, KV_MOUNT};

/// Every object of the server.
pub(super) fn lines(api: &Api) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (what, path) in [("mount", "sys/mounts"), ("auth", "sys/auth")] {
        let mounts = api.get(path).map(|body| body["data"].clone()).unwrap_or_default();
        for (name, mount) in mounts.as_object().into_iter().flatten() {
            let told = format!("{} {} {}", mount["type"], mount["options"], mount["config"]);
            lines.push((format!("bao {what} {name}"), told));
        }
    }
    for name in api.list("sys/policies/acl") {
        let told = field(api, &format!("sys/policies/acl/{name}"), "policy");
        lines.push((format!("bao policy {name}"), told));
    }
    for (what, dir) in [
        ("database role", format!("{DATABASE_MOUNT}/roles")),
        ("database connection", format!("{DATABASE_MOUNT}/config")),
        ("kubernetes role", format!("auth/{KUBERNETES_MOUNT}/role")),
        ("jwt role", format!("auth/{JWT_MOUNT}/role")),
    ] {
        for name in api.list(&dir) {
            let body = api.get(&format!("{dir}/{name}")).unwrap_or_default();
            lines.push((format!("bao {what} {name}"), body["data"].to_string()));
        }
    }
    walk(api, "", &mut lines);
    lines
}

/// The KV tree: of a value only the digest.
fn walk(api: &Api, dir: &str, lines: &mut Vec<(String, String)>) {
    for key in api.list(&format!("{KV_MOUNT}/metadata/{dir}")) {
        let path = format!("{dir}{key}");
        if key.ends_with('/') {
            walk(api, &path, lines);
            continue;
        }
        let metadata = api.get(&format!("{KV_MOUNT}/metadata/{path}")).unwrap_or_default();
        let metadata = &metadata["data"];
        // A deleted version answers 404 with a body; it counts as no data.
        let data = api.get(&format!("{KV_MOUNT}/data/{path}")).unwrap_or_default();
        let data = match &data["data"]["data"] {
            Value::Null => "none".to_owned(),
            data => digest(data.to_string().as_bytes()),
        };
        let told = format!(
            "version {} custom {} data {data}",
            metadata["current_version"], metadata["custom_metadata"]
        );
        lines.push((format!("bao kv {path}"), told));
    }
}

fn field(api: &Api, path: &str, name: &str) -> String {
    let body = api.get(path).unwrap_or_default();
    body["data"][name].as_str().unwrap_or_default().to_owned()
}
