// SPDX-License-Identifier: MPL-2.0
//! Every call on the file system. Each is made relative to an open directory and follows no symbolic link, so that what
//! was looked at is what is changed, whoever renames what meanwhile.

mod write;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Gid, Mode, OFlags, RawMode, Uid};
use rustix::io::Errno;

use crate::plan::host::{Found, Owner};

/// The largest file that is read, bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// What is behind the name of a file or a link that is being written. Only one run writes at a time, so what is found
/// under such a name is left from one that was killed.
pub(super) const NEW: &str = ".appenv-new";

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub(super) struct DiskError {
    /// What was tried: `make directory`.
    pub doing: &'static str,
    /// On what.
    pub path: String,
    /// Why not.
    pub source: io::Error,
}

/// An open directory.
#[derive(Debug)]
pub(super) struct Dir {
    fd: OwnedFd,
    path: String,
}

/// A file, as it is without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileSeen {
    /// The twelve permission bits.
    pub mode: u32,
    /// Whose it is.
    pub owner: Owner,
    /// When it was last written, in seconds since 1970.
    pub modified: i64,
}

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "holds the lock")] OwnedFd);

/// Whose directories we make.
pub(super) fn us() -> Owner {
    Owner { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() }
}

// === impl DiskError ===

impl DiskError {
    fn is(&self, errno: Errno) -> bool {
        self.source.raw_os_error() == Some(errno.raw_os_error())
    }

    /// Whether there is no such thing.
    pub fn is_missing(&self) -> bool {
        self.is(Errno::NOENT)
    }

    /// Whether a directory is not empty.
    pub fn is_not_empty(&self) -> bool {
        self.is(Errno::NOTEMPTY) || self.is(Errno::EXIST)
    }

    /// Whether the user may not do that.
    pub fn is_denied(&self) -> bool {
        self.is(Errno::ACCESS) || self.is(Errno::PERM)
    }
}

// === impl Dir ===

impl Dir {
    /// The root of the file system, where every path begins.
    pub fn slash() -> Result<Self, DiskError> {
        let fd = fs::openat(CWD, "/", ENTER, Mode::empty());
        fd.map(|fd| Self { fd, path: String::new() }).map_err(|errno| failed("open", "/", errno))
    }

    /// Its path, for messages; empty for the root of the file system.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of something in it.
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// A directory in it; an error where that is a link.
    pub fn enter(&self, name: &str) -> Result<Self, DiskError> {
        let path = self.join(name);
        match beneath(&self.fd, name) {
            Ok(fd) => Ok(Self { fd, path }),
            Err(errno) => Err(failed("open directory", &path, errno)),
        }
    }

