// SPDX-License-Identifier: MPL-2.0
//! `ImportResourceState`: from an id or an identity to the stub of a state; a read follows at once.

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::resource::ImportTarget;
use crate::wire::tfplugin6 as wire;
use wire::import_resource_state::{ImportedResource, Request, Response};

use super::answer;
use super::call::{Core, bug, guard};
use super::convert;
use super::twin::AnyResource;

pub(super) async fn import_resource_state(core: &Core, request: Request) -> Response {
    let twin = match core.registry.find_resource(&request.type_name) {
        Ok(twin) => twin,
        Err(errors) => {
            let diagnostics = convert::report(None, errors, Context::default());
            return Response { diagnostics, ..Response::default() };
        }
    };
    let mut cx = core.context(&[], request.client_capabilities.as_ref());
    let (imported, errors) = convert::split(import(twin.as_ref(), &mut cx, &request).await);
    let imported = imported.map(|(state, identity)| ImportedResource {
        type_name: request.type_name,
        state: Some(state),
        private: cx.private.encode(),
        identity,
    });
    Response {
        imported_resources: imported.into_iter().collect(),
        diagnostics: convert::report(Some(&twin.face().ty), errors, cx),
        deferred: None,
    }
}

async fn import(
    twin: &dyn AnyResource,
    cx: &mut Context,
    request: &Request,
) -> Result<(wire::DynamicValue, Option<wire::ResourceIdentityData>), Errors> {
    let (face, name) = (twin.face(), request.type_name.as_str());
    let target = target(twin, request)?;
    let mut state = guard("ImportResourceState", name, twin.import(cx, target)).await?;
    if state.is_null() {
        return Err(bug(name, "It imported nothing and gave no reason.").into());
    }
    answer::settle(face, name, "import", &mut state).into_result()?;
    let identity = match answer::identity(twin, name, &state)? {
        None => request.identity.clone(),
        identity => identity,
    };
    Ok((convert::encode(&state, &face.ty, name)?, identity))
}

fn target(twin: &dyn AnyResource, request: &Request) -> Result<ImportTarget, Errors> {
    let name = request.type_name.as_str();
    if let Some(face) = twin.identity_face() {
        let what = format!("identity of {name}");
        let identity = convert::decode_identity(request.identity.as_ref(), face, &what)?;
        if let Some(identity) = identity {
            return Ok(ImportTarget::Identity(identity));
        }
    } else if request.id.is_empty() && request.identity.is_some() {
        return Err(Errors::one(
            "Import by identity is not supported",
            format!("{name} has no resource identity. Give its id instead: id = \"…\"."),
        ));
    }
    if request.id.is_empty() {
        return Err(Errors::one(
            "Import without an id",
            format!("Importing {name} needs an id that is not empty."),
        ));
    }
    Ok(ImportTarget::Id(request.id.clone()))
}
