// SPDX-License-Identifier: MPL-2.0
//! Files that are put whole in the place of others, and taken away.

use std::fs::File;
use std::io::Write as _;

use rustix::fs::{self, AtFlags, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::{Dir, DiskError, NEW, failed};
use crate::plan::host::{Found, Owner};

impl Dir {
    /// Writes a file whole, or leaves what was there: into a new one that takes its name once it is on the disk.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), DiskError> {
        self.write_by(&format!("{name}{NEW}"), name, content, None)
    }

    /// The same by a new file of this name, which is given to an owner.
    pub fn write_by(
        &self,
        new: &str,
        name: &str,
        content: &[u8],
        owner: Option<Owner>,
    ) -> Result<(), DiskError> {
        let written = self.write_new(new, name, content, owner);
        if written.is_err() && fail_point().is_ok() {
            fs::unlinkat(&self.fd, new, AtFlags::empty()).ok();
        }
        written
    }

    fn write_new(
        &self,
        new: &str,
        name: &str,
        content: &[u8],
        owner: Option<Owner>,
    ) -> Result<(), DiskError> {
        let path = self.join(name);
        let told = |errno: Errno| failed("write", &path, errno);
        // Opened first, so that nothing is missing once the name is taken.
        let here = self.readable()?;
        fail_point().map_err(told)?;
        match fs::unlinkat(&self.fd, new, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(told(errno)),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fail_point().map_err(told)?;
        let fd = fs::openat(&self.fd, new, flags, Mode::RUSR | Mode::WUSR).map_err(told)?;
        fail_point().map_err(told)?;
        if let Some(Owner { user, group }) = owner {
            let is = fs::fstat(&fd).map_err(told)?;
            if (is.st_uid, is.st_gid) != (user, group) {
                let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
                fs::fchown(&fd, Some(user), Some(group)).map_err(told)?;
            }
        }
        fs::fchmod(&fd, Mode::RUSR | Mode::WUSR).map_err(told)?;
        let mut file = File::from(fd);
        let io = |source| DiskError { doing: "write", path: path.clone(), source };
        let (half, rest) = content.split_at(content.len() / 2);
        file.write_all(half).map_err(io)?;
        fail_point().map_err(told)?;
        file.write_all(rest).map_err(io)?;
        fail_point().map_err(told)?;
        file.sync_all().map_err(io)?;
        fail_point().map_err(told)?;
        fs::renameat(&self.fd, new, &self.fd, name).map_err(told)?;
        fail_point().map_err(told)?;
        fs::fsync(here).map_err(told)
    }

    /// Removes a file or a link, and sees that this is on the disk.
    pub fn unlink_synced(&self, name: &str) -> Result<(), DiskError> {
        let told = |errno| failed("remove", &self.join(name), errno);
        let here = self.readable()?;
        fail_point().map_err(told)?;
        self.unlink(name)?;
        fail_point().map_err(told)?;
        fs::fsync(here).map_err(told)
    }

    /// Removes the files that killed runs were writing. Only under the lock: nobody is writing one.
    pub fn sweep_files(&self) -> Result<(), DiskError> {
        for name in self.names()?.iter().filter(|name| name.ends_with(NEW)) {
            if self.look(name)? == Found::Other("a file") {
                self.unlink(name)?;
            }
        }
        Ok(())
    }
}

/// Where a test can let a run be killed or a call fail.
#[cfg(not(test))]
#[allow(clippy::unnecessary_wraps, reason = "as the one of tests")]
const fn fail_point() -> Result<(), Errno> {
    Ok(())
}
#[cfg(test)]
use crate::facet::host::failing::fail_point;
