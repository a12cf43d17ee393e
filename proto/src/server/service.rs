// SPDX-License-Identifier: MPL-2.0
//! The tonic service: each RPC handed to its family.

use std::marker::PhantomData;
use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use crate::provider::Provider;
use crate::stop::StopHandle;
use crate::wire::tfplugin6 as wire;
use wire::provider_server::{Provider as Service, ProviderServer as TonicServer};

use super::call::Core;
use super::registry::Registry;
use super::twin::{AnyProvider, TypedProvider};
use super::{
    apply, configure, data_source, ephemeral, function, import, metadata, plan, read, upgrade,
    validate,
};

/// The largest message either way, in bytes: a plan may hold values of many megabytes, and tonic's own limit is 4 MiB.
const MAX_MESSAGE: usize = 256 << 20;

/// A provider behind the protocol's service.
pub(crate) struct ProviderServer<P> {
    core: Core,
    provider: Box<dyn AnyProvider>,
    of: PhantomData<fn() -> P>,
}

impl<P: Provider> ProviderServer<P> {
    /// Takes in what the provider offers.
    pub(crate) fn new(provider: Arc<P>, stop: StopHandle) -> Self {
        let mut registry = Registry::default();
        Arc::clone(&provider).offer(&mut registry);
        Self {
            core: Core { registry, stop },
            provider: Box::new(TypedProvider::new(provider)),
            of: PhantomData,
        }
    }

    /// Makes the service to route to, with the message limits of the protocol.
    pub(crate) fn into_service(self) -> TonicServer<Self> {
        TonicServer::new(self)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }
}

type Answer<T> = Result<Response<T>, Status>;

// RPCs that are not here answer UNIMPLEMENTED, by the defaults of the generated trait.
#[async_trait]
impl<P: Provider> Service for ProviderServer<P> {
    async fn get_metadata(
        &self,
        _request: Request<wire::get_metadata::Request>,
    ) -> Answer<wire::get_metadata::Response> {
        Ok(Response::new(metadata::get_metadata(&self.core)))
    }

    async fn get_provider_schema(
        &self,
        _request: Request<wire::get_provider_schema::Request>,
    ) -> Answer<wire::get_provider_schema::Response> {
        Ok(Response::new(metadata::get_provider_schema(&self.core, self.provider.as_ref())))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<wire::get_resource_identity_schemas::Request>,
    ) -> Answer<wire::get_resource_identity_schemas::Response> {
        Ok(Response::new(metadata::get_resource_identity_schemas(&self.core)))
    }

    async fn validate_provider_config(
        &self,
        request: Request<wire::validate_provider_config::Request>,
    ) -> Answer<wire::validate_provider_config::Response> {
        Ok(Response::new(
            validate::validate_provider_config(
                &self.core,
                self.provider.as_ref(),
                request.into_inner(),
            )
            .await,
        ))
    }

    async fn validate_resource_config(
        &self,
        request: Request<wire::validate_resource_config::Request>,
    ) -> Answer<wire::validate_resource_config::Response> {
        Ok(Response::new(
            validate::validate_resource_config(&self.core, request.into_inner()).await,
        ))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<wire::validate_data_resource_config::Request>,
    ) -> Answer<wire::validate_data_resource_config::Response> {
        Ok(Response::new(
            validate::validate_data_resource_config(&self.core, request.into_inner()).await,
        ))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<wire::validate_ephemeral_resource_config::Request>,
    ) -> Answer<wire::validate_ephemeral_resource_config::Response> {
        Ok(Response::new(
            validate::validate_ephemeral_resource_config(&self.core, request.into_inner()).await,
        ))
    }

    async fn configure_provider(
        &self,
        request: Request<wire::configure_provider::Request>,
    ) -> Answer<wire::configure_provider::Response> {
        Ok(Response::new(
            configure::configure_provider(&self.core, self.provider.as_ref(), request.into_inner())
                .await,
        ))
    }

    async fn stop_provider(
        &self,
        _request: Request<wire::stop_provider::Request>,
    ) -> Answer<wire::stop_provider::Response> {
        Ok(Response::new(configure::stop_provider(&self.core)))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<wire::upgrade_resource_state::Request>,
    ) -> Answer<wire::upgrade_resource_state::Response> {
        Ok(Response::new(upgrade::upgrade_resource_state(&self.core, request.get_ref())))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<wire::upgrade_resource_identity::Request>,
    ) -> Answer<wire::upgrade_resource_identity::Response> {
        Ok(Response::new(upgrade::upgrade_resource_identity(&self.core, request.get_ref())))
    }

    async fn move_resource_state(
        &self,
        request: Request<wire::move_resource_state::Request>,
    ) -> Answer<wire::move_resource_state::Response> {
        Ok(Response::new(upgrade::move_resource_state(&self.core, request.get_ref())))
    }

    async fn read_resource(
        &self,
        request: Request<wire::read_resource::Request>,
    ) -> Answer<wire::read_resource::Response> {
        Ok(Response::new(read::read_resource(&self.core, request.into_inner()).await))
    }

    async fn plan_resource_change(
        &self,
        request: Request<wire::plan_resource_change::Request>,
    ) -> Answer<wire::plan_resource_change::Response> {
        Ok(Response::new(plan::plan_resource_change(&self.core, request.into_inner()).await))
    }

    async fn apply_resource_change(
        &self,
        request: Request<wire::apply_resource_change::Request>,
    ) -> Answer<wire::apply_resource_change::Response> {
        Ok(Response::new(apply::apply_resource_change(&self.core, request.into_inner()).await))
    }

    async fn import_resource_state(
        &self,
        request: Request<wire::import_resource_state::Request>,
    ) -> Answer<wire::import_resource_state::Response> {
        Ok(Response::new(import::import_resource_state(&self.core, request.into_inner()).await))
    }

    async fn read_data_source(
        &self,
        request: Request<wire::read_data_source::Request>,
    ) -> Answer<wire::read_data_source::Response> {
        Ok(Response::new(data_source::read_data_source(&self.core, request.into_inner()).await))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<wire::open_ephemeral_resource::Request>,
    ) -> Answer<wire::open_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::open_ephemeral_resource(&self.core, request.into_inner()).await,
        ))
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<wire::renew_ephemeral_resource::Request>,
    ) -> Answer<wire::renew_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::renew_ephemeral_resource(&self.core, request.into_inner()).await,
        ))
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<wire::close_ephemeral_resource::Request>,
    ) -> Answer<wire::close_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::close_ephemeral_resource(&self.core, request.into_inner()).await,
        ))
    }

    async fn get_functions(
        &self,
        _request: Request<wire::get_functions::Request>,
    ) -> Answer<wire::get_functions::Response> {
        Ok(Response::new(function::get_functions(&self.core)))
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Answer<wire::call_function::Response> {
        Ok(Response::new(function::call_function(&self.core, request.get_ref())))
    }
}
