// SPDX-License-Identifier: MPL-2.0
//! `OpenEphemeralResource`, `RenewEphemeralResource`, `CloseEphemeralResource`.
//!
//! What one of them keeps for the next goes through private bytes. The close gets those of the open on one CLI and
//! those of the last renewal on the other, so both must do. Each runs to its end, as a write does: a lease that was
//! taken must not be half awaited.

use std::sync::Arc;
use std::time::SystemTime;

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use wire::{close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource};

use super::answer;
use super::call::{Core, bug};
use super::convert;
use super::rules::check_planned;
use super::twin::{AnyEphemeral, Face};

pub(super) async fn open_ephemeral_resource(
    core: &Core,
    request: open_ephemeral_resource::Request,
) -> open_ephemeral_resource::Response {
    let name = request.type_name.as_str();
    let cx = core.context(&[], request.client_capabilities.as_ref());
    let twin = match core.registry.find_ephemeral(name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, cx);
            return open_ephemeral_resource::Response { diagnostics, ..Default::default() };
        }
    };
    let (cx, opened) = open(core, &twin, cx, &request).await;
    let (opened, errors) = convert::split(opened);
    let private = private(&cx);
    let diagnostics = convert::report(Some(&twin.face().ty), errors, cx);
    let (result, renew_at) = opened.unzip();
    open_ephemeral_resource::Response {
        diagnostics,
        renew_at: renew_at.flatten().map(Into::into),
        result,
        private,
        deferred: None,
    }
}

type Open = Result<(wire::DynamicValue, Option<SystemTime>), Errors>;

async fn open(
    core: &Core,
    twin: &Arc<dyn AnyEphemeral>,
    mut cx: Context,
    request: &open_ephemeral_resource::Request,
) -> (Context, Open) {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let what = format!("configuration of {name}");
    let config = match convert::decode(request.config.as_ref(), &face.ty, &what) {
        Ok(config) => config,
        Err(errors) => return (cx, Err(errors)),
    };
    let (author, asked) = (Arc::clone(twin), config.clone());
    let call = async move {
        let opened = author.open(&mut cx, asked).await;
        (cx, opened)
    };
    match core.finish("OpenEphemeralResource", name, call).await {
        Ok((cx, Ok(opened))) => {
            let result = check(face, name, &config, opened.result);
            (cx, result.map(|result| (result, opened.renew_at)))
        }
        Ok((cx, Err(errors))) => (cx, Err(errors)),
        Err(errors) => (Context::default(), Err(errors)),
    }
}

fn check(
    face: &Face,
    name: &str,
    config: &Value,
    mut result: Value,
) -> Result<wire::DynamicValue, Errors> {
    let mut errors = answer::settle(face, name, "open", &mut result);
    for (path, problem) in check_planned(&face.schema.block, &Value::Null, config, &result) {
        errors.push(bug(name, format!("What it opened is not valid at \"{path}\": {problem}.")));
    }
    errors.into_result()?;
    convert::encode(&result, &face.ty, name)
}

pub(super) async fn renew_ephemeral_resource(
    core: &Core,
    request: renew_ephemeral_resource::Request,
) -> renew_ephemeral_resource::Response {
    let mut cx = core.context(request.private(), None);
    let twin = match core.registry.find_ephemeral(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, cx);
            return renew_ephemeral_resource::Response { diagnostics, ..Default::default() };
        }
    };
    let call = async move {
        let renewed = twin.renew(&mut cx).await;
        (cx, renewed)
    };
    let called = core.finish("RenewEphemeralResource", &request.type_name, call).await;
    let (cx, renewed) =
        called.unwrap_or_else(|errors| (core.context(request.private(), None), Err(errors)));
    let (renew_at, errors) = convert::split(renewed);
    renew_ephemeral_resource::Response {
        renew_at: renew_at.flatten().map(Into::into),
        private: private(&cx),
        diagnostics: convert::report(None, errors, cx),
    }
}

pub(super) async fn close_ephemeral_resource(
    core: &Core,
    request: close_ephemeral_resource::Request,
) -> close_ephemeral_resource::Response {
    let mut cx = core.context(request.private(), None);
    let twin = match core.registry.find_ephemeral(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, cx);
            return close_ephemeral_resource::Response { diagnostics };
        }
    };
    let call = async move {
        let closed = twin.close(&mut cx).await;
        (cx, closed)
    };
    let called = core.finish("CloseEphemeralResource", &request.type_name, call).await;
    let (cx, closed) = called.unwrap_or_else(|errors| (Context::default(), Err(errors)));
    let diagnostics = convert::report(None, convert::split(closed).1, cx);
    close_ephemeral_resource::Response { diagnostics }
}

fn private(cx: &Context) -> Option<Vec<u8>> {
    Some(cx.private.encode()).filter(|bytes| !bytes.is_empty())
}
