// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::value::samples::{ab, map, n};
use crate::value::{Type, Value};

/// What is written, and read back from just those bytes.
#[test]
fn golden_bytes() {
    let dynamic = |ty: Type, value: Value| Value::Dynamic(Box::new(ty), Box::new(value));
    let rows: Vec<(Value, Type, &[u8])> = vec![
        (Value::Null, Type::String, b"\xc0"),
        (Value::Null, Type::Dynamic, b"\xc0"),
        (Value::Unknown, Type::String, b"\xd4\x00\x00"),
        (Value::Unknown, Type::Dynamic, b"\xd4\x00\x00"),
        (Value::Unknown, ab(), b"\xd4\x00\x00"),
        (true.into(), Type::Bool, b"\xc3"),
        (false.into(), Type::Bool, b"\xc2"),
        ("".into(), Type::String, b"\xa0"),
        ("é\0".into(), Type::String, b"\xa3\xc3\xa9\x00"),
        (n("0"), Type::Number, b"\x00"),
        (n("127"), Type::Number, b"\x7f"),
        (n("128"), Type::Number, b"\xcc\x80"),
        (n("-1"), Type::Number, b"\xff"),
        (n("-33"), Type::Number, b"\xd0\xdf"),
        (n("9223372036854775807"), Type::Number, b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"),
        (n("-9223372036854775808"), Type::Number, b"\xd3\x80\0\0\0\0\0\0\0"),
        (n("1.5"), Type::Number, b"\xcb\x3f\xf8\0\0\0\0\0\0"),
        (n("0.1"), Type::Number, b"\xa30.1"),
        (n("18446744073709551615"), Type::Number, b"\xb418446744073709551615"),
        (n("1e40"), Type::Number, b"\xd9\x2910000000000000000000000000000000000000000"),
        (Value::List(vec![]), Type::list(Type::Bool), b"\x90"),
        (Value::List(vec![true.into(), Value::Null]), Type::set(Type::Bool), b"\x92\xc3\xc0"),
        (
            Value::List(vec!["x".into(), Value::Unknown]),
            Type::tuple([Type::String, Type::Number]),
            b"\x92\xa1x\xd4\x00\x00",
        ),
        (map(&[]), Type::map(Type::Bool), b"\x80"),
        (map(&[("k", n("1"))]), Type::map(Type::Number), b"\x81\xa1k\x01"),
        (map(&[("a", "x".into()), ("b", Value::Null)]), ab(), b"\x82\xa1a\xa1x\xa1b\xc0"),
        (dynamic(Type::String, "x".into()), Type::Dynamic, b"\x92\xc4\x08\"string\"\xa1x"),
        (dynamic(Type::Bool, Value::Null), Type::Dynamic, b"\x92\xc4\x06\"bool\"\xc0"),
        (
            dynamic(Type::tuple([Type::Number]), Value::List(vec![n("2")])),
            Type::Dynamic,
            b"\x92\xc4\x14[\"tuple\",[\"number\"]]\x91\x02",
        ),
    ];
    for (value, ty, bytes) in rows {
        assert_eq!(encode(&value, &ty).unwrap(), bytes, "{value:?}");
        assert_eq!(decode(bytes, &ty).unwrap(), value, "{value:?}");
    }
}

/// What other encoders may write for the same.
#[test]
fn other_bytes_are_read_too() {
    let rows: Vec<(&[u8], Type, Value)> = vec![
        (b"", ab(), Value::Null),
        (b"\xcd\x01\x00", Type::Number, n("256")),
        (b"\xce\x00\x01\x00\x00", Type::Number, n("65536")),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Type::Number, n("18446744073709551615")),
        (b"\xd0\x80", Type::Number, n("-128")),
        (b"\xd1\xff\x00", Type::Number, n("-256")),
        (b"\xd2\xff\xff\x00\x00", Type::Number, n("-65536")),
        (b"\xca\x3f\x00\x00\x00", Type::Number, n("0.5")),
        (b"\xcb\x3f\xf0\0\0\0\0\0\0", Type::Number, n("1")),
        (b"\xa11", Type::Number, n("1")),
        (b"\xa31.0", Type::Number, n("1")),
        (b"\xd9\x01x", Type::String, "x".into()),
        (b"\xda\x00\x01x", Type::String, "x".into()),
        (b"\xdb\x00\x00\x00\x01x", Type::String, "x".into()),
        (b"\xdc\x00\x01\xc3", Type::list(Type::Bool), Value::List(vec![true.into()])),
        (b"\xdd\0\0\0\x01\xc3", Type::list(Type::Bool), Value::List(vec![true.into()])),
        (b"\xde\x00\x01\xa1k\xc3", Type::map(Type::Bool), map(&[("k", true.into())])),
        (b"\xdf\0\0\0\x01\xa1k\xc3", Type::map(Type::Bool), map(&[("k", true.into())])),
        (b"\x82\xa1b\xc0\xa1a\xc0", ab(), map(&[("a", Value::Null), ("b", Value::Null)])),
        (
            b"\x92\xa6\"bool\"\xc3",
            Type::Dynamic,
            Value::Dynamic(Type::Bool.into(), Value::Bool(true).into()),
        ),
        // Unknown with refinements, and extensions that nobody has defined yet.
        (b"\xc7\x0a\x0c\x82\x01\xc2\x02\xa5shop-", Type::String, Value::Unknown),
        (b"\xc7\x07\x0c\x82\x01\xc2\x03\x92\x00\xc3", Type::Number, Value::Unknown),
        (b"\xd5\x63ab", Type::Bool, Value::Unknown),
        (b"\xd6\xffabcd", Type::Bool, Value::Unknown),
        (b"\xd7\x01abcdefgh", Type::Bool, Value::Unknown),
        (b"\xd8\x01abcdefghabcdefgh", Type::Bool, Value::Unknown),
        (b"\xc7\x00\x0c", Type::Bool, Value::Unknown),
        (b"\xc8\x00\x01\x0cx", Type::Bool, Value::Unknown),
        (b"\xc9\x00\x00\x00\x01\x0cx", Type::Bool, Value::Unknown),
    ];
    for (bytes, ty, value) in rows {
        assert_eq!(decode(bytes, &ty).as_ref(), Ok(&value), "{bytes:02x?}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let grants = Type::object([("grants", Type::list(Type::object([("limit", Type::Number)])))]);
    let rows: Vec<(&[u8], Type, &str)> = vec![
        (
            b"\x81\xa6grants\x92\x81\xa5limit\x01\x81\xa5limit\xc3",
            grants,
            "grants[1].limit: invalid type: boolean, expected number",
        ),
        (b"\xa6secret", Type::Bool, "invalid type: string, expected boolean"),
        (b"\xa6secret", Type::Number, "is not a decimal number"),
        (b"\x01", Type::String, "invalid type: number, expected string"),
        (b"\xc4\x01x", Type::String, "invalid type: bytes, expected string"),
        (b"\x90", Type::Bool, "invalid type: list, expected boolean"),
        (b"\x80", Type::set(Type::Bool), "invalid type: map, expected set"),
        (b"\xa2\xff\xfe", Type::String, "is not UTF-8"),
        (
            b"\x81\xa1k\x01",
            Type::map(Type::Bool),
            "[\"k\"]: invalid type: number, expected boolean",
        ),
        (b"\x82\xa1k\xc3\xa1k\xc3", Type::map(Type::Bool), "[\"k\"]: is there twice"),
        (b"\x82\xa1a\xc0\xa1a\xc0", ab(), "a: is there twice"),
        (b"\x81\xa1a\xc0", ab(), "b: is missing"),
        (b"\x83\xa1a\xc0\xa1b\xc0\xa1c\xc0", ab(), "c: is not in the schema"),
        (b"\x80", ab(), "a: is missing"),
        (b"\x81\x01\xc0", ab(), "invalid type: number, expected the name of an attribute or a key"),
        (b"\x91\xc3", Type::tuple([]), "invalid length 1, expected a tuple of 0"),
        (b"\x91\xc3", Type::Dynamic, "invalid type: list, expected dynamic value"),
        (b"\xa1x", Type::Dynamic, "invalid type: string, expected dynamic value"),
        (b"\x92\xc3\xc3", Type::Dynamic, "invalid type: boolean, expected the JSON of a type"),
        (b"\xc3\xc3", Type::Bool, "more MessagePack follows the value"),
        (b"\xc1", Type::Bool, "is not MessagePack"),
        (b"\xa5abc", Type::String, "the MessagePack ends too early"),
        (b"\x92\xc3", Type::list(Type::Bool), "[1]: the MessagePack ends too early"),
        (b"\xcb\x7f\xf0\0\0\0\0\0\0", Type::Number, "is not a finite number"),
        (b"\xcb\x7f\xf8\0\0\0\0\0\0", Type::Number, "is not a finite number"),
        (b"\xca\xff\x80\0\0", Type::Number, "is not a finite number"),
    ];
    for (bytes, ty, problem) in rows {
        assert_eq!(decode(bytes, &ty).unwrap_err().to_string(), problem, "{bytes:02x?}");
    }
}

#[test]
fn what_does_not_fit_its_type_is_not_written() {
    let rows = [
        (Value::from("x"), Type::Bool, "invalid type: string, expected boolean"),
        (map(&[("a", Value::Null)]), ab(), "b: is missing"),
        (map(&[("c", Value::Null)]), ab(), "c: is not in the schema"),
        (
            Value::List(vec![Value::Null, true.into()]),
            Type::list(Type::String),
            "[1]: invalid type: boolean, expected string",
        ),
        (Value::List(vec![]), Type::tuple([Type::Bool]), "invalid length 0, expected a tuple of 1"),
        (Value::from("x"), Type::Dynamic, "invalid type: string, expected dynamic value"),
        (
            map(&[("k", true.into())]),
            Type::map(Type::String),
            "[\"k\"]: invalid type: boolean, expected string",
        ),
    ];
    for (value, ty, problem) in rows {
        assert_eq!(encode(&value, &ty).unwrap_err().to_string(), problem);
    }
}

#[test]
fn length_bombs_are_refused_at_once() {
    let any = Type::list(Type::Bool);
    for bytes in [&b"\xdd\xff\xff\xff\xff"[..], b"\xdd\xff\xff\xff\xff\xc3", b"\xdc\xff\xff"] {
        assert!(decode(bytes, &any).is_err());
    }
    assert!(decode(b"\xdf\xff\xff\xff\xff", &Type::map(Type::Bool)).is_err());
    assert!(decode(b"\xdf\xff\xff\xff\xff", &ab()).is_err());
    assert!(decode(b"\xdb\xff\xff\xff\xff", &Type::String).is_err());
    assert!(decode(b"\xc9\xff\xff\xff\xff\x0c", &Type::String).is_err());
    assert!(decode(b"\x92\xc6\xff\xff\xff\xff", &Type::Dynamic).is_err());
}

#[test]
fn deep_nesting_is_refused() {
    assert!(decode(&b"\x91".repeat(100_000), &Type::list(Type::Dynamic)).is_err());

    // A dynamic value within a dynamic value, and so on.
    let nested = |levels: usize| {
        let mut bytes = b"\x92\xc4\x09\"dynamic\"".repeat(levels);
        bytes.push(0xc0);
        bytes
    };
    assert!(decode(&nested(60), &Type::Dynamic).is_ok());
    let error = decode(&nested(100_000), &Type::Dynamic).unwrap_err();
    assert_eq!(error.to_string(), "nests too deep");

    // A type that is deep by itself.
    let json = format!("{}\"bool\"{}", "[\"list\",".repeat(100), "]".repeat(100));
    assert!(Type::from_json(json.as_bytes()).is_err());
    let json = format!("{}\"bool\"{}", "[\"list\",".repeat(100_000), "]".repeat(100_000));
    assert!(Type::from_json(json.as_bytes()).is_err());
    let json = format!("{}\"bool\"{}", "[\"list\",".repeat(60), "]".repeat(60));
    assert!(Type::from_json(json.as_bytes()).is_ok());
}
