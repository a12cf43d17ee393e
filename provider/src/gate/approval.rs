//! Approvals: digests, where they come from, and for how long they count.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Digest;

/// How long after its end an approval still counts: clocks differ.
pub const SKEW: i64 = 300;

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
