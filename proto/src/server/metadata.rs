// SPDX-License-Identifier: MPL-2.0
//! `GetMetadata`, `GetProviderSchema`, `GetResourceIdentitySchemas`: what is offered, always in the same order.

use crate::context::Context;
use crate::diagnostic::Errors;
use crate::wire::tfplugin6 as wire;
use wire::{get_metadata, get_provider_schema, get_resource_identity_schemas};

use super::call::Core;
use super::convert;
use super::twin::AnyProvider;

fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}

fn faults(core: &Core) -> Vec<wire::Diagnostic> {
    convert::report(None, Errors(core.registry.faults.clone()), Context::default())
}

pub(super) fn get_metadata(core: &Core) -> get_metadata::Response {
    let offered = &core.registry;
    get_metadata::Response {
        server_capabilities: Some(capabilities()),
        diagnostics: faults(core),
        resources: offered
            .resources
            .keys()
            .map(|name| get_metadata::ResourceMetadata { type_name: (*name).to_owned() })
            .collect(),
        data_sources: offered
            .data_sources
            .keys()
            .map(|name| get_metadata::DataSourceMetadata { type_name: (*name).to_owned() })
            .collect(),
        ephemeral_resources: offered
            .ephemerals
            .keys()
            .map(|name| get_metadata::EphemeralMetadata { type_name: (*name).to_owned() })
            .collect(),
        functions: offered
            .functions
            .keys()
            .map(|name| get_metadata::FunctionMetadata { name: (*name).to_owned() })
            .collect(),
        ..get_metadata::Response::default()
    }
}

pub(super) fn get_provider_schema(
    core: &Core,
    provider: &dyn AnyProvider,
) -> get_provider_schema::Response {
    let offered = &core.registry;
    get_provider_schema::Response {
        provider: Some(convert::schema(&provider.face().schema)),
        resource_schemas: offered
            .resources
            .iter()
            .map(|(name, twin)| ((*name).to_owned(), convert::schema(&twin.face().schema)))
            .collect(),
        data_source_schemas: offered
            .data_sources
            .iter()
            .map(|(name, twin)| ((*name).to_owned(), convert::schema(&twin.face().schema)))
            .collect(),
        ephemeral_resource_schemas: offered
            .ephemerals
            .iter()
            .map(|(name, twin)| ((*name).to_owned(), convert::schema(&twin.face().schema)))
            .collect(),
        functions: offered
            .functions
            .iter()
            .map(|(name, twin)| ((*name).to_owned(), convert::function(twin.signature())))
            .collect(),
        diagnostics: faults(core),
        server_capabilities: Some(capabilities()),
        ..get_provider_schema::Response::default()
    }
}

pub(super) fn get_resource_identity_schemas(
    core: &Core,
) -> get_resource_identity_schemas::Response {
    get_resource_identity_schemas::Response {
        identity_schemas: core
            .registry
            .resources
            .iter()
            .filter_map(|(name, twin)| Some((name, twin.identity_face()?)))
            .map(|(name, face)| ((*name).to_owned(), convert::identity_schema(&face.schema)))
            .collect(),
        diagnostics: Vec::new(),
    }
}
