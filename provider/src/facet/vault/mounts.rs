// SPDX-License-Identifier: MPL-2.0
//! Whether the engines and auth methods are mounted where the configuration says.
//!
//! `sys/internal/ui/mounts` shows a token the mounts its policies reach, without a policy of its own.

use serde_json::Value;

use super::Vault;
use super::wire::error::CallError;
use super::wire::request::Request;
use crate::facet::{FacetError, Fault};

/// What must be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mount<'a> {
    /// A KV engine, version 2.
    Kv(&'a str),
    /// The database engine.
    Database(&'a str),
    /// The Kubernetes auth method.
    Kubernetes(&'a str),
    /// The JWT auth method.
    Jwt(&'a str),
}

/// What is wrong with a mount.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    Missing { seen: Vec<String> },
    OtherType(String),
    KvVersion1,
}

// === impl Mount ===

impl Mount<'_> {
    fn path(self) -> String {
        match self {
            Self::Kv(path) | Self::Database(path) => path.trim_matches('/').to_owned(),
            Self::Kubernetes(path) | Self::Jwt(path) => {
                format!("auth/{}", path.trim_matches('/'))
            }
        }
    }

    fn engine(self) -> &'static str {
        match self {
            Self::Kv(_) => "kv",
            Self::Database(_) => "database",
            Self::Kubernetes(_) => "kubernetes",
            Self::Jwt(_) => "jwt",
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Kv(_) => "provider.vault.kv_mount",
            Self::Database(_) => "provider.vault.database_mount",
            Self::Kubernetes(_) => "provider.vault.kubernetes.mount",
            Self::Jwt(_) => "provider.vault.ci.mount",
        }
    }

    /// The command that enables it.
    fn command(self) -> String {
        match self {
            Self::Kv(path) => format!("bao secrets enable -path={path} -version=2 kv"),
            Self::Database(path) => format!("bao secrets enable -path={path} database"),
            Self::Kubernetes(path) => format!("bao auth enable -path={path} kubernetes"),
            Self::Jwt(path) => format!("bao auth enable -path={path} jwt"),
        }
    }

    /// Judges the mounts a token sees.
    fn fit(self, visible: &Value) -> Fit {
        let (group, path) = match self {
            Self::Kv(path) | Self::Database(path) => ("secret", path),
            Self::Kubernetes(path) | Self::Jwt(path) => ("auth", path),
        };
        let key = format!("{}/", path.trim_matches('/'));
        let Some(mounts) = visible[group].as_object() else {
            return Fit::Missing { seen: Vec::new() };
        };
        let Some(mount) = mounts.get(&key) else {
            return Fit::Missing { seen: mounts.keys().cloned().collect() };
        };
        let found = mount["type"].as_str().unwrap_or_default();
        // The JWT method answers to both names.
        let fits = found == self.engine() || (matches!(self, Self::Jwt(_)) && found == "oidc");
        if !fits {
            return Fit::OtherType(found.to_owned());
        }
        if matches!(self, Self::Kv(_)) && mount["options"]["version"] != "2" {
            return Fit::KvVersion1;
        }
        Fit::Fits
    }
}

// === impl Vault ===

