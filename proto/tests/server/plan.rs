// SPDX-License-Identifier: MPL-2.0
use tfplugin::value::Value;

use crate::cli::{capabilities, field, private, with};
use crate::thing;

#[tokio::test]
async fn a_new_thing_has_defaults_unknowns_and_no_write_only_value() {
    let (thing, _) = thing().await;
    let mount =
        |path: &str, mode: Value| thing.element("mount", &[("path", path.into()), ("mode", mode)]);
    let config = thing.object(&[
        ("name", "a".into()),
        ("token", "t".into()),
        ("tags", Value::List(vec!["x".into(), "y".into()])),
        ("network", thing.element("network", &[("cidr", "10.0.0.0/8".into())])),
        ("rule", Value::List(vec![thing.element("rule", &[("port", 80.into())])])),
        ("mount", Value::List(vec![mount("/a", Value::Null), mount("/b", "rw".into())])),
    ]);
    let planned = thing.plan(&Value::Null, &config, b"").await.unwrap();
    let expected = with(
        &config,
        &[
            ("size", 1.into()),
            ("color", Value::Unknown),
            ("id", Value::Unknown),
            ("revision", Value::Unknown),
            ("token", Value::Null),
            (
                "network",
                thing.element(
                    "network",
                    &[("cidr", "10.0.0.0/8".into()), ("gateway", Value::Unknown)],
                ),
            ),
            (
                "rule",
                Value::List(vec![
                    thing.element("rule", &[("port", 80.into()), ("rule_id", Value::Unknown)]),
                ]),
            ),
            ("mount", Value::List(vec![mount("/a", "ro".into()), mount("/b", "rw".into())])),
        ],
    );
    assert_eq!(planned.state, expected);
    assert_eq!(planned.replace, [""; 0]);
    assert_eq!(private(&planned.private), serde_json::json!({"planned": true}));
    assert!(planned.identity.is_some(), "the name, and with it the identity, is known");
}