    /// What is there under a name.
    pub fn look(&self, name: &str) -> Result<Found, DiskError> {
        let path = self.join(name);
        let stat = match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(Found::Missing),
            Err(errno) => return Err(failed("look at", &path, errno)),
        };
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => directory(&stat),
            FileType::Symlink => match fs::readlinkat(&self.fd, name, Vec::new()) {
                Ok(target) => Found::Link { target: target.to_string_lossy().into_owned() },
                Err(errno) => return Err(failed("read link", &path, errno)),
            },
            FileType::RegularFile => Found::Other("a file"),
            FileType::Fifo => Found::Other("a named pipe"),
            FileType::Socket => Found::Other("a socket"),
            _ => Found::Other("a device"),
        })
    }

    /// What this directory itself is.
    pub fn own(&self) -> Result<Found, DiskError> {
        let stat = fs::fstat(&self.fd).map_err(|errno| failed("look at", &self.path, errno))?;
        Ok(directory(&stat))
    }

    /// Makes a directory in it, or takes the one that is there, and opens it. The mode of a new one is not what the umask
    /// leaves of it.
    pub fn make(&self, name: &str, mode: u32) -> Result<Self, DiskError> {
        match fs::mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) => {
                let fresh = self.enter(name)?;
                fresh.set_owner(us())?;
                fresh.set_mode(mode)?;
                Ok(fresh)
            }
            Err(Errno::EXIST) => self.enter(name),
            Err(errno) => Err(failed("make directory", &self.join(name), errno)),
        }
    }

    /// Sets the permissions of this directory itself.
    pub fn set_mode(&self, mode: u32) -> Result<(), DiskError> {
        #[allow(
            clippy::useless_conversion,
            clippy::unnecessary_fallible_conversions,
            reason = "the width differs by system"
        )]
        let mode = RawMode::try_from(mode).unwrap_or_default();
        fs::fchmod(self.readable()?, Mode::from_raw_mode(mode))
            .map_err(|errno| failed("set the mode of", &self.path, errno))
    }

    /// Sets whose this directory itself is.
    pub fn set_owner(&self, owner: Owner) -> Result<(), DiskError> {
        if let Found::Directory { owner: is, .. } = self.own()?
            && is == owner
        {
            return Ok(());
        }
        let (user, group) = (Uid::from_raw(owner.user), Gid::from_raw(owner.group));
        fs::fchown(self.readable()?, Some(user), Some(group))
            .map_err(|errno| failed("set the owner of", &self.path, errno))
    }

    /// Puts a link under a name, in the place of a link that is there: at no time is there none.
    pub fn link(&self, name: &str, target: &str) -> Result<(), DiskError> {
        let path = self.join(name);
        let new = format!("{name}{NEW}");
        let made = |errno| failed("make link", &path, errno);
        self.sweep(name)?;
        fs::symlinkat(target, &self.fd, &*new).map_err(made)?;
        // A directory or a file that came there meanwhile is not replaced.
        let there = self.look(name)?;
        let renamed = match there {
            Found::Missing | Found::Link { .. } => {
                fs::renameat(&self.fd, &*new, &self.fd, name).map_err(made)
            }
            _ => Err(made(Errno::EXIST)),
        };
        if renamed.is_err() {
            fs::unlinkat(&self.fd, &*new, AtFlags::empty()).ok();
        }
        renamed
    }

    /// Removes what a killed run left of a link that it was making.
    pub fn sweep(&self, name: &str) -> Result<(), DiskError> {
        let new = format!("{name}{NEW}");
        match self.look(&new)? {
            Found::Link { .. } => self.unlink(&new),
            _ => Ok(()),
        }
    }

    /// Moves a directory in it to a name in another one, on the same file system, that is free.
    pub fn move_to(&self, name: &str, other: &Self, new: &str) -> Result<(), DiskError> {
        free_rename(&self.fd, name, &other.fd, new)
            .map_err(|errno| failed("move", &self.join(name), errno))
    }

    /// Removes a file or a link.
    pub fn unlink(&self, name: &str) -> Result<(), DiskError> {
        fs::unlinkat(&self.fd, name, AtFlags::empty())
            .map_err(|errno| failed("remove", &self.join(name), errno))
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, name: &str) -> Result<(), DiskError> {
        fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)
            .map_err(|errno| failed("remove directory", &self.join(name), errno))
    }

    /// The names of everything in it, sorted.
    pub fn names(&self) -> Result<Vec<String>, DiskError> {
        let told = |errno| failed("list", &self.path, errno);
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(self.readable()?).map_err(told)? {
            let name = entry.map_err(told)?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// What a file is; `None` where there is none. Anything else than a file is an error.
    pub fn file(&self, name: &str) -> Result<Option<FileSeen>, DiskError> {
        let path = self.join(name);
        match fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                // 16 bits on some systems.
                #[allow(clippy::useless_conversion, reason = "the width differs by system")]
                let mode = u32::from(stat.st_mode) & 0o7777;
                let owner = Owner { user: stat.st_uid, group: stat.st_gid };
                Ok(Some(FileSeen { mode, owner, modified: stat.st_mtime }))
            }
            Ok(_) => Err(failed("look at", &path, Errno::INVAL)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(failed("look at", &path, errno)),
        }
    }

    /// The content of a file; `None` where there is none. A link, a pipe or a device is not opened.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DiskError> {
        let path = self.join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = match fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed("read", &path, errno)),
        };
        let stat = fs::fstat(&fd).map_err(|errno| failed("read", &path, errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(failed("read", &path, Errno::INVAL));
        }
        let mut content = Vec::new();
        let read = File::from(fd).take(LARGEST + 1).read_to_end(&mut content);
        read.map_err(|source| DiskError { doing: "read", path: path.clone(), source })?;
        if content.len() as u64 > LARGEST {
            return Err(failed("read", &path, Errno::FBIG));
        }
        Ok(Some(content))
    }

    /// Takes the lock of that name; `None` where another run has it.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>, DiskError> {
        let told = |errno| failed("lock", &self.join(name), errno);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map_err(told)?;
        match fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock(fd))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(told(errno)),
        }
    }

    /// This directory, opened so that it can be listed and changed.
    fn readable(&self) -> Result<OwnedFd, DiskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fs::openat(&self.fd, ".", flags, Mode::empty())
            .map_err(|errno| failed("open directory", &self.path, errno))
    }
}

/// What a way is made of: one may go through a directory that one may not list.
#[cfg(target_os = "linux")]
const ENTER: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const ENTER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a directory that lies in another one, whatever its name says.
#[cfg(target_os = "linux")]
fn beneath(dir: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    use rustix::fs::ResolveFlags;
    let way = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match fs::openat2(dir, name, ENTER, Mode::empty(), way) {
        // Kernels before 5.6, and sandboxes that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => one_step(dir, name),
        opened => opened,
    }
}
#[cfg(not(target_os = "linux"))]
fn beneath(dir: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    one_step(dir, name)
}

/// The same where the name is one step, which it is: our callers split paths.
fn one_step(dir: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    if name.contains('/') || name == ".." {
        return Err(Errno::XDEV);
    }
    fs::openat(dir, name, ENTER, Mode::empty())
}

/// Renames where nothing has the new name.
#[cfg(target_os = "linux")]
fn free_rename(from: &OwnedFd, name: &str, to: &OwnedFd, new: &str) -> Result<(), Errno> {
    use rustix::fs::RenameFlags;
    match fs::renameat_with(from, name, to, new, RenameFlags::NOREPLACE) {
        // File systems that do not know it.
        Err(Errno::INVAL | Errno::NOSYS) => look_and_rename(from, name, to, new),
        renamed => renamed,
    }
}
#[cfg(not(target_os = "linux"))]
fn free_rename(from: &OwnedFd, name: &str, to: &OwnedFd, new: &str) -> Result<(), Errno> {
    look_and_rename(from, name, to, new)
}

/// The same in two steps; a directory replaces at most an empty one.
fn look_and_rename(from: &OwnedFd, name: &str, to: &OwnedFd, new: &str) -> Result<(), Errno> {
    match fs::statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => fs::renameat(from, name, to, new),
        Err(errno) => Err(errno),
    }
}

fn directory(stat: &fs::Stat) -> Found {
    // 16 bits on some systems.
    #[allow(clippy::useless_conversion, reason = "the width differs by system")]
    let mode = u32::from(stat.st_mode) & 0o7777;
    Found::Directory { mode, owner: Owner { user: stat.st_uid, group: stat.st_gid } }
}

fn failed(doing: &'static str, path: &str, errno: Errno) -> DiskError {
    DiskError { doing, path: path.to_owned(), source: errno.into() }
}
