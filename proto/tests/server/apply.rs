// SPDX-License-Identifier: MPL-2.0
use serde_json::json;
use tfplugin::value::Value;

use crate::cli::{field, private, with};
use crate::thing;

const BUG: &str = "Bug in the provider: toy_thing";

#[tokio::test]
async fn a_thing_is_made_changed_and_removed() {
    let (thing, world) = thing().await;
    let config = thing.object(&[
        ("name", "a".into()),
        ("token", "t-1".into()),
        ("secret", "s".into()),
        ("network", thing.element("network", &[("cidr", "10.0.0.0/8".into())])),
    ]);
    let made = thing.change(&Value::Null, &config, b"").await;
    assert_eq!(field(&made.state, "id"), &Value::from("id-a"));
    assert_eq!(field(&made.state, "token"), &Value::Null);
    assert_eq!(field(field(&made.state, "network"), "gateway"), &Value::from("10.0.0.1"));
    assert_eq!(private(&made.private), json!({"planned": true, "made": 1}));
    assert!(made.identity.is_some());
    assert_eq!(world.facts().token.as_deref(), Some("t-1"), "the author saw the write-only value");
    assert_eq!(world.facts().things["id-a"], "a");

    let config = with(&config, &[("size", 2.into())]);
    let changed = thing.change(&made.state, &config, &made.private).await;
    assert_eq!(changed.state, with(&made.state, &[("size", 2.into()), ("revision", 2.into())]));
    assert_eq!(private(&changed.private), json!({"planned": true, "made": 1, "updated": true}));

    let planned = thing.plan(&changed.state, &Value::Null, &changed.private).await.unwrap();
    let gone = thing.apply(&changed.state, &planned.state, &Value::Null, &planned.private).await;
    assert_eq!(gone.said, [""; 0]);
    assert_eq!(gone.state, Value::Null, "emptied by the server");
    assert!(gone.identity.is_none());
    assert!(world.facts().things.is_empty());
}

/// Plans and applies a create that goes wrong.
async fn failing_create(behave: &str) -> crate::cli::Applied {
    let (thing, _) = thing().await;
    let config = thing.object(&[
        ("name", "a".into()),
        ("behave", behave.into()),
        ("token", "t".into()),
        ("network", thing.element("network", &[("cidr", "10.0.0.0/8".into())])),
    ]);
    let planned = thing.plan(&Value::Null, &config, b"{\"kept\":1}").await.unwrap();
    thing.apply(&Value::Null, &planned.state, &config, &planned.private).await
}

#[tokio::test]
async fn a_create_that_fails_and_leaves_nothing_saves_nothing_but_private_state() {
    let failed = failing_create("fail with nothing").await;
    assert_eq!(failed.said, ["error: Cannot make it"]);
    assert_eq!(failed.state, Value::Null, "null is not tainted");
    assert_eq!(private(&failed.private), json!({"kept": 1, "planned": true, "made": 1}));
}

#[tokio::test]
async fn a_create_that_fails_and_leaves_something_saves_it_without_unknowns() {
    let failed = failing_create("fail with something").await;
    assert_eq!(failed.said, ["error: Half made"]);
    assert_eq!(field(&failed.state, "id"), &Value::from("id-a"));
    assert_eq!(field(&failed.state, "color"), &Value::Null, "unknown became null");
    assert_eq!(field(field(&failed.state, "network"), "gateway"), &Value::Null);
    assert_eq!(field(&failed.state, "token"), &Value::Null);
    assert_eq!(private(&failed.private)["made"], 1);
}

#[tokio::test]
async fn success_without_an_object_or_with_unknowns_is_a_mistake_of_the_provider() {
    let failed = failing_create("leave nothing").await;
    assert_eq!(failed.said, [format!("error: {BUG}")]);
    assert_eq!(failed.state, Value::Null);
    assert_eq!(private(&failed.private)["made"], 1);

    let failed = failing_create("leave unknowns").await;
    let at = |place: &str| format!("error .{place}: {BUG}");
    assert_eq!(failed.said, [at("color"), at("id"), at("network.gateway"), at("revision")]);
    assert_eq!(field(&failed.state, "id"), &Value::Null);
    assert_eq!(field(&failed.state, "name"), &Value::from("a"), "what is known is kept");
}

#[tokio::test]
async fn a_write_only_value_left_in_the_state_is_taken_out() {
    let made = failing_create("store the token").await;
    assert_eq!(made.said, [""; 0]);
    assert_eq!(field(&made.state, "token"), &Value::Null);
}

