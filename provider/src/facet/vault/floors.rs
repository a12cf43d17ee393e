// SPDX-License-Identifier: MPL-2.0
//! The floors in the registry: one document for all owners, every write of it a check-and-set.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Vault;
use super::kv::{Put, WRITE};
use super::mounts::Mount;
use super::registry::TRIES;
use crate::facet::{FacetError, Fault, no_registry};
use crate::registry::{Floor, FloorChange, Floors};

/// Where they are. Instances' own documents lie beside; no name begins with `_`.
const FLOORS: &str = "appenv/_floors";

// === impl Vault ===

impl Vault {
    /// The floors, read once a run until this run writes one.
    pub(super) async fn known_floors(&self, kv_mount: &str) -> Result<Arc<Floors>, FacetError> {
        let read = async { Ok(Arc::new(self.read_floors_fresh(kv_mount).await?.0)) };
        self.floors.get(kv_mount, read).await
    }

    /// The floors as they stand now, and the version of their document.
    async fn read_floors_fresh(&self, kv_mount: &str) -> Result<(Floors, u64), FacetError> {
        let doing = "read the floors of the registry";
        let document =
            self.read_document(kv_mount, FLOORS).await.map_err(|error| error.doing(doing))?;
        let Some(value) = document.value else { return Ok((Floors::default(), document.version)) };
        let floors = serde_json::from_value(value).map_err(|error| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {kv_mount}/data/{FLOORS} on {}", self.wire.server()),
            cause: format!("the document holds what this release does not know: {error}"),
            next: "If a later release wrote it, use that; else restore an earlier version of the document (bao kv \
                   rollback)."
                .to_owned(),
            attribute: None,
        })?;
        Ok((floors, document.version))
    }

    /// Every floor of the registry in a KV mount, by owner, as it stands now.
    pub async fn read_floors(&self, kv_mount: &str) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.ensure(&[Mount::Kv(kv_mount)]).await?;
        Ok(self.read_floors_fresh(kv_mount).await?.0.owners)
    }

    /// Changes the floor of an owner, whatever instances there are, over again as long as others write in between.
    pub async fn write_floor(
        &self,
        kv_mount: &str,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        self.ensure(&[Mount::Kv(kv_mount)]).await?;
        self.keep_alive().await?;
        if self.read_target(kv_mount).await?.0.is_none() {
            return Err(no_registry(owner, &self.wire.server()));
        }
        let doing = format!("write the floor of owner {owner:?}");
        for attempt in 1..=TRIES {
            let (mut floors, version) = self.read_floors_fresh(kv_mount).await?;
            if !floors.change(owner, change) {
                return Ok(());
            }
            let mut value = serde_json::json!(floors);
            value[WRITE] = self.write_id().into();
            let put = self
                .write_document(kv_mount, FLOORS, &value, version)
                .await
                .map_err(|error| error.doing(&doing))?;
            self.floors.forget(kv_mount);
            if put == Put::Landed {
                return Ok(());
            }
            self.rest(attempt).await;
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not {doing}"),
            attempted: format!("{TRIES} check-and-set writes on {}", self.wire.server()),
            cause: "another write came first each time".to_owned(),
            next: "Run it again when the other runs are done.".to_owned(),
            attribute: None,
        })
    }

    /// Whether any app was ever registered in an env; reads the document of one app after another.
    pub(super) async fn was_registered(
        &self,
        kv_mount: &str,
        env: &str,
    ) -> Result<bool, FacetError> {
        for app in self.registered_apps(kv_mount).await? {
            if self.read_app(kv_mount, &app).await?.0.entry(env).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
