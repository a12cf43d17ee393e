// SPDX-License-Identifier: MPL-2.0
//! What a configuration says of its production envs, and what it may not loosen.

use std::collections::{BTreeMap, BTreeSet};

use super::mode::Mode;
use super::operation::Operation;
use crate::registry::{Floor, FloorEnv};

/// What a configuration says of the envs it declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What the production gate does.
    pub mode: Mode,
    /// The production env that names leave out.
    pub elided: Option<String>,
    /// By env.
    pub envs: BTreeMap<String, EnvPolicy>,
    /// Fingerprints of the keys whose signatures count; empty: any approval does.
    pub keys: BTreeSet<String>,
}

/// What a configuration says of one env.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvPolicy {
    /// Whether the gates guard it.
    pub production: bool,
    /// What needs no approval there.
    pub allow: BTreeSet<Operation>,
    /// Where a version comes from; `None`: it need not have run anywhere.
    pub promotion: Option<Promotion>,
}

/// Where a version must have run before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The env.
    pub from: String,
    /// For how long, seconds.
    pub soak: Option<u64>,
}

/// A set of operations as it is told.
pub fn listed<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> String {
    let names: Vec<&str> = operations.into_iter().map(|operation| operation.name()).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

// === impl Policy ===

impl Policy {
    /// Whether an env is declared as a production one.
    pub fn is_production(&self, env: &str) -> bool {
        self.envs.get(env).is_some_and(|env| env.production)
    }

    /// What needs no approval in a guarded env. One that is not declared as a production one, though it is, has nothing.
    pub fn allow(&self, env: &str) -> BTreeSet<Operation> {
        let declared = self.envs.get(env).filter(|env| env.production);
        declared.map(|env| env.allow.clone()).unwrap_or_default()
    }

    /// Where an env's versions must have run before.
    pub fn promotion(&self, env: &str) -> Option<&Promotion> {
        self.envs.get(env)?.promotion.as_ref()
    }

    /// What is looser here than production applies to that env have had it: one phrase each, with both values.
    pub fn looser_than(&self, floor: &Floor, env: &str) -> Vec<String> {
        let mut looser = Vec::new();
        let was = floor.envs.get(env);
        if !was.is_some_and(|was| was.production) && !self.is_production(env) {
            return looser;
        }
        // Under a convention that leaves none out, no name of production becomes another env's.
        if let (Some(now), Some(was)) = (&self.elided, &floor.elided)
            && now != was
        {
            looser.push(format!("the env that names leave out is {now}, it was {was}"));
        }
        if !floor.keys.is_empty() {
            if self.keys.is_empty() {
                looser.push("`approval_keys` are gone".to_owned());
            }
            looser.extend(
                self.keys.difference(&floor.keys).map(|key| {
                    format!("`approval_keys` has the key {key}, which was not among them")
                }),
            );
        }
        let Some(was) = was else { return looser };
        let declared = self.envs.get(env);
        if was.production && !self.is_production(env) {
            looser.push(match declared {
                Some(_) => format!("env {env} is not a production one, it was"),
                None => format!("env {env} is not declared, it was a production one"),
            });
            return looser;
        }
        let mode = Mode::parse(&was.mode).unwrap_or_default();
        if self.mode < mode {
            looser.push(format!(
                "`gates.production` is {}, it was {}",
                self.mode.name(),
                mode.name()
            ));
        }
        let allowed = allowed(was);
        let added: Vec<Operation> = self.allow(env).difference(&allowed).copied().collect();
        // Where everything passed, no list of what passes was in force.
        if !added.is_empty() && mode != Mode::Open {
            looser.push(format!(
                "`allow` of env {env} has {}, it had {}",
                listed(&added),
                listed(&allowed)
            ));
        }
        looser.extend(self.looser_promotion(was, env));
        looser
    }

    fn looser_promotion(&self, was: &FloorEnv, env: &str) -> Option<String> {
        let from = was.promote_from.as_ref()?;
        let Some(now) = self.promotion(env).filter(|now| now.from == *from) else {
            let now = self.promotion(env).map_or("nothing", |now| now.from.as_str());
            return Some(format!("`promote_from` of env {env} is {now}, it was {from}"));
        };
        let (now, was) = (now.soak.unwrap_or_default(), was.soak.unwrap_or_default());
        (now < was).then(|| format!("`soak` of env {env} is {now} seconds, it was {was}"))
    }

    /// The floor after a production apply to that env: the tighter of both in everything.
    pub fn raised(&self, floor: Option<&Floor>, env: &str) -> Floor {
        let mut next = floor.cloned().unwrap_or_default();
        if next.elided.is_none() {
            next.elided.clone_from(&self.elided);
        }
        if next.keys.is_empty() {
            next.keys.clone_from(&self.keys);
        } else if next.keys.iter().any(|key| self.keys.contains(key)) {
            // Two first applies at once may have no key in common; none at all would let everybody approve.
            next.keys.retain(|key| self.keys.contains(key));
        }
        let promotion = self.promotion(env);
        let here = FloorEnv {
            production: self.is_production(env),
            mode: self.mode.name().to_owned(),
            allow: self.allow(env).iter().map(|operation| operation.name().to_owned()).collect(),
            promote_from: promotion.map(|promotion| promotion.from.clone()),
            soak: promotion.and_then(|promotion| promotion.soak),
        };
        let merged = match next.envs.get(env) {
            None => here,
            Some(was) => FloorEnv {
                production: was.production || here.production,
                mode: Mode::parse(&was.mode).unwrap_or_default().max(self.mode).name().to_owned(),
                allow: if was.mode == Mode::Open.name() {
                    here.allow
                } else {
                    was.allow.intersection(&here.allow).cloned().collect()
                },
                promote_from: was.promote_from.clone().or(here.promote_from),
                soak: was.soak.max(here.soak),
            },
        };
        next.envs.insert(env.to_owned(), merged);
        next
    }
}

fn allowed(was: &FloorEnv) -> BTreeSet<Operation> {
    was.allow.iter().filter_map(|name| Operation::parse(name)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let prod = EnvPolicy {
            production: true,
            allow: [Operation::Create].into(),
            promotion: Some(Promotion { from: "sandbox".to_owned(), soak: Some(3600) }),
        };
        Policy {
            mode: Mode::Noop,
            elided: Some("prod".to_owned()),
            envs: [("prod".to_owned(), prod), ("sandbox".to_owned(), EnvPolicy::default())].into(),
            keys: ["SHA256:a".to_owned(), "SHA256:b".to_owned()].into(),
        }
    }

    fn prod(policy: &mut Policy) -> &mut EnvPolicy {
        policy.envs.get_mut("prod").unwrap()
    }

    #[test]
    fn what_raised_the_floor_is_not_looser_than_it() {
        let policy = policy();
        let floor = policy.raised(None, "prod");
        assert_eq!(policy.looser_than(&floor, "prod"), Vec::<String>::new());
        assert_eq!(policy.raised(Some(&floor), "prod"), floor);
    }

    #[test]
    fn everything_that_is_looser_is_told() {
        type Loosen = fn(&mut Policy);
        let floor = policy().raised(None, "prod");
        let cases: [(Loosen, &str); 11] = [
            (|p| p.mode = Mode::Review, "`gates.production` is review, it was noop"),
            (|p| p.mode = Mode::Open, "`gates.production` is open, it was noop"),
            (|p| prod(p).production = false, "env prod is not a production one, it was"),
            (|p| drop(p.envs.remove("prod")), "env prod is not declared, it was a production one"),
            (
                |p| prod(p).allow.extend([Operation::Delete]),
                "`allow` of env prod has delete, it had create",
            ),
            (|p| prod(p).promotion = None, "`promote_from` of env prod is nothing, it was sandbox"),
            (
                |p| prod(p).promotion.as_mut().unwrap().from = "dev".to_owned(),
                "`promote_from` of env prod is dev, it was sandbox",
            ),
            (
                |p| prod(p).promotion.as_mut().unwrap().soak = Some(60),
                "`soak` of env prod is 60 seconds, it was 3600",
            ),
            (|p| p.keys.clear(), "`approval_keys` are gone"),
            (
                |p| p.keys.extend(["SHA256:c".to_owned()]),
                "`approval_keys` has the key SHA256:c, which was not among them",
            ),
            (
                |p| p.elided = Some("live".to_owned()),
                "the env that names leave out is live, it was prod",
            ),
        ];
        for (loosen, told) in cases {
            let mut looser = policy();
            loosen(&mut looser);
            assert_eq!(looser.looser_than(&floor, "prod"), [told]);
        }
    }

    #[test]
    fn what_is_tighter_is_no_loosening_and_raises_the_floor() {
        let mut loose = policy();
        loose.mode = Mode::Open;
        loose.keys.clear();
        prod(&mut loose).allow = Operation::ALL.into();
        prod(&mut loose).promotion = None;
        let floor = loose.raised(None, "prod");
        let tight = policy();
        assert_eq!(tight.looser_than(&floor, "prod"), Vec::<String>::new());
        assert_eq!(tight.raised(Some(&floor), "prod"), tight.raised(None, "prod"));
        assert!(!loose.looser_than(&tight.raised(Some(&floor), "prod"), "prod").is_empty());
    }

    #[test]
    fn keys_never_run_out() {
        let with = |keys: &[&str]| {
            let keys = keys.iter().map(|&key| key.to_owned()).collect();
            Policy { keys, ..policy() }.raised(Some(&policy().raised(None, "prod")), "prod").keys
        };
        assert_eq!(with(&["SHA256:b", "SHA256:c"]), ["SHA256:b".to_owned()].into());
        for others in [&["SHA256:c"][..], &[]] {
            assert_eq!(with(others), policy().keys);
        }
    }

    #[test]
    fn an_env_that_no_production_apply_had_has_no_floor_of_its_own() {
        let floor = policy().raised(None, "prod");
        let mut other = policy();
        other
            .envs
            .insert("live".to_owned(), EnvPolicy { production: true, ..EnvPolicy::default() });
        assert_eq!(other.looser_than(&floor, "live"), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_production_env_is_not_bound() {
        let floor = policy().raised(None, "prod");
        assert_eq!(Policy::default().looser_than(&floor, "sandbox"), Vec::<String>::new());
    }

    #[test]
    fn an_env_that_is_a_production_one_elsewhere_allows_nothing_here() {
        let mut relabelled = policy();
        prod(&mut relabelled).production = false;
        assert_eq!(relabelled.allow("prod"), BTreeSet::new());
        assert_eq!(relabelled.allow("nowhere"), BTreeSet::new());
        assert_eq!(policy().allow("prod"), [Operation::Create].into());
    }
}
