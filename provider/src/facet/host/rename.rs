// SPDX-License-Identifier: MPL-2.0
//! Moving directories to other paths. The old path stays for a while, as a link, for whoever still uses it.

use tokio_util::sync::CancellationToken;

use super::converge::{look, parent_of};
use super::registry::{Directories, Record, Registry};
use super::way::Way;
use super::{Settings, failure, shown, stopped, trusted, wish};
use crate::facet::{FacetError, Fault, Renamed};
use crate::plan::Spec;
use crate::plan::host::{Found, HostWish, quoted};
use crate::registry::{Entry, Expected};

// === impl Directories ===

impl Directories {
    /// Those of a wish.
    pub fn of(wish: &HostWish) -> Self {
        Self { app_dir: wish.app_dir.clone(), secrets_dir: wish.secrets_dir.clone() }
    }

    /// What a wish has elsewhere.
    pub fn renamed(&self, wish: &HostWish) -> Vec<Renamed> {
        [
            ("app_dir", &self.app_dir, &wish.app_dir),
            ("secrets_dir", &self.secrets_dir, &wish.secrets_dir),
        ]
        .into_iter()
        .filter(|(_, registered, wished)| registered != wished)
        .map(|(key, registered, wished)| Renamed {
            key,
            registered: registered.clone(),
            wished: wished.clone(),
        })
        .collect()
    }
}

/// What stands where a directory would come to be, while the old one is still there.
pub(super) fn in_the_way(wish: &HostWish, renamed: &[Renamed]) -> Result<Vec<String>, FacetError> {
    let mut found = Vec::new();
    for Renamed { registered, wished, .. } in renamed {
        let there = at(registered, wish)?;
        let new = at(wished, wish)?;
        if matches!(there, Found::Directory { .. }) && new != Found::Missing {
            found.push(format!("something at {}", quoted(wished)));
        }
    }
    Ok(found)
}

/// Moves what is registered under other paths. A run that was killed is gone on with.
pub(super) fn rename(
    settings: &Settings,
    registry: &Registry,
    spec: &Spec,
    expected: &Expected,
    next: &Entry,
    stop: &CancellationToken,
) -> Result<Expected, FacetError> {
    let wish = wish(spec)?;
    let target = registry.identity.as_ref().map(|identity| identity.target(settings));
    let record = registry.record(&spec.coordinate)?;
    if target != expected.target || !expected.is_met_by(record.as_ref().map(|record| &record.entry))
    {
        let now = "it is another one now, and nothing was moved".to_owned();
        return Err(failure::conflict(&shown(&spec.coordinate), now));
    }
    let renamed = record.as_ref().and_then(|record| record.directories.as_ref());
    let renamed = renamed.map(|directories| directories.renamed(wish)).unwrap_or_default();
    let Some(mut record) = record.filter(|_| !renamed.is_empty()) else {
        return Ok(expected.clone());
    };
    // All of it before the first move.
    if let Some(told) = in_the_way(wish, &renamed)?.first() {
        return Err(taken(told));
    }
    for Renamed { registered: old, wished: new, .. } in &renamed {
        let (way, name) = Way::to_parent(old, &wish.root).map_err(failure::astray)?;
        trusted(&way)?;
        let there = if way.is_whole() { look(&way.dir, name)? } else { Found::Missing };
        if let Found::Directory { .. } = there {
            let (parent, new_name) = parent_of(wish, registry, spec, &mut record, new, stop)?;
            stopped(stop)?;
            way.dir.move_to(name, &parent, new_name).map_err(|error| failure::disk(&error))?;
        }
        if way.is_whole() {
            keep(wish, &mut record, &way, name, new)?;
        }
        record.places.retain(|path| {
            path != old
                && !path.strip_prefix(old.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
    }
    record.directories = Some(Directories::of(wish));
    record.places.extend(wish.places().into_iter().map(|place| place.path));
    record.entry = next.clone();
    registry.write(&spec.coordinate, &record)?;
    Ok(Expected { target, entry: Some(next.clone()) })
}

/// Leaves a link where a directory was.
fn keep(
    wish: &HostWish,
    record: &mut Record,
    way: &Way,
    name: &str,
    new: &str,
) -> Result<(), FacetError> {
    let Some(until) = &wish.keep_until else { return Ok(()) };
    match look(&way.dir, name)? {
        Found::Missing => way.dir.link(name, new).map_err(|error| failure::disk(&error))?,
        Found::Link { target } if target == new => {}
        _ => return Ok(()),
    }
    record.kept.insert(way.dir.join(name), until.clone());
    Ok(())
}

/// Removes links that kept old paths, where their time is over or all of them.
pub(super) fn end_kept(
    wish: &HostWish,
    record: &mut Record,
    is_over: impl Fn(&str) -> bool,
    stop: &CancellationToken,
) -> Result<bool, FacetError> {
    let over: Vec<String> = record.kept.keys().filter(|path| is_over(path)).cloned().collect();
    for path in &over {
        let (way, name) = Way::to_parent(path, &wish.root).map_err(failure::astray)?;
        if way.is_whole() && matches!(look(&way.dir, name)?, Found::Link { .. }) {
            trusted(&way)?;
            stopped(stop)?;
            way.dir.unlink(name).map_err(|error| failure::disk(&error))?;
        }
        record.kept.remove(path);
    }
    Ok(!over.is_empty())
}

fn at(path: &str, wish: &HostWish) -> Result<Found, FacetError> {
    let (way, name) = Way::to_parent(path, &wish.root).map_err(failure::astray)?;
    if way.is_whole() { look(&way.dir, name) } else { Ok(Found::Missing) }
}

fn taken(told: &str) -> FacetError {
    FacetError {
        fault: Fault::Occupied,
        summary: "Could not move a directory".to_owned(),
        attempted: "Moving the directories of the instance to their new paths.".to_owned(),
        cause: format!("there is {told}"),
        next: "move it away, or write another path in `names`, and apply again.".to_owned(),
        attribute: Some("names"),
    }
}
