// SPDX-License-Identifier: MPL-2.0
//! Making everything as wished: what is missing is made, what differs is mended, and nothing that may hold data is removed.

use tokio_util::sync::CancellationToken;

use super::disk::{Dir, us};
use super::registry::{Directories, Record, Registry};
use super::way::Way;
use super::{Settings, failure, rename, shown, stopped, trusted, wish};
use crate::facet::{FacetError, Fault, Renamed};
use crate::plan::Spec;
use crate::plan::host::{Found, HostWish, Kind, Place, quoted};

/// The mode of directories above an instance's own.
const PARENT: u32 = 0o755;

/// What is worked with.
struct Making<'a> {
    wish: &'a HostWish,
    registry: &'a Registry,
    spec: &'a Spec,
    record: Record,
    stop: &'a CancellationToken,
}

/// Makes every object of a registered instance as wished.
pub(super) fn converge(
    settings: &Settings,
    registry: &Registry,
    spec: &Spec,
    stop: &CancellationToken,
) -> Result<(), FacetError> {
    let wish = wish(spec)?;
    let mut record = alive(settings, registry, spec)?;
    let places = wish.places();
    let known = record.directories.get_or_insert_with(|| Directories::of(wish));
    if let Some(renamed) = known.renamed(wish).first() {
        return Err(elsewhere(&shown(&spec.coordinate), renamed));
    }
    let noted = record.places.clone();
    for place in places.iter().filter(|place| !noted.contains(&place.path)) {
        let (way, name) = Way::to_parent(&place.path, &wish.root).map_err(failure::astray)?;
        let found = if way.is_whole() { look(&way.dir, name)? } else { Found::Missing };
        if found != Found::Missing && !place.is_the_same_link(&found) {
            return Err(failure::occupied(&place.told(&found), &made(place)));
        }
    }
    record.places.extend(places.iter().map(|place| place.path.clone()));
    let mut making = Making { wish, registry, spec, record, stop };
    if making.record.places != noted {
        making.save()?;
    }
    for place in &places {
        making.make(place)?;
    }
    making.leave(&places)?;
    if rename::end_kept(wish, &mut making.record, |path| wish.over.contains(path), stop)? {
        making.save()?;
    }
    Ok(())
}

/// The record, where it is of this owner and not a tombstone.
fn alive(settings: &Settings, registry: &Registry, spec: &Spec) -> Result<Record, FacetError> {
    let what = shown(&spec.coordinate);
    if let Some(identity) = &registry.identity
        && let Some(found) = identity.other_name(settings)
    {
        return Err(failure::refused(&failure::other_name(settings, found)));
    }
    match registry.record(&spec.coordinate)? {
        Some(record) if record.entry.is_gone() || record.entry.owner != spec.owner => {
            let entry = record.entry;
            let now = format!("it is {:?}, of owner \"{}\"", entry.phase, entry.owner);
            Err(failure::conflict(&what, now))
        }
        Some(record) => Ok(record),
        None => Err(failure::conflict(&what, "it is not registered".to_owned())),
    }
}

// === impl Making ===

impl Making<'_> {
    fn save(&self) -> Result<(), FacetError> {
        stopped(self.stop)?;
        self.registry.write(&self.spec.coordinate, &self.record)
    }

    fn make(&mut self, place: &Place) -> Result<(), FacetError> {
        let (parent, name) = self.parent(place)?;
        let found = look(&parent, name)?;
        if place.is_blocked_by(&found) {
            return Err(failure::occupied(&place.told(&found), &made(place)));
        }
        match &place.kind {
            Kind::Link { .. } if place.is_the_same_link(&found) => {
                parent.sweep(name).map_err(|error| failure::disk(&error))
            }
            Kind::Link { target } => {
                stopped(self.stop)?;
                parent.link(name, target).map_err(|error| failure::disk(&error))
            }
            Kind::Directory { mode } => {
                let wished = Found::Directory { mode: *mode, owner: us() };
                if found == wished {
                    return Ok(());
                }
                stopped(self.stop)?;
                let mended = parent.make(name, *mode).and_then(|dir| {
                    // The owner first: a change of it takes the set-id bits.
                    dir.set_owner(us())?;
                    dir.set_mode(*mode)
                });
                mended.map_err(|error| failure::disk(&error))
            }
        }
    }

    fn parent<'a>(&mut self, place: &'a Place) -> Result<(Dir, &'a str), FacetError> {
        parent_of(self.wish, self.registry, self.spec, &mut self.record, &place.path, self.stop)
    }

    /// Removes links that are not asked for any more.
    fn leave(&mut self, wished: &[Place]) -> Result<(), FacetError> {
        let left: Vec<String> = self
            .record
            .places
            .iter()
            .filter(|path| !wished.iter().any(|place| place.path == **path))
            .cloned()
            .collect();
        for path in &left {
            let (way, name) = Way::to_parent(path, &self.wish.root).map_err(failure::astray)?;
            let found = if way.is_whole() { look(&way.dir, name)? } else { Found::Missing };
            if is_own_link(self.wish, &found) {
                trusted(&way)?;
                stopped(self.stop)?;
                way.dir.unlink(name).map_err(|error| failure::disk(&error))?;
            }
            if !matches!(found, Found::Directory { .. }) {
                self.record.places.remove(path);
            }
        }
        if left.is_empty() { Ok(()) } else { self.save() }
    }
}

