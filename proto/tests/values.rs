// SPDX-License-Identifier: MPL-2.0
//! Values keep their promises for all types and all bytes.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;
use tfplugin::value::{
    Attr, Number, Secret, Type, Value, decode_json, decode_msgpack, encode_json, encode_msgpack,
    from_value, to_value,
};

/// What no error may repeat, as the beginning of every string that is offered.
const CANARY: &str = "hunter2";

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,6}"
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", |float| Number::try_from(float).ok()),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?(e-?[0-9]{1,4})?"
            .prop_map(|text| Number::parse(&text).unwrap()),
    ]
}

fn ty() -> impl Strategy<Value = Type> {
    let leaf =
        prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            btree_map(name(), inner.clone(), 0..4).prop_map(Type::Object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

/// Any value of a type; its strings begin with a given text.
fn value(ty: &Type, unknown: bool, text: &'static str) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::String => {
            ".{0,12}".prop_map(move |rest| Value::from(format!("{text}{rest}"))).boxed()
        }
        Type::Dynamic => concrete()
            .prop_flat_map(move |own| {
                let inner = value(&own, unknown, text);
                inner.prop_map(move |it| Value::Dynamic(own.clone().into(), it.into()))
            })
            .boxed(),
        Type::List(element) | Type::Set(element) => {
            vec(value(element, unknown, text), 0..4).prop_map(Value::List).boxed()
        }
        Type::Map(element) => {
            btree_map(".{0,6}", value(element, unknown, text), 0..4).prop_map(Value::Map).boxed()
        }
        Type::Object(types) => types
            .iter()
            .map(|(name, ty)| (Just(name.clone()), value(ty, unknown, text)))
            .collect::<Vec<_>>()
            .prop_map(|attributes| Value::Map(attributes.into_iter().collect()))
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(|ty| value(ty, unknown, text))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
    };
    let missing = if unknown {
        prop_oneof![Just(Value::Null), Just(Value::Unknown)].boxed()
    } else {
        Just(Value::Null).boxed()
    };
    prop_oneof![8 => known, 1 => missing].boxed()
}

/// A type whose values bring no types of their own.
fn concrete() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::map),
            btree_map(name(), inner.clone(), 0..3).prop_map(Type::Object),
            vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

fn typed(unknown: bool, text: &'static str) -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(move |ty| (Just(ty.clone()), value(&ty, unknown, text)))
}