impl Vault {
    /// Fails, with the command that mends it, where a mount is not there or of another kind. A mount found right is
    /// not asked for again.
    pub(super) async fn ensure(&self, mounts: &[Mount<'_>]) -> Result<(), FacetError> {
        match self.misfit(mounts).await? {
            Some((mount, fault)) => Err(self.unfit(mount, &fault)),
            None => Ok(()),
        }
    }

    /// The first mount that is not as it should be.
    async fn misfit<'a>(
        &self,
        mounts: &[Mount<'a>],
    ) -> Result<Option<(Mount<'a>, Fit)>, FacetError> {
        let asked: Vec<Mount<'_>> =
            mounts.iter().copied().filter(|m| !self.known_mounts.contains(&m.path())).collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let visible = match self.visible_mounts().await {
            Ok(visible) => visible,
            // Where even that is closed, the writes themselves will tell.
            Err(error) if error.is_denied() => return Ok(None),
            Err(error) => return Err(error.doing("look up the mounts")),
        };
        for mount in asked {
            match mount.fit(&visible) {
                Fit::Fits => self.known_mounts.insert(mount.path()),
                fault => return Ok(Some((mount, fault))),
            }
        }
        Ok(None)
    }

    /// What a refused read means: that a mount is not there, where the token sees none; else the refusal itself.
    pub(super) async fn or_unmounted(
        &self,
        mounts: &[Mount<'_>],
        refused: FacetError,
    ) -> FacetError {
        let Ok(Some((mount, fault))) = self.misfit(mounts).await else { return refused };
        let unfit = self.unfit(mount, &fault);
        match fault {
            // The token sees no mount that its policies do not reach.
            Fit::Missing { .. } => FacetError {
                next: format!("{} If it is mounted already: {}", unfit.next, refused.next),
                ..unfit
            },
            _ => unfit,
        }
    }

    async fn visible_mounts(&self) -> Result<Value, CallError> {
        let reply = self.wire.call(Request::read("sys/internal/ui/mounts")).await?;
        Ok(reply.data().clone())
    }

    fn unfit(&self, mount: Mount<'_>, fault: &Fit) -> FacetError {
        let path = mount.path();
        let (cause, next) = match fault {
            Fit::Missing { seen } if seen.is_empty() => {
                ("nothing is mounted there".to_owned(), format!("Enable it: {}", mount.command()))
            }
            Fit::Missing { seen } => (
                "nothing that the token's policies reach is mounted there".to_owned(),
                format!(
                    "Enable it: {}. Mounts seen: {}",
                    mount.command(),
                    seen.join(", ").escape_debug()
                ),
            ),
            Fit::OtherType(found) => (
                format!("what is mounted there is of type {found:?}, not {:?}", mount.engine()),
                format!(
                    "Name another mount, or enable one: {}",
                    mount.command().replace(&path, &format!("{path}-{}", mount.engine()))
                ),
            ),
            Fit::KvVersion1 | Fit::Fits => (
                "what is mounted there is KV version 1, which has no check-and-set".to_owned(),
                format!(
                    "Name a KV version 2 mount, enable one (bao secrets enable -path=kvv2 -version=2 kv), or \
                     upgrade this one: bao kv enable-versioning {path}"
                ),
            ),
        };
        FacetError {
            fault: Fault::Missing,
            summary: format!("Could not use the mount \"{path}\""),
            attempted: format!("GET sys/internal/ui/mounts on {}", self.wire.server()),
            cause,
            next: format!("{next}. Nothing was written."),
            attribute: Some(mount.attribute()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mount_is_judged_by_type_and_version() {
        let visible = json!({
            "secret": {
                "kvv2/": {"type": "kv", "options": {"version": "2"}},
                "old/": {"type": "kv", "options": {"version": "1"}},
                "older/": {"type": "kv", "options": null},
                "team/kv/": {"type": "kv", "options": {"version": "2"}},
                "postgres/": {"type": "database", "options": null},
            },
            "auth": {"kubernetes/": {"type": "kubernetes"}, "ci/": {"type": "oidc"}},
        });
        for (mount, fit) in [
            (Mount::Kv("kvv2"), Fit::Fits),
            (Mount::Kv("team/kv/"), Fit::Fits),
            (Mount::Kv("old"), Fit::KvVersion1),
            (Mount::Kv("older"), Fit::KvVersion1),
            (Mount::Kv("postgres"), Fit::OtherType("database".to_owned())),
            (Mount::Database("postgres"), Fit::Fits),
            (Mount::Kubernetes("kubernetes"), Fit::Fits),
            (Mount::Jwt("ci"), Fit::Fits),
            (Mount::Jwt("kubernetes"), Fit::OtherType("kubernetes".to_owned())),
            (
                Mount::Jwt("gitea_jwt"),
                Fit::Missing { seen: vec!["ci/".to_owned(), "kubernetes/".to_owned()] },
            ),
        ] {
            assert_eq!(mount.fit(&visible), fit, "{mount:?}");
        }
        assert_eq!(Mount::Kv("kvv2").fit(&json!({})), Fit::Missing { seen: vec![] });
    }
}
