// SPDX-License-Identifier: MPL-2.0
//! AWS: an entry of the registry in Parameter Store, and nothing else. Secrets of an instance are a store's.
//!
//! # Layout
//!
//! - `settings`: what the facet is told. `session`: one account and region, opened when first used; a store shares it.
//! - `record`: what a parameter of the registry holds; pure. `registry`: how it is read and written.
//! - `floors`: what the registry keeps for the gates. `listing`: all of its entries at once.
//! - `transport`: what is sent, and sent again. `failure`: what AWS answers when it refuses, and how a user is told.

pub mod failure;
mod floors;
mod listing;
mod record;
mod registry;
mod session;
mod settings;
mod transport;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use self::session::Session;
pub use self::settings::{Settings, check_endpoint};

use self::record::Held;
use super::{Facet, FacetError, Fault, Observation};
use crate::plan::Spec;
use crate::plan::aws::AwsWish;
use crate::registry::{Entry, Expected, Floor, FloorChange, Look};

/// The AWS facet: one account and region.
#[derive(Debug)]
pub struct Aws {
    session: Arc<Session>,
    /// One write of the registry at a time: AWS refuses two updates of one parameter, and many at once.
    writing: tokio::sync::Mutex<()>,
    memory: Mutex<Memory>,
}

/// What one run need not ask twice, and must not read as older than it is.
#[derive(Debug, Default)]
struct Memory {
    founded: Option<String>,
    written: BTreeMap<String, Held>,
    /// By owner.
    floors: BTreeMap<String, Option<Floor>>,
}

// === impl Aws ===

impl Aws {
    /// A facet that opens when first used; nothing is sent and nothing checked here.
    pub fn new(settings: Settings, run_id: &str) -> Self {
        Self {
            session: Arc::new(Session::new(settings, run_id)),
            writing: tokio::sync::Mutex::default(),
            memory: Mutex::default(),
        }
    }

    /// The account and region.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn founded(&self) -> Option<String> {
        self.memory().founded.clone()
    }

    fn note_founded(&self, id: &str) {
        self.memory().founded = Some(id.to_owned());
    }

    fn written(&self, parameter: &str) -> Option<Held> {
        self.memory().written.get(parameter).cloned()
    }

    fn note_written(&self, parameter: &str, held: Held) {
        self.memory().written.insert(parameter.to_owned(), held);
    }
}

#[async_trait]
impl Facet for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn server(&self) -> String {
        self.session.server()
    }

    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError> {
        Ok(Observation { look: Box::pin(self.look_at(spec)).await?, ..Observation::default() })
    }

    async fn look(&self, spec: &Spec) -> Result<Look, FacetError> {
        Box::pin(self.look_at(spec)).await
    }

    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        _keep_objects: bool,
    ) -> Result<String, FacetError> {
        Box::pin(self.write_entry(spec, expected, next)).await
    }

    /// There is no object but the entry.
    async fn converge(&self, _spec: &Spec, _stop: &CancellationToken) -> Result<(), FacetError> {
        Ok(())
    }

    async fn unused(&self, _spec: &Spec) -> Result<(), FacetError> {
        Ok(())
    }

    async fn release(&self, _spec: &Spec, _stop: &CancellationToken) -> Result<(), FacetError> {
        Ok(())
    }

    /// The entry's path is made of app and env, which no renaming changes.
    async fn rename(
        &self,
        _spec: &Spec,
        expected: &Expected,
        _next: &Entry,
        _stop: &CancellationToken,
    ) -> Result<Expected, FacetError> {
        Ok(expected.clone())
    }

    async fn dismantle(
        &self,
        _spec: &Spec,
        _expected: &Expected,
        _force: bool,
        _stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        Ok(())
    }

    async fn change_floor(
        &self,
        _spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        Box::pin(self.write_floor(owner, change)).await
    }

    async fn floors(&self, _spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError> {
        Box::pin(self.read_floors()).await
    }

    async fn has_env(&self, _spec: &Spec, env: &str) -> Result<bool, FacetError> {
        Box::pin(self.was_registered(env)).await
    }
}

/// The AWS part of a wish.
fn wish(spec: &Spec) -> Result<&AwsWish, FacetError> {
    spec.aws.as_ref().ok_or_else(|| FacetError {
        fault: Fault::Rejected,
        summary: format!("{} has no AWS part", registry::shown(spec)),
        attempted: "a call of the AWS facet".to_owned(),
        cause: "the wish names none".to_owned(),
        next: "Report this: it is a fault of the provider.".to_owned(),
        attribute: None,
    })
}
