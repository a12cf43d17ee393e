// SPDX-License-Identifier: MPL-2.0
//! The RPCs: decode, call, encode. One family of them a file.
//!
//! Whatever fails is said in diagnostics, never as a status of the connection, which the CLI would show as its own
//! trouble. A panic in an author's code is one diagnostic, and the process lives on.
//!
//! - `registry` and `twin`: what is offered, with its models taken away. `rules`: what core would refuse, and what it
//!   leaves to providers. `call`: what surrounds a call. `answer`: what may be stored of one.
//! - `convert`: wire messages ⇄ values, schemas, diagnostics.

mod answer;
mod apply;
mod call;
mod configure;
mod convert;
mod data_source;
mod ephemeral;
mod function;
mod import;
mod metadata;
mod plan;
mod read;
mod registry;
mod rules;
mod service;
mod twin;
mod upgrade;
mod validate;

pub use registry::Registry;
pub(crate) use service::ProviderServer;

use std::sync::Arc;

use tokio::io::DuplexStream;
use tonic::transport::Server;

use crate::provider::Provider;
use crate::stop::StopHandle;

/// How much of a message may be under way within the process, in bytes.
const IN_FLIGHT: usize = 1 << 20;

/// Serves a provider within this process, for driving it from a test; answers the CLI's end of the connection.
///
/// There is no handshake, no certificate and no process to end here, only the service itself.
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn serve_in_process<P: Provider>(provider: P, stop: StopHandle) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(IN_FLIGHT);
    let service = ProviderServer::new(Arc::new(provider), stop).into_service();
    let connection = tokio_stream::once(Ok::<_, std::io::Error>(ours));
    tokio::spawn(async move {
        if let Err(error) = Server::builder().serve_with_incoming(service, connection).await {
            tracing::error!(%error, "the connection within the process failed");
        }
    });
    theirs
}
