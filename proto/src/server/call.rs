// SPDX-License-Identifier: MPL-2.0
//! What surrounds a call of the author's code: its context, its end, and what becomes of a panic in it.

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::context::{Context, Private};
use crate::diagnostic::{Diagnostic, Errors};
use crate::log::take_panic_id;
use crate::stop::StopHandle;
use crate::wire::tfplugin6 as wire;

use super::registry::Registry;

/// What every RPC works with.
pub(super) struct Core {
    /// What the provider offers.
    pub(super) registry: Registry,
    /// The stop signal.
    pub(super) stop: StopHandle,
}

impl Core {
    /// Makes the company of one call.
    pub(super) fn context(
        &self,
        private: &[u8],
        client: Option<&wire::ClientCapabilities>,
    ) -> Context {
        Context {
            private: Private::decode(private),
            stop: self.stop.token(),
            write_only_allowed: client.is_some_and(|client| client.write_only_attributes_allowed),
            ..Context::default()
        }
    }

    /// Runs a call that writes: to its end, also when the client goes away; a panic becomes an error.
    pub(super) async fn finish<T: Send + 'static>(
        &self,
        rpc: &'static str,
        subject: &str,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Errors> {
        tracing::debug!(rpc, subject, "call");
        let about = subject.to_owned();
        let call = AssertUnwindSafe(call).catch_unwind();
        let call = async move { call.await.map_err(|_| internal(rpc, &about)) };
        self.stop.spawn(call).await.unwrap_or_else(|_| Err(internal(rpc, subject)))
    }
}

/// Runs a call that writes nothing outside: it ends when the client goes away, and a panic becomes an error.
pub(super) async fn guard<T>(
    rpc: &'static str,
    subject: &str,
    call: impl Future<Output = Result<T, Errors>>,
) -> Result<T, Errors> {
    tracing::debug!(rpc, subject, "call");
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| Err(internal(rpc, subject)))
}

/// Runs code that does not wait; a panic becomes an error.
pub(super) fn guard_sync<T>(
    rpc: &'static str,
    subject: &str,
    call: impl FnOnce() -> Result<T, Errors>,
) -> Result<T, Errors> {
    tracing::debug!(rpc, subject, "call");
    std::panic::catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(internal(rpc, subject)))
}

/// What the user reads of a panic: never its message, which may hold a secret.
fn internal(rpc: &'static str, subject: &str) -> Errors {
    // Without the process's own panic hook there is none.
    let id = take_panic_id().map(|id| format!(" {id}")).unwrap_or_default();
    tracing::error!(rpc, subject, id = id.trim_start(), "a call panicked");
    Errors::one(
        format!("Internal error{id} in {subject}"),
        format!(
            "{rpc} of {subject} failed inside the provider. This is a mistake in the provider, not in the \
             configuration. Report it to its developers with the log of a run under TF_LOG_PROVIDER=ERROR, \
             which says under the number of this error where it happened."
        ),
    )
}

/// Says that the provider broke a rule of the protocol.
pub(super) fn bug(subject: impl Display, problem: impl Display) -> Diagnostic {
    Diagnostic::error(
        format!("Bug in the provider: {subject}"),
        format!(
            "{problem} This is a mistake in the provider, not in the configuration; please report it to its \
             developers."
        ),
    )
}
