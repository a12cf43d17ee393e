// SPDX-License-Identifier: MPL-2.0
//! `gates.state` and the block `state`: what they take, what they refuse, and what of them may be unknown.
#![allow(clippy::unwrap_used)]

use appenv::settings::Settings;
use appenv::settings::model::{GatesModel, HostModel, Model, StateModel};
use appenv::settings::state::StateGate;
use appenv::world::World;
use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn gate(state: Attr<String>) -> Model {
    Model { gates: Some(GatesModel { state, ..GatesModel::default() }), ..Model::default() }
}

fn prefix(prefix: Attr<String>) -> Model {
    Model { state: Some(StateModel { prefix }), ..Model::default() }
}

fn read(model: &Model) -> Result<Settings, Vec<String>> {
    Settings::read(model, &World::with(|_| None, "/")).map_err(|errors| told(&errors))
}

fn told(errors: &Errors) -> Vec<String> {
    let told = errors.0.iter();
    told.map(|error| format!("{}: {}", error.attribute.as_ref().unwrap(), error.summary)).collect()
}

/// Before the provider is configured.
fn validate(model: &Model) -> Vec<String> {
    Settings::validate(model).err().map(|errors| told(&errors)).unwrap_or_default()
}

#[test]
fn the_state_gate_is_one_of_four_and_enforces_by_default() {
    assert_eq!(read(&Model::default()).unwrap().state.gate, StateGate::Enforce);
    for (given, gate_is) in [
        (Attr::Null, StateGate::Enforce),
        (text("enforce"), StateGate::Enforce),
        (text("strict"), StateGate::Strict),
        (text("warn"), StateGate::Warn),
        (text("off"), StateGate::Off),
    ] {
        assert_eq!(read(&gate(given)).unwrap().state.gate, gate_is);
    }
    for wrong in ["", "Off", "noop", "none"] {
        let told = [format!("gates.state: `gates.state` cannot be \"{wrong}\"")];
        assert_eq!(read(&gate(text(wrong))).unwrap_err(), told);
        assert_eq!(validate(&gate(text(wrong))), told);
    }
    let unknown = gate(Attr::Unknown);
    assert_eq!(validate(&unknown), [""; 0]);
    assert_eq!(read(&unknown).unwrap_err(), ["gates.state: `gates.state` is not known yet"]);
}

#[test]
fn a_prefix_is_a_template_and_its_inputs_must_be_there() {
    let source = |model: &Model| read(model).unwrap().state.prefix.source().to_owned();
    assert_eq!(source(&Model::default()), "{state_prefix}");
    for given in ["{app}/main", "platform", "{state_prefix}", "live/{instance}", "[{domain}/]{app}"]
    {
        assert_eq!(source(&prefix(text(given))), given);
        assert_eq!(validate(&prefix(text(given))), [""; 0]);
    }
    for (wrong, summary) in [
        ("", "Template of state.prefix makes no path"),
        ("{app}//x", "Template of state.prefix makes no path"),
        ("{app}/{enw}", "Template of state.prefix cannot be read at character 7"),
    ] {
        let told = [format!("state.prefix: {summary}")];
        assert_eq!(read(&prefix(text(wrong))).unwrap_err(), told);
        assert_eq!(validate(&prefix(text(wrong))), told);
    }
    let unknown = prefix(Attr::Unknown);
    assert_eq!(validate(&unknown), [""; 0]);
    assert_eq!(read(&unknown).unwrap_err(), ["state.prefix: `state.prefix` is not known yet"]);
    // The organization may be unknown at validate, and absent only when the provider is configured.
    let absent = prefix(text("{organization}/{app}"));
    assert_eq!(validate(&absent), [""; 0]);
    assert_eq!(
        read(&absent).unwrap_err(),
        ["state.prefix: `state.prefix` holds {organization}, which is absent"]
    );
    assert_eq!(source(&Model { organization: text("acme"), ..absent }), "{organization}/{app}");
    let host = HostModel { root: text("/srv"), ..HostModel::default() };
    let rooted = prefix(text("{root}/{app}"));
    assert_eq!(
        read(&rooted).unwrap_err(),
        ["state.prefix: `state.prefix` holds {root}, which is absent"]
    );
    read(&Model { host: Some(host), ..rooted }).unwrap();
}
