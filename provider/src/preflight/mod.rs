// SPDX-License-Identifier: MPL-2.0
//! Checks of an instance against what stands: read-only but for the probe, side by side, within one deadline.
//!
//! # Layout
//!
//! - [`run`](run()): checks side by side. `fix`: how a finding says what to do.
//! - [`Subject`]: the instance that is asked about.
//! - [`names`]: its names, and those that the registries have. [`postgres`], [`vault`]: what stands on the servers.
//! - [`outside`]: what no facet manages.
//! - [`keys`]: its secrets, by key name. [`probe`]: a login is leased, tried and revoked.

mod fix;
pub mod keys;
mod latency;
pub mod names;
pub mod outside;
pub mod postgres;
pub mod probe;
mod run;
mod subject;
pub mod vault;

pub use run::{Check, run};
pub use subject::Subject;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use crate::inquiry::Declaration;
    use crate::naming::{Inputs, Names};
    use crate::plan::Spec;

    /// An instance of owner `team`, in no facet.
    pub(super) fn spec(app: &str, env: &str) -> Spec {
        let environments = Declaration::default().environments().unwrap();
        let coordinate = environments.coordinate(app, env).unwrap();
        let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &Inputs::default())
            .unwrap();
        Spec::of(coordinate, names, false, "team")
    }
}
