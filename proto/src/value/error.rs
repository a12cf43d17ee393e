// SPDX-License-Identifier: MPL-2.0
//! What is wrong with a value, and where.

use std::fmt::Display;

use serde::de::{self, Expected, Unexpected};
use serde::ser;

use super::{Path, Step, Type, Value};

/// Why bytes or a model could not be read as a value of the wanted type, and where.
///
/// It names kinds, attributes and keys, never what a value holds: any value may be a secret.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{problem}", if path.is_root() { String::new() } else { format!("{path}: ") })]
pub struct ValueError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong there.
    pub problem: String,
}

// === impl ValueError ===

impl ValueError {
    /// A problem of the value itself.
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { path: Path::root(), problem: problem.into() }
    }

    /// A value of one kind where another is wanted.
    pub(crate) fn mismatch(found: &str, expected: &dyn Display) -> Self {
        Self::new(format!("invalid type: {found}, expected {expected}"))
    }

    /// A value of the wrong kind for its type.
    pub(crate) fn wrong_type(found: &Value, expected: &Type) -> Self {
        Self::mismatch(found.kind(), &expected.kind())
    }

    /// The same problem, seen from one step further up.
    #[must_use]
    pub(crate) fn under(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }

    /// The same problem below the attribute `name`.
    #[must_use]
    pub(crate) fn in_attribute(self, name: &str) -> Self {
        self.under(Step::Attribute(name.to_owned()))
    }

    /// The same problem below the map element `key`.
    #[must_use]
    pub(crate) fn in_key(self, key: &str) -> Self {
        self.under(Step::Key(key.to_owned()))
    }

    /// The same problem below the element `index`.
    #[must_use]
    pub(crate) fn in_index(self, index: usize) -> Self {
        self.under(Step::Index(index))
    }
}

/// The kind of what serde met, without its content.
fn describe(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(_) => "boolean".to_owned(),
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
            "number".to_owned()
        }
        Unexpected::Char(_) | Unexpected::Str(_) => "string".to_owned(),
        Unexpected::Bytes(_) => "bytes".to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "list".to_owned(),
        Unexpected::Map => "map".to_owned(),
        other => other.to_string(),
    }
}

impl de::Error for ValueError {
    fn custom<T: Display>(problem: T) -> Self {
        Self::new(problem.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::mismatch(&describe(&unexpected), &expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
                "number out of range".to_owned()
            }
            other => describe(&other),
        };
        Self::new(format!("invalid value: {found}, expected {expected}"))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        let names: Vec<_> = expected.iter().map(|name| format!("`{name}`")).collect();
        Self::new(format!("is none of {}", names.join(", ")))
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::new("is in the schema but not in the model").in_attribute(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is in the model but not in the schema").in_attribute(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("is there twice").in_attribute(field)
    }
}

impl ser::Error for ValueError {
    fn custom<T: Display>(problem: T) -> Self {
        Self::new(problem.to_string())
    }
}
