// SPDX-License-Identifier: MPL-2.0

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;

use super::*;
use crate::value::samples::{map, n};
use crate::value::{Attr, Secret, Type};

fn list(elements: &[Value]) -> Value {
    Value::List(elements.to_vec())
}

fn problem<T: DeserializeOwned + Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Model {
    name: Attr<String>,
    limit: Attr<i64>,
    list: Attr<Vec<Attr<String>>>,
    map: Attr<BTreeMap<String, Attr<String>>>,
    secret: Attr<Secret<String>>,
    any: Attr<Value>,
    one: Option<Nested>,
    many: Vec<Nested>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Nested {
    limit: Attr<i32>,
}

fn full() -> BTreeMap<String, Value> {
    let Value::Map(map) = map(&[
        ("name", "erp".into()),
        ("limit", Value::Unknown),
        ("list", list(&["a".into(), Value::Null, Value::Unknown])),
        ("map", map(&[("k", "v".into())])),
        ("secret", "hunter2".into()),
        ("any", Value::Dynamic(Type::Bool.into(), Value::Bool(true).into())),
        ("one", Value::Null),
        ("many", list(&[map(&[("limit", n("1"))]), map(&[("limit", Value::Null)])])),
    ]) else {
        unreachable!()
    };
    map
}

#[test]
fn a_model_is_read() {
    let model: Model = from_value(Value::Map(full())).unwrap();
    let expected = Model {
        name: Attr::Known("erp".to_owned()),
        limit: Attr::Unknown,
        list: Attr::Known(vec![Attr::Known("a".to_owned()), Attr::Null, Attr::Unknown]),
        map: Attr::Known([("k".to_owned(), Attr::Known("v".to_owned()))].into()),
        secret: Attr::Known(Secret::new("hunter2".to_owned())),
        any: Attr::Known(Value::Dynamic(Type::Bool.into(), Value::Bool(true).into())),
        one: None,
        many: vec![Nested { limit: Attr::Known(1) }, Nested { limit: Attr::Null }],
    };
    assert_eq!(model, expected);
    assert!(format!("{model:?}").contains("secret: Known(***)"));
}

#[test]
fn every_problem_has_its_place() {
    let rows = [
        ("name", true.into(), "name: invalid type: boolean, expected a string"),
        ("limit", "x".into(), "limit: invalid type: string, expected i64"),
        ("limit", n("1.5"), "limit: invalid value: number with a fraction, expected i64"),
        ("limit", n("1e20"), "limit: invalid value: number out of range, expected i64"),
        ("list", list(&[true.into()]), "list[0]: invalid type: boolean, expected a string"),
        ("list", map(&[]), "list: invalid type: map, expected a list"),
        ("map", list(&[]), "map: invalid type: list, expected a map"),
        ("map", map(&[("k", n("1"))]), "map[\"k\"]: invalid type: number, expected a string"),
        ("secret", n("7"), "secret: invalid type: number, expected a string"),
        ("one", Value::Unknown, "one: is not known yet"),
        ("many", Value::Unknown, "many: is not known yet"),
        ("many", Value::Null, "many: invalid type: null, expected a list"),
        (
            "many",
            list(&[map(&[("limit", n("1"))]), map(&[("limit", true.into())])]),
            "many[1].limit: invalid type: boolean, expected i32",
        ),
        (
            "many",
            list(&[map(&[("limit", n("2147483648"))])]),
            "many[0].limit: invalid value: number out of range, expected i32",
        ),
        ("many", list(&[map(&[])]), "many[0].limit: is in the model but not in the schema"),
        (
            "one",
            map(&[("limit", Value::Null), ("x", Value::Null)]),
            "one.x: is in the schema but not in the model",
        ),
        ("one", "x".into(), "one: invalid type: string, expected an object"),
        ("extra", Value::Null, "extra: is in the schema but not in the model"),
    ];
    for (name, value, expected) in rows {
        let mut model = full();
        model.insert(name.to_owned(), value);
        assert_eq!(problem::<Model>(Value::Map(model)), expected);
    }
    assert_eq!(problem::<Model>(Value::Null), "invalid type: null, expected an object");
}

#[test]
fn known_null_and_unknown_are_told_apart() {
    assert_eq!(from_value::<Attr<bool>>(true.into()).unwrap(), Attr::Known(true));
    assert_eq!(from_value::<Attr<bool>>(Value::Null).unwrap(), Attr::Null);
    assert_eq!(from_value::<Attr<bool>>(Value::Unknown).unwrap(), Attr::Unknown);
    assert_eq!(from_value::<Option<bool>>(Value::Null).unwrap(), None);
    assert_eq!(from_value::<Option<bool>>(true.into()).unwrap(), Some(true));
    assert_eq!(problem::<Option<bool>>(Value::Unknown), "is not known yet");
    assert_eq!(problem::<bool>(Value::Unknown), "is not known yet");
    assert_eq!(problem::<bool>(Value::Null), "invalid type: null, expected a boolean");
    assert_eq!(problem::<Number>(Value::Unknown), "is not known yet");
    assert_eq!(problem::<Secret<String>>(Value::Unknown), "is not known yet");
    assert_eq!(problem::<BTreeMap<String, bool>>(Value::Unknown), "is not known yet");
}

#[test]
fn numbers_fit_or_are_refused() {
    assert_eq!(from_value::<u64>(n("18446744073709551615")).unwrap(), u64::MAX);
    assert_eq!(from_value::<i32>(n("-2147483648")).unwrap(), i32::MIN);
    assert_eq!(from_value::<f64>(n("0.1")).unwrap().to_bits(), 0.1_f64.to_bits());
    assert_eq!(from_value::<f64>(n("3")).unwrap().to_bits(), 3.0_f64.to_bits());
    assert_eq!(from_value::<Number>(n("1e999")).unwrap(), Number::parse("1e999").unwrap());
    assert_eq!(problem::<u64>(n("-1")), "invalid value: number out of range, expected u64");
    assert_eq!(problem::<u16>(n("65536")), "invalid value: number out of range, expected u16");
    assert_eq!(
        problem::<f64>(n("0.10000000000000001")),
        "invalid value: number that a float does not hold exactly, expected f64"
    );
    assert_eq!(problem::<Number>("1".into()), "invalid type: string, expected a number");
    assert!(problem::<f32>(n("1")).contains("f64"));
}

#[test]
fn values_are_read_as_they_are() {
    let typed_null = Value::Dynamic(Type::String.into(), Value::Null.into());
    let everything = map(&[
        ("null", Value::Null),
        ("unknown", Value::Unknown),
        ("bool", true.into()),
        ("number", n("1e-400")),
        ("string", "x".into()),
        ("list", list(&[n("1"), list(&[Value::Unknown])])),
        ("dynamic", Value::Dynamic(Type::list(Type::Bool).into(), list(&[true.into()]).into())),
        ("typed_null", typed_null.clone()),
    ]);
    assert_eq!(from_value::<Value>(everything.clone()).unwrap(), everything);
    let attr: Attr<Value> = from_value(everything.clone()).unwrap();
    assert_eq!(attr, Attr::Known(everything));
    assert_eq!(from_value::<Attr<Value>>(Value::Null).unwrap(), Attr::Null);
    assert_eq!(from_value::<Attr<Value>>(Value::Unknown).unwrap(), Attr::Unknown);
    assert_eq!(from_value::<Attr<Value>>(typed_null.clone()).unwrap(), Attr::Known(typed_null));
    let dynamic = Value::Dynamic(Type::String.into(), Value::from("x").into());
    assert_eq!(from_value::<Attr<String>>(dynamic).unwrap(), Attr::Known("x".to_owned()));
}

#[test]
fn arguments_are_a_list() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Arguments(Attr<String>, i64, Vec<bool>);

    let arguments = list(&["x".into(), n("2"), list(&[true.into()])]);
    let expected = Arguments(Attr::Known("x".to_owned()), 2, vec![true]);
    assert_eq!(from_value::<Arguments>(arguments.clone()).unwrap(), expected);
    let tuple: (String, i64, Vec<bool>) = from_value(arguments).unwrap();
    assert_eq!(tuple, ("x".to_owned(), 2, vec![true]));
    assert_eq!(from_value::<(String,)>(list(&["x".into()])).unwrap(), ("x".to_owned(),));
    from_value::<()>(list(&[])).unwrap();
    assert_eq!(
        problem::<(String, i64)>(list(&["x".into(), true.into()])),
        "[1]: invalid type: boolean, expected i64"
    );
    assert_eq!(
        problem::<(String, i64)>(list(&["x".into()])),
        "invalid length 1, expected a tuple of size 2"
    );
    assert_eq!(problem::<()>(list(&[n("1")])), "invalid type: list, expected nothing");
}

#[test]
fn what_was_written_is_never_repeated() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Warn,
        Enforce,
    }

    assert_eq!(from_value::<Attr<Mode>>("warn".into()).unwrap(), Attr::Known(Mode::Warn));
    assert_eq!(problem::<Mode>("hunter2".into()), "is none of `warn`, `enforce`");
    let address = problem::<std::net::IpAddr>("hunter2".into());
    assert!(!address.contains("hunter2"), "{address}");
    assert_eq!(problem::<char>("hunter2".into()), "invalid value: string, expected a character");
    assert_eq!(problem::<i8>(n("424242")), "invalid value: number out of range, expected i8");
}
