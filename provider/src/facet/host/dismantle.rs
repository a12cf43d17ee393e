// SPDX-License-Identifier: MPL-2.0
//! Removing what an instance has: its links, and its directories where nothing else is in them.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::converge::{is_own_link, look};
use super::registry::Registry;
use super::way::Way;
use super::{Settings, failure, rename, shown, stopped, trusted, wish};
use crate::facet::{FacetError, Refusal};
use crate::plan::Spec;
use crate::plan::host::{Found, HostWish, Kind, quoted};
use crate::registry::Expected;

/// How many names a message tells.
const TOLD: usize = 5;

/// Removes links, and directories that are empty then; what holds anything else stays.
pub(super) fn dismantle(
    settings: &Settings,
    registry: &Registry,
    spec: &Spec,
    expected: &Expected,
    stop: &CancellationToken,
) -> Result<(), FacetError> {
    let wish = wish(spec)?;
    let target = registry.identity.as_ref().map(|identity| identity.target(settings));
    let record = registry.record(&spec.coordinate)?;
    let entry = record.as_ref().map(|record| &record.entry);
    if target != expected.target || !expected.is_met_by(entry) {
        let now = "it is another one now, and nothing was removed".to_owned();
        return Err(failure::conflict(&shown(&spec.coordinate), now));
    }
    let Some(mut record) = record else { return Ok(()) };
    sweep_secrets(wish, stop)?;
    // Deepest first: of two paths of which one lies in the other, that one is the later.
    let paths: Vec<String> = record.places.iter().rev().cloned().collect();
    for path in &paths {
        if remove(wish, path, stop)? {
            record.places.remove(path);
        }
    }
    rename::end_kept(wish, &mut record, |_| true, stop)?;
    let parents: BTreeSet<String> = registry.parents()?;
    for path in parents.iter().rev() {
        remove(wish, path, stop)?;
    }
    registry.write(&spec.coordinate, &record)
}

/// Removes what killed runs were writing among the secrets, so that an empty directory is empty.
fn sweep_secrets(wish: &HostWish, stop: &CancellationToken) -> Result<(), FacetError> {
    for path in [&wish.secrets_dir, &wish.backup_dir] {
        let Ok(way) = Way::to(path, &wish.root) else { continue };
        if way.is_whole() && way.doubts.is_empty() {
            stopped(stop)?;
            way.dir.sweep_files().map_err(|error| failure::disk(&error))?;
        }
    }
    Ok(())
}

/// Removes a link of the instance, or an empty directory; whether nothing is there any more.
fn remove(wish: &HostWish, path: &str, stop: &CancellationToken) -> Result<bool, FacetError> {
    let (way, name) = Way::to_parent(path, &wish.root).map_err(failure::astray)?;
    if !way.is_whole() {
        return Ok(true);
    }
    way.dir.sweep(name).map_err(|error| failure::disk(&error))?;
    let found = look(&way.dir, name)?;
    let removed = match &found {
        Found::Missing => return Ok(true),
        Found::Directory { .. } => {
            trusted(&way)?;
            stopped(stop)?;
            way.dir.remove_directory(name)
        }
        _ if is_own_link(wish, &found) => {
            trusted(&way)?;
            stopped(stop)?;
            way.dir.unlink(name)
        }
        // Somebody else's, who put it there.
        _ => return Ok(false),
    };
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_empty() => Ok(false),
        Err(error) if error.is_missing() => Ok(true),
        Err(error) => Err(failure::disk(&error)),
    }
}

/// What would stay of an instance that is removed now: directories with something in them that is not its own.
pub(super) fn left_behind(_settings: &Settings, spec: &Spec) -> Result<Vec<Refusal>, FacetError> {
    let wish = wish(spec)?;
    let places = wish.places();
    let mut left = Vec::new();
    for place in &places {
        let (way, name) = Way::to_parent(&place.path, &wish.root).map_err(failure::astray)?;
        let found = if way.is_whole() { look(&way.dir, name)? } else { Found::Missing };
        match (&place.kind, &found) {
            (_, Found::Missing) => {}
            (Kind::Directory { .. }, Found::Directory { .. }) => {
                let listed = way.dir.enter(name).and_then(|dir| dir.names());
                let mut names = listed.map_err(|error| failure::disk(&error))?;
                let own = |name: &String| {
                    let path = format!("{}/{name}", place.path);
                    places.iter().any(|place| place.path == path)
                };
                names.retain(|name| !own(name));
                if !names.is_empty() {
                    left.push(stays(&place.path, &names));
                }
            }
            _ if is_own_link(wish, &found) => {}
            _ => left.push(Refusal {
                summary: format!("{} stays", quoted(&place.path)),
                detail: format!(
                    "There is {}, which is not what was made there. It is not removed. Remove it by hand if nobody \
                     needs it.",
                    place.told(&found)
                ),
            }),
        }
    }
    Ok(left)
}

fn stays(path: &str, names: &[String]) -> Refusal {
    let mut told: Vec<String> = names.iter().take(TOLD).map(|name| quoted(name)).collect();
    if names.len() > TOLD {
        told.push(format!("and {} more", names.len() - TOLD));
    }
    Refusal {
        summary: format!("directory {} stays", quoted(path)),
        detail: format!(
            "It holds what the instance did not make: {}. Only empty directories are removed. Remove it by hand if \
             nobody needs it.",
            told.join(", ")
        ),
    }
}
