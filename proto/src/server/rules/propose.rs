// SPDX-License-Identifier: MPL-2.0
//! From what the CLI proposes to what the author's plan starts from.
//!
//! Write-only attributes are null; where the configuration is silent a default counts, and what is computed is
//! unknown in an object that is new. What exists keeps its values: the author alone knows what will change.

use crate::schema::{Attribute, Block, Mode, Nesting};
use crate::value::Value;

/// Proposes an object that does not exist yet.
pub(in crate::server) fn create(block: &Block, config: &Value, mut proposed: Value) -> Value {
    fill(block, None, config, &mut proposed);
    proposed
}

/// Proposes the next state of an object that exists.
pub(in crate::server) fn update(
    block: &Block,
    prior: &Value,
    config: &Value,
    mut proposed: Value,
) -> Value {
    fill(block, Some(prior), config, &mut proposed);
    proposed
}

fn fill(block: &Block, prior: Option<&Value>, config: &Value, proposed: &mut Value) {
    let (Value::Map(config), Value::Map(fields)) = (config, proposed) else { return };
    for (name, attribute) in &block.attributes {
        let Some(field) = fields.get_mut(name) else { continue };
        let silent = config.get(name).is_none_or(Value::is_null);
        if attribute.write_only {
            *field = Value::Null;
        } else if silent && let Some(default) = &attribute.default {
            *field = default.clone();
        } else if silent && is_computed(attribute) && prior.is_none() {
            *field = Value::Unknown;
        }
    }
    for (name, nested) in &block.blocks {
        let before = prior.and_then(|prior| field_of(prior, name));
        let (Some(config), Some(field)) = (config.get(name), fields.get_mut(name)) else {
            continue;
        };
        match (nested.nesting, config, field) {
            (Nesting::List, Value::List(config), Value::List(elements)) => {
                for (index, (config, element)) in config.iter().zip(elements).enumerate() {
                    fill(
                        &nested.block,
                        before.and_then(|all| element_of(all, index)),
                        config,
                        element,
                    );
                }
            }
            (Nesting::Set, Value::List(config), Value::List(elements)) => {
                fill_set(&nested.block, before, config, elements);
            }
            (Nesting::Single, config, element) => {
                let before = before.filter(|before| !before.is_null());
                fill(&nested.block, before, config, element);
            }
            _ => {}
        }
    }
}

/// The elements of a set carry no key: each is paired with the configuration it can have come from, and it existed
/// before where an equal one did.
fn fill_set(block: &Block, prior: Option<&Value>, config: &[Value], elements: &mut [Value]) {
    let mut unpaired: Vec<&Value> = config.iter().collect();
    for element in elements {
        let pair = unpaired.iter().position(|config| came_from(block, config, element));
        let config = match pair {
            Some(pair) => unpaired.remove(pair).clone(),
            None => element.clone(),
        };
        let before = match prior {
            Some(Value::List(all)) => all.iter().find(|before| *before == element),
            _ => None,
        };
        fill(block, before, &config, element);
    }
}

fn came_from(block: &Block, config: &Value, element: &Value) -> bool {
    let (Value::Map(config), Value::Map(element)) = (config, element) else {
        return config == element;
    };
    block.attributes.iter().all(|(name, attribute)| {
        let (asked, got) = (config.get(name), element.get(name));
        asked == got || (is_computed(attribute) && asked.is_some_and(Value::is_null))
    }) && block.blocks.iter().all(|(name, nested)| match (config.get(name), element.get(name)) {
        (Some(Value::List(asked)), Some(Value::List(got))) => {
            asked.len() == got.len()
                && asked
                    .iter()
                    .all(|asked| got.iter().any(|got| came_from(&nested.block, asked, got)))
        }
        (Some(asked), Some(got)) => came_from(&nested.block, asked, got),
        (asked, got) => asked == got,
    })
}

fn is_computed(attribute: &Attribute) -> bool {
    matches!(attribute.mode, Mode::Computed | Mode::OptionalComputed)
}

