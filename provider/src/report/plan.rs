// SPDX-License-Identifier: MPL-2.0
//! The plan's own JSON, `show -json plan.bin`, read as a stream: of a hundred megabytes little stays.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::action::Action;
use super::address::is_ours;
use super::lenient::Sensitive;
use super::shown::{Attributes, Side};
use super::unreadable::Unreadable;

/// What a plan holds.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What changes.
    pub changes: Vec<PlanChange>,
    /// What was found changed; not a change of the plan.
    pub drift: Vec<PlanChange>,
    /// Whether planning failed.
    pub errored: bool,
    /// Whether the plan leaves something for another one: deferred changes, or `-target`.
    pub incomplete: bool,
}

/// One resource that changes.
#[derive(Clone, Debug)]
pub struct PlanChange {
    pub address: String,
    pub action: Action,
    pub resource_type: String,
    /// The whole name, such as `registry.opentofu.org/arcodange/appenv`.
    pub provider: String,
    /// Before and after; only of this provider's managed resources.
    pub sides: Option<(Side, Side)>,
}

/// Reads it.
///
/// # Errors
///
/// Another format, one that ends early, one that is no plan's. The reason repeats nothing of it.
pub fn read_plan(from: impl Read) -> Result<Plan, Unreadable> {
    let mut json = serde_json::Deserializer::from_reader(from);
    let raw = Raw::deserialize(&mut json).and_then(|raw| json.end().map(|()| raw));
    let raw = raw.map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "it ends early",
            serde_json::error::Category::Io => "it cannot be read",
            serde_json::error::Category::Syntax => "it is not one JSON document",
            serde_json::error::Category::Data => "it is not shaped as a plan",
        };
        Unreadable::plan(format!("{what} (line {}, column {})", error.line(), error.column()))
    })?;
    let Some(version) = raw.format_version else {
        return Err(Unreadable::plan(
            "it has no format_version, so it is not what `show -json` prints",
        ));
    };
    if version.split('.').next() != Some("1") {
        return Err(Unreadable::plan(
            "its format_version is not 1.x, the only one that is known here",
        )
        .with_next("use a release of this provider that knows the format of your CLI."));
    }
    if raw.planned_values.is_none() && raw.resource_changes.all == 0 {
        return Err(Unreadable::plan("it is no plan, rather a state"));
    }
    if raw.resource_changes.unknown || raw.resource_drift.unknown {
        return Err(Unreadable::plan("it has an action that is not known here")
            .with_next("use a release of this provider that knows the actions of your CLI."));
    }
    let deferred = raw.deferred_changes.is_some_and(|list| list.0 > 0);
    Ok(Plan {
        changes: raw.resource_changes.found,
        drift: raw.resource_drift.found,
        errored: raw.errored.unwrap_or(false),
        incomplete: deferred || raw.complete == Some(false),
    })
}

#[derive(Deserialize)]
struct Raw {
    format_version: Option<String>,
    planned_values: Option<IgnoredAny>,
    #[serde(default)]
    resource_changes: Changes,
    #[serde(default)]
    resource_drift: Changes,
    deferred_changes: Option<Length>,
    errored: Option<bool>,
    complete: Option<bool>,
}

/// Those of a list that change something.
#[derive(Default)]
struct Changes {
    /// How many the list has.
    all: usize,
    found: Vec<PlanChange>,
    /// Whether one has an action that is not known.
    unknown: bool,
}

/// The length of a list.
struct Length(usize);

#[derive(Deserialize)]
struct RawChange {
    address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    resource_type: String,
    #[serde(default)]
    provider_name: String,
    previous_address: Option<String>,
    change: RawBody,
}

#[derive(Deserialize)]
struct RawBody {
    actions: Vec<String>,
    #[serde(default)]
    before: Option<Attributes>,
    #[serde(default)]
    after: Option<Attributes>,
    #[serde(default)]
    before_sensitive: Sensitive,
    #[serde(default)]
    after_sensitive: Sensitive,
    importing: Option<IgnoredAny>,
}

// === impl RawChange ===

impl RawChange {
    /// `Ok(None)` where nothing changes, `Err` for an action that is not known.
    fn read(self) -> Result<Option<PlanChange>, ()> {
        let moved = self.previous_address.is_some_and(|previous| previous != self.address);
        let body = self.change;
        let action = Action::of_plan(&body.actions, body.importing.is_some(), moved)?;
        let side = |attributes: Option<Attributes>, marks: &Sensitive| {
            attributes.unwrap_or_default().shown(marks)
        };
        Ok(action.map(|action| PlanChange {
            sides: (self.mode == "managed"
                && is_ours(&self.resource_type)
                && is_this_provider(&self.provider_name))
            .then(|| {
                (side(body.before, &body.before_sensitive), side(body.after, &body.after_sensitive))
            }),
            address: self.address,
            action,
            resource_type: self.resource_type,
            provider: self.provider_name,
        }))
    }
}

/// Whether a provider's whole name is this one's, at whatever registry.
fn is_this_provider(name: &str) -> bool {
    name.split_once('/').is_some_and(|(_, rest)| rest == "arcodange/appenv")
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Changes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of changes")
            }
            fn visit_unit<E>(self) -> Result<Changes, E> {
                Ok(Changes::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Changes, A::Error> {
                let mut read = Changes::default();
                while let Some(change) = list.next_element::<RawChange>()? {
                    read.all += 1;
                    match change.read() {
                        Ok(change) => read.found.extend(change),
                        Err(()) => read.unknown = true,
                    }
                }
                Ok(read)
            }
        }
        from.deserialize_any(List)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Length, E> {
                Ok(Length(0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Length, A::Error> {
                let mut length = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Length(length))
            }
        }
        from.deserialize_any(List)
    }
}

/// How many resources have each address and action; what events and plan agree in.
pub fn tally<'a>(
    changes: impl IntoIterator<Item = (&'a str, Action)>,
) -> BTreeMap<(&'a str, Action), usize> {
    let mut tally = BTreeMap::new();
    for change in changes {
        *tally.entry(change).or_default() += 1;
    }
    tally
}
