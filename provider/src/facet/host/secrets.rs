//! The directory of an instance's secrets, for the store of files: looked at by anybody who may, changed only under the
//! registry's lock and by a way that nobody else could lead elsewhere.

use zeroize::Zeroizing;

use super::disk::{Dir, LARGEST, Lock, NEW, us};
use super::registry::Registry;
use super::way::Way;
use super::{Host, Settings, failure, shown, trusted};
use crate::facet::{FacetError, Fault};
use crate::naming::Coordinate;
use crate::plan::host::{Found, Owner, quoted};

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
        Way::to(&settings.expand(&of.secrets_dir), &settings.root).map_err(failure::astray)
    }

    fn of(way: Way) -> Result<Option<Self>, FacetError> {
        if !way.is_whole() {
            return Ok(None);
        }
        match way.dir.own().map_err(|error| failure::disk(&error))? {
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
                way.dir.own().map_err(|error| failure::disk(&error))?
            && (mode & 0o077 != 0 || owner.user != us().user)
        {
            return Err(open_to_others(way.dir.path(), mode, owner, &of.coordinate));
        }
        Ok((Self::of(way)?, tree))
    }

    /// The same at an old path, which may be a link by now.
    fn old(settings: &Settings, of: &SecretsOf) -> Result<Option<Self>, FacetError> {
        let path = settings.expand(&of.secrets_dir);
        let (way, name) = Way::to_parent(&path, &settings.root).map_err(failure::astray)?;
        if !way.is_whole() {
            return Ok(None);
        }
        match way.dir.look(name).map_err(|error| failure::disk(&error))? {
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
            dir.dir.sweep_files().map_err(|error| failure::disk(&error))?;
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
            let refusal = failure::in_work_tree("the directory of the secrets", &path, &tree);
            return Err(failure::refused(&refusal));
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
        let found = self.dir.look(name).map_err(|error| failure::disk(&error))?;
        let told = match found {
            Found::Missing => return Ok(None),
            Found::Other("a file") => {
                let read = self.dir.read(name).map_err(|error| failure::disk(&error))?;
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
        let file = self.dir.file(name).map_err(|error| failure::disk(&error))?;
        Ok(file.is_some_and(|file| file.mode == 0o600 && file.owner == self.owner))
    }

    /// When a file was last written, in seconds since 1970; `None` where there is none.
    pub fn modified(&self, name: &str) -> Result<Option<i64>, FacetError> {
        let file = self.dir.file(name).map_err(|error| failure::disk(&error))?;
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
        written.map_err(|error| failure::disk(&error))
    }

    /// Removes a file; what is gone already is no error.
    pub fn remove(&self, name: &str) -> Result<(), FacetError> {
        match self.dir.unlink_synced(name) {
            Err(error) if !error.is_missing() => Err(failure::disk(&error)),
            _ => Ok(()),
        }
    }

    /// The names of everything in it, sorted.
    pub fn names(&self) -> Result<Vec<String>, FacetError> {
        self.dir.names().map_err(|error| failure::disk(&error))
    }

    /// The directory of the backups, made where it is not there.
    pub fn backup(&self) -> Result<Self, FacetError> {
        let made = self.dir.make(BACKUP, 0o700).and_then(|dir| {
            dir.sweep_files()?;
            Ok((dir.own()?, dir))
        });
        match made.map_err(|error| failure::disk(&error))? {
            (Found::Directory { mode, owner }, dir)
                if mode & 0o077 == 0 && owner.user == us().user =>
            {
                Ok(Self { dir, owner: self.owner })
            }
            (_, dir) => Err(no_backup(dir.path())),
        }
    }
}

/// Fails where the registry is of another machine.
fn machine(settings: &Settings, registry: &Registry) -> Result<(), FacetError> {
    match registry.identity.as_ref().and_then(|identity| identity.other_name(settings)) {
        Some(found) => Err(failure::refused(&failure::other_name(settings, found))),
        None => Ok(()),
    }
}

fn not_made(path: &str, coordinate: &Coordinate, cause: &str) -> FacetError {
    let what = shown(coordinate);
    FacetError {
        fault: Fault::Missing,
        summary: format!("{what} has no directory of secrets here"),
        attempted: format!("Writing a secret into {}.", quoted(path)),
        cause: format!("{cause}; nothing was written"),
        next: format!(
            "apply the appenv_app_instance of {what} first: it makes the directory; `depends_on`, or a reference to it, \
             puts them in order."
        ),
        attribute: None,
    }
}

fn not_a_file(env_file: &str, coordinate: &Coordinate) -> FacetError {
    let what = shown(coordinate);
    FacetError {
        fault: Fault::Missing,
        summary: format!("{what} has no file of secrets {}", quoted(env_file)),
        attempted: "Writing a secret into one of the `env_files` of its instance.".to_owned(),
        cause: format!(
            "the instance is registered without {} in `env_files`; nothing was written",
            quoted(env_file)
        ),
        next: format!(
            "add {} to `env_files` of the appenv_app_instance of {what} and apply that first, or choose another `file`.",
            quoted(env_file)
        ),
        attribute: Some("file"),
    }
}

fn open_to_others(path: &str, mode: u32, owner: Owner, coordinate: &Coordinate) -> FacetError {
    FacetError {
        fault: Fault::Forbidden,
        summary: format!("The directory of secrets {} is open to others", quoted(path)),
        attempted: "Working in the directory of the secrets, which is its owner's alone."
            .to_owned(),
        cause: format!(
            "it has mode {mode:04o} and belongs to user {}; this run is user {}; nothing was written",
            owner.user,
            us().user
        ),
        next: format!(
            "apply the appenv_app_instance of {} first: it mends the directory; or chown and chmod 0700 it.",
            shown(coordinate)
        ),
        attribute: None,
    }
}

fn no_backup(path: &str) -> FacetError {
    FacetError {
        fault: Fault::Forbidden,
        summary: format!("The directory of backups {} is open to others", quoted(path)),
        attempted: "Copying a file of secrets before it is changed.".to_owned(),
        cause: "it is not this user's alone; the file was not changed".to_owned(),
        next: format!(
            "apply the instance first: it mends it; or chown and chmod 0700 {}.",
            quoted(path)
        ),
        attribute: None,
    }
}

fn no_file(path: &str, told: &str) -> FacetError {
    FacetError {
        fault: Fault::Occupied,
        summary: format!("{} is no file", quoted(path)),
        attempted: "Reading a file of secrets.".to_owned(),
        cause: format!("it {told}; it is neither followed nor replaced, and nothing was written"),
        next: "move it away, or put a file there, and run the same command again.".to_owned(),
        attribute: None,
    }
}

fn too_large(path: &str, bytes: usize) -> FacetError {
    FacetError {
        fault: Fault::Rejected,
        summary: format!("{} would be too large", quoted(path)),
        attempted: "Writing a file of secrets.".to_owned(),
        cause: format!(
            "it would have {bytes} bytes, and 1 MiB is the most that is read; nothing was written"
        ),
        next: "put some of its keys into another of the `env_files`.".to_owned(),
        attribute: None,
    }
}
