// SPDX-License-Identifier: MPL-2.0
//! Stopping: what an interrupt reaches, and the calls that have to end before the process does.
//!
//! Knows nothing of sockets, signals or messages.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The stop signal of a process, and the list of its running calls. Clones are the same handle.
///
/// The CLI sends `StopProvider` at the first interrupt and then waits for running calls without a limit, so the
/// signal asks; it never breaks anything off. A call looks at its token before each external write.
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    token: Mutex<CancellationToken>,
    restartable: bool,
    calls: TaskTracker,
}

// === impl StopHandle ===

impl StopHandle {
    /// A handle for a process that serves one command: once stopped, it stays so.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle for a process that serves many commands one after another, as in debug mode.
    pub fn restartable() -> Self {
        Self(Arc::new(Inner { restartable: true, ..Inner::default() }))
    }

    /// The token that a call carries as `Context::stop`.
    pub fn token(&self) -> CancellationToken {
        self.0.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks everything that runs to stop. Returns at once.
    pub fn stop(&self) {
        self.token().cancel();
    }

    /// Says that a command begins with its `ConfigureProvider`: a handle that may start afresh does.
    ///
    /// In a process of one command an interrupt may come before the configuration does, and still counts.
    pub fn configuring(&self) {
        if self.0.restartable {
            let mut token = self.0.token.lock().unwrap_or_else(PoisonError::into_inner);
            if token.is_cancelled() {
                *token = CancellationToken::new();
            }
        }
    }

    /// Runs a call as a task of its own, which goes on when the client goes away: no write is left half awaited.
    pub fn spawn<F>(&self, call: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.calls.spawn(call)
    }

    /// Waits until no call of [`StopHandle::spawn`] runs.
    pub async fn idle(&self) {
        self.0.calls.close();
        self.0.calls.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_reaches_tokens_handed_out_before_and_after_it() {
        let stop = StopHandle::new();
        let before = stop.token();
        stop.stop();
        stop.configuring();
        assert!(before.is_cancelled());
        assert!(stop.token().is_cancelled(), "a process of one command stays stopped");
    }

    #[test]
    fn a_restartable_handle_starts_afresh_with_the_next_configuration() {
        let stop = StopHandle::restartable();
        let first = stop.token();
        stop.configuring();
        stop.stop();
        assert!(first.is_cancelled(), "configuring a running command changes nothing");
        assert!(stop.token().is_cancelled());
        stop.configuring();
        assert!(!stop.token().is_cancelled());
        assert!(first.is_cancelled());
    }

    #[tokio::test]
    async fn idle_waits_for_a_call_whose_caller_has_gone() {
        let stop = StopHandle::new();
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        drop(stop.spawn(receive));
        let mut idle = std::pin::pin!(stop.idle());
        assert!(futures_util::poll!(&mut idle).is_pending());
        drop(send);
        idle.await;
    }
}
