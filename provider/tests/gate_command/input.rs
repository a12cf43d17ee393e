// SPDX-License-Identifier: MPL-2.0
//! What cannot be judged: the gate stays closed, says why, and repeats nothing of it.

use serde_json::{Value, json};

use super::{around, gate, golden, judged, planned};

/// Fails the test where the gate is not closed for that reason.
fn closed(events: &str, plan: Option<&str>, why: &str) {
    let (code, out, err) = judged(events, plan, &[]);
    assert_eq!(code, 1, "{why}: {out}");
    assert!(err.starts_with("error: ") && err.contains(why), "{why:?} was expected: {err}");
    assert!(err.contains("Next: "), "{err}");
    assert!(out.contains("## appenv gate: closed") && out.contains(why), "{out}");
    let (code, out, _) = judged(events, plan, &["--format", "json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["verdict"], &told["exit_code"]), (1, &json!("error"), &json!(1)));
    for text in [out, err] {
        assert!(!text.contains("CANARY"), "{text}");
    }
}

fn version(key: &str, ui: &Value) -> String {
    format!("{}\n", json!({ "@level": "info", "type": "version", key: "1.11.4", "ui": ui }))
}

#[test]
fn events_that_are_no_plans() {
    let good = around(&[planned("null_resource.a", "create")], 1, 0, 0);
    assert_eq!(judged(&good, None, &[]).0, 2);
    let lines: Vec<&str> = good.lines().collect();
    let with = |event: Value| format!("{}\n{event}\n{}\n{}\n", lines[0], lines[1], lines[2]);
    for (events, why) in [
        (String::new(), "it is empty"),
        ("\n\n".to_owned(), "it is empty"),
        (lines[..2].join("\n") + "\n", "it ends early"),
        (lines[0].to_owned() + "\n", "it ends early"),
        (good.trim_end().to_owned(), "line 3: the file ends within it"),
        (good[..good.len() - 30].to_owned(), "line 3: the file ends within it"),
        (format!("{}\n{}\n", lines[0], lines[2]), "lines are missing"),
        (lines[1..].join("\n") + "\n", "do not begin with the CLI's version"),
        (format!("{good}{good}"), "line 4: a second run begins"),
        (format!("{good}{}\n", lines[2]), "line 4: a second summary"),
        ("CANARY secret\n".to_owned(), "line 1: it is no event"),
        (format!("{}\n{{\"CANARY\": \n", lines[0]), "line 2: it is no event"),
        (format!("{}\n[\"CANARY\"]\n", lines[0]), "line 2: it is no event"),
        ("{\"format_version\":\"1.2\",\"CANARY\":1}\n".to_owned(), "it is the JSON of `show`"),
        (version("terraform", &json!("2.0")), "is not 1.x"),
        (version("terraform", &json!("10.1")), "is not 1.x"),
        (version("terraform", &json!(1)), "another shape"),
        (version("pulumi", &json!("1.2")), "neither Terraform nor OpenTofu"),
        (with(planned("null_resource.a", "CANARY")), "line 2: it has an action that is not known"),
        (
            with(json!({ "type": "planned_change", "change": "CANARY" })),
            "line 2: it is an event of another shape",
        ),
        (with(json!({ "type": "apply_start", "hook": {} })), "line 2: the events are not a plan's"),
        (with(json!({ "type": "provision_progress" })), "line 2: the events are not a plan's"),
        (
            with(json!({ "type": "outputs", "outputs": { "o": { "value": "CANARY" } } })),
            "are not a plan's",
        ),
        (
            with(json!({ "type": "change_summary", "changes": { "operation": "apply" } })),
            "line 2: the events are not a plan's",
        ),
    ] {
        closed(&events, None, why);
    }
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let mut events = around(&[], 0, 0, 0);
    events.push_str(&"x".repeat(17 << 20));
    closed(&events, None, "line 3: it is longer than 16777216 bytes");
}

#[test]
fn bytes_that_are_no_text() {
    let dir = tempfile::tempdir().unwrap();
    let mut events = around(&[], 0, 0, 0).into_bytes();
    events.extend(b"{\"type\":\"\xff\"}\n");
    std::fs::write(dir.path().join("events"), events).unwrap();
    let (code, _, err) = gate(dir.path(), &["events"]);
    assert_eq!(code, 1);
    assert!(err.contains("line 3: it is no event"), "{err}");
}

fn plan(format: &str, changes: &Value, more: &Value) -> String {
    let mut plan = json!({
        "format_version": format, "planned_values": {}, "resource_changes": changes,
        "applyable": true, "complete": true, "errored": false,
    });
    plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    plan.to_string()
}

fn change(address: &str, actions: &[&str]) -> Value {
    json!({
        "address": address, "mode": "managed", "type": "null_resource",
        "provider_name": "registry.terraform.io/hashicorp/null",
        "change": { "actions": actions, "before": { "a": "CANARY" }, "after": null },
    })
}

#[test]
fn plans_that_cannot_be_read_or_belong_to_other_events() {
    let events = around(&[planned("null_resource.a", "create")], 1, 0, 0);
    let same = json!([change("null_resource.a", &["create"])]);
    let good = plan("1.2", &same, &json!({}));
    assert_eq!(judged(&events, Some(&good), &[]).0, 2);
    for (plan, why) in [
        (String::new(), "it ends early"),
        (good[..good.len() / 2].to_owned(), "it ends early"),
        (format!("{good}{good}"), "it is not one JSON document"),
        ("CANARY".to_owned(), "it is not one JSON document"),
        ("\"CANARY\"".to_owned(), "it is not shaped as a plan"),
        ("{}".to_owned(), "it has no format_version"),
        (plan("2.0", &same, &json!({})), "its format_version is not 1.x"),
        (plan("10.0", &same, &json!({})), "its format_version is not 1.x"),
        (
            json!({ "format_version": "1.0", "values": { "CANARY": 1 } }).to_string(),
            "it is no plan",
        ),
        (plan("1.2", &json!([{ "address": "CANARY" }]), &json!({})), "it is not shaped as a plan"),
        (
            plan("1.2", &json!([change("null_resource.a", &["explode"])]), &json!({})),
            "an action that is not known",
        ),
        (
            plan("1.2", &json!([change("null_resource.b", &["create"])]), &json!({})),
            "other changes than the events",
        ),
        (
            plan("1.2", &json!([change("null_resource.a", &["update"])]), &json!({})),
            "other changes than the events",
        ),
        (plan("1.2", &json!([]), &json!({})), "other changes than the events"),
        (plan("1.2", &same, &json!({ "errored": true, "complete": false })), "its planning failed"),
    ] {
        closed(&events, Some(&plan), why);
    }
}

#[test]
fn an_incomplete_plan_is_not_open() {
    let events = around(&[planned("null_resource.a", "create")], 1, 0, 0);
    let same = json!([change("null_resource.a", &["create"])]);
    let deferred = json!({ "deferred_changes": [{ "reason": "provider_config_unknown" }] });
    for more in [json!({ "complete": false }), deferred] {
        let (code, out, _) = judged(&events, Some(&plan("1.2", &same, &more)), &[]);
        assert_eq!(code, 1, "{out}");
        assert!(out.contains("closed, the plan is incomplete"), "{out}");
    }
    for event in [
        json!({ "@level": "info", "type": "deferred_change", "deferred": {} }),
        json!({ "@level": "warn", "type": "diagnostic", "diagnostic": {
            "severity": "warning", "summary": "Resource targeting is in effect", "detail": "" } }),
    ] {
        let (code, out, _) = judged(&around(&[event], 0, 0, 0), None, &[]);
        assert_eq!(code, 1, "{out}");
    }
}

#[test]
fn a_refused_plan_that_was_saved_is_refused_not_broken() {
    let refused = std::fs::read_to_string(golden().join("refused.jsonl")).unwrap();
    let saved = plan("1.2", &json!([]), &json!({ "errored": true, "complete": false }));
    let (code, out, _) = judged(&refused, Some(&saved), &[]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("The plan ended at what stands in its way"), "{out}");
}

#[test]
fn an_error_that_is_called_otherwise_is_one() {
    for event in [
        json!({ "@level": "error", "@message": "something" }),
        json!({ "@level": "error", "@message": "something", "type": "policy_result" }),
        json!({ "@level": "error", "type": "diagnostic", "diagnostic": { "severity": "fatal", "summary": "x" } }),
    ] {
        let (code, out, _) = judged(&around(&[event], 0, 0, 0), None, &[]);
        assert_eq!(code, 1, "{out}");
        assert!(out.contains("closed, 1 error"), "{out}");
    }
}

#[test]
fn what_later_clis_add_is_passed_over_and_actions_are_changes() {
    let event =
        json!({ "@level": "info", "type": "brand_new", "change": 7, "changes": [], "more": {} });
    assert_eq!(judged(&around(&[event], 0, 0, 0), None, &[]).0, 0);
    let action = json!({ "@level": "info", "type": "planned_action_invocation", "invocation": {} });
    let (code, out, _) = judged(&around(&[action], 0, 0, 0), None, &[]);
    assert_eq!(code, 2);
    assert!(out.contains("1 action to run"), "{out}");
}

#[test]
fn wrong_usage_and_absent_files_are_not_two() {
    for arguments in [
        &[][..],
        &["a", "b", "c"],
        &["--formta", "json", "events"],
        &["events", "--format", "html"],
        &["absent"],
        &["no_op.jsonl", "absent"],
        &["."],
        &["no_op.jsonl", "."],
    ] {
        let (code, _, err) = gate(&golden(), arguments);
        assert_eq!(code, 1, "{arguments:?}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn a_foreign_type_of_our_name_is_not_ours() {
    let mut stranger = change("appenv_app_instance.a", &["update"]);
    stranger["type"] = json!("appenv_app_instance");
    stranger["provider_name"] = json!("registry.terraform.io/evil/appenv");
    stranger["change"]["after"] = json!({ "app": "CANARY", "env": "prod", "release": "CANARY" });
    let events = around(&[planned("appenv_app_instance.a", "update")], 0, 1, 0);
    let (code, out, _) = judged(&events, Some(&plan("1.2", &json!([stranger]), &json!({}))), &[]);
    assert_eq!(code, 2);
    assert!(out.contains("registry.terraform.io/evil/appenv") && !out.contains("CANARY"), "{out}");
}
