// SPDX-License-Identifier: MPL-2.0
//! The one place where a name or a text becomes part of a statement.
//!
//! Both forms hold with `standard_conforming_strings = on`, which every session of ours sets
//! (PostgreSQL manual, "Lexical Structure"). NUL cannot be written in a statement; it is dropped here and refused
//! long before, by the grammar of names.

/// A quoted identifier.
pub fn identifier(name: &str) -> String {
    enclose(name, '"')
}

/// A string literal.
pub(super) fn literal(text: &str) -> String {
    enclose(text, '\'')
}

fn enclose(text: &str, mark: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for character in text.chars().filter(|character| *character != '\0') {
        if character == mark {
            out.push(mark);
        }
        out.push(character);
    }
    out.push(mark);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a quoted form back as the lexer does; `None` where the quote ends early.
    fn read_back(quoted: &str, mark: char) -> Option<String> {
        let inner = quoted.strip_prefix(mark)?.strip_suffix(mark)?;
        let mut out = String::new();
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            if character == mark && characters.next() != Some(mark) {
                return None;
            }
            out.push(character);
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn every_name_reads_back(name in "[^\\x00]{0,80}") {
            prop_assert_eq!(read_back(&identifier(&name), '"'), Some(name.clone()));
            prop_assert_eq!(read_back(&literal(&name), '\''), Some(name));
        }
    }

    #[test]
    fn marks_are_doubled_and_backslashes_stay() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("o'clock \\"), "'o''clock \\'");
    }
}
