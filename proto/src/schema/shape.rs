// SPDX-License-Identifier: MPL-2.0
//! From a block to the type of its values.

use super::{Block, NestedBlock, Nesting};
use crate::value::{Type, Value};

// === impl Block ===

impl Block {
    /// The type of a value of this block: an object of its attributes and its nested blocks.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, it)| (name.clone(), it.ty.clone()));
        let blocks = self.blocks.iter().map(|(name, it)| (name.clone(), it.ty()));
        Type::object(attributes.chain(blocks))
    }

    /// Makes repeated blocks empty where they are null.
    ///
    /// The CLI wants it so, and a state that is older than a nested block reads that one as null.
    pub fn complete(&self, value: &mut Value) {
        let Value::Map(attributes) = value else { return };
        for (name, nested) in &self.blocks {
            if let Some(value) = attributes.get_mut(name) {
                nested.complete(value);
            }
        }
    }
}

// === impl NestedBlock ===

impl NestedBlock {
    /// The type of its value: the object of the block, or a list or a set of such objects.
    pub fn ty(&self) -> Type {
        match self.nesting {
            Nesting::Single => self.block.ty(),
            Nesting::List => Type::list(self.block.ty()),
            Nesting::Set => Type::set(self.block.ty()),
        }
    }

    fn complete(&self, value: &mut Value) {
        match (self.nesting, &mut *value) {
            (Nesting::List | Nesting::Set, Value::Null) => *value = Value::List(Vec::new()),
            (Nesting::List | Nesting::Set, Value::List(elements)) => {
                for element in elements {
                    self.block.complete(element);
                }
            }
            _ => self.block.complete(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Attribute;

    fn block() -> Block {
        let leaf = Block::new("Leaf.").attribute("a", Attribute::optional(Type::Bool, "A."));
        let inner = leaf.clone().list("more", leaf.clone());
        Block::new("Root.")
            .attribute("name", Attribute::required(Type::String, "Name."))
            .single("one", inner.clone())
            .list("many", inner)
            .set("any", leaf)
    }

    #[test]
    fn types_follow_the_nesting() {
        let leaf = Type::object([("a", Type::Bool)]);
        let inner = Type::object([("a", Type::Bool), ("more", Type::list(leaf.clone()))]);
        let expected = Type::object([
            ("name", Type::String),
            ("one", inner.clone()),
            ("many", Type::list(inner)),
            ("any", Type::set(leaf)),
        ]);
        assert_eq!(block().ty(), expected);
    }

    #[test]
    fn null_repeated_blocks_become_empty() {
        let map = |entries: &[(&str, Value)]| {
            Value::Map(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
        };
        let empty = || Value::List(Vec::new());
        let mut value = map(&[
            ("name", Value::Null),
            ("one", map(&[("a", Value::Null), ("more", Value::Null)])),
            ("many", Value::List(vec![map(&[("a", Value::Null), ("more", Value::Null)])])),
            ("any", Value::Null),
        ]);
        block().complete(&mut value);
        let expected = map(&[
            ("name", Value::Null),
            ("one", map(&[("a", Value::Null), ("more", empty())])),
            ("many", Value::List(vec![map(&[("a", Value::Null), ("more", empty())])])),
            ("any", empty()),
        ]);
        assert_eq!(value, expected);

        let mut value =
            map(&[("name", Value::Null), ("one", Value::Null), ("many", Value::Unknown)]);
        let same = value.clone();
        block().complete(&mut value);
        assert_eq!(value, same);
    }
}
