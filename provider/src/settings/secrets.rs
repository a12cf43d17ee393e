// SPDX-License-Identifier: MPL-2.0
//! `secret_store`.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::naming::shown;
use crate::store::{Kind, STORES, kind};

/// The store of secrets that name none: the one that is written, else the first that is configured.
pub(super) fn store(
    written: Option<&str>,
    facets: &[&str],
    errors: &mut Errors,
) -> Option<&'static str> {
    let is_there = |kind: &&Kind| facets.contains(&kind.facet);
    let Some(written) = written else { return STORES.iter().find(is_there).map(|kind| kind.name) };
    let at = || Path::attribute("secret_store");
    let Some(kind) = Kind::find(written) else {
        errors.push(
            Diagnostic::error(
                format!("`secret_store` cannot be {}", shown(written)),
                format!("`secret_store` must be {}.", kind::listed()),
            )
            .at(at()),
        );
        return None;
    };
    if !is_there(&kind) {
        errors.push(not_configured(kind).at(at()));
    }
    Some(kind.name)
}

/// A store whose block is missing.
pub fn not_configured(kind: &Kind) -> Diagnostic {
    let Kind { name: store, facet: block, .. } = kind;
    Diagnostic::error(
        format!("Store `{store}` is not configured"),
        format!(
            "Secrets of store `{store}` live in what the provider's `{block}` block names, and there is no such \
             block.\n\nNext: add the `{block}` block to the provider configuration, or choose another store."
        ),
    )
}
