// SPDX-License-Identifier: MPL-2.0
//! The directory of an instance's secrets, for the store of files: looked at by anybody who may, changed only under the
//! registry's lock and by a way that nobody else could lead elsewhere.

mod failure;

use zeroize::Zeroizing;

use super::disk::{Dir, LARGEST, Lock, NEW, us};
use super::registry::Registry;
use super::way::Way;
use super::{Host, Settings, failure as host, trusted};
use crate::facet::FacetError;
use crate::naming::Coordinate;
use crate::plan::host::{Found, Owner, quoted};
use failure::{no_backup, no_file, not_a_file, not_made, open_to_others, too_large};

/// The directory of the backups, in that of the secrets.
const BACKUP: &str = "backup";

/// Whose directory of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsOf {
    /// App and env.
    pub coordinate: Coordinate,
    /// Its path as the names have it, `~/` included.
    pub secrets_dir: String,
}

/// An open directory of secrets, or that of their backups in it.
#[derive(Debug)]
pub struct SecretsDir {
    dir: Dir,
    owner: Owner,
}

// === impl Host ===

impl Host {
    /// Where a directory of secrets is, absolute.
    pub fn secrets_path(&self, secrets_dir: &str) -> String {
        self.settings.expand(secrets_dir)
    }

    /// How many backups of a file of secrets are kept.
    pub fn backups_kept(&self) -> usize {
        self.settings.backups_kept
    }

    /// Looks at a directory of secrets; `None` where there is none. Takes no lock.
    pub async fn look_at_secrets<T: Send + 'static>(
        &self,
        of: SecretsOf,
        work: impl FnOnce(Option<&SecretsDir>) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<T, FacetError> {
        self.work(move |settings| work(SecretsDir::at(settings, &of)?.as_ref())).await
    }

    /// Reads in a directory of secrets, as long as nobody else could have put something there.
    pub async fn read_secrets<T: Send + 'static>(
        &self,
        of: SecretsOf,
        work: impl FnOnce(Option<&SecretsDir>) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<T, FacetError> {
        self.work(move |settings| {
            work(SecretsDir::trusted(settings, &of).map(|(dir, _)| dir)?.as_ref())
        })
        .await
    }

    /// Writes to one of the registered `env_files` of an instance, under the registry's lock.
    pub async fn write_secrets<T: Send + 'static>(
        &self,
        of: SecretsOf,
        env_file: String,
        work: impl FnOnce(&SecretsDir) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<T, FacetError> {
        // No registry is made for it.
        let (asked, file) = (of.clone(), env_file.clone());
        self.work(move |settings| SecretsDir::registered(settings, &asked, &file)).await?;
        let lock = self.lock(None).await?;
        self.work(move |settings| SecretsDir::write_in(settings, &lock, &of, &env_file, work)).await
    }

    /// Removes from directories of secrets, under the registry's lock; what is not there is none. No registration is asked
    /// for: the instance may be gone.
    pub async fn clear_secrets<T: Send + 'static>(
        &self,
        of: SecretsOf,
        work: impl FnOnce(&SecretsDir) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<Option<T>, FacetError> {
        let asked = of.clone();
        if !self.work(move |settings| Ok(SecretsDir::at(settings, &asked)?.is_some())).await? {
            return Ok(None);
        }
        let lock = self.lock(None).await?;
        self.work(move |settings| {
            let cleared = SecretsDir::locked(settings, &lock, &of)?.map(|dir| work(&dir));
            drop(lock);
            cleared.transpose()
        })
        .await
    }

    /// Moves between two directories of secrets of one instance, under the registry's lock. An old one that is not there,
    /// or is a link to the new one, has nothing to move.
    pub async fn move_secrets<T: Send + 'static>(
        &self,
        from: SecretsOf,
        to: SecretsOf,
        env_file: String,
        work: impl FnOnce(&SecretsDir, &SecretsDir) -> Result<T, FacetError> + Send + 'static,
    ) -> Result<Option<T>, FacetError> {
        let asked = from.clone();
        if !self.work(move |settings| Ok(SecretsDir::old(settings, &asked)?.is_some())).await? {
            return Ok(None);
        }
        let (asked, file) = (to.clone(), env_file.clone());
        self.work(move |settings| SecretsDir::registered(settings, &asked, &file)).await?;
        let lock = self.lock(None).await?;
        self.work(move |settings| {
            let Some(_) = SecretsDir::old(settings, &from)? else { return Ok(None) };
            let Some(old) = SecretsDir::locked(settings, &lock, &from)? else { return Ok(None) };
            SecretsDir::write_in(settings, &lock, &to, &env_file, |new| work(&old, new)).map(Some)
        })
        .await
    }
}

