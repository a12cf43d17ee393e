//! Removes an instance's objects and its part of the shared ones. KV documents of the app stay.

use tokio_util::sync::CancellationToken;

use super::object::Object;
use super::registry::shown;
use super::{Vault, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;
use crate::registry::{Entry, Expected};

// === impl Vault ===

impl Vault {
    /// First what lets others in, then what is in, then what is shared; a run killed in between is taken up by the
    /// next, since the entry and the part stand until the end.
    pub(super) async fn dismantle_all(
        &self,
        spec: &Spec,
        expected: &Expected,
        force: bool,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let wish = wish(spec)?;
        let (app, env) = (spec.coordinate.app(), spec.coordinate.env());
        let (document, _) = self.read_app(&wish.kv_mount, app).await?;
        match document.entry(env) {
            None => return Ok(()),
            Some(entry) if entry.is_gone() => return Ok(()),
            Some(entry) if entry.owner != spec.owner => return Err(self.not_ours(spec, entry)),
            found if !expected.is_met_by(found) => return Err(self.taken_over(spec)),
            Some(_) => {}
        }
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))?;
        if let Some(database) = wish.database.as_ref().filter(|_| !force) {
            self.no_leases(spec, database).await?;
        }
        if let Some(kubernetes) = &wish.kubernetes {
            let object = Object::kubernetes_role(&kubernetes.mount, &kubernetes.role);
            self.remove(&object, stop).await?;
        }
        self.remove(&Object::policy(&wish.runtime_policy), stop).await?;
        if let Some(database) = &wish.database {
            if force {
                self.not_stopped(stop)?;
                self.revoke_leases(database).await?;
            }
            self.remove(&Object::database_role(&database.mount, &database.role), stop).await?;
        }
        self.remove_own_ops(spec, stop).await?;
        self.not_stopped(stop)?;
        self.change_app(wish, app, |document| Ok(document.deregister(env))).await?;
        self.settle_shared(spec, wish, stop).await
    }

    fn taken_over(&self, spec: &Spec) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not remove {} from Vault", shown(spec)),
            attempted: format!("a look at the registry on {}", self.wire.server()),
            cause: "its registration was changed by someone else meanwhile".to_owned(),
            next: "Nothing was removed. Plan again.".to_owned(),
            attribute: None,
        }
    }

    fn not_ours(&self, spec: &Spec, entry: &Entry) -> FacetError {
        FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not remove {} from Vault", shown(spec)),
            attempted: format!("a look at the registry on {}", self.wire.server()),
            cause: format!("it belongs to {:?} here, not to {:?}", entry.owner, spec.owner),
            next: "Nothing was removed. Plan again.".to_owned(),
            attribute: None,
        }
    }
}
