// SPDX-License-Identifier: MPL-2.0
//! The floors in Parameter Store: one parameter an owner.
//!
//! AWS cannot compare before it writes: where another write came in between, what it put there is taken from the history
//! and changed in its turn, so that of two writers neither is lost. With three at once one can be; it is raised again by
//! the next production apply of its owner.

use std::collections::BTreeMap;

use super::Aws;
use super::failure::{self, Call};
use super::record::{FloorRecord, escaped, unescaped};
use crate::facet::{FacetError, Fault, no_registry};
use crate::plan::aws::{FLOORS, ROOT};
use crate::registry::{Floor, FloorChange};

/// How often a floor that another run wrote meanwhile is changed again.
const TRIES: u32 = 8;

// === impl Aws ===

impl Aws {
    /// The floor of an owner, read once a run until this run writes it.
    pub(super) async fn known_floor(&self, owner: &str) -> Result<Option<Floor>, FacetError> {
        let known = self.memory().floors.get(owner).cloned();
        if let Some(floor) = known {
            return Ok(floor);
        }
        let floor = self.read_floor(owner).await?.map(|(record, _)| record.floor);
        self.memory().floors.insert(owner.to_owned(), floor.clone());
        Ok(floor)
    }

    /// The floor of an owner as it stands now, and the version of its parameter.
    async fn read_floor(&self, owner: &str) -> Result<Option<(FloorRecord, i64)>, FacetError> {
        let name = parameter(owner);
        let request = format!("ssm:GetParameter {name}");
        let doing = format!("read the floor of owner {owner:?}");
        let call = Call { doing: &doing, request: &request };
        let asked = self.session.ssm().await?.get_parameter().name(&name).send().await;
        let answer = match asked.map_err(|error| failure::of(&self.session, call, &error)) {
            Ok(answer) => answer,
            Err(error) if error.fault == Fault::Missing => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(found) = answer.parameter() else { return Ok(None) };
        let record = self.parsed(&name, found.value().unwrap_or_default())?;
        Ok(Some((record, found.version())))
    }

    /// Every floor, by owner.
    pub async fn read_floors(&self) -> Result<BTreeMap<String, Floor>, FacetError> {
        let request = format!("ssm:GetParametersByPath {FLOORS}");
        let call = Call { doing: "read the floors of the registry", request: &request };
        let client = self.session.ssm().await?;
        let mut pages = client.get_parameters_by_path().path(FLOORS).into_paginator().send();
        let mut floors = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            for found in page.parameters() {
                let name = found.name().unwrap_or_default();
                if let Some(owner) = name.rsplit('/').next().and_then(unescaped) {
                    let record: FloorRecord =
                        self.parsed(name, found.value().unwrap_or_default())?;
                    floors.insert(owner, record.floor);
                }
            }
        }
        Ok(floors)
    }

    /// Changes the floor of an owner, whatever instances there are.
    pub async fn write_floor(
        &self,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        let _one_at_a_time = self.writing.lock().await;
        if self.read_target().await?.is_none() {
            return Err(no_registry(owner, &self.session.server()));
        }
        let written = self.put_floor(owner, change).await;
        self.memory().floors.remove(owner);
        written
    }

    async fn put_floor(&self, owner: &str, change: &FloorChange<'_>) -> Result<(), FacetError> {
        let name = parameter(owner);
        let doing = format!("write the floor of owner {owner:?}");
        let request = format!("ssm:PutParameter {name}");
        let call = Call { doing: &doing, request: &request };
        let mut found = self.read_floor(owner).await?;
        for _ in 0..TRIES {
            let before = found.as_ref().map(|(record, _)| record);
            let next = change(before.map(|record| &record.floor));
            let Some(next) = next.filter(|next| before.map(|b| &b.floor) != Some(next)) else {
                return Ok(());
            };
            let write = format!("{}-{}", self.session.run_id(), self.session.fresh_id());
            let record = FloorRecord::of(next, before, write);
            let shorten = "Nothing was written. Declare fewer environments, operations or keys for this owner.";
            let value = self.rendered(&doing, shorten, &record)?;
            let Some((_, seen)) = found else {
                if self.put_new(&name, &value, &doing).await?.is_some() {
                    return Ok(());
                }
                found = self.read_floor(owner).await?;
                // An attempt whose answer was lost.
                if found.as_ref().is_some_and(|(there, _)| there.write == record.write) {
                    return Ok(());
                }
                continue;
            };
            let put = self.put(&name, &value, true).await?;
            let version = put.map_err(|error| failure::of(&self.session, call, &error))?;
            if version == seen + 1 {
                return Ok(());
            }
            match self.floor_between(&name, seen, version, &record.write).await? {
                None => return Ok(()),
                // Ours is over theirs: theirs, changed as we change it, comes next.
                Some(theirs) => found = Some((theirs, version)),
            }
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not {doing}"),
            attempted: format!("{TRIES} times {request} with {}", self.session.server()),
            cause: "another run wrote it each time, and Parameter Store cannot compare before it writes"
                .to_owned(),
            next: format!(
                "See who writes it (aws ssm get-parameter-history --name {name}), wait until no other run is under \
                 way, then run it again."
            ),
            attribute: None,
        })
    }

    /// The last floor that another run wrote between two versions.
    async fn floor_between(
        &self,
        name: &str,
        before: i64,
        after: i64,
        write: &str,
    ) -> Result<Option<FloorRecord>, FacetError> {
        let request = format!("ssm:GetParameterHistory {name}");
        let call = Call { doing: "see who wrote the floor", request: &request };
        let client = self.session.ssm().await?;
        let mut pages = client.get_parameter_history().name(name).into_paginator().send();
        let mut last: Option<(i64, FloorRecord)> = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            for found in page.parameters() {
                let version = found.version();
                if version <= before || version > after {
                    continue;
                }
                let record: FloorRecord = self.parsed(name, found.value().unwrap_or_default())?;
                if record.write != write && last.as_ref().is_none_or(|(seen, _)| *seen < version) {
                    last = Some((version, record));
                }
            }
        }
        Ok(last.map(|(_, record)| record))
    }

    /// Whether any app was ever registered in an env; reads the whole registry.
    pub(super) async fn was_registered(&self, env: &str) -> Result<bool, FacetError> {
        let request = format!("ssm:GetParametersByPath {ROOT}");
        let call = Call { doing: "read the registry of all apps", request: &request };
        let client = self.session.ssm().await?;
        let asked = client.get_parameters_by_path().path(ROOT).recursive(true);
        let mut pages = asked.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            let mut names = page.parameters().iter().filter_map(|found| found.name());
            let is_of_env = |name: &str| {
                let below = name.strip_prefix(ROOT).and_then(|name| name.strip_prefix('/'));
                below
                    .and_then(|below| below.split_once('/'))
                    .is_some_and(|(app, found)| !app.starts_with('_') && found == env)
            };
            if names.any(is_of_env) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn parameter(owner: &str) -> String {
    format!("{FLOORS}/{}", escaped(owner))
}