/// The directory that something lies in. Those that are missing are made where they are in the root, and noted before.
pub(super) fn parent_of<'a>(
    wish: &HostWish,
    registry: &Registry,
    spec: &Spec,
    record: &mut Record,
    path: &'a str,
    stop: &CancellationToken,
) -> Result<(Dir, &'a str), FacetError> {
    let root = &wish.root;
    let (way, name) = Way::to_parent(path, root).map_err(failure::astray)?;
    trusted(&way)?;
    if let Some(tree) = way.work_tree.as_ref().filter(|_| path == wish.secrets_dir) {
        let refusal = failure::in_work_tree("the directory of the secrets", path, tree);
        return Err(failure::refused(&refusal));
    }
    if way.is_whole() {
        return Ok((way.dir, name));
    }
    let mut missing = Vec::new();
    let mut step_path = way.dir.path().to_owned();
    for step in &way.rest {
        step_path = format!("{step_path}/{step}");
        missing.push(step_path.clone());
    }
    if let Some(outside) = missing.iter().find(|path| !path.starts_with(&format!("{root}/"))) {
        return Err(no_parent(path, outside));
    }
    record.parents.extend(missing);
    stopped(stop)?;
    registry.write(&spec.coordinate, record)?;
    let mut dir = way.dir;
    for step in &way.rest {
        stopped(stop)?;
        dir = dir.make(step, PARENT).map_err(|error| failure::disk(&error))?;
    }
    Ok((dir, name))
}

/// Whether it is a link to a file of the instance's secrets.
pub(super) fn is_own_link(wish: &HostWish, found: &Found) -> bool {
    let Found::Link { target } = found else { return false };
    target.strip_prefix(&wish.secrets_dir).is_some_and(|rest| rest.starts_with('/'))
}

pub(super) fn look(dir: &Dir, name: &str) -> Result<Found, FacetError> {
    dir.look(name).map_err(|error| failure::disk(&error))
}

/// What is made, in words.
fn made(place: &Place) -> String {
    let what = match place.kind {
        Kind::Directory { .. } => "directory",
        Kind::Link { .. } => "link",
    };
    format!("{what} {}", quoted(&place.path))
}

fn no_parent(path: &str, missing: &str) -> FacetError {
    let what = quoted(path);
    FacetError {
        fault: Fault::Missing,
        summary: format!("Could not make {what}"),
        attempted: format!("Making {what}, which is not in `host.root`."),
        cause: format!(
            "{} is not there, and only directories in `host.root` are made for it",
            quoted(missing)
        ),
        next: format!("make {}, or write another path in `names`.", quoted(missing)),
        attribute: Some("names"),
    }
}

/// What came by import, and is registered under another path.
fn elsewhere(what: &str, renamed: &Renamed) -> FacetError {
    let Renamed { key, registered, wished } = renamed;
    FacetError {
        fault: Fault::Conflict,
        summary: format!("{what} is registered with {key} {}", quoted(registered)),
        attempted: format!("Making {what} whole with {key} {}.", quoted(wished)),
        cause: "two paths for one directory, and what is in the first would be left behind"
            .to_owned(),
        next: format!(
            "write `{key} = {}` into the `names` block, and apply again.",
            quoted(registered)
        ),
        attribute: Some("names"),
    }
}
