// SPDX-License-Identifier: MPL-2.0
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::*;
use crate::value::{Attr, Number, Secret, Value};

macro_rules! model {
    ($name:ident { $($field:ident: $ty:ty),* $(,)? }) => {
        #[allow(dead_code)]
        #[derive(Deserialize)]
        struct $name { $($field: $ty,)* }
    };
}

fn optional(ty: Type) -> Attribute {
    Attribute::optional(ty, "A.")
}

fn schema(attributes: &[(&str, Attribute)]) -> Schema {
    let block = Block::new("Root.");
    Schema::new(
        attributes.iter().fold(block, |block, (name, it)| block.attribute(name, it.clone())),
    )
}

const NO_PROBLEMS: [&str; 0] = [];

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Gate {
    Enforce,
    Off,
}

/// A name that only a parser makes, as models hold it.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Parsed;

impl TryFrom<String> for Parsed {
    type Error = String;

    fn try_from(_text: String) -> Result<Self, String> {
        Err("never".to_owned())
    }
}

model!(Grant {
    role: Attr<String>,
    limit: Attr<u16>,
});

model!(Inner {
    key: Attr<Secret<String>>,
    deeper: Vec<Deeper>,
});

model!(Deeper {
    flag: Attr<bool>,
});

model!(Whole {
    name: Attr<String>,
    parsed: Attr<Parsed>,
    gate: Attr<Gate>,
    count: Attr<i64>,
    share: Attr<f64>,
    exact: Attr<Number>,
    on: Attr<bool>,
    list: Attr<Vec<Attr<String>>>,
    set: Attr<BTreeSet<Attr<String>>>,
    map: Attr<BTreeMap<String, Attr<Vec<Attr<bool>>>>>,
    grants: Attr<Vec<Attr<Grant>>>,
    any: Attr<Value>,
    loose: Attr<Value>,
    output: Attr<BTreeMap<String, String>>,
    secret: Attr<Secret<String>>,
    tokens: Attr<BTreeMap<String, Attr<Secret<String>>>>,
    one: Option<Inner>,
    late: Attr<Inner>,
    many: Vec<Inner>,
    unsure: Attr<Vec<Inner>>,
});

fn whole() -> Schema {
    let grant = Type::object([("role", Type::String), ("limit", Type::Number)]);
    let deeper = Block::new("Deeper.").attribute("flag", optional(Type::Bool));
    let inner = Block::new("Inner.")
        .attribute("key", optional(Type::String).write_only())
        .list("deeper", deeper);
    let mut schema = schema(&[
        ("name", Attribute::required(Type::String, "A.")),
        ("parsed", optional(Type::String)),
        ("gate", optional(Type::String)),
        ("count", optional(Type::Number)),
        ("share", optional(Type::Number)),
        ("exact", optional(Type::Number)),
        ("on", optional(Type::Bool)),
        ("list", optional(Type::list(Type::String))),
        ("set", optional(Type::set(Type::String))),
        ("map", optional(Type::map(Type::list(Type::Bool)))),
        ("grants", optional(Type::list(grant))),
        ("any", optional(Type::Dynamic)),
        ("loose", optional(Type::tuple([Type::Bool]))),
        ("output", Attribute::computed(Type::map(Type::String), "A.")),
        ("secret", optional(Type::String).sensitive()),
        ("tokens", optional(Type::map(Type::String)).sensitive()),
    ]);
    schema.block = schema
        .block
        .single("one", inner.clone())
        .single("late", inner.clone())
        .list("many", inner.clone())
        .set("unsure", inner);
    schema
}

#[test]
fn a_model_that_agrees_is_silent() {
    assert_eq!(probe::<Whole>(&whole()), NO_PROBLEMS);
    assert!(matches!([Gate::Enforce, Gate::Off], [Gate::Enforce, Gate::Off]));
}

#[test]
fn names_are_compared_both_ways() {
    model!(Model {
        port: Attr<i64>,
        grants: Attr<Vec<Attr<Grant>>>,
        many: Vec<Deeper>,
    });
    let grant = Type::object([("role", Type::String), ("level", Type::Number)]);
    let mut schema =
        schema(&[("prot", optional(Type::Number)), ("grants", optional(Type::list(grant)))]);
    let many =
        Block::new("Many.").attribute("flog", optional(Type::Bool)).single("sub", Block::new("S."));
    schema.block = schema.block.list("many", many).set("more", Block::new("More."));
    assert_eq!(
        probe::<Model>(&schema),
        [
            "the model has no field for `prot`",
            "the model has no field for `more`",
            "the schema has no attribute `port`",
            "the model has no field for `grants[].level`",
            "the schema has no attribute `grants[].limit`",
            "the model has no field for `many[].flog`",
            "the model has no field for `many[].sub`",
            "the schema has no attribute `many[].flag`",
        ]
    );
}

