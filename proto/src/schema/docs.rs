// SPDX-License-Identifier: MPL-2.0
//! From schemas and signatures to the Markdown of a registry page, so that a page cannot say what the provider does not.
//!
//! The headings and anchors are those that the registries of OpenTofu and Terraform know from other providers: `## Schema`,
//! then what is required, optional and read-only, then each nested block under an anchor of its own.

use std::fmt::Write as _;

use super::{Attribute, Block, Mode, NestedBlock, Nesting};
use crate::function::{Parameter, Signature};
use crate::value::{Type, Value};

/// One line of a list, and where it belongs.
struct Line {
    section: Section,
    text: String,
}

/// Who writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Required,
    Optional,
    ReadOnly,
}

impl Section {
    const ALL: [Self; 3] = [Self::Required, Self::Optional, Self::ReadOnly];

    fn title(self) -> &'static str {
        match self {
            Self::Required => "Required",
            Self::Optional => "Optional",
            Self::ReadOnly => "Read-only",
        }
    }
}

/// What a block holds, nested blocks and objects included, from `## Schema` on.
pub fn schema(block: &Block) -> String {
    let mut out = String::from("## Schema\n");
    write_block(&mut out, "###", "", block);
    out
}

/// The face of a function: how it is called, and each argument.
pub fn signature(name: &str, signature: &Signature) -> String {
    let variadic = signature.variadic.as_ref();
    let shown = |parameter: &Parameter| format!("{} {}", parameter.name, short(&parameter.ty));
    let mut parameters: Vec<String> = signature.parameters.iter().map(shown).collect();
    parameters.extend(variadic.map(|parameter| format!("{}...", shown(parameter))));
    let mut out = format!(
        "## Signature\n\n```text\n{name}({}) {}\n```\n\n## Arguments\n\n",
        parameters.join(", "),
        short(&signature.returns)
    );
    for (index, parameter) in signature.parameters.iter().enumerate() {
        let nullable = if parameter.allow_null { ", Nullable" } else { "" };
        let (name, text) = (&parameter.name, &parameter.description);
        // A write to a string does not fail.
        let _ = writeln!(out, "{}. `{name}` ({}{nullable}) {text}", index + 1, told(&parameter.ty));
    }
    if let Some(Parameter { name, ty, description, .. }) = variadic {
        let number = signature.parameters.len() + 1;
        let _ = writeln!(out, "{number}. `{name}` (Variadic, {}) {description}", told(ty));
    }
    out
}

fn write_block(out: &mut String, level: &str, path: &str, block: &Block) {
    let mut lines: Vec<Line> =
        block.attributes.iter().map(|(name, it)| attribute(path, name, it)).collect();
    lines.extend(block.blocks.iter().map(|(name, it)| nested(path, name, it)));
    write_lines(out, level, &lines);
    for (name, attribute) in &block.attributes {
        if let Some(fields) = object(&attribute.ty) {
            let at = join(path, name);
            write_anchor(out, "nestedatt", &at);
            for (field, ty) in fields {
                let _ = writeln!(out, "- `{field}` ({})", told(ty));
            }
        }
    }
    for (name, nested) in &block.blocks {
        let at = join(path, name);
        write_anchor(out, "nestedblock", &at);
        let mut inner = String::new();
        write_block(&mut inner, "Heading", &at, &nested.block);
        out.push_str(inner.trim_start_matches('\n'));
    }
}

/// Lists under headings; inside a nested block the titles are no headings, which would all be alike.
fn write_lines(out: &mut String, level: &str, lines: &[Line]) {
    for section in Section::ALL {
        let mut own = lines.iter().filter(|line| line.section == section).peekable();
        if own.peek().is_none() {
            continue;
        }
        let title = section.title();
        if level == "Heading" {
            let _ = write!(out, "\n{title}:\n\n");
        } else {
            let _ = write!(out, "\n{level} {title}\n\n");
        }
        for line in own {
            let _ = writeln!(out, "{}", line.text);
        }
    }
}

fn write_anchor(out: &mut String, kind: &str, path: &str) {
    let _ = write!(
        out,
        "\n<a id=\"{kind}--{}\"></a>\n### Nested schema for `{path}`\n\n",
        path.replace('.', "--")
    );
}

fn attribute(path: &str, name: &str, attribute: &Attribute) -> Line {
    let section = match attribute.mode {
        Mode::Required => Section::Required,
        Mode::Optional | Mode::OptionalComputed => Section::Optional,
        Mode::Computed => Section::ReadOnly,
    };
    let mut notes = vec![told(&attribute.ty)];
    notes.extend(attribute.sensitive.then(|| "Sensitive".to_owned()));
    notes.extend(attribute.write_only.then(|| "Write-only".to_owned()));
    notes.extend(attribute.deprecation.as_ref().map(|_| "Deprecated".to_owned()));
    let mut text = format!("- `{name}` ({}) {}", notes.join(", "), attribute.description);
    if let Some(why) = &attribute.deprecation {
        let _ = write!(text, " {why}");
    }
    if let Some(default) = attribute.default.as_ref().and_then(literal) {
        let told = format!("`{default}`");
        // Many descriptions say it already, with what it means.
        if !attribute.description.contains(&told) {
            let _ = write!(text, " Default: {told}.");
        }
    }
    if object(&attribute.ty).is_some() {
        let _ = write!(text, " See [below](#nestedatt--{}).", join(path, name).replace('.', "--"));
    }
    Line { section, text }
}

