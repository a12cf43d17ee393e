// SPDX-License-Identifier: MPL-2.0
//! Runs each call to the end, whether or not the client waits for it.
//!
//! A server drops the future of a call whose client goes away, wherever it stands; here that could be between a
//! write and the note of it.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;

use crate::log::take_panic_id;
use crate::stop::StopHandle;

/// A service whose calls are tasks of their own.
#[derive(Clone, Debug)]
pub(crate) struct Calls<S> {
    inner: S,
    stop: StopHandle,
}

// === impl Calls ===

impl<S> Calls<S> {
    /// Puts the calls of `inner` on the list of `stop`.
    pub(crate) fn new(inner: S, stop: StopHandle) -> Self {
        Self { inner, stop }
    }
}

impl<S: NamedService> NamedService for Calls<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let task = self.stop.spawn(async {
            match call.await {
                Ok(answer) => answer,
                // What it said may hold a secret; the id leads to where it was.
                Err(_) => Ok(failed(take_panic_id().as_deref())),
            }
        });
        Box::pin(async { task.await.unwrap_or_else(|_| Ok(failed(None))) })
    }
}

/// The answer to a call that panicked outside what the server catches by itself.
fn failed(id: Option<&str>) -> Response<Body> {
    let id = id.map(|id| format!(" {id}")).unwrap_or_default();
    Status::internal(format!("internal error{id}: a bug of the provider, which logged where it is"))
        .into_http()
}
