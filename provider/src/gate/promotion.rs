// SPDX-License-Identifier: MPL-2.0
//! Whether a version has run where it must have run before production.

use std::collections::BTreeMap;

use super::policy::Promotion;

/// What is known of the env where versions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// The app has, or had, an instance there: digests that were applied, each with when first (RFC 3339).
    Ledger(&'a BTreeMap<String, String>),
    /// Other apps have instances there in the same registry, this one never had.
    NotOfThisApp,
    /// No registry that this run sees has ever had an instance there.
    Elsewhere,
}

/// Why a version may not go to production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpromoted {
    /// It was never applied there.
    NeverApplied {
        /// What was applied there last, as far as known.
        last: Option<String>,
    },
    /// It was, but not long enough ago.
    TooFresh {
        /// Since when.
        since: String,
        /// From when on it may.
        from: String,
    },
    /// It cannot be told.
    Untold,
}

/// Judges a version by its digest. `after` tells the time so many seconds after another, `is_over` whether a time is over.
pub fn judge(
    rule: &Promotion,
    source: &Source<'_>,
    digest: &str,
    after: impl Fn(&str, u64) -> Option<String>,
    is_over: impl Fn(&str) -> bool,
) -> Result<(), Unpromoted> {
    let applied = match source {
        Source::NotOfThisApp => return Ok(()),
        Source::Elsewhere => return Err(Unpromoted::Untold),
        Source::Ledger(applied) => applied,
    };
    let Some(since) = applied.get(digest) else {
        // RFC 3339 in UTC sorts as the times do.
        let last = applied.iter().max_by_key(|(_, at)| *at).map(|(digest, _)| digest.clone());
        return Err(Unpromoted::NeverApplied { last });
    };
    let Some(soak) = rule.soak.filter(|soak| *soak > 0) else { return Ok(()) };
    let from = after(since, soak).ok_or(Unpromoted::Untold)?;
    if is_over(&from) { Ok(()) } else { Err(Unpromoted::TooFresh { since: since.clone(), from }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(soak: Option<u64>) -> Promotion {
        Promotion { from: "sandbox".to_owned(), soak }
    }

    /// Times are numbers of seconds here; now is 100.
    fn of(soak: Option<u64>, source: &Source<'_>, digest: &str) -> Result<(), Unpromoted> {
        let after = |at: &str, later: u64| Some((at.parse::<u64>().ok()? + later).to_string());
        judge(&rule(soak), source, digest, after, |at| at.parse::<u64>().is_ok_and(|at| at <= 100))
    }

    fn ledger() -> BTreeMap<String, String> {
        [("one", "10"), ("two", "50")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
    }

    #[test]
    fn what_was_applied_stays_promoted() {
        let ledger = ledger();
        for digest in ["one", "two"] {
            assert_eq!(of(None, &Source::Ledger(&ledger), digest), Ok(()));
        }
        let last = Some("two".to_owned());
        assert_eq!(
            of(None, &Source::Ledger(&ledger), "three"),
            Err(Unpromoted::NeverApplied { last })
        );
        let never = BTreeMap::new();
        assert_eq!(
            of(None, &Source::Ledger(&never), "one"),
            Err(Unpromoted::NeverApplied { last: None })
        );
    }

    #[test]
    fn it_soaks_first() {
        let ledger = ledger();
        assert_eq!(of(Some(90), &Source::Ledger(&ledger), "one"), Ok(()));
        assert_eq!(of(Some(0), &Source::Ledger(&ledger), "two"), Ok(()));
        let (since, from) = ("50".to_owned(), "101".to_owned());
        assert_eq!(
            of(Some(51), &Source::Ledger(&ledger), "two"),
            Err(Unpromoted::TooFresh { since, from })
        );
    }

    #[test]
    fn an_app_without_that_env_is_not_judged_and_what_cannot_be_seen_is_not_promoted() {
        assert_eq!(of(None, &Source::NotOfThisApp, "one"), Ok(()));
        assert_eq!(of(None, &Source::Elsewhere, "one"), Err(Unpromoted::Untold));
    }

    #[test]
    fn a_time_that_cannot_be_read_is_not_over() {
        let odd = [("one".to_owned(), "soon".to_owned())].into();
        assert_eq!(of(Some(1), &Source::Ledger(&odd), "one"), Err(Unpromoted::Untold));
    }
}