// === impl SecretsDir ===

impl SecretsDir {
    /// Opens it; `None` where it is not there.
    fn at(settings: &Settings, of: &SecretsOf) -> Result<Option<Self>, FacetError> {
        Self::of(Self::way(settings, of)?)
    }

    fn way(settings: &Settings, of: &SecretsOf) -> Result<Way, FacetError> {
        Way::to(&settings.expand(&of.secrets_dir), &settings.root).map_err(host::astray)
    }

    fn of(way: Way) -> Result<Option<Self>, FacetError> {
        if !way.is_whole() {
            return Ok(None);
        }
        match way.dir.own().map_err(|error| host::disk(&error))? {
            Found::Directory { owner, .. } => Ok(Some(Self { dir: way.dir, owner })),
            _ => Ok(None),
        }
    }

    /// The same, and the work tree it is in; an error where others could have led the way elsewhere, or could read what is
    /// put there.
    fn trusted(
        settings: &Settings,
        of: &SecretsOf,
    ) -> Result<(Option<Self>, Option<String>), FacetError> {
        let way = Self::way(settings, of)?;
        trusted(&way)?;
        let tree = way.work_tree.clone();
        if way.is_whole()
            && let Found::Directory { mode, owner } =
                way.dir.own().map_err(|error| host::disk(&error))?
            && !is_own(mode, owner)
        {
            return Err(open_to_others(way.dir.path(), mode, owner, &of.coordinate));
        }
        Ok((Self::of(way)?, tree))
    }

    /// The same at an old path, which may be a link by now.
    fn old(settings: &Settings, of: &SecretsOf) -> Result<Option<Self>, FacetError> {
        let path = settings.expand(&of.secrets_dir);
        let (way, name) = Way::to_parent(&path, &settings.root).map_err(host::astray)?;
        if !way.is_whole() {
            return Ok(None);
        }
        match way.dir.look(name).map_err(|error| host::disk(&error))? {
            Found::Directory { .. } => Self::at(settings, of),
            _ => Ok(None),
        }
    }

    /// Opens it under the lock, and removes what killed runs were writing.
    fn locked(
        settings: &Settings,
        lock: &Lock,
        of: &SecretsOf,
    ) -> Result<Option<Self>, FacetError> {
        let registry = Registry::locked(settings, lock)?;
        machine(settings, &registry)?;
        let (dir, _) = Self::trusted(settings, of)?;
        if let Some(dir) = &dir {
            dir.dir.sweep_files().map_err(|error| host::disk(&error))?;
        }
        Ok(dir)
    }

    /// Works in the directory of a registered instance.
    pub(super) fn write_in<T>(
        settings: &Settings,
        lock: &Lock,
        of: &SecretsOf,
        env_file: &str,
        work: impl FnOnce(&Self) -> Result<T, FacetError>,
    ) -> Result<T, FacetError> {
        Self::registered(settings, of, env_file)?;
        let dir = Self::locked(settings, lock, of)?;
        let (_, tree) = Self::trusted(settings, of)?;
        let path = settings.expand(&of.secrets_dir);
        if let Some(tree) = tree {
            let refusal = host::in_work_tree("the directory of the secrets", &path, &tree);
            return Err(host::refused(&refusal));
        }
        match dir {
            Some(dir) => work(&dir),
            None => Err(not_made(&path, &of.coordinate, "it is not there")),
        }
    }

