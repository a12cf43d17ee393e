// SPDX-License-Identifier: MPL-2.0
//! Secrets in the Parameter Store of AWS: one SecureString a key, below the instance's `parameter_path`.
//!
//! # Layout
//!
//! - `rules`: names and values that Parameter Store takes; pure. `tags`: the record, as tags of the parameter; pure.
//! - `wire`: the calls.
//!
//! Parameter Store compares nothing before an overwrite. Who wrote in between is found by the versions before and after,
//! and told; it is not prevented. Tags go with the parameter, so one that was removed has no record.

mod rules;
mod tags;
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use self::tags::{Intent, Noted};
use self::wire::{Parameter, Put};
use super::note::Obstacle;
use super::{
    Change, PREVIOUS, Place, Previous, Record, SecretStore, SecretValue, Seen, Standing, trouble,
};
use crate::facet::aws::Session;
use crate::facet::{FacetError, Fault};

/// The store: one account and region, which the facet shares.
#[derive(Debug)]
pub struct Ssm {
    session: Arc<Session>,
}

/// What stands under a key.
#[derive(Debug)]
struct Held {
    parameter: Option<Parameter>,
    noted: Option<Noted>,
    has_previous: bool,
}

// === impl Ssm ===

impl Ssm {
    /// A store in the account and region of a session.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// What stands, and whose it is: a write that was begun and stands is taken as made. A later write by hand may keep the
    /// description, so only the one version that has it can be ours.
    async fn held(&self, place: &Place) -> Result<Held, FacetError> {
        let (name, before) = (name(place), previous_name(place));
        let mut found = self.parameters(&[&name, &before]).await?;
        let has_previous = found.contains_key(&before);
        let Some(parameter) = found.remove(&name) else {
            return Ok(Held { parameter: None, noted: None, has_previous });
        };
        let mut noted = Noted::read(place, &self.tags(&name).await?);
        if let Some(now) = &noted
            && let Some(intent) = now.intent.clone().filter(|_| parameter.version > now.parameter)
            && self.versions_of(&name, &intent.write).await? == [parameter.version]
        {
            noted = Some(now.finished(&intent, parameter.version));
        }
        Ok(Held { parameter: Some(parameter), noted, has_previous })
    }