fn field_of<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    match object {
        Value::Map(fields) => fields.get(name),
        _ => None,
    }
}

fn element_of(list: &Value, index: usize) -> Option<&Value> {
    match list {
        Value::List(elements) => elements.get(index),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{create, update};
    use crate::schema::{Attribute, Block};
    use crate::value::{Type, Value};

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    fn object(fields: &[(&str, Value)]) -> Value {
        Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn rule() -> Block {
        Block::new("A rule.")
            .attribute("port", Attribute::required(Type::String, "Port."))
            .attribute(
                "mode",
                Attribute::optional(Type::String, "Mode.").default_value(text("tcp")),
            )
            .attribute("id", Attribute::computed(Type::String, "Id."))
    }

    fn element(port: &str, mode: Value, id: Value) -> Value {
        object(&[("port", text(port)), ("mode", mode), ("id", id)])
    }

    #[test]
    fn a_new_object_has_defaults_and_unknowns_and_no_write_only_value() {
        let block = Block::new("A thing.")
            .attribute("id", Attribute::computed(Type::String, "Id."))
            .attribute("name", Attribute::optional(Type::String, "Name."))
            .attribute("zone", Attribute::optional_computed(Type::String, "Zone."))
            .attribute("token", Attribute::optional(Type::String, "Token.").write_only());
        let config = object(&[
            ("id", Value::Null),
            ("name", Value::Null),
            ("zone", text("a")),
            ("token", text("hidden")),
        ]);
        let expected = object(&[
            ("id", Value::Unknown),
            ("name", Value::Null),
            ("zone", text("a")),
            ("token", Value::Null),
        ]);
        assert_eq!(create(&block, &config, config.clone()), expected);
    }

    #[test]
    fn what_exists_keeps_computed_values_and_only_new_elements_are_unknown() {
        for block in [Block::new("A.").list("rule", rule()), Block::new("A.").set("rule", rule())] {
            let old = element("1", text("udp"), text("r-1"));
            let prior = object(&[("rule", Value::List(vec![old.clone()]))]);
            let config = object(&[(
                "rule",
                Value::List(vec![
                    element("1", text("udp"), Value::Null),
                    element("2", Value::Null, Value::Null),
                ]),
            )]);
            let proposed = object(&[(
                "rule",
                Value::List(vec![old.clone(), element("2", Value::Null, Value::Null)]),
            )]);
            let expected = object(&[(
                "rule",
                Value::List(vec![old, element("2", text("tcp"), Value::Unknown)]),
            )]);
            assert_eq!(update(&block, &prior, &config, proposed), expected);
        }
    }

    #[test]
    fn a_set_element_is_paired_with_its_own_configuration() {
        let block = Block::new("A.").set("rule", rule());
        let prior = object(&[(
            "rule",
            Value::List(vec![
                element("1", text("udp"), text("r-1")),
                element("2", text("udp"), text("r-2")),
            ]),
        )]);
        // The second one's mode was dropped from the configuration; the CLI kept the prior value.
        let config = object(&[(
            "rule",
            Value::List(vec![
                element("2", Value::Null, Value::Null),
                element("1", text("udp"), Value::Null),
            ]),
        )]);
        let planned = update(&block, &prior, &config, prior.clone());
        let expected = object(&[(
            "rule",
            Value::List(vec![
                element("1", text("udp"), text("r-1")),
                element("2", text("tcp"), text("r-2")),
            ]),
        )]);
        assert_eq!(planned, expected);
    }

    #[test]
    fn a_block_that_is_new_in_an_old_object_is_new() {
        let block = Block::new("A.").single("rule", rule());
        let config = object(&[("rule", element("1", Value::Null, Value::Null))]);
        let prior = object(&[("rule", Value::Null)]);
        let expected = object(&[("rule", element("1", text("tcp"), Value::Unknown))]);
        assert_eq!(update(&block, &prior, &config, config.clone()), expected);
    }
}
