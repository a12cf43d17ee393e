// SPDX-License-Identifier: MPL-2.0
//! What a store notes of a key, and how its value stands against that.

use serde::{Deserialize, Serialize};

use super::value::SecretValue;

/// What a store notes of a key. Whoever may read it learns nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The team or repository that manages the app.
    pub owner: String,
    /// The random id of the state entry that holds the secret.
    pub holder: String,
    /// The backend address of that state, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_address: Option<String>,
    /// The key's own version: raised by each write of a value. In Parameter Store, the parameter's.
    pub version: u64,
    /// When the value was written, RFC 3339 UTC, by the clock of whoever wrote it.
    pub time: String,
    /// Until when the value before stays readable under `<KEY>_PREVIOUS`; `None`: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<String>,
}

/// How a value stands against its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// It is the one that was recorded.
    AsRecorded,
    /// It is another one.
    Changed,
    /// There is one, and no record.
    Unrecorded,
    /// It may have changed, and the credentials of this run may not read it.
    Untold,
}

/// What a look at a key tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The record; `None`: the store has none.
    pub record: Option<Record>,
    /// How the value stands against it.
    pub value: Standing,
    /// Whether something stands under `<KEY>_PREVIOUS`.
    pub has_previous: bool,
}

/// What becomes of the value before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Previous {
    /// Stays as it is: there or not.
    Leave,
    /// Is put under `<KEY>_PREVIOUS` until then (RFC 3339), in the place of one that is there. Where the new value is the
    /// one that stands, nothing is put there.
    Keep {
        /// Until when.
        until: String,
    },
    /// Is removed from there.
    Remove,
}

/// A write.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The new value; `None`: the one that stands is kept and taken as it is.
    pub value: Option<&'a SecretValue>,
    /// What becomes of the value before.
    pub previous: Previous,
    /// Who holds the secret from now on.
    pub owner: &'a str,
    /// See [`Record::holder`].
    pub holder: &'a str,
    /// See [`Record::state_address`].
    pub state_address: Option<&'a str>,
    /// Now: the time of the value, where there is a new one.
    pub now: &'a str,
}

// === impl Record ===

impl Record {
    /// Whether two looks saw the same record: nobody wrote in between.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.owner, &self.holder, self.version, &self.previous_until)
            == (&other.owner, &other.holder, other.version, &other.previous_until)
    }
}

// === impl Change ===

impl Change<'_> {
    /// The record after the change, over the one before. `version` and time move only where a value is written, and what
    /// is put under `<KEY>_PREVIOUS` only where the value is another one.
    pub fn record(&self, before: Option<&Record>, is_new_value: bool) -> Record {
        let version = before.map_or(0, |before| before.version) + u64::from(is_new_value);
        let kept = before.and_then(|before| before.previous_until.clone());
        Record {
            owner: self.owner.to_owned(),
            holder: self.holder.to_owned(),
            state_address: self.state_address.map(str::to_owned),
            // What is taken over as it stands is a first version.
            version: version.max(1),
            time: match before {
                Some(before) if !is_new_value => before.time.clone(),
                _ => self.now.to_owned(),
            },
            previous_until: match &self.previous {
                Previous::Keep { until } if is_new_value && before.is_some() => Some(until.clone()),
                Previous::Keep { .. } | Previous::Leave => kept,
                Previous::Remove => None,
            },
        }
    }
}