    /// Makes the parameter, its record with it.
    async fn make(
        &self,
        place: &Place,
        record: Record,
        value: &SecretValue,
    ) -> Result<Record, FacetError> {
        let name = name(place);
        let write = self.session.fresh_id();
        let noted = Noted { record, parameter: 1, intent: None };
        let put = Put { name: &name, value, write: &write, tags: Some(noted.tags(place)) };
        match self.put(put).await {
            Ok(_) => Ok(noted.record),
            // An attempt whose answer was lost, or somebody else.
            Err(error) if error.fault == Fault::Occupied => {
                if self.versions_of(&name, &write).await? == [1] {
                    return Ok(noted.record);
                }
                Err(self.obstacle(place, Obstacle::Occupied))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a new value over the one that stands: the intent, the value, the record.
    async fn overwrite(
        &self,
        place: &Place,
        before: &Parameter,
        mut noted: Noted,
        value: &SecretValue,
    ) -> Result<Record, FacetError> {
        let name = name(place);
        if !before.is_secure {
            return Err(self.not_secure(&name));
        }
        let write = self.session.fresh_id();
        // The parameter's own version, unless it came from another path with one of its own.
        let next = u64::try_from(before.version + 1).unwrap_or_default();
        noted.record.version = noted.record.version.max(next);
        let intent = Intent {
            write: write.clone(),
            version: noted.record.version,
            time: noted.record.time.clone(),
            previous_until: noted.record.previous_until.clone(),
        };
        self.tag(&name, &intent.tag()).await?;
        let version = self.put(Put { name: &name, value, write: &write, tags: None }).await?;
        if version != before.version + 1 {
            let ours = self.versions_of(&name, &write).await?;
            if let Some(other) =
                (before.version + 1..=version).find(|version| !ours.contains(version))
            {
                return Err(self.overtaken(&name, other, version));
            }
        }
        noted.parameter = version;
        noted.intent = None;
        self.tag(&name, &noted.tags(place)).await?;
        Ok(noted.record)
    }

    /// Puts a value under the name of the one before.
    async fn keep(
        &self,
        place: &Place,
        owner: &str,
        value: &SecretValue,
    ) -> Result<(), FacetError> {
        let name = previous_name(place);
        let write = self.session.fresh_id();
        let tags = tags::previous(place, owner);
        let made = self.put(Put { name: &name, value, write: &write, tags: Some(tags) }).await;
        match made {
            Err(error) if error.fault == Fault::Occupied => {}
            made => return made.map(drop),
        }
        if !tags::is_previous(place, &self.tags(&name).await?) {
            return Err(self.obstacle(place, Obstacle::PreviousOccupied));
        }
        self.put(Put { name: &name, value, write: &write, tags: None }).await.map(drop)
    }

    /// Removes what stands under the name of the value before, where it is ours.
    async fn forget(&self, place: &Place) -> Result<(), FacetError> {
        let name = previous_name(place);
        if tags::is_previous(place, &self.tags(&name).await?) {
            self.delete(&name).await?;
        }
        Ok(())
    }

    fn obstacle(&self, place: &Place, obstacle: Obstacle) -> FacetError {
        trouble::obstacle(place, &self.session.server(), &name(place), obstacle)
    }

    fn not_secure(&self, name: &str) -> FacetError {
        FacetError {
            fault: Fault::Rejected,
            summary: format!("{name} is no SecureString"),
            attempted: format!("writing it with {}", self.session.server()),
            cause: "a parameter cannot change its type, and a secret is written into a SecureString only".to_owned(),
            next: "nothing was written. Remove the parameter, or give the secret another `parameter_name`.".to_owned(),
            attribute: None,
        }
    }

    fn overtaken(&self, name: &str, other: i64, ours: i64) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Somebody else wrote {name} at the same time"),
            attempted: format!("ssm:PutParameter {name} with {}", self.session.server()),
            cause: format!(
                "version {other} is another run's or a hand's, and version {ours}, this run's, is over it: Parameter Store \
                 cannot compare before it writes"
            ),
            next: format!(
                "see who wrote it (aws ssm get-parameter-history --name {name}), then plan again: the plan tells of \
                 another value, and its apply writes the wished one."
            ),
            attribute: None,
        }
    }

    fn refused(&self, what: &str, why: String, attribute: Option<&'static str>) -> FacetError {
        FacetError {
            fault: Fault::Rejected,
            summary: format!("Parameter Store does not take {what}"),
            attempted: format!("judging it for {}", self.session.server()),
            cause: why,
            next: "nothing was written. Change it, or keep the secret in another `store`."
                .to_owned(),
            attribute,
        }
    }
}

#[async_trait]
impl SecretStore for Ssm {
    fn name(&self) -> &'static str {
        "ssm"
    }

