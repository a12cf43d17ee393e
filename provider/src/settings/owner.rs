// SPDX-License-Identifier: MPL-2.0
//! `owner`.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

/// An owner goes into markers and policies: one printable word, such as `arcodange/erp`.
pub(super) fn judge(owner: Option<&str>, needed: bool, errors: &mut Errors) {
    let fix = "Set `owner` in the provider block to the team or repository that manages these apps, such as \
               \"arcodange/erp\". It must be the same in every state of an app.";
    let fits = |text: &str| {
        text.len() <= 200
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-@:+".contains(&byte))
    };
    match owner {
        None if needed => errors.push(
            Diagnostic::error(
                "`owner` is missing",
                format!(
                    "The provider block configures a server, and every object made there is recorded with the \
                     owner of its app, so that no one else takes it over. No owner is configured. {fix}"
                ),
            )
            .at(Path::attribute("owner")),
        ),
        Some(text) if !fits(text) || text.is_empty() => errors.push(
            Diagnostic::error(
                "`owner` cannot be used",
                format!(
                    "The owner \"{}\" cannot be used: it must be one word of 1 to 200 letters, digits and the \
                     characters / . _ - @ : +. {fix}",
                    text.escape_debug()
                ),
            )
            .at(Path::attribute("owner")),
        ),
        _ => {}
    }
}
