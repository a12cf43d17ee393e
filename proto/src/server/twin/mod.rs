// SPDX-License-Identifier: MPL-2.0
//! Object-safe twins of the traits an author implements: the same verbs on [`Value`]s, so that the RPCs know no model.

mod data_source;
mod ephemeral;
mod function;
mod provider;
mod resource;

pub(super) use data_source::AnyDataSource;
pub(super) use ephemeral::AnyEphemeral;
pub(super) use function::{AnyFunction, TypedFunction};
pub(super) use provider::{AnyProvider, TypedProvider};
pub(super) use resource::AnyResource;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostic::Errors;
use crate::schema::Schema;
use crate::value::{Type, Value, from_value, to_value};

use super::call::bug;
use super::rules::open_block;

/// A schema and the type of its values.
#[derive(Clone, Debug)]
pub(super) struct Face {
    /// The schema.
    pub(super) schema: Schema,
    /// The type of a value of it.
    pub(super) ty: Type,
}

impl Face {
    fn new(schema: Schema) -> Self {
        let ty = schema.block.ty();
        Self { schema, ty }
    }
}

/// An author's type beside what is asked of it often.
pub(super) struct Typed<T> {
    inner: T,
    face: Face,
    identity: Option<Face>,
}

/// Reads a model out of what is known wholly, or was held by the model before.
fn model<M: DeserializeOwned>(value: Value) -> Result<M, Errors> {
    Ok(from_value(value)?)
}

/// Reads a model out of a configuration to be judged; `None` where that has to wait, because the model has no place
/// for blocks that are not known yet.
fn judged<M: DeserializeOwned>(config: Value, face: &Face) -> Result<Option<M>, Errors> {
    let open = open_block(&face.schema.block, &config);
    match (model(config), open) {
        (Err(_), Some(_)) => Ok(None),
        (model, _) => model.map(Some),
    }
}

/// Reads a model out of a configuration to be acted on; blocks that are not known are said to be what is wrong.
fn wanted<M: DeserializeOwned>(config: Value, face: &Face) -> Result<M, Errors> {
    let open = open_block(&face.schema.block, &config);
    model(config).map_err(|errors| match open {
        Some(path) => Errors::at(
            path.clone(),
            "Blocks that are not known yet",
            format!(
                "How many \"{path}\" blocks there are depends on a value that is known only after apply, and \
                 the plan cannot be made without it. Let for_each of the dynamic block depend on known values, \
                 or apply first what it depends on, with -target."
            ),
        ),
        None => errors,
    })
}

/// Writes a model; where that fails the author's model and schema disagree.
fn value<M: Serialize>(model: &M, ty: &Type, name: &str) -> Result<Value, Errors> {
    to_value(model, ty).map_err(|error| {
        let mut diagnostic =
            bug(name, format!("What it answered does not fit its schema: {error}."));
        diagnostic.attribute = (!error.path.is_root()).then_some(error.path);
        diagnostic.into()
    })
}
