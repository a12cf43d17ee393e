// SPDX-License-Identifier: MPL-2.0
//! Calls on the file system that fail in tests: of this thread, the one after so many.

use std::cell::Cell;

use rustix::io::Errno;

thread_local! {
    static LEFT: Cell<Option<(usize, bool)>> = const { Cell::new(None) };
}

/// As if the process were killed after so many points: every later call fails, what would clean up too.
pub(crate) fn kill_after(points: usize) {
    LEFT.set(Some((points, true)));
}

/// The point after so many fails as on a full disk, and those behind it do not.
pub(crate) fn fail_after(points: usize) {
    LEFT.set(Some((points, false)));
}

/// Nothing fails any more.
pub(crate) fn end() {
    LEFT.set(None);
}

/// One point.
pub(super) fn fail_point() -> Result<(), Errno> {
    match LEFT.get() {
        None => Ok(()),
        Some((0, true)) => Err(Errno::INTR),
        Some((0, false)) => {
            LEFT.set(None);
            Err(Errno::NOSPC)
        }
        Some((left, kills)) => {
            LEFT.set(Some((left - 1, kills)));
            Ok(())
        }
    }
}
