// SPDX-License-Identifier: MPL-2.0
//! What a parameter of the registry holds: JSON that Parameter Store takes as it is. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use crate::registry::{self, Entry, Floor, Misfit};

/// The longest value of a standard parameter, bytes. What is longer would need an advanced one, which is paid for.
pub(super) const LONGEST: usize = 4096;

/// The most digests of the promotion ledger that an entry keeps here.
pub(super) const LEDGER: usize = 20;

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

/// The floor of one owner. Fields of later versions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FloorRecord {
    /// What may not be loosened.
    pub floor: Floor,
    /// The id of the write.
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

// === impl FloorRecord ===

impl FloorRecord {
    /// The floor over the record that was there.
    pub fn of(floor: Floor, before: Option<&Self>, write: String) -> Self {
        let rest = before.map(|before| before.rest.clone()).unwrap_or_default();
        Self { floor, write, rest }
    }
}

/// The entry with as much of its promotion ledger as there is room for: what runs here, then the newest, at most
/// [`LEDGER`] and `room` of them.
pub(super) fn shortened(entry: &Entry, room: usize) -> Entry {
    let mut newest: Vec<_> = entry.applied.iter().collect();
    newest.sort_by(|(a, at), (b, bt)| {
        let here = |digest: &String| *digest == entry.spec_digest;
        here(b).cmp(&here(a)).then(bt.cmp(at)).then(a.cmp(b))
    });
    let kept = newest.into_iter().take(LEDGER.min(room));
    let applied = kept.map(|(digest, when)| (digest.clone(), when.clone())).collect();
    Entry { applied, ..entry.clone() }
}

/// The last part of the name of an owner's floor: letters, digits, `_` and `-` are themselves, any other byte is a dot
/// and two hexadecimal digits, so that the owner can be read back.
pub(super) fn escaped(owner: &str) -> String {
    let mut name = String::new();
    for byte in owner.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-".contains(&byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(name, ".{byte:02X}");
        }
    }
    // A name is never empty; no escape ends after its dot.
    if name.is_empty() { ".".to_owned() } else { name }
}

/// The owner of such a name; `None` where it is none.
pub(super) fn unescaped(name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let mut owner = parts.next()?.as_bytes().to_vec();
    if name == "." {
        return Some(String::new());
    }
    for part in parts {
        owner.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        owner.extend(part.get(2..)?.bytes());
    }
    let owner = String::from_utf8(owner).ok()?;
    Some(owner).filter(|owner| escaped(owner) == name)
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
    fn an_owner_is_read_back_from_the_name_of_its_parameter() {
        for (owner, name) in [
            ("arcodange/erp", "arcodange.2Ferp"),
            ("team_a-1", "team_a-1"),
            ("a.b c", "a.2Eb.20c"),
            ("é", ".C3.A9"),
            ("", "."),
        ] {
            assert_eq!(escaped(owner), name);
            assert_eq!(unescaped(name).as_deref(), Some(owner));
        }
        for name in ["a.2f", "a.2", ".é", "a..", "a.41", ".C3"] {
            assert_eq!(unescaped(name), None, "{name}");
        }
    }

    #[test]
    fn the_ledger_keeps_what_runs_here_and_the_newest() {
        let mut live = entry("us", Phase::Live, "9");
        live.spec_digest = "d00".to_owned();
        live.applied = (0..30).map(|n| (format!("d{n:02}"), format!("t{n:02}"))).collect();
        let short = shortened(&live, usize::MAX);
        let kept: Vec<_> = short.applied.keys().map(String::as_str).collect();
        assert_eq!(kept.len(), LEDGER);
        assert_eq!((kept[0], kept[1], kept[19]), ("d00", "d11", "d29"));
        assert_eq!(shortened(&short, usize::MAX), short);
        let least: Vec<_> = shortened(&live, 2).applied.into_keys().collect();
        assert_eq!(least, ["d00", "d29"]);
    }

    #[test]
    fn a_parameter_of_the_release_before_reads_the_same() {
        let text = r#"{"owner":"us","phase":"live","holder":"h","generation":3,"state_address":null,
            "production":false,"spec_digest":"","spec":{"release":"{{ssm:/erp/prod/x}}"},"written_at":"1","write":"w"}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record, Record::of(&entry("us", Phase::Live, "1"), None, "w".to_owned()));
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
