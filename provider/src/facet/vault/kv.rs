// SPDX-License-Identifier: MPL-2.0
//! Documents of the registry in KV v2: read with their version, written by check-and-set.

use std::collections::BTreeSet;

use serde_json::Value;
use vaultrs::api::kv2::requests::{ReadSecretRequest, SetSecretRequest, SetSecretRequestOptions};

use super::Vault;
use super::wire::error::{CallError, Cause};
use super::wire::request::Request;
use crate::facet::FacetError;

/// The field by which a document tells who wrote its version: a lost answer from a lost race.
pub(crate) const WRITE: &str = "write";

/// A document, and the version to set against. It may hold secrets, so it prints itself nowhere.
#[derive(Clone, PartialEq)]
pub(crate) struct Document {
    /// `None`: never written, or its last version was deleted or destroyed.
    pub value: Option<Value>,
    /// 0: never written.
    pub version: u64,
}

/// The names of what is in a document, without the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subkeys {
    /// Of the last version; none where it was deleted or destroyed.
    pub names: BTreeSet<String>,
    /// 0: never written.
    pub version: u64,
}

/// What became of a check-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is there.
    Landed,
    /// Another write came first.
    Lost,
}

// === impl Vault ===

impl Vault {
    pub(crate) async fn read_document(
        &self,
        mount: &str,
        path: &str,
    ) -> Result<Document, CallError> {
        let request = Request::of(&ReadSecretRequest {
            mount: mount.to_owned(),
            path: path.to_owned(),
            version: None,
        });
        let reply = self.wire.call(request.clone()).await?;
        // A deleted version is answered with 404 and its metadata; one never written with 404 alone.
        let version = reply.data()["metadata"]["version"].as_u64();
        let value = Some(&reply.data()["data"]).filter(|v| !v.is_null()).cloned();
        match (version, value) {
            (Some(version), value) => Ok(Document { value, version }),
            (None, None) if reply.is_missing() => Ok(Document { value: None, version: 0 }),
            (None, _) => Err(self.unreadable(&request, "a document without version")),
        }
    }

    /// What is in a document, by name. KV v2 API, "Read Secret Subkeys".
    pub(crate) async fn read_subkeys(&self, mount: &str, path: &str) -> Result<Subkeys, CallError> {
        let request = Request::read(format!("{mount}/subkeys/{path}"));
        let reply = self.wire.call(request).await?;
        let names = reply.data()["subkeys"].as_object();
        Ok(Subkeys {
            names: names.into_iter().flatten().map(|(name, _)| name.clone()).collect(),
            version: reply.data()["metadata"]["version"].as_u64().unwrap_or(0),
        })
    }

    /// Writes a document of secrets whose last version is `seen`; answers the version that holds it, or `None` where
    /// another write came first. It can carry no write id: a write without a good answer landed where what was written
    /// stands.
    pub(crate) async fn write_secrets(
        &self,
        mount: &str,
        path: &str,
        secrets: &Value,
        seen: u64,
    ) -> Result<Option<u64>, CallError> {
        let request = set(mount, path, secrets, seen);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.wire.call(request.clone()).await {
                Ok(reply) if reply.is_missing() => {
                    return Err(self.unreadable(&request, "nothing takes writes there"));
                }
                Ok(_) => return Ok(Some(seen + 1)),
                Err(error) if error.is_refused() || error.may_have_landed() => error,
                Err(error) => return Err(error),
            };
            let now = self.read_document(mount, path).await?;
            if !error.is_refused() && now.version == seen + 1 && now.value.as_ref() == Some(secrets)
            {
                return Ok(Some(now.version));
            }
            if now.version != seen {
                return Ok(None);
            }
            if error.is_refused() || attempt >= 3 {
                return Err(error);
            }
            tokio::time::sleep(self.wire.pause(attempt)).await;
        }
    }

    /// Readies the token for writes, and keeps it alive while they are made.
    pub(crate) async fn keep_alive(&self) -> Result<(), FacetError> {
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))
    }

    /// A pause before what lost to another write is tried again.
    pub(crate) async fn rest(&self, attempt: u32) {
        tokio::time::sleep(self.wire.pause(attempt.min(3))).await;
    }

    /// Writes a document whose last version is `seen`. A write without a good answer is read back: it landed when
    /// its own write id stands there.
    pub(crate) async fn write_document(
        &self,
        mount: &str,
        path: &str,
        document: &Value,
        seen: u64,
    ) -> Result<Put, CallError> {
        let request = set(mount, path, document, seen);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.wire.call(request.clone()).await {
                Ok(reply) if reply.is_missing() => {
                    return Err(self.unreadable(&request, "nothing takes writes there"));
                }
                Ok(_) => return Ok(Put::Landed),
                Err(error) if error.is_refused() || error.may_have_landed() => error,
                Err(error) => return Err(error),
            };
            let now = self.read_document(mount, path).await?;
            if now.value.as_ref().is_some_and(|v| v[WRITE] == document[WRITE]) {
                return Ok(Put::Landed);
            }
            if now.version != seen {
                return Ok(Put::Lost);
            }
            // Still the version it was set against: refused for itself, or it did not get through (yet).
            if error.is_refused() || attempt >= 3 {
                return Err(error);
            }
            tokio::time::sleep(self.wire.pause(attempt)).await;
        }
    }

    fn unreadable(&self, request: &Request, why: &str) -> CallError {
        CallError {
            method: request.method().clone(),
            path: request.path().to_owned(),
            server: self.wire.server(),
            cause: Cause::Unreadable(why.to_owned()),
        }
    }
}

/// A check-and-set: `cas` stands in `options`, where alone the server looks for it.
fn set(mount: &str, path: &str, document: &Value, seen: u64) -> Request {
    Request::of(&SetSecretRequest {
        mount: mount.to_owned(),
        path: path.to_owned(),
        data: document.clone(),
        options: Some(SetSecretRequestOptions { cas: u32::try_from(seen).unwrap_or(u32::MAX) }),
    })
}
