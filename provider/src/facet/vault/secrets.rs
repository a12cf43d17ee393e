//! The document of an instance's secrets: moved to another path with its versions, never shown.
//!
//! The copy carries a mark in its custom metadata, by which a run that goes on tells it from a document of another
//! hand; what is copied already is counted by versions, each written by check-and-set. The old path is removed only
//! when the newest version stands at the new one. KV v2 API, "Read Secret Metadata", "Create/Update Metadata".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::Vault;
use super::document::Moving;
use super::registry::shown;
use super::wire::error::CallError;
use super::wire::request::Request;
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::vault::VaultWish;

/// The key of the mark: the path that a copy is of.
const COPY_OF: &str = "appenv_copy_of";

/// How often a write without a good answer is made again.
const TRIES: u32 = 3;

/// What KV tells of a document without its values.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Metadata {
    #[serde(default)]
    current_version: u64,
    #[serde(default, rename = "custom_metadata")]
    custom: Option<Map<String, Value>>,
    #[serde(default)]
    versions: BTreeMap<String, Version>,
    #[serde(default)]
    max_versions: u64,
    #[serde(default)]
    cas_required: bool,
    #[serde(default)]
    delete_version_after: Value,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Version {
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

// === impl Metadata ===

impl Metadata {
    /// The versions that can be read, oldest first.
    fn readable(&self) -> Vec<u64> {
        let readable = self.versions.iter().filter(|(_, version)| version.is_readable());
        let mut numbers: Vec<u64> =
            readable.filter_map(|(number, _)| number.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A version that could be brought back, but not copied.
    fn deleted(&self) -> Option<&str> {
        let deleted = |version: &Version| !version.destroyed && !version.is_readable();
        self.versions
            .iter()
            .find(|(_, version)| deleted(version))
            .map(|(number, _)| number.as_str())
    }

    fn is_copy_of(&self, path: &str) -> bool {
        self.custom.as_ref().is_some_and(|custom| custom.get(COPY_OF) == Some(&json!(path)))
    }

    /// The same settings for another path; `mark` makes it a copy.
    fn settings(&self, mark: Option<&str>) -> Value {
        let mut custom = self.custom.clone().unwrap_or_default();
        custom.remove(COPY_OF);
        if let Some(path) = mark {
            custom.insert(COPY_OF.to_owned(), json!(path));
        }
        json!({
            "custom_metadata": custom,
            "max_versions": self.max_versions,
            "cas_required": self.cas_required,
            "delete_version_after": self.delete_version_after,
        })
    }
}

// === impl Version ===

impl Version {
    fn is_readable(&self) -> bool {
        self.deletion_time.is_empty() && !self.destroyed
    }
}

// === impl Vault ===

impl Vault {
    /// What stands in the way of secrets: a document of another hand where they go, or a version that a copy would
    /// lose. Reads only, and no value.
    pub(super) async fn blocked(
        &self,
        mount: &str,
        way: &Moving,
    ) -> Result<Option<String>, FacetError> {
        let Some(old) = self.metadata(mount, &way.from).await? else {
            return Ok(None);
        };
        if let Some(there) = self.metadata(mount, &way.to).await?
            && !there.is_copy_of(&way.from)
        {
            return Ok(Some(format!(
                "document \"{}\" at \"{mount}\" (secrets of another hand)",
                way.to
            )));
        }
        Ok(old.deleted().map(|number| {
            format!(
                "version {number} of document \"{}\" at \"{mount}\", which is deleted and cannot be copied (bao kv \
                 undelete, or bao kv destroy, of it)",
                way.from
            )
        }))
    }

    /// Copies what is not copied yet; nothing where there is nothing. Whoever asks has noted the way.
    pub(super) async fn copy_secrets(
        &self,
        spec: &Spec,
        mount: &str,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let Some(old) = self.metadata(mount, &way.from).await? else { return Ok(()) };
        if let Some(what) = self.blocked(mount, way).await? {
            return Err(self.in_the_way(spec, &what));
        }
        let doing = format!("copy the secrets to {}", way.to);
        let there = self.metadata(mount, &way.to).await?;
        if there.is_none() {
            self.not_stopped(stop)?;
            self.set_metadata(mount, &way.to, &old.settings(Some(&way.from)))
                .await
                .map_err(|error| error.doing(&doing))?;
        }
        let copied = there.map_or(0, |there| there.current_version);
        let versions = old.readable();
        let done = usize::try_from(copied).unwrap_or(usize::MAX);
        for (index, number) in versions.iter().enumerate().skip(done) {
            self.not_stopped(stop)?;
            let cas = u64::try_from(index).unwrap_or(u64::MAX);
            self.copy_version(mount, way, *number, cas)
                .await
                .map_err(|error| error.doing(&doing))?;
        }
        Ok(())
    }

    /// Removes the old path once the newest version stands at the new one, and the mark with it.
    pub(super) async fn leave_secrets(
        &self,
        spec: &Spec,
        mount: &str,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let doing = format!("remove the secrets' old path {}", way.from);
        if let Some(old) = self.metadata(mount, &way.from).await? {
            // What was written to the old path meanwhile is not lost.
            self.copy_secrets(spec, mount, way, stop).await?;
            let newest = self.version(mount, &way.from, old.current_version).await;
            let newest = newest.map_err(|error| error.doing(&doing))?;
            let copy = self.newest(mount, &way.to).await.map_err(|error| error.doing(&doing))?;
            if newest.is_none() || newest != copy {
                return Err(self.in_the_way(
                    spec,
                    "the newest version, which reads otherwise at the new path",
                ));
            }
            self.not_stopped(stop)?;
            self.wire
                .call(Request::delete(format!("{mount}/metadata/{}", way.from)))
                .await
                .map_err(|error| error.doing(&doing))?;
        }
        if let Some(there) = self.metadata(mount, &way.to).await?
            && there.is_copy_of(&way.from)
        {
            self.not_stopped(stop)?;
            self.set_metadata(mount, &way.to, &there.settings(None))
                .await
                .map_err(|error| error.doing(&doing))?;
        }
        Ok(())
    }

    /// Removes a copy that is no longer wanted, where the old path still has everything.
    pub(super) async fn drop_copy(
        &self,
        mount: &str,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let is_copy = self.metadata(mount, &way.to).await?.is_some_and(|m| m.is_copy_of(&way.from));
        if is_copy && self.metadata(mount, &way.from).await?.is_some() {
            self.not_stopped(stop)?;
            self.wire
                .call(Request::delete(format!("{mount}/metadata/{}", way.to)))
                .await
                .map_err(|error| error.doing("remove a copy of the secrets"))?;
        }
        Ok(())
    }

    /// The mount and path of a wish's secrets against what is noted.
    pub(super) async fn way_of(
        &self,
        spec: &Spec,
        wish: &VaultWish,
    ) -> Result<Option<Moving>, FacetError> {
        let (document, _) = self.read_app(&wish.kv_mount, spec.coordinate.app()).await?;
        Ok(document.way(spec.coordinate.env(), &wish.kv_path))
    }

    async fn metadata(&self, mount: &str, path: &str) -> Result<Option<Metadata>, FacetError> {
        let doing = format!("look at the secrets at {path}");
        let request = Request::read(format!("{mount}/metadata/{path}"));
        let reply = self.wire.call(request).await.map_err(|error| error.doing(&doing))?;
        if reply.is_missing() {
            return Ok(None);
        }
        serde_json::from_value(reply.data().clone()).map(Some).map_err(|error| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {mount}/metadata/{path} on {}", self.wire.server()),
            // Of metadata, which holds no value.
            cause: error.to_string(),
            next: "Check that the mount is a KV engine of version 2.".to_owned(),
            attribute: None,
        })
    }

    async fn version(
        &self,
        mount: &str,
        path: &str,
        number: u64,
    ) -> Result<Option<Value>, CallError> {
        let request = Request::read(format!("{mount}/data/{path}")).of_version(number);
        let reply = self.wire.call(request).await?;
        Ok(Some(&reply.data()["data"]).filter(|value| value.is_object()).cloned())
    }

    async fn newest(&self, mount: &str, path: &str) -> Result<Option<Value>, CallError> {
        let reply = self.wire.call(Request::read(format!("{mount}/data/{path}"))).await?;
        Ok(Some(&reply.data()["data"]).filter(|value| value.is_object()).cloned())
    }

    /// Writes one version behind `cas` others. A write without a good answer landed where there is one more.
    async fn copy_version(
        &self,
        mount: &str,
        way: &Moving,
        number: u64,
        cas: u64,
    ) -> Result<(), CallError> {
        let Some(data) = self.version(mount, &way.from, number).await? else { return Ok(()) };
        let path = format!("{mount}/data/{}", way.to);
        let body = json!({ "data": data, "options": { "cas": cas } });
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.wire.call(Request::write(&path, &body)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_refused() || error.may_have_landed() => error,
                Err(error) => return Err(error),
            };
            let request = Request::read(format!("{mount}/metadata/{}", way.to));
            let reply = self.wire.call(request).await?;
            if reply.data()["current_version"].as_u64() == Some(cas + 1) {
                return Ok(());
            }
            if attempt >= TRIES {
                return Err(error);
            }
            tokio::time::sleep(self.wire.pause(attempt)).await;
        }
    }

    /// Settings are written whole, so that writing them again changes nothing.
    async fn set_metadata(
        &self,
        mount: &str,
        path: &str,
        settings: &Value,
    ) -> Result<(), CallError> {
        let path = format!("{mount}/metadata/{path}");
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.wire.call(Request::write(&path, settings)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.may_have_landed() && attempt < TRIES => {
                    tokio::time::sleep(self.wire.pause(attempt)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn in_the_way(&self, spec: &Spec, what: &str) -> FacetError {
        FacetError {
            fault: Fault::Occupied,
            summary: format!("Could not move the secrets of {}", shown(spec)),
            attempted: format!("a look at both paths on {}", self.wire.server()),
            cause: format!("in the way is {what}"),
            next: "The old path has them all. Settle it, then apply again.".to_owned(),
            attribute: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        serde_json::from_value(json!({
            "current_version": 11,
            "custom_metadata": { "team": "shop", COPY_OF: "a/config" },
            "max_versions": 0,
            "cas_required": true,
            "delete_version_after": "0s",
            "versions": {
                "9": { "deletion_time": "", "destroyed": false },
                "10": { "deletion_time": "", "destroyed": true },
                "11": { "deletion_time": "", "destroyed": false },
            },
        }))
        .unwrap()
    }

    #[test]
    fn versions_are_copied_in_their_order() {
        assert_eq!(metadata().readable(), [9, 11]);
        assert_eq!(metadata().deleted(), None);
        let mut deleted = metadata();
        deleted.versions.get_mut("9").unwrap().deletion_time = "2026-01-01T00:00:00Z".to_owned();
        assert_eq!((deleted.readable(), deleted.deleted()), (vec![11], Some("9")));
    }

    #[test]
    fn a_copy_is_marked_and_keeps_the_settings() {
        let metadata = metadata();
        assert!(metadata.is_copy_of("a/config") && !metadata.is_copy_of("b/config"));
        let settings = metadata.settings(Some("b/config"));
        assert_eq!(settings["custom_metadata"], json!({ "team": "shop", COPY_OF: "b/config" }));
        assert_eq!(settings["cas_required"], true);
        assert_eq!(metadata.settings(None)["custom_metadata"], json!({ "team": "shop" }));
    }
}
