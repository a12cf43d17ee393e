// SPDX-License-Identifier: MPL-2.0
//! The rules a schema must keep, so that a wrong one fails a test and not a user.
//!
//! Most are the CLI's own, checked when it loads a provider, and some of them end it with a panic. The rest keep an
//! author from what the CLI accepts and users suffer: names that configuration cannot use, values nobody documents.

use super::{Attribute, Block, Mode, NestedBlock, Nesting, Schema};
use crate::function::{Parameter, Signature};
use crate::value::{Type, encode_msgpack};

/// What a schema is of; each has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The provider block.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// An ephemeral resource.
    Ephemeral,
    /// The identity of a managed resource.
    Identity,
}

/// Names that configuration gives a meaning of its own at the root of a block.
const RESERVED: [&str; 7] =
    ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

/// The same for provider blocks.
const RESERVED_PROVIDER: [&str; 2] = ["alias", "version"];

/// Says what is wrong with a schema; nothing where all is well.
pub fn check(schema: &Schema, kind: Kind) -> Vec<String> {
    let mut check = Check { kind, problems: Vec::new() };
    if schema.version < 0 {
        check.problems.push(format!("the schema version {} is negative", schema.version));
    }
    check.reserved(&schema.block);
    check.block("", &schema.block, Around::default());
    check.problems
}

/// Says what is wrong with a function's name and face; nothing where all is well.
pub fn check_function(name: &str, signature: &Signature) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_name(name) {
        problems.push(format!("the function name `{name}` is not lower-case snake case"));
    }
    if signature.summary.trim().is_empty() || signature.description.trim().is_empty() {
        problems.push(format!("the function `{name}` lacks a summary or a description"));
    }
    let mut seen: Vec<&str> = Vec::new();
    for Parameter { name, ty, description, .. } in
        signature.parameters.iter().chain(&signature.variadic)
    {
        if !is_name(name) {
            problems.push(format!("the parameter name `{name}` is not lower-case snake case"));
        }
        if seen.contains(&name.as_str()) {
            problems.push(format!("two parameters are called `{name}`"));
        }
        if description.trim().is_empty() {
            problems.push(format!("the parameter `{name}` has no description"));
        }
        if collects_dynamic(ty) {
            problems.push(format!("the parameter `{name}` is a collection of dynamic values"));
        }
        seen.push(name);
    }
    if collects_dynamic(&signature.returns) {
        problems.push(format!("the function `{name}` returns a collection of dynamic values"));
    }
    problems
}

/// Which blocks are around the one that is looked at.
#[derive(Clone, Copy, Default)]
struct Around {
    repeated: bool,
    set: bool,
}

struct Check {
    kind: Kind,
    problems: Vec<String>,
}

// === impl Check ===

impl Check {
    fn say(&mut self, place: &str, problem: &str) {
        self.problems.push(format!("`{place}` {problem}"));
    }

    fn reserved(&mut self, root: &Block) {
        let reserved: &[&str] = match self.kind {
            Kind::Provider => &RESERVED_PROVIDER,
            Kind::Resource | Kind::DataSource | Kind::Ephemeral => &RESERVED,
            Kind::Identity => &[],
        };
        for name in root.attributes.keys().chain(root.blocks.keys()) {
            if reserved.contains(&name.as_str()) {
                self.say(name, "is a name that configuration reserves");
            }
        }
    }

    fn block(&mut self, prefix: &str, block: &Block, around: Around) {
        if block.description.trim().is_empty() {
            match prefix.trim_end_matches('.') {
                "" => self.problems.push("the root block has no description".to_owned()),
                place => self.say(place, "has no description"),
            }
        }
        if block.deprecation.as_ref().is_some_and(|text| text.trim().is_empty()) {
            match prefix.trim_end_matches('.') {
                "" => self.problems.push("the root block is deprecated without a word".to_owned()),
                place => self.say(place, "is deprecated without a word"),
            }
        }
        for (name, attribute) in &block.attributes {
            let place = format!("{prefix}{name}");
            self.name(&place, name);
            self.attribute(&place, attribute, around);
        }
        for (name, nested) in &block.blocks {
            let place = format!("{prefix}{name}");
            self.name(&place, name);
            if block.attributes.contains_key(name) {
                self.say(&place, "is both an attribute and a block");
            }
            if self.kind == Kind::Identity {
                self.say(&place, "is a block, which an identity cannot have");
            }
            self.items(&place, nested);
            let around = Around {
                repeated: around.repeated || nested.nesting != Nesting::Single,
                set: around.set || nested.nesting == Nesting::Set,
            };
            self.block(&format!("{place}."), &nested.block, around);
        }
    }

