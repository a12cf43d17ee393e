// SPDX-License-Identifier: MPL-2.0
//! The production gate with the real CLI and real servers: what changes production is refused unless exactly that is
//! approved.

mod attacks;
mod changes;
mod digests;
mod floor;
mod imports;
mod interrupted;
mod modes;
mod no_alarm;
mod promotion;
mod replaced;
mod secrets;
mod shared;
mod signed;
mod tampered;

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use acceptance::{Diagnostics, Run, Snapshot};

use crate::site::{self, Site, at};

/// A production instance on the shared servers, of an owner of its own.
pub struct Guarded {
    pub site: Site,
    /// The app; the instance's names are as short as it.
    pub app: String,
}

/// What the provider block says of its gates.
pub struct Gates<'a> {
    pub mode: &'a str,
    pub allow: &'a [&'a str],
    pub more: &'a str,
}

/// Nothing is allowed.
pub const SHUT: Gates<'static> = Gates { mode: "noop", allow: &[], more: "" };
/// As it is where nothing is said: a create is allowed.
pub const CREATES: Gates<'static> = Gates { mode: "noop", allow: &["create"], more: "" };

/// An unprotected instance.
pub const UNPROTECTED: &str = "  deletion_protection = false\n";

/// Founds the registries: whether they are there is part of what is approved, and other tests found them at any time.
fn found(site: &Site) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let founded = "SELECT to_regclass('appenv.instances') IS NOT NULL AND EXISTS (SELECT FROM pg_database WHERE datname = \
                   'gate-founder-sandbox')";
    if site.servers.pg.sql(founded).one() == "f" {
        Site::on(&site.servers).step(&site::plain("founder", "gate-founder", "sandbox"));
    }
}

/// A block of the instance.
pub fn limit(connections: i32) -> String {
    format!("  database {{\n    connection_limit = {connections}\n  }}\n")
}

// === impl Gates ===

impl Gates<'_> {
    /// The lines of the provider block.
    pub fn lines(&self) -> String {
        let mut allow = String::new();
        for operation in self.allow {
            write!(allow, "\"{operation}\", ").unwrap();
        }
        format!(
            "  gates {{\n    production = \"{}\"\n  }}\n  environment {{\n    name       = \"prod\"\n    production = true\n    \
             allow      = [{allow}]\n{}  }}\n  environment {{\n    name = \"sandbox\"\n  }}\n",
            self.mode, self.more
        )
    }
}

// === impl Guarded ===

impl Guarded {
    pub fn new(app: &str) -> Self {
        let site = Site::shared().owned_by(&format!("team/{app}"));
        found(&site);
        Self { site, app: app.to_owned() }
    }

    /// Writes a configuration of these gates and these blocks.
    pub fn write(&self, gates: &Gates<'_>, blocks: &str) -> &Self {
        let header = site::header(&self.site.owner, "", &gates.lines());
        self.site.ws.write("main.tf", &format!("{header}{blocks}"));
        self
    }

    /// Writes a configuration of the instance `it` alone.
    pub fn instance(&self, gates: &Gates<'_>, more: &str) -> &Self {
        self.write(gates, &site::block("it", &self.app, "prod", more))
    }

    /// The same, made.
    pub fn made(app: &str, gates: &Gates<'_>, more: &str) -> Self {
        let mut it = Self::new(app);
        it.instance(gates, more);
        if !gates.allow.contains(&"create") {
            let digest = it.refused("create");
            it.approve(&[&digest]);
        }
        it.site.ws.step();
        it.approve(&[]);
        it
    }

    /// Exactly these are approved from now on.
    pub fn approve(&mut self, digests: &[&str]) -> &mut Self {
        self.site.ws.set_env("APPENV_APPROVALS", &digests.join(","));
        self
    }

    /// The plan is refused for one operation on the instance; the digest that it names.
    pub fn refused(&self, operation: &str) -> String {
        let told = self.site.ws.plan_fails();
        assert_eq!(told.errors().count(), 1, "{told}");
        digest(&told, &format!("{}/prod", self.app), operation)
    }

    /// The same of an apply; nothing has changed by it.
    pub fn apply_refused(&self, operation: &str) -> String {
        let before = self.snapshot();
        let told = self.site.ws.apply_fails();
        self.is_untouched(&before);
        digest(&told, &format!("{}/prod", self.app), operation)
    }

    /// Applies a change that is refused first, and approved then.
    pub fn approved(&mut self, operation: &str) -> String {
        let digest = self.refused(operation);
        self.approve(&[&digest]);
        self.site.ws.step();
        self.approve(&[]);
        digest
    }

    pub fn snapshot(&self) -> Snapshot {
        self.site.snapshot(&self.app)
    }

    pub fn is_untouched(&self, before: &Snapshot) {
        self.site.is_untouched(before, &self.app);
    }

    /// What the database is limited to, as the server has it.
    pub fn connection_limit(&self) -> String {
        let sql = format!("SELECT datconnlimit FROM pg_database WHERE datname = '{}'", self.app);
        self.site.servers.pg.sql(&sql).one().to_owned()
    }

    /// Taints the instance.
    pub fn taint(&self) {
        let run = self.site.ws.run(&["taint", &at("it")]);
        assert_eq!(run.code, Some(0), "{run}");
    }
}

/// The digest in the one error of an operation on something.
pub fn digest(told: &Diagnostics, subject: &str, operation: &str) -> String {
    let found: Vec<String> =
        told.errors().filter_map(|error| named(&error.summary, subject, operation)).collect();
    assert_eq!(found.len(), 1, "one refusal of {operation} on {subject} was expected:\n{told}");
    found.into_iter().next().unwrap()
}

/// The digest in a summary that is of an operation on something.
pub fn named(summary: &str, subject: &str, operation: &str) -> Option<String> {
    let rest = summary.strip_prefix(&format!("{subject} {operation} "))?;
    let (digest, _) = rest.split_once(':')?;
    let code = digest.strip_prefix("a1-")?;
    let is_code = |c: char| c.is_ascii_lowercase() || ('2'..='7').contains(&c);
    assert!(code.len() == 52 && code.chars().all(is_code), "{summary}");
    Some(digest.to_owned())
}

/// Fails the test where a run does not warn of an operation on something with these words.
pub fn warns(run: &Run, subject: &str, operation: &str, words: &str) -> String {
    let told = run.diagnostics();
    let found = told.warnings().find_map(|warning| {
        let digest = named(&warning.summary, subject, operation)?;
        warning.summary.contains(words).then_some(digest)
    });
    found
        .unwrap_or_else(|| panic!("no warning of {operation} on {subject} says {words:?}:\n{told}"))
}
