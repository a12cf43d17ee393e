// SPDX-License-Identifier: MPL-2.0
//! PostgreSQL: an instance's database, its owner role, and the registry in the maintenance database.
//!
//! # Layout
//!
//! - [`settings`](Settings), `tls`, `guard`, `connect`, `session`, `link`: from an address to an open session.
//! - `quote`, `sql`, `sql_listing`, `sql_read`, `sql_registry`, `sql_temporary`: every text a server gets; pure.
//! - `registered`: what a look at the registry answers; `floors`: what it keeps for the gates;
//!   `listing`: all of it at once.
//! - `observe`, `registry`, `converge` with `extend`, `rename` with `kept`, `dismantle`: the verbs; `foreign`: whose the
//!   registry is; `neighbours`: who else has a name of ours.
//! - `examine`: what a preflight asks beside.
//! - `temporary` with `verifier`: logins for the time of one run.
//! - `failure`, `trouble`, `refusal`: what can stop them, and how a user is told.

mod connect;
mod converge;
mod dismantle;
mod examine;
mod extend;
mod failure;
mod floors;
mod foreign;
#[cfg(test)]
mod golden;
mod guard;
mod kept;
mod link;
mod listing;
mod neighbours;
mod observe;
mod quote;
mod refusal;
mod registered;
mod registry;
mod rename;
mod session;
mod settings;
mod sql;
mod sql_listing;
mod sql_read;
mod sql_registry;
mod sql_temporary;
mod temporary;
mod tls;
mod trouble;
mod verifier;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use examine::{Became, Examined, Maintenance, Room};
pub use quote::identifier;
pub use settings::{FromUrl, Host, Password, Settings, SettingsError, SslMode};
pub use temporary::{Registration, TemporaryLogin};

use self::converge::Converge;
use self::dismantle::Dismantle;
use self::link::Link;
use self::registry::Record;
use self::rename::Rename;
use self::trouble::Trouble;
use super::{Facet, FacetError, Fault, Observation};
use crate::plan::Spec;
use crate::plan::postgres::PostgresWish;
use crate::registry::{Entry, Expected, Floor, FloorChange, Listing, Look};

/// Tries of a write; the waits between them add up to three to five seconds.
const TRIES: u32 = 7;

/// The PostgreSQL facet. Opens nothing before the first call; then at most two connections, one that reads and
/// one that writes, and short ones into instance databases where extensions are declared.
#[derive(Debug)]
pub struct Postgres {
    link: Arc<Link>,
    warned: Arc<AtomicBool>,
    until: Option<Instant>,
}

// === impl Postgres ===

impl Postgres {
    /// A facet on one server. `run_id` becomes part of `application_name`, so that the server's log tells which
    /// run did what.
    pub fn new(settings: Settings, run_id: &str) -> Self {
        let link = Arc::new(Link::new(settings, run_id));
        Self { link, warned: Arc::default(), until: None }
    }

    /// The same facet for an operation with a limit: what may be slow, such as making or dropping a database, may
    /// take what is left of it, and never less than any other statement.
    #[must_use]
    pub fn within(&self, until: Instant) -> Self {
        Self { link: Arc::clone(&self.link), warned: Arc::clone(&self.warned), until: Some(until) }
    }

