// SPDX-License-Identifier: MPL-2.0
//! Version 0 had no name for an ops policy of an instance's own, which was always `{app}-{env}-ops`, and none of
//! `adopt`, `rename`, `keep_old` and `kept`.

use serde_json::Value;

/// Turns a state of version 0 into one of version 1. Total: what is not as version 0 wrote it is left as it is, and
/// decoding says what is wrong with it.
pub fn upgrade(mut state: Value) -> Value {
    let text = |state: &Value, key: &str| state.get(key).and_then(Value::as_str).map(str::to_owned);
    let (app, env) = (text(&state, "app"), text(&state, "env"));
    let names = state.get_mut("resolved_names").and_then(Value::as_object_mut);
    if let (Some(app), Some(env), Some(names)) = (app, env, names) {
        names.entry("own_ops_policy").or_insert_with(|| format!("{app}-{env}-ops").into());
    }
    if let Some(state) = state.as_object_mut() {
        let defaults =
            [("adopt", "refuse".into()), ("rename", "in_place".into()), ("keep_old", "7d".into())];
        let kept = ("kept", serde_json::json!({}));
        for (key, value) in defaults.into_iter().chain([kept]) {
            state.entry(key).or_insert(value);
        }
    }
    state
}
