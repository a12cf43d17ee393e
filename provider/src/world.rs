// SPDX-License-Identifier: MPL-2.0
//! The world as it comes in: environment, clock, randomness, files. Everything else takes it by argument.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Finds an environment variable.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Tells the time.
type Clock = dyn Fn() -> jiff::Timestamp + Send + Sync;

/// What the process is given from outside; a test gives another one.
#[derive(Clone)]
pub struct World {
    env: Arc<Lookup>,
    cwd: PathBuf,
    clock: Arc<Clock>,
}

impl World {
    /// The real one.
    pub fn real() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the one place where the environment is read")]
        let env = |name: &str| std::env::var(name).ok();
        #[allow(clippy::disallowed_methods, reason = "the one place where it is asked for")]
        let cwd = std::env::current_dir().unwrap_or_default();
        Self { env: Arc::new(env), cwd, clock: Arc::new(real_clock) }
    }

    /// One with the given environment, in the given directory.
    pub fn with(
        env: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        cwd: impl Into<PathBuf>,
    ) -> Self {
        Self { env: Arc::new(env), cwd: cwd.into(), clock: Arc::new(real_clock) }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> jiff::Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// An environment variable; an empty one counts as absent.
    pub fn env(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.is_empty())
    }

    /// The first of several environment variables that is there.
    pub fn first_env(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.env(name))
    }

    /// The working directory: the CLI's, after `-chdir`.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The text of a file, relative to the working directory.
    pub fn read_file(&self, path: impl AsRef<Path>) -> std::io::Result<String> {
        #[allow(clippy::disallowed_methods, reason = "the one place where files are read")]
        std::fs::read_to_string(self.cwd.join(path))
    }

    /// A file of at most so many bytes, relative to the working directory; a longer one is an error.
    pub fn read_bytes(&self, path: impl AsRef<Path>, longest: u64) -> std::io::Result<Vec<u8>> {
        #[allow(clippy::disallowed_methods, reason = "the one place where files are read")]
        let file = std::fs::File::open(self.cwd.join(path))?;
        let mut bytes = Vec::new();
        file.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > longest {
            let told = format!("it has more than {longest} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, told));
        }
        Ok(bytes)
    }

    /// Now.
    pub fn time(&self) -> jiff::Timestamp {
        (self.clock)()
    }

    /// The same of a regular file that is not longer than so many bytes; a longer one is an error.
    pub fn read_small_file(&self, path: impl AsRef<Path>, most: u64) -> std::io::Result<String> {
        use std::io::{Error, ErrorKind, Read as _};
        let path = self.cwd.join(path);
        // A pipe would never end.
        if !path.metadata()?.is_file() {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        let file = self.open_file(path)?;
        let mut text = String::new();
        let read = file.take(most.saturating_add(1)).read_to_string(&mut text)?;
        if u64::try_from(read).unwrap_or(u64::MAX) > most {
            return Err(Error::from(ErrorKind::FileTooLarge));
        }
        Ok(text)
    }

    /// A file to be read as a stream, relative to the working directory.
    pub fn open_file(&self, path: impl AsRef<Path>) -> std::io::Result<std::fs::File> {
        #[allow(clippy::disallowed_methods, reason = "the one place where files are read")]
        std::fs::File::open(self.cwd.join(path))
    }

    /// Now, RFC 3339 in UTC, to the second.
    pub fn now(&self) -> String {
        let now = (self.clock)();
        now.round(jiff::Unit::Second).unwrap_or(now).to_string()
    }

    /// The same in so much time.
    pub fn later(&self, time: std::time::Duration) -> String {
        let now = (self.clock)();
        let now = now.round(jiff::Unit::Second).unwrap_or(now);
        now.checked_add(time).unwrap_or(jiff::Timestamp::MAX).to_string()
    }

    /// Whether a time, RFC 3339, is over; one that cannot be read is not.
    pub fn is_over(&self, time: &str) -> bool {
        let now = (self.clock)();
        time.parse::<jiff::Timestamp>().is_ok_and(|time| time <= now)
    }

    /// A time, RFC 3339, so much later; `None` where it cannot be read.
    pub fn after(time: &str, later: std::time::Duration) -> Option<String> {
        Some(time.parse::<jiff::Timestamp>().ok()?.checked_add(later).ok()?.to_string())
    }

    /// Fills bytes with randomness that keys can be made of; whether the system had any to give.
    pub fn fill_random(&self, bytes: &mut [u8]) -> bool {
        aws_lc_rs::rand::fill(bytes).is_ok()
    }

    /// The moment after so much time, as the clock of this machine has it.
    pub fn moment_after(&self, time: std::time::Duration) -> std::time::SystemTime {
        #[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
        let now = std::time::SystemTime::now();
        now.checked_add(time).unwrap_or(now)
    }

    /// A random id, 122 bits.
    pub fn random_id(&self) -> String {
        #[allow(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
        uuid::Uuid::new_v4().to_string()
    }
}

fn real_clock() -> jiff::Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    jiff::Timestamp::now()
}
