// SPDX-License-Identifier: MPL-2.0
//! The address in parts: what the backend of each type makes of its arguments and of the workspace.

use std::path::{Component, Path};

use percent_encoding::percent_decode_str;

use super::cached::Cached;
use super::{recorded, without_userinfo};
use crate::gate::state::{Address, Backend, Unreadable};
use crate::world::World;

/// Where the state is, or why that cannot be told.
pub fn locate(world: &World) -> Result<Address, Unreadable> {
    of(&Cached::read(world)?, world)
}

fn of(cached: &Cached, world: &World) -> Result<Address, Unreadable> {
    let backend = match (cached.kind.as_str(), Backend::parse(&cached.kind)) {
        (_, Some(backend)) => backend,
        ("cloud", _) => return Err(Unreadable::Remote("cloud")),
        ("remote", _) => return Err(Unreadable::Remote("remote")),
        (other, _) => return Err(Unreadable::Unknown(other.to_owned())),
    };
    let missing = |argument| Unreadable::Missing { backend, argument };
    let need = |argument| cached.text(argument).ok_or_else(|| missing(argument));
    let or = |key: &str, default: &'static str| cached.text(key).unwrap_or(default).to_owned();
    let or_env =
        |key: &str, name: &str| cached.text(key).map(str::to_owned).or_else(|| world.env(name));
    let new = |keys: &[&str]| Address::new(backend, told(backend, cached, world), keys);
    let address = match backend {
        Backend::Local => {
            let path = absolute(&or("path", "terraform.tfstate"), world);
            let workspaces = absolute(&or("workspace_dir", "terraform.tfstate.d"), world);
            new(&[&path]).with_workspaces_below(&workspaces, "")
        }
        Backend::S3 | Backend::Oci => {
            let key = need("key")?;
            new(&[key]).with_workspaces_below(&or("workspace_key_prefix", "env:"), key)
        }
        Backend::Oss | Backend::Cos => {
            let key = or("key", "terraform.tfstate");
            let prefix = or("prefix", if backend == Backend::Oss { "env:" } else { "" });
            new(&[&format!("{prefix}/{key}")]).with_workspaces_below(&prefix, &key)
        }
        // The file is called after the workspace.
        Backend::Gcs => new(&[&format!("{}/default.tfstate", or("prefix", ""))]),
        Backend::Azurerm => new(&[need("key")?]),
        Backend::Consul => new(&[need("path")?]),
        Backend::Pg => {
            let schema = or_env("schema_name", "PG_SCHEMA_NAME");
            let schema = schema.unwrap_or_else(|| "terraform_remote_state".to_owned());
            // OpenTofu's alone.
            let table = cached.has("table_name").then(|| or_env("table_name", "PG_TABLE_NAME"));
            match table.flatten() {
                Some(table) => new(&[&schema, &table, &format!("{schema}/{table}")]),
                None => new(&[&schema]),
            }
        }
        Backend::Kubernetes => {
            let suffix = need("secret_suffix")?;
            new(&[suffix]).with_workspaces_below("", suffix)
        }
        Backend::Http => {
            let address = or_env("address", "TF_HTTP_ADDRESS").ok_or_else(|| missing("address"))?;
            let keys = url_keys(&address).ok_or_else(|| missing("address"))?;
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            // It has no workspaces.
            return Ok(Address::new(backend, printable(&url(&address)), &keys));
        }
    };
    let workspace = Some(cached.workspace()).filter(|name| *name != "default");
    Ok(address.in_workspace(workspace.map(str::to_owned), cached.is_workspace_fixed))
}

/// An address as users are shown it: what the registry records, where it records that backend.
fn told(backend: Backend, cached: &Cached, world: &World) -> String {
    let text = |key: &str| cached.text(key).unwrap_or("?");
    let shown = match (backend, recorded(cached, world)) {
        // A Consul address may be a URL.
        (Backend::Consul, Some(shown)) => match shown.rsplit_once('@') {
            Some((_, rest)) => format!("consul://{rest}"),
            None => shown,
        },
        (_, Some(shown)) => shown,
        (Backend::Oss | Backend::Cos, None) => {
            let prefix = cached.text("prefix").unwrap_or(match backend {
                Backend::Oss => "env:",
                _ => "",
            });
            let key = cached.text("key").unwrap_or("terraform.tfstate");
            let workspace = Some(cached.workspace()).filter(|name| *name != "default");
            let parts = [Some(prefix), workspace, Some(key)].into_iter().flatten();
            let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
            format!("{}://{}/{}", backend.name(), text("bucket"), parts.join("/"))
        }
        (_, None) => {
            format!("{} {} of \"{}\"", backend.argument(), text(backend.argument()), backend.name())
        }
    };
    printable(&shown)
}

/// A path from the root, without `.` and `..`.
fn absolute(path: &str, world: &World) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in world.cwd().join(Path::new(path)).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts.join("/")
}

/// What of a URL may tell states apart: its path, and each value of its query. `None` where it is no URL.
fn url_keys(address: &str) -> Option<Vec<String>> {
    let (_, rest) = address.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let values = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some([path].into_iter().chain(values).map(decoded).collect())
}

/// A URL without what may be secret in it.
fn url(address: &str) -> String {
    without_userinfo(address.split('#').next().unwrap_or_default())
}

/// A text on one line.
fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests;
