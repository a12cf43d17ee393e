// SPDX-License-Identifier: MPL-2.0
//! Whether a plan keeps to the configuration, by the rules the CLI would refuse it by.

use crate::schema::{Attribute, Block, Mode, NestedBlock, Nesting};
use crate::value::{Path, Type, Value, encode_msgpack};

/// Lists what in a planned object contradicts its configuration. The prior object is null where there is none.
///
/// A configured attribute is planned as configured, or held at its prior value; an attribute the provider does not
/// compute is null where it is not configured; nested blocks are as many as configured.
pub(in crate::server) fn check(
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<(Path, String)> {
    let mut faults = Vec::new();
    object(block, prior, config, planned, &Path::root(), &mut faults);
    faults
}

fn object(
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    faults: &mut Vec<(Path, String)>,
) {
    let (config, planned) = match (config, planned) {
        (Value::Map(config), Value::Map(planned)) => (config, planned),
        (config, planned) if config == planned => return,
        _ => {
            let problem = "it is planned where the configuration has none, or the other way round";
            faults.push((at.clone(), problem.to_owned()));
            return;
        }
    };
    let before = |name: &str| match prior {
        Value::Map(fields) => fields.get(name).unwrap_or(&Value::Null),
        _ => &Value::Null,
    };
    for (name, attribute) in &block.attributes {
        let (config, planned) = (config.get(name), planned.get(name));
        let (config, planned) = (config.unwrap_or(&Value::Null), planned.unwrap_or(&Value::Null));
        if let Some(problem) = judge(attribute, before(name), config, planned) {
            faults.push((at.clone().field(name), problem.to_owned()));
        }
    }
    for (name, nested) in &block.blocks {
        let (config, planned) = (config.get(name), planned.get(name));
        let (config, planned) = (config.unwrap_or(&Value::Null), planned.unwrap_or(&Value::Null));
        blocks(nested, before(name), config, planned, &at.clone().field(name), faults);
    }
}

fn judge(
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Option<&'static str> {
    let computed = matches!(attribute.mode, Mode::Computed | Mode::OptionalComputed);
    if attribute.write_only {
        return (!planned.is_null()).then_some("a write-only value is planned");
    }
    if attribute.mode == Mode::Computed || (computed && config.is_null()) {
        return None;
    }
    let same = |other: &Value| same(planned, other, &attribute.ty);
    if same(config) || (!config.is_null() && !prior.is_null() && same(prior)) {
        return None;
    }
    Some(if config.is_null() {
        "a value is planned, though it is not configured and not computed"
    } else {
        "the planned value is neither the configured one nor the prior one"
    })
}

fn blocks(
    nested: &NestedBlock,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
    faults: &mut Vec<(Path, String)>,
) {
    let block = &nested.block;
    match (nested.nesting, config, planned) {
        (Nesting::Single, _, _) => object(block, prior, config, planned, at, faults),
        // A dynamic block over something unknown: it stays as it is.
        (_, Value::Unknown, Value::Unknown) => {}
        (Nesting::List, Value::List(asked), Value::List(got)) if asked.len() == got.len() => {
            for (index, (asked, got)) in asked.iter().zip(got).enumerate() {
                let before = match prior {
                    Value::List(all) => all.get(index).unwrap_or(&Value::Null),
                    _ => &Value::Null,
                };
                object(block, before, asked, got, &at.clone().index(index), faults);
            }
        }
        (Nesting::Set, Value::List(asked), Value::List(got)) => {
            let fits =
                |asked: &Value, got: &Value| check(block, &Value::Null, asked, got).is_empty();
            let unmet = asked.iter().any(|asked| !got.iter().any(|got| fits(asked, got)));
            let extra = got.iter().any(|got| !asked.iter().any(|asked| fits(asked, got)));
            if unmet || extra {
                let problem = "the planned blocks are not the configured ones";
                faults.push((at.clone(), problem.to_owned()));
            }
        }
        (Nesting::List, Value::List(asked), Value::List(got)) => {
            let problem =
                format!("{} blocks are configured and {} planned", asked.len(), got.len());
            faults.push((at.clone(), problem));
        }
        _ => {
            let problem =
                "the planned blocks are null or unknown where the configured ones are not";
            faults.push((at.clone(), problem.to_owned()));
        }
    }
}

/// Whether two values are equal; sets are, whatever the order of their elements.
fn same(left: &Value, right: &Value, ty: &Type) -> bool {
    left == right || (has_set(ty) && canonical(left, ty) == canonical(right, ty))
}

/// Whether a value of the type may hold a set; one of a dynamic type may.
fn has_set(ty: &Type) -> bool {
    match ty {
        Type::Set(_) | Type::Dynamic => true,
        Type::List(ty) | Type::Map(ty) => has_set(ty),
        Type::Object(attributes) => attributes.values().any(has_set),
        Type::Tuple(types) => types.iter().any(has_set),
        Type::Bool | Type::Number | Type::String => false,
    }
}

/// The value with its sets in one order and without repetition.
fn canonical(value: &Value, ty: &Type) -> Value {
    match (value, ty) {
        (Value::List(elements), Type::Set(ty)) => {
            let mut keyed: Vec<_> = elements
                .iter()
                .map(|element| canonical(element, ty))
                .map(|element| (encode_msgpack(&element, ty).unwrap_or_default(), element))
                .collect();
            keyed.sort_by(|left, right| left.0.cmp(&right.0));
            keyed.dedup_by(|left, right| left.1 == right.1);
            Value::List(keyed.into_iter().map(|(_, element)| element).collect())
        }
        (Value::List(elements), Type::List(ty)) => {
            Value::List(elements.iter().map(|element| canonical(element, ty)).collect())
        }
        (Value::List(elements), Type::Tuple(types)) => Value::List(
            elements.iter().zip(types).map(|(element, ty)| canonical(element, ty)).collect(),
        ),
        (Value::Map(fields), Type::Map(ty)) => Value::Map(
            fields.iter().map(|(key, field)| (key.clone(), canonical(field, ty))).collect(),
        ),
        (Value::Map(fields), Type::Object(types)) => {
            let field = |(name, field): (&String, &Value)| {
                let field =
                    types.get(name).map_or_else(|| field.clone(), |ty| canonical(field, ty));
                (name.clone(), field)
            };
            Value::Map(fields.iter().map(field).collect())
        }
        (Value::Dynamic(ty, value), _) => {
            Value::Dynamic(ty.clone(), Box::new(canonical(value, ty)))
        }
        (value, _) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::schema::{Attribute, Block};
    use crate::value::{Type, Value};

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    fn object(fields: &[(&str, Value)]) -> Value {
        Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn faults(block: &Block, prior: &Value, config: &Value, planned: &Value) -> Vec<String> {
        check(block, prior, config, planned)
            .into_iter()
            .map(|(path, problem)| format!("{path}: {problem}"))
            .collect()
    }

    fn one(attribute: Attribute, prior: Value, config: Value, planned: Value) -> Vec<String> {
        let block = Block::new("A.").attribute("a", attribute);
        faults(
            &block,
            &object(&[("a", prior)]),
            &object(&[("a", config)]),
            &object(&[("a", planned)]),
        )
    }

    #[test]
    fn each_kind_of_attribute_has_its_own_freedom() {
        let required = || Attribute::required(Type::String, "A.");
        let optional = || Attribute::optional(Type::String, "A.");
        let either = || Attribute::optional_computed(Type::String, "A.");
        let computed = || Attribute::computed(Type::String, "A.");
        let none: [String; 0] = [];
        let wrong = ["a: the planned value is neither the configured one nor the prior one"];
        let unasked = ["a: a value is planned, though it is not configured and not computed"];

        assert_eq!(one(required(), Value::Null, text("x"), text("x")), none);
        assert_eq!(
            one(required(), text("y"), text("x"), text("y")),
            none,
            "held at the prior value"
        );
        assert_eq!(one(required(), text("y"), text("x"), text("z")), wrong);
        assert_eq!(one(required(), Value::Null, text("x"), Value::Unknown), wrong);
        assert_eq!(one(required(), Value::Null, Value::Unknown, text("x")), wrong);
        assert_eq!(one(optional(), text("y"), Value::Null, text("y")), unasked);
        assert_eq!(one(optional(), text("y"), Value::Null, Value::Null), none);
        assert_eq!(one(either(), Value::Null, Value::Null, text("any")), none);
        assert_eq!(one(either(), Value::Null, text("x"), Value::Unknown), wrong);
        assert_eq!(one(computed(), text("y"), Value::Null, Value::Unknown), none);
        assert_eq!(
            one(optional().write_only(), Value::Null, text("x"), text("x")),
            ["a: a write-only value is planned"]
        );
    }

    #[test]
    fn sets_are_equal_whatever_their_order() {
        let set = Attribute::required(Type::Set(Box::new(Type::String)), "A.");
        let none: [String; 0] = [];
        let list = |items: &[&str]| Value::List(items.iter().map(|item| text(item)).collect());
        assert_eq!(one(set.clone(), Value::Null, list(&["a", "b"]), list(&["b", "a"])), none);
        assert_eq!(one(set, Value::Null, list(&["a", "b"]), list(&["b", "c"])).len(), 1);
    }

    #[test]
    fn blocks_are_as_configured() {
        let rule = Block::new("R.")
            .attribute("port", Attribute::required(Type::String, "Port."))
            .attribute("id", Attribute::computed(Type::String, "Id."));
        let element = |port: &str, id: Value| object(&[("port", text(port)), ("id", id)]);
        let of = |elements: &[Value]| object(&[("rule", Value::List(elements.to_vec()))]);
        let none: [String; 0] = [];

        let list = Block::new("A.").list("rule", rule.clone());
        let config = of(&[element("1", Value::Null)]);
        let planned = of(&[element("1", Value::Unknown)]);
        assert_eq!(faults(&list, &Value::Null, &config, &planned), none);
        assert_eq!(
            faults(&list, &Value::Null, &config, &of(&[])),
            ["rule: 1 blocks are configured and 0 planned"]
        );
        assert_eq!(
            faults(&list, &Value::Null, &config, &of(&[element("2", Value::Null)])),
            ["rule[0].port: the planned value is neither the configured one nor the prior one"]
        );
        assert_eq!(
            faults(&list, &Value::Null, &config, &object(&[("rule", Value::Null)])),
            ["rule: the planned blocks are null or unknown where the configured ones are not"]
        );

        let set = Block::new("A.").set("rule", rule.clone());
        let config = of(&[element("1", Value::Null), element("2", Value::Null)]);
        let planned = of(&[element("2", Value::Unknown), element("1", text("r-1"))]);
        assert_eq!(faults(&set, &Value::Null, &config, &planned), none);
        let planned = of(&[element("2", Value::Unknown)]);
        assert_eq!(
            faults(&set, &Value::Null, &config, &planned),
            ["rule: the planned blocks are not the configured ones"]
        );

        let single = Block::new("A.").single("rule", rule);
        let config = object(&[("rule", element("1", Value::Null))]);
        let planned = object(&[("rule", Value::Null)]);
        assert_eq!(
            faults(&single, &Value::Null, &config, &planned),
            ["rule: it is planned where the configuration has none, or the other way round"]
        );
    }
}