    fn name(&mut self, place: &str, name: &str) {
        if !is_name(name) {
            self.say(place, "is not a lower-case snake case name");
        }
    }

    fn items(&mut self, place: &str, nested: &NestedBlock) {
        let (min, max) = (nested.min_items, nested.max_items);
        let problem = match nested.nesting {
            _ if min < 0 || max < 0 => "has a negative number of items",
            Nesting::Single if min != max || min > 1 => {
                "is a single block: both bounds are 0 or both are 1"
            }
            Nesting::List | Nesting::Set if max != 0 && min > max => {
                "needs more items than it may have"
            }
            _ => return,
        };
        self.say(place, problem);
    }

    fn attribute(&mut self, place: &str, attribute: &Attribute, around: Around) {
        if attribute.description.trim().is_empty() {
            self.say(place, "has no description");
        }
        if attribute.deprecation.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.say(place, "is deprecated without a word");
        }
        if collects_dynamic(&attribute.ty) {
            self.say(place, "is a collection of dynamic values");
        } else if around.repeated && attribute.ty.has_dynamic() {
            self.say(place, "is dynamic within a repeated block");
        }
        if attribute.write_only {
            self.write_only(place, attribute, around);
        }
        self.default(place, attribute);
        match self.kind {
            Kind::Provider if !is_written(attribute.mode) => {
                self.say(place, "is computed, which a provider block cannot be");
            }
            Kind::Identity => self.identity(place, attribute),
            _ => {}
        }
    }

    fn write_only(&mut self, place: &str, attribute: &Attribute, around: Around) {
        if self.kind != Kind::Resource {
            self.say(place, "is write-only, which only a managed resource can have");
        }
        if !is_written(attribute.mode) {
            self.say(place, "is write-only and computed");
        }
        if around.set {
            self.say(place, "is write-only within a set block");
        }
    }

    fn default(&mut self, place: &str, attribute: &Attribute) {
        let Some(default) = &attribute.default else { return };
        if attribute.mode != Mode::OptionalComputed {
            self.say(place, "has a default but is not optional and computed");
        }
        if default.is_null() || !default.is_wholly_known() {
            self.say(place, "has a default that is null or not known");
        }
        if let Err(error) = encode_msgpack(default, &attribute.ty) {
            self.say(place, &format!("has a default of another type: {error}"));
        }
    }

    fn identity(&mut self, place: &str, attribute: &Attribute) {
        let scalar = |ty: &Type| matches!(ty, Type::Bool | Type::Number | Type::String);
        let fits = match &attribute.ty {
            Type::List(element) => scalar(element),
            ty => scalar(ty),
        };
        if !fits {
            self.say(place, "is neither a scalar nor a list of them, as an identity demands");
        }
        if !is_written(attribute.mode) {
            self.say(place, "is computed: an identity's attributes are required or optional");
        }
        if attribute.sensitive {
            self.say(place, "is sensitive, which an identity cannot be");
        }
    }
}

/// Whether only the user writes it.
fn is_written(mode: Mode) -> bool {
    matches!(mode, Mode::Required | Mode::Optional)
}

/// Whether a configuration can use the name: the CLI's rule for names, and no digit first.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether there is a collection in it whose elements bring types of their own.
fn collects_dynamic(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
        Type::Object(attributes) => attributes.values().any(collects_dynamic),
        Type::Tuple(elements) => elements.iter().any(collects_dynamic),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => false,
    }
}

#[cfg(test)]
mod tests;
