// SPDX-License-Identifier: MPL-2.0
//! `ConfigureProvider` and `StopProvider`: where a run begins, and where the user wants it to end.

use crate::wire::tfplugin6 as wire;
use wire::{configure_provider, stop_provider};

use super::call::{Core, guard};
use super::convert;
use super::twin::AnyProvider;

pub(super) async fn configure_provider(
    core: &Core,
    provider: &dyn AnyProvider,
    request: configure_provider::Request,
) -> configure_provider::Response {
    core.stop.configuring();
    let mut cx = core.context(&[], request.client_capabilities.as_ref());
    let ty = &provider.face().ty;
    let subject = "provider configuration";
    let result = match convert::decode(request.config.as_ref(), ty, subject) {
        Ok(config) => {
            guard("ConfigureProvider", subject, provider.configure(&mut cx, config)).await
        }
        Err(errors) => Err(errors),
    };
    let diagnostics = convert::report(Some(ty), convert::split(result).1, cx);
    configure_provider::Response { diagnostics }
}

pub(super) fn stop_provider(core: &Core) -> stop_provider::Response {
    core.stop.stop();
    stop_provider::Response { error: String::new() }
}
