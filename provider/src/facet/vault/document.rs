// SPDX-License-Identifier: MPL-2.0
//! The registry's document of one app: its owner, its instances, their parts of what is shared. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::copying::Moving;
use super::place::Place;
use crate::plan::Spec;
use crate::plan::vault::grants::{OpsPart, shared_ops};
use crate::plan::vault::policy::{Grants, Policy};
use crate::plan::vault::{CiRoleWish, OpsScope, VaultWish};
use crate::registry::{Entry, Misfit, admits};

/// The document `{kv_mount}/data/appenv/_apps/{app}`. Fields of later versions are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AppDocument {
    /// Who manages the app; of its live instances.
    #[serde(default)]
    pub owner: String,
    /// By env.
    #[serde(default)]
    pub instances: BTreeMap<String, Instance>,
    /// What the CI role is, as the highest revision wished it. It outlives the last part, so that whoever still acts
    /// on an older reading finds what to remove; over a deserted document it binds nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiRecord>,
    /// The id of the write, see [`super::kv::WRITE`].
    #[serde(default)]
    pub write: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// One instance: its entry, and what it has of the shared objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Instance {
    /// What the registry says of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// Its part; `None` once deregistered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<OpsPart>,
    /// The part it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_part: Option<OpsPart>,
    /// Where its own objects are or may be: noted before they are made, struck out when they are removed.
    #[serde(default)]
    pub places: BTreeSet<Place>,
    /// Whether it wants the app's CI role.
    #[serde(default)]
    pub ci: bool,
    /// The secrets that are on their way to another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
}

/// What an instance has in Vault once it is as wished.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// Its part of the ops policies.
    pub part: OpsPart,
    /// Where its own objects are.
    pub places: BTreeSet<Place>,
    /// Whether it wants the app's CI role.
    pub ci: bool,
}

/// The CI role as it was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CiRecord {
    /// The wish of the highest revision.
    #[serde(flatten)]
    pub wish: CiRoleWish,
    /// The policy its tokens carry.
    pub policy: String,
    /// Mount and name of roles that a higher revision moved away from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<(String, String)>,
    /// Whether the role was removed since nobody wants it: what stands at its place then is somebody else's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// How a CI wish stands to what was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CiStanding {
    /// Nothing was set yet, or less; this sets it.
    Sets,
    /// The same.
    Same,
    /// A higher revision was set; it is theirs.
    Theirs,
    /// The same revision, wished otherwise.
    Clashes,
}

// === impl Share ===

impl Share {
    /// What a wish asks for.
    pub fn of(spec: &Spec, wish: &VaultWish) -> Self {
        Self { part: OpsPart::of(wish), places: Place::wished(spec, wish), ci: wish.ci.is_some() }
    }
}

// === impl AppDocument ===

impl AppDocument {
    /// The owner, where any instance lives.
    pub fn live_owner(&self) -> Option<&str> {
        let lives = self.instances.values().any(|i| !i.entry.is_gone());
        lives.then_some(self.owner.as_str())
    }

    /// The entry of an env.
    pub fn entry(&self, env: &str) -> Option<&Entry> {
        self.instances.get(env).map(|i| &i.entry)
    }

    /// Whether `next` may be written over what was expected.
    pub fn admits(&self, env: &str, expected: Option<&Entry>, next: &Entry) -> Result<(), Misfit> {
        admits(self.entry(env), self.live_owner(), expected, next)
    }

    /// Writes an entry. A live one takes its share, and keeps what it has elsewhere; a tombstone gives it back unless
    /// its objects are kept.
    pub fn record(&mut self, env: &str, next: &Entry, share: Share, keep_objects: bool) {
        use crate::registry::Phase;
        let before = self.instances.remove(env);
        let mut instance = before.unwrap_or_else(|| Instance::empty(next));
        instance.entry = next.clone();
        match next.phase {
            Phase::Pending | Phase::Live => drop(instance.take(share)),
            Phase::Gone if !keep_objects => {
                instance.give_back();
                instance.places.clear();
            }
            Phase::Deleting | Phase::Gone => {}
        }
        if !next.is_gone() {
            self.owner.clone_from(&next.owner);
        }
        self.instances.insert(env.to_owned(), instance);
    }

