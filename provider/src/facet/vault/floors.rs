//! The floors in the registry: one document, by owner. Every write is a check-and-set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kv::Put;
use super::registry::TRIES;
use super::{Vault, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::registry::{Floor, FloorChange};

/// Where they are; no app begins with `_`.
const FLOORS: &str = "appenv/_floors";

/// The document. Fields of later versions are kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Floors {
    /// By owner; one that this release cannot read is only refused to whom it is for.
    #[serde(default)]
    owners: BTreeMap<String, Value>,
    /// The id of the write, see [`super::kv::WRITE`].
    #[serde(default)]
    write: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

// === impl Vault ===

impl Vault {
    /// The floor of an owner; the document is read once a run.
    pub(super) async fn floor(
        &self,
        kv_mount: &str,
        owner: &str,
    ) -> Result<Option<Floor>, FacetError> {
        let read = async { self.read_floors(kv_mount).await.map(|(floors, _)| floors.owners) };
        let owners = self.floors.get(kv_mount, read).await?;
        self.of(kv_mount, &owners, owner)
    }

    /// Changes the floor of an owner.
    pub(super) async fn change_floor_of(
        &self,
        spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        let kv_mount = &wish(spec)?.kv_mount;
        let doing = format!("write the floor of owner {owner:?}");
        if self.target(kv_mount).await?.is_none() {
            return Err(self.told(
                kv_mount,
                &doing,
                "there is no registry",
                "Check the address and `kv_mount`; the first create makes a registry.",
            ));
        }
        self.keep_alive().await?;
        for attempt in 1..=TRIES {
            let (mut floors, version) = self.read_floors(kv_mount).await?;
            let found = self.of(kv_mount, &floors.owners, owner)?;
            let Some(next) = change(found.as_ref()).filter(|next| found.as_ref() != Some(next))
            else {
                return Ok(());
            };
            let render = |value: Result<Value, serde_json::Error>| {
                let next = "Report this: it is a fault of the provider.";
                value.map_err(|error| self.told(kv_mount, &doing, &error.to_string(), next))
            };
            floors.owners.insert(owner.to_owned(), render(serde_json::to_value(next))?);
            floors.write = self.write_id();
            let document = render(serde_json::to_value(&floors))?;
            let put = self
                .write_document(kv_mount, FLOORS, &document, version)
                .await
                .map_err(|error| error.doing(&doing))?;
            self.floors.forget(kv_mount);
            if put == Put::Landed {
                return Ok(());
            }
            self.rest(attempt).await;
        }
        let cause = format!("another write came first, {TRIES} times");
        Err(self.told(kv_mount, &doing, &cause, "Apply again when the other runs are done."))
    }

    /// Every floor, by owner.
    pub(super) async fn every_floor(
        &self,
        spec: &Spec,
    ) -> Result<BTreeMap<String, Floor>, FacetError> {
        let kv_mount = &wish(spec)?.kv_mount;
        let (floors, _) = self.read_floors(kv_mount).await?;
        let mut found = BTreeMap::new();
        for owner in floors.owners.keys() {
            if let Some(floor) = self.of(kv_mount, &floors.owners, owner)? {
                found.insert(owner.clone(), floor);
            }
        }
        Ok(found)
    }

    async fn read_floors(&self, kv_mount: &str) -> Result<(Floors, u64), FacetError> {
        let doing = "read what production applies have had";
        let read = self.read_document(kv_mount, FLOORS).await;
        let document = read.map_err(|error| error.doing(doing))?;
        let Some(value) = document.value else { return Ok((Floors::default(), document.version)) };
        let floors = serde_json::from_value(value);
        let floors = floors.map_err(|error| self.unreadable_floor(kv_mount, &error))?;
        Ok((floors, document.version))
    }

    fn of(
        &self,
        kv_mount: &str,
        owners: &BTreeMap<String, Value>,
        owner: &str,
    ) -> Result<Option<Floor>, FacetError> {
        let Some(value) = owners.get(owner) else { return Ok(None) };
        let floor = serde_json::from_value(value.clone());
        floor.map(Some).map_err(|error| self.unreadable_floor(kv_mount, &error))
    }

    fn unreadable_floor(&self, kv_mount: &str, error: &serde_json::Error) -> FacetError {
        self.told(
            kv_mount,
            "read what production applies have had",
            &format!("it is not what this release writes: {error}"),
            "Upgrade the provider; or have the floor set anew: terraform-provider-appenv floor set.",
        )
    }

    fn told(&self, kv_mount: &str, doing: &str, cause: &str, next: &str) -> FacetError {
        FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("{kv_mount}/data/{FLOORS} on {}", self.wire.server()),
            cause: cause.to_owned(),
            next: next.to_owned(),
            attribute: None,
        }
    }
}
