// SPDX-License-Identifier: MPL-2.0
//! When a value is due to be replaced, and how long an operation may take. Only a read looks at the clock.

use std::time::Duration;

use tfplugin::value::Attr;

use super::model::Model;
use crate::facet::Limit;
use crate::plan::duration;
use crate::world::World;

fn of(text: Option<&Attr<String>>) -> Option<Duration> {
    text.and_then(Attr::known).and_then(|text| duration::parse(text))
}

/// How long a value lives; `None`: for ever.
pub fn every(model: &Model) -> Option<Duration> {
    of(model.rotation.as_ref().map(|rotation| &rotation.every))
}

/// Whether no value is ever due to be replaced; `false` also where that is not known yet.
pub fn has_no_end(model: &Model) -> bool {
    model.rotation.as_ref().is_none_or(|rotation| rotation.every.is_null())
}

/// How long the value before stays readable; `None`: not at all.
pub fn grace(model: &Model) -> Option<Duration> {
    of(model.rotation.as_ref().map(|rotation| &rotation.grace)).filter(|grace| !grace.is_zero())
}

/// When the next value is due, of one that was written then.
pub fn rotates_at(model: &Model, created: &str) -> Attr<String> {
    if model.rotation.as_ref().is_some_and(|rotation| rotation.every.is_unknown()) {
        return Attr::Unknown;
    }
    every(model).and_then(|every| World::after(created, every)).into()
}

/// When the longest wait for a rotation is over.
pub fn overdue_at(model: &Model, created: &str) -> Option<String> {
    World::after(created, every(model)? + grace(model).unwrap_or_default())
}

/// What can be limited.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// A create.
    Create,
    /// A read, also the look of a plan.
    Read,
    /// An update.
    Update,
    /// A delete.
    Delete,
}

impl Operation {
    /// The limit that an entry sets, from now on.
    pub fn limit(self, model: &Model) -> Limit {
        let timeouts = model.timeouts.clone().unwrap_or_default();
        let (argument, text, default) = match self {
            Self::Create => ("create", timeouts.create, 300),
            Self::Read => ("read", timeouts.read, 120),
            Self::Update => ("update", timeouts.update, 300),
            Self::Delete => ("delete", timeouts.delete, 300),
        };
        Limit::starting_now(of(Some(&text)).unwrap_or(Duration::from_secs(default)), argument)
    }
}
