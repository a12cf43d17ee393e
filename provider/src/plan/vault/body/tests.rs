// SPDX-License-Identifier: MPL-2.0
use super::*;

#[test]
fn durations() {
    for (value, due) in [
        (json!(3600), Some(3600)),
        (json!("3600"), Some(3600)),
        (json!("1h"), Some(3600)),
        (json!("1h30m"), Some(5400)),
        (json!(" 90s "), Some(90)),
        (json!("7d"), Some(604_800)),
        (json!("0s"), Some(0)),
        (json!(""), Some(0)),
        (json!(null), Some(0)),
        (json!(-1), None),
        (json!(1.5), None),
        (json!("1w"), None),
        (json!("h"), None),
        (json!("1h3"), None),
        (json!("1.5h"), None),
        (json!("99999999999999999999s"), None),
        (json!("9999999999999999999d"), None),
        (json!(true), None),
    ] {
        assert_eq!(seconds(&value), due, "{value}");
    }
}

#[test]
fn values_are_compared_by_meaning() {
    let set = |items: &[&str]| Field::Set(items.iter().map(|s| (*s).to_owned()).collect());
    let sql = |items: &[&str]| Field::Statements(items.iter().map(|s| (*s).to_owned()).collect());
    let text = |s: &str| Field::Text(s.to_owned());
    let map = |k: &str, v: &str| Field::Map(BTreeMap::from([(k.to_owned(), v.to_owned())]));
    for (field, value, equal) in [
        (text("a"), json!("a"), true),
        (text("a"), json!("b"), false),
        (text(""), json!(null), true),
        (text(""), json!(""), true),
        (text(""), json!(3), false),
        (text("a"), json!(null), false),
        (Field::Default("password"), json!(null), true),
        (Field::Default("password"), json!("password"), true),
        (Field::Default("password"), json!("rsa_private_key"), false),
        (Field::Seconds(3600), json!("1h"), true),
        (Field::Seconds(3600), json!(3601), false),
        (Field::Seconds(0), json!(null), true),
        (Field::Seconds(0), json!(-1), false),
        (Field::Number(0), json!(null), true),
        (Field::Number(0), json!(2), false),
        (Field::Flag(false), json!(null), true),
        (Field::Flag(false), json!(true), false),
        (Field::Flag(true), json!(null), false),
        (set(&["a", "b"]), json!(["b", "a"]), true),
        (set(&["a"]), json!("a"), true),
        (set(&["a"]), json!(["a", "x"]), false),
        (set(&[]), json!(null), true),
        (set(&[]), json!([]), true),
        (set(&["a"]), json!([1]), false),
        (sql(&["X"]), json!(["  X; \n"]), true),
        (sql(&["X", "Y"]), json!(["Y", "X"]), false),
        (sql(&[]), json!([""]), true),
        (map("repository", "o/a"), json!({"repository": "o/a"}), true),
        (map("repository", "o/a"), json!({"repository": ["o/a"]}), true),
        (map("repository", "o/a"), json!({"repository": ["o/a", "o/b"]}), false),
        (map("repository", "o/a"), json!({"repository": "o/*"}), false),
        (map("repository", "o/a"), json!(null), false),
    ] {
        assert_eq!(field.equals(&value), equal, "{field:?} {value}");
    }
}

#[test]
fn differences_say_what_is() {
    let body = Body::new()
        .with("default_ttl", Field::Seconds(60))
        .with("names", Field::Set(BTreeSet::from(["y".to_owned()])))
        .with("creation_statements", Field::Statements(vec!["X".to_owned()]))
        .with("db_name", Field::Text("postgres".to_owned()))
        .with("claims", Field::Map(BTreeMap::from([("a".to_owned(), "b".to_owned())])));
    let seen = json!({
        "default_ttl": 3600, "names": ["x"], "creation_statements": ["Z"], "db_name": "a\u{1b}[31m\u{202e}",
    });
    let Value::Object(seen) = seen else { unreachable!() };
    assert_eq!(
        body.differences(&seen),
        [
            "claims is {}",
            "creation_statements is not the convention's",
            r#"db_name is "a\u001b[31m\u{202e}""#,
            "default_ttl is 3600",
            r#"names is ["x"]"#,
        ]
    );
    let Value::Object(whole) = body.to_json() else { unreachable!() };
    assert!(body.differences(&whole).is_empty());
}
