// SPDX-License-Identifier: MPL-2.0
//! Removes an instance's objects and its part of the shared ones. KV documents of the app stay.

use tokio_util::sync::CancellationToken;

use super::place::Place;
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
        // What is noted, not what is wished now: the rest may be somebody else's.
        let places = document.places(env);
        if !force {
            for place in &places {
                if let Place::DatabaseRole { mount, role } = place {
                    self.no_leases(spec, mount, role).await?;
                }
            }
        }
        for place in &places {
            if let Place::DatabaseRole { mount, role } = place
                && force
            {
                self.not_stopped(stop)?;
                self.revoke_leases(mount, role).await?;
            }
            self.remove(&place.object(), stop).await?;
        }
        // Secrets stay, but in one place.
        if let Some(way) = document.moving(env) {
            self.give_up(spec, wish, way, stop).await?;
        }
        self.not_stopped(stop)?;
        self.change_app(wish, app, |document| {
            let had = document.note_moving(env, None);
            Ok(document.deregister(env) || had)
        })
        .await?;
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
