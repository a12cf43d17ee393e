// SPDX-License-Identifier: MPL-2.0
//! A state that was edited approves nothing.

use serde_json::{Value, json};

use super::{CREATES, Guarded, UNPROTECTED, limit};
use crate::site::{at, block};

/// Edits the state file.
fn edit(it: &Guarded, change: impl Fn(&mut Value)) {
    let mut state = it.site.ws.state_file();
    change(&mut state);
    let serial = state["serial"].as_i64().unwrap();
    state["serial"] = json!(serial + 1);
    it.site.ws.write("terraform.tfstate", &state.to_string());
}

/// The private state of the one instance, decoded.
fn private(state: &Value) -> Value {
    use base64::Engine as _;
    let text = state["resources"][0]["instances"][0]["private"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn set_private(state: &mut Value, private: &Value) {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(private.to_string());
    state["resources"][0]["instances"][0]["private"] = json!(text);
}

#[test]
fn a_forged_private_blob_approves_nothing() {
    let it = Guarded::made("gate-forged", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let digest = it.refused("update");
    let forged = [
        json!({ "approved": true }),
        json!({ "approvals": [digest] }),
        json!({ "standing": {} }),
        json!({ "seen": { "pending": { "digest": digest } } }),
    ];
    for forged in forged {
        edit(&it, |state| {
            let mut private = private(state);
            let entry = private["appenv"].as_object_mut().unwrap();
            entry.extend(forged.as_object().unwrap().clone());
            set_private(state, &private);
        });
        for refresh in ["-refresh=true", "-refresh=false"] {
            let before = it.snapshot();
            it.site.ws.apply_fails_with(&[refresh]);
            it.is_untouched(&before);
        }
    }
}

#[test]
fn a_forged_flag_of_production_approves_nothing() {
    let it = Guarded::made("gate-flag", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    edit(&it, |state| {
        state["resources"][0]["instances"][0]["attributes"]["production"] = json!(false);
    });
    for refresh in ["-refresh=true", "-refresh=false"] {
        let before = it.snapshot();
        it.site.ws.apply_fails_with(&[refresh]);
        it.is_untouched(&before);
    }
}

#[test]
fn an_entry_that_was_edited_to_be_another_app_does_not_end_it() {
    let it = Guarded::new("gate-edited");
    it.write(
        &CREATES,
        &format!(
            "{}{}",
            block("it", "gate-edited", "prod", UNPROTECTED),
            block("other", "gate-edited-too", "prod", UNPROTECTED)
        ),
    );
    it.site.ws.step();
    it.site.ws.state_rm(&at("other"));
    edit(&it, |state| {
        let attributes = &mut state["resources"][0]["instances"][0]["attributes"];
        let text = attributes.to_string().replace("gate-edited", "gate-edited-too");
        *attributes = serde_json::from_str(&text).unwrap();
    });
    it.write(&CREATES, "");
    let before = it.site.snapshot("gate-edited-too");
    let run = it.site.ws.run(&["apply", "-json", "-auto-approve"]);
    // Whether it is refused or only the entry goes: nothing outside the state is touched.
    it.site.is_untouched(&before, "gate-edited-too");
    assert_eq!(it.site.registration("gate-edited-too", "prod"), "live team/gate-edited 1", "{run}");
    assert_eq!(it.site.registration("gate-edited", "prod"), "live team/gate-edited 1", "{run}");
}
