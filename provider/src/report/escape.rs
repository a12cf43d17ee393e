// SPDX-License-Identifier: MPL-2.0
//! How a text of others stays a text, in Markdown as on a terminal.

/// Most characters of one text that are shown, and of a line of prose.
const SHOWN: usize = 200;
const PROSE: usize = 1_000;

/// A text as inline code. In it no renderer makes a mention, a link, a reference or HTML of anything; what could end it,
/// or a row of a table, or would not be seen, is written out as `\u{..}`.
pub fn code(text: &str) -> String {
    format!("`{}`", plain(text, SHOWN))
}

/// A line of this provider's own prose, whose words in backticks are in quotation marks here.
pub fn prose(line: &str) -> String {
    format!("`{}`", plain(&line.replace('`', "'"), PROSE))
}

/// The same characters without the marks of code, never empty and without spaces at the ends.
fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    let text = text.trim();
    for c in text.chars().take(most) {
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    if out.is_empty() { "\"\"".to_owned() } else { out }
}

/// Whether a character shows as itself and ends nothing.
fn is_plain(c: char) -> bool {
    let invisible = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}');
    !(c.is_control() || invisible || matches!(c, '`' | '|'))
}

#[cfg(test)]
mod tests {
    use super::{code, prose};

    #[test]
    fn nothing_breaks_out() {
        for (text, expected) in [
            ("erp/prod", "`erp/prod`"),
            ("a`|b", "`a\\u{60}\\u{7c}b`"),
            ("a\n\n# b\r\u{1b}[31m", "`a\\u{a}\\u{a}# b\\u{d}\\u{1b}[31m`"),
            ("<img> @all #1 https://x", "`<img> @all #1 https://x`"),
            ("\u{202e}x\u{200b}", "`\\u{202e}x\\u{200b}`"),
            ("é", "`é`"),
            ("  ", "`\"\"`"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(code(&"x".repeat(300)).chars().count(), 203);
        assert_eq!(prose("set `a|b`"), "`set 'a\\u{7c}b'`");
    }
}
