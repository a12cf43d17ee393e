// SPDX-License-Identifier: MPL-2.0
//! Everything that is asked, side by side, within one deadline.

use std::sync::Arc;
use std::time::Duration;

use crate::configured::Configured;
use crate::facet::Limit;
use crate::finding::Finding;
use crate::preflight::keys::Needed;
use crate::preflight::probe::Probe;
use crate::preflight::{Check, Subject, names, postgres, run, vault};
use crate::secrets::Site;
use crate::settings::Settings;

/// How much later than the deadline of all checks a facet's own would be, so that the former is the one that is told.
const LATER: Duration = Duration::from_secs(30);

/// What is asked.
pub struct Asked<'a> {
    /// The servers.
    pub configured: &'a Arc<Configured>,
    /// The instance.
    pub subject: &'a Subject,
    /// Keys of secrets that it needs.
    pub needed: &'a Needed,
    /// The store they are to be in; `None`: none is asked for.
    pub site: Option<&'a Site>,
    /// Checks of what no facet manages.
    pub outside: Vec<Check<'a>>,
    /// Whether a login is leased and tried.
    pub probe: bool,
    /// The deadline, from now on.
    pub limit: Duration,
}

// === impl Asked ===

impl Asked<'_> {
    /// Asks, and answers in a fixed order: names, PostgreSQL, Vault, secrets, what is outside, probe.
    pub async fn run(mut self) -> Vec<Finding> {
        let outside = std::mem::take(&mut self.outside);
        let Self { configured, subject, limit, .. } = &self;
        let settings = &configured.settings;
        let within = Limit::starting_now(*limit + LATER, "read");
        let mut found = vec![names::legal(subject, &settings.environments, &settings.inputs)];
        found.extend(self.unknown());
        let mut checks = names::registered(subject, configured, within);
        checks.extend(self.servers(settings));
        if let Some(site) = self.site {
            checks.push(self.needed.check(site, &configured.world));
        }
        checks.extend(outside);
        let probe = self.probe.then(|| Probe::begin(configured, subject, *limit));
        found.extend(run(checks, *limit).await);
        found.extend(match probe {
            None => Vec::new(),
            Some(Err(skipped)) => skipped,
            Some(Ok(probe)) => probe.findings().await,
        });
        found
    }

    fn servers<'a>(&'a self, settings: &'a Settings) -> Vec<Check<'a>> {
        let clients = &self.configured.clients;
        let spec = self.subject.spec(settings, None);
        let postgres = clients.postgres().map(|postgres| postgres::check(postgres, spec));
        let vault = clients.vault().map(|vault| vault::check(vault, self.subject, settings));
        postgres.into_iter().chain(vault).collect()
    }

    /// Servers that are configured and cannot be asked yet.
    fn unknown(&self) -> Vec<Finding> {
        let settings = &self.configured.settings;
        let mut found = Vec::new();
        if settings.postgres.is_unknown() {
            found.extend(postgres::unknown());
        }
        if settings.vault.is_unknown() {
            found.extend(vault::unknown());
        }
        found
    }
}
