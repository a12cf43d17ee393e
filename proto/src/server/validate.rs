// SPDX-License-Identifier: MPL-2.0
//! `Validate…Config`: a configuration judged alone, on a provider that is not configured.
//!
//! What a client may store is asked here only: it says so in `ValidateResourceConfig`, and some CLIs leave it out of
//! the plan they repeat at apply.

use crate::context::Context;
use crate::diagnostic::{Errors, Severity};
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use wire::{
    validate_data_resource_config, validate_ephemeral_resource_config, validate_provider_config,
    validate_resource_config,
};

use super::call::{Core, guard};
use super::convert;
use super::rules::check_config;
use super::twin::{AnyProvider, Face};

pub(super) async fn validate_provider_config(
    core: &Core,
    provider: &dyn AnyProvider,
    request: validate_provider_config::Request,
) -> validate_provider_config::Response {
    let (rpc, name) = ("ValidateProviderConfig", "provider");
    let mut cx = core.context(&[], None);
    let judged = match judge(provider.face(), &mut cx, request.config.as_ref(), name) {
        Ok((config, errors)) => {
            (errors, guard(rpc, name, provider.validate(&mut cx, config)).await)
        }
        Err(errors) => (errors, Ok(())),
    };
    validate_provider_config::Response { diagnostics: report(provider.face(), judged, cx) }
}

pub(super) async fn validate_resource_config(
    core: &Core,
    request: validate_resource_config::Request,
) -> validate_resource_config::Response {
    let (rpc, name) = ("ValidateResourceConfig", request.type_name.as_str());
    let twin = match core.registry.find_resource(name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return validate_resource_config::Response { diagnostics };
        }
    };
    let mut cx = core.context(&[], request.client_capabilities.as_ref());
    let judged = match judge(twin.face(), &mut cx, request.config.as_ref(), name) {
        Ok((config, errors)) => (errors, guard(rpc, name, twin.validate(&mut cx, config)).await),
        Err(errors) => (errors, Ok(())),
    };
    validate_resource_config::Response { diagnostics: report(twin.face(), judged, cx) }
}

pub(super) async fn validate_data_resource_config(
    core: &Core,
    request: validate_data_resource_config::Request,
) -> validate_data_resource_config::Response {
    let (rpc, name) = ("ValidateDataResourceConfig", request.type_name.as_str());
    let twin = match core.registry.find_data_source(name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return validate_data_resource_config::Response { diagnostics };
        }
    };
    let mut cx = core.context(&[], None);
    let judged = match judge(twin.face(), &mut cx, request.config.as_ref(), name) {
        Ok((config, errors)) => (errors, guard(rpc, name, twin.validate(&mut cx, config)).await),
        Err(errors) => (errors, Ok(())),
    };
    validate_data_resource_config::Response { diagnostics: report(twin.face(), judged, cx) }
}

pub(super) async fn validate_ephemeral_resource_config(
    core: &Core,
    request: validate_ephemeral_resource_config::Request,
) -> validate_ephemeral_resource_config::Response {
    let (rpc, name) = ("ValidateEphemeralResourceConfig", request.type_name.as_str());
    let twin = match core.registry.find_ephemeral(name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return validate_ephemeral_resource_config::Response { diagnostics };
        }
    };
    let mut cx = core.context(&[], None);
    let judged = match judge(twin.face(), &mut cx, request.config.as_ref(), name) {
        Ok((config, errors)) => (errors, guard(rpc, name, twin.validate(&mut cx, config)).await),
        Err(errors) => (errors, Ok(())),
    };
    validate_ephemeral_resource_config::Response { diagnostics: report(twin.face(), judged, cx) }
}

/// Decodes a configuration and judges it by its schema; the author judges it also where the schema refuses it.
fn judge(
    face: &Face,
    cx: &mut Context,
    config: Option<&wire::DynamicValue>,
    name: &str,
) -> Result<(Value, Errors), Errors> {
    let config = convert::decode(config, &face.ty, &format!("configuration of {name}"))?;
    let mut errors = Errors::new();
    for diagnostic in check_config(&face.schema.block, &config, cx.write_only_allowed) {
        match diagnostic.severity {
            Severity::Error => errors.push(diagnostic),
            Severity::Warning => cx.warnings.push(diagnostic),
        }
    }
    Ok((config, errors))
}

fn report(
    face: &Face,
    (mut errors, authors): (Errors, Result<(), Errors>),
    cx: Context,
) -> Vec<wire::Diagnostic> {
    errors.extend(convert::split(authors).1);
    convert::report(Some(&face.ty), errors, cx)
}
