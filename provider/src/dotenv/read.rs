// SPDX-License-Identifier: MPL-2.0
//! A dotenv file, read as Docker Compose and python-dotenv read what they agree on. Nothing is expanded.

use std::collections::BTreeMap;
use std::ops::Range;

/// Why a file cannot be read. Holds no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Neither a comment nor `KEY=value`.
    #[error("line {0} is neither a comment nor KEY=value")]
    NoAssignment(usize),
    /// A quote that nothing closes.
    #[error("the quote that opens in line {0} is never closed")]
    Unterminated(usize),
    /// Something other than a comment behind a closing quote.
    #[error("something stands behind the closing quote in line {0}")]
    Trailing(usize),
    /// Larger than any reader is meant for.
    #[error("it has {0} bytes, and 1 MiB is the most that is read")]
    Large(usize),
}

/// One assignment of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key.
    pub key: String,
    /// Its value, unquoted.
    pub value: String,
    /// The bytes of the file it stands in, line end excluded; several lines where a quoted value has them.
    pub place: Range<usize>,
}

/// Largest file, bytes.
const MOST: usize = 1 << 20;

/// The values of a file by key; of a key that stands twice the last counts, as for every reader.
pub fn decode(text: &str) -> Result<BTreeMap<String, String>, ReadError> {
    Ok(lines(text)?.into_iter().map(|line| (line.key, line.value)).collect())
}

/// Every assignment of a file, in its order.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, ReadError> {
    if text.len() > MOST {
        return Err(ReadError::Large(text.len()));
    }
    let mut found = Vec::new();
    let mut at = 0;
    let mut number = 1;
    while at < text.len() {
        let end = line_end(text, at);
        let line = text[at..end].trim();
        if line.is_empty() || line.starts_with('#') {
            at = end + 1;
            number += 1;
            continue;
        }
        let (assigned, next) = assignment(text, at, number)?;
        number += text[at..next.min(text.len())].matches('\n').count().max(1);
        found.push(assigned);
        at = next;
    }
    Ok(found)
}

/// Reads the assignment that begins at a line, and tells where the next line begins.
fn assignment(text: &str, start: usize, number: usize) -> Result<(Line, usize), ReadError> {
    let end = line_end(text, start);
    let whole = &text[start..end];
    let (name, _) = whole.split_once('=').ok_or(ReadError::NoAssignment(number))?;
    let bare = name.trim();
    let key = bare.strip_prefix("export").map_or(bare, |rest| match rest.trim_start() {
        key if key.len() < rest.len() => key,
        _ => bare,
    });
    let fits = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if !fits {
        return Err(ReadError::NoAssignment(number));
    }
    let value_at = start + name.len() + 1;
    let blank = text[value_at..end].len() - text[value_at..end].trim_start().len();
    let value_at = value_at + blank;
    let (value, behind) = match text[value_at..].chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let close =
                closing(text, value_at + 1, quote).ok_or(ReadError::Unterminated(number))?;
            (unquoted(&text[value_at + 1..close], quote), close + 1)
        }
        _ => (plain(&text[value_at..end]).to_owned(), end),
    };
    let end = line_end(text, behind);
    let rest = text[behind..end].trim();
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err(ReadError::Trailing(number));
    }
    Ok((Line { key: key.to_owned(), value, place: start..end }, end + 1))
}

fn line_end(text: &str, at: usize) -> usize {
    text[at.min(text.len())..].find('\n').map_or(text.len(), |length| at + length)
}

/// A bare value ends at a comment, which is a `#` behind a blank.
fn plain(text: &str) -> &str {
    let comment = text
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || text[..*at].ends_with([' ', '\t'])));
    text[..comment.map_or(text.len(), |(at, _)| at)].trim_end()
}

/// The place of the quote that closes: in double quotes a backslash protects it.
fn closing(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(start + at),
            _ => {}
        }
    }
    None
}

fn unquoted(text: &str, quote: char) -> String {
    if quote == '\'' {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(c @ ('\\' | '"' | '\'' | '$' | '`')) => out.push(c),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}
