//! The RPCs: decode, call, encode.

use std::sync::Arc;

use crate::data_source::DataSource;
use crate::ephemeral::Ephemeral;
use crate::function::Function;
use crate::resource::Resource;

/// The list of what a provider offers.
#[derive(Default)]
pub struct Registry {}

impl Registry {
    /// Offers a resource.
    pub fn resource<R: Resource>(&mut self, _resource: R) -> &mut Self {
        self
    }

    /// Offers a data source.
    pub fn data_source<D: DataSource>(&mut self, _data_source: D) -> &mut Self {
        self
    }

    /// Offers an ephemeral resource.
    pub fn ephemeral<E: Ephemeral>(&mut self, _ephemeral: E) -> &mut Self {
        self
    }

    /// Offers a function.
    pub fn function<F: Function>(&mut self, _function: F) -> &mut Self {
        self
    }
}

/// Keeps the compiler quiet until the server is there.
pub type Shared<P> = Arc<P>;
