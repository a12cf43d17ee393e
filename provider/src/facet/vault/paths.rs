// SPDX-License-Identifier: MPL-2.0
//! Names that two instances would have: a path of secrets, where nothing need stand to tell whose it is, and the policy that
//! every instance has.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;

use super::Vault;
use super::object::{Held, policy_text};
use crate::facet::{FacetError, Refusal};
use crate::naming::check_app;
use crate::plan::vault::VaultWish;
use crate::plan::vault::policy::Policy;
use crate::plan::{Marker, Spec};

/// App and env of living instances, by the path of their secrets.
pub(super) type Taken = BTreeMap<String, Vec<(String, String)>>;

/// Documents that are read at once.
const AT_ONCE: usize = 16;

// === impl Vault ===

impl Vault {
    /// What stands against the instance's path: another registered instance that has its secrets there. Only a path that
    /// is none of the convention's can meet another's, so only then every app's document is read.
    pub(super) async fn path_refusals(
        &self,
        spec: &Spec,
        wish: &VaultWish,
    ) -> Result<Vec<Refusal>, FacetError> {
        if wish.kv_path == format!("{}/config", spec.names.instance) {
            return Ok(Vec::new());
        }
        let taken = self.taken.get(&wish.kv_mount, self.read_taken(&wish.kv_mount)).await?;
        let theirs = taken.get(&wish.kv_path).into_iter().flatten();
        let refusal = |(app, env): &(String, String)| Refusal {
            summary: format!(
                "kv_path \"{}\" already belongs to app \"{app}\" in env \"{env}\"",
                wish.kv_path
            ),
            detail: format!(
                "Its secrets are there, and this instance's policies would read and write them. Nothing was changed.\n\n\
                 Next: choose another path: names {{ kv_path = \"…\" }}; without it the convention gives \"{}/config\".",
                spec.names.instance
            ),
        };
        let coordinate = &spec.coordinate;
        let others = theirs.filter(|(app, env)| app != coordinate.app() || env != coordinate.env());
        Ok(others.map(refusal).collect())
    }

    /// What stands against the instance's runtime policy: a registered instance that it is marked as. Each has one, so two
    /// that are named alike, as an open naming gate lets them be, meet in it; and by its grants it could be either's.
    pub(super) async fn policy_refusal(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        held: Option<&Held>,
    ) -> Result<Option<Refusal>, FacetError> {
        let header = held.and_then(|held| Policy::parse(&policy_text(held)).ok());
        let header = header.map(|policy| policy.header).unwrap_or_default();
        let Some(marker) = header.iter().find_map(|line| Marker::parse(line)) else {
            return Ok(None);
        };
        let (app, env) = (marker.app.as_str(), marker.env.as_str());
        if (app, env) == (spec.coordinate.app(), spec.coordinate.env()) || check_app(app).is_err() {
            return Ok(None);
        }
        let (document, _) = self.read_app(&wish.kv_mount, app).await?;
        let lives = document.entry(env).is_some_and(|entry| !entry.is_gone());
        Ok(lives.then(|| Refusal {
            summary: format!(
                "Policy \"{}\" already belongs to app \"{app}\" in env \"{env}\"",
                wish.runtime_policy
            ),
            detail: format!(
                "Each of the two would change and in the end remove what is the other's. Nothing was changed.\n\n\
                 Next: choose another `app` or `env` for {}/{}, or give it names of its own in its `names` block.",
                spec.coordinate.app(),
                spec.coordinate.env()
            ),
        }))
    }

    /// Every app's document, once a run: what this run adds is told apart by its plan.
    async fn read_taken(&self, kv_mount: &str) -> Result<Arc<Taken>, FacetError> {
        let mut taken = Taken::new();
        for apps in self.registered_apps(kv_mount).await?.chunks(AT_ONCE) {
            let reads = apps.iter().map(|app| self.read_app(kv_mount, app));
            for (app, (document, _)) in apps.iter().zip(try_join_all(reads).await?) {
                for (env, path) in document.paths() {
                    taken.entry(path.to_owned()).or_default().push((app.clone(), env.to_owned()));
                }
            }
        }
        Ok(Arc::new(taken))
    }
}
