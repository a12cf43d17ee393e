// SPDX-License-Identifier: MPL-2.0
//! What is refused, at which argument, and in which words.

use std::collections::BTreeMap;

use appenv::function::KEYS;
use tfplugin::value::Value;

use super::super::{any, call, instance, list, object, text, unconfigured};

const APP: Option<i64> = Some(0);
const ENV: Option<i64> = Some(1);
const OPTIONS: Option<i64> = Some(2);

/// A key with its middle letter dropped, with its last doubled, and in capitals.
fn misspelt(key: &str) -> [String; 3] {
    let middle = key.len() / 2;
    [
        format!("{}{}", &key[..middle], &key[middle + 1..]),
        format!("{key}{}", &key[key.len() - 1..]),
        key.to_uppercase(),
    ]
}

fn one(key: &str, value: Value) -> Value {
    Value::Map(BTreeMap::from([(key.to_owned(), value)]))
}

#[tokio::test]
async fn every_misspelt_key_is_refused_and_the_known_ones_are_named() {
    let mut client = unconfigured().await;
    let mut tried = 0;
    for key in KEYS {
        for wrong in misspelt(key) {
            // Even where its value is null.
            let refused =
                instance(&mut client, "erp", "dev".into(), one(&wrong, Value::Null)).await;
            let (argument, message) = refused.unwrap_err();
            assert_eq!(argument, OPTIONS);
            assert!(message.contains(&format!("has no key \"{wrong}\"")), "{message}");
            for known in KEYS {
                assert!(message.contains(known), "{message}");
            }
            let arguments = vec![text("erp-dev"), any(one(&wrong, Value::Null))];
            let refused = call(&mut client, "parse_instance", arguments).await;
            assert_eq!(refused.unwrap_err().0, Some(1), "{wrong}");
            tried += 1;
        }
    }
    for key in ["name", "production", "apps", "log_retention_days"] {
        for wrong in misspelt(key) {
            let env = object([("name", "dev".into()), (&wrong, Value::Null)]);
            let options = object([("environments", list([env]))]);
            let refused = instance(&mut client, "erp", "dev".into(), options).await;
            let (argument, message) = refused.unwrap_err();
            assert_eq!(argument, OPTIONS);
            assert!(
                message.starts_with(&format!("`environments[0]` has no key \"{wrong}\"")),
                "{message}"
            );
            tried += 1;
        }
    }
    for key in appenv::naming::ROWS.map(|row| row.key) {
        for wrong in misspelt(key) {
            let options = object([("names", one(&wrong, "{app}-{env}".into()))]);
            let refused = instance(&mut client, "erp", "dev".into(), options).await;
            let (argument, message) = refused.unwrap_err();
            assert_eq!(argument, OPTIONS, "{message}");
            assert!(message.starts_with(&format!("names.{wrong}: ")), "{message}");
            assert!(message.contains("state_prefix"), "{message}");
            tried += 1;
        }
    }
    assert!(tried > 100);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_refused_with_its_place() {
    let mut client = unconfigured().await;
    for (options, says) in [
        ("elided-v1".into(), "It is a string and must be an object of convention, domain, "),
        (list(["prod"]), "It is a list and must be an object of "),
        (one("convention", 1.into()), "`convention` is a number and must be a string"),
        (one("root", list(["/opt"])), "`root` is a list and must be a string"),
        (one("services", "api".into()), "`services` is a string and must be a list of strings"),
        (
            one("services", Value::List(vec!["api".into(), Value::Null])),
            "`services[1]` is null and must be a string",
        ),
        (
            one("environments", "prod".into()),
            "`environments` is a string and must be a list of objects",
        ),
        (
            one("environments", one("prod", true.into())),
            "`environments` is an object and must be a list",
        ),
        (
            one("environments", list([true])),
            "`environments[0]` is a bool and must be an object with name, production and apps, or a name",
        ),
        (one("environments", list([Value::Null])), "`environments[0]` is null and must be"),
        (one("environments", list([object([])])), "`environments[0].name` is missing"),
        (
            one(
                "environments",
                list([
                    "prod".into(),
                    object([("name", "qa".into()), ("production", "true".into())]),
                ]),
            ),
            "`environments[1].production` is a string and must be true or false",
        ),
        (
            one("environments", list([object([("name", "qa".into()), ("apps", list([1]))])])),
            "`environments[0].apps[0]` is a number and must be a string",
        ),
        (
            one(
                "environments",
                list([object([("name", "qa".into()), ("log_retention_days", "7".into())])]),
            ),
            "`environments[0].log_retention_days` is a string and must be a number of days",
        ),
        (one("names", list(["x"])), "`names` is a list and must be an object of templates"),
        (
            one("names", one("database", true.into())),
            "`names.database` is a bool and must be a string",
        ),
    ] {
        let refused = instance(&mut client, "erp", "prod".into(), options).await;
        let (argument, message) = refused.unwrap_err();
        assert_eq!(argument, OPTIONS);
        assert!(message.starts_with(says), "{message}\nnot {says}");
    }
    // Every one of several is said.
    let options = object([("domain", 1.into()), ("organization", 2.into()), ("rot", 3.into())]);
    let (_, message) = instance(&mut client, "erp", "dev".into(), options).await.unwrap_err();
    assert_eq!(message.lines().count(), 3, "{message}");

    for (envs, says) in [
        (
            "prod".into(),
            "It is a string and must be a list of environments, or an object of options",
        ),
        (list([1]), "`[0]` is a number and must be"),
    ] {
        let refused = call(&mut client, "parse_instance", vec![text("erp"), any(envs)]).await;
        let (argument, message) = refused.unwrap_err();
        assert_eq!(argument, Some(1));
        assert!(message.starts_with(says), "{message}");
    }
}

#[tokio::test]
async fn what_naming_refuses_is_said_at_its_argument() {
    let mut client = unconfigured().await;
    for (app, env, options, argument, says) in [
        ("Erp", "dev", Value::Null, APP, "App \"Erp\" is not a name appenv can use. Character 1"),
        ("erp", "qa", Value::Null, ENV, "Env \"qa\" is not declared. "),
        ("erp-dev", "prod", Value::Null, APP, "App \"erp-dev\" cannot be told from app \"erp\""),
        (
            "erp",
            "dev",
            one("convention", "elided-v9".into()),
            OPTIONS,
            "convention: There is no convention \"elided-v9\". ",
        ),
        ("erp", "dev", one("elided", "dev".into()), OPTIONS, "elided: Env \"dev\" cannot elide. "),
        ("erp", "dev", one("domain", "x_y".into()), OPTIONS, "domain: "),
        ("erp", "dev", one("root", "opt".into()), OPTIONS, "root: "),
        ("erp", "dev", one("organization", "".into()), OPTIONS, "organization: "),
        ("erp", "dev", one("services", list(["dev"])), OPTIONS, "services: Service \"dev\" is "),
        (
            "erp",
            "dev",
            one("names", one("database", "{env}".into())),
            OPTIONS,
            "names.database: Template of database does not hold the app. ",
        ),
        (
            "erp",
            "eu-dev",
            one("environments", list(["eu-dev", "dev"])),
            OPTIONS,
            "environments: Env \"eu-dev\" ends in declared env \"dev\". ",
        ),
    ] {
        let (at, message) = instance(&mut client, app, env.into(), options).await.unwrap_err();
        assert_eq!(at, argument, "{message}");
        assert!(message.starts_with(says), "{message}\nnot {says}");
    }
    // No production env: nothing can stand for an env that is left out.
    let options = one("environments", list(["qa"]));
    let refused = instance(&mut client, "erp", Value::Null, options).await;
    let (argument, message) = refused.unwrap_err();
    assert_eq!(argument, ENV);
    assert!(message.starts_with("The env is missing. ") && message.contains("\"qa\""), "{message}");
    // A composed name is no one argument's fault.
    let app = "a".repeat(40);
    let options = one("environments", list(["production-in-europe"]));
    let refused = instance(&mut client, &app, "production-in-europe".into(), options).await;
    let (argument, message) = refused.unwrap_err();
    assert_eq!(argument, None);
    assert!(message.contains("owner_role"), "{message}");

    let arguments = vec![text("Erp"), any(Value::Null)];
    let (argument, message) = call(&mut client, "parse_instance", arguments).await.unwrap_err();
    assert_eq!(argument, Some(0));
    assert!(message.starts_with("\"Erp\" is the name of no instance. "), "{message}");
    // App is never null.
    let arguments = vec![text(Value::Null), text("dev"), any(Value::Null)];
    assert_eq!(call(&mut client, "names", arguments).await.unwrap_err().0, APP);
}
