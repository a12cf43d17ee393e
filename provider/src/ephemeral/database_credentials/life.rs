// SPDX-License-Identifier: MPL-2.0
//! Whether a login lives as long as its run. Not every CLI shows what a renewal answers, so the close has to know it; and
//! since not every CLI hands the close what the last renewal kept, it is noted here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::kept::Login;

/// The lives of logins that are open.
#[derive(Debug, Default)]
pub(super) struct Lives(Mutex<BTreeMap<String, Life>>);

/// What is known of one.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// When it ends by what was granted last. Vault counts whole seconds, so it may be up to a second later.
    ends: Instant,
    /// Whether no renewal lets it live longer.
    last: bool,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// When it was given back.
    GivenBack,
    /// Before that, at the end of the longest life that Vault lets it have.
    AtLongest,
    /// Before that, since no renewal came through in time.
    Unrenewed,
}

// === impl Lives ===

impl Lives {
    /// What was granted, counted from when it was asked for.
    pub(super) fn note(&self, login: &Login, asked_at: Instant, granted: Duration, last: bool) {
        let life = Life { ends: asked_at + granted, last };
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lives.insert(login.id().to_owned(), life);
    }

    /// How one that is given back now ended; it is noted no more.
    pub(super) fn end(&self, login: &Login) -> Ended {
        let now = Instant::now();
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lives.remove(login.id()).map_or(Ended::GivenBack, |life| life.at(now))
    }
}

// === impl Life ===

impl Life {
    fn at(self, now: Instant) -> Ended {
        match (now >= self.ends, self.last) {
            (false, _) => Ended::GivenBack,
            (true, true) => Ended::AtLongest,
            (true, false) => Ended::Unrenewed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_end_before_the_run_is_told_with_its_cause() {
        let now = Instant::now();
        let later = now + SECOND;
        assert_eq!(Life { ends: later, last: true }.at(now), Ended::GivenBack);
        assert_eq!(Life { ends: now, last: true }.at(later), Ended::AtLongest);
        assert_eq!(Life { ends: now, last: false }.at(later), Ended::Unrenewed);
    }

    #[test]
    fn the_last_grant_counts_and_each_login_has_its_own() {
        let lives = Lives::default();
        let (one, other) = (Login::Lease("one".to_owned()), Login::Lease("other".to_owned()));
        let now = Instant::now();
        lives.note(&one, now, Duration::ZERO, false);
        lives.note(&other, now, Duration::ZERO, true);
        lives.note(&one, now, 3600 * SECOND, false);
        assert_eq!(lives.end(&one), Ended::GivenBack);
        assert_eq!(lives.end(&other), Ended::AtLongest);
        assert_eq!(lives.end(&other), Ended::GivenBack);
    }
}
