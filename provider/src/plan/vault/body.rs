// SPDX-License-Identifier: MPL-2.0
//! The body of a role as it is wished, against what the server answers.
//!
//! Vault and OpenBao keep fields that a write leaves out, so a body names every field that decides who gets what,
//! also those at their defaults; and they answer the same value in several forms (`3600`, `"1h"`, `null` for an
//! empty list), so values are compared by meaning.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

mod duration;

pub use duration::seconds;

/// A field by meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A text; absent and empty are the same.
    Text(String),
    /// A text that an older server, which knows nothing else, does not answer.
    Default(&'static str),
    /// Seconds; answered as a number or as `1h30m`.
    Seconds(u64),
    /// A plain number.
    Number(u64),
    /// A switch.
    Flag(bool),
    /// A list without order.
    Set(BTreeSet<String>),
    /// SQL: a list in order; white space at the ends and a last `;` do not count.
    Statements(Vec<String>),
    /// Texts by key; a list of one is the same as its item.
    Map(BTreeMap<String, String>),
}

/// A whole body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body(BTreeMap<&'static str, Field>);

// === impl Body ===

impl Body {
    /// An empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, field: Field) -> Self {
        self.0.insert(name, field);
        self
    }

    /// What is sent: every field.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect())
    }

    /// What the server answers against the wish: one phrase a field, such as `default_ttl is 3600`.
    pub fn differences(&self, seen: &Map<String, Value>) -> Vec<String> {
        self.0
            .iter()
            .filter_map(|(name, field)| {
                let value = seen.get(*name).unwrap_or(&Value::Null);
                (!field.equals(value)).then(|| field.phrase(name, value))
            })
            .collect()
    }
}

// === impl Field ===

impl Field {
    /// A set of texts.
    pub fn set<'a>(items: impl IntoIterator<Item = &'a String>) -> Self {
        Self::Set(items.into_iter().cloned().collect())
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Default(text) => json!(text),
            Self::Seconds(number) | Self::Number(number) => json!(number),
            Self::Flag(flag) => json!(flag),
            Self::Set(items) => json!(items),
            Self::Statements(items) => json!(items),
            Self::Map(items) => json!(items),
        }
    }

    fn equals(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str().unwrap_or_default() == text && !is_odd(value),
            Self::Default(text) => value.is_null() || value == *text,
            Self::Seconds(wished) => seconds(value) == Some(*wished),
            Self::Number(wished) => {
                if value.is_null() {
                    *wished == 0
                } else {
                    value.as_u64() == Some(*wished)
                }
            }
            Self::Flag(wished) => {
                if value.is_null() {
                    !wished
                } else {
                    value.as_bool() == Some(*wished)
                }
            }
            Self::Set(wished) => texts(value)
                .is_some_and(|seen| seen.into_iter().collect::<BTreeSet<_>>() == *wished),
            Self::Statements(wished) => {
                texts(value).is_some_and(|seen| statements(&seen) == statements(wished))
            }
            Self::Map(wished) => map(value).is_some_and(|seen| seen == *wished),
        }
    }

    fn phrase(&self, name: &str, value: &Value) -> String {
        match self {
            // Statements are long; what differs in them is for a diff, not for one line.
            Self::Statements(_) => format!("{name} is not the convention's"),
            Self::Text(_) | Self::Default(_) if value.is_null() => format!("{name} is \"\""),
            Self::Set(_) if value.is_null() => format!("{name} is []"),
            Self::Map(_) if value.is_null() => format!("{name} is {{}}"),
            _ => format!("{name} is {}", shown(value)),
        }
    }
}

/// A text is due where something else stands.
fn is_odd(value: &Value) -> bool {
    !(value.is_null() || value.is_string())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn map(value: &Value) -> Option<BTreeMap<String, String>> {
    match value {
        Value::Null => Some(BTreeMap::new()),
        Value::Object(items) => items
            .iter()
            .map(|(key, item)| {
                let mut one = texts(item)?;
                (one.len() == 1).then(|| (key.clone(), one.remove(0)))
            })
            .collect(),
        _ => None,
    }
}

fn statements(list: &[String]) -> Vec<&str> {
    list.iter()
        .map(|s| s.trim().trim_end_matches(';').trim_end())
        .filter(|s| !s.is_empty())
        .collect()
}

/// A value of the server as one line: JSON, with everything a terminal could act on escaped, and not endless.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 200;
    let mut text = String::new();
    for c in value.to_string().chars() {
        if text.len() > LONGEST {
            text.push('…');
            break;
        }
        if c.is_ascii() && !c.is_control() { text.push(c) } else { text.extend(c.escape_unicode()) }
    }
    text
}

#[cfg(test)]
mod tests;
