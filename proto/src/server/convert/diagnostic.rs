// SPDX-License-Identifier: MPL-2.0
//! Diagnostics and places, as the CLI reads them.

use crate::diagnostic::{Diagnostic, Severity};
use crate::value::{Path, Step, Type};
use crate::wire::tfplugin6 as wire;
use wire::attribute_path::step::Selector;
use wire::diagnostic::Severity as WireSeverity;

/// Writes diagnostics; the type of the object they speak of keeps their places within what the CLI can follow.
pub(in crate::server) fn diagnostics(
    ty: Option<&Type>,
    all: impl IntoIterator<Item = Diagnostic>,
) -> Vec<wire::Diagnostic> {
    let mut seen: Vec<Diagnostic> = Vec::new();
    for diagnostic in all {
        if !seen.contains(&diagnostic) {
            seen.push(diagnostic);
        }
    }
    seen.iter().map(|diagnostic| write(ty, diagnostic)).collect()
}

fn write(ty: Option<&Type>, diagnostic: &Diagnostic) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => WireSeverity::Error,
        Severity::Warning => WireSeverity::Warning,
    };
    let path = diagnostic.attribute.as_ref().map(|path| match ty {
        Some(ty) => steps(path, ty),
        None => steps(path, &Type::Dynamic),
    });
    wire::Diagnostic {
        severity: severity.into(),
        summary: printable(&diagnostic.summary),
        detail: printable(&diagnostic.detail),
        attribute: path.filter(|path| !path.steps.is_empty()),
    }
}

/// Writes a place; it ends before an element of a set, which has no index that the CLI would know.
pub(in crate::server) fn steps(path: &Path, ty: &Type) -> wire::AttributePath {
    let mut ty = Some(ty);
    let mut steps = Vec::new();
    for step in &path.0 {
        if matches!(ty, Some(Type::Set(_))) {
            break;
        }
        ty = ty.and_then(|ty| below(ty, step));
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => {
                Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX))
            }
        };
        steps.push(wire::attribute_path::Step { selector: Some(selector) });
    }
    wire::AttributePath { steps }
}

fn below<'t>(ty: &'t Type, step: &Step) -> Option<&'t Type> {
    match (ty, step) {
        (Type::Object(attributes), Step::Attribute(name)) => attributes.get(name),
        (Type::Map(element), Step::Key(_)) | (Type::List(element), Step::Index(_)) => Some(element),
        (Type::Tuple(elements), Step::Index(index)) => elements.get(*index),
        _ => None,
    }
}

/// Makes text safe to print: names and server replies in it must not steer the user's terminal.
pub(in crate::server) fn printable(text: &str) -> String {
    let steers = |c: char| match c {
        '\n' | '\t' => false,
        // Marks that reorder or hide text (Unicode TR 36).
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        c => c.is_control(),
    };
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{diagnostics, printable, steps};
    use crate::diagnostic::Diagnostic;
    use crate::value::{Path, Type};

    #[test]
    fn text_that_steers_a_terminal_is_escaped() {
        assert_eq!(
            printable("a\u{1b}[31m\r\nb\u{202e}c\u{9b}"),
            "a\\u{1b}[31m\\u{d}\nb\\u{202e}c\\u{9b}"
        );
    }

    #[test]
    fn a_place_ends_before_an_element_of_a_set() {
        let object = Type::Object(BTreeMap::from([("port".to_owned(), Type::Number)]));
        let list = Type::Object(BTreeMap::from([(
            "rules".to_owned(),
            Type::List(Box::new(object.clone())),
        )]));
        let set = Type::Object(BTreeMap::from([("rules".to_owned(), Type::Set(Box::new(object)))]));
        let path = Path::attribute("rules").index(1).field("port");
        assert_eq!(steps(&path, &list).steps.len(), 3);
        assert_eq!(steps(&path, &set).steps.len(), 1);
    }

    #[test]
    fn the_same_diagnostic_is_said_once() {
        let one = Diagnostic::warning("a", "b");
        assert_eq!(diagnostics(None, [one.clone(), one]).len(), 1);
    }
}
