//! Serves the two calls that the process itself is about, until the whole service stands in `server`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::context::Context;
use crate::provider::Provider;
use crate::stop::StopHandle;
use crate::wire::tfplugin6::{self, configure_provider, stop_provider};

/// A provider behind the wire.
pub(crate) struct ProviderServer<P> {
    provider: Arc<P>,
    stop: StopHandle,
}

// === impl ProviderServer ===

impl<P> ProviderServer<P> {
    /// A server of `provider`.
    pub(crate) fn new(provider: Arc<P>, stop: StopHandle) -> Self {
        Self { provider, stop }
    }
}

#[tonic::async_trait]
impl<P: Provider> tfplugin6::provider_server::Provider for ProviderServer<P> {
    async fn configure_provider(
        &self,
        _: Request<configure_provider::Request>,
    ) -> Result<Response<configure_provider::Response>, Status> {
        self.stop.configuring();
        let model = serde_json::from_str("{}").map_err(|_| Status::internal("no empty model"))?;
        let mut cx = Context { stop: self.stop.token(), ..Context::default() };
        let _ = self.provider.configure(&mut cx, model).await;
        Ok(Response::new(configure_provider::Response::default()))
    }

    async fn stop_provider(
        &self,
        _: Request<stop_provider::Request>,
    ) -> Result<Response<stop_provider::Response>, Status> {
        self.stop.stop();
        Ok(Response::new(stop_provider::Response::default()))
    }
}
