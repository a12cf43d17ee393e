// SPDX-License-Identifier: MPL-2.0
//! Walks over values: what is unknown in them, what must not be stored.

use crate::schema::Block;
use crate::value::{Path, Step, Type, Value};

/// Sets every write-only attribute of an object to null.
pub(in crate::server) fn null_write_only(block: &Block, object: &mut Value) {
    let Value::Map(fields) = object else { return };
    for (name, attribute) in &block.attributes {
        if attribute.write_only
            && let Some(field) = fields.get_mut(name)
        {
            *field = Value::Null;
        }
    }
    for (name, nested) in &block.blocks {
        match fields.get_mut(name) {
            Some(Value::List(elements)) => {
                for element in elements {
                    null_write_only(&nested.block, element);
                }
            }
            Some(element) => null_write_only(&nested.block, element),
            None => {}
        }
    }
}

/// Finds nested blocks that are not known as a whole: a `dynamic` block over something that is not known yet.
pub(in crate::server) fn open_block(block: &Block, object: &Value) -> Option<Path> {
    find_open(block, object, &Path::root())
}

fn find_open(block: &Block, object: &Value, at: &Path) -> Option<Path> {
    let Value::Map(fields) = object else { return None };
    block.blocks.iter().find_map(|(name, nested)| {
        let at = at.clone().field(name);
        match fields.get(name)? {
            Value::Unknown => Some(at),
            Value::List(elements) => (0..).zip(elements).find_map(|(index, element)| {
                find_open(&nested.block, element, &at.clone().index(index))
            }),
            element => find_open(&nested.block, element, &at),
        }
    })
}

/// Lists the places that are not known.
pub(in crate::server) fn unknown_paths(value: &Value, ty: &Type) -> Vec<Path> {
    let mut found = Vec::new();
    find_unknown(value, ty, &Path::root(), &mut found);
    found
}

fn find_unknown(value: &Value, ty: &Type, at: &Path, found: &mut Vec<Path>) {
    match value {
        Value::Unknown => found.push(at.clone()),
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let ty = match ty {
                    Type::List(ty) | Type::Set(ty) => ty,
                    Type::Tuple(types) => types.get(index).unwrap_or(&Type::Dynamic),
                    _ => &Type::Dynamic,
                };
                find_unknown(element, ty, &at.clone().index(index), found);
            }
        }
        Value::Map(fields) => {
            for (name, field) in fields {
                let (step, ty) = match ty {
                    Type::Object(attributes) => (
                        Step::Attribute(name.clone()),
                        attributes.get(name).unwrap_or(&Type::Dynamic),
                    ),
                    Type::Map(ty) => (Step::Key(name.clone()), ty.as_ref()),
                    _ => (Step::Key(name.clone()), &Type::Dynamic),
                };
                find_unknown(field, ty, &at.clone().then(step), found);
            }
        }
        Value::Dynamic(ty, value) => find_unknown(value, ty, at, found),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Sets everything unknown to null: an object whose making failed may still have unknown parts, a state may not.
pub(in crate::server) fn null_unknown(value: &mut Value) {
    match value {
        Value::Unknown => *value = Value::Null,
        Value::List(elements) => elements.iter_mut().for_each(null_unknown),
        Value::Map(fields) => fields.values_mut().for_each(null_unknown),
        Value::Dynamic(_, inner) => {
            null_unknown(inner);
            if **inner == Value::Null {
                *value = Value::Null;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a value has the place; what lies in a null or unknown value counts where its parent has it.
pub(in crate::server) fn exists(value: &Value, path: &Path) -> bool {
    let mut value = value;
    for step in &path.0 {
        let next = match (value, step) {
            (Value::Map(fields), Step::Attribute(name) | Step::Key(name)) => fields.get(name),
            (Value::List(elements), Step::Index(index)) => elements.get(*index),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{exists, null_unknown, unknown_paths};
    use crate::value::{Path, Type, Value};

    fn object(fields: &[(&str, Value)]) -> Value {
        Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn unknown_places_are_named_by_type() {
        let text = Box::new(Type::String);
        let ty = Type::Object(BTreeMap::from([
            ("id".to_owned(), Type::String),
            ("tags".to_owned(), Type::Map(text.clone())),
            ("list".to_owned(), Type::List(text)),
            ("any".to_owned(), Type::Dynamic),
        ]));
        let known = Value::String("x".to_owned());
        let mut value = object(&[
            ("id", Value::Unknown),
            ("tags", object(&[("a", Value::Unknown), ("b", known.clone())])),
            ("list", Value::List(vec![known, Value::Unknown])),
            ("any", Value::Dynamic(Box::new(Type::String), Box::new(Value::Unknown))),
        ]);
        let paths: Vec<String> =
            unknown_paths(&value, &ty).iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["any", "id", "list[1]", "tags[\"a\"]"]);
        null_unknown(&mut value);
        assert_eq!(unknown_paths(&value, &ty), []);
    }

    #[test]
    fn a_place_exists_where_its_parent_has_it() {
        let value = object(&[("rules", Value::List(vec![object(&[("port", Value::Null)])]))]);
        assert!(exists(&value, &Path::attribute("rules").index(0).field("port")));
        assert!(!exists(&value, &Path::attribute("rules").index(1)));
        assert!(!exists(&Value::Null, &Path::attribute("rules")));
    }
}
