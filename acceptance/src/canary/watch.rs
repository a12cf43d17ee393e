// SPDX-License-Identifier: MPL-2.0
//! Samplers that look while something runs: statements in `pg_stat_activity`, command lines in `/proc`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::processes;
use crate::scratch::Scratch;
use crate::servers::Postgres;

/// Samples what others with a look at `pg_stat_activity` could read. Ends on drop; what it saw stays till then.
#[derive(Debug)]
pub struct Activity {
    psql: Child,
    saw: PathBuf,
    _scratch: Scratch,
}

/// Samples the command lines of everything this process has started. Ends on drop; what it saw stays till then.
#[derive(Debug)]
pub struct CommandLines {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
    saw: PathBuf,
    _scratch: Scratch,
}

// === impl Activity ===

impl Activity {
    /// Starts to sample, some fifty times a second, and waits for the first sample.
    pub fn of(pg: &Postgres) -> Self {
        let scratch = Scratch::new("activity");
        let saw = scratch.join("pg_stat_activity");
        let mut psql = pg
            .root()
            .command()
            .stdin(Stdio::piped())
            .stdout(fs::File::create(&saw).expect("our own directory"))
            .stderr(Stdio::null())
            .spawn()
            .expect("psql can be started");
        let mut input = psql.stdin.take().expect("stdin was piped");
        // The sampler's own session shows only this statement.
        write!(input, "SELECT usename, application_name, query FROM pg_stat_activity WHERE backend_type = 'client backend'\n\\watch 0.02\n")
            .expect("psql reads its input");
        drop(input);
        let activity = Self { psql, saw, _scratch: scratch };
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        while activity.text().is_empty() {
            assert!(std::time::Instant::now() < deadline, "psql does not sample");
            std::thread::sleep(Duration::from_millis(5));
        }
        activity
    }

    /// The file with everything it saw.
    pub fn saw(&self) -> &Path {
        &self.saw
    }

    /// Everything it saw.
    pub fn text(&self) -> String {
        crate::output::read_lossy(&self.saw)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.psql.kill().ok();
        self.psql.wait().ok();
    }
}

// === impl CommandLines ===

impl CommandLines {
    /// Starts to sample, some two hundred times a second.
    pub fn start() -> Self {
        let scratch = Scratch::new("cmdline");
        let saw = scratch.join("command_lines");
        let mut file = fs::File::create(&saw).expect("our own directory");
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicU32::new(0));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&rounds));
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                for process in processes::descendants(std::process::id()) {
                    let line = processes::command_line(process.pid);
                    if seen.insert(line.clone()) {
                        writeln!(file, "{line}").ok();
                    }
                }
                counted.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { stop, rounds, thread: Some(thread), saw, _scratch: scratch }
    }

    /// The file with everything it saw, a whole look after this call included.
    pub fn saw(&self) -> &Path {
        let now = self.rounds.load(Ordering::Relaxed);
        while self.rounds.load(Ordering::Relaxed) < now + 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        &self.saw
    }
}

impl Drop for CommandLines {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
