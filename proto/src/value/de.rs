//! From a value to an author's model.

use serde::de::DeserializeOwned;

use super::{Path, Value, ValueError};

/// Reads a model out of a value.
pub fn from_value<T: DeserializeOwned>(_value: Value) -> Result<T, ValueError> {
    Err(ValueError { path: Path::root(), problem: "not built".to_owned() })
}
