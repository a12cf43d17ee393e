// SPDX-License-Identifier: MPL-2.0
//! Names: legal for what they name, and the ones under which the registries have the instance.

use std::collections::BTreeMap;

use crate::configured::Configured;
use crate::facet::postgres::Registration;
use crate::facet::{Facet, FacetError, Limit};
use crate::finding::Finding;
use crate::naming::{Coordinate, Environments, Inputs, NameError, Names, RowValue, shown};
use crate::plan::wanted::Wanted;
use crate::registry::{Entry, Phase};

use super::run::Check;
use super::{Subject, fix};

/// Whether names could be made, and each is one that its target takes.
pub const NAMES: &str = "names";
/// Whether a registry has the instance, whole, and under these names.
pub const REGISTRY_NAMES: &str = "registry_names";

/// What a registry has.
struct Registered {
    entry: Entry,
    /// Names that it keeps by themselves, by key.
    kept: BTreeMap<&'static str, String>,
}

/// One finding for every name that cannot be.
pub fn illegal(id: &str, found: &[NameError]) -> Vec<Finding> {
    let next = "Write another name in `names`, or choose a shorter app, env or service.";
    let told = |error: &NameError| {
        Finding::fail(
            NAMES,
            format!("instance {id}"),
            format!("{}. {}", error.summary, error.detail),
            next,
        )
    };
    found.iter().map(told).collect()
}

/// That every name could be made, and which of them are not the convention's.
pub fn legal(subject: &Subject, environments: &Environments, inputs: &Inputs) -> Finding {
    let convention = environments.convention();
    let target = format!("instance {}", subject.id());
    let by_convention =
        Names::derive(environments, &subject.coordinate, &subject.services, inputs).ok();
    let others =
        by_convention.as_ref().map(|plain| differing(plain, &subject.names)).unwrap_or_default();
    let detail = if others.is_empty() {
        format!("Every name is that of {convention}, and legal for what it names.")
    } else {
        let told: Vec<String> = others
            .iter()
            .map(|(key, by, is)| {
                format!("{key} is {}, {convention} would say {}", shown(is), shown(by))
            })
            .collect();
        format!("Every name is legal for what it names. {}.", told.join("; "))
    };
    Finding::ok(NAMES, target, detail)
}

/// Key, first and second of the single names that differ.
fn differing<'a>(one: &'a Names, other: &'a Names) -> Vec<(&'static str, &'a str, &'a str)> {
    let pairs = one.rows().into_iter().zip(other.rows());
    let differing = pairs.filter_map(|((key, one), (_, other))| match (one, other) {
        (RowValue::One(Some(one)), RowValue::One(Some(other))) if one != other => {
            Some((key, one, other))
        }
        _ => None,
    });
    differing.collect()
}

/// A check of each registry that can be asked.
pub fn registered<'a>(
    subject: &'a Subject,
    configured: &'a Configured,
    limit: Limit,
) -> Vec<Check<'a>> {
    let spec = subject.spec(&configured.settings, None);
    let check = |facet: std::sync::Arc<dyn Facet>| {
        let target = format!("instance {} in the registry of {}", subject.id(), facet.server());
        let (spec, told) = (spec.clone(), target.clone());
        Check::new(REGISTRY_NAMES, target, async move {
            let found = match configured.clients.postgres().filter(|_| facet.name() == "postgres") {
                Some(postgres) => {
                    postgres.registration(&spec).await.map(|found| found.map(Into::into))
                }
                None => facet.look(&spec).await.map(|look| look.entry.map(Into::into)),
            };
            vec![judge(subject, &spec.owner, &told, found)]
        })
    };
    configured.clients.facets(&spec, limit).into_iter().map(check).collect()
}

fn judge(
    subject: &Subject,
    owner: &str,
    target: &str,
    found: Result<Option<Registered>, FacetError>,
) -> Finding {
    let found = match found {
        Ok(found) => found.filter(|found| !found.entry.is_gone()),
        Err(error) => return fix::failed(REGISTRY_NAMES, target, &error),
    };
    let Some(Registered { entry, kept }) = found else {
        return Finding::skip(REGISTRY_NAMES, target, "It is not registered here.");
    };
    if entry.owner != owner {
        let detail =
            format!("It belongs to owner {}, not to {}.", shown(&entry.owner), shown(owner));
        let next = format!(
            "If this is the same team, set in the provider block: owner = {}; otherwise choose another `app`.",
            shown(&entry.owner)
        );
        return Finding::fail(REGISTRY_NAMES, target, detail, next);
    }
    if Wanted::deserialized(&entry.spec).is_none() {
        return Finding::fail(
            REGISTRY_NAMES,
            target,
            "What it was last applied with is registered in a shape that this release does not know, so what is judged by it \
             is judged as if nothing were registered.",
            "Check with the release that applied it, or a later one.",
        );
    }
    let others = other_names(subject, &entry, &kept);
    if !others.is_empty() {
        let detail: Vec<String> = others
            .iter()
            .map(|(key, registered, asked)| {
                format!("{key} is registered as {registered}, and asked for as {asked}")
            })
            .collect();
        let block: Vec<String> = others
            .iter()
            .filter(|(_, registered, _)| registered.starts_with('"'))
            .map(|(key, registered, _)| format!("{key} = {registered}"))
            .collect();
        let next = if block.is_empty() {
            "Leave these out of `names` here, or apply the instance with them, which renames it."
                .to_owned()
        } else {
            format!(
                "Write in this block what is registered: names {{\n  {}\n}}",
                block.join("\n  ")
            )
        };
        return Finding::fail(REGISTRY_NAMES, target, format!("{}.", detail.join("; ")), next);
    }
    let unfinished = |what: &str, next: &str| {
        Finding::warn(REGISTRY_NAMES, target, format!("Its {what} did not finish."), next)
    };
    match entry.phase {
        Phase::Pending => {
            unfinished("create", "Apply the configuration that makes it: it goes on.")
        }
        Phase::Deleting => {
            unfinished("delete", "Apply the configuration that deletes it: it goes on.")
        }
        Phase::Live | Phase::Gone => {
            Finding::ok(REGISTRY_NAMES, target, "It is registered under these names.")
        }
    }
}

/// Key, what is registered and what is asked for, of each name that is another one.
fn other_names(
    subject: &Subject,
    entry: &Entry,
    kept: &BTreeMap<&'static str, String>,
) -> Vec<(&'static str, String, String)> {
    let mut others = Vec::new();
    for (key, asked) in subject.names.rows() {
        let RowValue::One(Some(asked)) = asked else { continue };
        let (ours, theirs) = match kept.get(key) {
            Some(kept) => (Some(asked), Some(kept.as_str())),
            None => {
                (subject.written.get(key).map(String::as_str), entry.spec["names"][key].as_str())
            }
        };
        let told = |name: Option<&str>| name.map_or("the convention's".to_owned(), shown);
        if ours != theirs {
            others.push((key, told(theirs), told(ours)));
        }
    }
    others
}

// === impl Registered ===

impl From<Entry> for Registered {
    fn from(entry: Entry) -> Self {
        Self { entry, kept: BTreeMap::new() }
    }
}

impl From<Registration> for Registered {
    fn from(found: Registration) -> Self {
        let kept = BTreeMap::from([("database", found.database), ("owner_role", found.owner_role)]);
        Self { entry: found.entry, kept }
    }
}

/// `erp/sandbox`.
pub fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}
