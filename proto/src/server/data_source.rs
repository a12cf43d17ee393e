// SPDX-License-Identifier: MPL-2.0
//! `ReadDataSource`.

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::wire::tfplugin6 as wire;
use wire::read_data_source::{Request, Response};

use super::answer;
use super::call::{Core, bug, guard};
use super::convert;
use super::twin::AnyDataSource;

pub(super) async fn read_data_source(core: &Core, request: Request) -> Response {
    let twin = match core.registry.find_data_source(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return Response { diagnostics, ..Response::default() };
        }
    };
    let mut cx = core.context(&[], request.client_capabilities.as_ref());
    let (state, errors) = convert::split(read(twin.as_ref(), &mut cx, &request).await);
    let diagnostics = convert::report(Some(&twin.face().ty), errors, cx);
    Response { state, diagnostics, deferred: None }
}

async fn read(
    twin: &dyn AnyDataSource,
    cx: &mut Context,
    request: &Request,
) -> Result<wire::DynamicValue, Errors> {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let what = format!("configuration of {name}");
    let config = convert::decode(request.config.as_ref(), &face.ty, &what)?;
    let mut state = guard("ReadDataSource", name, twin.read(cx, config)).await?;
    if state.is_null() {
        return Err(bug(name, "It answered nothing and gave no reason.").into());
    }
    answer::settle(face, name, "read", &mut state).into_result()?;
    convert::encode(&state, &face.ty, name)
}