fn nested(path: &str, name: &str, nested: &NestedBlock) -> Line {
    let section = if nested.min_items > 0 { Section::Required } else { Section::Optional };
    let kind = match nested.nesting {
        Nesting::Single => "Block",
        Nesting::List => "Block List",
        Nesting::Set => "Block Set",
    };
    let most = match nested.max_items {
        0 => String::new(),
        most => format!(", at most {most}"),
    };
    let at = join(path, name).replace('.', "--");
    let text = format!(
        "- `{name}` ({kind}{most}) {} See [below](#nestedblock--{at}).",
        nested.block.description
    );
    Line { section, text }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A type in words.
fn told(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", told(element)),
        Type::Set(element) => format!("Set of {}", told(element)),
        Type::Map(element) => format!("Map of {}", told(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

/// A type as the configuration language writes it, without an object's fields.
fn short(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(element) => format!("list of {}", short(element)),
        Type::Set(element) => format!("set of {}", short(element)),
        Type::Map(element) => format!("map of {}", short(element)),
        Type::Object(_) => "object".to_owned(),
        Type::Tuple(_) => "tuple".to_owned(),
    }
}

/// The fields of an object, or of the objects in a collection.
fn object(ty: &Type) -> Option<Vec<(&String, &Type)>> {
    match ty {
        Type::Object(fields) => Some(fields.iter().collect()),
        Type::List(element) | Type::Set(element) | Type::Map(element) => object(element),
        _ => None,
    }
}

/// A default as it would be written.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Bool(is) => Some(is.to_string()),
        Value::String(text) => Some(format!("\"{text}\"")),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_all_of_a_schema() {
        let inner = Block::new("How often.")
            .attribute("every", Attribute::required(Type::String, "The time, such as `30d`."))
            .attribute("at", Attribute::optional(Type::list(Type::Number), "Hours."))
            .single(
                "deep",
                Block::new("Deeper.").attribute("x", Attribute::computed(Type::Bool, "X.")),
            );
        let block = Block::new("A thing.")
            .attribute("app", Attribute::required(Type::String, "The application."))
            .attribute(
                "value",
                Attribute::optional(Type::String, "The value.").sensitive().write_only(),
            )
            .attribute(
                "kind",
                Attribute::optional(Type::String, "The kind.")
                    .default_value(Value::String("plain".to_owned())),
            )
            .attribute(
                "names",
                Attribute::computed(
                    Type::list(Type::object([("database", Type::String)])),
                    "Names.",
                ),
            )
            .single("rotation", inner)
            .list("file", Block::new("Files."));
        let expected = "## Schema

### Required

- `app` (String) The application.

### Optional

- `kind` (String) The kind. Default: `\"plain\"`.
- `value` (String, Sensitive, Write-only) The value.
- `file` (Block List) Files. See [below](#nestedblock--file).
- `rotation` (Block) How often. See [below](#nestedblock--rotation).

### Read-only

- `names` (List of Object) Names. See [below](#nestedatt--names).

<a id=\"nestedatt--names\"></a>
### Nested schema for `names`

- `database` (String)

<a id=\"nestedblock--file\"></a>
### Nested schema for `file`


<a id=\"nestedblock--rotation\"></a>
### Nested schema for `rotation`

Required:

- `every` (String) The time, such as `30d`.

Optional:

- `at` (List of Number) Hours.
- `deep` (Block) Deeper. See [below](#nestedblock--rotation--deep).

<a id=\"nestedblock--rotation--deep\"></a>
### Nested schema for `rotation.deep`

Read-only:

- `x` (Boolean) X.
";
        assert_eq!(schema(&block), expected);
    }

    #[test]
    fn a_page_tells_all_of_a_signature() {
        let parameter = |name: &str, ty, allow_null| Parameter {
            name: name.to_owned(),
            ty,
            description: format!("The {name}."),
            allow_null,
            allow_unknown: false,
        };
        let it = Signature {
            parameters: vec![
                parameter("app", Type::String, false),
                parameter("env", Type::String, true),
            ],
            variadic: Some(parameter("more", Type::Number, false)),
            returns: Type::object([("database", Type::String)]),
            summary: "Names".to_owned(),
            description: "Names.".to_owned(),
        };
        let expected = "## Signature

```text
names(app string, env string, more number...) object
```

## Arguments

1. `app` (String) The app.
2. `env` (String, Nullable) The env.
3. `more` (Variadic, Number) The more.
";
        assert_eq!(signature("names", &it), expected);
    }
}
