// SPDX-License-Identifier: MPL-2.0
//! A CLI while it runs, and what can be done to it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process, kill_process_group};

use crate::daemon::pid_of;
use crate::output::{Run, read_lossy};
use crate::processes::{self, Process};
use crate::provider;

/// A run that has not ended. Dropping it kills it with everything it started.
#[derive(Debug)]
pub struct Running {
    pub(super) command: String,
    pub(super) files: PathBuf,
    child: Child,
    current: Arc<AtomicU32>,
    started: Instant,
    deadline: Duration,
}

/// What a fault proxy kills.
#[derive(Clone, Debug)]
pub struct Victim {
    below: Arc<AtomicU32>,
    /// Only providers, not the process itself.
    providers_only: bool,
}

// === impl Running ===

impl Running {
    /// Starts a command in a process group of its own, with its output in `{files}.stdout` and `.stderr`.
    pub(super) fn start(
        mut command: Command,
        told: String,
        files: PathBuf,
        current: Arc<AtomicU32>,
        deadline: Duration,
    ) -> Self {
        let create = |extension: &str| {
            fs::File::create(files.with_extension(extension)).expect("our own directory")
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(create("stdout"))
            .stderr(create("stderr"))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {told}: {error}"));
        current.store(child.id(), Ordering::SeqCst);
        Self { command: told, files, child, current, started: Instant::now(), deadline }
    }

    /// The CLI's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The CLI's process.
    pub fn process(&self) -> Process {
        let name = self.command.split(' ').next().unwrap_or_default().to_owned();
        Process { pid: self.pid(), parent: std::process::id(), name }
    }

    /// The provider processes it has started and that still run.
    pub fn providers(&self) -> Vec<Process> {
        providers_below(self.pid())
    }

    /// Ctrl-C: SIGINT to the CLI and all it has started.
    pub fn interrupt(&self) {
        kill_process_group(pid_of(self.pid()), Signal::INT).ok();
    }

    /// SIGTERM to the CLI alone, as a supervisor sends it.
    pub fn terminate(&self) {
        kill_process(pid_of(self.pid()), Signal::TERM).ok();
    }

    /// SIGKILL to the CLI alone: its providers are orphaned and have to notice.
    pub fn kill_cli(&self) {
        kill_process(pid_of(self.pid()), Signal::KILL).ok();
    }

    /// SIGKILL to the providers; the CLI has to notice.
    pub fn kill_providers(&self) {
        self.providers().iter().for_each(|process| {
            kill_process(pid_of(process.pid), Signal::KILL).ok();
        });
    }

    /// Whether it is over.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("our own child can be asked").is_some()
    }

    /// What the CLI and the provider wrote with `TF_LOG=TRACE` so far.
    pub fn trace(&self) -> String {
        read_lossy(&self.files.with_extension("trace"))
    }

    /// Waits until something holds; fails the test after the run's deadline or once the run has ended.
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        while !holds(self) {
            assert!(!self.has_ended(), "{}: ended before {what}", self.command);
            assert!(self.started.elapsed() < self.deadline, "{}: never {what}", self.command);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end; a run that exceeds its deadline is killed and fails the test.
    pub fn wait(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our own child can be asked") {
                break status;
            }
            if self.started.elapsed() > self.deadline {
                self.kill_all();
                let told = read_lossy(&self.files.with_extension("stdout"));
                panic!("{} took longer than {:?}:\n{told}", self.command, self.deadline);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.current.store(0, Ordering::SeqCst);
        Run {
            command: self.command.clone(),
            code: status.code(),
            stdout: read_lossy(&self.files.with_extension("stdout")),
            stderr: read_lossy(&self.files.with_extension("stderr")),
            took: self.started.elapsed(),
            trace: self.files.with_extension("trace"),
        }
    }

    fn kill_all(&mut self) {
        processes::signal_tree(self.pid(), Signal::KILL);
        self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill_all();
        }
    }
}

// === impl Victim ===

impl Victim {
    /// The providers below the process whose id the cell holds.
    pub(super) fn providers_below(below: Arc<AtomicU32>) -> Self {
        Self { below, providers_only: true }
    }

    /// One process and everything below it.
    pub fn process(pid: u32) -> Self {
        Self { below: Arc::new(AtomicU32::new(pid)), providers_only: false }
    }

    /// Kills it, now; answers how many processes were hit.
    pub fn kill(&self) -> usize {
        let root = self.below.load(Ordering::SeqCst);
        if root == 0 {
            return 0;
        }
        let mut pids: Vec<_> =
            if self.providers_only { providers_below(root) } else { processes::descendants(root) }
                .into_iter()
                .map(|process| process.pid)
                .collect();
        if !self.providers_only {
            pids.push(root);
        }
        pids.iter().filter(|pid| kill_process(pid_of(**pid), Signal::KILL).is_ok()).count()
    }
}

fn providers_below(pid: u32) -> Vec<Process> {
    // The kernel keeps 15 bytes of a name.
    let name = &provider::PROGRAM[..15];
    processes::descendants(pid).into_iter().filter(|process| process.name == name).collect()
}
