// SPDX-License-Identifier: MPL-2.0
//! What the CLI does not check in a configuration, though users expect it to.

use crate::diagnostic::Diagnostic;
use crate::schema::{Block, Mode};
use crate::value::{Path, Value};

/// Judges a configuration by its schema: errors for what may not be written, warnings for what is deprecated.
///
/// `write_only_allowed` says whether the client keeps write-only values out of its state.
pub(in crate::server) fn check(
    block: &Block,
    config: &Value,
    write_only_allowed: bool,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(block, config, write_only_allowed, &Path::root(), &mut found);
    found
}

fn walk(
    block: &Block,
    config: &Value,
    write_only_allowed: bool,
    at: &Path,
    found: &mut Vec<Diagnostic>,
) {
    let Value::Map(fields) = config else { return };
    if let Some(reason) = &block.deprecation {
        let (what, place) = if at.is_root() {
            ("This block".to_owned(), None)
        } else {
            (format!("The block \"{at}\""), Some(at.clone()))
        };
        let mut warning = Diagnostic::warning(format!("{what} is deprecated"), reason);
        warning.attribute = place;
        found.push(warning);
    }
    for (name, attribute) in &block.attributes {
        let place = at.clone().field(name);
        let given = fields.get(name).unwrap_or(&Value::Null);
        if given.is_null() {
            if attribute.mode == Mode::Required {
                found.push(missing(place));
            }
            continue;
        }
        if attribute.mode == Mode::Computed {
            found.push(read_only(place));
            continue;
        }
        if attribute.write_only && !write_only_allowed {
            found.push(unsupported_write_only(place.clone()));
        }
        if let Some(reason) = &attribute.deprecation {
            let summary = format!("The argument \"{place}\" is deprecated");
            found.push(Diagnostic::warning(summary, reason).at(place));
        }
    }
    for (name, nested) in &block.blocks {
        let place = at.clone().field(name);
        match fields.get(name) {
            Some(Value::List(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let place = place.clone().index(index);
                    walk(&nested.block, element, write_only_allowed, &place, found);
                }
            }
            Some(element) => walk(&nested.block, element, write_only_allowed, &place, found),
            None => {}
        }
    }
}

fn missing(place: Path) -> Diagnostic {
    let detail = format!(
        "The argument \"{place}\" is required, and its value is null. Give it a value that is not null."
    );
    Diagnostic::error("Missing value for a required argument", detail).at(place)
}

fn read_only(place: Path) -> Diagnostic {
    let detail = format!(
        "The attribute \"{place}\" is set by the provider and cannot be configured. Remove it from the \
         configuration."
    );
    Diagnostic::error("Value for a read-only attribute", detail).at(place)
}

fn unsupported_write_only(place: Path) -> Diagnostic {
    let detail = format!(
        "The argument \"{place}\" is write-only: its value must not be stored, and this version of the CLI \
         would store it. Use Terraform 1.11 or OpenTofu 1.11 or later, or remove the argument."
    );
    Diagnostic::error("Write-only argument not supported by this CLI", detail).at(place)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::diagnostic::Severity;
    use crate::schema::{Attribute, Block};
    use crate::value::{Type, Value};

    #[test]
    fn each_rule_names_its_place() {
        let text = || Value::String("x".to_owned());
        let object = |fields: &[(&str, Value)]| {
            Value::Map(fields.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect())
        };
        let mut old = Attribute::optional(Type::String, "Old.");
        old.deprecation = Some("Use name.".to_owned());
        let mut rule =
            Block::new("R.").attribute("port", Attribute::required(Type::String, "Port."));
        rule.deprecation = Some("Use ports.".to_owned());
        let block = Block::new("A.")
            .attribute("id", Attribute::computed(Type::String, "Id."))
            .attribute("name", Attribute::required(Type::String, "Name."))
            .attribute("old", old)
            .attribute("token", Attribute::optional(Type::String, "Token.").write_only())
            .list("rule", rule);
        let config = object(&[
            ("id", Value::Unknown),
            ("name", Value::Null),
            ("old", text()),
            ("token", text()),
            ("rule", Value::List(vec![object(&[("port", Value::Null)])])),
        ]);
        let seen: Vec<_> = check(&block, &config, false)
            .into_iter()
            .map(|d| {
                let place = d.attribute.map(|path| path.to_string()).unwrap_or_default();
                (place, d.severity == Severity::Error, d.summary)
            })
            .collect();
        let expected = [
            ("id", true, "Value for a read-only attribute"),
            ("name", true, "Missing value for a required argument"),
            ("old", false, "The argument \"old\" is deprecated"),
            ("token", true, "Write-only argument not supported by this CLI"),
            ("rule[0]", false, "The block \"rule[0]\" is deprecated"),
            ("rule[0].port", true, "Missing value for a required argument"),
        ];
        let expected: Vec<_> = expected
            .map(|(place, error, summary)| (place.to_owned(), error, summary.to_owned()))
            .into();
        assert_eq!(seen, expected);
        assert!(check(&block, &config, true).iter().all(|d| !d.summary.starts_with("Write-only")));
    }

    #[test]
    fn what_is_not_known_yet_is_not_judged_as_missing() {
        let block = Block::new("A.").attribute("name", Attribute::required(Type::String, "Name."));
        let config = Value::Map([("name".to_owned(), Value::Unknown)].into());
        assert_eq!(check(&block, &config, false), []);
    }
}
