// SPDX-License-Identifier: MPL-2.0
//! Which service a request is for, by the first segment of its path.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;

use crate::host::Host;
use crate::wire::health::health_server::HealthServer;
use crate::wire::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::wire::plugin::grpc_controller_server::GrpcControllerServer;
use crate::wire::plugin::grpc_stdio_server::GrpcStdioServer;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// The provider's service and those of go-plugin, on one connection.
#[derive(Clone, Debug)]
pub(crate) struct Routes<P> {
    provider: P,
    controller: GrpcControllerServer<Host>,
    stdio: GrpcStdioServer<Host>,
    broker: GrpcBrokerServer<Host>,
    health: HealthServer<Host>,
}

// === impl Routes ===

impl<P> Routes<P> {
    /// Puts `provider` beside what every plugin serves.
    pub(crate) fn new(provider: P, host: Host) -> Self {
        Self {
            provider,
            controller: GrpcControllerServer::new(host.clone()),
            stdio: GrpcStdioServer::new(host.clone()),
            broker: GrpcBrokerServer::new(host.clone()),
            health: HealthServer::new(host),
        }
    }
}

impl<P> Service<Request<Body>> for Routes<P>
where
    P: NamedService
        + Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Each of the generated services is ready at all times.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let service = request.uri().path().split('/').nth(1).unwrap_or_default();
        if service == P::NAME {
            self.provider.call(request)
        } else if service == <GrpcControllerServer<Host>>::NAME {
            self.controller.call(request)
        } else if service == <GrpcStdioServer<Host>>::NAME {
            self.stdio.call(request)
        } else if service == <GrpcBrokerServer<Host>>::NAME {
            self.broker.call(request)
        } else if service == <HealthServer<Host>>::NAME {
            self.health.call(request)
        } else {
            Box::pin(ready(Ok(Status::unimplemented("there is no such service").into_http())))
        }
    }
}
