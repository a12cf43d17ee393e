// SPDX-License-Identifier: MPL-2.0
//! `ReadResource`: looks at what is.

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::resource::Slot;
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use wire::read_resource::{Request, Response};

use super::answer;
use super::call::{Core, guard};
use super::convert;
use super::twin::AnyResource;

pub(super) async fn read_resource(core: &Core, request: Request) -> Response {
    let twin = match core.registry.find_resource(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => return unchanged(request, None, errors, Context::default()),
    };
    let mut cx = core.context(&request.private, request.client_capabilities.as_ref());
    match read(twin.as_ref(), &mut cx, &request).await {
        Ok((new_state, new_identity)) => Response {
            new_state: Some(new_state),
            private: cx.private.encode(),
            diagnostics: convert::report(Some(&twin.face().ty), Errors::new(), cx),
            new_identity,
            deferred: None,
        },
        Err(errors) => unchanged(request, Some(twin.as_ref()), errors, cx),
    }
}

async fn read(
    twin: &dyn AnyResource,
    cx: &mut Context,
    request: &Request,
) -> Result<(wire::DynamicValue, Option<wire::ResourceIdentityData>), Errors> {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let what = format!("state of {name}");
    let current = convert::decode(request.current_state.as_ref(), &face.ty, &what)?;
    if current.is_null() {
        return Ok((convert::null(&face.ty, name)?, None));
    }
    let mut slot = Slot::of(current);
    guard("ReadResource", name, twin.read(cx, &mut slot)).await?;
    let mut state = slot.into_inner().unwrap_or(Value::Null);
    answer::settle(face, name, "read", &mut state).into_result()?;
    let identity = match answer::identity(twin, name, &state)? {
        None if !state.is_null() => request.current_identity.clone(),
        identity => identity,
    };
    Ok((convert::encode(&state, &face.ty, name)?, identity))
}

/// The answer to a read that failed: the CLI keeps what it has.
fn unchanged(
    request: Request,
    twin: Option<&dyn AnyResource>,
    errors: Errors,
    cx: Context,
) -> Response {
    Response {
        new_state: request.current_state,
        private: request.private,
        diagnostics: convert::report(twin.map(|twin| &twin.face().ty), errors, cx),
        new_identity: request.current_identity,
        deferred: None,
    }
}
