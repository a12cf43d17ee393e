// SPDX-License-Identifier: MPL-2.0
//! `gates.state` and the block `state`: what the state gate does, and where states belong.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::Known;
use super::model::Model;
use crate::naming::{Inputs, StatePrefix, shown};

/// What the state gate does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateGate {
    /// Refuses a state that is another one; says it once where that cannot be told.
    #[default]
    Enforce,
    /// Refuses what cannot be told too, and a local file for a production instance.
    Strict,
    /// Warns.
    Warn,
    /// Says nothing.
    Off,
}

/// The state gate, and where states belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateSettings {
    /// What the gate does.
    pub gate: StateGate,
    /// What the address of a state ends in.
    pub prefix: StatePrefix,
}

// === impl StateGate ===

impl StateGate {
    fn read(text: Option<&str>) -> Result<Self, Diagnostic> {
        match text {
            None | Some("enforce") => Ok(Self::Enforce),
            Some("strict") => Ok(Self::Strict),
            Some("warn") => Ok(Self::Warn),
            Some("off") => Ok(Self::Off),
            Some(other) => Err(Diagnostic::error(
                format!("`gates.state` cannot be {}", shown(other)),
                "`gates.state` must be `enforce`, `strict`, `warn` or `off`.",
            )
            .at(gate_at())),
        }
    }
}

/// What is written, by gate and prefix; both must be known.
pub(super) struct Written {
    gate: Option<String>,
    prefix: Option<String>,
}

/// Reads both.
pub(super) fn read(model: &Model, need: &mut Known<'_>) -> Written {
    Written {
        gate: model.gates.as_ref().and_then(|gates| need.text(&gates.state, gate_at())),
        prefix: model.state.as_ref().and_then(|state| need.text(&state.prefix, prefix_at())),
    }
}

/// Judges what is known.
pub(super) fn validate(model: &Model, errors: &mut Errors) {
    let known = |value: Option<&Attr<String>>| value.and_then(Attr::known).cloned();
    let gate = known(model.gates.as_ref().map(|gates| &gates.state));
    let prefix = known(model.state.as_ref().map(|state| &state.prefix));
    parse(&Written { gate, prefix }, errors);
}

/// Judges both.
pub(super) fn settings(written: &Written, inputs: &Inputs, errors: &mut Errors) -> StateSettings {
    let settings = parse(written, errors);
    judge_inputs(&settings.prefix, inputs, errors);
    settings
}

fn parse(written: &Written, errors: &mut Errors) -> StateSettings {
    let gate = StateGate::read(written.gate.as_deref()).unwrap_or_else(|error| {
        errors.push(error);
        StateGate::Enforce
    });
    let prefix = match written.prefix.as_deref().map(StatePrefix::parse).transpose() {
        Ok(prefix) => prefix.unwrap_or_default(),
        Err(error) => {
            errors.push(Diagnostic::error(error.summary, error.detail).at(prefix_at()));
            StatePrefix::default()
        }
    };
    StateSettings { gate, prefix }
}

/// Refuses a prefix that no instance can have.
fn judge_inputs(prefix: &StatePrefix, inputs: &Inputs, errors: &mut Errors) {
    let Some(absent) = prefix.absent(inputs) else { return };
    let argument = if absent == "root" { "host.root" } else { absent };
    errors.push(
        Diagnostic::error(
            format!("`state.prefix` holds {{{absent}}}, which is absent"),
            format!(
                "`state.prefix` is {}, and the provider block has no `{argument}`. Set it, or write the prefix without it.",
                shown(prefix.source())
            ),
        )
        .at(prefix_at()),
    );
}

fn gate_at() -> Path {
    Path::attribute("gates").field("state")
}

fn prefix_at() -> Path {
    Path::attribute("state").field("prefix")
}
