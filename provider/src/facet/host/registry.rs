// SPDX-License-Identifier: MPL-2.0
//! The registry below `{root}/.appenv/`: a file that founds it, and one file an instance. A write is made under a lock,
//! compares first, and puts the new file whole in the place of the old.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::disk::{Dir, Lock, us};
use super::way::Way;
use super::{Settings, failure, shown};
use crate::facet::{FacetError, Fault};
use crate::naming::Coordinate;
use crate::plan::Spec;
use crate::plan::host::{Found, quoted};
use crate::registry::{Entry, FloorChange, Floors, Look};

const DIRECTORY: &str = ".appenv";
const IDENTITY: &str = "registry.json";
const INSTANCES: &str = "instances";
const FLOORS: &str = "floors.json";
const LOCK: &str = "lock";

/// What founds a registry. Fields of later versions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// A random id.
    pub id: String,
    /// What the machine is called.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What the registry says of one instance. Fields of later versions are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The registration.
    #[serde(flatten)]
    pub entry: Entry,
    /// Paths of what it has or may have: noted before it is made, struck out when it is removed.
    #[serde(default)]
    pub places: BTreeSet<String>,
    /// Directories above its own that were made for it. They go with the last instance in them.
    #[serde(default)]
    pub parents: BTreeSet<String>,
    /// Where its directories are.
    #[serde(default)]
    pub directories: Option<Directories>,
    /// Old paths of its directories, which are links now, each with the time until when.
    #[serde(default)]
    pub kept: BTreeMap<String, String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Paths of the two directories that all others are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Directories {
    pub app_dir: String,
    pub secrets_dir: String,
}

/// An open registry.
pub(super) struct Registry {
    dir: Dir,
    /// What founds it; `None` where a founding did not finish.
    pub identity: Option<Identity>,
}

// === impl Identity ===

impl Identity {
    /// The name that the registry has, where the configuration says another.
    pub fn other_name(&self, settings: &Settings) -> Option<&str> {
        let (found, wanted) = (self.name.as_deref()?, settings.name.as_deref()?);
        (found != wanted).then_some(found)
    }

    /// The identity of the target. That of another machine is another one, even where files were copied.
    pub fn target(&self, settings: &Settings) -> String {
        match self.other_name(settings) {
            Some(found) => format!("{} of machine {}", self.id, quoted(found)),
            None => self.id.clone(),
        }
    }
}

// === impl Record ===

impl Record {
    /// A first one.
    pub fn new(entry: Entry) -> Self {
        Self {
            entry,
            places: BTreeSet::new(),
            parents: BTreeSet::new(),
            directories: None,
            kept: BTreeMap::new(),
            rest: Map::new(),
        }
    }
}

// === impl Registry ===

impl Registry {
    /// Opens it for reading; `None` where there is none.
    pub fn open(settings: &Settings) -> Result<Option<Self>, FacetError> {
        let way = Way::to(&format!("{}/{DIRECTORY}", settings.root), &settings.root)
            .map_err(failure::astray)?;
        if way.is_whole() { Self::of(way.dir).map(Some) } else { Ok(None) }
    }

    /// Opens it for writing, in the place of a missing one a new one, which is not founded yet.
    fn open_or_make(settings: &Settings) -> Result<Self, FacetError> {
        let root = &settings.root;
        let mut way = Way::to(root, root).map_err(failure::astray)?;
        super::trusted(&way)?;
        if let Some(tree) = &way.work_tree {
            return Err(failure::refused(&failure::in_work_tree("`host.root`", root, tree)));
        }
        match way.rest.as_slice() {
            [] => {}
            [last] => way.dir = way.dir.make(last, 0o755).map_err(|e| failure::disk(&e))?,
            [first, ..] => return Err(no_way(root, &way.dir.join(first))),
        }
        Self::of(way.dir.make(DIRECTORY, 0o700).map_err(|e| failure::disk(&e))?)
    }

    fn of(dir: Dir) -> Result<Self, FacetError> {
        if let Found::Directory { mode, owner } = dir.own().map_err(|e| failure::disk(&e))?
            && (mode & 0o022 != 0 || (owner.user != 0 && owner.user != us().user))
        {
            return Err(forged(dir.path(), mode, owner.user));
        }
        let identity = read(&dir, IDENTITY)?;
        Ok(Self { dir, identity })
    }

    /// Takes the lock under which everything is written; `None` where another run has it.
    pub fn try_lock(settings: &Settings) -> Result<Option<Lock>, FacetError> {
        let registry = Self::open_or_make(settings)?;
        registry.dir.try_lock(LOCK).map_err(|e| failure::disk(&e))
    }

