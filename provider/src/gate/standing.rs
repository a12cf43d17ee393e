// SPDX-License-Identifier: MPL-2.0
//! What the registries know that the gates judge by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::policy::Policy;
use crate::registry::{Floor, Look};

/// What the registries of an instance know of its app and its owner. A state entry keeps it in private, so that a plan
/// need not ask; an apply asks anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Envs in which the app has a production instance.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub production: BTreeSet<String>,
    /// What the owner's production applies have had, in each registry that says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
    /// What was applied in the env that versions come from. `None`: nobody asked, or the app never was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// What an env has had.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// The env.
    pub env: String,
    /// What runs there now, where it is known and said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Digests with when they were first applied.
    pub applied: BTreeMap<String, String>,
}

// === impl Standing ===

impl Standing {
    /// What looks at each registry of an instance tell. `from`: where versions come from.
    pub fn of<'a>(looks: impl IntoIterator<Item = &'a Look>, from: Option<&str>) -> Self {
        let mut standing = Self::default();
        for look in looks {
            let lives = look.app.iter().filter(|(_, entry)| entry.production && !entry.is_gone());
            standing.production.extend(lives.map(|(env, _)| env.clone()));
            if let Some(floor) =
                look.floor.as_ref().filter(|floor| !standing.floors.contains(floor))
            {
                standing.floors.push(floor.clone());
            }
            if let Some((from, entry)) = from.and_then(|from| Some((from, look.app.get(from)?))) {
                let source = standing.source.get_or_insert_with(|| Source {
                    env: from.to_owned(),
                    release: entry.spec["release"].as_str().map(str::to_owned),
                    applied: BTreeMap::new(),
                });
                // A registry that came later knows less than another; the first time counts.
                for (digest, when) in &entry.applied {
                    let first =
                        source.applied.entry(digest.clone()).or_insert_with(|| when.clone());
                    if when < first {
                        first.clone_from(when);
                    }
                }
            }
        }
        standing
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an env is guarded: declared as a production one, registered as one, or one that was.
    pub fn guards(&self, policy: &Policy, env: &str) -> bool {
        policy.is_production(env)
            || self.production.contains(env)
            || self.floors.iter().any(|floor| floor.envs.get(env).is_some_and(|env| env.production))
    }

    /// What of the configuration is looser than production applies to that env have had it.
    pub fn loosened(&self, policy: &Policy, env: &str) -> BTreeSet<String> {
        self.floors.iter().flat_map(|floor| policy.looser_than(floor, env)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{EnvPolicy, Mode};
    use crate::registry::{Entry, Phase};

    fn entry(production: bool, phase: Phase) -> Entry {
        Entry {
            owner: "us".to_owned(),
            phase,
            holder: None,
            generation: 1,
            state_address: None,
            production,
            spec_digest: "sha256:1".to_owned(),
            spec: serde_json::json!({ "release": "7" }),
            written_at: "2026-01-01T00:00:00Z".to_owned(),
            applied: [("sha256:1".to_owned(), "2026-01-01T00:00:00Z".to_owned())].into(),
            pending: None,
        }
    }

    fn look() -> Look {
        let app = [
            ("prod", entry(true, Phase::Live)),
            ("old", entry(true, Phase::Gone)),
            ("sandbox", entry(false, Phase::Gone)),
        ];
        let app = app.map(|(env, entry)| (env.to_owned(), entry)).into();
        Look { app, ..Look::default() }
    }

    #[test]
    fn what_lives_in_production_guards_and_what_was_there_tells_what_was_applied() {
        let standing = Standing::of([&look()], Some("sandbox"));
        assert_eq!(standing.production, ["prod".to_owned()].into());
        let source = standing.source.clone().unwrap_or_default();
        assert_eq!((source.release.as_deref(), source.applied.len()), (Some("7"), 1));
        assert_eq!(Standing::of([&look()], Some("dev")).source, None);
        let nothing = Policy::default();
        assert!(standing.guards(&nothing, "prod") && !standing.guards(&nothing, "sandbox"));
    }

    #[test]
    fn a_floor_guards_an_env_whatever_is_declared() {
        let prod = EnvPolicy { production: true, ..EnvPolicy::default() };
        let policy = Policy {
            mode: Mode::Noop,
            envs: [("prod".to_owned(), prod)].into(),
            ..Policy::default()
        };
        let look = Look { floor: Some(policy.raised(None, "prod")), ..Look::default() };
        let standing = Standing::of([&look, &look], None);
        assert_eq!(standing.floors.len(), 1);
        assert!(standing.guards(&Policy::default(), "prod"));
        assert!(!standing.loosened(&Policy::default(), "prod").is_empty());
        assert!(standing.loosened(&policy, "prod").is_empty());
    }
}
