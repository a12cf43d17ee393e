// SPDX-License-Identifier: MPL-2.0
//! Values as YAML that readers of 1.1 and of 1.2 read alike.
//!
//! `yaml-rust2` writes the structure: it is kept, has no `unsafe` and no C in it, and keeps the order of keys. Which
//! strings need quotes it judges by 1.2 alone, so a string that could be anything else goes to it quoted already.

use std::fmt::Write as _;

use tfplugin::value::Value;
use yaml_rust2::yaml::Hash;
use yaml_rust2::{Yaml, YamlEmitter};

/// Words that some reader takes for a bool or for null.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A document, with a line end.
pub(super) fn text_of(document: &Yaml) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, and no key is one that cannot be written.
    let _ = YamlEmitter::new(&mut out).dump(document);
    // One document needs no line that begins it.
    format!("{}\n", out.strip_prefix("---\n").unwrap_or(&out))
}

/// An object without what is `None`.
pub(super) fn map<const N: usize>(fields: [(&str, Option<Yaml>); N]) -> Yaml {
    let mut all = Hash::new();
    for (name, value) in fields {
        if let Some(value) = value {
            all.insert(string(name), value);
        }
    }
    Yaml::Hash(all)
}

/// A string that every reader reads as one.
pub(super) fn string(text: &str) -> Yaml {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' ');
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(' ')
        && text.chars().all(plain)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_plain {
        return Yaml::String(text.to_owned());
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(character),
            other if other.is_alphanumeric() => quoted.push(other),
            // YAML 1.2, "Escaped Characters". Writing to a String cannot fail.
            other => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    // What is real is written as it is.
    Yaml::Real(quoted)
}

/// A value of the configuration language; keys are sorted.
pub(super) fn value(value: &Value) -> Yaml {
    match value {
        Value::Dynamic(_, inner) => self::value(inner),
        Value::Null | Value::Unknown => Yaml::Null,
        Value::Bool(value) => Yaml::Boolean(*value),
        Value::Number(number) => Yaml::Real(number.to_string()),
        Value::String(text) => string(text),
        Value::List(elements) => Yaml::Array(elements.iter().map(self::value).collect()),
        Value::Map(fields) => {
            let mut all = Hash::new();
            for (key, field) in fields {
                all.insert(string(key), self::value(field));
            }
            Yaml::Hash(all)
        }
    }
}
