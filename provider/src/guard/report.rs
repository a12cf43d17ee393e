//! What the user reads of the gates.

use std::collections::BTreeSet;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::facet::FacetError;
use crate::gate::document::Document;
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
            "The change gives {} the version {digest} (`spec_digest`), and versions come to env {} from {from}. {cause}. \
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
             whether it ran in {} cannot be told. Nothing was changed.\n\nNext: apply what it comes from first (`-target`), or \
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