/// Bytes either fail, or mean a value that survives being written.
fn read_or_refuse(bytes: &[u8], ty: &Type) -> Result<(), TestCaseError> {
    if let Ok(value) = decode_msgpack(bytes, ty) {
        let written = encode_msgpack(&value, ty).unwrap();
        prop_assert_eq!(&decode_msgpack(&written, ty).unwrap(), &value);
        prop_assert_eq!(&from_value::<Value>(value.clone()).unwrap(), &value);
    }
    if let Ok(value) = decode_json(bytes, ty) {
        let written = encode_json(&value, ty).unwrap();
        prop_assert_eq!(&decode_json(&written, ty).unwrap(), &value);
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Model {
    name: Attr<String>,
    limit: Option<i32>,
    share: f64,
    exact: Attr<Number>,
    secret: Attr<Secret<String>>,
    list: Attr<Vec<Attr<(String, bool)>>>,
    map: BTreeMap<String, Attr<Value>>,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn types_survive_json(ty in ty()) {
        prop_assert_eq!(Type::from_json(&ty.to_json()).unwrap(), ty);
    }

    #[test]
    fn values_survive_messagepack((ty, value) in typed(true, "")) {
        let bytes = encode_msgpack(&value, &ty).unwrap();
        prop_assert_eq!(decode_msgpack(&bytes, &ty).unwrap(), value);
    }

    #[test]
    fn values_survive_json((ty, value) in typed(false, "")) {
        let bytes = encode_json(&value, &ty).unwrap();
        let json: &RawValue = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(json.get() == "null", value == Value::Null);
        prop_assert_eq!(decode_json(&bytes, &ty).unwrap(), value);
    }

    #[test]
    fn values_survive_serde((ty, value) in typed(true, "")) {
        prop_assert_eq!(&from_value::<Value>(value.clone()).unwrap(), &value);
        prop_assert_eq!(&to_value(&value, &ty).unwrap(), &value);
    }

    #[test]
    fn truncated_bytes_are_refused((ty, value) in typed(true, "")) {
        let bytes = encode_msgpack(&value, &ty).unwrap();
        for end in 1..bytes.len() {
            prop_assert!(decode_msgpack(&bytes[..end], &ty).is_err(), "cut at {}", end);
        }
        let mut longer = bytes;
        longer.push(0xc0);
        prop_assert!(decode_msgpack(&longer, &ty).is_err());
    }

    #[test]
    fn truncated_json_never_panics((ty, value) in typed(false, "")) {
        let bytes = encode_json(&value, &ty).unwrap();
        for end in 0..bytes.len() {
            read_or_refuse(&bytes[..end], &ty)?;
        }
    }

    #[test]
    fn damaged_bytes_are_read_or_refused(
        (ty, value) in typed(true, ""),
        place: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = encode_msgpack(&value, &ty).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        read_or_refuse(&bytes, &ty)?;
    }

    #[test]
    fn random_bytes_are_read_or_refused(ty in ty(), bytes in vec(any::<u8>(), 0..64)) {
        read_or_refuse(&bytes, &ty)?;
    }

    #[test]
    fn random_json_is_read_or_refused(ty in ty(), text in "[\\[\\]{},:\"\\\\0-9.eE+\\-a-z ]{0,40}") {
        read_or_refuse(text.as_bytes(), &ty)?;
        let _ = Type::from_json(text.as_bytes());
    }

    /// Every value is offered to every other type and to a model: what does not fit is said without what it is.
    #[test]
    fn errors_hold_no_content((own, value) in typed(false, CANARY), other in ty()) {
        let bytes = encode_msgpack(&value, &own).unwrap();
        let json = encode_json(&value, &own).unwrap();
        let errors = [
            decode_msgpack(&bytes, &other).err(),
            decode_json(&json, &other).err(),
            encode_msgpack(&value, &other).err(),
            encode_json(&value, &other).err(),
            to_value(&value, &other).err(),
            from_value::<Model>(value.clone()).err(),
            from_value::<Attr<Vec<Attr<i32>>>>(value.clone()).err(),
            from_value::<BTreeMap<String, std::net::IpAddr>>(value.clone()).err(),
            from_value::<(bool, char)>(value).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(!error.to_string().contains(CANARY), "{}", error);
        }
    }
}

#[test]
fn values_may_be_as_deep_as_is_allowed() {
    let (mut ty, mut value) = (Type::Bool, Value::Bool(true));
    for _ in 0..63 {
        ty = Type::list(ty);
        value = Value::List(vec![value]);
    }
    let dynamic = Value::Dynamic(ty.into(), value.into());
    let bytes = encode_msgpack(&dynamic, &Type::Dynamic).unwrap();
    assert_eq!(decode_msgpack(&bytes, &Type::Dynamic).unwrap(), dynamic);
    let json = encode_json(&dynamic, &Type::Dynamic).unwrap();
    assert_eq!(decode_json(&json, &Type::Dynamic).unwrap(), dynamic);
    assert_eq!(from_value::<Value>(dynamic.clone()).unwrap(), dynamic);
    assert_eq!(to_value(&dynamic, &Type::Dynamic).unwrap(), dynamic);
}

#[test]
fn large_values_pass() {
    let text = "x".repeat(5 << 20);
    let bytes = encode_msgpack(&text.as_str().into(), &Type::String).unwrap();
    assert_eq!(decode_msgpack(&bytes, &Type::String).unwrap(), text.into());
    let entries = (0..100_000_i64).map(|index| (format!("key{index}"), Value::from(index)));
    let map = Value::Map(entries.collect());
    let ty = Type::map(Type::Number);
    let bytes = encode_msgpack(&map, &ty).unwrap();
    assert_eq!(decode_msgpack(&bytes, &ty).unwrap(), map);
    let json = encode_json(&map, &ty).unwrap();
    assert_eq!(decode_json(&json, &ty).unwrap(), map);
}
