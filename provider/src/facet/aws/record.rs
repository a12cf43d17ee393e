//! What a parameter of the registry holds: JSON that Parameter Store takes as it is. Pure.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use crate::registry::{self, Entry, Misfit};

/// The longest value of a standard parameter, bytes. What is longer would need an advanced one, which is paid for.
pub(super) const LONGEST: usize = 4096;

/// What founds a registry. Fields of later versions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Founding {
    /// A random id.
    pub id: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What the registry says of one instance. Fields of later versions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The registration.
    #[serde(flatten)]
    pub entry: Entry,
    /// The id of the write: tells one whose answer was lost from somebody else's.
    #[serde(default)]
    pub write: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A record and the version of its parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub record: Record,
    pub version: i64,
}

// === impl Founding ===

impl Founding {
    pub fn new(id: String) -> Self {
        Self { id, rest: Map::new() }
    }
}

// === impl Record ===

impl Record {
    /// The entry over the record that was there.
    pub fn of(entry: &Entry, before: Option<&Self>, write: String) -> Self {
        let rest = before.map(|before| before.rest.clone()).unwrap_or_default();
        Self { entry: entry.clone(), write, rest }
    }
}

/// Who owns an app: as the last of its instances was told.
pub(super) fn owner(held: &BTreeMap<String, Held>) -> Option<String> {
    let live = held.values().map(|held| &held.record.entry).filter(|entry| !entry.is_gone());
    let last = live.max_by(|a, b| a.written_at.cmp(&b.written_at))?;
    Some(last.owner.clone()).filter(|owner| !owner.is_empty())
}

/// Whether `next` may be written over what was expected; `env` is the instance's.
pub(super) fn admits(
    held: &BTreeMap<String, Held>,
    env: &str,
    expected: Option<&Entry>,
    next: &Entry,
) -> Result<(), Misfit> {
    let found = held.get(env).map(|held| &held.record.entry);
    registry::admits(found, owner(held).as_deref(), expected, next)
}

/// JSON without `{{`, which Parameter Store would take for a reference to another parameter. Outside strings JSON never
/// has it.
pub(super) fn render(value: &impl Serialize) -> Result<String, serde_json::Error> {
    struct NoDoubleBraces;
    impl Formatter for NoDoubleBraces {
        fn write_string_fragment<W: ?Sized + io::Write>(
            &mut self,
            to: &mut W,
            text: &str,
        ) -> io::Result<()> {
            for (index, part) in text.split('{').enumerate() {
                if index > 0 {
                    to.write_all(b"\\u007b")?;
                }
                to.write_all(part.as_bytes())?;
            }
            Ok(())
        }
    }
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, NoDoubleBraces))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::Phase;

    fn entry(owner: &str, phase: Phase, written_at: &str) -> Entry {
        Entry {
            owner: owner.to_owned(),
            phase,
            holder: Some("h".to_owned()),
            generation: 3,
            state_address: None,
            production: false,
            spec_digest: String::new(),
            spec: json!({ "release": "{{ssm:/erp/prod/x}}" }),
            written_at: written_at.to_owned(),
            applied: BTreeMap::new(),
            pending: None,
        }
    }

    fn held(entries: &[(&str, Entry)]) -> BTreeMap<String, Held> {
        let held =
            |entry: &Entry| Held { record: Record::of(entry, None, String::new()), version: 1 };
        entries.iter().map(|(env, entry)| ((*env).to_owned(), held(entry))).collect()
    }

    #[test]
    fn no_value_refers_to_another_parameter_and_all_of_it_comes_back() {
        let mut record = Record::of(&entry("us", Phase::Live, "1"), None, "w".to_owned());
        record.rest.insert("later".to_owned(), json!([{ "a": {} }, "{{", "\u{1}{"]));
        let text = render(&record).unwrap();
        assert!(!text.contains("{{"), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        let next = Record::of(&entry("us", Phase::Gone, "2"), Some(&record), "x".to_owned());
        assert_eq!(next.rest, record.rest, "what a later version wrote is kept");
    }

    #[test]
    fn the_app_is_whose_instance_was_told_last() {
        let all = held(&[
            ("a", entry("old", Phase::Live, "2026-01-01T00:00:00Z")),
            ("b", entry("new", Phase::Live, "2026-01-02T00:00:00Z")),
            ("c", entry("gone", Phase::Gone, "2026-01-03T00:00:00Z")),
        ]);
        assert_eq!(owner(&all).as_deref(), Some("new"));
        assert_eq!(owner(&held(&[("c", entry("gone", Phase::Gone, "1"))])), None);
    }

    #[test]
    fn only_what_was_seen_is_written_over() {
        let (live, gone) = (entry("us", Phase::Live, "1"), entry("us", Phase::Gone, "1"));
        let next = Entry { generation: 4, ..live.clone() };
        let all = held(&[("a", live.clone())]);
        assert_eq!(admits(&all, "a", Some(&live), &next), Ok(()));
        assert_eq!(admits(&all, "a", Some(&gone), &live), Ok(()), "the write landed");
        assert!(matches!(admits(&all, "a", None, &next), Err(Misfit::Entry(Some(_)))));
        assert!(matches!(admits(&all, "b", Some(&live), &next), Err(Misfit::Entry(None))));
        let theirs = Entry { owner: "them".to_owned(), ..next.clone() };
        assert_eq!(admits(&all, "b", None, &theirs), Err(Misfit::Owner("us".to_owned())));
        assert_eq!(admits(&all, "a", Some(&live), &theirs), Ok(()), "the holder changes the owner");
        assert_eq!(admits(&held(&[("a", gone)]), "b", None, &theirs), Ok(()));
    }
}
