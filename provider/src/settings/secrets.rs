// SPDX-License-Identifier: MPL-2.0
//! `secret_store`.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

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
