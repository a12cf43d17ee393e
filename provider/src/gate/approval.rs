// SPDX-License-Identifier: MPL-2.0
//! Approvals: digests, where they come from, and for how long they count.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Digest;

/// How long after its end an approval still counts: clocks differ.
pub const SKEW: i64 = 300;

/// For how long a plan is likely to lie before it is applied, in seconds.
const LATELY: i64 = 24 * 60 * 60;

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What is approved.
    pub digest: Digest,
    /// Where it was given: `approvals`, `APPENV_APPROVALS`, or a file.
    pub source: String,
    /// Until when it counts; `None`: as long as it is there.
    pub expires: Option<jiff::Timestamp>,
    /// Who gave it, as it says.
    pub approver: Option<String>,
    /// Why, as it says.
    pub ticket: Option<String>,
    /// The fingerprint of the key that signed it.
    pub key: Option<String>,
}

// === impl Approval ===

impl Approval {
    /// Whether it counted within the last day.
    pub fn ended_lately(&self, now: jiff::Timestamp) -> bool {
        self.expires.is_some_and(|end| now.as_second() - end.as_second() < LATELY)
    }
}

/// Every approval that a run was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    given: Vec<Approval>,
    /// Keys whose signatures count, by fingerprint, in the form of OpenSSH; empty: any approval does.
    keys: BTreeMap<String, String>,
}

/// What of a change was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is.
    Approved(Approval),
    /// It was, until then.
    Expired(Approval),
    /// It is, and nobody signed that whose signature counts.
    Unsigned(Approval),
    /// It is not.
    No,
}

// === impl Approvals ===

impl Approvals {
    /// Approvals, and the keys whose signatures count.
    pub fn new(given: Vec<Approval>, keys: BTreeMap<String, String>) -> Self {
        Self { given, keys }
    }

    /// Fingerprints of the keys whose signatures count.
    pub fn key_fingerprints(&self) -> BTreeSet<String> {
        self.keys.keys().cloned().collect()
    }

    /// Judges a change by its digest.
    pub fn judge(&self, digest: &Digest, now: jiff::Timestamp) -> Judged {
        let mut judged = Judged::No;
        for approval in self.given.iter().filter(|approval| approval.digest == *digest) {
            let counts = match &approval.key {
                Some(key) => self.keys.contains_key(key),
                None => self.keys.is_empty(),
            };
            let is_over =
                approval.expires.is_some_and(|end| now.as_second() > end.as_second() + SKEW);
            match (counts, is_over) {
                (true, false) => return Judged::Approved(approval.clone()),
                (true, true) => judged = Judged::Expired(approval.clone()),
                (false, _) if judged == Judged::No => judged = Judged::Unsigned(approval.clone()),
                (false, _) => {}
            }
        }
        judged
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const END: &str = "2026-01-01T00:00:00Z";

    fn approval(of: &str, expires: bool, key: Option<&str>) -> Approval {
        Approval {
            digest: Digest::of(of),
            source: "a test".to_owned(),
            expires: expires.then(|| END.parse().unwrap()),
            approver: None,
            ticket: None,
            key: key.map(str::to_owned),
        }
    }

    fn judge(given: &[Approval], keys: &[&str], now: &str) -> Judged {
        let keys = keys.iter().map(|key| ((*key).to_owned(), String::new())).collect();
        Approvals::new(given.to_vec(), keys).judge(&Digest::of("it"), now.parse().unwrap())
    }

    #[test]
    fn an_approval_counts_until_five_minutes_after_its_end() {
        let it = approval("it", true, None);
        for now in
            ["2025-12-31T00:00:00Z", END, "2026-01-01T00:05:00Z", "2026-01-01T01:05:00+01:00"]
        {
            assert_eq!(
                judge(std::slice::from_ref(&it), &[], now),
                Judged::Approved(it.clone()),
                "{now}"
            );
        }
        for now in ["2026-01-01T00:05:01Z", "2027-01-01T00:00:00Z"] {
            assert_eq!(
                judge(std::slice::from_ref(&it), &[], now),
                Judged::Expired(it.clone()),
                "{now}"
            );
        }
        let forever = approval("it", false, None);
        let given = [it, forever.clone()];
        assert_eq!(judge(&given, &[], "2027-01-01T00:00:00Z"), Judged::Approved(forever));
    }

    #[test]
    fn only_the_same_digest_is_approved() {
        assert_eq!(judge(&[approval("other", false, None)], &[], END), Judged::No);
        assert_eq!(judge(&[], &[], END), Judged::No);
    }

    #[test]
    fn with_keys_only_what_one_of_them_signed_counts() {
        let (bare, signed) = (approval("it", true, None), approval("it", true, Some("SHA256:a")));
        let both = [bare.clone(), signed.clone()];
        assert_eq!(judge(&both[..1], &["SHA256:a"], END), Judged::Unsigned(bare.clone()));
        assert_eq!(judge(&both, &["SHA256:a"], END), Judged::Approved(signed.clone()));
        assert_eq!(judge(&both[1..], &["SHA256:b"], END), Judged::Unsigned(signed.clone()));
        assert_eq!(judge(&both[1..], &[], END), Judged::Unsigned(signed.clone()));
        let late = "2027-01-01T00:00:00Z";
        assert_eq!(judge(&both, &["SHA256:a"], late), Judged::Expired(signed.clone()));
        assert_eq!(judge(&[signed.clone(), bare], &["SHA256:a"], late), Judged::Expired(signed));
    }
}
