// SPDX-License-Identifier: MPL-2.0
//! The state gate, as resources ask it: before a change that writes outside the state, at plan and again in apply.
//!
//! Core plans a change again before it applies it, and in neither is the provider told which of the two it is; so what
//! is refused at plan is refused in apply too, wherever the backend can be read there.

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};

use crate::configured::Configured;
use crate::gate::state::{Address, Backend, Unreadable, Verdict, judge};
use crate::naming::{Coordinate, StatePrefix};
use crate::settings::state::StateGate;

/// A change that is planned of an instance or of a secret of it; `state_prefix` is the instance's name of that key. Where it
/// is not known yet and counts, apply judges.
/// Without a facet nothing is written outside the state, and a wrong one only warns.
pub fn plan(
    configured: &Configured,
    cx: &mut Context,
    coordinate: &Coordinate,
    state_prefix: Option<&str>,
) -> Result<(), Errors> {
    let gate = configured.settings.state.gate;
    let wanted = match state_prefix {
        Some(known) => wanted(configured, coordinate, known),
        // Whatever it is, where the answer does not hold it.
        None => wanted(configured, coordinate, "a/e")
            .filter(|one| wanted(configured, coordinate, "b/f").as_ref() == Some(one)),
    };
    let Some(wanted) = wanted else { return Ok(()) };
    let has_effects = !configured.settings.facets().is_empty();
    let finding = match judge(configured.state_location(), &wanted) {
        Verdict::Mismatch(address) => {
            let why = match gate {
                StateGate::Warn => "It is a warning, because `gates.state` is \"warn\".",
                _ if has_effects => REFUSED,
                _ => "It is a warning, because nothing is written outside the state.",
            };
            mismatch(configured, coordinate, address, &wanted, why)
        }
        // Nothing could go wrong.
        _ if !has_effects => return Ok(()),
        Verdict::Match => match local_production(configured, coordinate) {
            Some(finding) => finding,
            None => return Ok(()),
        },
        Verdict::Undeterminable(why) => {
            undeterminable((gate == StateGate::Strict).then_some(coordinate), why)
        }
    };
    if has_effects && finding.is_refused(gate) {
        return Err(Diagnostic::error(finding.summary, finding.detail).into());
    }
    let once = if has_effects { &finding.summary } else { "state gate" };
    if configured.run().is_new_warning(once) {
        cx.warn(finding.summary, finding.detail);
    }
    Ok(())
}

/// The same change in apply, before its first write. Its plan, which core has just repeated, has warned.
pub fn apply(
    configured: &Configured,
    coordinate: &Coordinate,
    state_prefix: &str,
) -> Result<(), Errors> {
    let gate = configured.settings.state.gate;
    let Some(wanted) = wanted(configured, coordinate, state_prefix) else { return Ok(()) };
    match judge(configured.state_location(), &wanted) {
        Verdict::Mismatch(address) if gate != StateGate::Warn => {
            let finding = mismatch(configured, coordinate, address, &wanted, REFUSED);
            Err(Diagnostic::error(finding.summary, finding.detail).into())
        }
        _ => Ok(()),
    }
}

/// What the address must end in; `None` where nobody asks.
fn wanted(configured: &Configured, coordinate: &Coordinate, state_prefix: &str) -> Option<String> {
    let settings = &configured.settings;
    if settings.state.gate == StateGate::Off {
        return None;
    }
    settings.state.prefix.render(&settings.environments, coordinate, &settings.inputs, state_prefix)
}

/// What the gate has to say.
struct Finding {
    /// Which gates refuse it.
    kind: Kind,
    summary: String,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mismatch,
    Doubt,
}

// === impl Finding ===

impl Finding {
    fn is_refused(&self, gate: StateGate) -> bool {
        match gate {
            StateGate::Strict => true,
            StateGate::Enforce => self.kind == Kind::Mismatch,
            StateGate::Warn | StateGate::Off => false,
        }
    }
}

fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// A state file on this machine alone.
fn local_production(configured: &Configured, coordinate: &Coordinate) -> Option<Finding> {
    let address = configured.state_location().as_ref().ok()?;
    if address.backend != Backend::Local
        || !configured.settings.environments.is_production(coordinate.env())
    {
        return None;
    }
    let id = id(coordinate);
    Some(Finding {
        kind: Kind::Doubt,
        summary: format!("{id}: the state of a production instance is a local file"),
        detail: format!(
            "The state is at {}: nobody else sees it, nothing locks it, and with this machine it is lost. \
             `gates.state = \"strict\"` refuses that.\n\nNext: keep it in a backend that others reach (s3, gcs, azurerm, \
             http, pg, …), and run `terraform init -migrate-state`.",
            address.shown
        ),
    })
}

/// An address that is not known. It is refused of an instance, and told of a whole run.
fn undeterminable(refused: Option<&Coordinate>, why: &Unreadable) -> Finding {
    let (summary, told) = match refused {
        Some(coordinate) => (
            format!("{}: where this state is cannot be told", id(coordinate)),
            "`gates.state` is \"strict\", which refuses that at plan and in apply. Nothing was changed.",
        ),
        None => (
            "Where this state is cannot be told, so the state gate lets every change pass"
                .to_owned(),
            "Nothing else is wrong: the gate would refuse a change of an instance from a state that is not its own.",
        ),
    };
    Finding {
        kind: Kind::Doubt,
        summary,
        detail: format!(
            "The address of the state is read from the working directory, and {why}. {told}\n\nNext: give the \
             configuration a backend block whose address ends in the instance's `state_prefix`, such as \
             `erp/sandbox`, and run `terraform init`; or switch the gate off in the provider block:\n\n  {OFF}"
        ),
    }
}

/// An address that is another instance's, or nobody's.
fn mismatch(
    configured: &Configured,
    coordinate: &Coordinate,
    address: &Address,
    wanted: &str,
    why: &str,
) -> Finding {
    let id = id(coordinate);
    let prefix = configured.settings.state.prefix.source();
    let backend = address.backend.name();
    let place = match &address.workspace {
        Some(workspace) => format!("{} (workspace \"{workspace}\")", address.shown),
        None => address.shown.clone(),
    };
    Finding {
        kind: Kind::Mismatch,
        summary: format!("{id}: this state is not its state"),
        detail: format!(
            "The state of this run is at {place}, in the backend \"{backend}\". The state of {id} is at an address that \
             ends in `{}`, since `state.prefix` is \"{prefix}\". {why}\n\nNext: if this is the wrong \
             directory, workspace or `-backend-config`, go to the right one.{}{}\n\nOr, where this state is right: \
             one state for all environments of an app is `state {{ prefix = \"{{app}}/main\" }}` in the provider block, a \
             shared one a literal there; and this line switches the gate off:\n\n  {OFF}",
            address.backend.written(wanted),
            remedies(address, wanted),
            note(prefix),
        ),
    }
}

/// Why the prefix is what it is, where nobody wrote it.
fn note(prefix: &str) -> &'static str {
    if prefix == StatePrefix::DEFAULT {
        "\n\nBy default each environment of an app has a state of its own, so that no run for one reaches another."
    } else {
        ""
    }
}

/// The lines to write.
fn remedies(address: &Address, wanted: &str) -> String {
    let remedy = address.remedy(wanted);
    let backend = address.backend.name();
    let mut told = String::new();
    if let Some(workspace) = &remedy.workspace {
        let line = if address.is_workspace_fixed {
            format!("TF_WORKSPACE={workspace}")
        } else {
            format!("terraform workspace select {workspace}")
        };
        told = format!(" The right workspace is:\n\n  {line}");
        if workspace == "default" {
            return told;
        }
    }
    let (argument, value) = (remedy.argument, &remedy.value);
    let place = match &address.workspace {
        Some(_) => format!(
            "Otherwise write in its block `backend \"{backend}\"`, for the workspace `default`"
        ),
        None => format!("Otherwise write in its block `backend \"{backend}\"`"),
    };
    format!(
        "{told}\n\n{place}:\n\n  {argument} = \"{value}\"\n\nor give it on the command line (with `-migrate-state` in the \
         place of `-reconfigure`, what this state holds goes along):\n\n  terraform init -reconfigure \
         -backend-config=\"{argument}={value}\""
    )
}

/// What an error ends with.
const REFUSED: &str = "Nothing was changed.";
/// The line that switches the gate off.
const OFF: &str = "gates { state = \"off\" }";