#[tokio::test]
async fn a_plan_without_change_is_no_change() {
    let (thing, _) = thing().await;
    let config = thing.object(&[
        ("name", "a".into()),
        ("ratio", Value::Number("0.1".parse().unwrap())),
        ("token", "t".into()),
        ("tags", Value::List(vec!["x".into(), "y".into()])),
        ("labels", Value::Map([("k".to_owned(), "v".into())].into())),
        ("secret", "s".into()),
        ("network", thing.element("network", &[("cidr", "10.0.0.0/8".into())])),
        ("rule", Value::List(vec![thing.element("rule", &[("port", 80.into())])])),
        ("mount", Value::List(vec![thing.element("mount", &[("path", "/a".into())])])),
    ]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let seen = thing.read(&made.state, &made.private).await;
    assert_eq!(seen.state, made.state);
    let planned = thing.plan(&seen.state, &config, &seen.private).await.unwrap();
    assert_eq!(planned.state, seen.state);
    assert_eq!(planned.replace, [""; 0]);
    assert_eq!(planned.private, seen.private);
}

#[tokio::test]
async fn a_change_keeps_what_is_computed_until_the_author_says_otherwise() {
    let (thing, _) = thing().await;
    let config = thing.object(&[("name", "a".into()), ("size", 3.into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let rules = Value::List(vec![thing.element("rule", &[("port", 80.into())])]);
    let config = with(&config, &[("size", Value::Null), ("rule", rules)]);
    let planned = thing.plan(&made.state, &config, &made.private).await.unwrap();
    assert_eq!(field(&planned.state, "id"), &Value::from("id-a"));
    assert_eq!(field(&planned.state, "color"), &Value::from("red"));
    assert_eq!(field(&planned.state, "size"), &Value::from(1), "the default, not the prior value");
    assert_eq!(field(&planned.state, "revision"), &Value::Unknown, "what the author marked");
    let rule = thing.element("rule", &[("port", 80.into()), ("rule_id", Value::Unknown)]);
    assert_eq!(field(&planned.state, "rule"), &Value::List(vec![rule]), "a new element is new");
}

#[tokio::test]
async fn places_that_demand_a_replacement_come_once_in_order_and_end_at_sets() {
    let (thing, _) = thing().await;
    let mounts = |paths: &[&str]| {
        let mount = |path: &&str| thing.element("mount", &[("path", (*path).into())]);
        Value::List(paths.iter().map(mount).collect())
    };
    let network = |cidr: &str| thing.element("network", &[("cidr", cidr.into())]);
    let config = thing.object(&[
        ("name", "a".into()),
        ("network", network("10.0.0.0/8")),
        ("mount", mounts(&["/a", "/b"])),
    ]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let config = with(
        &config,
        &[
            ("name", "b".into()),
            ("network", network("10.0.0.0/16")),
            ("mount", mounts(&["/c", "/d"])),
        ],
    );
    let planned = thing.plan(&made.state, &config, &made.private).await.unwrap();
    assert_eq!(planned.replace, [".mount", ".name", ".network.cidr"]);
    let anew = thing.plan(&Value::Null, &config, &planned.private).await.unwrap();
    assert_eq!(anew.replace, [""; 0], "the second half of a replacement is a create");
    assert_eq!(field(&anew.state, "id"), &Value::Unknown);
}

#[tokio::test]
async fn a_destroy_stays_one_and_only_an_error_refuses_it() {
    let (thing, _) = thing().await;
    let config = thing.object(&[("name", "a".into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let planned = thing.plan(&made.state, &Value::Null, &made.private).await.unwrap();
    assert_eq!(planned.state, Value::Null);
    assert_eq!(planned.private, made.private);

    let guarded = with(&made.state, &[("behave", "protected".into())]);
    let refused = thing.plan(&guarded, &Value::Null, b"").await.unwrap_err();
    assert_eq!(refused, ["error: Protected"]);

    let nothing = thing.plan(&Value::Null, &Value::Null, b"").await.unwrap();
    assert_eq!(nothing.state, Value::Null);
}

#[tokio::test]
async fn what_core_would_call_an_invalid_plan_is_said_with_its_place() {
    let (thing, _) = thing().await;
    let rules = Value::List(vec![thing.element("rule", &[("port", 80.into())])]);
    let bug = "Bug in the provider: toy_thing";
    for (behave, expected) in [
        ("plan nothing", format!("error: {bug}")),
        ("plan another name", format!("error .name: {bug}")),
        ("plan fewer rules", format!("error .rule: {bug}")),
    ] {
        let config = thing.object(&[
            ("name", "a".into()),
            ("behave", behave.into()),
            ("rule", rules.clone()),
        ]);
        let refused = thing.plan(&Value::Null, &config, b"").await.unwrap_err();
        assert_eq!(refused, [expected], "{behave}");
    }
    let config = thing.object(&[
        ("name", "a".into()),
        ("behave", "plan the token".into()),
        ("token", "t".into()),
    ]);
    let planned = thing.plan(&Value::Null, &config, b"").await.unwrap();
    assert_eq!(field(&planned.state, "token"), &Value::Null, "write-only values never leave");

    let config = thing.object(&[("name", "a".into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let config = with(&config, &[("behave", "replace for nothing".into())]);
    let refused = thing.plan(&made.state, &config, b"").await.unwrap_err();
    assert_eq!(refused, [format!("error: {bug}")]);
}

#[tokio::test]
async fn a_dynamic_value_keeps_the_type_it_came_with() {
    use tfplugin::value::Type;
    let (thing, _) = thing().await;
    let ty = Type::set(Type::Number);
    let extra =
        |items: Vec<Value>| Value::Dynamic(Box::new(ty.clone()), Box::new(Value::List(items)));
    let config = thing.object(&[("name", "a".into()), ("extra", extra(vec![1.into(), 2.into()]))]);
    let made = thing.change(&Value::Null, &config, b"").await;
    assert_eq!(field(&made.state, "extra"), &extra(vec![1.into(), 2.into()]));
    let planned = thing.plan(&made.state, &config, b"").await.unwrap();
    assert_eq!(planned.state, made.state);
}

#[tokio::test]
async fn a_plan_is_the_same_whatever_the_cli_offers() {
    let (thing, _) = thing().await;
    let config = thing.object(&[("name", "a".into()), ("token", "t".into())]);
    let planned = thing.plan(&Value::Null, &config, b"").await.unwrap();
    // OpenTofu: write-only alone. Terraform: that and deferral. An old one: nothing.
    let mut both = capabilities(true);
    both.deferral_allowed = true;
    for offered in [capabilities(true), both, capabilities(false)] {
        let other = thing.plan_offering(&Value::Null, &config, b"", offered).await.unwrap();
        assert_eq!((other.state, other.replace), (planned.state.clone(), planned.replace.clone()));
    }
}
