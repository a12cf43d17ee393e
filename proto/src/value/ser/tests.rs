// SPDX-License-Identifier: MPL-2.0

use std::collections::BTreeMap;

use serde::Serialize;

use super::*;
use crate::value::samples::{map, n};
use crate::value::{Attr, Secret, from_value};

fn problem<T: Serialize>(model: &T, ty: &Type) -> String {
    to_value(model, ty).unwrap_err().to_string()
}

#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
struct Model {
    name: Attr<String>,
    limit: Attr<i64>,
    exact: Attr<Number>,
    float: Attr<f64>,
    list: Attr<Vec<Attr<String>>>,
    map: Attr<BTreeMap<String, Attr<String>>>,
    secret: Attr<Secret<String>>,
    any: Attr<Value>,
    pair: Attr<(String, bool)>,
    one: Option<Nested>,
    many: Vec<Nested>,
}

#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
struct Nested {
    limit: Attr<i32>,
}

fn ty() -> Type {
    let nested = Type::object([("limit", Type::Number)]);
    Type::object([
        ("name", Type::String),
        ("limit", Type::Number),
        ("exact", Type::Number),
        ("float", Type::Number),
        ("list", Type::set(Type::String)),
        ("map", Type::map(Type::String)),
        ("secret", Type::String),
        ("any", Type::Dynamic),
        ("pair", Type::tuple([Type::String, Type::Bool])),
        ("one", nested.clone()),
        ("many", Type::list(nested)),
    ])
}

fn model() -> Model {
    Model {
        name: Attr::Known("erp".to_owned()),
        limit: Attr::Unknown,
        exact: Attr::Known(Number::parse("1e-400").unwrap()),
        float: Attr::Known(0.1),
        list: Attr::Known(vec![Attr::Known("a".to_owned()), Attr::Unknown]),
        map: Attr::Known([("k".to_owned(), Attr::Null)].into()),
        secret: Attr::Known(Secret::new("hunter2".to_owned())),
        any: Attr::Known(Value::Dynamic(Type::Bool.into(), Value::Bool(true).into())),
        pair: Attr::Known(("x".to_owned(), true)),
        one: None,
        many: vec![Nested { limit: Attr::Known(-1) }],
    }
}

#[test]
fn a_model_is_written_and_read_back() {
    let value = to_value(&model(), &ty()).unwrap();
    let expected = map(&[
        ("name", "erp".into()),
        ("limit", Value::Unknown),
        ("exact", n("1e-400")),
        ("float", n("0.1")),
        ("list", Value::List(vec!["a".into(), Value::Unknown])),
        ("map", map(&[("k", Value::Null)])),
        ("secret", "hunter2".into()),
        ("any", Value::Dynamic(Type::Bool.into(), Value::Bool(true).into())),
        ("pair", Value::List(vec!["x".into(), true.into()])),
        ("one", Value::Null),
        ("many", Value::List(vec![map(&[("limit", n("-1"))])])),
    ]);
    assert_eq!(value, expected);
    assert_eq!(from_value::<Model>(value).unwrap(), model());
}

#[test]
fn every_problem_has_its_place() {
    let Type::Object(types) = ty() else { unreachable!() };
    let with = |name: &str, ty: Type| {
        let mut types = types.clone();
        types.insert(name.to_owned(), ty);
        Type::Object(types)
    };
    let rows = [
        ("name", Type::Bool, "name: invalid type: string, expected boolean"),
        ("list", Type::Bool, "list: invalid type: list, expected boolean"),
        ("list", Type::list(Type::Number), "list[0]: invalid type: string, expected number"),
        ("map", Type::list(Type::Number), "map: invalid type: map, expected list"),
        ("any", Type::Bool, "any: invalid type: dynamic value, expected boolean"),
        ("exact", Type::String, "exact: invalid type: number, expected string"),
        ("float", Type::Dynamic, "float: invalid type: number, expected dynamic value"),
        ("pair", Type::tuple([Type::String]), "pair[1]: is beyond the tuple"),
        (
            "pair",
            Type::tuple([Type::String, Type::Bool, Type::Bool]),
            "pair: invalid length 2, expected a tuple of 3",
        ),
        (
            "many",
            Type::list(Type::object([("limit", Type::Bool)])),
            "many[0].limit: invalid type: number, expected boolean",
        ),
        (
            "many",
            Type::list(Type::object([("x", Type::Bool)])),
            "many[0].limit: is in the model but not in the schema",
        ),
        (
            "many",
            Type::list(Type::map(Type::Number)),
            "many[0]: invalid type: object, expected map",
        ),
        ("extra", Type::Bool, "extra: is in the schema but not in the model"),
    ];
    for (name, ty, expected) in rows {
        assert_eq!(problem(&model(), &with(name, ty)), expected);
    }
    let infinite = Model { float: Attr::Known(f64::INFINITY), ..model() };
    assert_eq!(problem(&infinite, &ty()), "float: is not a finite number");
}

