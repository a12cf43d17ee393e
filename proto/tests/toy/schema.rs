// SPDX-License-Identifier: MPL-2.0
//! The schema of a thing: every kind of attribute and block.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Type, Value};

/// The schema of `toy_thing`.
pub fn thing() -> Schema {
    let mut old = Attribute::optional(Type::String, "What it was once called.");
    old.deprecation = Some("Use name instead.".to_owned());
    let network = Block::new("Where it listens.")
        .attribute("cidr", Attribute::required(Type::String, "The range."))
        .attribute("gateway", Attribute::computed(Type::String, "The way out of it."));
    let rule = Block::new("Who may come in.")
        .attribute("port", Attribute::required(Type::Number, "The port."))
        .attribute("rule_id", Attribute::computed(Type::String, "What the rule got for a name."));
    let mode = Attribute::optional(Type::String, "How.").default_value(Value::from("ro"));
    let mount = Block::new("What it sees.")
        .attribute("path", Attribute::required(Type::String, "The path."))
        .attribute("mode", mode);
    let block = Block::new("A thing.")
        .attribute("name", Attribute::required(Type::String, "Its name; a new one is a new thing."))
        .attribute(
            "size",
            Attribute::optional(Type::Number, "How large.").default_value(Value::from(1)),
        )
        .attribute("ratio", Attribute::optional(Type::Number, "An exact number."))
        .attribute("color", Attribute::optional_computed(Type::String, "Its colour."))
        .attribute("id", Attribute::computed(Type::String, "Its name in the world."))
        .attribute("revision", Attribute::computed(Type::Number, "How often it was changed."))
        .attribute("tags", Attribute::optional(Type::set(Type::String), "Words."))
        .attribute("labels", Attribute::optional(Type::map(Type::String), "Words by key."))
        .attribute("extra", Attribute::optional(Type::Dynamic, "Anything."))
        .attribute("secret", Attribute::optional(Type::String, "Hidden.").sensitive())
        .attribute("token", Attribute::optional(Type::String, "Never stored.").write_only())
        .attribute("old", old)
        .attribute("behave", Attribute::optional(Type::String, "What to do wrong."))
        .single("network", network)
        .list("rule", rule)
        .set("mount", mount);
    Schema { version: 1, block }
}

/// The schema of a thing's identity.
pub fn identity() -> Schema {
    let name = Attribute::required(Type::String, "Its name.");
    Schema::new(Block::new("What tells things apart.").attribute("name", name))
}