    /// Fails unless the instance is registered with this directory and this file of secrets.
    fn registered(settings: &Settings, of: &SecretsOf, env_file: &str) -> Result<(), FacetError> {
        let path = settings.expand(&of.secrets_dir);
        let unregistered = |cause: &str| not_made(&path, &of.coordinate, cause);
        let registry = Registry::open(settings)?
            .ok_or_else(|| unregistered("this machine has no appenv registry"))?;
        machine(settings, &registry)?;
        let record = registry.record(&of.coordinate)?.filter(|record| !record.entry.is_gone());
        let record = record.ok_or_else(|| unregistered("the instance is not registered here"))?;
        let directories = record.directories.as_ref();
        let directories = directories.filter(|directories| directories.secrets_dir == path);
        let directories = directories
            .ok_or_else(|| unregistered("the instance is registered with another secrets_dir"))?;
        let (app, env) = (of.coordinate.app(), of.coordinate.env());
        let dot = if env_file.is_empty() { "" } else { "." };
        let link = format!("{}/{app}/.env.{env}{dot}{env_file}", directories.app_dir);
        if record.places.contains(&link) {
            return Ok(());
        }
        Err(not_a_file(env_file, &of.coordinate))
    }

    /// The path of something in it.
    pub fn join(&self, name: &str) -> String {
        self.dir.join(name)
    }

    /// The content of a file, at most 1 MiB; `None` where there is none. Anything but a file is an error that says what it
    /// is, and is not opened.
    pub fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, FacetError> {
        let found = self.dir.look(name).map_err(|error| host::disk(&error))?;
        let told = match found {
            Found::Missing => return Ok(None),
            Found::Other("a file") => {
                let read = self.dir.read(name).map_err(|error| host::disk(&error))?;
                return Ok(read.map(Zeroizing::new));
            }
            Found::Directory { .. } => "is a directory".to_owned(),
            Found::Link { target } => format!("is a symbolic link to {}", quoted(&target)),
            Found::Other(what) => format!("is {what}"),
        };
        Err(no_file(&self.join(name), &told))
    }

    /// Whether a file is as it is written here: mode 0600, and owned as the directory is.
    pub fn is_private(&self, name: &str) -> Result<bool, FacetError> {
        let file = self.dir.file(name).map_err(|error| host::disk(&error))?;
        Ok(file.is_some_and(|file| file.mode == 0o600 && file.owner == self.owner))
    }

    /// When a file was last written, in seconds since 1970; `None` where there is none.
    pub fn modified(&self, name: &str) -> Result<Option<i64>, FacetError> {
        let file = self.dir.file(name).map_err(|error| host::disk(&error))?;
        Ok(file.map(|file| file.modified))
    }

    /// Writes a file whole, mode 0600, owned as the directory is, or leaves what was there.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), FacetError> {
        self.write_by(&format!("{name}{NEW}"), name, content)
    }

    /// The same by a name that does not depend on the file's, so that the next run finds what a killed one left.
    pub fn write_by(&self, new: &str, name: &str, content: &[u8]) -> Result<(), FacetError> {
        if content.len() as u64 > LARGEST {
            return Err(too_large(&self.join(name), content.len()));
        }
        let written = self.dir.write_by(new, name, content, Some(self.owner));
        written.map_err(|error| host::disk(&error))
    }

    /// Removes a file; what is gone already is no error.
    pub fn remove(&self, name: &str) -> Result<(), FacetError> {
        match self.dir.unlink_synced(name) {
            Err(error) if !error.is_missing() => Err(host::disk(&error)),
            _ => Ok(()),
        }
    }

    /// The names of everything in it, sorted.
    pub fn names(&self) -> Result<Vec<String>, FacetError> {
        self.dir.names().map_err(|error| host::disk(&error))
    }

    /// The directory of the backups, made where it is not there.
    pub fn backup(&self) -> Result<Self, FacetError> {
        let made = self.dir.make(BACKUP, 0o700).and_then(|dir| {
            dir.sweep_files()?;
            Ok((dir.own()?, dir))
        });
        match made.map_err(|error| host::disk(&error))? {
            (Found::Directory { mode, owner }, dir) if is_own(mode, owner) => {
                Ok(Self { dir, owner: self.owner })
            }
            (_, dir) => Err(no_backup(dir.path())),
        }
    }
}

/// Fails where the registry is of another machine.
fn machine(settings: &Settings, registry: &Registry) -> Result<(), FacetError> {
    match registry.identity.as_ref().and_then(|identity| identity.other_name(settings)) {
        Some(found) => Err(host::refused(&host::other_name(settings, found))),
        None => Ok(()),
    }
}

/// Whether a directory is this user's alone.
#[expect(clippy::verbose_bit_mask, reason = "the bits of a mode")]
fn is_own(mode: u32, owner: Owner) -> bool {
    mode & 0o077 == 0 && owner.user == us().user
}