#[test]
fn maps_become_objects_with_nulls() {
    let ty = Type::object([("a", Type::String), ("b", Type::Number)]);
    let value = to_value(&BTreeMap::from([("a", "x")]), &ty).unwrap();
    assert_eq!(value, map(&[("a", "x".into()), ("b", Value::Null)]));
    assert_eq!(
        problem(&BTreeMap::from([("c", "x")]), &ty),
        "c: is in the model but not in the schema"
    );
    assert_eq!(
        problem(&BTreeMap::from([(1, "x")]), &Type::map(Type::String)),
        "invalid type: number, expected string"
    );
}

#[test]
fn values_are_written_by_the_type() {
    let ty = Type::object([("a", Type::String), ("b", Type::list(Type::Number))]);
    let value = map(&[("b", Value::List(vec![n("1"), Value::Unknown]))]);
    let whole = map(&[("a", Value::Null), ("b", Value::List(vec![n("1"), Value::Unknown]))]);
    assert_eq!(to_value(&value, &ty).unwrap(), whole);
    let wrong = map(&[("b", Value::List(vec!["x".into()]))]);
    assert_eq!(problem(&wrong, &ty), "b[0]: invalid type: string, expected number");
    let wrong = Value::Dynamic(Type::Bool.into(), Value::from("x").into());
    assert_eq!(problem(&wrong, &Type::Dynamic), "invalid type: string, expected boolean");
    let nested = Value::Dynamic(
        Type::object([("x", Type::Dynamic)]).into(),
        map(&[("x", Value::Dynamic(Type::Number.into(), n("1").into()))]).into(),
    );
    assert_eq!(to_value(&nested, &Type::Dynamic).unwrap(), nested);
}

#[test]
fn arguments_and_answers_are_written() {
    let ty = Type::tuple([Type::String, Type::Number, Type::list(Type::Bool)]);
    let arguments = (Attr::Known("x"), Attr::<i64>::Unknown, vec![true]);
    let expected = Value::List(vec!["x".into(), Value::Unknown, Value::List(vec![true.into()])]);
    assert_eq!(to_value(&arguments, &ty).unwrap(), expected);
    assert_eq!(to_value(&Some("x"), &Type::String).unwrap(), "x".into());
    assert_eq!(to_value(&None::<String>, &Type::String).unwrap(), Value::Null);
    assert_eq!(to_value(&u64::MAX, &Type::Number).unwrap(), n("18446744073709551615"));
    assert_eq!(to_value(&'c', &Type::String).unwrap(), "c".into());
}

#[test]
fn other_enums_are_strings_at_most() {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Warn,
        Percent(i64),
        Range { low: i64 },
    }

    assert_eq!(to_value(&Mode::Warn, &Type::String).unwrap(), "warn".into());
    assert_eq!(problem(&Mode::Warn, &Type::Bool), "invalid type: string, expected boolean");
    for mode in [Mode::Percent(1), Mode::Range { low: 1 }] {
        assert_eq!(
            problem(&mode, &Type::String),
            "invalid type: enum with content, expected string"
        );
    }
}

#[test]
fn skipped_fields_are_null() {
    #[derive(Serialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<String>,
    }

    let ty = Type::object([("a", Type::String)]);
    assert_eq!(to_value(&Sparse { a: None }, &ty).unwrap(), map(&[("a", Value::Null)]));
}
