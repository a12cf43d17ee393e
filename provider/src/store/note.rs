// SPDX-License-Identifier: MPL-2.0
//! Notes beside secrets: which record each key has, and digests by which its value is known again. Pure.
//!
//! A value and its note are two writes. The note is written first, with an intent: what is about to stand. Whoever looks
//! after a run was killed in between finds either value, and the note tells which it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::mac::Mac;
use super::place::Place;
use super::record::{Change, Previous, Record, Seen, Standing};
use super::value::SecretValue;

/// What is noted of one key. Fields of later versions are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// What stands; `None` while the first write is not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished: Option<Stand>,
    /// What is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<Stand>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A record, and the digests of its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stand {
    #[serde(flatten)]
    record: Record,
    /// Of the value.
    mac: Mac,
    /// Of the value before, where it is under `<KEY>_PREVIOUS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Mac>,
}

/// The values that stand now under a key and under `<KEY>_PREVIOUS`. They print themselves nowhere.
#[derive(Clone, Copy, Default)]
pub struct Standings<'a> {
    /// Under the key.
    pub value: Option<&'a str>,
    /// Under `<KEY>_PREVIOUS`.
    pub previous: Option<&'a str>,
}

/// A write, in its three steps: the note with the intent, the values, the note without it.
#[derive(Debug)]
pub struct Steps {
    /// The note before the values are written; `None`: no value is.
    pub begun: Option<Note>,
    /// What to put under which key; `None`: to remove it.
    pub values: BTreeMap<String, Option<SecretValue>>,
    /// The note after.
    pub done: Note,
}

/// Why nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The record is not the expected one.
    Changed,
    /// A value that nobody noted is under the key.
    Occupied,
    /// A value that nobody noted is under `<KEY>_PREVIOUS`.
    PreviousOccupied,
    /// The value to take over is not there.
    Missing,
}

// === impl Note ===

impl Note {
    /// The record, where no value need be read to tell it: no write is unfinished.
    pub fn settled(&self) -> Option<&Record> {
        self.intent.is_none().then(|| self.finished.as_ref().map(|stand| &stand.record))?
    }

    /// The record that was noted last, whatever stands.
    pub fn latest(&self) -> Option<&Record> {
        self.finished.as_ref().or(self.intent.as_ref()).map(|stand| &stand.record)
    }

    /// The record, and how the value stands against it. What was being written and stands is written.
    pub fn judge(&self, place: &Place, now: Standings<'_>) -> Seen {
        let stand = self.stand(place, now.value);
        let value = match (stand, now.value) {
            (_, None) => Standing::Missing,
            (None, Some(_)) => Standing::Unrecorded,
            (Some(stand), Some(value)) if stand.mac.is_of(place, &place.key, value) => {
                Standing::AsRecorded
            }
            (Some(_), Some(_)) => Standing::Changed,
        };
        Seen {
            record: stand.map(|stand| stand.record.clone()),
            value,
            has_previous: now.previous.is_some(),
        }
    }

    /// What the value that stands is the value of.
    fn stand(&self, place: &Place, value: Option<&str>) -> Option<&Stand> {
        let is_intended = |intent: &&Stand| {
            self.finished.is_none()
                || value.is_some_and(|value| intent.mac.is_of(place, &place.key, value))
        };
        self.intent.as_ref().filter(is_intended).or(self.finished.as_ref())
    }

