// SPDX-License-Identifier: MPL-2.0
//! The life of the process: cookie, handshake line, mutual TLS, calls, and the end.

use std::future::Future;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::calls::Calls;
use crate::connection::Connection;
use crate::handshake::{self, Environment, HandshakeError, Request};
use crate::host::Host;
use crate::listen::{ListenError, Listener};
use crate::log;
use crate::process::{self, Signals};
use crate::provider::Provider;
use crate::routes::Routes;
use crate::server::ProviderServer;
use crate::stop::StopHandle;
use crate::tls::{Identity, TlsError};
use crate::wire::tfplugin6::provider_server;

/// HTTP/2 flow control: how much of a request may be under way. The default of 64 KiB makes large states crawl.
const WINDOW: u32 = 1 << 20;
/// How long running calls have after `Shutdown`; the CLI kills a process that takes two seconds.
const AFTER_SHUTDOWN: Duration = Duration::from_millis(1200);
/// How long running calls have when nobody waits for them: enough for the statement that runs.
const AFTER_ABANDONMENT: Duration = Duration::from_secs(8);

/// How long the last answers have to reach a client that no longer reads, with the above below those two seconds.
const FLUSH: Duration = Duration::from_millis(500);

/// Who serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// `registry.terraform.io/arcodange/appenv`: the address that debug mode prints.
    pub address: String,
    /// Prints `TF_REATTACH_PROVIDERS` and serves until interrupted, for a debugger.
    pub debug: bool,
}

/// Why the process could not serve.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    #[error("the handshake line could not be written: {0}")]
    Announce(#[source] io::Error),
    #[error("the connection failed: {0}")]
    Connection(#[from] tonic::transport::Error),
}

/// What ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client said so and waits.
    Shutdown,
    /// Nobody is there any more.
    Abandoned,
}

/// A provider with everything that a connection to it needs.
struct Service<P: Provider> {
    routes: Routes<Calls<provider_server::ProviderServer<ProviderServer<P>>>>,
    stop: StopHandle,
    shutdown: CancellationToken,
    ending: CancellationToken,
}

/// Serves a provider until the CLI says it is over; the exit code is the process's.
///
/// Standard output belongs to the handshake and standard error to the log: the provider writes to neither.
/// Without the CLI's cookie nothing is opened, and a message says what this program is.
pub fn serve<P: Provider>(provider: P, options: &Options) -> ExitCode {
    #[allow(clippy::disallowed_methods, reason = "the one place where the process reads it")]
    let environment = |name: &str| std::env::var_os(name);
    log::install(&environment, &options.address, std::any::type_name::<P>());
    match run(provider, options, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = match error {
                ServeError::Handshake(HandshakeError::NotStartedByCli) => by_hand(&options.address),
                error => format!("[ERROR] {}: {error}\n", options.address),
            };
            // There is nobody left to tell where this fails.
            let _ = io::stderr().write_all(message.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// How long the provider has to give back what it holds; the CLI kills it two seconds after it asked for its end.
const CLOSING: Duration = Duration::from_millis(250);
/// The same when nobody waits for it.
const CLOSING_ABANDONED: Duration = Duration::from_secs(8);

fn by_hand(address: &str) -> String {
    format!(
        "This program is the provider {address} for OpenTofu and Terraform, which start it themselves.\n\
         Run by hand it does nothing: name it in a required_providers block and run `tofu init` there.\n"
    )
}

fn run<P: Provider>(
    provider: P,
    options: &Options,
    environment: Environment<'_>,
) -> Result<(), ServeError> {
    let request = (!options.debug).then(|| Request::read(environment)).transpose()?;
    let runtime = runtime().map_err(ServeError::Process)?;
    let provider = Arc::new(provider);
    let result = runtime.block_on(async {
        let result = match request {
            Some(request) => serve_cli(provider.clone(), request).await,
            None => serve_debugger(provider.clone(), &options.address).await,
        };
        let patience = match result {
            Ok(End::Abandoned) => CLOSING_ABANDONED,
            Ok(End::Shutdown) | Err(_) => CLOSING,
        };
        if tokio::time::timeout(patience, provider.close()).await.is_err() {
            tracing::warn!("what the provider holds on servers was not given back in time");
        }
        result.map(drop)
    });
    runtime.shutdown_background();
    result
}

/// A few threads are enough: the CLI has at most ten calls under way, and they wait for servers.
fn runtime() -> io::Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 4);
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

/// Serves the one command that started the process.
async fn serve_cli<P: Provider>(provider: Arc<P>, request: Request) -> Result<End, ServeError> {
    let mut signals = Signals::take().map_err(ServeError::Process)?;
    let parent = process::watch_parent().map_err(ServeError::Process)?;
    process::harden();

    let directory = request.socket_directory.unwrap_or_else(std::env::temp_dir);
    let secured = request.client_certificate.is_some();
    let listener = Listener::open(&directory, request.socket_group.as_deref(), secured).await?;
    let litter = listener.directory();
    let (tls, line) = if let Some(client) = request.client_certificate {
        let identity = Identity::fresh()?;
        let certificate = Some(&identity.certificate);
        let line = handshake::line(listener.address(), certificate, request.multiplex);
        (Some(TlsAcceptor::from(Arc::new(identity.server_config(client)?))), line)
    } else {
        tracing::warn!("serving without TLS, as the client asked; only this user has access");
        (None, handshake::line(listener.address(), None, request.multiplex))
    };
    let service = Service::new(provider, StopHandle::new());
    let (stop, shutdown) = (service.stop.clone(), service.shutdown.clone());
    let connections = listener.connections(tls, true);
    announce(&line).map_err(ServeError::Announce)?;
    let end = service
        .until(connections, async {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return End::Shutdown,
                    () = parent.cancelled() => return End::Abandoned,
                    () = signals.terminated() => stop.stop(),
                }
            }
        })
        .await?;
    litter.remove();
    Ok(end)
}

