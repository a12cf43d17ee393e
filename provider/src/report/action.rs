// SPDX-License-Identifier: MPL-2.0
//! What a plan does to one resource.

use std::collections::BTreeMap;

/// One action, as a reviewer tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// An object is made.
    Create,
    /// An object is changed in place.
    Update,
    /// An object is destroyed and made again, in either order, or forgotten and made again.
    Replace,
    /// An object is destroyed.
    Delete,
    /// An object is no longer managed, and stays.
    Forget,
    /// An object comes under management as it is.
    Import,
    /// A state entry gets another address.
    Move,
    /// A data source is read in the apply.
    Read,
}

/// How many of each; those there are none of are absent.
pub type Counts = BTreeMap<Action, usize>;

// === impl Action ===

impl Action {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Update,
        Self::Replace,
        Self::Delete,
        Self::Forget,
        Self::Import,
        Self::Move,
        Self::Read,
    ];

    /// As it is written here.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Forget => "forget",
            Self::Import => "import",
            Self::Move => "move",
            Self::Read => "read",
        }
    }

    /// Whether an object ends by it.
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }

    /// Whether anything is written by it, be it the state alone.
    pub fn is_change(self) -> bool {
        self != Self::Read
    }

    /// The action of an event: `Ok(None)` is nothing to do, `Err` a word that is not known.
    pub(super) fn of_event(word: &str) -> Result<Option<Self>, ()> {
        Ok(Some(match word {
            "noop" | "no-op" => return Ok(None),
            "remove" | "forget" => Self::Forget,
            word => *Self::ALL.iter().find(|action| action.name() == word).ok_or(())?,
        }))
    }

    /// The action of a plan's list, which is `no-op` also where only the address or the management changes.
    pub(super) fn of_plan(
        words: &[String],
        imported: bool,
        moved: bool,
    ) -> Result<Option<Self>, ()> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(Some(match words[..] {
            ["no-op"] if imported => Self::Import,
            ["no-op"] if moved => Self::Move,
            ["no-op"] => return Ok(None),
            ["create"] => Self::Create,
            ["read"] => Self::Read,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["forget"] => Self::Forget,
            ["delete" | "forget", "create"] | ["create", "delete" | "forget"] => Self::Replace,
            _ => return Err(()),
        }))
    }
}
