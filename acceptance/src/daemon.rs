// SPDX-License-Identifier: MPL-2.0
//! Server processes: started under their own account, stopped by their own process id.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::account::{self, Account};

/// A running server.
///
/// Dropping it stops it, also when a test panics. Where `setpriv` exists the kernel stops it too when this process
/// is killed; elsewhere a killed test run leaves its servers behind.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    stop: Signal,
    log: PathBuf,
}

/// What to start, and how.
#[derive(Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment, the search path apart.
    pub env: Vec<(String, String)>,
    /// Its working directory.
    pub dir: PathBuf,
    /// The user it runs as; `None`: ours.
    pub account: Option<Account>,
    /// Where standard output and error go.
    pub log: PathBuf,
    /// The signal that stops it without losing files.
    pub stop: Signal,
}

// === impl Daemon ===

impl Daemon {
    /// Starts a server.
    pub fn start(launch: Launch) -> Self {
        let Launch { program, args, env, dir, account, log, stop } = launch;
        let mut command = watched(&program, account, stop);
        command.args(args).env_clear().env("PATH", account::search_path()).envs(env);
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", log.display()));
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .stderr(output.try_clone().expect("an open file can be cloned"))
            .stdout(output);
        let child = spawn(command)
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Self { child, stop, log }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        // The child has not been waited for, so the id is still its own.
        kill_process(pid_of(self.pid()), signal).ok();
    }

    /// The exit status, if it ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child can be asked")
    }

    /// Stops it and waits.
    pub fn stop(&mut self) {
        self.stop_with(self.stop);
    }

    /// Stops it with a signal of the caller's choice and waits; after ten seconds it is killed.
    pub fn stop_with(&mut self, signal: Signal) {
        if self.ended().is_some() {
            return;
        }
        self.signal(signal);
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.ended().is_none() {
            if Instant::now() > deadline {
                self.child.kill().ok();
                self.child.wait().ok();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until `ready` holds; `Err` with the end of the log where the process ends first or 60 s pass.
    pub fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if ready() {
                return Ok(());
            }
            if let Some(status) = self.ended() {
                return Err(format!("it ended at once ({status}):\n{}", tail(&self.log)));
            }
            if Instant::now() > deadline {
                return Err(format!("it was not ready after 60 s:\n{}", tail(&self.log)));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A frozen server does not hear the signal that stops it.
        self.signal(Signal::CONT);
        self.stop();
    }
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_else(|error| format!("(no log: {error})"));
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// A port of the loopback interface that nobody listens on now. A server that finds it taken is started again.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback interface has a free port")
        .port()
}

/// A process id as the system wants it.
pub fn pid_of(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).expect("a child's id is not zero")
}

/// The command, wrapped so that the kernel sends `stop` when its parent thread dies.
fn watched(program: &Path, account: Option<Account>, stop: Signal) -> Command {
    let Some(setpriv) = account::on_path("setpriv") else {
        let mut command = Command::new(program);
        account::run_as(&mut command, account);
        return command;
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", name_of(stop)]);
    if let Some(Account { uid, gid }) = account {
        command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

fn name_of(signal: Signal) -> &'static str {
    match signal {
        Signal::QUIT => "QUIT",
        Signal::INT => "INT",
        Signal::TERM => "TERM",
        _ => "KILL",
    }
}

type Spawned = std::io::Result<Child>;
type Request = (Command, mpsc::Sender<Spawned>);

/// Spawns from a thread that lives as long as the process: the kernel's parent is a thread, and the one that runs a
/// test ends long before a server that several tests share.
fn spawn(command: Command) -> Spawned {
    static SPAWNER: LazyLock<Mutex<mpsc::Sender<Request>>> = LazyLock::new(|| {
        let (requests, inbox) = mpsc::channel::<Request>();
        std::thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                for (mut command, answer) in inbox {
                    answer.send(command.spawn()).ok();
                }
            })
            .expect("a thread can be started");
        Mutex::new(requests)
    });
    let (answer, spawned) = mpsc::channel();
    SPAWNER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .expect("the spawner runs as long as the process");
    spawned.recv().expect("the spawner answers every request")
}
