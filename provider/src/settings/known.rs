// SPDX-License-Identifier: MPL-2.0
//! What must be known when the provider is configured: all but addresses and credentials of servers.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::names::{self, NamesModel};

/// Reads what must be known when the provider is configured.
pub(super) struct Known<'a> {
    /// Where what is not known is told.
    pub(super) errors: &'a mut Errors,
}

impl Known<'_> {
    /// A value; one that is not known is an error at its place.
    pub(super) fn known<T: Clone>(&mut self, value: &Attr<T>, path: Path) -> Option<T> {
        if value.is_unknown() {
            self.errors.push(
                Diagnostic::error(
                    format!("`{path}` is not known yet"),
                    format!(
                        "The provider needs `{path}` when it is configured, but the value comes from something \
                         that is only known after apply. Write it as a literal or a variable, or apply what it \
                         comes from first (`-target`). Only addresses and credentials of servers may come from \
                         resources of the same run."
                    ),
                )
                .at(path),
            );
        }
        value.known().cloned()
    }

    /// A text.
    pub(super) fn text(&mut self, value: &Attr<String>, path: Path) -> Option<String> {
        self.known(value, path)
    }

    /// Templates, by key.
    pub(super) fn names(&mut self, block: Option<&NamesModel>) -> BTreeMap<String, String> {
        let entries = block.map(NamesModel::entries).into_iter().flatten();
        entries
            .filter_map(|(key, value)| Some((key.to_owned(), self.text(value, names::at(key))?)))
            .collect()
    }
}
