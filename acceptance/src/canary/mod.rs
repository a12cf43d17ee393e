// SPDX-License-Identifier: MPL-2.0
//! Looks for a secret in everything a run leaves behind.
//!
//! A secret is registered by name; the scan knows it raw, in base64 (in any alignment, so also inside a longer
//! encoded text), in hexadecimal, and as URLs and JSON escape it. It looks into state and backup, saved plans (zip
//! archives, entry by entry), captured output, traces, temporary files, server logs, audit logs and what the samplers
//! of [`watch`] saw while it ran.

mod forms;
pub mod watch;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

use crate::servers::{OpenBao, Postgres, Servers};
use crate::workspace::Workspace;

/// Secrets to look for.
#[derive(Debug, Default)]
pub struct Canaries {
    canaries: Vec<Canary>,
}

/// A secret in all its forms.
struct Canary {
    name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

/// A place where a secret was found. It does not hold the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Which secret.
    pub secret: String,
    /// In which form: `raw`, `base64`, …
    pub form: &'static str,
    /// The file, and the entry in it where it is an archive.
    pub place: String,
}

/// One look at everything.
struct Scan<'a> {
    needles: AhoCorasick,
    /// Name and form of each needle.
    forms: Vec<(&'a str, &'static str)>,
    hits: BTreeSet<Hit>,
}

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Sinks {
    paths: Vec<PathBuf>,
}

// === impl Canaries ===

impl Canaries {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a secret. Short ones are refused, since they would be found everywhere.
    pub fn register(&mut self, name: &str, secret: &str) -> &mut Self {
        assert!(secret.len() >= 12, "{name} is too short to be told from other text");
        self.canaries.push(Canary { name: name.to_owned(), forms: forms::of(secret) });
        self
    }

    /// Registers the credentials the provider itself was given.
    pub fn register_servers(&mut self, servers: &Servers) -> &mut Self {
        self.register("the provider's PostgreSQL password", &servers.pg.admin().password)
            .register("OpenBao's PostgreSQL password", &servers.pg.vault_admin().password)
            .register("the provider's token", servers.bao.apply_token())
    }

    /// Looks everywhere.
    pub fn scan(&self, sinks: &Sinks) -> Vec<Hit> {
        let mut scan = Scan::new(self);
        sinks.paths.iter().for_each(|path| scan.path(path));
        scan.hits.into_iter().collect()
    }

    /// Fails the test where any secret is anywhere.
    pub fn are_nowhere(&self, sinks: &Sinks) {
        let hits: Vec<_> = self.scan(sinks).iter().map(Hit::to_string).collect();
        assert!(hits.is_empty(), "secrets have leaked:\n  {}", hits.join("\n  "));
    }
}

// === impl Scan ===

impl<'a> Scan<'a> {
    fn new(canaries: &'a Canaries) -> Self {
        let forms: Vec<_> = canaries
            .canaries
            .iter()
            .flat_map(|canary| canary.forms.iter().map(|form| (canary.name.as_str(), form)))
            .collect();
        let needles = AhoCorasick::new(forms.iter().map(|(_, (_, needle))| needle));
        Self {
            needles: needles.expect("a few hundred short needles fit"),
            forms: forms.into_iter().map(|(name, (form, _))| (name, *form)).collect(),
            hits: BTreeSet::new(),
        }
    }

    fn path(&mut self, path: &Path) {
        let Ok(meta) = path.symlink_metadata() else { return };
        if meta.is_dir() {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                self.path(&entry.path());
            }
        } else if meta.is_file() {
            let bytes = fs::read(path).unwrap_or_else(|error| {
                panic!("cannot look for secrets in {}: {error}", path.display())
            });
            let place = path.display().to_string();
            self.bytes(path.as_os_str().as_encoded_bytes(), &format!("the name {place}"));
            self.bytes(&bytes, &place);
            if bytes.starts_with(b"PK\x03\x04") {
                self.archive(&bytes, &place);
            }
        }
    }

    fn archive(&mut self, bytes: &[u8], place: &str) {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes))
            .unwrap_or_else(|error| panic!("cannot open {place}: {error}"));
        for index in 0..archive.len() {
            let mut entry = archive
                .by_index(index)
                .unwrap_or_else(|error| panic!("cannot open entry {index} of {place}: {error}"));
            let name = format!("{place}, entry {}", String::from_utf8_lossy(entry.name_raw()));
            let mut content = Vec::new();
            entry
                .read_to_end(&mut content)
                .unwrap_or_else(|error| panic!("cannot read {name}: {error}"));
            self.bytes(&content, &name);
        }
    }

    fn bytes(&mut self, bytes: &[u8], place: &str) {
        for found in self.needles.find_overlapping_iter(bytes) {
            let (secret, form) = self.forms[found.pattern().as_usize()];
            let (secret, place) = (secret.to_owned(), place.to_owned());
            self.hits.insert(Hit { secret, form, place });
        }
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in {}", self.secret, self.form, self.place)
    }
}

// === impl Sinks ===

impl Sinks {
    /// Everything in a workspace but the configuration the test itself wrote: state, backup, plans, output, traces,
    /// the CLI's home and temporary files.
    pub fn of(workspace: &Workspace) -> Self {
        let mut paths: Vec<_> =
            ["runs", "home", "tmp"].iter().map(|dir| workspace.root().join(dir)).collect();
        let is_configuration = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".tf") || name.ends_with(".tfvars")
        };
        let entries = fs::read_dir(workspace.dir()).into_iter().flatten().flatten();
        paths.extend(entries.map(|entry| entry.path()).filter(|path| !is_configuration(path)));
        Self { paths }
    }

    /// Adds the server's log.
    #[must_use]
    pub fn with_postgres(mut self, pg: &Postgres) -> Self {
        self.paths.push(pg.log().to_owned());
        self
    }

    /// Adds audit log and server log.
    #[must_use]
    pub fn with_openbao(mut self, bao: &OpenBao) -> Self {
        self.paths.extend([bao.log(), bao.audit_log()]);
        self
    }

    /// Adds both servers.
    #[must_use]
    pub fn with_servers(self, servers: &Servers) -> Self {
        self.with_postgres(&servers.pg).with_openbao(&servers.bao)
    }

    /// Adds a file or a directory.
    #[must_use]
    pub fn with_path(mut self, path: &Path) -> Self {
        self.paths.push(path.to_owned());
        self
    }
}
