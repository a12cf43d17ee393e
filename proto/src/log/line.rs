// SPDX-License-Identifier: MPL-2.0
//! One log line: JSON that the CLI can always read. Does no I/O.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The longest line, newline included, in bytes; the CLI cuts longer ones into pieces that are no JSON.
pub(crate) const LINE_LIMIT: usize = 64 * 1024;
const MESSAGE_LIMIT: usize = 16 * 1024;
const VALUE_LIMIT: usize = 8 * 1024;
const KEY_LIMIT: usize = 256;
/// What the last field and the end of the line take.
const TAIL: &str = ",\"truncated\":true}\n";

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Words.
    Text(String),
    /// A number within the exact range of JSON readers, or a truth value: written as it stands.
    Plain(String),
}

/// Fields by name, in the order in which they are written.
pub(crate) type Fields = BTreeMap<String, Value>;

/// The line of one event. `level`, `module` and `timestamp` are ours; message and fields may hold anything.
pub(crate) fn render(
    level: &str,
    module: &str,
    timestamp: &str,
    message: &str,
    fields: &Fields,
) -> String {
    let mut line = String::with_capacity(256);
    line.push_str("{\"@level\":");
    push_text(&mut line, level, KEY_LIMIT);
    line.push_str(",\"@message\":");
    push_text(&mut line, message, MESSAGE_LIMIT);
    line.push_str(",\"@module\":");
    push_text(&mut line, module, KEY_LIMIT);
    line.push_str(",\"@timestamp\":");
    push_text(&mut line, timestamp, KEY_LIMIT);
    for (key, value) in fields {
        let before = line.len();
        line.push(',');
        // A field must not pass for one of the four above: the CLI dies of one that is not a string.
        let key = if key.starts_with('@') { format!("_{key}") } else { key.clone() };
        push_text(&mut line, &key, KEY_LIMIT);
        line.push(':');
        match value {
            Value::Text(text) => push_text(&mut line, text, VALUE_LIMIT),
            Value::Plain(text) => line.push_str(text),
        }
        if line.len() + TAIL.len() > LINE_LIMIT {
            line.truncate(before);
            line.push_str(TAIL);
            return line;
        }
    }
    line.push_str("}\n");
    line
}

/// Writes a JSON string of at most `limit` bytes between its quotes; an ellipsis stands for the rest.
///
/// Control characters, which could drive the terminal that the log ends up in, come out as visible escapes; only
/// line ends and tabs stay what they are. So do the marks that turn the direction of text.
fn push_text(line: &mut String, text: &str, limit: usize) {
    const ELLIPSIS: char = '…';
    line.push('"');
    let start = line.len();
    for c in text.chars() {
        let before = line.len();
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() || turns_direction(c) => {
                // Writing to a string cannot fail.
                let _ = write!(line, "\\\\u{{{:x}}}", u32::from(c));
            }
            c => line.push(c),
        }
        if line.len() - start > limit - ELLIPSIS.len_utf8() {
            line.truncate(before);
            line.push(ELLIPSIS);
            break;
        }
    }
    line.push('"');
}

/// Unicode's bidirectional controls (UAX #9).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    const TIME: &str = "2026-01-02T03:04:05.000006Z";

    fn parse(line: &str) -> serde_json::Map<String, Json> {
        assert!(line.len() <= LINE_LIMIT, "{} bytes", line.len());
        let body = line.strip_suffix('\n').unwrap();
        assert!(!body.contains(|c: char| c.is_control()));
        serde_json::from_str(body).unwrap()
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn a_line_is_what_the_cli_expects() {
        let fields = Fields::from([
            ("path".to_owned(), text("a \"b\"\\c")),
            ("tries".to_owned(), Value::Plain("3".to_owned())),
        ]);
        assert_eq!(
            render("info", "tfplugin.listen", TIME, "two\nlines", &fields),
            "{\"@level\":\"info\",\"@message\":\"two\\nlines\",\"@module\":\"tfplugin.listen\",\
             \"@timestamp\":\"2026-01-02T03:04:05.000006Z\",\"path\":\"a \\\"b\\\"\\\\c\",\"tries\":3}\n"
        );
    }

    #[test]
    fn every_character_of_two_bytes_or_less_comes_through_or_is_shown() {
        for c in (0..0x800).filter_map(char::from_u32) {
            let message = format!("a{c}b");
            let fields = Fields::from([(message.clone(), text(&message))]);
            let line = parse(&render("info", "m", TIME, &message, &fields));
            let shown = match c {
                '\n' | '\t' => message.clone(),
                c if c.is_control() || turns_direction(c) => format!("a\\u{{{:x}}}b", u32::from(c)),
                _ => message.clone(),
            };
            assert_eq!(line["@message"], shown);
            assert_eq!(line[&shown], shown);
        }
    }

    #[test]
    fn a_field_cannot_pass_for_one_of_ours() {
        let names = ["@message", "@level", "@timestamp", "@module", "@caller"];
        let fields =
            names.iter().map(|name| ((*name).to_owned(), Value::Plain("1".to_owned()))).collect();
        let line = parse(&render("warn", "m", TIME, "text", &fields));
        assert_eq!(line["@message"], "text");
        assert_eq!(
            (&line["@level"], &line["@timestamp"]),
            (&Json::from("warn"), &Json::from(TIME))
        );
        assert_eq!(line["_@message"], 1);
        assert!(!line.contains_key("@caller"));
    }

    #[test]
    fn a_huge_event_is_cut_and_says_so() {
        let huge = "\u{0}".repeat(1 << 20);
        let fields = (0..100).map(|n| (format!("f{n:03}"), text(&huge))).collect();
        let line = parse(&render("info", "m", TIME, &huge, &fields));
        assert!(line["@message"].as_str().unwrap().ends_with('…'));
        assert_eq!(line["truncated"], true);
        assert!(line.contains_key("f000") && !line.contains_key("f099"));
    }

    proptest! {
        #[test]
        fn any_event_is_one_line_of_json_with_our_four_strings(
            message in any::<String>(),
            fields in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..40),
            times in 1..4_000_usize,
        ) {
            let fields: Fields =
                fields.into_iter().map(|(k, v)| (k, Value::Text(v.repeat(times)))).collect();
            let line = parse(&render("debug", "m", TIME, &message.repeat(times), &fields));
            for ours in ["@level", "@message", "@module", "@timestamp"] {
                prop_assert!(line[ours].is_string());
            }
            prop_assert!(line.keys().filter(|key| key.starts_with('@')).count() == 4);
        }
    }
}
