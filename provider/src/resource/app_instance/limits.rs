// SPDX-License-Identifier: MPL-2.0
//! How long an operation may wait for servers: block `timeouts`.

use std::time::Duration;

use super::model::Model;
use crate::facet::Limit;
use crate::plan::duration;

/// What can be limited. The one look of a create's plan is a read.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// A create.
    Create,
    /// A read.
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
            Self::Create => ("create", timeouts.create, 600),
            Self::Read => ("read", timeouts.read, 120),
            Self::Update => ("update", timeouts.update, 600),
            Self::Delete => ("delete", timeouts.delete, 600),
        };
        let time = text.known().and_then(|text| duration::parse(text));
        Limit::starting_now(time.unwrap_or(Duration::from_secs(default)), argument)
    }
}
