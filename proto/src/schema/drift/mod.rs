// SPDX-License-Identifier: MPL-2.0
//! Proof that a model and its schema agree, without any data.
//!
//! The two are written by hand, side by side. Serde's derive tells a deserializer what a model expects at every
//! place; a deserializer that only takes notes (`recorder`) walks the model along the schema.

mod recorder;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use self::recorder::{Layer, Leaf, Shape, record};
use super::{Attribute, Block, Mode, NestedBlock, Nesting, Schema};
use crate::value::Type;

/// Says where a model and a schema disagree; nothing where they agree.
///
/// - Every attribute and block has a field, and every field an attribute or a block.
/// - A field takes the attribute's kind of value; a [`Value`](crate::value::Value) takes any.
/// - An attribute is an [`Attr`](crate::value::Attr), and so is what is inside one that the user may write: each
///   part of it may be unknown on its own.
/// - A nested block is an `Option` of a struct or a `Vec` of structs, either of them within an `Attr` if wanted.
/// - What is sensitive or write-only is a [`Secret`](crate::value::Secret), and a secret is one or the other.
pub fn probe<Model: DeserializeOwned>(schema: &Schema) -> Vec<String> {
    let mut drift = Drift { record: record::<Model>, problems: Vec::new() };
    match drift.shape(&[]) {
        Shape { layers, leaf: Some(Leaf::Struct(fields)) } if layers.is_empty() => {
            drift.block(&Place::default(), fields, &schema.block);
        }
        _ => drift.problems.push("the model is not a struct of fields".to_owned()),
    }
    drift.problems
}

/// Where the walk is: as the recorder follows it, and as a reader would write it.
#[derive(Clone, Default)]
struct Place {
    fields: Vec<String>,
    text: String,
}

/// What holds for all of an attribute.
#[derive(Clone, Copy)]
struct Rules {
    /// The user may write it, so that any part may be null or unknown.
    written: bool,
    /// It must not be printed.
    hidden: bool,
}

struct Drift {
    record: fn(&[String]) -> Shape,
    problems: Vec<String>,
}

// === impl Place ===

impl Place {
    fn field(&self, name: &str) -> Self {
        let mut fields = self.fields.clone();
        fields.push(name.to_owned());
        let dot = if self.text.is_empty() { "" } else { "." };
        Self { fields, text: format!("{}{dot}{name}", self.text) }
    }

    fn element(&self) -> Self {
        Self { fields: self.fields.clone(), text: format!("{}[]", self.text) }
    }
}

// === impl Drift ===

impl Drift {
    fn shape(&self, fields: &[String]) -> Shape {
        (self.record)(fields)
    }

    fn say(&mut self, place: &Place, problem: &str) {
        self.problems.push(format!("`{}` {problem}", place.text));
    }

    /// Compares names; what is on both sides is left to the caller.
    fn names(&mut self, place: &Place, fields: &[&str], names: &[&String]) {
        for name in names.iter().filter(|name| !fields.contains(&name.as_str())) {
            let missing = place.field(name).text;
            self.problems.push(format!("the model has no field for `{missing}`"));
        }
        for field in fields.iter().filter(|field| !names.iter().any(|name| name == *field)) {
            let extra = place.field(field).text;
            self.problems.push(format!("the schema has no attribute `{extra}`"));
        }
    }

    fn block(&mut self, place: &Place, fields: &[&str], block: &Block) {
        let names: Vec<_> = block.attributes.keys().chain(block.blocks.keys()).collect();
        self.names(place, fields, &names);
        let both = |name: &str| fields.contains(&name);
        for (name, attribute) in block.attributes.iter().filter(|(name, _)| both(name)) {
            self.attribute(&place.field(name), attribute);
        }
        for (name, nested) in block.blocks.iter().filter(|(name, _)| both(name)) {
            self.nested(&place.field(name), nested);
        }
    }

    fn nested(&mut self, place: &Place, nested: &NestedBlock) {
        let Shape { layers, leaf } = self.shape(&place.fields);
        let fits = match nested.nesting {
            Nesting::Single => matches!(*layers, [Layer::Option | Layer::Attr]),
            Nesting::List | Nesting::Set => {
                matches!(*layers, [Layer::List] | [Layer::Attr, Layer::List])
            }
        };
        let below = match nested.nesting {
            Nesting::Single => place.clone(),
            Nesting::List | Nesting::Set => place.element(),
        };
        match (leaf, nested.nesting) {
            (Some(Leaf::Struct(fields)), _) if fits => self.block(&below, fields, &nested.block),
            (_, Nesting::Single) => {
                self.say(place, "is a single block, but not an `Option` of a struct in the model");
            }
            (_, Nesting::List | Nesting::Set) => {
                self.say(place, "is a repeated block, but not a `Vec` of structs in the model");
            }
        }
    }

