// SPDX-License-Identifier: MPL-2.0
use super::*;
use crate::value::Value;

fn root() -> Block {
    Block::new("Root.")
}

fn inner() -> Block {
    Block::new("Inner.")
}

fn string(description: &str) -> Attribute {
    Attribute::optional(Type::String, description)
}

fn bounded(nesting: Nesting, min_items: i64, max_items: i64) -> Block {
    let mut block = root();
    let nested = NestedBlock { nesting, block: inner(), min_items, max_items };
    block.blocks.insert("b".to_owned(), nested);
    block
}

fn problems(block: Block, kind: Kind) -> Vec<String> {
    check(&Schema::new(block), kind)
}

#[test]
fn a_good_schema_passes() {
    let secret = Attribute::required(Type::String, "A.").sensitive().write_only();
    let block = root()
        .attribute("_a9", Attribute::required(Type::String, "A."))
        .attribute("any", Attribute::optional(Type::Dynamic, "A."))
        .attribute("size", Attribute::optional(Type::Number, "A.").default_value(3.into()))
        .attribute("tags", Attribute::computed(Type::map(Type::set(Type::Bool)), "A."))
        .attribute("secret", secret.clone())
        .attribute("whole", Attribute::optional(Type::set(Type::String), "A.").write_only())
        .single("one", inner().attribute("any", Attribute::computed(Type::Dynamic, "A.")))
        .list("many", inner().attribute("secret", secret))
        .set("sets", inner().attribute("a", string("A.")));
    assert_eq!(problems(block, Kind::Resource), Vec::<String>::new());
    let identity = root()
        .attribute("id", Attribute::required(Type::String, "A."))
        .attribute("tags", Attribute::optional(Type::list(Type::Bool), "A."));
    assert_eq!(problems(identity, Kind::Identity), Vec::<String>::new());
    for (nesting, min, max) in [
        (Nesting::Single, 0, 0),
        (Nesting::Single, 1, 1),
        (Nesting::List, 1, 1),
        (Nesting::Set, 2, 0),
        (Nesting::List, 0, 3),
    ] {
        let block = bounded(nesting, min, max);
        assert_eq!(problems(block, Kind::Resource), Vec::<String>::new());
    }
    let block = root().attribute("version", string("A."));
    assert_eq!(problems(block, Kind::DataSource), Vec::<String>::new());
    let block = root().attribute("count", string("A."));
    assert_eq!(problems(block, Kind::Provider), Vec::<String>::new());
}