    fn facet(&self) -> &'static str {
        "aws"
    }

    fn server(&self) -> String {
        self.session.server()
    }

    fn path(&self, place: &Place) -> Option<String> {
        Some(name(place))
    }

    fn check(&self, place: &Place, value: Option<&SecretValue>) -> Result<(), FacetError> {
        if let Some(own) = &place.parameter_name {
            let told = format!("the name \"{}\"", own.escape_debug());
            rules::judge_own_name(own)
                .map_err(|why| self.refused(&told, why, Some("parameter_name")))?;
        }
        // What the value before would be called is longer.
        for name in [name(place), previous_name(place)] {
            let attribute = if place.parameter_name.is_some() { "parameter_name" } else { "key" };
            let told = format!("the name \"{}\"", name.escape_debug());
            rules::judge_name(&name).map_err(|why| self.refused(&told, why, Some(attribute)))?;
        }
        if let Some(value) = value {
            rules::judge_value(value.expose())
                .map_err(|why| self.refused(&format!("the value of {}", place.key), why, None))?;
        }
        Ok(())
    }

    async fn look(&self, place: &Place) -> Result<Seen, FacetError> {
        let held = self.held(place).await?;
        let value = match (&held.parameter, &held.noted) {
            (None, _) => Standing::Missing,
            (Some(_), None) => Standing::Unrecorded,
            (Some(now), Some(noted)) if now.version == noted.parameter => Standing::AsRecorded,
            (Some(_), Some(_)) => Standing::Changed,
        };
        Ok(Seen {
            record: held.noted.map(|noted| noted.record),
            value,
            has_previous: held.has_previous,
        })
    }

    async fn keys(&self, place: &Place) -> Result<BTreeSet<String>, FacetError> {
        self.names_below(&place.names.parameter_path).await
    }

    async fn read(&self, place: &Place) -> Result<Option<SecretValue>, FacetError> {
        self.value(&name(place)).await
    }

    async fn write(
        &self,
        place: &Place,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Record, FacetError> {
        self.check(place, change.value)?;
        let name = name(place);
        let Held { parameter, noted, has_previous } = self.held(place).await?;
        let found = noted.as_ref().map(|noted| &noted.record);
        match (found, expected) {
            (None, None) => {}
            (Some(found), Some(expected)) if found.is_same(expected) => {}
            _ => return Err(self.obstacle(place, Obstacle::Changed)),
        }
        let mut value = change.value;
        let now = match (&parameter, value, found) {
            (None, None, _) => return Err(self.obstacle(place, Obstacle::Missing)),
            (None, Some(value), _) => {
                let record = Record { version: 1, ..change.record(None, true) };
                // One that was removed took its record along, and with it until when the value before was to stay.
                if has_previous {
                    self.forget(place).await?;
                }
                return self.make(place, record, value).await;
            }
            (Some(_), Some(_), None) => return Err(self.obstacle(place, Obstacle::Occupied)),
            (Some(now), ..) => now,
        };
        if !now.is_secure {
            return Err(self.not_secure(&name));
        }
        if let (Previous::Keep { .. }, Some(new)) = (&change.previous, value)
            && let Some(before) = self.value(&name).await?
        {
            if before == *new {
                value = None;
            } else {
                self.keep(place, change.owner, &before).await?;
            }
        }
        let mut record = change.record(found, value.is_some());
        if change.previous == Previous::Remove {
            self.forget(place).await?;
            record.previous_until = None;
        }
        if let Some(value) = value {
            let noted = Noted { record, parameter: now.version, intent: None };
            return self.overwrite(place, now, noted, value).await;
        }
        // What is taken over as it stands has the parameter's version.
        if found.is_none() {
            record.version = u64::try_from(now.version).unwrap_or(1);
        }
        let noted = Noted { record, parameter: now.version, intent: None };
        self.tag(&name, &noted.tags(place)).await?;
        Ok(noted.record)
    }

    async fn remove(&self, place: &Place, expected: &Record) -> Result<(), FacetError> {
        let held = self.held(place).await?;
        if held.parameter.is_some() {
            if !held.noted.is_some_and(|noted| noted.record.is_same(expected)) {
                return Err(self.obstacle(place, Obstacle::Changed));
            }
            // The one that tells whose they are goes last.
            self.forget(place).await?;
            return self.delete(&name(place)).await;
        }
        self.forget(place).await
    }

    /// Versions begin anew at another path; the record keeps its own.
    async fn relocate(
        &self,
        from: &Place,
        to: &Place,
        expected: &Record,
    ) -> Result<(), FacetError> {
        let (old, new) = (name(from), name(to));
        if old == new {
            return Ok(());
        }
        self.check(to, None)?;
        let there = self.held(to).await?;
        let is_moved = there.noted.as_ref().is_some_and(|noted| noted.record.is_same(expected));
        if there.parameter.is_some() && !is_moved {
            return Err(self.obstacle(to, Obstacle::Occupied));
        }
        let here = self.held(from).await?;
        if here.parameter.is_none() {
            return if is_moved { Ok(()) } else { Err(self.obstacle(from, Obstacle::Missing)) };
        }
        let Some(noted) = here.noted.filter(|noted| noted.record.is_same(expected)) else {
            return Err(self.obstacle(from, Obstacle::Changed));
        };
        if here.has_previous
            && tags::is_previous(from, &self.tags(&previous_name(from)).await?)
            && let Some(before) = self.value(&previous_name(from)).await?
        {
            self.keep(to, &expected.owner, &before).await?;
        }
        if !is_moved {
            let Some(value) = self.value(&old).await? else {
                return Err(self.obstacle(from, Obstacle::Missing));
            };
            self.make(to, noted.record, &value).await?;
        }
        self.forget(from).await?;
        self.delete(&old).await
    }
}

/// The parameter of a secret, with its path.
fn name(place: &Place) -> String {
    let own = place.parameter_name.as_ref().unwrap_or(&place.key);
    format!("{}/{own}", place.names.parameter_path)
}

/// The parameter of the value before.
fn previous_name(place: &Place) -> String {
    format!("{}{PREVIOUS}", name(place))
}
