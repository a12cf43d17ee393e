// SPDX-License-Identifier: MPL-2.0
//! `UpgradeResourceState`, `UpgradeResourceIdentity`, `MoveResourceState`: what a state file holds, brought to the
//! present schema. Runs on a provider that is not configured, and asks nothing outside.

use std::cmp::Ordering;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use wire::{move_resource_state, upgrade_resource_identity, upgrade_resource_state};

use super::answer;
use super::call::{Core, guard_sync};
use super::convert;
use super::twin::AnyResource;

pub(super) fn upgrade_resource_state(
    core: &Core,
    request: &upgrade_resource_state::Request,
) -> upgrade_resource_state::Response {
    let upgraded = core
        .registry
        .find_resource(&request.type_name)
        .and_then(|twin| upgrade_state(twin.as_ref(), request));
    let (upgraded_state, errors) = convert::split(upgraded);
    let diagnostics = convert::report(None, errors, Context::default());
    upgrade_resource_state::Response { upgraded_state, diagnostics }
}

fn upgrade_state(
    twin: &dyn AnyResource,
    request: &upgrade_resource_state::Request,
) -> Result<wire::DynamicValue, Errors> {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let what = format!("state of {name}");
    let Some(json) = raw(request.raw_state.as_ref(), &what)? else {
        return convert::null(&face.ty, name);
    };
    let (from, present) = (request.version, face.schema.version);
    let state = match from.cmp(&present) {
        Ordering::Equal => convert::decode_state(json, face, &what)?,
        Ordering::Greater => return Err(unknown_version(&what, from, present)),
        Ordering::Less => {
            let old = parse(json, &what)?;
            let new = guard_sync("UpgradeResourceState", name, || twin.upgrade(from, old))?;
            convert::decode_state(&serialise(&new), face, &format!("upgraded {what}"))?
        }
    };
    encode(twin, name, "upgrade", state)
}

pub(super) fn upgrade_resource_identity(
    core: &Core,
    request: &upgrade_resource_identity::Request,
) -> upgrade_resource_identity::Response {
    let upgraded = core
        .registry
        .find_resource(&request.type_name)
        .and_then(|twin| upgrade_identity(twin.as_ref(), request));
    let (upgraded_identity, errors) = convert::split(upgraded);
    let diagnostics = convert::report(None, errors, Context::default());
    upgrade_resource_identity::Response {
        upgraded_identity: upgraded_identity.flatten(),
        diagnostics,
    }
}

fn upgrade_identity(
    twin: &dyn AnyResource,
    request: &upgrade_resource_identity::Request,
) -> Result<Option<wire::ResourceIdentityData>, Errors> {
    let name = request.type_name.as_str();
    let Some(face) = twin.identity_face() else {
        return Err(Errors::one(
            "No resource identity",
            format!("{name} has no resource identity in this version of the provider."),
        ));
    };
    let what = format!("identity of {name}");
    let Some(json) = raw(request.raw_identity.as_ref(), &what)? else { return Ok(None) };
    if request.version != face.schema.version {
        return Err(unknown_version(&what, request.version, face.schema.version));
    }
    let identity = convert::decode_state(json, face, &what)?;
    convert::encode_identity(&identity, face, name).map(Some)
}

pub(super) fn move_resource_state(
    core: &Core,
    request: &move_resource_state::Request,
) -> move_resource_state::Response {
    let moved = core
        .registry
        .find_resource(&request.target_type_name)
        .and_then(|twin| move_state(twin.as_ref(), request));
    let (moved, errors) = convert::split(moved);
    let (target_state, target_identity) = moved.unzip();
    move_resource_state::Response {
        target_state,
        diagnostics: convert::report(None, errors, Context::default()),
        // Another type's private state means nothing to this one.
        target_private: Vec::new(),
        target_identity: target_identity.flatten(),
    }
}

fn move_state(
    twin: &dyn AnyResource,
    request: &move_resource_state::Request,
) -> Result<(wire::DynamicValue, Option<wire::ResourceIdentityData>), Errors> {
    let name = request.target_type_name.as_str();
    let source = request.source_type_name.as_str();
    let what = format!("state of {source}");
    let state = match raw(request.source_state.as_ref(), &what)? {
        Some(json) => parse(json, &what)?,
        None => serde_json::Value::Null,
    };
    let moved = guard_sync("MoveResourceState", name, || {
        twin.move_from(
            &request.source_provider_address,
            source,
            request.source_schema_version,
            &state,
        )
        .transpose()
    })?;
    let Some(moved) = moved else {
        return Err(Errors::one(
            format!("Cannot move {source} to {name}"),
            format!(
                "{name} does not take over the state of {source} (schema version {}, provider {}). Import the \
                 object as {name} instead, and drop the old one from the state with a removed block.",
                request.source_schema_version, request.source_provider_address
            ),
        ));
    };
    let what = format!("state moved from {source}");
    let mut state = convert::decode_state(&serialise(&moved), twin.face(), &what)?;
    answer::settle(twin.face(), name, "move", &mut state).into_result()?;
    let identity = answer::identity(twin, name, &state)?;
    Ok((encode(twin, name, "move", state)?, identity))
}

fn encode(
    twin: &dyn AnyResource,
    name: &str,
    verb: &str,
    mut state: Value,
) -> Result<wire::DynamicValue, Errors> {
    answer::settle(twin.face(), name, verb, &mut state).into_result()?;
    convert::encode(&state, &twin.face().ty, name)
}

/// Takes the JSON out of a raw state; a state without any is none. The flat form is older than protocol 6.
fn raw<'r>(raw: Option<&'r wire::RawState>, what: &str) -> Result<Option<&'r [u8]>, Errors> {
    let Some(raw) = raw else { return Ok(None) };
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Errors::one(
            format!("Cannot read the {what}"),
            format!(
                "The {what} is in the flat form of Terraform 0.11, which no version of this provider wrote."
            ),
        ));
    }
    Ok((!raw.json.is_empty()).then_some(raw.json.as_slice()))
}

fn parse(json: &[u8], what: &str) -> Result<serde_json::Value, Errors> {
    serde_json::from_slice(json).map_err(|error| {
        // Not the error's own text: it may quote a value.
        let (line, column) = (error.line(), error.column());
        Errors::one(
            format!("Cannot read the {what}"),
            format!(
                "The {what} is not valid JSON at line {line}, column {column}. Restore the state from a backup."
            ),
        )
    })
}

fn serialise(json: &serde_json::Value) -> Vec<u8> {
    json.to_string().into_bytes()
}

fn unknown_version(what: &str, version: i64, present: i64) -> Errors {
    Errors::one(
        format!("Cannot read the {what}"),
        format!(
            "The {what} has schema version {version}, and this version of the provider knows {present} alone. \
             Install the version of the provider that wrote it, or a later one."
        ),
    )
}
