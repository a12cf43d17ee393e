// SPDX-License-Identifier: MPL-2.0
//! Whose an instance is: what a create may do about the registration it finds. Pure.

use crate::registry::{Entry, Look, Phase};

/// What a create does.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Nothing is there: make it.
    Fresh,
    /// A create of this owner began and did not finish: go on.
    Continue(Entry),
    /// A finished registration of this owner: take it over.
    Adopt(Entry),
}

/// Why a create is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// The app belongs to another owner.
    OtherOwner {
        /// Who.
        owner: String,
    },
    /// The instance is registered from another state.
    OtherState {
        /// Since when, and at which generation.
        since: String,
        /// Its recorded state address.
        theirs: String,
        /// This state's.
        ours: String,
    },
    /// Objects are there, but no registration of ours.
    Occupied {
        /// Each with what is known of whose it is.
        objects: Vec<String>,
    },
}

/// Judges what a look found. `replaced`: the registration will be, or was, given up by this very run.
pub fn judge(
    look: &Look,
    occupied: &[String],
    owner: &str,
    state_address: Option<&str>,
    replaced: bool,
) -> Result<Claim, Refused> {
    if let Some(other) = look.app_owner.as_deref().filter(|other| *other != owner) {
        return Err(Refused::OtherOwner { owner: other.to_owned() });
    }
    let Some(entry) = look.entry.clone().filter(|entry| !entry.is_gone()) else {
        return match occupied {
            [] => Ok(Claim::Fresh),
            objects => Err(Refused::Occupied { objects: objects.to_vec() }),
        };
    };
    // Where only a host is configured, nobody need be the owner.
    if entry.owner != owner && !entry.owner.is_empty() {
        return Err(Refused::OtherOwner { owner: entry.owner });
    }
    if entry.phase == Phase::Pending {
        return Ok(Claim::Continue(entry));
    }
    match (entry.state_address.as_deref(), state_address) {
        (Some(theirs), Some(ours)) if theirs != ours && !replaced => Err(Refused::OtherState {
            since: format!("{} (generation {})", entry.written_at, entry.generation),
            theirs: theirs.to_owned(),
            ours: ours.to_owned(),
        }),
        _ => Ok(Claim::Adopt(entry)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(owner: &str, phase: Phase, address: Option<&str>) -> Entry {
        Entry {
            owner: owner.to_owned(),
            phase,
            holder: Some("h".to_owned()),
            generation: 3,
            state_address: address.map(str::to_owned),
            production: false,
            spec_digest: String::new(),
            spec: serde_json::Value::Null,
            written_at: "2026-01-01T00:00:00Z".to_owned(),
            applied: [].into(),
            pending: None,
        }
    }

    fn look(app_owner: Option<&str>, entry: Option<Entry>) -> Look {
        Look {
            target: Some("t".to_owned()),
            app_owner: app_owner.map(str::to_owned),
            entry,
            ..Look::default()
        }
    }

    fn of(look: &Look, occupied: &[&str], address: Option<&str>) -> Result<Claim, Refused> {
        let occupied: Vec<String> = occupied.iter().map(|&text| text.to_owned()).collect();
        judge(look, &occupied, "us", address, false)
    }

    #[test]
    fn nothing_there_is_fresh() {
        assert_eq!(of(&look(None, None), &[], None), Ok(Claim::Fresh));
        let gone = entry("us", Phase::Gone, None);
        assert_eq!(of(&look(None, Some(gone)), &[], None), Ok(Claim::Fresh));
    }

    #[test]
    fn a_tombstone_of_another_owner_does_not_bind() {
        let gone = entry("them", Phase::Gone, None);
        assert_eq!(of(&look(None, Some(gone)), &[], None), Ok(Claim::Fresh));
    }

    #[test]
    fn unmarked_objects_stand_in_the_way() {
        assert_eq!(
            of(&look(None, None), &["database \"erp\""], None),
            Err(Refused::Occupied { objects: vec!["database \"erp\"".to_owned()] })
        );
    }

    #[test]
    fn the_app_has_one_owner() {
        let refused = Err(Refused::OtherOwner { owner: "them".to_owned() });
        assert_eq!(of(&look(Some("them"), None), &[], None), refused);
        let theirs = entry("them", Phase::Pending, None);
        assert_eq!(of(&look(None, Some(theirs)), &[], None), refused);
    }

    #[test]
    fn a_pending_registration_is_continued_from_any_state() {
        let pending = entry("us", Phase::Pending, Some("a"));
        assert_eq!(
            of(&look(Some("us"), Some(pending.clone())), &["role"], Some("b")),
            Ok(Claim::Continue(pending))
        );
    }

    #[test]
    fn a_finished_one_is_adopted_unless_it_is_known_to_be_elsewhere() {
        let live = entry("us", Phase::Live, Some("a"));
        let found = look(Some("us"), Some(live.clone()));
        assert_eq!(of(&found, &["role"], Some("a")), Ok(Claim::Adopt(live.clone())));
        assert_eq!(of(&found, &["role"], None), Ok(Claim::Adopt(live.clone())));
        assert!(matches!(of(&found, &["role"], Some("b")), Err(Refused::OtherState { .. })));
        assert_eq!(judge(&found, &[], "us", Some("b"), true), Ok(Claim::Adopt(live)));
    }

    #[test]
    fn a_delete_that_did_not_finish_is_taken_over_like_a_finished_registration() {
        let deleting = entry("us", Phase::Deleting, None);
        assert_eq!(
            of(&look(Some("us"), Some(deleting.clone())), &[], None),
            Ok(Claim::Adopt(deleting))
        );
    }
}
