// SPDX-License-Identifier: MPL-2.0
//! Where the state that is being planned lives, as far as the working directory tells.
//!
//! The CLI caches the backend it initialised in `${TF_DATA_DIR:-.terraform}/terraform.tfstate`. Without that file
//! (no backend block, or a saved plan applied elsewhere) nothing can be said.
//!
//! # Layout
//!
//! - `cached`: that file, in every shape that a CLI writes.
//! - [`read`]: the address in one line, which the registry records: a released form never changes.
//! - [`locate`]: the same address in parts, for the state gate.

mod cached;
mod located;

use cached::Cached;
pub use located::locate;

use crate::world::World;

/// The address, such as `s3://bucket/erp/main`; `None` where it cannot be told.
pub fn read(world: &World) -> Option<String> {
    let cached = Cached::read(world).ok()?;
    recorded(&cached, world)
}

/// The address that a cached backend gives. An argument that the backend takes from the environment is not in it.
fn recorded(cached: &Cached, world: &World) -> Option<String> {
    let (kind, workspace) = (cached.kind.as_str(), cached.workspace());
    let text = |key: &str| cached.text(key);
    let or = |key: &str, default: &str| text(key).unwrap_or(default).to_owned();
    let or_env = |key: &str, name: &str, default: &str| {
        text(key).map(str::to_owned).or_else(|| world.env(name)).unwrap_or(default.to_owned())
    };
    let cwd = &world.cwd().to_string_lossy();
    let default = workspace == "default";
    Some(match kind {
        "local" if default => {
            format!("local:{}", absolute(&or("path", "terraform.tfstate"), cwd))
        }
        "local" => format!(
            "local:{}/{workspace}/terraform.tfstate",
            absolute(&or("workspace_dir", "terraform.tfstate.d"), cwd)
        ),
        "s3" | "oci" if default => format!("{kind}://{}/{}", text("bucket")?, text("key")?),
        "s3" | "oci" => format!(
            "{kind}://{}/{}/{workspace}/{}",
            text("bucket")?,
            or("workspace_key_prefix", "env:"),
            text("key")?
        ),
        "gcs" => format!(
            "gs://{}/{}/{workspace}.tfstate",
            text("bucket")?,
            or("prefix", "").trim_end_matches('/')
        ),
        "azurerm" => {
            let suffix = if default { String::new() } else { format!("env:{workspace}") };
            format!(
                "azurerm://{}/{}/{}{suffix}",
                text("storage_account_name")?,
                text("container_name")?,
                text("key")?
            )
        }
        "consul" => {
            let suffix = if default { String::new() } else { format!("-env:{workspace}") };
            format!("consul://{}/{}{suffix}", or("address", ""), text("path")?)
        }
        // The connection string holds a password, so the schema and the row alone must do.
        "pg" => format!(
            "pg:{}/{workspace}",
            or_env("schema_name", "PG_SCHEMA_NAME", "terraform_remote_state")
        ),
        "kubernetes" => format!(
            "kubernetes:{}/tfstate-{workspace}-{}",
            or_env("namespace", "KUBE_NAMESPACE", "default"),
            text("secret_suffix")?
        ),
        "http" => format!("http:{}", without_userinfo(text("address")?)),
        _ => return None,
    })
}

fn absolute(path: &str, cwd: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{cwd}/{path}") }
}

