// SPDX-License-Identifier: MPL-2.0
//! What naming refuses, told so that a user can act on it.

use std::fmt::Write;

/// What a refusal is about; whoever shows it knows the attribute that holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The app.
    App,
    /// The env of a coordinate.
    Env,
    /// A service, by its name.
    Service(String),
    /// A declared env, by its name.
    Environment(String),
    /// The convention.
    Convention,
    /// The choice of the env that elides.
    Elided,
    /// An input of names: `organization`, `domain` or `root`.
    Input(&'static str),
    /// A template, by the key of its name.
    Template(String),
    /// A composed name, by its key.
    Name(&'static str),
}

/// A refusal. Its texts are printable ASCII whatever the input was: the rest is shown as escapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}")]
pub struct NameError {
    /// What it is about.
    pub subject: Subject,
    /// One line: what is refused.
    pub summary: String,
    /// Why, and what to do next.
    pub detail: String,
}

impl NameError {
    pub(super) fn new(
        subject: Subject,
        summary: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { subject, summary: summary.into(), detail: detail.into() }
    }
}

/// Quotes a text for a message. All but printable ASCII becomes an escape such as `\u{43e}`, so that a look-alike
/// letter or a bidirectional control is seen (Unicode TR 36 and 39); past 80 characters only the length is told.
pub fn shown(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut out = String::from("\"");
    for c in text.chars().take(SHOWN) {
        out.push_str(&escaped(c));
    }
    out.push('"');
    if text.chars().nth(SHOWN).is_some() {
        // Writing to a String cannot fail.
        let _ = write!(out, "... ({} bytes)", text.len());
    }
    out
}

/// One character as a message shows it.
pub(super) fn escaped(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        _ => c.escape_default().to_string(),
    }
}

/// Names in a sentence: `"a"`, `"a" and "b"`, `"a", "b" and "c"`; `none` where there is none.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(shown).collect();
    match names.pop() {
        None => "none".to_owned(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{listed, shown};

    #[test]
    fn shows_what_cannot_be_seen() {
        assert_eq!(shown("shop"), "\"shop\"");
        assert_eq!(shown("sh\u{43e}p"), "\"sh\\u{43e}p\"");
        assert_eq!(shown("a\u{202e}b\n\0\"\\"), "\"a\\u{202e}b\\n\\u{0}\\\"\\\\\"");
        assert_eq!(shown(&"x".repeat(80)), format!("\"{}\"", "x".repeat(80)));
        assert_eq!(shown(&"x".repeat(81)), format!("\"{}\"... (81 bytes)", "x".repeat(80)));
    }

    #[test]
    fn lists_names_as_a_sentence_does() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a"]), "\"a\"");
        assert_eq!(listed(["a", "b"]), "\"a\" and \"b\"");
        assert_eq!(listed(["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
    }
}
