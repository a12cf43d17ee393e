//! `secret_store`, and what an env allows without approval.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::Known;
use super::model::Model;
use crate::gate::Operation;
use crate::naming::shown;

/// The store of secrets that name none: the one that is written, else the first that is configured.
pub(super) fn store(
    written: Option<&str>,
    blocks: &[(&'static str, bool)],
    errors: &mut Errors,
) -> Option<&'static str> {
    let Some(written) = written else {
        return blocks.iter().find(|(_, configured)| *configured).map(|(name, _)| *name);
    };
    let at = || Path::attribute("secret_store");
    let Some((name, configured)) = blocks.iter().find(|(name, _)| *name == written) else {
        errors.push(
            Diagnostic::error(
                format!("`secret_store` cannot be {}", shown(written)),
                "`secret_store` must be `vault`, `ssm` or `file`.",
            )
            .at(at()),
        );
        return None;
    };
    if !configured {
        errors.push(not_configured(written).at(at()));
    }
    Some(name)
}

/// A store whose block is missing.
pub fn not_configured(store: &str) -> Diagnostic {
    let block = match store {
        "ssm" => "aws",
        "file" => "host",
        other => other,
    };
    Diagnostic::error(
        format!("Store `{store}` is not configured"),
        format!(
            "Secrets of store `{store}` live in what the provider's `{block}` block names, and there is no such \
             block.\n\nNext: add the `{block}` block to the provider configuration, or choose another store."
        ),
    )
}

/// What each env allows without approval; by default creates.
pub(super) fn allow(model: &Model, need: &mut Known<'_>) -> BTreeMap<String, BTreeSet<Operation>> {
    let mut allow = BTreeMap::new();
    for (index, environment) in model.environment.iter().enumerate() {
        let at = || Path::attribute("environment").index(index).field("allow");
        let Some(name) = environment.name.known().cloned() else { continue };
        let Some(written) = need.known(&environment.allow, at()) else {
            allow.insert(name, BTreeSet::from([Operation::Create]));
            continue;
        };
        let mut operations = BTreeSet::new();
        for text in &written {
            let Some(text) = need.text(text, at()) else { continue };
            match Operation::parse(&text) {
                Some(operation) => {
                    operations.insert(operation);
                }
                None => need.errors.push(
                    Diagnostic::error(
                        format!("{} is no operation", shown(&text)),
                        format!(
                            "`allow` lists operations that need no approval in this environment: {}.",
                            Operation::ALL.map(Operation::name).join(", ")
                        ),
                    )
                    .at(at()),
                ),
            }
        }
        allow.insert(name, operations);
    }
    allow
}
