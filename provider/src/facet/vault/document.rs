//! The registry's document of one app: its owner, its instances, their parts of what is shared. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan::vault::grants::{OpsPart, shared_ops};
use crate::plan::vault::policy::{Grants, Policy};
use crate::plan::vault::{CiRoleWish, OpsScope};
use crate::registry::Entry;

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
}

/// Why an entry is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The instance's entry is not as it was seen.
    Entry(Option<String>),
    /// A new instance of an app that someone else owns.
    Owner(String),
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
        let found = self.entry(env);
        // A write whose answer was lost, and after which somebody else wrote: it landed.
        if found == Some(next) {
            return Ok(());
        }
        let same = match (expected, found) {
            (None, None) => true,
            (Some(expected), Some(found)) => expected.same_registration(found),
            _ => false,
        };
        if !same {
            return Err(Misfit::Entry(found.map(describe)));
        }
        let is_new = expected.is_none_or(Entry::is_gone);
        match self.live_owner() {
            Some(owner) if is_new && owner != next.owner => Err(Misfit::Owner(owner.to_owned())),
            _ => Ok(()),
        }
    }

    /// Writes an entry. A live one takes its part; a tombstone gives it back unless its objects are kept.
    pub fn record(&mut self, env: &str, next: &Entry, part: OpsPart, keep_objects: bool) {
        use crate::registry::Phase;
        let before = self.instances.get(env);
        let had = before.and_then(|i| i.part.clone());
        let mut former_part = before.and_then(|i| i.former_part.clone());
        let part = match next.phase {
            Phase::Pending | Phase::Live => {
                if let Some(had) = had.filter(|had| *had != part) {
                    former_part = Some(had);
                }
                Some(part)
            }
            Phase::Deleting => had,
            Phase::Gone if keep_objects => had,
            Phase::Gone => {
                former_part = had.or(former_part);
                None
            }
        };
        if !next.is_gone() {
            self.owner.clone_from(&next.owner);
        }
        let instance = Instance { entry: next.clone(), part, former_part };
        self.instances.insert(env.to_owned(), instance);
    }

    /// Gives an env that has a part the one that is wished now; whether anything changes by it.
    pub fn exchange_part(&mut self, env: &str, part: OpsPart) -> bool {
        let Some(instance) = self.instances.get_mut(env) else { return false };
        match instance.part.replace(part) {
            had if had == instance.part => false,
            had => {
                instance.former_part = had;
                true
            }
        }
    }

    /// Gives back the part of an env; whether it had one.
    pub fn deregister(&mut self, env: &str) -> bool {
        let Some(instance) = self.instances.get_mut(env) else { return false };
        let Some(part) = instance.part.take() else { return false };
        instance.former_part = Some(part);
        true
    }

    /// Whether no instance has a part any more: the shared objects go with the last.
    pub fn is_deserted(&self) -> bool {
        self.instances.values().all(|i| i.part.is_none())
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
            Some(_) if self.is_deserted() => CiStanding::Sets,
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
            former.push((before.wish.mount, before.wish.role));
            former.retain(|at| *at != (wish.mount.clone(), wish.role.clone()));
        }
        self.ci = Some(CiRecord { wish: wish.clone(), policy: policy.to_owned(), former });
        true
    }
}

/// One line that tells an entry: `live, generation 3, owned by "arcodange/erp"`.
pub(super) fn describe(entry: &Entry) -> String {
    let phase = format!("{:?}", entry.phase).to_lowercase();
    format!("{phase}, generation {}, owned by {:?}", entry.generation, entry.owner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
