// SPDX-License-Identifier: MPL-2.0
//! A file of which single keys are changed: comments, order and foreign keys stay as they are.

use std::collections::BTreeMap;

use super::read::{self, Line, ReadError};
use super::write::{EncodeError, encode};

/// A file that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    text: String,
    lines: Vec<Line>,
}

// === impl Document ===

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It holds secrets.
        f.debug_struct("Document").field("assignments", &self.lines.len()).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        Ok(Self { text: text.to_owned(), lines: read::lines(text)? })
    }

    /// The value of a key; the last one, where it stands twice.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().rev().find(|line| line.key == key).map(|line| line.value.as_str())
    }

    /// Every key and its value.
    pub fn values(&self) -> BTreeMap<&str, &str> {
        self.lines.iter().map(|line| (line.key.as_str(), line.value.as_str())).collect()
    }

    /// Sets a key at the place where it stands last, or in a new line at the end; earlier lines of the key go. A
    /// value that is there already changes nothing.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), EncodeError> {
        let standing: Vec<&Line> = self.lines.iter().filter(|line| line.key == key).collect();
        if let [only] = standing.as_slice()
            && only.value == value
        {
            return Ok(());
        }
        let line = format!("{key}={}", encode(value)?);
        let Some((last, earlier)) = standing.split_last() else {
            let mut text = std::mem::take(&mut self.text);
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&line);
            text.push('\n');
            self.take(text);
            return Ok(());
        };
        let mut text = self.text.clone();
        text.replace_range(last.place.clone(), &line);
        for gone in earlier.iter().rev() {
            text.replace_range(with_line_end(&text, gone), "");
        }
        self.take(text);
        Ok(())
    }

    /// Removes every line of a key; whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let mut text = self.text.clone();
        let gone: Vec<&Line> = self.lines.iter().filter(|line| line.key == key).collect();
        for line in gone.iter().rev() {
            text.replace_range(with_line_end(&text, line), "");
        }
        let removed = !gone.is_empty();
        self.take(text);
        removed
    }

    /// The file as it is now.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn take(&mut self, text: String) {
        // What was read and changed by whole lines can be read again.
        self.lines = read::lines(&text).unwrap_or_default();
        self.text = text;
    }
}

/// The bytes of an assignment and of the line end behind it.
fn with_line_end(text: &str, line: &Line) -> std::ops::Range<usize> {
    line.place.start..(line.place.end + 1).min(text.len())
}