#[test]
fn every_rule_speaks() {
    let attribute = |name: &str, attribute: Attribute| root().attribute(name, attribute);
    let dynamic = || inner().attribute("a", Attribute::optional(Type::Dynamic, "A."));
    let secret = || Attribute::optional(Type::String, "A.").write_only();
    let mut deprecated = string("A.");
    deprecated.deprecation = Some(" ".to_owned());
    let mut deprecated_block = inner();
    deprecated_block.deprecation = Some(String::new());
    let mut eager = string("A.");
    eager.default = Some("x".into());
    let typed = |ty: Type| Attribute::optional(ty, "A.");
    let default = |ty: Type, value: Value| typed(ty).default_value(value);
    let object = Type::object([("x", Type::list(Type::Dynamic))]);
    let collection = "is a collection of dynamic values";

    let rows: Vec<(Block, Kind, Vec<String>)> = [
        (Block::new(""), Kind::Resource, "the root block has no description".to_owned()),
        (attribute("Name", string("A.")), Kind::Resource, name_problem("Name")),
        (attribute("na-me", string("A.")), Kind::Resource, name_problem("na-me")),
        (attribute("9", string("A.")), Kind::Resource, name_problem("9")),
        (attribute("", string("A.")), Kind::Resource, name_problem("")),
        (root().list("b", inner().single("X", inner())), Kind::Resource, name_problem("b.X")),
        (attribute("a", string(" ")), Kind::Resource, "`a` has no description".to_owned()),
        (root().list("b", Block::new("")), Kind::Resource, "`b` has no description".to_owned()),
        (attribute("a", deprecated), Kind::Resource, "`a` is deprecated without a word".to_owned()),
        (
            root().set("b", deprecated_block),
            Kind::Resource,
            "`b` is deprecated without a word".to_owned(),
        ),
        (
            attribute("a", string("A.")).list("a", inner()),
            Kind::Resource,
            "`a` is both an attribute and a block".to_owned(),
        ),
        (
            bounded(Nesting::List, -1, 0),
            Kind::Resource,
            "`b` has a negative number of items".to_owned(),
        ),
        (
            bounded(Nesting::Single, 0, 1),
            Kind::Resource,
            "`b` is a single block: both bounds are 0 or both are 1".to_owned(),
        ),
        (
            bounded(Nesting::Single, 2, 2),
            Kind::Resource,
            "`b` is a single block: both bounds are 0 or both are 1".to_owned(),
        ),
        (
            bounded(Nesting::Set, 3, 2),
            Kind::Resource,
            "`b` needs more items than it may have".to_owned(),
        ),
        (
            attribute("a", typed(Type::set(Type::Dynamic))),
            Kind::Resource,
            format!("`a` {collection}"),
        ),
        (attribute("a", typed(object)), Kind::Resource, format!("`a` {collection}")),
        (
            root().list("b", inner().single("c", dynamic())),
            Kind::Resource,
            "`b.c.a` is dynamic within a repeated block".to_owned(),
        ),
        (
            root().set("b", dynamic()),
            Kind::DataSource,
            "`b.a` is dynamic within a repeated block".to_owned(),
        ),
        (
            attribute("a", secret()),
            Kind::DataSource,
            "`a` is write-only, which only a managed resource can have".to_owned(),
        ),
        (
            root().set("b", inner().list("c", inner().attribute("a", secret()))),
            Kind::Resource,
            "`b.c.a` is write-only within a set block".to_owned(),
        ),
        (
            attribute("a", Attribute::computed(Type::String, "A.").write_only()),
            Kind::Resource,
            "`a` is write-only and computed".to_owned(),
        ),
        (
            attribute("a", eager),
            Kind::Resource,
            "`a` has a default but is not optional and computed".to_owned(),
        ),
        (
            attribute("a", default(Type::list(Type::Bool), Value::List(vec!["x".into()]))),
            Kind::Resource,
            "`a` has a default of another type: [0]: invalid type: string, expected boolean"
                .to_owned(),
        ),
        (
            attribute("a", default(Type::Bool, Value::Null)),
            Kind::Resource,
            "`a` has a default that is null or not known".to_owned(),
        ),
        (
            attribute("a", default(Type::list(Type::Bool), Value::List(vec![Value::Unknown]))),
            Kind::Resource,
            "`a` has a default that is null or not known".to_owned(),
        ),
        (
            attribute("a", Attribute::computed(Type::Bool, "A.")),
            Kind::Provider,
            "`a` is computed, which a provider block cannot be".to_owned(),
        ),
        (
            attribute("a", typed(Type::map(Type::String))),
            Kind::Identity,
            "`a` is neither a scalar nor a list of them, as an identity demands".to_owned(),
        ),
        (
            attribute("a", Attribute::computed(Type::String, "A.")),
            Kind::Identity,
            "`a` is computed: an identity's attributes are required or optional".to_owned(),
        ),
        (
            attribute("a", string("A.").sensitive()),
            Kind::Identity,
            "`a` is sensitive, which an identity cannot be".to_owned(),
        ),
        (
            root().single("b", inner()),
            Kind::Identity,
            "`b` is a block, which an identity cannot have".to_owned(),
        ),
    ]
    .into_iter()
    .map(|(block, kind, problem)| (block, kind, vec![problem]))
    .collect();
    for (block, kind, expected) in rows {
        assert_eq!(problems(block.clone(), kind), expected, "{block:?}");
    }
    for name in RESERVED {
        let expected = vec![format!("`{name}` is a name that configuration reserves")];
        for kind in [Kind::Resource, Kind::DataSource, Kind::Ephemeral] {
            assert_eq!(problems(attribute(name, string("A.")), kind), expected);
            assert_eq!(problems(root().single(name, inner()), kind), expected);
        }
        let below = root().single("b", inner().attribute(name, string("A.")));
        assert_eq!(problems(below, Kind::Resource), Vec::<String>::new());
    }
    for name in RESERVED_PROVIDER {
        let expected = vec![format!("`{name}` is a name that configuration reserves")];
        assert_eq!(problems(attribute(name, string("A.")), Kind::Provider), expected);
    }
    let negative = Schema { version: -1, block: root() };
    assert_eq!(check(&negative, Kind::Resource), ["the schema version -1 is negative"]);
}

fn name_problem(place: &str) -> String {
    format!("`{place}` is not a lower-case snake case name")
}

#[test]
fn functions_have_rules_too() {
    let parameter = |name: &str, ty: Type, description: &str| Parameter {
        name: name.to_owned(),
        ty,
        description: description.to_owned(),
        allow_null: false,
        allow_unknown: false,
    };
    let good = Signature {
        parameters: vec![parameter("app", Type::String, "App.")],
        variadic: Some(parameter("rest", Type::Dynamic, "Rest.")),
        returns: Type::map(Type::String),
        summary: "Names.".to_owned(),
        description: "Names of an instance.".to_owned(),
    };
    assert_eq!(check_function("names", &good), Vec::<String>::new());
    let bad = Signature {
        parameters: vec![parameter("a-b", Type::String, ""), parameter("x", Type::String, "X.")],
        variadic: Some(parameter("x", Type::list(Type::Dynamic), "X.")),
        returns: Type::set(Type::Dynamic),
        summary: String::new(),
        description: "D.".to_owned(),
    };
    assert_eq!(
        check_function("9x", &bad),
        [
            "the function name `9x` is not lower-case snake case",
            "the function `9x` lacks a summary or a description",
            "the parameter name `a-b` is not lower-case snake case",
            "the parameter `a-b` has no description",
            "two parameters are called `x`",
            "the parameter `x` is a collection of dynamic values",
            "the function `9x` returns a collection of dynamic values",
        ]
    );
}
