// SPDX-License-Identifier: MPL-2.0
//! The instance that is asked about.

use std::collections::{BTreeMap, BTreeSet};

use crate::naming::{Coordinate, Names};
use crate::plan::Spec;
use crate::plan::wanted::{Wanted, WantedKubernetes};
use crate::registry::Entry;
use crate::settings::Settings;
use crate::wish;

/// An instance by its coordinate and names, whether it is there or not.
#[derive(Clone, Debug)]
pub struct Subject {
    /// App and env.
    pub coordinate: Coordinate,
    /// Every name of it.
    pub names: Names,
    /// Names in the place of the convention's, as they are written.
    pub written: BTreeMap<String, String>,
    /// Services with names of their own.
    pub services: BTreeSet<String>,
    /// Who may log in from Kubernetes, where that is said; `None`: as it is registered, or by the convention.
    pub kubernetes: Option<WantedKubernetes>,
}

// === impl Subject ===

impl Subject {
    /// `erp/sandbox`.
    pub fn id(&self) -> String {
        super::names::id(&self.coordinate)
    }

    /// What is to be, in every facet of the configuration. What only the instance's own block says (the lease's time, the
    /// scope of the ops policy, Kubernetes) is taken from its registration.
    pub fn spec(&self, settings: &Settings, entry: Option<&Entry>) -> Spec {
        let registered = entry.filter(|entry| !entry.is_gone());
        let registered = registered.and_then(|entry| Wanted::deserialized(&entry.spec));
        let mut wanted = registered.unwrap_or_default();
        wanted.services.clone_from(&self.services);
        wanted.names.clone_from(&self.written);
        if self.kubernetes.is_some() {
            wanted.kubernetes.clone_from(&self.kubernetes);
        }
        let production = settings.environments.is_production(self.coordinate.env());
        let names = self.names.clone();
        wish::spec_named(&self.coordinate, names, production, &wanted, settings, &settings.facets())
    }
}
