// SPDX-License-Identifier: MPL-2.0
//! One change has one text and one digest, and another change has another.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn document() -> Document {
    Document {
        target: [("postgres".to_owned(), "id-1".to_owned())].into(),
        owner: "team".to_owned(),
        app: "erp".to_owned(),
        env: "prod".to_owned(),
        secret: None,
        generation: 3,
        operation: Operation::Update,
        before: Some(json!({ "b": { "limit": 5, "note": null }, "a": ["x", "y"] })),
        after: Some(json!({ "b": { "limit": 6, "note": "" }, "a": ["x", "y"] })),
        effects: vec!["alter role erp".to_owned(), "alter database erp".to_owned()],
    }
}

/// Made apart from this code, with `sha256sum` and `base32`; a change here makes every approval that is given void.
#[test]
fn text_and_digest_are_those_that_were_published() {
    let text = concat!(
        r#"{"after":{"a":["x","y"],"b":{"limit":6,"note":""}},"app":"erp","before":{"a":["x","y"],"b":{"limit":5,"note":null}},"#,
        r#""effects":["alter role erp","alter database erp"],"env":"prod","gen":3,"op":"update","owner":"team","#,
        r#""provider":"appenv","secret":null,"semver_major":0,"target":{"postgres":"id-1"},"v":"approval/1"}"#,
    );
    assert_eq!(document().canonical().unwrap(), text);
    assert_eq!(
        document().digest().unwrap().to_string(),
        "a1-xu4lli4h77zvehcyczu6dfzudlqeqgaylffqzajfwjytew2l6dzq"
    );
}

fn text() -> impl Strategy<Value = String> {
    let odd =
        ["\u{202e}", "\u{200b}", "\u{e9}", "e\u{301}", "\n", "\"", "\\", "\u{1f980}", "\0", "a"];
    let part =
        prop_oneof!["[a-z0-9 ]{0,4}", prop::sample::select(odd.to_vec()).prop_map(str::to_owned)];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        // What JSON's readers agree on (RFC 8785 §3.2.2.3).
        (-(1_i64 << 53) + 1..1_i64 << 53).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn side() -> impl Strategy<Value = Option<Value>> {
    // A side that is null is one that is not there.
    prop::option::of(value().prop_filter("there", |value| !value.is_null()))
}

prop_compose! {
    fn documents()(
        target in prop::collection::btree_map(text(), text(), 0..3),
        (owner, app, env) in (text(), text(), text()),
        secret in prop::option::of(text()),
        generation in 0..1_u64 << 53,
        operation in prop::sample::select(Operation::ALL.to_vec()),
        (before, after) in (side(), side()),
        effects in prop::collection::vec(text(), 0..4),
    ) -> Document {
        Document { target, owner, app, env, secret, generation, operation, before, after, effects }
    }
}

/// Every value that differs from this one in one leaf.
fn one_leaf_apart(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => (0..values.len())
            .flat_map(|at| {
                one_leaf_apart(&values[at]).into_iter().map(move |other| {
                    let mut values = values.clone();
                    values[at] = other;
                    Value::from(values)
                })
            })
            .chain([Value::from([values.clone(), vec![Value::Null]].concat())])
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| {
                let mut changed: Vec<_> = one_leaf_apart(value).into_iter().map(Some).collect();
                changed.push(None);
                changed.into_iter().map(move |other| {
                    let mut fields = fields.clone();
                    match other {
                        Some(other) => drop(fields.insert(key.clone(), other)),
                        None => drop(fields.remove(key)),
                    }
                    Value::Object(fields)
                })
            })
            .collect(),
        Value::Null => vec![json!(""), json!(0), json!(false)],
        Value::Bool(is) => vec![json!(!is), Value::Null],
        Value::Number(number) => {
            vec![json!(number.as_i64().unwrap() ^ 1), json!(number.to_string())]
        }
        Value::String(text) => vec![json!(format!("{text} ")), Value::Null, json!([text])],
    }
}

proptest! {
    #[test]
    fn the_text_reads_back(document in documents()) {
        let text = document.canonical().unwrap();
        prop_assert_eq!(Document::parse(&text).unwrap(), document.clone());
        let digest = document.digest().unwrap();
        prop_assert_eq!(Digest::parse(&digest.to_string()).unwrap(), digest);
    }

    #[test]
    fn any_other_leaf_is_another_digest(document in documents()) {
        let digest = document.digest().unwrap();
        for (side, of) in [(0, &document.before), (1, &document.after)] {
            for other in of.iter().flat_map(one_leaf_apart).chain([json!({ "new": null })]) {
                let mut changed = document.clone();
                *(if side == 0 { &mut changed.before } else { &mut changed.after }) = Some(other);
                if changed != document {
                    prop_assert_ne!(changed.digest().unwrap(), digest.clone());
                }
            }
        }
    }

    #[test]
    fn what_is_read_hides_nothing(document in documents()) {
        let readable = document.readable();
        prop_assert!(!readable.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)), "{readable:?}");
        let lines = 3 + document.target.len() + document.effects.len();
        let changes = match (&document.before, &document.after) {
            (Some(before), Some(after)) => 1 + changed(before, after).len(),
            _ => 0,
        };
        prop_assert_eq!(readable.lines().count(), lines + changes, "no text begins a line of its own: {}", readable);
    }
}

