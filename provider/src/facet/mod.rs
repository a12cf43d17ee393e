// SPDX-License-Identifier: MPL-2.0
//! Effects: what an instance has in each external system. One folder a system; knows `plan` and `registry`,
//! nothing above.

pub mod aws;
mod bounded;
pub mod host;
pub mod postgres;
pub mod trust;
pub mod vault;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub use bounded::{Bounded, Limit};

use crate::plan::{Objects, Spec};
use crate::registry::{Entry, Expected, Floor, FloorChange, Look};

/// Every facet, by the name of its block, in the order in which the registry's home is chosen. A new one comes last: the first
/// that an instance has keeps its holder and generation.
pub const FACETS: [&str; 4] = ["postgres", "vault", "host", "aws"];

/// The facets, for messages: `postgres, vault, host and aws`.
pub fn listed() -> String {
    match FACETS.split_last() {
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The class of a failure, for whoever has to decide; the user reads the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server cannot be reached, is starting, sealed or overloaded.
    Unreachable,
    /// The server does not know us: wrong password, dead token.
    Unauthenticated,
    /// The server knows us and refuses.
    Forbidden,
    /// What is needed is not there: a mount, a connection, an extension.
    Missing,
    /// The registry is not as it was seen: someone else wrote in between.
    Conflict,
    /// An object stands in the way: not ours, or in use.
    Occupied,
    /// The user asked to stop.
    Stopped,
    /// The server refused what we sent, or answered what we cannot read.
    Rejected,
}

/// A failure of an effect or a look, told so that a user can act on it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}: {cause}")]
pub struct FacetError {
    /// The class.
    pub fault: Fault,
    /// One line: what failed, on what object (`Could not create database "erp-sandbox"`).
    pub summary: String,
    /// What was attempted, on which server.
    pub attempted: String,
    /// Why it failed: the server's words, control characters escaped.
    pub cause: String,
    /// What the user can do next, and what the next apply will do.
    pub next: String,
    /// The attribute at fault: of the provider block where it begins with `provider.`, else of the resource.
    pub attribute: Option<&'static str>,
}

/// A reason for which a plan must be refused, found by a look.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// One line.
    pub summary: String,
    /// Both values, and what to do.
    pub detail: String,
}

/// A name under which something of an instance is registered, where the wish has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name's key.
    pub key: &'static str,
    /// What the registry says.
    pub registered: String,
    /// What is wished.
    pub wished: String,
}

/// What a look at one system tells of one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// The registry.
    pub look: Look,
    /// Every object of the instance against the wish; shared objects with their own part only.
    pub objects: Objects,
    /// Objects that exist under the instance's own (not shared) names, each with what is known of whose it is:
    /// `database "erp" (owned by role "legacy", no marker)`. Only a create asks for it.
    pub occupied: Vec<String>,
    /// Objects that exist where this registered instance would have its own, but that it never made or took over:
    /// told as in `occupied`, by their line of `objects`.
    pub foreign: BTreeMap<String, String>,
    /// Databases that a renaming copied and kept, each with the time until when.
    pub kept: BTreeMap<String, String>,
    /// What is registered under other names than these: an apply moves it.
    pub renamed: Vec<Renamed>,
    /// What stands against any change here (`vault.ci` wished otherwise, a family glob over another app).
    pub refusals: Vec<Refusal>,
    /// What keeps this instance, which nobody registered, from being taken over: what would have to be removed for it, or
    /// cannot be changed in place.
    pub blocked: Vec<Refusal>,
    /// What the user should know but need not act on.
    pub warnings: Vec<Refusal>,
}

/// One external system.
///
/// `observe` takes no locks and writes nothing. Every writing method is idempotent and resumes what a killed run
/// left; it looks at `stop` before each external write and answers [`Fault::Stopped`].
#[async_trait]
pub trait Facet: Send + Sync {
    /// The block's name in the provider configuration.
    fn name(&self) -> &'static str;

    /// The server, as messages name it: `PostgreSQL at db:5432`.
    fn server(&self) -> String;

    /// Looks at the registry and at every object.
    async fn observe(&self, spec: &Spec) -> Result<Observation, FacetError>;

    /// Looks at the registry alone.
    async fn look(&self, spec: &Spec) -> Result<Look, FacetError>;

    /// Writes the instance's entry if the registry is as expected, founding the registry where it expects none;
    /// answers the registry's id. With [`Phase::Pending`](crate::registry::Phase) the first object may be made in
    /// the same transaction, with [`Phase::Gone`](crate::registry::Phase) and `keep_objects` false the last
    /// removed.
    async fn record(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        keep_objects: bool,
    ) -> Result<String, FacetError>;

    /// Makes every object as wished: creates what is missing, mends what differs, touches nothing else.
    async fn converge(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError>;

    /// Fails where a removal would cut somebody off: sessions, members of the owner role, leased logins. Writes nothing.
    async fn unused(&self, spec: &Spec) -> Result<(), FacetError>;

    /// Ends what stands in the way of a renaming under these names: leased logins, sessions.
    async fn release(&self, spec: &Spec, stop: &CancellationToken) -> Result<(), FacetError>;

    /// Moves what is registered under other names to these, data and all, and writes `next` with it where that is one
    /// transaction. What is registered under these names already stays as it is. Where a name is taken, or the
    /// registration is not the `expected` one, nothing is moved.
    async fn rename(
        &self,
        spec: &Spec,
        expected: &Expected,
        next: &Entry,
        stop: &CancellationToken,
    ) -> Result<Expected, FacetError>;

    /// What a removal would leave because it is not the instance's, one warning each. Writes nothing.
    async fn left_behind(&self, _spec: &Spec) -> Result<Vec<Refusal>, FacetError> {
        Ok(Vec::new())
    }

    /// Lets in again whom a renaming shut out that did not come about.
    async fn admit(&self, _spec: &Spec) -> Result<(), FacetError> {
        Ok(())
    }

    /// Removes every object of the instance, its own part of shared ones, and those with the last part. `force`
    /// ends sessions and leases that stand in the way; without it they are listed and nothing is removed. Where the
    /// registration is not the `expected` one any more, it is someone else's and nothing is removed.
    async fn dismantle(
        &self,
        spec: &Spec,
        expected: &Expected,
        force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError>;

    /// Changes the floor that an owner has in this registry; atomic where the system can compare before it writes, which
    /// AWS cannot. Nothing is written where it stays as it is. An error where there is no registry.
    async fn change_floor(
        &self,
        spec: &Spec,
        owner: &str,
        change: &FloorChange<'_>,
    ) -> Result<(), FacetError>;

    /// The floors of this registry, by owner; none where there is no registry.
    async fn floors(&self, spec: &Spec) -> Result<BTreeMap<String, Floor>, FacetError>;

    /// Whether any app was ever registered in this env in this registry, tombstones included. It may read all of it.
    async fn has_env(&self, spec: &Spec, env: &str) -> Result<bool, FacetError>;
}

/// Nothing to keep a floor in.
fn no_registry(owner: &str, server: &str) -> FacetError {
    FacetError {
        fault: Fault::Missing,
        summary: format!("Could not write the floor of owner {owner:?}"),
        attempted: format!("a write to the registry on {server}"),
        cause: "there is no registry there".to_owned(),
        next:
            "Check that it is the right server; the first apply of an instance founds its registry."
                .to_owned(),
        attribute: None,
    }
}