    /// Opens it under the lock.
    pub fn locked(settings: &Settings, _lock: &Lock) -> Result<Self, FacetError> {
        Self::open_or_make(settings)
    }

    /// Founds it, or gives the machine its name; answers the id.
    pub fn found(&mut self, id: String, settings: &Settings) -> Result<String, FacetError> {
        let mut identity =
            self.identity.clone().unwrap_or(Identity { id, name: None, rest: Map::new() });
        identity.name = identity.name.or_else(|| settings.name.clone());
        if self.identity.as_ref() != Some(&identity) {
            write(&self.dir, IDENTITY, &identity)?;
            self.identity = Some(identity.clone());
        }
        Ok(identity.id)
    }

    /// What it says of one instance.
    pub fn look(&self, settings: &Settings, spec: &Spec) -> Result<Look, FacetError> {
        let coordinate = &spec.coordinate;
        // A founding that did not finish has no instance.
        let Some(identity) = &self.identity else { return Ok(Look::default()) };
        let records = self.of_app(coordinate.app())?;
        let app_owner = owner(&records);
        let floor = self.floors()?.owners.remove(app_owner.as_ref().unwrap_or(&spec.owner));
        Ok(Look {
            target: Some(identity.target(settings)),
            app_owner,
            entry: records.get(coordinate.env()).map(|record| record.entry.clone()),
            app: records.into_iter().map(|(env, record)| (env, record.entry)).collect(),
            floor,
        })
    }

    /// The record of one instance.
    pub fn record(&self, coordinate: &Coordinate) -> Result<Option<Record>, FacetError> {
        match self.app_directory(coordinate.app())? {
            Some(dir) => read(&dir, &file(coordinate.env())),
            None => Ok(None),
        }
    }

    /// Every record of an app, by env.
    pub fn of_app(&self, app: &str) -> Result<BTreeMap<String, Record>, FacetError> {
        let mut records = BTreeMap::new();
        let Some(dir) = self.app_directory(app)? else { return Ok(records) };
        for name in dir.names().map_err(|e| failure::disk(&e))? {
            if let Some(env) = name.strip_suffix(".json")
                && let Some(record) = read(&dir, &name)?
            {
                records.insert(env.to_owned(), record);
            }
        }
        Ok(records)
    }

    /// The registered instance, another one, that has one of these directories.
    pub fn tenant(
        &self,
        coordinate: &Coordinate,
        directories: [&str; 2],
    ) -> Result<Option<String>, FacetError> {
        for app in self.apps()? {
            for (env, record) in self.of_app(&app)? {
                let is_same = app == coordinate.app() && env == coordinate.env();
                let Some(theirs) = record.directories.filter(|_| !is_same) else { continue };
                let theirs = [theirs.app_dir.as_str(), theirs.secrets_dir.as_str()];
                if directories.iter().any(|ours| theirs.contains(ours)) {
                    return Ok(Some(format!("{app}/{env}")));
                }
            }
        }
        Ok(None)
    }

    /// The floors, by owner.
    pub fn floors(&self) -> Result<Floors, FacetError> {
        Ok(read(&self.dir, FLOORS)?.unwrap_or_default())
    }

    /// Changes the floor of an owner.
    pub fn change_floor(&self, owner: &str, change: &FloorChange<'_>) -> Result<(), FacetError> {
        let mut floors = self.floors()?;
        if floors.change(owner, change) { write(&self.dir, FLOORS, &floors) } else { Ok(()) }
    }

