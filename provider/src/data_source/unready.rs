// SPDX-License-Identifier: MPL-2.0
//! A data source that is read before the provider was configured.

use tfplugin::diagnostic::Errors;

/// What it says; `what`: what it was asked for.
pub(super) fn not_configured(what: &str) -> Errors {
    Errors::one(
        "Provider not configured",
        format!(
            "appenv was asked for {what} before it was configured. This is a bug of the CLI or of the provider; please \
             report it."
        ),
    )
}
