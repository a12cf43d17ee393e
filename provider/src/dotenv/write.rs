// SPDX-License-Identifier: MPL-2.0
//! A value as every reader reads it.

use std::collections::BTreeMap;

use super::key::{self, KeyError};

/// Why a value or a file cannot be written so that all readers agree. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A control character other than a tab or a line feed.
    #[error("it holds a control character (U+{0:04X}), which readers drop or change")]
    Control(u32),
    /// `${`, which python-dotenv replaces even in quotes.
    #[error("it holds \"${{\", which python-dotenv replaces by a variable, quoted or not")]
    Variable,
    /// A single quote beside what a double quote does not protect.
    #[error("it holds both a single quote and {0}, and no quoting keeps both in every reader")]
    Mixed(&'static str),
    /// A backslash that only double quotes keep, beside what they do not.
    #[error(
        "it holds a backslash before a backslash or at its end, and {0}, and no quoting keeps both in every reader"
    )]
    Backslash(&'static str),
    /// A double quote at an end of what must stand in double quotes.
    #[error(
        "it begins or ends with a double quote, and holds a single quote or a doubled backslash: Docker Compose drops the outer quote"
    )]
    OuterQuote,
    /// A key that is none.
    #[error("key \"{}\": {error}", .key.escape_debug())]
    Key {
        /// The key.
        key: String,
        /// Why.
        error: KeyError,
    },
    /// A value of that key cannot be written.
    #[error("the value of {key} cannot be written: {error}")]
    Value {
        /// The key.
        key: String,
        /// Why.
        error: Box<EncodeError>,
    },
}

/// The right side of `KEY=…`: bare where nothing in it means anything to a reader, else in quotes.
///
/// Every text that is accepted reads back the same in POSIX sh, Docker Compose and python-dotenv, with their defaults
/// and with none of the variables it may name defined.
pub fn encode(value: &str) -> Result<String, EncodeError> {
    if let Some(c) = value.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        return Err(EncodeError::Control(c.into()));
    }
    if value.contains("${") {
        return Err(EncodeError::Variable);
    }
    if !value.is_empty() && value.bytes().all(is_plain) {
        return Ok(value.to_owned());
    }
    // python-dotenv reads `\\` and `\'` as escapes also in single quotes, and Docker Compose `\'` as no end.
    let backslash = value.contains("\\\\") || value.ends_with('\\');
    let quote = value.contains('\'');
    if !backslash && !quote {
        return Ok(format!("'{value}'"));
    }
    // What sh would run or replace within double quotes.
    let live = [('$', "a dollar sign"), ('`', "a backtick")];
    if let Some((_, name)) = live.into_iter().find(|(c, _)| value.contains(*c)) {
        return Err(if quote { EncodeError::Mixed(name) } else { EncodeError::Backslash(name) });
    }
    if value.starts_with('"') || value.ends_with('"') {
        return Err(EncodeError::OuterQuote);
    }
    Ok(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A whole file, one line a key, sorted.
pub fn render(values: &BTreeMap<String, String>) -> Result<String, EncodeError> {
    let mut out = String::new();
    for (key, value) in values {
        key::check(key).map_err(|error| EncodeError::Key { key: key.clone(), error })?;
        let value = encode(value)
            .map_err(|error| EncodeError::Value { key: key.clone(), error: Box::new(error) })?;
        out.push_str(key);
        out.push('=');
        out.push_str(&value);
        out.push('\n');
    }
    Ok(out)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:@+,%=".contains(&byte)
}
