// SPDX-License-Identifier: MPL-2.0
//! Findings as a data source has them.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Type};

use crate::facet::FacetError;
use crate::finding::Finding;

/// One finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the type beside it says what each is")]
pub struct FindingModel {
    pub check: Attr<String>,
    pub target: Attr<String>,
    pub status: Attr<String>,
    pub detail: Attr<String>,
    pub fix: Attr<String>,
}

/// What tells of the attribute `findings`.
pub const FINDINGS: &str = "What was found: `check`, `target`, `status` (`ok`, `warn`, `fail`, `skip`), `detail` and \
                            `fix`. No secret is in them.";

/// What tells of the attribute `ok`.
pub const OK: &str = "Whether no finding is `fail`.";

/// The type of `findings`.
pub fn ty() -> Type {
    Type::list(Type::object(
        ["check", "target", "status", "detail", "fix"].map(|field| (field, Type::String)),
    ))
}

/// The findings in their order.
pub fn models(findings: &[Finding]) -> Attr<Vec<FindingModel>> {
    let known = |text: &str| Attr::Known(text.to_owned());
    let model = |finding: &Finding| FindingModel {
        check: known(finding.check),
        target: known(&finding.target),
        status: known(finding.status.as_str()),
        detail: known(&finding.detail),
        fix: known(&finding.fix),
    };
    Attr::Known(findings.iter().map(model).collect())
}

/// A target that could not be asked, told from its error.
pub fn unread(check: &'static str, target: String, error: &FacetError) -> Finding {
    let FacetError { summary, attempted, cause, next, .. } = error;
    let mut fix = next.clone();
    if let Some(first) = fix.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Finding::fail(check, target, format!("{summary}: {cause}. {attempted}"), fix)
}
