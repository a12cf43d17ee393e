// SPDX-License-Identifier: MPL-2.0
//! A registered instance as its registries have it, for whoever reads it without a state entry. Takes no lock and writes
//! nothing.

use std::collections::BTreeSet;

use futures_util::future::{join_all, try_join_all};

use crate::configured::Configured;
use crate::facet::{FacetError, Limit, Observation};
use crate::naming::{Coordinate, NameError, Names, Overrides};
use crate::plan::Spec;
use crate::plan::wanted::Wanted;
use crate::registry::{Entry, Look};
use crate::settings::Settings;
use crate::wish;

/// What one registry tells of an app.
pub struct Looked {
    /// The block's name.
    pub name: &'static str,
    /// The server, as messages name it.
    pub server: String,
    /// Its answer.
    pub answer: Result<Look, FacetError>,
}

/// One instance that some registry knows and that was not deleted.
pub struct Registered {
    /// What the first of its registries says.
    pub entry: Entry,
    /// Blocks of the registries that know it.
    pub registries: Vec<&'static str>,
    /// What was asked for when it was last applied.
    pub wanted: Wanted,
    /// Whether that could be read: a later release may write it in another shape, and then it is as if nothing were said.
    pub is_readable: bool,
}

/// Asks every configured registry about an app, side by side; the coordinate and the names are those of any instance of it.
pub async fn look(
    configured: &Configured,
    coordinate: &Coordinate,
    names: Names,
    limit: Limit,
) -> Vec<Looked> {
    let settings = &configured.settings;
    let (production, wanted) =
        (settings.environments.is_production(coordinate.env()), Wanted::default());
    let facets = settings.facets();
    let spec = &wish::spec_named(coordinate, names, production, &wanted, settings, &facets);
    let asked = configured.clients.facets(spec, limit).into_iter().map(|facet| async move {
        Looked { name: facet.name(), server: facet.server(), answer: facet.look(spec).await }
    });
    join_all(asked).await
}

/// The envs in which any registry that answered has a living instance of the app.
pub fn envs(looked: &[Looked]) -> BTreeSet<String> {
    let looks = looked.iter().filter_map(|one| one.answer.as_ref().ok());
    let entries = looks.flat_map(|look| &look.app);
    entries.filter(|(_, entry)| !entry.is_gone()).map(|(env, _)| env.clone()).collect()
}

// === impl Registered ===

impl Registered {
    /// The instance of an env, as the registries that answered have it.
    pub fn of(looked: &[Looked], env: &str) -> Option<Self> {
        let entry = |one: &Looked| one.answer.as_ref().ok()?.app.get(env).cloned();
        let found = looked.iter().filter_map(|one| Some((one.name, entry(one)?)));
        let living: Vec<_> = found.filter(|(_, entry)| !entry.is_gone()).collect();
        let (_, entry) = living.first()?;
        let wanted = Wanted::deserialized(&entry.spec);
        let (is_readable, wanted) = (wanted.is_some(), wanted.unwrap_or_default());
        let registries = living.iter().map(|(name, _)| *name).collect();
        Some(Self { entry: entry.clone(), registries, wanted, is_readable })
    }

    /// Its names, by the provider configuration and what was overridden when it was last applied.
    pub fn names(
        &self,
        coordinate: &Coordinate,
        settings: &Settings,
    ) -> Result<Names, Vec<NameError>> {
        let overrides = Overrides::new(&settings.templates, &self.wanted.names)?;
        Names::derive_with(
            &settings.environments,
            coordinate,
            &self.wanted.services,
            &settings.inputs,
            &overrides,
        )
    }

    /// What it was to be when it was last applied, as its own owner has it.
    pub fn spec(&self, coordinate: &Coordinate, names: Names, settings: &Settings) -> Spec {
        let (production, owner) = (self.entry.production, self.entry.owner.clone());
        let registries = &self.registries;
        let spec =
            wish::spec_named(coordinate, names, production, &self.wanted, settings, registries);
        Spec { owner, ..spec }
    }
}

/// Looks at every object of a spec: by the block's name, what its target told.
pub async fn observe(
    configured: &Configured,
    spec: &Spec,
    limit: Limit,
) -> Result<Vec<(&'static str, Observation)>, FacetError> {
    let spec = &configured.clients.complete(spec, limit).await?;
    let asked = configured.clients.facets(spec, limit).into_iter();
    try_join_all(asked.map(|facet| async move { Ok((facet.name(), facet.observe(spec).await?)) }))
        .await
}
