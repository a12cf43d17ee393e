// SPDX-License-Identifier: MPL-2.0
//! The file in which the CLI keeps the backend it initialised.
//!
//! Terraform and OpenTofu, old and new, write the same `backend` object into files of version 3; older ones add
//! `serial`, `lineage` and `modules`. `config` holds the backend block merged with `-backend-config`; what the backend
//! takes from the environment is null in it.

use serde_json::Value;

use crate::gate::state::Unreadable;
use crate::world::World;

/// A longer file is none that a CLI writes: a backend block has some dozens of arguments.
const MOST_BYTES: u64 = 1 << 20;

/// A backend, and the workspace that is chosen.
pub struct Cached {
    /// The backend's type.
    pub kind: String,
    /// Whether `TF_WORKSPACE` chose the workspace.
    pub is_workspace_fixed: bool,
    config: Value,
    workspace: Option<String>,
}

// === impl Cached ===

impl Cached {
    /// Reads it from the data directory.
    pub fn read(world: &World) -> Result<Self, Unreadable> {
        let data = world.env("TF_DATA_DIR").unwrap_or_else(|| ".terraform".to_owned());
        let path = format!("{data}/terraform.tfstate");
        let text =
            world.read_small_file(&path, MOST_BYTES).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Unreadable::NoBackend(path.clone()),
                _ => Unreadable::NoBackendFile(path.clone()),
            })?;
        let fixed = world.env("TF_WORKSPACE");
        let is_fixed = fixed.is_some();
        let workspace = fixed.or_else(|| {
            let text = world.read_small_file(format!("{data}/environment"), MOST_BYTES).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        });
        Ok(Self::parse(&path, &text)?.in_workspace(workspace, is_fixed))
    }

    /// Reads the text of the file of that path.
    pub fn parse(path: &str, text: &str) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable::NoBackendFile(path.to_owned());
        let file: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
        if file["version"].as_u64() != Some(3) {
            return Err(unreadable());
        }
        let backend = &file["backend"];
        if backend.is_null() {
            return Err(if file["state_store"].is_null() {
                Unreadable::NoBackend(path.to_owned())
            } else {
                Unreadable::StateStore
            });
        }
        let kind = backend["type"].as_str().ok_or_else(unreadable)?;
        let config = backend.get("config").ok_or_else(unreadable)?;
        Ok(Self {
            kind: kind.to_owned(),
            config: config.clone(),
            workspace: None,
            is_workspace_fixed: false,
        })
    }

    /// In that workspace.
    #[must_use]
    pub fn in_workspace(mut self, workspace: Option<String>, is_fixed: bool) -> Self {
        self.workspace = workspace;
        self.is_workspace_fixed = is_fixed;
        self
    }

    /// The workspace's name.
    pub fn workspace(&self) -> &str {
        self.workspace.as_deref().unwrap_or("default")
    }

    /// The text of an argument; `None` where it is absent, null, empty or no text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.config.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether the backend of that CLI has an argument: all of them are in the file.
    pub fn has(&self, key: &str) -> bool {
        self.config.get(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const BACKEND: &str = r#"{"type":"s3","config":{"bucket":"b","key":"erp/main"},"hash":1}"#;

    #[test]
    fn every_shape_that_a_cli_writes_is_read() {
        for (told, text) in [
            (
                "1.11",
                format!(r#"{{"version":3,"terraform_version":"1.11.4","backend":{BACKEND}}}"#),
            ),
            ("OpenTofu 1.12", format!(r#"{{"version":3,"backend":{BACKEND}}}"#)),
            (
                "legacy",
                format!(
                    r#"{{"version":3,"terraform_version":"1.8.5","serial":1,"lineage":"0e0a",
                    "backend":{BACKEND},"modules":[{{"path":["root"],"outputs":{{}},"resources":{{}},"depends_on":[]}}]}}"#
                ),
            ),
        ] {
            let cached =
                Cached::parse("f", &text).unwrap_or_else(|error| panic!("{told}: {error}"));
            assert_eq!((cached.kind.as_str(), cached.text("key")), ("s3", Some("erp/main")));
            assert_eq!(cached.workspace(), "default");
        }
    }

    #[test]
    fn what_is_not_a_backend_file_tells_nothing() {
        let unreadable = Unreadable::NoBackendFile("f".to_owned());
        let deep = "[".repeat(100_000);
        let truncated = &format!(r#"{{"version":3,"backend":{BACKEND}}}"#)[..40];
        for text in [
            "",
            "[",
            "null",
            "{}",
            "7",
            "\u{0}",
            &deep,
            truncated,
            r#"{"version":4}"#,
            r#"{"version":"3","backend":{"type":"s3","config":{}}}"#,
            r#"{"version":3,"backend":7}"#,
            r#"{"version":3,"backend":{"type":7,"config":{}}}"#,
            r#"{"version":3,"backend":{"type":"s3"}}"#,
            // What OpenTofu makes of a state that it encrypts.
            r#"{"serial":1,"lineage":"0e0a","meta":{},"encrypted_data":"aGk=","encryption_version":"v0"}"#,
        ] {
            let found = Cached::parse("f", text).err();
            assert_eq!(found.as_ref(), Some(&unreadable), "{text:.80}");
        }
        for (text, why) in [
            (r#"{"version":3}"#, Unreadable::NoBackend("f".to_owned())),
            (r#"{"version":3,"backend":null}"#, Unreadable::NoBackend("f".to_owned())),
            (r#"{"version":3,"state_store":{"type":"x"}}"#, Unreadable::StateStore),
            // Terraform 1.13 and later.
            (
                r#"{"version":3,"terraform_version":"1.15.0","backend":null,"state_store":{"type":"aws_s3",
                "provider":{"version":"1.0.0","source":"registry.terraform.io/a/aws","config":null,"hash":1},
                "config":{"key":"erp/main"},"hash":7}}"#,
                Unreadable::StateStore,
            ),
        ] {
            assert_eq!(Cached::parse("f", text).err(), Some(why), "{text}");
        }
        // An argument of another type than a text is as good as absent.
        let text = r#"{"version":3,"backend":{"type":"s3","config":[{"key":"a"}]}}"#;
        assert_eq!(Cached::parse("f", text).unwrap().text("key"), None);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "tests are the world")]
    fn the_workspace_is_the_one_that_the_cli_takes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |data: &str, name: &str, text: &str| {
            std::fs::create_dir_all(dir.path().join(data)).unwrap();
            std::fs::write(dir.path().join(data).join(name), text).unwrap();
        };
        let other = r#"{"version":3,"backend":{"type":"s3","config":{"key":"other"},"hash":1}}"#;
        write("other", "terraform.tfstate", other);
        write("other", "environment", "eu");
        let of = |env: &'static [(&'static str, &'static str)]| {
            let known = move |name: &str| {
                let found = env.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let cached = Cached::read(&World::with(known, dir.path())).unwrap();
            let key = cached.text("key").unwrap_or_default().to_owned();
            (key, cached.workspace().to_owned(), cached.is_workspace_fixed)
        };
        let found =
            |key: &str, workspace: &str, is_fixed| (key.to_owned(), workspace.to_owned(), is_fixed);
        write(
            ".terraform",
            "terraform.tfstate",
            &format!(r#"{{"version":3,"backend":{BACKEND}}}"#),
        );
        assert_eq!(of(&[]), found("erp/main", "default", false));
        for (text, workspace) in
            [("sandbox", "sandbox"), (" sandbox\n", "sandbox"), ("\n", "default")]
        {
            write(".terraform", "environment", text);
            assert_eq!(of(&[]), found("erp/main", workspace, false), "{text:?}");
        }
        write(".terraform", "environment", "sandbox");
        assert_eq!(of(&[("TF_WORKSPACE", "dev")]), found("erp/main", "dev", true));
        assert_eq!(of(&[("TF_WORKSPACE", "")]), found("erp/main", "sandbox", false));
        // Relative to the working directory, which is the one after `-chdir`.
        assert_eq!(of(&[("TF_DATA_DIR", "other")]), found("other", "eu", false));
        assert_eq!(of(&[("TF_DATA_DIR", "")]), found("erp/main", "sandbox", false));
    }

    #[test]
    fn a_file_that_no_cli_writes_is_not_read_into_memory() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join(".terraform");
        let world = || World::with(|_| None, dir.path());
        let of = || Cached::read(&world()).err();
        let path = || ".terraform/terraform.tfstate".to_owned();
        assert_eq!(of(), Some(Unreadable::NoBackend(path())));
        #[allow(clippy::disallowed_methods, reason = "tests are the world")]
        let write = |text: &str| {
            std::fs::create_dir_all(&data).unwrap();
            std::fs::write(data.join("terraform.tfstate"), text).unwrap();
        };
        write(&format!(r#"{{"version":3,"backend":{BACKEND}}}"#));
        assert_eq!(of(), None);
        write(&format!(r#"{{"version":3,"backend":{BACKEND}}}{}"#, " ".repeat(2 << 20)));
        assert_eq!(of(), Some(Unreadable::NoBackendFile(path())));
        #[allow(clippy::disallowed_methods, reason = "tests are the world")]
        let remade = |bytes: &[u8]| std::fs::write(data.join("terraform.tfstate"), bytes).unwrap();
        remade(b"\xff\xfe{}");
        assert_eq!(of(), Some(Unreadable::NoBackendFile(path())));
    }
}