#[test]
fn kinds_are_compared() {
    model!(Model {
        a: Attr<bool>,
        b: Attr<String>,
        c: Attr<Vec<Attr<String>>>,
        d: Attr<BTreeMap<String, Attr<bool>>>,
        e: Attr<Grant>,
        f: Attr<f32>,
        g: Attr<(Attr<bool>,)>,
        h: Attr<serde_json::Value>,
        i: Attr<BTreeMap<Parsed, Attr<bool>>>,
        j: Attr<String>,
        k: Attr<Vec<Attr<Value>>>,
        l: Attr<Grant>,
    });
    let grant = Type::object([("role", Type::Bool), ("limit", Type::list(Type::Number))]);
    let schema = schema(&[
        ("a", optional(Type::Number)),
        ("b", optional(Type::list(Type::String))),
        ("c", optional(Type::list(Type::Bool))),
        ("d", optional(Type::set(Type::Bool))),
        ("e", optional(Type::map(Type::Bool))),
        ("f", optional(Type::Number)),
        ("g", optional(Type::tuple([Type::Bool]))),
        ("h", optional(Type::Dynamic)),
        ("i", optional(Type::map(Type::Bool))),
        ("j", optional(Type::Dynamic)),
        ("k", optional(Type::list(Type::object([("x", Type::Bool)])))),
        ("l", optional(grant)),
    ]);
    assert_eq!(
        probe::<Model>(&schema),
        [
            "`a` is a number in the schema, a boolean in the model",
            "`b` is a list in the schema, a string in the model",
            "`c[]` is a boolean in the schema, a string in the model",
            "`d` is a set in the schema, a map in the model",
            "`e` is a map in the schema, a struct in the model",
            "`f` is a number in the schema, an f32 in the model",
            "`g` is a tuple, which cannot be probed: hold it as a `Value`",
            "`h` is a dynamic value in the schema, anything in the model",
            "`i` cannot be probed: are its keys plain strings?",
            "`j` is a dynamic value in the schema, a string in the model",
            "`l.limit` is a list in the schema, a number in the model",
            "`l.role` is a boolean in the schema, a string in the model",
        ]
    );
}

#[test]
fn null_and_unknown_need_an_attr() {
    model!(Bare { limit: i64 });
    model!(Model {
        a: String,
        b: Option<String>,
        c: Attr<Vec<String>>,
        d: Attr<BTreeMap<String, Option<bool>>>,
        e: Attr<Bare>,
        f: Attr<Vec<String>>,
        g: Option<bool>,
    });
    let bare = Type::object([("limit", Type::Number)]);
    let schema = schema(&[
        ("a", optional(Type::String)),
        ("b", optional(Type::String)),
        ("c", Attribute::required(Type::list(Type::String), "A.")),
        ("d", Attribute::optional_computed(Type::map(Type::Bool), "A.")),
        ("e", optional(bare)),
        ("f", Attribute::computed(Type::list(Type::String), "A.")),
        ("g", Attribute::computed(Type::Bool, "A.")),
    ]);
    assert_eq!(
        probe::<Model>(&schema),
        ["a", "b", "c[]", "d[]", "e.limit", "g"].map(|place| format!(
            "`{place}` is not an `Attr` in the model: it may be null or unknown"
        ))
    );
}

#[test]
fn what_is_hidden_is_a_secret() {
    model!(Model {
        a: Attr<String>,
        b: Attr<String>,
        c: Attr<Vec<Attr<String>>>,
        d: Attr<Grant>,
        e: Attr<Value>,
        f: Attr<Secret<String>>,
        g: Attr<Vec<Attr<Secret<String>>>>,
    });
    let grant = Type::object([("role", Type::String), ("limit", Type::Number)]);
    let schema = schema(&[
        ("a", optional(Type::String).sensitive()),
        ("b", optional(Type::String).write_only()),
        ("c", optional(Type::list(Type::String)).sensitive()),
        ("d", optional(grant).sensitive()),
        ("e", optional(Type::Dynamic).sensitive()),
        ("f", optional(Type::String)),
        ("g", optional(Type::set(Type::String))),
    ]);
    let open = |place: &str| {
        format!("`{place}` is sensitive or write-only, but not a `Secret` in the model")
    };
    let closed = |place: &str| {
        format!("`{place}` is a `Secret` in the model, but not sensitive in the schema")
    };
    assert_eq!(
        probe::<Model>(&schema),
        [
            open("a"),
            open("b"),
            open("c[]"),
            open("d.limit"),
            open("d.role"),
            open("e"),
            closed("f"),
            closed("g[]"),
        ]
    );
}

#[test]
fn blocks_are_structs() {
    model!(Model {
        a: Vec<Deeper>,
        b: Deeper,
        c: Option<Deeper>,
        d: Attr<String>,
        e: Vec<Attr<Deeper>>,
        f: BTreeMap<String, Deeper>,
        g: Option<Vec<Deeper>>,
    });
    let deeper = Block::new("Deeper.").attribute("flag", optional(Type::Bool));
    let block = Block::new("Root.")
        .single("a", deeper.clone())
        .single("b", deeper.clone())
        .list("c", deeper.clone())
        .single("d", deeper.clone())
        .list("e", deeper.clone())
        .set("f", deeper.clone())
        .list("g", deeper);
    let single = |name: &str| {
        format!("`{name}` is a single block, but not an `Option` of a struct in the model")
    };
    let repeated = |name: &str| {
        format!("`{name}` is a repeated block, but not a `Vec` of structs in the model")
    };
    assert_eq!(
        probe::<Model>(&Schema::new(block)),
        [
            single("a"),
            single("b"),
            repeated("c"),
            single("d"),
            repeated("e"),
            repeated("f"),
            repeated("g"),
        ]
    );
}

#[test]
fn a_model_is_a_struct() {
    #[allow(dead_code)]
    #[derive(Deserialize)]
    struct Flat {
        #[serde(flatten)]
        grant: Grant,
    }

    let expected = ["the model is not a struct of fields"];
    let schema = schema(&[]);
    assert_eq!(probe::<Value>(&schema), expected);
    assert_eq!(probe::<Option<Grant>>(&schema), expected);
    assert_eq!(probe::<BTreeMap<String, Attr<String>>>(&schema), expected);
    assert_eq!(probe::<Flat>(&schema), expected);
}