    fn attribute(&mut self, place: &Place, attribute: &Attribute) {
        let Shape { layers, leaf } = self.shape(&place.fields);
        let Some(leaf) = leaf else {
            return self.say(place, "cannot be probed: are its keys plain strings?");
        };
        if layers.first() != Some(&Layer::Attr) {
            self.say(place, "is not an `Attr` in the model: it may be null or unknown");
        }
        let rules = Rules {
            written: attribute.mode != Mode::Computed,
            hidden: attribute.sensitive || attribute.write_only,
        };
        self.value(
            place,
            &attribute.ty,
            Part { layers: &layers, leaf: &leaf, secret: false },
            rules,
        );
    }

    fn value(&mut self, place: &Place, ty: &Type, part: Part<'_>, rules: Rules) {
        let Part { layers, leaf, secret } = part.unwrapped();
        match (ty, layers) {
            (Type::List(element) | Type::Set(element), [Layer::List, rest @ ..])
            | (Type::Map(element), [Layer::Map, rest @ ..]) => {
                if rules.written && rest.first() != Some(&Layer::Attr) {
                    let element = place.element();
                    self.say(&element, "is not an `Attr` in the model: it may be null or unknown");
                }
                self.value(&place.element(), element, Part { layers: rest, leaf, secret }, rules);
            }
            (Type::Object(types), []) if matches!(leaf, Leaf::Struct(_)) => {
                if let Leaf::Struct(fields) = leaf {
                    self.object(place, types, fields, secret, rules);
                }
            }
            (_, []) if leaf.takes(ty) => self.secrecy(place, secret, rules),
            (Type::Tuple(_), []) if matches!(leaf, Leaf::Tuple) => {
                self.say(place, "is a tuple, which cannot be probed: hold it as a `Value`");
            }
            _ => {
                let model = layers.first().map_or_else(|| leaf.name(), |layer| layer.name());
                self.say(place, &format!("is {} in the schema, {model} in the model", article(ty)));
            }
        }
    }

    fn object(
        &mut self,
        place: &Place,
        types: &BTreeMap<String, Type>,
        fields: &[&str],
        secret: bool,
        rules: Rules,
    ) {
        self.names(place, fields, &types.keys().collect::<Vec<_>>());
        for (name, ty) in types.iter().filter(|(name, _)| fields.contains(&name.as_str())) {
            let place = place.field(name);
            let Shape { layers, leaf } = self.shape(&place.fields);
            let Some(leaf) = leaf else {
                self.say(&place, "cannot be probed: are its keys plain strings?");
                continue;
            };
            if rules.written && layers.first() != Some(&Layer::Attr) {
                self.say(&place, "is not an `Attr` in the model: it may be null or unknown");
            }
            self.value(&place, ty, Part { layers: &layers, leaf: &leaf, secret }, rules);
        }
    }

    fn secrecy(&mut self, place: &Place, secret: bool, rules: Rules) {
        match (rules.hidden, secret) {
            (true, false) => {
                self.say(place, "is sensitive or write-only, but not a `Secret` in the model");
            }
            (false, true) => {
                self.say(place, "is a `Secret` in the model, but not sensitive in the schema");
            }
            _ => {}
        }
    }
}

/// What is left of a shape on the way down.
#[derive(Clone, Copy)]
struct Part<'s> {
    layers: &'s [Layer],
    leaf: &'s Leaf,
    /// Whether a secret was passed.
    secret: bool,
}

// === impl Part ===

impl Part<'_> {
    /// Passes what does not change the kind of the value.
    fn unwrapped(mut self) -> Self {
        while let [first @ (Layer::Attr | Layer::Option | Layer::Secret), rest @ ..] = self.layers {
            self.secret |= *first == Layer::Secret;
            self.layers = rest;
        }
        self
    }
}

fn article(ty: &Type) -> String {
    let kind = ty.kind();
    let article = if kind.starts_with('o') { "an" } else { "a" };
    format!("{article} {kind}")
}

#[cfg(test)]
mod tests;