#[tokio::test]
async fn an_update_that_fails_saves_what_is_true_and_private_state() {
    let (thing, _) = thing().await;
    let config = thing.object(&[("name", "a".into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    for (behave, said, color) in [
        ("fail early", "error: Cannot change it", "red"),
        ("fail late", "error: Half changed", "half red"),
    ] {
        let config = with(&config, &[("behave", behave.into())]);
        let planned = thing.plan(&made.state, &config, &made.private).await.unwrap();
        let failed = thing.apply(&made.state, &planned.state, &config, &planned.private).await;
        assert_eq!(failed.said, [said]);
        assert_eq!(field(&failed.state, "color"), &Value::from(color));
        assert_eq!(private(&failed.private)["updated"], true, "{behave}");
        assert_eq!(private(&failed.private)["made"], 1, "{behave}");
    }
    let config = with(&config, &[("behave", "lose it".into())]);
    let planned = thing.plan(&made.state, &config, &made.private).await.unwrap();
    let failed = thing.apply(&made.state, &planned.state, &config, &planned.private).await;
    assert_eq!(failed.said, [format!("error: {BUG}")]);
    assert_eq!(failed.state, made.state, "the state is not lost with the object");
}

#[tokio::test]
async fn a_delete_that_fails_keeps_the_state_and_private_state() {
    let (thing, world) = thing().await;
    let config = thing.object(&[("name", "a".into()), ("behave", "glued".into())]);
    let made = thing.change(&Value::Null, &config, b"").await;
    let failed = thing.apply(&made.state, &Value::Null, &Value::Null, &made.private).await;
    assert_eq!(failed.said, ["error: Cannot remove it"]);
    assert_eq!(failed.state, made.state);
    assert_eq!(failed.private, made.private);
    assert!(world.facts().things.contains_key("id-a"));
}

#[tokio::test]
async fn a_panic_is_one_diagnostic_and_changes_nothing() {
    let (thing, world) = thing().await;
    let blob = b"{\"kept\":1}";
    let config = thing.object(&[("name", "a".into()), ("behave", "panic in create".into())]);
    let planned = thing.plan(&Value::Null, &config, blob).await.unwrap();
    let failed = thing.apply(&Value::Null, &planned.state, &config, &planned.private).await;
    assert_eq!(failed.said.len(), 1);
    assert!(failed.said[0].starts_with("error: Internal error "), "{:?}", failed.said);
    assert_eq!(failed.state, Value::Null);
    assert_eq!(failed.private, planned.private);

    let config = thing.object(&[("name", "a".into())]);
    let made = thing.change(&Value::Null, &config, blob).await;
    let changed = with(&config, &[("behave", "panic in update".into())]);
    let planned = thing.plan(&made.state, &changed, &made.private).await.unwrap();
    let failed = thing.apply(&made.state, &planned.state, &changed, &planned.private).await;
    assert!(failed.said[0].starts_with("error: Internal error "), "{:?}", failed.said);
    assert_eq!(failed.state, made.state);
    assert_eq!(failed.private, planned.private);

    let glass = with(&made.state, &[("behave", "panic in delete".into())]);
    let failed = thing.apply(&glass, &Value::Null, &Value::Null, &made.private).await;
    assert!(failed.said[0].starts_with("error: Internal error "), "{:?}", failed.said);
    assert_eq!(failed.state, glass);
    assert_eq!(failed.private, made.private);

    let glass = with(&made.state, &[("behave", "panic in read".into())]);
    let failed = thing.read(&glass, &made.private).await;
    assert!(failed.said[0].starts_with("error: Internal error "), "{:?}", failed.said);
    assert_eq!((failed.state, failed.private), (glass, made.private.clone()));

    for (config, what) in [
        (with(&config, &[("behave", "panic in plan".into())]), "plan"),
        (with(&config, &[("behave", "panic in validate".into())]), "validate"),
    ] {
        let said = match what {
            "plan" => thing.plan(&Value::Null, &config, b"").await.unwrap_err(),
            _ => thing.validate(&config, true).await,
        };
        assert!(said[0].starts_with("error: Internal error "), "{what}: {said:?}");
    }
    let alive = thing.change(&made.state, &with(&config, &[("size", 9.into())]), b"").await;
    assert_eq!(field(&alive.state, "size"), &Value::from(9), "the process lives");
    assert_eq!(world.facts().things.len(), 1);
}
