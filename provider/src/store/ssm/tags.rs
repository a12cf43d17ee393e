// SPDX-License-Identifier: MPL-2.0
//! The record of a secret, as tags of its parameter. Pure.
//!
//! A tag's value holds at most 256 letters, digits, blanks and `_ . : / = + - @`; a tag is never removed, an empty one is
//! none. Tags and value are two writes: the tag `appenv:intent` says beforehand what is about to be written, and the
//! parameter's description tells which write each version is.

use std::collections::BTreeMap;

use crate::store::{Place, Record};

/// Tags of a parameter.
pub type Tags = BTreeMap<String, String>;

const APP: &str = "appenv:app";
const ENV: &str = "appenv:env";
const OWNER: &str = "appenv:owner";
const HOLDER: &str = "appenv:holder";
const STATE: &str = "appenv:state";
const KEY: &str = "appenv:key";
const VERSION: &str = "appenv:version";
const PARAMETER: &str = "appenv:parameter_version";
const TIME: &str = "appenv:time";
const PREVIOUS_UNTIL: &str = "appenv:previous_until";
const INTENT: &str = "appenv:intent";
const PREVIOUS_OF: &str = "appenv:previous_of";

/// What the tags say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The record.
    pub record: Record,
    /// The parameter's version that it is of.
    pub parameter: i64,
    /// A write that was begun.
    pub intent: Option<Intent>,
}

/// A write that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its id, which the description of the version has.
    pub write: String,
    /// The record once it is made.
    pub version: u64,
    /// See [`Record::time`].
    pub time: String,
    /// See [`Record::previous_until`].
    pub previous_until: Option<String>,
}

// === impl Noted ===

impl Noted {
    /// Reads the tags; `None` where they are not ours, or are of another instance or key.
    pub fn read(place: &Place, tags: &Tags) -> Option<Self> {
        let text = |key: &str| tags.get(key).filter(|text| !text.is_empty()).cloned();
        let is = |key: &str, what: &str| tags.get(key).is_some_and(|text| text == what);
        let (app, env) = (place.coordinate.app(), place.coordinate.env());
        if !is(APP, app) || !is(ENV, env) || !is(KEY, &place.key) {
            return None;
        }
        Some(Self {
            record: Record {
                owner: text(OWNER)?,
                holder: text(HOLDER)?,
                state_address: text(STATE),
                version: text(VERSION)?.parse().ok()?,
                time: text(TIME)?,
                previous_until: text(PREVIOUS_UNTIL),
            },
            parameter: text(PARAMETER)?.parse().ok()?,
            intent: text(INTENT).and_then(|text| Intent::read(&text)),
        })
    }

    /// The record, where the version of that write stands: it was made, whatever became of its run.
    pub fn finished(&self, intent: &Intent, parameter: i64) -> Self {
        let record = Record {
            version: intent.version,
            time: intent.time.clone(),
            previous_until: intent.previous_until.clone(),
            ..self.record.clone()
        };
        Self { record, parameter, intent: None }
    }

    /// The tags that say it.
    pub fn tags(&self, place: &Place) -> Tags {
        let Self { record, parameter, .. } = self;
        let some = |text: &Option<String>| text.clone().unwrap_or_default();
        Tags::from([
            (APP.to_owned(), place.coordinate.app().to_owned()),
            (ENV.to_owned(), place.coordinate.env().to_owned()),
            (KEY.to_owned(), place.key.clone()),
            (OWNER.to_owned(), record.owner.clone()),
            (HOLDER.to_owned(), record.holder.clone()),
            // Informs only, so one that no tag can hold is left out.
            (STATE.to_owned(), some(&record.state_address.clone().filter(|text| fits(text)))),
            (VERSION.to_owned(), record.version.to_string()),
            (PARAMETER.to_owned(), parameter.to_string()),
            (TIME.to_owned(), record.time.clone()),
            (PREVIOUS_UNTIL.to_owned(), some(&record.previous_until)),
            (INTENT.to_owned(), self.intent.as_ref().map(Intent::text).unwrap_or_default()),
        ])
    }
}

// === impl Intent ===

