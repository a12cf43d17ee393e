// SPDX-License-Identifier: MPL-2.0
//! `PlanResourceChange`: what would be.

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::resource::Change;
use crate::value::{Path, Value};
use crate::wire::tfplugin6 as wire;
use wire::plan_resource_change::{Request, Response};

use super::answer;
use super::call::{Core, bug, guard};
use super::convert;
use super::rules::{check_planned, exists, null_write_only, propose_create, propose_update};
use super::twin::{AnyResource, Face};

struct Planned {
    state: wire::DynamicValue,
    identity: Option<wire::ResourceIdentityData>,
    replace: Vec<wire::AttributePath>,
}

pub(super) async fn plan_resource_change(core: &Core, request: Request) -> Response {
    let twin = match core.registry.find_resource(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return Response { diagnostics, ..Response::default() };
        }
    };
    let mut cx = core.context(&request.prior_private, request.client_capabilities.as_ref());
    let (planned, errors) = convert::split(plan(twin.as_ref(), &mut cx, &request).await);
    let planned_private = cx.private.encode();
    let diagnostics = convert::report(Some(&twin.face().ty), errors, cx);
    match planned {
        Some(Planned { state, identity, replace }) => Response {
            planned_state: Some(state),
            requires_replace: replace,
            planned_private,
            diagnostics,
            planned_identity: identity,
            ..Response::default()
        },
        None => Response { planned_private, diagnostics, ..Response::default() },
    }
}

async fn plan(
    twin: &dyn AnyResource,
    cx: &mut Context,
    request: &Request,
) -> Result<Planned, Errors> {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let read = |value: &Option<wire::DynamicValue>, what: &str| {
        convert::decode(value.as_ref(), &face.ty, &format!("{what} of {name}"))
    };
    let prior = read(&request.prior_state, "state")?;
    let config = read(&request.config, "configuration")?;
    let proposed = read(&request.proposed_new_state, "proposed state")?;

    let asked = ask(face, &prior, &config, proposed);
    let answered = match asked {
        Some(change) => guard("PlanResourceChange", name, twin.plan(cx, change)).await?,
        None => None,
    };
    if config.is_null() {
        // A deletion stays one, whatever the author answered: only an error refuses it.
        let state = convert::null(&face.ty, name)?;
        return Ok(Planned { state, identity: None, replace: Vec::new() });
    }
    let mut planned = answered.filter(|planned| !planned.is_null()).ok_or_else(|| {
        bug(name, "It planned nothing for an object that is to exist; a plan cannot be put off.")
    })?;
    face.schema.block.complete(&mut planned);
    null_write_only(&face.schema.block, &mut planned);
    refuse_faults(face, name, &prior, &config, &planned)?;
    let replace = replace(face, name, &prior, &planned, cx)?;
    let identity = match answer::identity(twin, name, &planned)? {
        None if replace.is_empty() => request.prior_identity.clone(),
        identity => identity,
    };
    Ok(Planned { state: convert::encode(&planned, &face.ty, name)?, identity, replace })
}

/// Tells create, update and delete apart; `None` where there is nothing and nothing is to be.
fn ask(face: &Face, prior: &Value, config: &Value, proposed: Value) -> Option<Change<Value>> {
    let block = &face.schema.block;
    let config = config.clone();
    match (prior.is_null(), config.is_null()) {
        (true, true) => None,
        (false, true) => Some(Change::Delete { prior: prior.clone() }),
        (true, false) => {
            let proposed = propose_create(block, &config, proposed);
            Some(Change::Create { config, proposed })
        }
        (false, false) => {
            let proposed = propose_update(block, prior, &config, proposed);
            Some(Change::Update { prior: prior.clone(), config, proposed })
        }
    }
}

fn refuse_faults(
    face: &Face,
    name: &str,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Result<(), Errors> {
    let mut errors = Errors::new();
    for (path, problem) in check_planned(&face.schema.block, prior, config, planned) {
        let mut diagnostic = bug(name, format!("The plan for \"{path}\" is not valid: {problem}."));
        diagnostic.attribute = (!path.is_root()).then_some(path);
        errors.push(diagnostic);
    }
    errors.into_result()
}

/// Lists what demands a replacement, each place once and in order; nothing does where there is nothing to replace.
fn replace(
    face: &Face,
    name: &str,
    prior: &Value,
    planned: &Value,
    cx: &mut Context,
) -> Result<Vec<wire::AttributePath>, Errors> {
    let mut paths = std::mem::take(&mut cx.requires_replace);
    if prior.is_null() {
        return Ok(Vec::new());
    }
    paths.sort();
    let mut errors = Errors::new();
    let mut steps: Vec<wire::AttributePath> = Vec::new();
    for path in paths {
        if path == Path::root() || !(exists(prior, &path) || exists(planned, &path)) {
            let problem =
                format!("It asks for a replacement because of \"{path}\", which is nowhere.");
            errors.push(bug(name, problem));
            continue;
        }
        let step = convert::steps(&path, &face.ty);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    errors.into_result().map(|()| steps)
}
