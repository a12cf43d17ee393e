// SPDX-License-Identifier: MPL-2.0
//! The document of an instance's secrets: moved to another path with its versions, never shown.
//!
//! The copy carries a mark in its custom metadata, by which a run that goes on tells it from a document of another
//! hand; which versions it has is noted in the registry before they are written, each by check-and-set. The old path
//! is removed only when every version was compared. KV v2 API, "Read Secret Metadata", "Create/Update Metadata".

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::Vault;
use super::copying::{Metadata, Moving};
use super::document::AppDocument;
use super::registry::shown;
use super::wire::error::CallError;
use super::wire::request::Request;
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::vault::VaultWish;

/// How often a write without a good answer is made again, and how often others may write in between.
const TRIES: u32 = 3;

/// One version, read or not there.
type Secret = Option<Value>;

// === impl Vault ===

impl Vault {
    /// What stands in the way of secrets: a document of another hand where they go, or a version that a copy would
    /// lose. Reads only, and no value.
    pub(super) async fn blocked(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        document: &AppDocument,
        way: &Moving,
    ) -> Result<Option<String>, FacetError> {
        let (app, env, mount) = (spec.coordinate.app(), spec.coordinate.env(), &wish.kv_mount);
        if let Some(other) = document.at_path(env, &way.to) {
            return Ok(Some(format!("the path \"{}\", which is that of {app}/{other}", way.to)));
        }
        let Some(old) = self.metadata(mount, &way.from).await? else { return Ok(None) };
        let there = self.metadata(mount, &way.to).await?;
        Ok(Self::blocks(mount, way, &old, there.as_ref()))
    }

    fn blocks(
        mount: &str,
        way: &Moving,
        old: &Metadata,
        there: Option<&Metadata>,
    ) -> Option<String> {
        let has = there.map_or(0, Metadata::written);
        if !way.is_of(old) {
            // The copy was whole, or another one was begun.
            return (0 < has && has < way.versions.len()).then(|| {
                format!(
                    "document \"{}\" at \"{mount}\", which is not the one whose copy was begun. Remove the copy (bao kv \
                     metadata delete of \"{}\") to have this one copied",
                    way.from, way.to
                )
            });
        }
        if there.is_some_and(|there| !there.is_copy_of(&way.from)) {
            return Some(format!(
                "document \"{}\" at \"{mount}\" (secrets of another hand)",
                way.to
            ));
        }
        old.uncopyable(&way.from, mount)
    }

