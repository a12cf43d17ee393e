// SPDX-License-Identifier: MPL-2.0
//! Whether a version has run where it must have run before.

use std::time::Duration;

use tfplugin::diagnostic::Errors;

use super::report;
use crate::configured::Configured;
use crate::facet::Limit;
use crate::gate::Standing;
use crate::gate::promotion::{self, Source};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::world::World;

/// Refuses a version that did not come from where it must come from. `was` and `digest`: the `spec_digest` that is registered
/// and the one that would be; a change that keeps it is none of a version. `None`: not known yet.
pub async fn promoted(
    configured: &Configured,
    coordinate: &Coordinate,
    standing: &Standing,
    was: Option<&str>,
    digest: Option<&str>,
    spec: &Spec,
    limit: Limit,
) -> Result<(), Errors> {
    let settings = &configured.settings;
    let Some(rule) = settings.policy.promotion(coordinate.env()) else { return Ok(()) };
    if was.is_some() && was == digest {
        return Ok(());
    }
    let known = standing.source.as_ref().filter(|source| source.env == rule.from);
    let declared = settings.environments.get(&rule.from);
    let is_there = declared.and_then(|env| env.apps.as_ref());
    // An app that has or had an instance there is judged by it, whatever is declared of it now.
    if known.is_none() && is_there.is_some_and(|apps| !apps.contains(coordinate.app())) {
        return Ok(());
    }
    // What the registry itself knows needs no evidence.
    let evidence = settings.evidence.get(coordinate.env()).filter(|_| known.is_none());
    let ledger = evidence.map(|(_, evidence)| evidence.of(&rule.from, coordinate.app()));
    let source = match (&ledger, known) {
        (Some(ledger), _) => Source::Ledger(ledger),
        (None, Some(known)) => Source::Ledger(&known.applied),
        (None, None) if settings.has_unknown_target() => Source::Elsewhere,
        (None, None) => {
            let facets = configured.clients.facets(spec, limit);
            let Some(first) = facets.first() else { return Ok(()) };
            let has_it = first.has_env(spec, &rule.from).await;
            if has_it.map_err(|error| report::failure(coordinate, &error))? {
                Source::NotOfThisApp
            } else {
                Source::Elsewhere
            }
        }
    };
    let Some(digest) = digest else {
        return match source {
            Source::NotOfThisApp => Ok(()),
            _ => Err(report::version_unknown(coordinate, rule)),
        };
    };
    let world = &configured.world;
    let after = |at: &str, soak: u64| World::after(at, Duration::from_secs(soak));
    let judged = promotion::judge(rule, &source, digest, after, |at| world.is_over(at));
    judged.map_err(|why| {
        let told = report::Version {
            coordinate,
            rule,
            digest,
            there: known.and_then(|known| known.release.as_deref()),
            evidence: evidence.map(|(path, _)| path.as_str()),
        };
        report::unpromoted(&told, &why)
    })
}
