// SPDX-License-Identifier: MPL-2.0
//! `ApplyResourceChange`: makes it so.
//!
//! Whatever happens, the answer carries the private state: the CLI saves what it is given, also beside an error. A
//! call runs to its end in a task of its own, so that no write is half awaited when the client goes away.

use std::sync::Arc;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::resource::Slot;
use crate::value::{Type, Value};
use crate::wire::tfplugin6 as wire;
use wire::apply_resource_change::{Request, Response};

use super::answer;
use super::call::{Core, bug};
use super::convert;
use super::twin::AnyResource;

/// One of the three things an apply can be.
enum Step {
    Create { config: Value, planned: Value },
    Update { config: Value, prior: Value, planned: Value },
    Delete { prior: Value },
}

/// What the author left behind.
struct Outcome {
    cx: Context,
    slot: Slot<Value>,
    result: Result<(), Errors>,
}

pub(super) async fn apply_resource_change(core: &Core, request: Request) -> Response {
    let twin = match core.registry.find_resource(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => return untouched(request, None, errors),
    };
    let ty = &twin.face().ty;
    let step = match step(ty, &request) {
        Ok(step) => step,
        Err(errors) => return untouched(request, Some(ty), errors),
    };
    let (deletes, prior) = match &step {
        Step::Create { .. } => (false, Value::Null),
        Step::Update { prior, .. } => (false, prior.clone()),
        Step::Delete { prior } => (true, prior.clone()),
    };
    let cx = core.context(&request.planned_private, None);
    let call = run(Arc::clone(&twin), cx, step);
    match core.finish("ApplyResourceChange", &request.type_name, call).await {
        Ok(outcome) => answer(twin.as_ref(), request, outcome, deletes, prior),
        Err(errors) => untouched(request, Some(ty), errors),
    }
}

fn step(ty: &Type, request: &Request) -> Result<Step, Errors> {
    let read = |value: &Option<wire::DynamicValue>, what: &str| {
        convert::decode(value.as_ref(), ty, &format!("{what} of {}", request.type_name))
    };
    let prior = read(&request.prior_state, "state")?;
    let planned = read(&request.planned_state, "planned state")?;
    let config = read(&request.config, "configuration")?;
    Ok(match (prior.is_null(), planned.is_null()) {
        (_, true) => Step::Delete { prior },
        (true, false) => Step::Create { config, planned },
        (false, false) => Step::Update { config, prior, planned },
    })
}

async fn run(twin: Arc<dyn AnyResource>, mut cx: Context, step: Step) -> Outcome {
    let (slot, result) = match step {
        Step::Create { config, planned } => {
            let mut slot = Slot::empty();
            let result = twin.create(&mut cx, config, planned, &mut slot).await;
            (slot, result)
        }
        Step::Update { config, prior, planned } => {
            let mut slot = Slot::of(prior.clone());
            let result = twin.update(&mut cx, config, prior, planned, &mut slot).await;
            (slot, result)
        }
        Step::Delete { prior } if prior.is_null() => (Slot::empty(), Ok(())),
        Step::Delete { prior } => {
            let mut slot = Slot::of(prior.clone());
            let result = twin.delete(&mut cx, prior, &mut slot).await;
            (slot, result)
        }
    };
    Outcome { cx, slot, result }
}

fn answer(
    twin: &dyn AnyResource,
    request: Request,
    outcome: Outcome,
    deletes: bool,
    prior: Value,
) -> Response {
    let Outcome { cx, slot, result } = outcome;
    let (face, name) = (twin.face(), request.type_name.as_str());
    let (done, mut errors) = convert::split(result);
    let mut state = match slot.into_inner() {
        _ if deletes && done.is_some() => Value::Null,
        None if done.is_some() => {
            errors.push(bug(name, "It reported success and left no object behind."));
            prior
        }
        None => Value::Null,
        Some(state) => state,
    };
    let faults = answer::settle(face, name, "apply", &mut state);
    if done.is_some() {
        errors.extend(faults);
    }
    let (new_identity, faults) = convert::split(answer::identity(twin, name, &state));
    errors.extend(faults);
    let new_identity = new_identity
        .flatten()
        .or_else(|| request.planned_identity.clone().filter(|_| !state.is_null()));
    let private = cx.private.encode();
    let new_state = match convert::encode(&state, &face.ty, name) {
        Ok(new_state) => Some(new_state),
        Err(faults) => {
            errors.extend(faults);
            request.prior_state
        }
    };
    let diagnostics = convert::report(Some(&face.ty), errors, cx);
    Response { new_state, private, diagnostics, legacy_type_system: false, new_identity }
}

/// The answer where the author's code never ran, or never returned: everything stays as the CLI has it.
fn untouched(request: Request, ty: Option<&Type>, errors: Errors) -> Response {
    Response {
        new_state: request.prior_state,
        private: request.planned_private,
        diagnostics: convert::report(ty, errors, Context::default()),
        legacy_type_system: false,
        new_identity: request.planned_identity,
    }
}
