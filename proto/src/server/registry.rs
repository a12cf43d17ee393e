// SPDX-License-Identifier: MPL-2.0
//! What a provider offers, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data_source::DataSource;
use crate::diagnostic::{Diagnostic, Errors};
use crate::ephemeral::Ephemeral;
use crate::function::Function;
use crate::resource::Resource;

use super::call::bug;
use super::twin::{AnyDataSource, AnyEphemeral, AnyFunction, AnyResource, Typed, TypedFunction};

/// The list of what a provider offers.
#[derive(Default)]
pub struct Registry {
    pub(super) resources: BTreeMap<&'static str, Arc<dyn AnyResource>>,
    pub(super) data_sources: BTreeMap<&'static str, Arc<dyn AnyDataSource>>,
    pub(super) ephemerals: BTreeMap<&'static str, Arc<dyn AnyEphemeral>>,
    pub(super) functions: BTreeMap<&'static str, Arc<dyn AnyFunction>>,
    /// Names that were offered twice; said with the schema.
    pub(super) faults: Vec<Diagnostic>,
}

impl Registry {
    /// Offers a resource.
    pub fn resource<R: Resource>(&mut self, resource: R) -> &mut Self {
        let twin = Typed::resource(resource);
        if self.resources.insert(R::TYPE, Arc::new(twin)).is_some() {
            self.twice("resource", R::TYPE);
        }
        self
    }

    /// Offers a data source.
    pub fn data_source<D: DataSource>(&mut self, data_source: D) -> &mut Self {
        let twin = Typed::data_source(data_source);
        if self.data_sources.insert(D::TYPE, Arc::new(twin)).is_some() {
            self.twice("data source", D::TYPE);
        }
        self
    }

    /// Offers an ephemeral resource.
    pub fn ephemeral<E: Ephemeral>(&mut self, ephemeral: E) -> &mut Self {
        let twin = Typed::ephemeral(ephemeral);
        if self.ephemerals.insert(E::TYPE, Arc::new(twin)).is_some() {
            self.twice("ephemeral resource", E::TYPE);
        }
        self
    }

    /// Offers a function.
    pub fn function<F: Function>(&mut self, function: F) -> &mut Self {
        let twin = TypedFunction::new(function);
        if self.functions.insert(F::NAME, Arc::new(twin)).is_some() {
            self.twice("function", F::NAME);
        }
        self
    }

    fn twice(&mut self, kind: &str, name: &str) {
        self.faults.push(bug(
            format!("{kind} {name}"),
            format!("The {kind} \"{name}\" is offered twice; the last one counts."),
        ));
    }

    pub(super) fn find_resource(&self, name: &str) -> Result<Arc<dyn AnyResource>, Errors> {
        find(&self.resources, "resource", name)
    }

    pub(super) fn find_data_source(&self, name: &str) -> Result<Arc<dyn AnyDataSource>, Errors> {
        find(&self.data_sources, "data source", name)
    }

    pub(super) fn find_ephemeral(&self, name: &str) -> Result<Arc<dyn AnyEphemeral>, Errors> {
        find(&self.ephemerals, "ephemeral resource", name)
    }
}

fn find<T: ?Sized>(
    offered: &BTreeMap<&'static str, Arc<T>>,
    kind: &str,
    name: &str,
) -> Result<Arc<T>, Errors> {
    offered.get(name).cloned().ok_or_else(|| {
        Errors::one(
            format!("Unknown {kind} type"),
            format!(
                "This version of the provider has no {kind} \"{name}\". Install a version that has it, or \
                 remove it from the configuration."
            ),
        )
    })
}