    /// Whether any app was ever registered in an env.
    pub fn has_env(&self, env: &str) -> Result<bool, FacetError> {
        for app in self.apps()? {
            let dir = self.app_directory(&app)?;
            let look = dir.map(|dir| dir.look(&file(env)).map_err(|e| failure::disk(&e)));
            if look.transpose()?.is_some_and(|found| found != Found::Missing) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every app that was ever registered.
    pub fn apps(&self) -> Result<Vec<String>, FacetError> {
        match self.dir.look(INSTANCES).map_err(|e| failure::disk(&e))? {
            Found::Missing => Ok(Vec::new()),
            _ => {
                self.dir.enter(INSTANCES).and_then(|dir| dir.names()).map_err(|e| failure::disk(&e))
            }
        }
    }

    /// Directories that were made for any instance.
    pub fn parents(&self) -> Result<BTreeSet<String>, FacetError> {
        let mut parents = BTreeSet::new();
        for app in self.apps()? {
            parents.extend(self.of_app(&app)?.into_values().flat_map(|record| record.parents));
        }
        Ok(parents)
    }

    /// Writes a record, whole.
    pub fn write(&self, coordinate: &Coordinate, record: &Record) -> Result<(), FacetError> {
        let made = |dir: &Dir, name: &str| dir.make(name, 0o700).map_err(|e| failure::disk(&e));
        let dir = made(&made(&self.dir, INSTANCES)?, coordinate.app())?;
        write(&dir, &file(coordinate.env()), record)
    }

    fn app_directory(&self, app: &str) -> Result<Option<Dir>, FacetError> {
        let mut dir = None;
        for name in [INSTANCES, app] {
            let above = dir.as_ref().unwrap_or(&self.dir);
            if above.look(name).map_err(|e| failure::disk(&e))? == Found::Missing {
                return Ok(None);
            }
            dir = Some(above.enter(name).map_err(|e| failure::disk(&e))?);
        }
        Ok(dir)
    }
}

/// Who owns an app: as the last of its instances was told. Without an owner it is anybody's.
pub(super) fn owner(records: &BTreeMap<String, Record>) -> Option<String> {
    let live = records.values().map(|record| &record.entry).filter(|entry| !entry.is_gone());
    let last = live.max_by(|a, b| a.written_at.cmp(&b.written_at))?;
    Some(last.owner.clone()).filter(|owner| !owner.is_empty())
}

/// The file of an env; neither an app nor an env has a dot or a slash in its name.
fn file(env: &str) -> String {
    format!("{env}.json")
}

fn read<T: DeserializeOwned>(dir: &Dir, name: &str) -> Result<Option<T>, FacetError> {
    let Some(content) = dir.read(name).map_err(|e| failure::disk(&e))? else { return Ok(None) };
    serde_json::from_slice(&content).map(Some).map_err(|error| FacetError {
        fault: Fault::Rejected,
        summary: format!("Could not read {}", quoted(&dir.join(name))),
        attempted: "Reading the registry.".to_owned(),
        cause: format!("the file is not one that appenv wrote: {error}"),
        next: "restore the file from a backup, then plan again.".to_owned(),
        attribute: None,
    })
}

fn write<T: Serialize>(dir: &Dir, name: &str, value: &T) -> Result<(), FacetError> {
    let mut content = serde_json::to_vec_pretty(value).unwrap_or_default();
    content.push(b'\n');
    dir.write(name, &content).map_err(|e| failure::disk(&e))
}

fn no_way(root: &str, missing: &str) -> FacetError {
    FacetError {
        fault: Fault::Missing,
        summary: format!("Could not make {}", quoted(root)),
        attempted: "Founding the registry of this machine in `host.root`.".to_owned(),
        cause: format!("{} is not there", quoted(missing)),
        next: format!("make it (mkdir -p {}), or choose another `host.root`.", quoted(root)),
        attribute: Some("provider.host.root"),
    }
}

fn forged(path: &str, mode: u32, user: u32) -> FacetError {
    FacetError {
        fault: Fault::Forbidden,
        summary: format!("The registry {} may be somebody else's", quoted(path)),
        attempted: "Reading the registry of this machine.".to_owned(),
        cause: format!(
            "it belongs to user {user} and has mode {mode:04o}; this run is user {}, and reads only what it or root \
             alone can write",
            us().user
        ),
        next: "run as the user that made it; if it is yours, chown and chmod 0700 it.".to_owned(),
        attribute: None,
    }
}

/// Why an entry may not be written over what is there.
pub(super) fn admits(
    records: &BTreeMap<String, Record>,
    coordinate: &Coordinate,
    expected: Option<&Entry>,
    next: &Entry,
) -> Result<(), FacetError> {
    let found = records.get(coordinate.env()).map(|record| &record.entry);
    let same = match (expected, found) {
        (None, None) => true,
        (Some(expected), Some(found)) => expected.same_registration(found),
        _ => false,
    };
    // A write after which the run was killed landed all the same.
    if !same && found != Some(next) {
        let now = found.map_or_else(
            || "it is not registered".to_owned(),
            |entry| format!("it is {:?} at generation {}", entry.phase, entry.generation),
        );
        return Err(failure::conflict(&shown(coordinate), now));
    }
    match owner(records) {
        Some(owner) if expected.is_none_or(Entry::is_gone) && owner != next.owner => {
            let app = coordinate.app();
            Err(failure::conflict(
                &shown(coordinate),
                format!("app \"{app}\" belongs to owner \"{owner}\""),
            ))
        }
        _ => Ok(()),
    }
}
