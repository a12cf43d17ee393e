// SPDX-License-Identifier: MPL-2.0
//! What the user reads of the gates.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::configured::Configured;
use crate::facet::FacetError;
use crate::gate::approval::{Approval, Judged};
use crate::gate::document::{Digest, Document};
use crate::gate::policy::Promotion;
use crate::gate::promotion::Unpromoted;
use crate::naming::Coordinate;

fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// A configuration that is looser than production applies have had it.
pub fn loosened(coordinate: &Coordinate, how: &BTreeSet<String>) -> Errors {
    let list = how.iter().fold(String::new(), |text, one| format!("{text}  - {one}\n"));
    Errors::one(
        format!("{}: the gates are looser than they were", id(coordinate)),
        format!(
            "The registry keeps what applies to production have had, and a configuration may tighten that and not loosen \
             it:\n{list}Nothing was changed.\n\nNext: put the old values back. If they shall be looser, someone who may write \
             the registry lowers them there first: terraform-provider-appenv floor show, then floor set."
        ),
    )
}

/// A change that cannot be approved yet.
pub fn unknown(document: &Document, unknown: &[String], refuses: bool) -> Diagnostic {
    let summary = format!(
        "{} {}: what is not known yet cannot be approved",
        document.subject(),
        document.operation.name()
    );
    let detail = format!(
        "It is a change of production, and these inputs are only known after apply: {}. Nothing was changed.\n\nNext: apply \
         what they come from first (`-target`), or write them as literals or variables.",
        unknown.join(", ")
    );
    if refuses { Diagnostic::error(summary, detail) } else { Diagnostic::warning(summary, detail) }
}

/// A look that failed.
pub fn failure(coordinate: &Coordinate, error: &FacetError) -> Errors {
    Errors::one(
        format!("{}: {}", id(coordinate), error.summary),
        format!("{}\n\nCause: {}\n\nNext: {}", error.attempted, error.cause, error.next),
    )
}

/// A version that is judged.
pub struct Version<'a> {
    /// Of which instance.
    pub coordinate: &'a Coordinate,
    /// Where it must come from.
    pub rule: &'a Promotion,
    /// Its digest.
    pub digest: &'a str,
    /// The release that runs where it must come from.
    pub there: Option<&'a str>,
    /// The file that tells what was applied there.
    pub evidence: Option<&'a str>,
}

/// A version that did not come from where it must come from.
pub fn unpromoted(version: &Version<'_>, why: &Unpromoted) -> Errors {
    let Version { coordinate, rule, digest, there, evidence } = version;
    let (app, from) = (coordinate.app(), &rule.from);
    let source = format!("{app}/{from}");
    let (cause, next) = match why {
        Unpromoted::NeverApplied { .. } => {
            let runs = there.map(|release| format!(" (release {release:?} runs there)"));
            let seen = match evidence {
                Some(path) => format!("The evidence {path:?} does not have it"),
                None => format!("It was never applied to {source}{}", runs.unwrap_or_default()),
            };
            let next = format!(
                "apply the same release, services, extensions, encoding, locale and template to {source} first, then plan \
                 again. Where one state holds both, that takes two applies: `-target` the one in {from} first"
            );
            (seen, next)
        }
        Unpromoted::TooFresh { since, from: when } => (
            format!("It was applied to {source} at {since}, and has to run there until {when}"),
            format!("plan again after {when}"),
        ),
        Unpromoted::Untold => (
            format!(
                "No registry that this configuration reaches has ever had an instance in {from}, so what was applied there \
                 cannot be told"
            ),
            format!(
                "apply it to {source} first. If {from} is registered elsewhere, name a file that tells what was applied there: \
                 `evidence` of the environment. If {app} has no {from}, leave it out of that environment's `apps`"
            ),
        ),
    };
    Errors::at(
        Path::attribute("release"),
        format!("{}: not promoted from {from}", id(coordinate)),
        format!(
            "The change gives {} the version {digest} (`spec_digest`), and versions come to env {} from {from} (`promote_from`). {cause}. \
             Nothing was changed.\n\nNext: {next}.",
            id(coordinate),
            coordinate.env()
        ),
    )
}

