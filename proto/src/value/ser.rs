//! From an author's model to a value.

use serde::Serialize;

use super::{Path, Type, Value, ValueError};

/// Writes a model as a value of a type.
pub fn to_value<T: Serialize>(_model: &T, _ty: &Type) -> Result<Value, ValueError> {
    Err(ValueError { path: Path::root(), problem: "not built".to_owned() })
}
