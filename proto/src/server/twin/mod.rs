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

fn model<M: DeserializeOwned>(value: Value) -> Result<M, Errors> {
    Ok(from_value(value)?)
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
