// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::value::samples::{ab, map, n};

#[test]
fn golden_text() {
    let rows = [
        (Value::Null, Type::String, "null"),
        (true.into(), Type::Bool, "true"),
        ("a\"\\\u{1}é".into(), Type::String, r#""a\"\\\u0001é""#),
        (n("0.1"), Type::Number, "0.1"),
        (n("18446744073709551616"), Type::Number, "18446744073709551616"),
        (n("1e99"), Type::Number, "1e99"),
        (Value::List(vec![]), Type::set(Type::Bool), "[]"),
        (Value::List(vec![true.into(), Value::Null]), Type::list(Type::Bool), "[true,null]"),
        (
            Value::List(vec![n("1"), "x".into()]),
            Type::tuple([Type::Number, Type::String]),
            r#"[1,"x"]"#,
        ),
        (map(&[]), Type::map(Type::Bool), "{}"),
        (map(&[("x", n("1")), ("y", n("2"))]), Type::map(Type::Number), r#"{"x":1,"y":2}"#),
        (map(&[("a", "x".into()), ("b", Value::Null)]), ab(), r#"{"a":"x","b":null}"#),
        (
            Value::Dynamic(Type::list(Type::Bool).into(), Value::List(vec![true.into()]).into()),
            Type::Dynamic,
            r#"{"type":["list","bool"],"value":[true]}"#,
        ),
    ];
    for (value, ty, text) in rows {
        let bytes = encode_json(&value, &ty).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
        assert_eq!(decode_json(text.as_bytes(), &ty).unwrap(), value, "{text}");
    }
}

#[test]
fn states_of_another_build_are_read() {
    let expected = map(&[("a", Value::Null), ("b", n("1e40"))]);
    let text = br#" { "b" : 1.0e+40 , "gone": {"deep": [[[1]]]} } "#;
    assert_eq!(decode_json(text, &ab()).unwrap(), expected);
    assert_eq!(decode_json(b"\"12\"", &Type::Number).unwrap(), n("12"));
    let swapped = br#"{"value":"x","type":"string"}"#;
    let value = Value::Dynamic(Type::String.into(), Value::from("x").into());
    assert_eq!(decode_json(swapped, &Type::Dynamic).unwrap(), value);
    let mut deep = br#"{"b":1,"gone":"#.to_vec();
    deep.extend(b"[".repeat(100_000));
    deep.extend(b"]".repeat(100_000));
    deep.push(b'}');
    let expected = map(&[("a", Value::Null), ("b", n("1"))]);
    assert_eq!(decode_json(&deep, &ab()).unwrap(), expected);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let grants = Type::object([("grants", Type::list(Type::object([("limit", Type::Number)])))]);
    let not_dynamic = "is not the type and the value of a dynamic value";
    let rows = [
        (
            r#"{"grants":[{"limit":1},{"limit":true}]}"#,
            grants,
            "grants[1].limit: invalid type: boolean, expected number",
        ),
        ("", Type::Bool, "is not JSON: broken at line 1, column 0"),
        ("{\"a\":\n tru}", ab(), "is not JSON: broken at line 2, column 5"),
        ("true true", Type::Bool, "is not JSON: broken at line 1, column 6"),
        ("\"secret\"", Type::Bool, "invalid type: string, expected boolean"),
        ("\"secret\"", Type::Number, "is not a decimal number"),
        ("\"\\ud800\"", Type::String, "is not valid JSON"),
        ("1e9999999999", Type::Number, "is a number with an exponent out of range"),
        ("{}", Type::list(Type::Bool), "invalid type: map, expected list"),
        ("[]", ab(), "invalid type: list, expected object"),
        ("[1]", Type::tuple([]), "invalid length 1, expected a tuple of 0"),
        ("{\"k\":1}", Type::map(Type::Bool), "[\"k\"]: invalid type: number, expected boolean"),
        ("{\"type\":\"bool\"}", Type::Dynamic, not_dynamic),
        ("{\"type\":\"bool\",\"value\":1,\"x\":1}", Type::Dynamic, not_dynamic),
        ("1", Type::Dynamic, "invalid type: number, expected dynamic value"),
    ];
    for (text, ty, problem) in rows {
        let error = decode_json(text.as_bytes(), &ty).unwrap_err();
        assert_eq!(error.to_string(), problem, "{text}");
    }
    assert!(decode_json(b"\"\xff\"", &Type::String).is_err());
    assert!(decode_json(b"[".repeat(100_000).as_slice(), &Type::list(Type::Bool)).is_err());
}

#[test]
fn deep_dynamic_values_are_refused() {
    let nested = |levels: usize| {
        let open = r#"{"type":"dynamic","value":"#.repeat(levels);
        format!("{open}null{}", "}".repeat(levels))
    };
    assert!(decode_json(nested(60).as_bytes(), &Type::Dynamic).is_ok());
    let error = decode_json(nested(1000).as_bytes(), &Type::Dynamic).unwrap_err();
    assert_eq!(error.to_string(), "nests too deep");
}

#[test]
fn unknown_values_have_no_json() {
    let value = map(&[("a", Value::Unknown), ("b", Value::Null)]);
    let error = encode_json(&value, &ab()).unwrap_err();
    assert_eq!(error.to_string(), "a: is not known yet and cannot be written as JSON");
    let value = map(&[("a", Value::Null)]);
    assert_eq!(encode_json(&value, &ab()).unwrap_err().to_string(), "b: is missing");
    let value = map(&[("x", Value::Null)]);
    assert_eq!(encode_json(&value, &ab()).unwrap_err().to_string(), "x: is not in the schema");
}