/// A version that cannot be judged yet.
pub fn version_unknown(coordinate: &Coordinate, rule: &Promotion) -> Errors {
    Errors::one(
        format!("{}: not promoted from {}", id(coordinate), rule.from),
        format!(
            "Part of its version (release, services, extensions, encoding, locale, template) is only known after apply, so \
             whether it ran in {} (`promote_from`) cannot be told. Nothing was changed.\n\nNext: apply what it comes from first (`-target`), or \
             write it as a literal or a variable.",
            rule.from
        ),
    )
}

/// A change whose digest cannot be made.
pub fn no_digest(document: &Document, cause: &str) -> Errors {
    Errors::one(
        format!("{} {}: no digest can be made", document.subject(), document.operation.name()),
        format!(
            "What is approved is written in one canonical form, and this change cannot be: {cause}. Nothing was \
             changed.\n\nNext: report this; it is a fault of the provider."
        ),
    )
}

/// The beginning of what is said of a change: the CLI folds what is equal, so the digest is in it.
fn summary(document: &Document, digest: &Digest) -> String {
    format!("{} {} {digest}", document.subject(), document.operation.name())
}

/// The end of what is said of a change: tools make the digest again from it.
fn canonical(document: &Document) -> String {
    document.canonical().map(|text| format!("\n\nDocument: {text}")).unwrap_or_default()
}

/// A change that is neither allowed nor approved.
pub fn refused(
    configured: &Configured,
    document: &Document,
    digest: &Digest,
    judged: &Judged,
    refuses: bool,
) -> Diagnostic {
    let summary = summary(document, digest);
    let why = match judged {
        Judged::Expired(approval) => {
            format!("It was approved {}, and that is over.", given(approval))
        }
        Judged::Unsigned(approval) => format!(
            "It is approved {}, but `approval_keys` are set, and then only what one of these keys signed counts.",
            given(approval)
        ),
        Judged::Approved(_) | Judged::No => {
            "It is neither among what its environment allows nor approved.".to_owned()
        }
    };
    let detail = format!(
        "This is a change of production. {why} Nothing was changed.\n\n{}\n\nNext: if it is meant, approve exactly this \
         change by its digest:\n  {digest}\n{} A destroy and a replacement first plan what the configuration changes: apply \
         or revert that before. What needs no approval is listed by `allow` of the environment.{}",
        document.readable(),
        how(configured),
        canonical(document)
    );
    if refuses {
        Diagnostic::error(format!("{summary}: not approved"), detail)
    } else {
        Diagnostic::warning(format!("{summary}: not approved, so the apply will refuse it"), detail)
    }
}

/// Where an approval goes.
fn how(configured: &Configured) -> String {
    if configured.settings.policy.keys.is_empty() {
        return "Give it as `approvals` of the provider block (an ephemeral variable can give it at apply), in \
                `approvals_file`, or in APPENV_APPROVALS."
            .to_owned();
    }
    "Put it into `approvals_file` and sign that file with one of the `approval_keys`: ssh-keygen -Y sign -n appenv -f KEY \
     FILE."
        .to_owned()
}

/// Where an approval came from, and what it says of itself.
fn given(approval: &Approval) -> String {
    let by = approval.approver.as_ref().map(|by| format!(" by {by:?}"));
    let ticket = approval.ticket.as_ref().map(|ticket| format!(", ticket {ticket:?}"));
    let until = approval.expires.map(|until| format!(", until {until}"));
    let key = approval.key.as_ref().map(|key| format!(", signed with {key}"));
    let more: String = [by, ticket, until, key].into_iter().flatten().collect();
    format!("in {}{more}", approval.source)
}

/// A change that is approved.
pub fn approved(document: &Document, digest: &Digest, approval: &Approval) -> Diagnostic {
    Diagnostic::warning(
        format!("{}: approved", summary(document, digest)),
        format!(
            "This change of production is approved {}.\n\n{}{}",
            given(approval),
            document.readable(),
            canonical(document)
        ),
    )
}

/// An approved change that was cut off and goes on.
pub fn goes_on(document: &Document, digest: &Digest, approval: &Approval) -> Diagnostic {
    Diagnostic::warning(
        format!("{}: approved and goes on", summary(document, digest)),
        format!(
            "An apply of this change of production was cut off before it was done. It is approved {}, and goes on from what \
             was there before:\n\n{}{}",
            given(approval),
            document.readable(),
            canonical(document)
        ),
    )
}