    /// The steps of a change, or what stands in its way.
    pub fn steps(
        &self,
        place: &Place,
        now: Standings<'_>,
        expected: Option<&Record>,
        change: &Change<'_>,
    ) -> Result<Steps, Obstacle> {
        let stand = self.stand(place, now.value);
        match (stand.map(|stand| &stand.record), expected) {
            (None, None) => {}
            (Some(found), Some(expected)) if found.is_same(expected) => {}
            _ => return Err(Obstacle::Changed),
        }
        if stand.is_none() && change.value.is_some() && now.value.is_some() {
            return Err(Obstacle::Occupied);
        }
        // What is kept is taken for the recorded one only by who takes it over.
        let is_kept = change.value.is_none()
            && stand.is_some_and(|stand| stand.record.holder == change.holder);
        if is_kept
            && let (Some(stand), Some(value)) = (stand, now.value)
            && !stand.mac.is_of(place, &place.key, value)
        {
            return Err(Obstacle::Changed);
        }
        let new = change.value.filter(|value| Some(value.expose()) != now.value);
        let value = change.value.map(SecretValue::expose).or(now.value).ok_or(Obstacle::Missing)?;
        let mut record = change.record(stand.map(|stand| &stand.record), new.is_some());
        let mut previous = stand.and_then(|stand| stand.previous.clone());
        let mut values = BTreeMap::new();
        if let Some(new) = new {
            values.insert(place.key.clone(), Some(new.clone()));
        }
        match (&change.previous, new, now.value) {
            (Previous::Keep { .. }, Some(_), Some(before)) if stand.is_some() => {
                if now.previous.is_some() && previous.is_none() {
                    return Err(Obstacle::PreviousOccupied);
                }
                let name = place.previous_key();
                previous = Some(Mac::of(place, &name, before));
                values.insert(name, Some(SecretValue::new(before)));
            }
            (Previous::Keep { .. }, Some(_), _) => {
                // There was no value to keep.
                record.previous_until = stand.and_then(|s| s.record.previous_until.clone());
            }
            (Previous::Remove, ..) if previous.take().is_some() && now.previous.is_some() => {
                values.insert(place.previous_key(), None);
            }
            _ => {}
        }
        let next = Stand { record, mac: Mac::of(place, &place.key, value), previous };
        let rest = self.rest.clone();
        Ok(Steps {
            begun: (!values.is_empty()).then(|| Self {
                finished: stand.cloned(),
                intent: Some(next.clone()),
                rest: rest.clone(),
            }),
            values,
            done: Self { finished: Some(next), intent: None, rest },
        })
    }

    /// The keys whose values go with the record: the key, and `<KEY>_PREVIOUS` where we put it there.
    pub fn removal(
        &self,
        place: &Place,
        now: Standings<'_>,
        expected: &Record,
    ) -> Result<Vec<String>, Obstacle> {
        let stand = self.stand(place, now.value);
        if !stand.is_some_and(|stand| stand.record.is_same(expected)) {
            return Err(Obstacle::Changed);
        }
        let of = |stand: &Option<Stand>| stand.as_ref().is_some_and(|s| s.previous.is_some());
        let has_previous = of(&self.finished) || of(&self.intent);
        let mut keys = vec![place.key.clone()];
        keys.extend(has_previous.then(|| place.previous_key()));
        Ok(keys)
    }
}

// === impl Steps ===

impl Steps {
    /// The record once all is done.
    pub fn record(&self) -> Option<&Record> {
        self.done.settled()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::naming::{Coordinate, Environments, Inputs, Names};

    fn place() -> Place {
        let environments = Environments::new("elided-v1", None, Vec::new()).unwrap();
        let coordinate = Coordinate::new("erp", "sandbox").unwrap();
        let services = std::collections::BTreeSet::new();
        let names = Names::derive(&environments, &coordinate, &services, &Inputs::default());
        Place {
            names: names.unwrap(),
            coordinate,
            key: "K".to_owned(),
            parameter_name: None,
            file: String::new(),
        }
    }

    fn change(value: Option<&SecretValue>, previous: Previous) -> Change<'_> {
        Change {
            value,
            previous,
            owner: "o",
            holder: "h",
            state_address: None,
            now: "2026-01-01T00:00:00Z",
        }
    }

    fn keep() -> Previous {
        Previous::Keep { until: "2026-01-08T00:00:00Z".to_owned() }
    }

    fn now<'a>(value: Option<&'a str>, previous: Option<&'a str>) -> Standings<'a> {
        Standings { value, previous }
    }

    fn written(value: &str) -> (Note, Record) {
        let steps = Note::default()
            .steps(&place(), now(None, None), None, &change(Some(&SecretValue::new(value)), keep()))
            .unwrap();
        let record = steps.record().unwrap().clone();
        (steps.done, record)
    }

    #[test]
    fn a_first_write_keeps_nothing_and_is_version_1() {
        let (note, record) = written("a");
        assert_eq!((record.version, record.previous_until.as_deref()), (1, None));
        assert_eq!(note.judge(&place(), now(Some("a"), None)).value, Standing::AsRecorded);
        assert_eq!(note.judge(&place(), now(Some("b"), None)).value, Standing::Changed);
        assert_eq!(note.judge(&place(), now(None, None)).value, Standing::Missing);
        assert!(!serde_json::to_string(&note).unwrap().contains("\"a\""));
    }

