// SPDX-License-Identifier: MPL-2.0
//! Who started whom, read from `/proc`; on a system without it every answer is empty.

use std::fs;
use std::time::Duration;

use rustix::process::{Signal, kill_process};

use crate::daemon::pid_of;

/// One process: its id and the first 15 bytes of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The id.
    pub pid: u32,
    /// The parent's id.
    pub parent: u32,
    /// The name, as the kernel keeps it.
    pub name: String,
}

// === impl Process ===

impl Process {
    /// The most resident memory it ever had, in KiB; `None` once it has ended.
    pub fn peak_memory(&self) -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    }

    /// The processor time it has used, in user and kernel mode, without its children's; `None` once it has ended.
    pub fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        // Fields 14 and 15 of all; what follows the name begins with the third.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u32>().ok();
        let used = ticks()?.checked_add(ticks()?)?;
        let second = u32::try_from(rustix::param::clock_ticks_per_second()).ok()?;
        Some(Duration::from_secs(used.into()) / second)
    }
}

/// Every process below `ancestor`, parents before their children.
pub fn descendants(ancestor: u32) -> Vec<Process> {
    let all = all();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for process in all.iter().filter(|process| process.parent == parent) {
            parents.push(process.pid);
            found.push(process.clone());
        }
    }
    found
}

/// Sends a signal to a process and to everything below it.
pub fn signal_tree(pid: u32, signal: Signal) {
    kill_process(pid_of(pid), signal).ok();
    for process in descendants(pid) {
        kill_process(pid_of(process.pid), signal).ok();
    }
}

/// The command line of a process, arguments separated by blanks; empty once it has ended.
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            // `pid (name) state parent …`; the name may hold anything, a closing parenthesis too.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (head, rest) = stat.rsplit_once(')')?;
            let name = head.split_once('(')?.1.to_owned();
            let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
            Some(Process { pid, parent, name })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn finds_a_grandchild_by_name() {
        let mut shell =
            std::process::Command::new("sh").args(["-c", "sleep 30 & wait"]).spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !descendants(shell.id()).iter().any(|process| process.name == "sleep") {
            assert!(std::time::Instant::now() < deadline, "the grandchild never showed");
        }
        assert!(command_line(shell.id()).contains("sleep 30 & wait"));
        signal_tree(shell.id(), Signal::KILL);
        shell.wait().unwrap();
    }

    #[test]
    fn a_busy_process_uses_the_processor_and_an_ended_one_cannot_be_asked() {
        let mut shell =
            std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let process = Process { pid: shell.id(), parent: 0, name: "sh".to_owned() };
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while process.processor_time().unwrap() < Duration::from_millis(20) {
            assert!(std::time::Instant::now() < deadline, "it never used any");
        }
        kill_process(pid_of(shell.id()), Signal::KILL).ok();
        shell.wait().unwrap();
        assert_eq!(process.processor_time(), None);
    }
}
