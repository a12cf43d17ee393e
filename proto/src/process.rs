// SPDX-License-Identifier: MPL-2.0
//! The process among others: its parent, the signals it gets, what others may see of it.
//!
//! Knows nothing of the protocol.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, getppid, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How often the parent is looked for where the system does not report its end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
const PAUSE: Duration = Duration::from_millis(500);
/// The stack of the thread that does nothing but wait, in bytes.
const STACK: usize = 64 * 1024;

/// Keeps secrets in memory from core dumps and, on Linux, from other processes of the same user.
///
/// Best effort: a system without these powers is served all the same.
pub(crate) fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::debug!(%error, "core dumps could not be switched off");
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "the memory could not be hidden from other processes");
        }
    }
}

/// The signals that would end the process and do not, once this exists.
///
/// Ctrl-C reaches the whole process group. The CLI then sends `StopProvider` and waits for what runs; a provider
/// that died of it would lose the state of a running apply.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

// === impl Signals ===

impl Signals {
    /// Takes the signals over.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal that is meant for the whole session; an interrupt is the CLI's to handle.
    pub(crate) async fn terminated(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }

    /// Waits for any of the signals.
    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }
}

/// Watches the process that started this one; the token is cancelled when it has ended.
///
/// A CLI that is killed tells nobody, and its providers would stay for ever. The parent-death signal of Linux is no
/// help: it fires when the *thread* ends that started this process, and Go ends threads as it likes.
///
/// A parent that ended before this call is seen by the handshake line that nobody reads.
pub(crate) fn watch_parent() -> io::Result<CancellationToken> {
    let ended = CancellationToken::new();
    let parent = getppid();
    let (end, seen) = (end_of(parent), ended.clone());
    std::thread::Builder::new().name("parent".to_owned()).stack_size(STACK).spawn(move || {
        match end {
            Some(end) => wait_for(&end),
            None => look_for(parent),
        }
        seen.cancel();
    })?;
    Ok(ended)
}

/// A descriptor that becomes readable when the process has ended.
#[cfg(target_os = "linux")]
fn end_of(process: Option<Pid>) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(process?, PidfdFlags::empty()).ok()
}

/// A descriptor that becomes readable when the process has ended; this system has none.
#[cfg(not(target_os = "linux"))]
fn end_of(_: Option<Pid>) -> Option<OwnedFd> {
    None
}

fn wait_for(end: &OwnedFd) {
    while poll(&mut [PollFd::new(end, PollFlags::IN)], None) == Err(Errno::INTR) {}
}

/// Sees the end by the number of the parent, which changes, or by standard output, a pipe that nobody reads any
/// more: the only sign where the parent lives in another process namespace and has no number here.
fn look_for(parent: Option<Pid>) {
    let stdout = io::stdout();
    while getppid() == parent {
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        // Asked for nothing, the descriptor reports errors alone, and the call waits as long as there are none.
        match poll(&mut watched, Some(&LOOK)) {
            Ok(0) => {}
            Ok(_) => return,
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_end_of_a_process_is_seen() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        let end = end_of(Some(pid)).unwrap();
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let alive = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&at_once)).unwrap();
        assert_eq!(alive, 0);
        drop(child.stdin.take());
        wait_for(&end);
        child.wait().unwrap();
    }

    #[test]
    fn another_parent_than_the_first_is_an_end() {
        look_for(Pid::from_raw(i32::MAX));
    }
}
