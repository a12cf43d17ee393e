// SPDX-License-Identifier: MPL-2.0
//! How a value of the server appears in a phrase a user reads.

/// Characters shown of one value; what is longer ends in `…`.
const SHOWN: usize = 80;

/// Writes control characters, line separators and characters that reorder or hide text as `\u{…}` (CWE-150,
/// Trojan Source), and cuts after 80 characters.
pub fn escaped(text: &str) -> String {
    cut(text, SHOWN)
}

/// The same between double quotes; a quote within is written `\"`.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('"', "\\\""))
}

fn cut(text: &str, shown: usize) -> String {
    let mut out = String::with_capacity(text.len().min(shown * 2));
    for (at, character) in text.chars().enumerate() {
        if at == shown {
            out.push('…');
            break;
        }
        if hides(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a terminal may act on the character instead of showing it.
pub fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        assert_eq!(quoted("karl"), "\"karl\"");
        assert_eq!(escaped("größe 5"), "größe 5");
    }

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        assert_eq!(escaped("a\nb\x1b[2J"), "a\\u{a}b\\u{1b}[2J");
        assert_eq!(escaped("x\u{202e}y\u{200b}z"), "x\\u{202e}y\\u{200b}z");
        assert_eq!(quoted("a\"b"), "\"a\\\"b\"");
    }

    #[test]
    fn long_text_is_cut_on_a_character() {
        let shown = escaped(&"é".repeat(200));
        assert_eq!(shown.chars().count(), 81);
        assert!(shown.ends_with('…'));
    }
}
