// SPDX-License-Identifier: MPL-2.0
//! Whether a login lives as long as its run. Not every CLI shows what a renewal answers, and some never ask again after
//! one that failed, so the close has to know it; and since not every CLI hands the close what the last renewal kept, it is
//! noted here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::kept::Login;

/// The lives of logins that are open.
#[derive(Debug, Default)]
pub(super) struct Lives(Mutex<BTreeMap<String, Life>>);

/// What is known of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Life {
    /// When it ends, by what was granted last.
    ends: Timestamp,
    /// Whether no renewal lets it live longer.
    last: bool,
    /// Why the renewal that was asked for last failed.
    failed: Option<Failed>,
}

/// A renewal that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failed {
    why: String,
    /// Whether another one may succeed.
    passes: bool,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// When it was given back.
    GivenBack,
    /// Before that, at the end of the longest life that Vault lets it have.
    AtLongest,
    /// Perhaps before that, since it was not renewed; with what the last renewal said, where there was one.
    Unrenewed(Option<String>),
}

/// No failed renewal is followed by another later than this.
const SOON: Duration = Duration::from_secs(60);

// === impl Lives ===

impl Lives {
    /// What was granted now.
    pub(super) fn note(&self, login: &Login, now: Timestamp, granted: Duration, last: bool) {
        let ends = now.checked_add(granted).unwrap_or(Timestamp::MAX);
        self.lock().insert(login.id().to_owned(), Life { ends, last, failed: None });
    }

    /// A renewal that failed now. Answers in how much time to ask again: within what is left of the login's life, and not
    /// at all where that would not help.
    pub(super) fn note_failed(
        &self,
        login: &Login,
        now: Timestamp,
        why: String,
        passes: bool,
    ) -> Option<Duration> {
        let mut lives = self.lock();
        let life = lives.get_mut(login.id())?;
        life.failed = Some(Failed { why, passes });
        let left = Duration::try_from(life.ends.duration_since(now)).ok()?;
        (passes && !left.is_zero()).then(|| (left / 3).min(SOON).max(Duration::from_secs(1)))
    }

    /// How one that is given back now ended; it is noted no more.
    pub(super) fn end(&self, login: &Login, now: Timestamp) -> Ended {
        self.lock().remove(login.id()).map_or(Ended::GivenBack, |life| life.at(now))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Life>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Life ===

impl Life {
    fn at(self, now: Timestamp) -> Ended {
        match (now >= self.ends, self.last, self.failed) {
            // One that the server knows no more, or renews no more, may be over long before.
            (_, _, Some(failed)) if !failed.passes => Ended::Unrenewed(Some(failed.why)),
            (false, ..) => Ended::GivenBack,
            (true, true, _) => Ended::AtLongest,
            (true, false, failed) => Ended::Unrenewed(failed.map(|failed| failed.why)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn lease(id: &str) -> Login {
        Login::Lease(id.to_owned())
    }

    #[test]
    fn an_end_before_the_run_is_told_with_its_cause() {
        for (last, closed, how) in [
            (true, 8, Ended::GivenBack),
            (true, 9, Ended::AtLongest),
            (false, 8, Ended::GivenBack),
            (false, 9, Ended::Unrenewed(None)),
        ] {
            let lives = Lives::default();
            lives.note(&lease("one"), at(0), 9 * SECOND, last);
            assert_eq!(lives.end(&lease("one"), at(closed)), how, "{last} {closed}");
            assert_eq!(lives.end(&lease("one"), at(closed)), Ended::GivenBack, "noted no more");
        }
    }

    #[test]
    fn what_was_granted_last_counts_and_each_login_has_its_own() {
        let lives = Lives::default();
        lives.note(&lease("one"), at(0), 9 * SECOND, false);
        lives.note(&lease("other"), at(0), 9 * SECOND, false);
        lives.note(&lease("one"), at(6), 9 * SECOND, false);
        assert_eq!(lives.end(&lease("one"), at(10)), Ended::GivenBack);
        assert_eq!(lives.end(&lease("other"), at(10)), Ended::Unrenewed(None));
    }

    #[test]
    fn a_failure_that_passes_is_followed_by_another_renewal_as_long_as_there_is_a_life() {
        let lives = Lives::default();
        let one = lease("one");
        let failed = |second, passes| lives.note_failed(&one, at(second), "down".into(), passes);
        assert_eq!(failed(0, true), None, "nobody knows it");
        lives.note(&one, at(0), 3600 * SECOND, false);
        assert_eq!(failed(2400, true), Some(SOON));
        assert_eq!(failed(3570, true), Some(10 * SECOND));
        assert_eq!(failed(3599, true), Some(SECOND));
        assert_eq!(failed(3600, true), None);
        assert_eq!(lives.clone_end(&one, 3599), Ended::GivenBack);
        assert_eq!(lives.clone_end(&one, 3600), Ended::Unrenewed(Some("down".into())));
        lives.note(&one, at(3599), 3600 * SECOND, false);
        assert_eq!(lives.clone_end(&one, 3600), Ended::GivenBack, "and then came through");
        assert_eq!(failed(3601, false), None);
        assert_eq!(lives.clone_end(&one, 3602), Ended::Unrenewed(Some("down".into())));
    }

    impl Lives {
        /// How it would end then.
        fn clone_end(&self, login: &Login, second: i64) -> Ended {
            self.lock()[login.id()].clone().at(at(second))
        }
    }
}
