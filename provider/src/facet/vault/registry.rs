// SPDX-License-Identifier: MPL-2.0
//! The registry in KV v2: one document that founds it, one an app. Every write is a check-and-set.

use serde_json::json;

use super::document::{AppDocument, Share};
use super::kv::{Put, WRITE};
use super::mounts::Mount;
use super::{Vault, fresh_id, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::vault::VaultWish;
use crate::registry::{Entry, Expected, Floors, Look, Misfit};

/// Where the registry's id is.
const FOUNDING: &str = "appenv/_registry";

/// How often a write that lost to another env's is made again.
pub(super) const TRIES: u32 = 24;

/// The path of an app's document. Instances' own documents lie beside; no name begins with `_`.
pub(super) fn app_path(app: &str) -> String {
    format!("appenv/_apps/{app}")
}

// === impl Vault ===

impl Vault {
    /// The registry's id; asked for once a run where it stands, since it never changes.
    pub(super) async fn target(&self, kv_mount: &str) -> Result<Option<String>, FacetError> {
        if let Some(id) = self.founded(kv_mount) {
            return Ok(Some(id));
        }
        let found = self.read_target(kv_mount).await?.0;
        match &found {
            Some(id) => self.note_founded(kv_mount, id),
            // Nothing there is also what KV version 1 and a missing mount answer.
            None => self.ensure(&[Mount::Kv(kv_mount)]).await?,
        }
        Ok(found)
    }

    /// The registry's id as it stands now, and the version of its document.
    pub(super) async fn read_target(
        &self,
        kv_mount: &str,
    ) -> Result<(Option<String>, u64), FacetError> {
        let document = self
            .read_document(kv_mount, FOUNDING)
            .await
            .map_err(|error| error.doing("read the registry"))?;
        let id = document.value.and_then(|v| v["id"].as_str().map(str::to_owned));
        Ok((id, document.version))
    }

    /// An app's document as it stands now, empty where there is none, and its version.
    pub(super) async fn read_app(
        &self,
        kv_mount: &str,
        app: &str,
    ) -> Result<(AppDocument, u64), FacetError> {
        let doing = format!("read the registration of app \"{app}\"");
        let document = self
            .read_document(kv_mount, &app_path(app))
            .await
            .map_err(|error| error.doing(&doing))?;
        let Some(value) = document.value else {
            return Ok((AppDocument::default(), document.version));
        };
        let app_document = serde_json::from_value(value).map_err(|error| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {kv_mount}/data/{} on {}", app_path(app), self.wire.server()),
            cause: format!("the document is not one that appenv wrote: {error}"),
            next: "Restore an earlier version of the document (bao kv rollback), then plan again."
                .to_owned(),
            attribute: None,
        })?;
        Ok((app_document, document.version))
    }

    /// What the registry tells of one instance.
    pub(super) fn look_at(
        target: Option<String>,
        document: &AppDocument,
        floors: &Floors,
        spec: &Spec,
    ) -> Look {
        let env = spec.coordinate.env();
        Look {
            target,
            app_owner: document.live_owner().map(str::to_owned),
            entry: document.entry(env).cloned(),
            app: document.instances.iter().map(|(env, i)| (env.clone(), i.entry.clone())).collect(),
            floor: floors.owners.get(document.live_owner().unwrap_or(&spec.owner)).cloned(),
        }
    }

    /// Writes the instance's entry if the registry is as expected.
    pub(super) async fn write_entry(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError> {
        let wish = wish(spec)?;
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        self.ensure(&[Mount::Kv(&wish.kv_mount)]).await?;
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))?;
        let target = self.agree_on_target(spec, wish, expected.target.as_deref()).await?;
        self.change_app(wish, app, |document| {
            document
                .admits(env, expected.entry.as_ref(), next)
                .map_err(|misfit| self.conflict(spec, &misfit))?;
            // Before the share is taken: what a deserted document holds binds nobody.
            if is_alive(next) {
                self.settle_ci_wish(spec, wish, document)?;
            }
            document.record(env, next, Share::of(spec, wish), keep_objects);
            Ok(true)
        })
        .await?;
        Ok(target)
    }

    /// Changes an app's document by check-and-set, over again as long as others write in between. The change
    /// answers whether there is anything to write.
    pub(super) async fn change_app(
        &self,
        wish: &VaultWish,
        app: &str,
        mut change: impl FnMut(&mut AppDocument) -> Result<bool, FacetError> + Send,
    ) -> Result<(), FacetError> {
        let doing = format!("write the registration of app \"{app}\"");
        for attempt in 1..=TRIES {
            let (mut document, version) = self.read_app(&wish.kv_mount, app).await?;
            if !change(&mut document)? {
                return Ok(());
            }
            document.write = self.write_id();
            let value = serde_json::to_value(&document).map_err(|error| FacetError {
                fault: Fault::Rejected,
                summary: format!("Could not {doing}"),
                attempted: "rendering the document".to_owned(),
                cause: error.to_string(),
                next: "Report this: it is a fault of the provider.".to_owned(),
                attribute: None,
            })?;
            let put = self
                .write_document(&wish.kv_mount, &app_path(app), &value, version)
                .await
                .map_err(|error| error.doing(&doing))?;
            if put == Put::Landed {
                return Ok(());
            }
            tokio::time::sleep(self.wire.pause(attempt.min(3))).await;
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not {doing}"),
            attempted: format!("{TRIES} check-and-set writes on {}", self.wire.server()),
            cause: "another write came first each time".to_owned(),
            next: "Apply again when the other runs for this app are done.".to_owned(),
            attribute: None,
        })
    }

    /// The registry's id, founding it where none is there and none is expected. One that was founded since the look,
    /// by this run or by another, is as good: what counts is the entry.
    async fn agree_on_target(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        expected: Option<&str>,
    ) -> Result<String, FacetError> {
        let _one_at_a_time = self.founding.lock().await;
        for attempt in 1..=TRIES {
            let (found, version) = self.read_target(&wish.kv_mount).await?;
            match (expected, found) {
                (Some(expected), Some(found)) if expected == found => return Ok(found),
                (None, Some(found)) => {
                    self.note_founded(&wish.kv_mount, &found);
                    return Ok(found);
                }
                (None, None) => {
                    let id = fresh_id();
                    let document = json!({ "id": id, WRITE: self.write_id() });
                    let put = match self
                        .write_document(&wish.kv_mount, FOUNDING, &document, version)
                        .await
                    {
                        Ok(put) => put,
                        // The least rights let it be made and not changed, so whoever is outrun is denied before the
                        // check-and-set is looked at.
                        Err(error) if error.is_denied() => {
                            if self.read_target(&wish.kv_mount).await?.0.is_none() {
                                return Err(error.doing("found the registry"));
                            }
                            Put::Lost
                        }
                        Err(error) => return Err(error.doing("found the registry")),
                    };
                    if put == Put::Landed {
                        self.note_founded(&wish.kv_mount, &id);
                        return Ok(id);
                    }
                    tokio::time::sleep(self.wire.pause(attempt.min(3))).await;
                }
                (Some(expected), found) => {
                    let found = found.as_deref().unwrap_or("none");
                    return Err(self.elsewhere(spec, expected, found));
                }
            }
        }
        Err(self.elsewhere(spec, "none", "one that comes and goes"))
    }

    fn elsewhere(&self, spec: &Spec, expected: &str, found: &str) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not register {} in Vault", shown(spec)),
            attempted: format!("a write to the registry on {}", self.wire.server()),
            cause: format!("the registry expected here is {expected}, the one found is {found}"),
            next: "Nothing was written. Plan again, and check that the address and kv_mount are the right ones."
                .to_owned(),
            attribute: Some("provider.vault.address"),
        }
    }

    fn conflict(&self, spec: &Spec, misfit: &Misfit) -> FacetError {
        let (cause, next) = misfit.told(&spec.owner);
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not register {} in Vault", shown(spec)),
            attempted: format!("a check-and-set of the registry on {}", self.wire.server()),
            cause,
            next: next.to_owned(),
            attribute: matches!(misfit, Misfit::Owner(_)).then_some("provider.owner"),
        }
    }
}

fn is_alive(entry: &Entry) -> bool {
    use crate::registry::Phase;
    matches!(entry.phase, Phase::Pending | Phase::Live)
}

/// The instance as messages name it.
pub(super) fn shown(spec: &Spec) -> String {
    format!("{}/{}", spec.coordinate.app(), spec.coordinate.env())
}
