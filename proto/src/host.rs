// SPDX-License-Identifier: MPL-2.0
//! The services that go-plugin wants of every plugin beside its own: ending it, its standard streams, its health.
//!
//! Knows nothing of the provider.

use std::future::ready;

use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use crate::wire::health::health_server::Health;
use crate::wire::health::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
};
use crate::wire::plugin::grpc_broker_server::GrpcBroker;
use crate::wire::plugin::grpc_controller_server::GrpcController;
use crate::wire::plugin::grpc_stdio_server::GrpcStdio;
use crate::wire::plugin::{ConnInfo, Empty, StdioData};

/// The name by which a host asks for the health of a plugin.
const PLUGIN: &str = "plugin";

/// All services of go-plugin.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    shutdown: CancellationToken,
    ending: CancellationToken,
}

// === impl Host ===

impl Host {
    /// Cancels `shutdown` when the client wants the process to end; open streams last until `ending`.
    pub(crate) fn new(shutdown: CancellationToken, ending: CancellationToken) -> Self {
        Self { shutdown, ending }
    }
}

#[tonic::async_trait]
impl GrpcController for Host {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Host {
    /// Stays open and sends nothing: whatever it sent, the CLI would log as unexpected.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        let ending = self.ending.clone().cancelled_owned();
        Ok(Response::new(Box::pin(stream::pending().take_until(ending))))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Host {
    /// Stays open and offers nothing: a provider has no further services.
    async fn start_stream(
        &self,
        offers: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let ending = self.ending.clone().cancelled_owned();
        let ignored = offers.into_inner().filter_map(|_| ready(None)).take_until(ending);
        Ok(Response::new(Box::pin(ignored)))
    }
}

#[tonic::async_trait]
impl Health for Host {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | PLUGIN => {
                Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
            }
            _ => Err(Status::not_found("only \"plugin\" is served")),
        }
    }
}
