// SPDX-License-Identifier: MPL-2.0
//! Functions are total: whatever value comes, they answer or refuse, and the same twice.

use std::collections::BTreeMap;

use appenv::function::{Instance, KEYS, Names, ParseInstance, StatePrefix};
use proptest::prelude::*;
use tfplugin::function::Function;
use tfplugin::value::{Number, Type, Value, from_value, to_value};

/// Texts near to what is accepted, and any others.
fn texts() -> impl Strategy<Value = String> {
    let near = [
        "erp",
        "prod",
        "dev",
        "erp-dev",
        "elided-v1",
        "",
        "x.org",
        "/opt",
        "~/a",
        "{app}-{env}",
        "{app",
        "[-{env}]",
        "{instance}{service}",
        "a-b-c-d",
        "main",
        "ops",
        "\u{0}",
        "\u{202e}",
        "{app.snake}",
        "\u{1f600}{env:",
    ];
    prop_oneof![4 => prop::sample::select(near.to_vec()).prop_map(str::to_owned), 1 => ".{0,80}"]
}

fn keys() -> impl Strategy<Value = String> {
    let mut known: Vec<&str> = KEYS.to_vec();
    known.extend(["name", "production", "apps"]);
    known.extend(appenv::naming::ROWS.map(|row| row.key));
    prop_oneof![8 => prop::sample::select(known).prop_map(str::to_owned), 1 => texts()]
}

/// Any value, with types of their own anywhere in it.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(Value::Null),
        1 => Just(Value::Unknown),
        2 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(|number| Value::Number(Number::from(number))),
        6 => texts().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            6 => prop::collection::btree_map(keys(), inner.clone(), 0..6).prop_map(Value::Map),
            1 => inner.prop_map(|value| {
                Value::Dynamic(Box::new(Type::Dynamic), Box::new(value))
            }),
        ]
    })
}

/// Options with every key right, and values that are mostly so.
fn options() -> impl Strategy<Value = Value> {
    let some = |strategy: BoxedStrategy<Value>| prop_oneof![6 => strategy, 1 => values()].boxed();
    let text = || some(texts().prop_map(Value::String).boxed());
    let list = || {
        some(
            prop::collection::vec(texts().prop_map(Value::String), 0..4)
                .prop_map(Value::List)
                .boxed(),
        )
    };
    let env = (text(), some(any::<bool>().prop_map(Value::Bool).boxed()), list()).prop_map(
        |(name, production, apps)| {
            Value::Map(BTreeMap::from([
                ("name".to_owned(), name),
                ("production".to_owned(), production),
                ("apps".to_owned(), apps),
            ]))
        },
    );
    let env = prop_oneof![env, texts().prop_map(Value::String)];
    let envs = prop::collection::vec(env, 0..5).prop_map(Value::List);
    let names = prop::collection::btree_map(keys(), text(), 0..4).prop_map(Value::Map);
    let of = |key: &'static str, value: BoxedStrategy<Value>| {
        prop::option::of(value).prop_map(move |value| value.map(|value| (key.to_owned(), value)))
    };
    let all = vec![
        of("convention", prop_oneof![9 => Just("elided-v1".into()), 1 => text()].boxed()).boxed(),
        of("domain", text()).boxed(),
        of("elided", text()).boxed(),
        of("environments", some(envs.boxed())).boxed(),
        of("names", some(names.boxed())).boxed(),
        of("organization", text()).boxed(),
        of("root", text()).boxed(),
        of("services", list()).boxed(),
    ];
    all.prop_map(|entries| Value::Map(entries.into_iter().flatten().collect()))
}

/// Calls as the server does: out of values, into a value of the declared type.
fn call<F: Function>(function: &F, arguments: &[Value]) -> Result<Value, String> {
    let arguments = from_value::<F::Arguments>(Value::List(arguments.to_vec()))
        .map_err(|error| error.to_string())?;
    match function.call(arguments) {
        Ok(answer) => Ok(to_value(&answer, &F::signature().returns).unwrap()),
        Err(error) => {
            assert!(!error.message.is_empty());
            assert!(error.index.is_none_or(|index| index < F::signature().parameters.len()));
            Err(error.message)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_makes_a_function_panic(
        app in texts(),
        env in prop::option::of(texts()),
        options in prop_oneof![3 => options(), 1 => values(), 1 => Just(Value::Null)],
    ) {
        let env = env.map_or(Value::Null, Value::String);
        let asked = [Value::String(app), env, options.clone()];
        let names = call(&Names, &asked);
        prop_assert_eq!(&names, &call(&Names, &asked));
        // All three accept and refuse the same.
        let instance = call(&Instance, &asked);
        let prefix = call(&StatePrefix, &asked);
        match names {
            Ok(Value::Map(names)) => {
                prop_assert_eq!(Ok(&names["instance"]), instance.as_ref());
                prop_assert_eq!(Ok(&names["state_prefix"]), prefix.as_ref());
                // What was made is read back.
                let parsed = call(&ParseInstance, &[names["instance"].clone(), options]);
                let Ok(Value::Map(parsed)) = parsed else { panic!("{parsed:?}") };
                prop_assert_eq!(&parsed["app"], &asked[0]);
            }
            Ok(other) => panic!("{other:?}"),
            Err(why) => prop_assert_eq!((instance, prefix), (Err(why.clone()), Err(why))),
        }
    }

    #[test]
    fn no_value_makes_parsing_panic(name in texts(), envs in prop_oneof![options(), values()]) {
        let asked = [Value::String(name), envs];
        prop_assert_eq!(call(&ParseInstance, &asked), call(&ParseInstance, &asked));
    }
}