#[test]
fn every_field_is_in_the_digest() {
    let changes: [fn(&mut Document); 12] = [
        |d| d.target.clear(),
        |d| drop(d.target.insert("postgres".to_owned(), "id-2".to_owned())),
        |d| d.owner.push('x'),
        |d| d.app = "crm".to_owned(),
        |d| d.env = "sandbox".to_owned(),
        |d| d.secret = Some(String::new()),
        |d| d.generation += 1,
        |d| d.operation = Operation::Delete,
        |d| d.before = None,
        |d| d.after = None,
        |d| d.effects.reverse(),
        |d| d.effects = vec![d.effects.join("")],
    ];
    let mut seen = vec![document().digest().unwrap()];
    for change in changes {
        let mut other = document();
        change(&mut other);
        let digest = other.digest().unwrap();
        assert!(!seen.contains(&digest), "{other:?}");
        seen.push(digest);
    }
}

#[test]
fn the_order_of_keys_does_not_count_and_that_of_lists_does() {
    let of = |text: &str| {
        Document { after: serde_json::from_str(text).unwrap(), ..document() }.digest().unwrap()
    };
    assert_eq!(of(r#"{"a":1,"b":{"c":2,"d":3}}"#), of(r#"{ "b": {"d":3, "c":2}, "a":1 }"#));
    assert_ne!(of(r#"["a","b"]"#), of(r#"["b","a"]"#));
    assert_ne!(of(r#"{"a":null}"#), of("{}"));
    assert_ne!(of(r#"{"a":null}"#), of(r#"{"a":""}"#));
    // The CLI brings text into NFC before it comes here: what is given is kept.
    assert_ne!(of("{\"a\":\"\u{e9}\"}"), of("{\"a\":\"e\u{301}\"}"));
    assert_eq!(of("{\"a\":\"\u{e9}\"}"), of(r#"{"a":"\u00e9"}"#));
}

#[test]
fn only_whole_numbers_have_a_form() {
    for number in ["1.0", "1.5", "1e3", "-0.0"] {
        let after = serde_json::from_str(&format!(r#"{{"a":[{{"b":{number}}}]}}"#)).unwrap();
        let told = Document { after, ..document() }.canonical().unwrap_err();
        assert!(matches!(told, DocumentError::Fraction(_)), "{number}: {told}");
    }
}

#[test]
fn what_is_not_the_canonical_text_of_this_form_is_refused() {
    let text = document().canonical().unwrap();
    assert_eq!(Document::parse(&text), Ok(document()));
    for (from, to, why) in [
        ("approval/1", "approval/2", "approval/2 of appenv 0"),
        (r#""provider":"appenv""#, r#""provider":"other""#, "approval/1 of other 0"),
        (r#""semver_major":0"#, r#""semver_major":1"#, "appenv 1"),
        (r#""op":"update""#, r#""op":"Update""#, "no operation"),
        (r#""gen":3"#, r#""approved":true,"gen":3"#, "unknown field `approved`"),
        (r#""gen":3"#, r#""gen":3.0"#, "invalid type"),
        (r#""gen":3"#, r#""gen":-3"#, "invalid"),
        (r#""gen":3,"#, "", "missing field `gen`"),
        (r#""secret":null,"#, "", "canonical"),
        (r#""gen":3"#, r#""gen": 3"#, "canonical"),
        (r#""gen":3"#, r#""gen":3,"gen":3"#, "duplicate field"),
        (r#""limit":5"#, r#""limit":4,"limit":5"#, "canonical"),
        ("erp", r"\u0065rp", "canonical"),
        (r#""v":"approval/1"}"#, "", "EOF"),
        (r#""v":"approval/1"}"#, r#""v":"approval/1"} "#, "canonical"),
        (r#""v":"approval/1"}"#, r#""v":"approval/1"}{}"#, "trailing"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        let told = Document::parse(&other).unwrap_err().to_string();
        assert!(told.contains(why), "{other}: {told}");
    }
}

#[test]
fn only_a_whole_digest_is_one() {
    let whole = document().digest().unwrap().to_string();
    assert_eq!(whole.len(), 55);
    assert!(Digest::parse(&whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(Digest::parse(&whole[..length]), None, "{}", &whole[..length]);
    }
    let others = [
        whole.to_uppercase(),
        whole.replacen("a1-", "A1-", 1),
        whole.replacen("a1-", "a2-", 1),
        format!("{whole}a"),
        format!("{whole}===="),
        format!(" {whole}"),
        format!("{whole}\n"),
        format!("{}1", &whole[..54]),
        // The last character holds one bit; another one would be a second form of the same digest.
        format!("{}b", &whole[..54]),
    ];
    for other in others {
        assert_eq!(Digest::parse(&other), None, "{other:?}");
    }
}

#[test]
fn what_is_read_escapes_what_turns_or_hides_text() {
    let document = Document {
        secret: Some("A\u{202e}B".to_owned()),
        effects: vec!["drop\n  - nothing \u{1b}[2K\u{feff}".to_owned()],
        after: Some(json!({ "a": "\u{2066}x\r\u{61c}\u{2028}", "b": { "limit": 5 } })),
        ..document()
    };
    let readable = document.readable();
    for escaped in
        [r"A\u{202e}B", r"drop\n  - nothing \u{1b}[2K\u{feff}", r"\u{2066}x\r\u{61c}\u{2028}"]
    {
        assert!(readable.contains(escaped), "{readable}");
    }
    assert!(!readable.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)));
}