    /// Changes the floor of an owner, whatever instances there are.
    pub async fn write_floor(
        &self,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = floors::change(&self.link, owner, change).await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    /// Every floor, by owner.
    pub async fn read_floors(&self) -> Result<BTreeMap<String, Floor>, FacetError> {
        let mut tries = self.link.tries(TRIES);
        loop {
            match floors::all(&self.link).await {
                Ok(floors) => return Ok(floors),
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    /// Every registration, with what of its objects is missing, objects that are marked and not registered, and logins
    /// past their time. Takes no lock.
    pub async fn list(&self) -> Result<Listing, FacetError> {
        let mut tries = self.link.tries(TRIES);
        loop {
            match listing::all(&self.link).await {
                Ok(listing) => return Ok(listing),
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    /// The extensions that are installed in a database; `None` where this login may not look. Takes no lock.
    pub async fn extensions_of(
        &self,
        database: &str,
    ) -> Result<Option<BTreeSet<String>>, FacetError> {
        observe::extensions(&self.link, database).await.map_err(|trouble| self.told(trouble))
    }

    fn told(&self, trouble: Trouble) -> FacetError {
        trouble.into_error(self.link.settings())
    }
}

#[async_trait]
impl Facet for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn server(&self) -> String {
        format!("PostgreSQL at {}", self.link.settings().address())
    }

    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError> {
        let wish = wish(spec)?;
        observe::observe(&self.link, spec, wish, &self.warned)
            .await
            .map_err(|trouble| self.told(trouble))
    }

    async fn look(&self, spec: &Spec) -> Result<Look, FacetError> {
        observe::look(&self.link, spec).await.map_err(|trouble| self.told(trouble))
    }

    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError> {
        let wish = wish(spec)?;
        let record = Record { spec, wish, expected, next, keep_objects };
        let mut tries = self.link.tries(TRIES);
        loop {
            match record.write(&self.link).await {
                Ok(id) => return Ok(id),
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    async fn converge(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let converge = Converge { link: &self.link, spec, wish, until: self.until, stop };
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = converge.once().await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    async fn unused(&self, spec: &Spec) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = dismantle::unused(&self.link, spec, wish).await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    async fn release(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let converge = Converge { link: &self.link, spec, wish, until: self.until, stop };
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = converge.settle_ended().await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = rename::release(&self.link, spec, wish).await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    async fn rename(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        stop: &CancellationToken,
    ) -> Result<Expected, FacetError> {
        let wish = wish(spec)?;
        let (link, until) = (self.link.as_ref(), self.until);
        let rename = Rename { link, spec, wish, expected, next, until, stop };
        let mut tries = self.link.tries(TRIES);
        loop {
            match rename.once().await {
                Ok(true) => {
                    let target = expected.target.clone();
                    return Ok(Expected { target, entry: Some(next.clone()) });
                }
                // A lost reply: the look that follows finds it renamed, by this very write.
                Ok(false) => {
                    let look = self.look(spec).await?;
                    let landed = look.entry.as_ref() == Some(next);
                    return Ok(if landed { Expected::from(&look) } else { expected.clone() });
                }
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    async fn admit(&self, spec: &Spec) -> Result<(), FacetError> {
        let admitted = rename::admit(&self.link, spec, wish(spec)?).await;
        admitted.map_err(|trouble| self.told(trouble))
    }

    async fn dismantle(
        &self,
        spec: &Spec,
        expected: &Expected,
        force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let (link, until) = (self.link.as_ref(), self.until);
        let dismantle = Dismantle { link, spec, wish, expected, force, until, stop };
        let mut tries = self.link.tries(TRIES);
        while let Err(trouble) = dismantle.once().await {
            tries.again(trouble).await.map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    async fn change_floor(
        &self,
        _spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError> {
        self.write_floor(owner, change).await
    }

    async fn floors(&self, _spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError> {
        self.read_floors().await
    }

    async fn has_env(&self, _spec: &Spec, env: &str) -> Result<bool, FacetError> {
        let mut tries = self.link.tries(TRIES);
        loop {
            match floors::has_env(&self.link, env).await {
                Ok(has) => return Ok(has),
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }
}

fn wish(spec: &Spec) -> Result<&PostgresWish, FacetError> {
    spec.postgres.as_ref().ok_or_else(|| FacetError {
        fault: Fault::Rejected,
        summary: format!("Instance \"{}\" has no PostgreSQL part", spec.names.instance),
        attempted: "Asked the PostgreSQL facet about it.".to_owned(),
        cause: "the provider has no postgres block".to_owned(),
        next: "This is a bug of the provider; please report it.".to_owned(),
        attribute: None,
    })
}
