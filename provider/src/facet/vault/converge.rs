// SPDX-License-Identifier: MPL-2.0
//! Brings every object to the wish. What fits is not written.

use tokio_util::sync::CancellationToken;

use super::copying::Moving;
use super::document::Share;
use super::mounts::Mount;
use super::object::Object;
use super::place::Place;
use super::registry::shown;
use super::{Vault, rendering, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::vault::policy::Policy;
use crate::plan::vault::{OpsScope, VaultWish, grants, roles};
use crate::registry::Expected;

// === impl Vault ===

impl Vault {
    pub(super) async fn converge_all(
        &self,
        spec: &Spec,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let marker = spec.marker();
        self.ensure(&mounts(wish)).await?;
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))?;
        self.settle_share(spec, wish).await?;
        let runtime = grants::runtime(wish, &marker);
        self.make_policy(&wish.runtime_policy, &runtime, stop).await?;
        if let Some(database) = &wish.database {
            let object = Object::database_role(&database.mount, &database.role);
            let body = roles::database(database).map_err(|error| rendering(&object, &error))?;
            self.settle_role(&object, &body, stop).await?;
        }
        if let Some(kubernetes) = &wish.kubernetes {
            let object = Object::kubernetes_role(&kubernetes.mount, &kubernetes.role);
            let body = roles::kubernetes(kubernetes, &wish.runtime_policy);
            self.settle_role(&object, &body, stop).await?;
        }
        if wish.ops_scope == OpsScope::Own {
            let ops = grants::own_ops(wish, &marker);
            self.make_policy(&spec.names.own_ops_policy, &ops, stop).await?;
        }
        self.remove_left(spec, wish, stop).await?;
        self.settle_shared(spec, wish, stop).await?;
        self.finish_moving(spec, wish, stop).await
    }

    /// Notes the way of the secrets and copies them. A way that is no longer wished is given up first.
    pub(super) async fn move_secrets(
        &self,
        spec: &Spec,
        expected: &Expected,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let (app, env, mount) = (spec.coordinate.app(), spec.coordinate.env(), &wish.kv_mount);
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))?;
        let (document, _) = self.read_app(mount, app).await?;
        if !expected.is_met_by(document.entry(env)) {
            return Err(self.unregistered(spec));
        }
        let way = match document.astray(env, &wish.kv_path) {
            Some(noted) => {
                let at = self.give_up(spec, wish, noted, stop).await?;
                Moving::between(&at, &wish.kv_path)
            }
            None => document.way(env, &wish.kv_path),
        };
        let Some(way) = way else {
            self.not_stopped(stop)?;
            let settle = self.change_app(wish, app, |document| Ok(document.note_moving(env, None)));
            return settle.await;
        };
        if let Some(what) = self.blocked(spec, wish, &document, &way).await? {
            return Err(self.in_the_way(spec, &what));
        }
        self.copy_secrets(spec, wish, &way, stop).await.map(drop)
    }

    /// Nobody reads the secrets at their old path any more: it goes.
    async fn finish_moving(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        let (document, _) = self.read_app(&wish.kv_mount, app).await?;
        let Some(way) = document.way(env, &wish.kv_path) else { return Ok(()) };
        self.leave_secrets(spec, wish, &way, stop).await?;
        self.not_stopped(stop)?;
        self.change_app(wish, app, |document| Ok(document.note_moving(env, None))).await
    }

    async fn make_policy(
        &self,
        name: &str,
        policy: &Policy,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let object = Object::policy(name);
        let text = policy.render().map_err(|error| rendering(&object, &error))?;
        self.settle_policy(&object, &text, stop).await
    }

    /// Removes the instance's own objects that are no longer wished. Only what the registry notes as its own: the name
    /// alone proves nothing.
    async fn remove_left(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        let (document, _) = self.read_app(&wish.kv_mount, app).await?;
        for place in document.places(env).difference(&Place::wished(spec, wish)) {
            if let Place::DatabaseRole { mount, role } = place {
                // Without the role the server no longer knows how to end them.
                self.no_leases(spec, mount, role).await.map_err(|error| FacetError {
                    next: format!(
                        "Everything else is made. Let them expire, or revoke them (bao lease revoke -prefix \
                         {mount}/creds/{role}), then apply again."
                    ),
                    attribute: None,
                    ..error
                })?;
            }
            self.remove(&place.object(), stop).await?;
            self.change_app(wish, app, |document| Ok(document.leave(env, place))).await?;
        }
        Ok(())
    }

    /// Brings the instance's share, and a higher revision of the CI role, into the app's document, from which the shared
    /// objects are made, and notes what is going to be its own. Only for a registered instance: without the entry nothing
    /// would tell whose the objects are.
    async fn settle_share(&self, spec: &Spec, wish: &VaultWish) -> Result<(), FacetError> {
        let env = spec.coordinate.env();
        self.change_app(wish, spec.coordinate.app(), |document| {
            let instance = document.instances.get(env);
            if !instance.is_some_and(|i| i.entry.owner == spec.owner && i.part.is_some()) {
                return Err(self.unregistered(spec));
            }
            // Before the share is taken: what nobody wants any more binds nobody.
            let set = self.settle_ci_wish(spec, wish, document)?;
            Ok(document.exchange(env, Share::of(spec, wish)) || set)
        })
        .await
    }

    fn unregistered(&self, spec: &Spec) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not make the Vault objects of {}", shown(spec)),
            attempted: format!("a look at the registry on {}", self.wire.server()),
            cause: "the registry has no living entry of it under our owner".to_owned(),
            next: "Nothing was written. Plan again, and see who else works on it.".to_owned(),
            attribute: None,
        }
    }
}

/// Every mount the wish rests on.
pub(super) fn mounts(wish: &VaultWish) -> Vec<Mount<'_>> {
    let mut mounts = vec![Mount::Kv(&wish.kv_mount)];
    mounts.extend(wish.database.as_ref().map(|w| Mount::Database(&w.mount)));
    mounts.extend(wish.kubernetes.as_ref().map(|w| Mount::Kubernetes(&w.mount)));
    mounts.extend(wish.ci.as_ref().map(|w| Mount::Jwt(&w.mount)));
    mounts
}
