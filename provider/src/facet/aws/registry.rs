// SPDX-License-Identifier: MPL-2.0
//! The registry in Parameter Store: one parameter that founds it, one an instance. `floors` keeps more beside.
//!
//! What is new is made with `Overwrite = false`, so that of two makers one fails. An overwrite can not be compared by AWS:
//! the version is read before and after it, and where another write came in between, that is an error which says so.

use std::collections::BTreeMap;

use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use serde::de::DeserializeOwned;

use super::failure::{self, Call};
use super::record::{Founding, Held, LONGEST, Record, admits, owner, render, shortened};
use super::{Aws, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::aws::{AwsWish, FOUNDING};
use crate::registry::{Entry, Expected, Look, Misfit};

/// What to do where an entry is too long.
const SHORTEN: &str =
    "Nothing was written. Shorten what the block asks for: services, extensions, names.";

/// How often a founding that lost to another one is looked at again.
const TRIES: u32 = 3;

// === impl Aws ===

impl Aws {
    /// What the registry tells of one instance.
    pub(super) async fn look_at(&self, spec: &Spec) -> Result<Look, FacetError> {
        let wish = wish(spec)?;
        // One after the other first: where the account is refused, both would say so.
        self.session.ssm().await?;
        let (target, held) = tokio::try_join!(self.target(), self.of_app(spec, wish))?;
        let app_owner = owner(&held);
        let floor = self.known_floor(app_owner.as_deref().unwrap_or(&spec.owner)).await?;
        Ok(Look {
            target,
            app_owner,
            entry: held.get(spec.coordinate.env()).map(|held| held.record.entry.clone()),
            app: held.into_iter().map(|(env, held)| (env, held.record.entry)).collect(),
            floor,
        })
    }

    /// Writes the instance's entry if the registry is as expected; answers the registry's id.
    pub(super) async fn write_entry(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
    ) -> Result<String, FacetError> {
        let wish = wish(spec)?;
        let env = spec.coordinate.env();
        let _one_at_a_time = self.writing.lock().await;
        let target = self.agree_on_target(spec, expected.target.as_deref()).await?;
        let held = self.of_app(spec, wish).await?;
        let write = format!("{}-{}", self.session.run_id(), self.session.fresh_id());
        let next = &fitting(next, held.get(env).map(|before| &before.record), &write);
        admits(&held, env, expected.entry.as_ref(), next)
            .map_err(|misfit| self.conflict(spec, &misfit))?;
        let before = held.get(env);
        if before.is_some_and(|before| before.record.entry == *next) {
            return Ok(target);
        }
        let record = Record::of(next, before.map(|before| &before.record), write);
        let value = self.rendered(&register(spec), SHORTEN, &record)?;
        let version = match before {
            None => self.make(spec, wish, &record, &value).await?,
            Some(before) => self.overwrite(spec, wish, before.version, &record, &value).await?,
        };
        self.note_written(&wish.parameter, Held { record, version });
        Ok(target)
    }

    /// The registry's id; asked for once a run where it stands, since it never changes.
    async fn target(&self) -> Result<Option<String>, FacetError> {
        if let Some(id) = self.founded() {
            return Ok(Some(id));
        }
        let found = self.read_target().await?;
        if let Some(id) = &found {
            self.note_founded(id);
        }
        Ok(found)
    }

    /// The registry's id as it stands now.
    pub(super) async fn read_target(&self) -> Result<Option<String>, FacetError> {
        let request = format!("ssm:GetParameter {FOUNDING}");
        let call = Call { doing: "read the registry", request: &request };
        let asked = self.session.ssm().await?.get_parameter().name(FOUNDING).send().await;
        let answer = match asked.map_err(|error| failure::of(&self.session, call, &error)) {
            Ok(answer) => answer,
            Err(error) if error.fault == Fault::Missing => return Ok(None),
            Err(error) => return Err(error),
        };
        let value = answer.parameter().and_then(|parameter| parameter.value()).unwrap_or_default();
        let founding: Founding = self.parsed(FOUNDING, value)?;
        Ok(Some(founding.id))
    }

    /// The records of an app's instances, by env.
    async fn of_app(
        &self,
        spec: &Spec,
        wish: &AwsWish,
    ) -> Result<BTreeMap<String, Held>, FacetError> {
        let doing = format!("read the registration of app \"{}\"", spec.coordinate.app());
        let request = format!("ssm:GetParametersByPath {}", wish.app_path);
        let call = Call { doing: &doing, request: &request };
        let client = self.session.ssm().await?;
        let mut pages =
            client.get_parameters_by_path().path(&wish.app_path).into_paginator().send();
        let mut held = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            for parameter in page.parameters() {
                let (Some(name), Some(value)) = (parameter.name(), parameter.value()) else {
                    continue;
                };
                let Some(env) = name.rsplit('/').next() else { continue };
                let found =
                    Held { record: self.parsed(name, value)?, version: parameter.version() };
                // A read may be of before a write of this very run.
                let newest = self.written(name).filter(|written| written.version > found.version);
                held.insert(env.to_owned(), newest.unwrap_or(found));
            }
        }
        Ok(held)
    }

    /// The registry's id, founding it where none is there and none is expected. One that was founded since the look, by
    /// this run or by another, is as good: what counts is the entry.
    async fn agree_on_target(
        &self,
        spec: &Spec,
        expected: Option<&str>,
    ) -> Result<String, FacetError> {
        for _ in 0..TRIES {
            let found = match self.founded().filter(|_| expected.is_none()) {
                Some(id) => Some(id),
                None => self.read_target().await?,
            };
            match (expected, found) {
                (Some(expected), Some(found)) if expected == found => return Ok(found),
                (None, Some(found)) => {
                    self.note_founded(&found);
                    return Ok(found);
                }
                (None, None) => {
                    let id = self.session.fresh_id();
                    let value =
                        self.rendered(&register(spec), SHORTEN, &Founding::new(id.clone()))?;
                    if self.put_new(FOUNDING, &value, "found the registry").await?.is_some() {
                        self.note_founded(&id);
                        return Ok(id);
                    }
                }
                (Some(expected), found) => {
                    return Err(self.elsewhere(spec, expected, found.as_deref().unwrap_or("none")));
                }
            }
        }
        Err(self.elsewhere(spec, "none", "one that comes and goes"))
    }

    /// Makes the parameter of an instance.
    async fn make(
        &self,
        spec: &Spec,
        wish: &AwsWish,
        record: &Record,
        value: &str,
    ) -> Result<i64, FacetError> {
        let doing = format!("register {}", shown(spec));
        if let Some(version) = self.put_new(&wish.parameter, value, &doing).await? {
            return Ok(version);
        }
        // An attempt whose answer was lost, or somebody else.
        let found = self.of_app(spec, wish).await?.remove(spec.coordinate.env());
        match found {
            Some(found) if found.record.write == record.write => Ok(found.version),
            found => {
                let told = found.map(|found| format!("{:?}", found.record.entry.phase));
                Err(self.conflict(spec, &Misfit::Entry(told)))
            }
        }
    }

    /// Makes a parameter; its version, or `None` where there is one already.
    pub(super) async fn put_new(
        &self,
        name: &str,
        value: &str,
        doing: &str,
    ) -> Result<Option<i64>, FacetError> {
        let request = format!("ssm:PutParameter {name}");
        let call = Call { doing, request: &request };
        match self.put(name, value, false).await? {
            Ok(version) => Ok(Some(version)),
            Err(error) => match failure::of(&self.session, call, &error) {
                error if error.fault == Fault::Occupied => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Writes the parameter of an instance over the version that was seen.
    async fn overwrite(
        &self,
        spec: &Spec,
        wish: &AwsWish,
        before: i64,
        record: &Record,
        value: &str,
    ) -> Result<i64, FacetError> {
        let name = &wish.parameter;
        let doing = format!("register {}", shown(spec));
        let request = format!("ssm:PutParameter {name}");
        let call = Call { doing: &doing, request: &request };
        let version = match self.put(name, value, true).await? {
            Ok(version) => version,
            Err(error) => return Err(failure::of(&self.session, call, &error)),
        };
        if version == before + 1 {
            return Ok(version);
        }
        match self.others_between(name, before, version, &record.write).await? {
            None => Ok(version),
            Some(other) => Err(self.overtaken(spec, name, other, version)),
        }
    }

    pub(super) async fn put(
        &self,
        name: &str,
        value: &str,
        overwrite: bool,
    ) -> Result<Result<i64, aws_sdk_ssm::error::SdkError<PutParameterError>>, FacetError> {
        let client = self.session.ssm().await?;
        let put = client
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .tier(ParameterTier::Standard)
            .overwrite(overwrite)
            .description("Registry of appenv: whose an instance is. Do not edit.");
        Ok(put.send().await.map(|answer| answer.version()))
    }

    /// A version between two that is not of the given write: an attempt whose answer was lost is written again.
    async fn others_between(
        &self,
        name: &str,
        before: i64,
        after: i64,
        write: &str,
    ) -> Result<Option<i64>, FacetError> {
        let request = format!("ssm:GetParameterHistory {name}");
        let call = Call { doing: "see who wrote the registry", request: &request };
        let client = self.session.ssm().await?;
        let mut pages = client.get_parameter_history().name(name).into_paginator().send();
        let mut others: Vec<i64> = (before + 1..=after).collect();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            for version in page.parameters() {
                let record: Option<Record> =
                    serde_json::from_str(version.value().unwrap_or_default()).ok();
                if record.is_some_and(|record| record.write == write) {
                    others.retain(|other| *other != version.version());
                }
            }
        }
        Ok(others.first().copied())
    }

    /// The text of a value, where there is room for it; `shorten` says what to do where there is not.
    pub(super) fn rendered(
        &self,
        doing: &str,
        shorten: &str,
        value: &impl serde::Serialize,
    ) -> Result<String, FacetError> {
        let failed = |cause: String, next: &str| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not {doing}"),
            attempted: format!("rendering a parameter for {}", self.session.server()),
            cause,
            next: next.to_owned(),
            attribute: None,
        };
        let text = render(value).map_err(|error| {
            failed(error.to_string(), "Report this: it is a fault of the provider.")
        })?;
        if text.len() > LONGEST {
            return Err(failed(
                format!("it has {} bytes, and a standard parameter takes {LONGEST}", text.len()),
                shorten,
            ));
        }
        Ok(text)
    }

    pub(super) fn parsed<T: DeserializeOwned>(
        &self,
        name: &str,
        value: &str,
    ) -> Result<T, FacetError> {
        serde_json::from_str(value).map_err(|error| FacetError {
            fault: Fault::Rejected,
            summary: format!("Could not read parameter {name}"),
            attempted: format!("reading the registry with {}", self.session.server()),
            cause: format!("its value is not one that appenv wrote: {error}"),
            next: format!(
                "Find the last good version (aws ssm get-parameter-history --name {name}), put it back, then plan again."
            ),
            attribute: None,
        })
    }

    fn elsewhere(&self, spec: &Spec, expected: &str, found: &str) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not register {} in AWS", shown(spec)),
            attempted: format!("a write to the registry with {}", self.session.server()),
            cause: format!("the registry expected here is {expected}, the one found is {found}"),
            next: "Nothing was written. Plan again, and check that account and region are the right ones.".to_owned(),
            attribute: Some("provider.aws.region"),
        }
    }

    fn conflict(&self, spec: &Spec, misfit: &Misfit) -> FacetError {
        let (cause, next) = misfit.told(&spec.owner);
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not register {} in AWS", shown(spec)),
            attempted: format!("a write to the registry with {}", self.session.server()),
            cause,
            next: next.to_owned(),
            attribute: matches!(misfit, Misfit::Owner(_)).then_some("provider.owner"),
        }
    }

    fn overtaken(&self, spec: &Spec, name: &str, other: i64, ours: i64) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Somebody else registered {} in AWS at the same time", shown(spec)),
            attempted: format!("ssm:PutParameter {name} with {}", self.session.server()),
            cause: format!(
                "version {other} is another run's, and version {ours}, this run's, is over it: Parameter Store cannot \
                 compare before it writes"
            ),
            next: format!(
                "See who wrote it (aws ssm get-parameter-history --name {name}), wait until no other run is under way, \
                 then plan again."
            ),
            attribute: None,
        }
    }
}

/// What is done, as messages tell it.
fn register(spec: &Spec) -> String {
    format!("register {} in AWS", shown(spec))
}

/// The entry with as much of its ledger as its parameter has room for.
fn fitting(entry: &Entry, before: Option<&Record>, write: &str) -> Entry {
    let mut entry = shortened(entry, usize::MAX);
    let fits = |entry: &Entry| {
        let record = Record::of(entry, before, write.to_owned());
        render(&record).is_ok_and(|text| text.len() <= LONGEST)
    };
    while entry.applied.len() > 1 && !fits(&entry) {
        entry = shortened(&entry, entry.applied.len() - 1);
    }
    entry
}

/// The instance as messages name it.
pub(super) fn shown(spec: &Spec) -> String {
    format!("{}/{}", spec.coordinate.app(), spec.coordinate.env())
}
