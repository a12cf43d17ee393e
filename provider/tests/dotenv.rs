// SPDX-License-Identifier: MPL-2.0
//! Dotenv values against real readers: sh, Docker Compose, python-dotenv; and files whose other lines stay.
#![allow(clippy::disallowed_methods, reason = "tests are the world")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use appenv::dotenv::{Document, EncodeError, ReadError, decode, encode, render};
use proptest::prelude::*;

fn tricky() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9 ]{0,4}",
        4 => prop::sample::select(vec![
            "'", "\"", "\\", "\\\\", "$", "${", "}", "`", "#", " #", "\n", "\t", "=", "!", "%", "é", "~", "*", "\\n", "$(", ")",
            "export ", ";", "&", "|", "<", "\u{a0}", "\u{2028}", "$$", "-", "\\'", "\\\"",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..7).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_reads_back(values in prop::collection::btree_map("[A-Z_][A-Z0-9_]{2,9}X", tricky(), 0..6)) {
        let values: BTreeMap<String, String> =
            values.into_iter().filter(|(_, value)| encode(value).is_ok()).collect();
        let Ok(text) = render(&values) else { return Ok(()) };
        prop_assert_eq!(decode(&text).unwrap(), values);
    }

    #[test]
    fn no_text_is_too_strange_to_be_judged(text in "\\PC{0,40}|[A-Z=\"' \\\\#\n]{0,60}") {
        let _ = decode(&text);
        let _ = encode(&text);
    }

    #[test]
    fn a_changed_key_leaves_the_rest(value in tricky(), other in tricky()) {
        prop_assume!(encode(&value).is_ok() && encode(&other).is_ok());
        let head = format!("# head\n\nexport OTHER={} # why\n", encode(&other).unwrap());
        let tail = "\n# tail\nFOREIGN='a # b'   \n";
        let mut document = Document::parse(&format!("{head}KEY=old\n{tail}")).unwrap();
        document.set("KEY", &value).unwrap();
        let line = format!("KEY={}\n", encode(&value).unwrap());
        prop_assert_eq!(document.as_str(), format!("{head}{line}{tail}"));
        prop_assert_eq!(document.get("KEY"), Some(value.as_str()));
        prop_assert_eq!(document.get("OTHER"), Some(other.as_str()));
        prop_assert!(document.remove("KEY"));
        prop_assert_eq!(document.as_str(), format!("{head}{tail}"));
    }
}

#[test]
fn values_are_written_in_the_plainest_form() {
    for (value, text) in [
        ("abc-1_2./:@+,%=", "abc-1_2./:@+,%="),
        ("", "''"),
        ("a b", "'a b'"),
        ("a$b", "'a$b'"),
        ("a#b", "'a#b'"),
        ("a\"b", "'a\"b'"),
        ("a\\b", "'a\\b'"),
        ("a\nb", "'a\nb'"),
        ("it's", "\"it's\""),
        ("it's \"so\" ok", "\"it's \\\"so\\\" ok\""),
        ("a\\", "\"a\\\\\""),
        ("a\\\\b", "\"a\\\\\\\\b\""),
    ] {
        assert_eq!(encode(value).unwrap(), text, "{value}");
    }
    for (value, error) in [
        ("a\rb", EncodeError::Control(13)),
        ("a\0b", EncodeError::Control(0)),
        ("a${b}", EncodeError::Variable),
        ("it's $5", EncodeError::Mixed("a dollar sign")),
        ("it's `x`", EncodeError::Mixed("a backtick")),
        ("$\\", EncodeError::Backslash("a dollar sign")),
        ("\"it's", EncodeError::OuterQuote),
        ("it's\"", EncodeError::OuterQuote),
    ] {
        assert_eq!(encode(value), Err(error), "{value:?}");
    }
}

#[test]
fn files_of_others_are_read() {
    let text = "# c\nA=1\n export B = two words # c\nC='x # y' # c\nD=\"l1\nl2\\n\"\nE=\nF=a#b\r\nexported=1\nA=last\n";
    let read = decode(text).unwrap();
    let read: Vec<_> = read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        read,
        [
            ("A", "last"),
            ("B", "two words"),
            ("C", "x # y"),
            ("D", "l1\nl2\n"),
            ("E", ""),
            ("F", "a#b"),
            ("exported", "1"),
        ]
    );
    for (text, error) in [
        ("A=1\nB\n", ReadError::NoAssignment(2)),
        ("A=1\n\n=x", ReadError::NoAssignment(3)),
        ("A B=1", ReadError::NoAssignment(1)),
        ("A='x\ny", ReadError::Unterminated(1)),
        ("A='1\n2'\nB='x'y", ReadError::Trailing(3)),
    ] {
        assert_eq!(decode(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_key_that_stands_twice_is_set_once() {
    let mut document = Document::parse("A=1\n# c\nA=2\nB=3").unwrap();
    document.set("A", "4").unwrap();
    assert_eq!(document.as_str(), "# c\nA=4\nB=3");
    document.set("C", "5").unwrap();
    assert_eq!(document.as_str(), "# c\nA=4\nB=3\nC=5\n");
    document.set("A", "4").unwrap();
    assert!(!document.remove("X"));
    assert_eq!(document.as_str(), "# c\nA=4\nB=3\nC=5\n");
    assert!(!format!("{document:?}").contains('5'), "a document prints no value");
}