/// Serves any number of commands, and their clients need no certificate: the socket is this user's alone.
async fn serve_debugger<P: Provider>(provider: Arc<P>, address: &str) -> Result<End, ServeError> {
    let mut signals = Signals::take().map_err(ServeError::Process)?;
    let listener = Listener::open(&std::env::temp_dir(), None, false).await?;
    let litter = listener.directory();
    let reattach = handshake::reattach(address, std::process::id(), listener.address());
    let service = Service::new(provider, StopHandle::restartable());
    let connections = listener.connections(None, false);
    announce(&format!(
        "The provider runs. Give its address to OpenTofu or Terraform, and end it with Ctrl-C:\n\n\
         export TF_REATTACH_PROVIDERS='{}'\n",
        reattach.replace('\'', r"'\''")
    ))
    .map_err(ServeError::Announce)?;
    let end = service
        .until(connections, async {
            signals.any().await;
            End::Abandoned
        })
        .await?;
    litter.remove();
    Ok(end)
}

fn announce(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

// === impl Service ===

impl<P: Provider> Service<P> {
    fn new(provider: Arc<P>, stop: StopHandle) -> Self {
        let (shutdown, ending) = (CancellationToken::new(), CancellationToken::new());
        let provider = ProviderServer::new(provider, stop.clone()).into_service();
        let host = Host::new(shutdown.clone(), ending.clone());
        let routes = Routes::new(Calls::new(provider, stop.clone()), host);
        Self { routes, stop, shutdown, ending }
    }

    /// Serves until `end`, and then until running calls are through or out of time.
    async fn until(
        self,
        connections: ReceiverStream<io::Result<Connection>>,
        end: impl Future<Output = End>,
    ) -> Result<End, ServeError> {
        let server = Server::builder()
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW)
            .serve_with_incoming_shutdown(
                self.routes,
                connections,
                self.ending.clone().cancelled_owned(),
            );
        let mut server = std::pin::pin!(server);
        let end = tokio::select! {
            result = &mut server => return Ok(result.map(|()| End::Shutdown)?),
            end = end => end,
        };
        self.stop.stop();
        self.ending.cancel();
        let patience = match end {
            End::Shutdown => AFTER_SHUTDOWN,
            End::Abandoned => AFTER_ABANDONMENT,
        };
        let mut calls = std::pin::pin!(timeout(patience, self.stop.idle()));
        // Polled from the start, since it is the server that tells its connections of the end.
        let through = tokio::select! {
            result = &mut server => { result?; calls.await }
            through = &mut calls => {
                timeout(FLUSH, server).await.unwrap_or(Ok(()))?;
                through
            }
        };
        if through.is_err() {
            tracing::warn!(?end, "calls were still running when the process had to end");
        }
        Ok(end)
    }
}