impl Intent {
    fn text(&self) -> String {
        let Self { write, version, time, previous_until } = self;
        format!("{write} {version} {time} {}", previous_until.as_deref().unwrap_or("-"))
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            write: words.next()?.to_owned(),
            version: words.next()?.parse().ok()?,
            time: words.next()?.to_owned(),
            previous_until: words.next().filter(|word| *word != "-").map(str::to_owned),
        })
    }

    /// The tag that notes it.
    pub fn tag(&self) -> Tags {
        Tags::from([(INTENT.to_owned(), self.text())])
    }
}

/// The tags of the value before, under its own name.
pub fn previous(place: &Place, owner: &str) -> Tags {
    Tags::from([
        (APP.to_owned(), place.coordinate.app().to_owned()),
        (ENV.to_owned(), place.coordinate.env().to_owned()),
        (OWNER.to_owned(), owner.to_owned()),
        (PREVIOUS_OF.to_owned(), place.key.clone()),
    ])
}

/// Whether these are the tags of the value before of a place.
pub fn is_previous(place: &Place, tags: &Tags) -> bool {
    let is = |key: &str, what: &str| tags.get(key).is_some_and(|text| text == what);
    is(APP, place.coordinate.app())
        && is(ENV, place.coordinate.env())
        && is(PREVIOUS_OF, &place.key)
}

/// Whether a tag can hold it.
fn fits(text: &str) -> bool {
    text.len() <= 256 && text.chars().all(|c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::naming::{Coordinate, Environments, Inputs, Names};

    fn place(env: &str, key: &str) -> Place {
        let environments = Environments::new("elided-v1", None, Vec::new()).unwrap();
        let coordinate = Coordinate::new("erp", env).unwrap();
        let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &Inputs::default())
            .unwrap();
        Place { coordinate, names, key: key.to_owned(), parameter_name: None, file: String::new() }
    }

    fn noted() -> Noted {
        Noted {
            record: Record {
                owner: "acme/shop".to_owned(),
                holder: "h".to_owned(),
                state_address: Some("s3://bucket/erp/main".to_owned()),
                version: 3,
                time: "2026-01-01T00:00:00Z".to_owned(),
                previous_until: None,
            },
            parameter: 4,
            intent: None,
        }
    }

    #[test]
    fn what_is_noted_is_read_again_and_every_tag_is_one_that_aws_takes() {
        let here = place("sandbox", "K");
        let intent = Intent {
            write: "w".to_owned(),
            version: 4,
            time: "2026-02-01T00:00:00Z".to_owned(),
            previous_until: Some("2026-02-08T00:00:00Z".to_owned()),
        };
        for noted in [noted(), Noted { intent: Some(intent.clone()), ..noted() }] {
            let tags = noted.tags(&here);
            assert!(tags.values().all(|value| fits(value)), "{tags:?}");
            assert_eq!(Noted::read(&here, &tags), Some(noted));
        }
        let mut tags = noted().tags(&here);
        tags.extend(intent.tag());
        let read = Noted::read(&here, &tags).unwrap();
        let finished = read.finished(&intent, 5);
        assert_eq!((finished.record.version, finished.parameter), (4, 5));
        assert_eq!(finished.record.previous_until, intent.previous_until);
    }

    #[test]
    fn tags_of_another_instance_or_key_are_not_ours() {
        let tags = noted().tags(&place("sandbox", "K"));
        assert_eq!(Noted::read(&place("prod", "K"), &tags), None);
        assert_eq!(Noted::read(&place("sandbox", "L"), &tags), None);
        assert_eq!(Noted::read(&place("sandbox", "K"), &Tags::new()), None);
        let before = previous(&place("sandbox", "K"), "acme/shop");
        assert!(
            is_previous(&place("sandbox", "K"), &before)
                && !is_previous(&place("sandbox", "L"), &before)
        );
        assert_eq!(Noted::read(&place("sandbox", "K"), &before), None);
    }

    #[test]
    fn a_state_address_that_no_tag_can_hold_is_left_out() {
        let mut noted = noted();
        noted.record.state_address = Some("https://state/?a&b".to_owned());
        assert_eq!(noted.tags(&place("sandbox", "K"))[STATE], "");
    }
}
