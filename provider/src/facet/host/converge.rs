//! Making everything as wished: what is missing is made, what differs is mended, and nothing that may hold data is removed.

use tokio_util::sync::CancellationToken;

use super::disk::{Dir, us};
use super::registry::{Record, Registry};
use super::way::Way;
use super::{Settings, failure, shown, stopped, trusted, wish};
use crate::facet::{FacetError, Fault};
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
    let noted = record.places.clone();
    let places = wish.places();
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
    making.leave(&places)
}

/// The record, where it is of this owner and not a tombstone.
fn alive(settings: &Settings, registry: &Registry, spec: &Spec) -> Result<Record, FacetError> {
    let what = shown(&spec.coordinate);
    if let Some(identity) = &registry.identity
        && let Some(found) = identity.other_name(settings)
    {
        return Err(failure::refused(failure::other_name(settings, found)));
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

    /// The directory that something lies in. Those that are missing are made where they are in the root, and noted
    /// before.
    fn parent<'a>(&mut self, place: &'a Place) -> Result<(Dir, &'a str), FacetError> {
        let root = &self.wish.root;
        let (way, name) = Way::to_parent(&place.path, root).map_err(failure::astray)?;
        trusted(&way)?;
        if let Some(tree) = way.work_tree.as_ref().filter(|_| place.path == self.wish.secrets_dir) {
            let refusal = failure::in_work_tree("the directory of the secrets", &place.path, tree);
            return Err(failure::refused(refusal));
        }
        if way.is_whole() {
            return Ok((way.dir, name));
        }
        let mut missing = Vec::new();
        let mut path = way.dir.path().to_owned();
        for step in &way.rest {
            path = format!("{path}/{step}");
            missing.push(path.clone());
        }
        if let Some(outside) = missing.iter().find(|path| !path.starts_with(&format!("{root}/"))) {
            return Err(no_parent(&made(place), outside));
        }
        self.record.parents.extend(missing);
        self.save()?;
        let mut dir = way.dir;
        for step in &way.rest {
            stopped(self.stop)?;
            dir = dir.make(step, PARENT).map_err(|error| failure::disk(&error))?;
        }
        Ok((dir, name))
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

fn no_parent(what: &str, missing: &str) -> FacetError {
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