/// An address may carry a password before its `@`, or a token behind its `?`.
fn without_userinfo(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, config: &str, workspace: &str) -> Option<String> {
        of_in(kind, config, workspace, &World::with(|_| None, "/repo"))
    }

    fn of_in(kind: &str, config: &str, workspace: &str, world: &World) -> Option<String> {
        let text =
            format!(r#"{{"version":3,"backend":{{"type":"{kind}","config":{config},"hash":1}}}}"#);
        let cached = Cached::parse("f", &text).ok()?;
        recorded(&cached.in_workspace(Some(workspace.to_owned()), false), world)
    }

    #[test]
    fn addresses() {
        for (kind, config, workspace, wanted) in [
            ("local", r#"{"path":null}"#, "default", Some("local:/repo/terraform.tfstate")),
            ("local", r#"{"path":"/s/erp"}"#, "default", Some("local:/s/erp")),
            (
                "local",
                "{}",
                "sandbox",
                Some("local:/repo/terraform.tfstate.d/sandbox/terraform.tfstate"),
            ),
            ("s3", r#"{"bucket":"b","key":"erp/main"}"#, "default", Some("s3://b/erp/main")),
            ("s3", r#"{"bucket":"b","key":"erp"}"#, "sandbox", Some("s3://b/env:/sandbox/erp")),
            ("s3", r#"{"bucket":"b","key":null}"#, "default", None),
            (
                "gcs",
                r#"{"bucket":"b","prefix":"erp/main"}"#,
                "default",
                Some("gs://b/erp/main/default.tfstate"),
            ),
            (
                "pg",
                r#"{"conn_str":"postgres://u:p@h/d","schema_name":"erp_main"}"#,
                "default",
                Some("pg:erp_main/default"),
            ),
            (
                "http",
                r#"{"address":"https://u:p@h/state/erp?token=t"}"#,
                "default",
                Some("http:https://h/state/erp"),
            ),
            // An HTTP backend has no workspaces.
            ("http", r#"{"address":"https://h/erp"}"#, "dev", Some("http:https://h/erp")),
            ("oci", r#"{"bucket":"b","key":"erp/main"}"#, "default", Some("oci://b/erp/main")),
            ("oci", r#"{"bucket":"b","key":"erp"}"#, "dev", Some("oci://b/env:/dev/erp")),
            (
                "s3",
                r#"{"bucket":"b","key":"k","workspace_key_prefix":"erp"}"#,
                "dev",
                Some("s3://b/erp/dev/k"),
            ),
            ("gcs", r#"{"bucket":"b","prefix":"erp"}"#, "dev", Some("gs://b/erp/dev.tfstate")),
            (
                "azurerm",
                r#"{"storage_account_name":"a","container_name":"c","key":"erp"}"#,
                "default",
                Some("azurerm://a/c/erp"),
            ),
            (
                "azurerm",
                r#"{"storage_account_name":"a","container_name":"c","key":"erp"}"#,
                "dev",
                Some("azurerm://a/c/erpenv:dev"),
            ),
            ("consul", r#"{"path":"erp"}"#, "default", Some("consul:///erp")),
            ("consul", r#"{"address":"h","path":"erp"}"#, "dev", Some("consul://h/erp-env:dev")),
            // OpenTofu's other table is not in the released form.
            ("pg", r#"{"schema_name":"tf","table_name":"erp"}"#, "dev", Some("pg:tf/dev")),
            ("cloud", "{}", "default", None),
            ("remote", "{}", "default", None),
        ] {
            assert_eq!(of(kind, config, workspace).as_deref(), wanted, "{kind} {config}");
        }
    }

    #[test]
    fn what_the_backend_takes_from_the_environment() {
        for (kind, config, variable, wanted) in [
            ("pg", "{}", None, "pg:terraform_remote_state/dev"),
            ("pg", "{}", Some(("PG_SCHEMA_NAME", "")), "pg:terraform_remote_state/dev"),
            ("pg", "{}", Some(("PG_SCHEMA_NAME", "erp_main")), "pg:erp_main/dev"),
            (
                "pg",
                r#"{"schema_name":null}"#,
                Some(("PG_SCHEMA_NAME", "erp_main")),
                "pg:erp_main/dev",
            ),
            ("pg", r#"{"schema_name":"own"}"#, Some(("PG_SCHEMA_NAME", "erp_main")), "pg:own/dev"),
            ("pg", "{}", Some(("KUBE_NAMESPACE", "ops")), "pg:terraform_remote_state/dev"),
            (
                "kubernetes",
                r#"{"secret_suffix":"erp"}"#,
                None,
                "kubernetes:default/tfstate-dev-erp",
            ),
            (
                "kubernetes",
                r#"{"secret_suffix":"erp","namespace":null}"#,
                Some(("KUBE_NAMESPACE", "ops")),
                "kubernetes:ops/tfstate-dev-erp",
            ),
            (
                "kubernetes",
                r#"{"secret_suffix":"erp","namespace":"own"}"#,
                Some(("KUBE_NAMESPACE", "ops")),
                "kubernetes:own/tfstate-dev-erp",
            ),
        ] {
            let env = move |name: &str| {
                variable.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
            };
            let world = World::with(env, "/repo");
            let found = of_in(kind, config, "dev", &world);
            assert_eq!(found.as_deref(), Some(wanted), "{kind} {config} {variable:?}");
        }
    }
}