    /// Gives an env that has a share the one that is wished now; whether anything changes by it.
    pub fn exchange(&mut self, env: &str, share: Share) -> bool {
        self.instances.get_mut(env).is_some_and(|instance| instance.take(share))
    }

    /// Strikes out a place that was left; whether it was noted.
    pub fn leave(&mut self, env: &str, place: &Place) -> bool {
        self.instances.get_mut(env).is_some_and(|instance| instance.places.remove(place))
    }

    /// Where an env's own objects are or may be.
    pub fn places(&self, env: &str) -> BTreeSet<Place> {
        self.instances.get(env).map(|i| i.places.clone()).unwrap_or_default()
    }

    /// Living envs, each with the path of its secrets.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &str)> {
        let living = self.instances.iter().filter(|(_, instance)| !instance.entry.is_gone());
        living.filter_map(|(env, i)| Some((env.as_str(), i.part.as_ref()?.kv_path.as_str())))
    }

    /// The way that an env's secrets have to go to be at a path; `None`: they are there.
    pub fn way(&self, env: &str, to: &str) -> Option<Moving> {
        let instance = self.instances.get(env).filter(|i| !i.entry.is_gone())?;
        match (&instance.moving, &instance.part) {
            (Some(moving), _) if moving.to == to => Some(moving.clone()),
            (Some(moving), _) => Moving::between(&moving.from, to),
            (None, Some(part)) => Moving::between(&part.kv_path, to),
            (None, None) => None,
        }
    }

    /// What is noted of an env's secrets on their way.
    pub fn moving(&self, env: &str) -> Option<&Moving> {
        self.instances.get(env)?.moving.as_ref()
    }

    /// What is noted of an env's secrets on their way to anywhere but a path.
    pub fn astray(&self, env: &str, path: &str) -> Option<&Moving> {
        self.moving(env).filter(|moving| moving.to != path)
    }

    /// The other env whose secrets are at a path, go there or come from there.
    pub fn at_path(&self, env: &str, path: &str) -> Option<&str> {
        let is_at = |instance: &Instance| {
            let part = instance.part.iter().map(|part| &part.kv_path);
            let moving = instance.moving.iter().flat_map(|moving| [&moving.from, &moving.to]);
            part.chain(moving).any(|at| at == path)
        };
        let mut others = self.instances.iter().filter(|(other, i)| *other != env && is_at(i));
        others.next().map(|(other, _)| other.as_str())
    }

    /// Notes where an env's secrets go; whether that is news.
    pub fn note_moving(&mut self, env: &str, moving: Option<Moving>) -> bool {
        let Some(instance) = self.instances.get_mut(env) else { return false };
        let news = instance.moving != moving;
        instance.moving = moving;
        news
    }

    /// Whether an env is noted as one that wants the CI role.
    pub fn shares_ci(&self, env: &str) -> bool {
        self.instances.get(env).is_some_and(|i| i.ci)
    }

    /// Gives back the share of an env in what the app's instances have in common; whether it had one.
    pub fn deregister(&mut self, env: &str) -> bool {
        self.instances.get_mut(env).is_some_and(Instance::give_back)
    }

    /// Whether no instance wants the CI role any more: it goes with the last.
    pub fn is_ci_deserted(&self) -> bool {
        !self.instances.values().any(|i| i.ci)
    }

    /// Names of every ops policy that a part belongs or belonged to.
    pub fn ops_policies(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .instances
            .values()
            .flat_map(|i| i.part.iter().chain(&i.former_part))
            .map(|part| part.policy.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The ops policy of a name; `None`: no part of it is left.
    pub fn ops_policy(&self, app: &str, kv_mount: &str, name: &str) -> Option<Policy> {
        let parts = self.instances.values().filter_map(|i| i.part.as_ref());
        shared_ops(app, &self.owner, kv_mount, parts.filter(|p| p.policy == name))
    }

    /// Whether an ops policy that is there is none of the app's: no part is in it, and it is no leftover, which is marked
    /// and of a name that the app had.
    pub fn is_foreign_ops(&self, app: &str, name: &str, is_marked: bool) -> bool {
        self.ops_policy(app, "", name).is_none()
            && !(is_marked && self.ops_policies().iter().any(|had| had == name))
    }

    /// What other envs have or had in the ops policies: never a difference to this one.
    pub fn grants_elsewhere(&self, app: &str, kv_mount: &str, env: &str) -> Grants {
        self.instances
            .iter()
            .filter(|(other, _)| *other != env)
            .flat_map(|(_, i)| i.part.iter().chain(&i.former_part))
            .flat_map(|part| part.shared(kv_mount, app))
            .collect()
    }

    /// Whether any instance grants itself the family's glob.
    pub fn has_family(&self) -> bool {
        let mut parts = self.instances.values().filter_map(|i| i.part.as_ref());
        parts.any(|part| part.scope == OpsScope::Family)
    }

    /// How a wish stands to what was set.
    pub fn ci_standing(&self, wish: &CiRoleWish) -> CiStanding {
        match &self.ci {
            None => CiStanding::Sets,
            Some(_) if self.is_ci_deserted() => CiStanding::Sets,
            Some(record) if record.wish.revision < wish.revision => CiStanding::Sets,
            Some(record) if record.wish.revision > wish.revision => CiStanding::Theirs,
            Some(record) if record.wish == *wish => CiStanding::Same,
            Some(_) => CiStanding::Clashes,
        }
    }

    /// Sets the CI role where the wish is the first or of a higher revision; whether it did.
    pub fn set_ci(&mut self, wish: &CiRoleWish, policy: &str) -> bool {
        if self.ci_standing(wish) != CiStanding::Sets {
            return false;
        }
        let mut former = Vec::new();
        if let Some(before) = self.ci.take() {
            former = before.former;
            if !before.removed {
                former.push((before.wish.mount, before.wish.role));
            }
            former.retain(|at| *at != (wish.mount.clone(), wish.role.clone()));
        }
        let (wish, policy) = (wish.clone(), policy.to_owned());
        self.ci = Some(CiRecord { wish, policy, former, removed: false });
        true
    }

    /// Notes that the CI role which nobody wants is removed; whether that is news.
    pub fn note_ci_removed(&mut self) -> bool {
        let deserted = self.is_ci_deserted();
        let news = self.ci.as_mut().filter(|record| deserted && !record.removed);
        news.map(|record| record.removed = true).is_some()
    }

    /// Whether a role that stands where the wish would set one is none of the app's.
    pub fn is_foreign_ci(&self, wish: &CiRoleWish) -> bool {
        if self.ci_standing(wish) != CiStanding::Sets {
            return false;
        }
        let at = (wish.mount.clone(), wish.role.clone());
        match &self.ci {
            None => true,
            Some(CiRecord { wish: set, removed, .. })
                if (&set.mount, &set.role) == (&at.0, &at.1) =>
            {
                *removed
            }
            Some(record) => !record.former.contains(&at),
        }
    }
}

// === impl Instance ===

impl Instance {
    fn empty(entry: &Entry) -> Self {
        Self {
            entry: entry.clone(),
            part: None,
            former_part: None,
            places: BTreeSet::new(),
            ci: false,
            moving: None,
        }
    }

    /// Takes a share, and keeps the places that are not in it until their objects are removed; whether anything
    /// changes.
    fn take(&mut self, share: Share) -> bool {
        let before = self.clone();
        if let Some(had) =
            self.part.replace(share.part).filter(|had| Some(had) != self.part.as_ref())
        {
            self.former_part = Some(had);
        }
        self.places.extend(share.places);
        self.ci = share.ci;
        *self != before
    }

    /// Gives back what it shares; whether it had anything.
    fn give_back(&mut self) -> bool {
        let had_ci = std::mem::take(&mut self.ci);
        let Some(part) = self.part.take() else { return had_ci };
        self.former_part = Some(part);
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
