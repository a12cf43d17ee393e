//! Brings every object to the wish. What fits is not written.

use tokio_util::sync::CancellationToken;

use super::mounts::Mount;
use super::object::Object;
use super::registry::shown;
use super::shared::is_marked;
use super::{Vault, rendering, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::plan::vault::grants::OpsPart;
use crate::plan::vault::policy::Policy;
use crate::plan::vault::{OpsScope, VaultWish, grants, roles};

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
        self.settle_part(spec, wish).await?;
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
        } else {
            self.remove_own_ops(spec, stop).await?;
        }
        self.settle_shared(spec, wish, stop).await
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

    /// Removes the instance's own ops policy where there is one that says it is the app's.
    pub(super) async fn remove_own_ops(
        &self,
        spec: &Spec,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let object = Object::policy(&spec.names.own_ops_policy);
        match self.read_policy(&object).await? {
            Some(text) if is_marked(&text, spec.coordinate.app()) => {
                self.remove(&object, stop).await
            }
            _ => Ok(()),
        }
    }

    /// Brings the instance's part of what is shared, and a higher revision of the CI role, into the app's document,
    /// from which the shared objects are made. Only for a registered instance: without the entry nothing would tell
    /// whose the objects are.
    async fn settle_part(&self, spec: &Spec, wish: &VaultWish) -> Result<(), FacetError> {
        let env = spec.coordinate.env();
        self.change_app(wish, spec.coordinate.app(), |document| {
            let instance = document.instances.get(env);
            if !instance.is_some_and(|i| i.entry.owner == spec.owner && i.part.is_some()) {
                return Err(self.unregistered(spec));
            }
            let exchanged = document.exchange_part(env, OpsPart::of(wish));
            Ok(self.settle_ci_wish(spec, wish, document)? || exchanged)
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
