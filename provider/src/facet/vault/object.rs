// SPDX-License-Identifier: MPL-2.0
//! One object: read, written whole and read back, removed.

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::Vault;
use super::wire::error::CallError;
use super::wire::request::Request;
use crate::facet::{FacetError, Fault};
use crate::plan::vault::body::Body;

/// How often an object that is read back otherwise is written again.
const TRIES: u32 = 3;

/// An object by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// As messages name it: `policy "erp"`.
    pub label: String,
    /// Where it is.
    pub path: String,
}

/// What an object holds.
pub(super) type Held = Map<String, Value>;

// === impl Object ===

impl Object {
    pub fn policy(name: &str) -> Self {
        Self { label: format!("policy \"{name}\""), path: format!("sys/policies/acl/{name}") }
    }

    pub fn database_role(mount: &str, name: &str) -> Self {
        Self { label: format!("database role \"{name}\""), path: format!("{mount}/roles/{name}") }
    }

    pub fn kubernetes_role(mount: &str, name: &str) -> Self {
        Self {
            label: format!("Kubernetes auth role \"{name}\""),
            path: format!("auth/{mount}/role/{name}"),
        }
    }

    pub fn ci_role(mount: &str, name: &str) -> Self {
        Self { label: format!("CI role \"{name}\""), path: format!("auth/{mount}/role/{name}") }
    }
}

// === impl Vault ===

impl Vault {
    /// What an object holds; `None`: not there.
    pub(super) async fn read(&self, object: &Object) -> Result<Option<Held>, FacetError> {
        self.try_read(object).await.map_err(|error| error.doing(&format!("read {}", object.label)))
    }

    async fn try_read(&self, object: &Object) -> Result<Option<Held>, CallError> {
        let reply = self.wire.call(Request::read(&object.path)).await?;
        Ok(reply.data().as_object().filter(|_| !reply.is_missing()).cloned())
    }

    /// The text of a policy; `None`: not there.
    pub(super) async fn read_policy(&self, object: &Object) -> Result<Option<String>, FacetError> {
        Ok(self.read(object).await?.map(|held| policy_text(&held)))
    }

    /// Makes a role as wished: written only where it differs.
    pub(super) async fn settle_role(
        &self,
        object: &Object,
        wished: &Body,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let fits = |held: Option<&Held>| held.is_some_and(|h| wished.differences(h).is_empty());
        self.settle(object, &wished.to_json(), fits, stop).await
    }

    /// Makes a policy as rendered: written only where its grants or its header differ.
    pub(super) async fn settle_policy(
        &self,
        object: &Object,
        text: &str,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let fits = |held: Option<&Held>| held.is_some_and(|h| policy_text(h).trim() == text.trim());
        self.settle(object, &json!({ "policy": text }), fits, stop).await
    }

    /// Writes until what is read back fits.
    async fn settle(
        &self,
        object: &Object,
        body: &Value,
        fits: impl Fn(Option<&Held>) -> bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        if fits(self.read(object).await?.as_ref()) {
            return Ok(());
        }
        for attempt in 1..=TRIES {
            let written = self.write(object, body, stop).await?;
            let held = self.read(object).await?;
            if fits(held.as_ref()) {
                return Ok(());
            }
            if let (Err(error), TRIES) = (written, attempt) {
                return Err(error.doing(&format!("write {}", object.label)));
            }
            tokio::time::sleep(self.wire.pause(attempt)).await;
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not write {}", object.label),
            attempted: format!("POST {} on {}, read back each time", object.path, self.wire.server()),
            cause: "it is read back otherwise than it was written".to_owned(),
            next: "Look for someone else who writes it, or for a server of an unknown version; then apply again."
                .to_owned(),
            attribute: None,
        })
    }

    /// Writes once. The inner error is of a write that may have landed: the caller reads back.
    pub(super) async fn write(
        &self,
        object: &Object,
        body: &Value,
        stop: &CancellationToken,
    ) -> Result<Result<(), CallError>, FacetError> {
        self.not_stopped(stop)?;
        match self.wire.call(Request::write(&object.path, body)).await {
            Ok(reply) if reply.is_missing() => Err(FacetError {
                fault: Fault::Missing,
                summary: format!("Could not write {}", object.label),
                attempted: format!("POST {} on {}", object.path, self.wire.server()),
                cause: "nothing is mounted there".to_owned(),
                next: "Check the mounts in the provider's vault block, then apply again."
                    .to_owned(),
                attribute: None,
            }),
            Ok(_) => Ok(Ok(())),
            Err(error) if error.may_have_landed() => Ok(Err(error)),
            Err(error) => Err(error.doing(&format!("write {}", object.label))),
        }
    }

    /// Removes an object; one that is not there is removed.
    pub(super) async fn remove(
        &self,
        object: &Object,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        self.not_stopped(stop)?;
        self.wire
            .call(Request::delete(&object.path))
            .await
            .map_err(|error| error.doing(&format!("remove {}", object.label)))?;
        Ok(())
    }

    /// Fails where the user asked to stop.
    pub(super) fn not_stopped(&self, stop: &CancellationToken) -> Result<(), FacetError> {
        if !stop.is_cancelled() {
            return Ok(());
        }
        Err(FacetError {
            fault: Fault::Stopped,
            summary: "Stopped".to_owned(),
            attempted: format!("changes on {}", self.wire.server()),
            cause: "the run was asked to stop".to_owned(),
            next: "The next apply looks again and continues.".to_owned(),
            attribute: None,
        })
    }
}

pub(super) fn policy_text(held: &Held) -> String {
    held.get("policy").and_then(Value::as_str).unwrap_or_default().to_owned()
}