    #[test]
    fn a_rotation_keeps_the_value_before_and_its_end_removes_it() {
        let (note, record) = written("a");
        let new = SecretValue::new("b");
        let steps = note
            .steps(&place(), now(Some("a"), None), Some(&record), &change(Some(&new), keep()))
            .unwrap();
        assert_eq!(steps.values["K"].as_ref().unwrap().expose(), "b");
        assert_eq!(steps.values["K_PREVIOUS"].as_ref().unwrap().expose(), "a");
        let record = steps.record().unwrap().clone();
        assert_eq!((record.version, record.previous_until.is_some()), (2, true));

        let end = change(None, Previous::Remove);
        let steps =
            steps.done.steps(&place(), now(Some("b"), Some("a")), Some(&record), &end).unwrap();
        assert_eq!(steps.values, BTreeMap::from([("K_PREVIOUS".to_owned(), None)]));
        assert_eq!(steps.record().unwrap().version, 2);
        assert_eq!(steps.record().unwrap().previous_until, None);
    }

    #[test]
    fn a_write_that_was_cut_off_is_known_by_the_value_that_stands() {
        let (note, record) = written("a");
        let new = SecretValue::new("b");
        let change = change(Some(&new), keep());
        let steps = note.steps(&place(), now(Some("a"), None), Some(&record), &change).unwrap();
        let begun = steps.begun.unwrap();
        // Before the values: the old one stands, as it is recorded.
        let seen = begun.judge(&place(), now(Some("a"), None));
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&record), Standing::AsRecorded));
        // After them: the new one is written, and doing it again keeps what was kept.
        let seen = begun.judge(&place(), now(Some("b"), Some("a")));
        assert_eq!((seen.record.as_ref().unwrap().version, seen.value), (2, Standing::AsRecorded));
        let again = begun
            .steps(&place(), now(Some("b"), Some("a")), seen.record.as_ref(), &change)
            .unwrap();
        assert!(again.values.is_empty());
        assert_eq!(again.record(), seen.record.as_ref());
    }

    #[test]
    fn a_first_write_that_was_cut_off_is_ours_to_go_on_with() {
        let value = SecretValue::new("a");
        let change = change(Some(&value), Previous::Leave);
        let steps = Note::default().steps(&place(), now(None, None), None, &change).unwrap();
        let begun = steps.begun.unwrap();
        let seen = begun.judge(&place(), now(None, None));
        assert_eq!(seen.value, Standing::Missing);
        let other = SecretValue::new("b");
        let change = self::change(Some(&other), Previous::Leave);
        let steps = begun.steps(&place(), now(None, None), seen.record.as_ref(), &change).unwrap();
        assert_eq!(steps.values["K"].as_ref().unwrap().expose(), "b");
    }

    #[test]
    fn what_stands_in_the_way() {
        let value = SecretValue::new("n");
        let write = change(Some(&value), keep());
        let refused =
            |note: &Note, at: Standings<'_>, expected: Option<&Record>, change: &Change<'_>| {
                note.steps(&place(), at, expected, change).unwrap_err()
            };
        let empty = Note::default();
        assert_eq!(refused(&empty, now(Some("x"), None), None, &write), Obstacle::Occupied);
        let (note, record) = written("a");
        assert_eq!(refused(&note, now(Some("a"), None), None, &write), Obstacle::Changed);
        let other = Record { holder: "other".to_owned(), ..record.clone() };
        assert_eq!(refused(&note, now(Some("a"), None), Some(&other), &write), Obstacle::Changed);
        assert_eq!(
            refused(&note, now(Some("a"), Some("p")), Some(&record), &write),
            Obstacle::PreviousOccupied
        );
        let take = change(None, Previous::Leave);
        assert_eq!(refused(&empty, now(None, None), None, &take), Obstacle::Missing);
        // What stands can be taken over.
        let steps = empty.steps(&place(), now(Some("x"), None), None, &take).unwrap();
        assert!(steps.values.is_empty() && steps.begun.is_none());
        assert_eq!(steps.done.judge(&place(), now(Some("x"), None)).value, Standing::AsRecorded);
    }
}
