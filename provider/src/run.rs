// SPDX-License-Identifier: MPL-2.0
//! What one run of the CLI has asked of one coordinate so far.
//!
//! The provider is never told an address, a plan's end or a phase; but within one configured process two blocks of
//! one coordinate, or a new block beside the deletion of another, can be seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::Standing;
use crate::gate::document::Document;
use crate::naming::Coordinate;

/// The plans of one run, by coordinate.
#[derive(Debug, Default)]
pub struct Run {
    seen: BTreeMap<Coordinate, Seen>,
    names: BTreeMap<(&'static str, String), Vec<Named>>,
    warned: BTreeSet<String>,
    secrets: BTreeMap<(String, String), SeenSecret>,
    endings: BTreeMap<Coordinate, Ending>,
    founded: BTreeSet<String>,
}

/// What the delete of an entry would be, as it is approved.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The change.
    pub document: Document,
    /// What the registries know of the app.
    pub standing: Standing,
    /// Whether the state or the registry has it as a production one.
    pub was_production: bool,
}

/// A state entry; one that is new has no key yet.
#[derive(Debug)]
struct EntryKey(Option<String>);

impl EntryKey {
    /// Whether it is that one; a new one is none other.
    fn is(&self, entry: Option<&str>) -> bool {
        self.0.is_some() && self.0.as_deref() == entry
    }
}

/// The plans of one secret.
#[derive(Debug, Default)]
struct SeenSecret {
    planned: Option<EntryKey>,
    deleted: Option<EntryKey>,
    created: bool,
    lost: Option<String>,
    /// The holder that an entry was read with.
    held: Option<String>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Read in this run, as an entry that holds the registration.
    read: bool,
    /// Planned to exist: by which entry, so that the second half of a replacement is known.
    kept: Option<String>,
    /// An entry was read that may not be changed, and why.
    lost: Option<Lost>,
    created: bool,
    /// The create was applied, so another entry of the coordinate is the deposed one that it replaced.
    made: bool,
    deleted: bool,
}

/// An instance of this run that will have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The instance.
    pub coordinate: Coordinate,
    /// The name's key.
    pub key: &'static str,
    /// Whether it is in a production env.
    pub production: bool,
    /// Whether the app's other instances may have it too.
    pub shared: bool,
}

/// Why an entry may not be changed, as its read found; a taint hides the entry from the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Another entry holds it: whose, and since when.
    HeldTwice(String),
    /// Its target is another one.
    Elsewhere(String),
}

/// Two wishes of one run that cannot both be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Two blocks of one coordinate.
    TwoBlocks,
    /// One block is created, another of the same coordinate deleted.
    CreateAndDelete,
}

impl Run {
    /// Whether a warning is new in this run; one about a server would else be said once an instance.
    pub fn is_new_warning(&mut self, summary: &str) -> bool {
        self.warned.insert(summary.to_owned())
    }

    /// Notes the plan of a secret that is to be, by its store and id; `entry` tells its state entry from others. The second
    /// plan of a replacement comes with the entry of the first.
    pub fn note_secret(
        &mut self,
        store: &str,
        id: &str,
        entry: Option<&str>,
        is_create: bool,
    ) -> Result<(), Clash> {
        let seen = self.secrets.entry((store.to_owned(), id.to_owned())).or_default();
        if is_create && seen.deleted.as_ref().is_some_and(|other| !other.is(entry)) {
            return Err(Clash::CreateAndDelete);
        }
        if seen.planned.as_ref().is_some_and(|other| !other.is(entry)) {
            return Err(Clash::TwoBlocks);
        }
        seen.planned = Some(EntryKey(entry.map(str::to_owned)));
        seen.created |= is_create;
        Ok(())
    }

    /// Notes the plan of a secret's removal.
    pub fn note_secret_delete(
        &mut self,
        store: &str,
        id: &str,
        entry: Option<&str>,
    ) -> Result<(), Clash> {
        let seen = self.secrets.entry((store.to_owned(), id.to_owned())).or_default();
        if seen.created && !seen.planned.as_ref().is_some_and(|other| other.is(entry)) {
            return Err(Clash::CreateAndDelete);
        }
        seen.deleted = Some(EntryKey(entry.map(str::to_owned)));
        Ok(())
    }

    /// Notes that an entry was read that holds a secret, and as whom.
    pub fn note_held_secret(&mut self, store: &str, id: &str, holder: &str) {
        let seen = self.secrets.entry((store.to_owned(), id.to_owned())).or_default();
        seen.held = Some(holder.to_owned());
    }

    /// As whom an entry that this run has read holds a secret; a create beside it is the second half of a replacement.
    pub fn held_secret(&self, store: &str, id: &str) -> Option<String> {
        self.secrets.get(&(store.to_owned(), id.to_owned()))?.held.clone()
    }

