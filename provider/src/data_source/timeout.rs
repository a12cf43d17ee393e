// SPDX-License-Identifier: MPL-2.0
//! How long a data source waits for one server: attribute `timeout`.

use std::time::Duration;

use tfplugin::diagnostic::Diagnostic;
use tfplugin::value::{Attr, Path};

use crate::naming::shown;
use crate::plan::duration;

/// Where nothing is said.
const DEFAULT: Duration = Duration::from_secs(30);

/// Refuses what is no duration.
pub fn check(timeout: &Attr<String>) -> Option<Diagnostic> {
    let text = timeout.known()?;
    match duration::parse(text) {
        Some(time) if !time.is_zero() => None,
        _ => Some(
            Diagnostic::error(
                format!("`timeout` cannot be {}", shown(text)),
                "`timeout` is a time longer than nothing, such as `30s` or `2m`.",
            )
            .at(Path::attribute("timeout")),
        ),
    }
}

/// What was said, or the default.
pub fn read(timeout: &Attr<String>) -> Duration {
    timeout.known().and_then(|text| duration::parse(text)).unwrap_or(DEFAULT)
}
