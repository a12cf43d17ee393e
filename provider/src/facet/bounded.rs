// SPDX-License-Identifier: MPL-2.0
//! A facet that answers within a limit, or an error that names the server it waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Facet, FacetError, Fault, Observation, Refusal};
use crate::plan::Spec;
use crate::registry::{Entry, Expected, Floor, FloorChange, Look};

/// When an operation must be over, and which argument says so.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    ends: Instant,
    time: Duration,
    argument: &'static str,
    /// Whether the argument is one of block `timeouts`.
    in_block: bool,
}

/// A facet under a limit. What was being written when it ended may still happen; the next look tells.
pub struct Bounded {
    facet: Arc<dyn Facet>,
    limit: Limit,
}

// === impl Limit ===

impl Limit {
    /// A limit that begins now. `argument` is the one of block `timeouts`.
    pub fn starting_now(time: Duration, argument: &'static str) -> Self {
        Self { ends: Instant::now() + time, time, argument, in_block: true }
    }

    /// A limit that begins now, of what has no block `timeouts` but an argument `timeout`.
    pub fn of_argument(time: Duration) -> Self {
        Self { in_block: false, argument: "timeout", ..Self::starting_now(time, "") }
    }

    /// When it is over.
    pub fn ends(&self) -> Instant {
        self.ends
    }

    /// Waits for a server no longer than that.
    pub async fn bound<T>(
        &self,
        server: &str,
        call: impl Future<Output = Result<T, FacetError>>,
    ) -> Result<T, FacetError> {
        match timeout_at(self.ends, call).await {
            Ok(answer) => answer,
            Err(_) => Err(self.exceeded(server)),
        }
    }

    fn exceeded(&self, server: &str) -> FacetError {
        let Self { argument, in_block, .. } = self;
        let argument =
            if *in_block { format!("timeouts.{argument}") } else { (*argument).to_owned() };
        FacetError {
            fault: Fault::Unreachable,
            summary: "Not finished in time".to_owned(),
            attempted: format!(
                "Waited for {server} until the {} s of {argument} were over.",
                self.time.as_secs()
            ),
            cause: "the server answers slowly or not at all, or another run holds its lock"
                .to_owned(),
            next: format!(
                "Check that the server is up and not overloaded, then run the same command again: it looks at what \
                 is there and goes on. Where the server is only slow, raise {argument}."
            ),
            attribute: Some(if *in_block { "timeouts" } else { "timeout" }),
        }
    }
}

// === impl Bounded ===

impl Bounded {
    /// Puts a facet under a limit.
    pub fn new(facet: Arc<dyn Facet>, limit: Limit) -> Self {
        Self { facet, limit }
    }
}

#[async_trait]
impl Facet for Bounded {
    fn name(&self) -> &'static str {
        self.facet.name()
    }

    fn server(&self) -> String {
        self.facet.server()
    }

    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError> {
        self.limit.bound(&self.server(), self.facet.observe(spec)).await
    }

    async fn look(&self, spec: &Spec) -> Result<Look, FacetError> {
        self.limit.bound(&self.server(), self.facet.look(spec)).await
    }

    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError> {
        let recorded = self.facet.record(spec, expected, next, keep_objects);
        self.limit.bound(&self.server(), recorded).await
    }

    async fn converge(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        self.limit.bound(&self.server(), self.facet.converge(spec, stop)).await
    }

    async fn unused(&self, spec: &Spec) -> Result<(), FacetError> {
        self.limit.bound(&self.server(), self.facet.unused(spec)).await
    }

    async fn release(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        self.limit.bound(&self.server(), self.facet.release(spec, stop)).await
    }

    async fn rename(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        stop: &CancellationToken,
    ) -> Result<Expected, FacetError> {
        self.limit.bound(&self.server(), self.facet.rename(spec, expected, next, stop)).await
    }

    async fn left_behind(&self, spec: &Spec) -> Result<Vec<Refusal>, FacetError> {
        self.limit.bound(&self.server(), self.facet.left_behind(spec)).await
    }

    async fn admit(&self, spec: &Spec) -> Result<(), FacetError> {
        self.limit.bound(&self.server(), self.facet.admit(spec)).await
    }

    async fn dismantle(
        &self,
        spec: &Spec,
        expected: &Expected,
        force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let removed = self.facet.dismantle(spec, expected, force, stop);
        self.limit.bound(&self.server(), removed).await
    }

    async fn change_floor(
        &self,
        spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        self.limit.bound(&self.server(), self.facet.change_floor(spec, owner, change)).await
    }

    async fn floors(&self, spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.limit.bound(&self.server(), self.facet.floors(spec)).await
    }

    async fn has_env(&self, spec: &Spec, env: &str) -> Result<bool, FacetError> {
        self.limit.bound(&self.server(), self.facet.has_env(spec, env)).await
    }
}