    /// Notes that an entry was read whose secret another one holds.
    pub fn note_lost_secret(&mut self, store: &str, id: &str, who: &str) {
        let seen = self.secrets.entry((store.to_owned(), id.to_owned())).or_default();
        seen.lost = Some(who.to_owned());
    }

    /// Who holds a secret in the place of an entry that this run has read.
    pub fn lost_secret(&self, store: &str, id: &str) -> Option<String> {
        self.secrets.get(&(store.to_owned(), id.to_owned()))?.lost.clone()
    }

    /// Notes that an instance will have a name in that name space; answers who else of this run has it. Only overrides,
    /// a shared role and an open naming gate let names meet.
    pub fn note_name(&mut self, space: &'static str, name: &str, by: Named) -> Vec<Named> {
        let noted = self.names.entry((space, name.to_owned())).or_default();
        let is_by = |other: &Named| other.coordinate == by.coordinate && other.key == by.key;
        let others = noted.iter().filter(|other| !is_by(other)).cloned().collect();
        match noted.iter_mut().find(|other| is_by(other)) {
            Some(again) => *again = by,
            None => noted.push(by),
        }
        others
    }

    /// Notes that this run founded a registry, by its id.
    pub fn note_founded(&mut self, target: &str) {
        self.founded.insert(target.to_owned());
    }

    /// Whether this run founded a registry: what it plans then was planned before there was one.
    pub fn has_founded(&self, target: &str) -> bool {
        self.founded.contains(target)
    }

    /// Notes what the delete of an entry would be.
    pub fn note_ending(&mut self, coordinate: &Coordinate, ending: Ending) {
        self.endings.insert(coordinate.clone(), ending);
    }

    /// What the delete of an entry would be that this run has read or planned.
    pub fn ending(&self, coordinate: &Coordinate) -> Option<Ending> {
        self.endings.get(coordinate).cloned()
    }

    /// Notes that an entry which holds the registration was read.
    pub fn note_read(&mut self, coordinate: &Coordinate) {
        self.seen.entry(coordinate.clone()).or_default().read = true;
    }

    /// Notes that an entry was read that may not be changed.
    pub fn note_lost(&mut self, coordinate: &Coordinate, why: Lost) {
        self.seen.entry(coordinate.clone()).or_default().lost = Some(why);
    }

    /// Why an entry that this run has read may not be changed.
    pub fn lost(&self, coordinate: &Coordinate) -> Option<Lost> {
        self.seen.get(coordinate)?.lost.clone()
    }

    /// Whether an entry of this run holds the registration; a create beside it is the second half of a tainted
    /// replacement.
    pub fn was_read(&self, coordinate: &Coordinate) -> bool {
        self.seen.get(coordinate).is_some_and(|seen| seen.read)
    }

    /// Notes a plan that keeps or changes an instance; `entry` tells its state entry from others.
    pub fn note_update(&mut self, coordinate: &Coordinate, entry: &str) -> Result<(), Clash> {
        let seen = self.seen.entry(coordinate.clone()).or_default();
        match &seen.kept {
            Some(other) if other != entry => return Err(Clash::TwoBlocks),
            _ if seen.created => return Err(Clash::TwoBlocks),
            _ => {}
        }
        seen.kept = Some(entry.to_owned());
        Ok(())
    }

    /// Notes a plan that creates an instance. `replaces`: the entry whose replacement this is.
    pub fn note_create(
        &mut self,
        coordinate: &Coordinate,
        replaces: Option<&str>,
    ) -> Result<(), Clash> {
        let seen = self.seen.entry(coordinate.clone()).or_default();
        if seen.deleted {
            return Err(Clash::CreateAndDelete);
        }
        if seen.created || (seen.kept.is_some() && seen.kept.as_deref() != replaces) {
            return Err(Clash::TwoBlocks);
        }
        seen.created = true;
        Ok(())
    }

    /// Notes that a create was applied.
    pub fn note_made(&mut self, coordinate: &Coordinate) {
        self.seen.entry(coordinate.clone()).or_default().made = true;
    }

    /// Whether a create was applied: what else is there of the coordinate no longer holds it.
    pub fn was_made(&self, coordinate: &Coordinate) -> bool {
        self.seen.get(coordinate).is_some_and(|seen| seen.made)
    }

    /// Whether another instance of the app is dealt with in this run.
    pub fn has_others_of(&self, coordinate: &Coordinate) -> bool {
        self.seen.keys().any(|other| other.app() == coordinate.app() && other != coordinate)
    }

    /// Notes a plan that deletes an instance.
    pub fn note_delete(&mut self, coordinate: &Coordinate) -> Result<(), Clash> {
        let seen = self.seen.entry(coordinate.clone()).or_default();
        if seen.created && !seen.made {
            return Err(Clash::CreateAndDelete);
        }
        seen.deleted = true;
        Ok(())
    }
}