    /// Notes the way and copies what is not copied yet; the way as it was noted last.
    pub(super) async fn copy_secrets(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<Moving, FacetError> {
        let mount = &wish.kv_mount;
        let doing = format!("copy the secrets to {}", way.to);
        let Some(old) = self.metadata(mount, &way.from).await? else {
            return self.note_way(spec, wish, way.clone(), stop).await;
        };
        let there = self.metadata(mount, &way.to).await?;
        if let Some(what) = Self::blocks(mount, way, &old, there.as_ref()) {
            return Err(self.in_the_way(spec, &what));
        }
        let copied = there.as_ref().map_or(0, Metadata::written);
        if copied > 0 && !way.is_of(&old) {
            // All was copied and the old path removed; what stands there now was put there since.
            return Ok(way.clone());
        }
        let way = way.following(&old, copied);
        let way = self.note_way(spec, wish, way, stop).await?;
        if there.is_none() {
            self.not_stopped(stop)?;
            self.set_metadata(mount, &way.to, &old.settings(Some(&way.from)))
                .await
                .map_err(|error| error.doing(&doing))?;
        }
        for (index, number) in way.versions.iter().enumerate().skip(copied) {
            self.not_stopped(stop)?;
            let cas = u64::try_from(index).unwrap_or(u64::MAX);
            let landed = self.copy_version(mount, &way, *number, cas).await;
            if !landed.map_err(|error| error.doing(&doing))? {
                let what =
                    format!("version {number} of \"{}\", which was changed meanwhile", way.from);
                return Err(self.in_the_way(spec, &what));
            }
        }
        Ok(way)
    }

    /// Removes the old path once every version stands at the new one, and the mark with it.
    pub(super) async fn leave_secrets(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let mount = &wish.kv_mount;
        let doing = format!("remove the secrets' old path {}", way.from);
        let mut way = way.clone();
        for round in 1.. {
            // What was written to the old path meanwhile is not lost.
            way = self.copy_secrets(spec, wish, &way, stop).await?;
            let Some(old) = self.metadata(mount, &way.from).await?.filter(|old| way.is_of(old))
            else {
                break;
            };
            if let Some(what) = self.lacks(mount, &way).await.map_err(|e| e.doing(&doing))? {
                return Err(self.in_the_way(spec, &what));
            }
            if old == self.metadata(mount, &way.from).await?.unwrap_or_default()
                && way == way.following(&old, way.versions.len())
            {
                self.not_stopped(stop)?;
                self.wire
                    .call(Request::delete(format!("{mount}/metadata/{}", way.from)))
                    .await
                    .map_err(|error| error.doing(&doing))?;
                break;
            }
            if round >= TRIES {
                let what =
                    format!("somebody who writes to the old path \"{}\" all the time", way.from);
                return Err(self.in_the_way(spec, &what));
            }
        }
        self.unmark(mount, &way, stop).await
    }

    /// Gives up a way that is no longer wished; where the secrets are: at the old path, from which the copy is removed,
    /// or, where that is gone already, at the new one.
    pub(super) async fn give_up(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<String, FacetError> {
        let mount = &wish.kv_mount;
        let old = self.metadata(mount, &way.from).await?.filter(|old| way.is_of(old));
        let there = self.metadata(mount, &way.to).await?;
        let copy = there.filter(|there| there.is_copy_of(&way.from));
        match (old, copy) {
            (None, _) if way.of.is_empty() => Ok(way.from.clone()),
            (None, _) => {
                self.unmark(mount, way, stop).await?;
                Ok(way.to.clone())
            }
            (Some(_), Some(copy)) if copy.written() > way.versions.len() => {
                let what = format!(
                    "document \"{}\" at \"{mount}\", to which somebody has written since it was copied",
                    way.to
                );
                Err(self.in_the_way(spec, &what))
            }
            (Some(_), Some(_)) => {
                self.not_stopped(stop)?;
                self.wire
                    .call(Request::delete(format!("{mount}/metadata/{}", way.to)))
                    .await
                    .map_err(|error| error.doing("remove a copy of the secrets"))?;
                Ok(way.from.clone())
            }
            (Some(_), None) => Ok(way.from.clone()),
        }
    }

    async fn unmark(
        &self,
        mount: &str,
        way: &Moving,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let there = self.metadata(mount, &way.to).await?;
        let Some(copy) = there.filter(|there| there.is_copy_of(&way.from)) else { return Ok(()) };
        self.not_stopped(stop)?;
        self.set_metadata(mount, &way.to, &copy.settings(None))
            .await
            .map_err(|error| error.doing(&format!("settle the secrets at {}", way.to)))
    }

    /// Notes a way in the registry, where it is news.
    async fn note_way(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        way: Moving,
        stop: &CancellationToken,
    ) -> Result<Moving, FacetError> {
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        self.not_stopped(stop)?;
        self.change_app(wish, app, |document| Ok(document.note_moving(env, Some(way.clone()))))
            .await?;
        Ok(way)
    }

    /// The first version that the copy does not have as the old path has it.
    async fn lacks(&self, mount: &str, way: &Moving) -> Result<Option<String>, CallError> {
        for (version, number) in (1..).zip(&way.versions) {
            let Some(old) = self.version(mount, &way.from, *number).await? else { continue };
            // What was deleted at the new path since, or is one of too many there, was there.
            let copy = self.version(mount, &way.to, version).await?;
            if copy.is_some_and(|copy| copy != old) {
                return Ok(Some(format!(
                    "version {version} of \"{}\", which is not version {number} of \"{}\". Remove the copy (bao kv \
                     metadata delete) to have it made anew",
                    way.to, way.from
                )));
            }
        }
        Ok(None)
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

    async fn version(&self, mount: &str, path: &str, number: u64) -> Result<Secret, CallError> {
        let request = Request::read(format!("{mount}/data/{path}")).of_version(number);
        let reply = self.wire.call(request).await?;
        Ok(Some(&reply.data()["data"]).filter(|value| value.is_object()).cloned())
    }

    /// Writes one version behind `cas` others; `false`: it is not there to copy, or something else stands in its place. A
    /// write without a good answer landed where it is read back.
    async fn copy_version(
        &self,
        mount: &str,
        way: &Moving,
        number: u64,
        cas: u64,
    ) -> Result<bool, CallError> {
        let data = self.version(mount, &way.from, number).await?;
        if data.is_none() {
            return Ok(false);
        }
        let path = format!("{mount}/data/{}", way.to);
        let body = json!({ "data": data, "options": { "cas": cas } });
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.wire.call(Request::write(&path, &body)).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_refused() || error.may_have_landed() => error,
                Err(error) => return Err(error),
            };
            let there = self.version(mount, &way.to, cas + 1).await?;
            if there.is_some() {
                return Ok(there == data);
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

    pub(super) fn in_the_way(&self, spec: &Spec, what: &str) -> FacetError {
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
