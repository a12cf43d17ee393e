// SPDX-License-Identifier: MPL-2.0
//! Leased logins that are still out.

use serde_json::json;

use super::place::Place;
use super::registry::shown;
use super::wire::request::Request;
use super::{Vault, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::Spec;

// === impl Vault ===

impl Vault {
    /// Mount and name of each database role that the registry notes as the instance's: a state may name another's.
    pub(super) async fn noted_roles(
        &self,
        spec: &Spec,
    ) -> Result<Vec<(String, String)>, FacetError> {
        let kv_mount = &wish(spec)?.kv_mount;
        let (document, _) = self.read_app(kv_mount, spec.coordinate.app()).await?;
        let places = document.places(spec.coordinate.env());
        let role = |place: Place| match place {
            Place::DatabaseRole { mount, role } => Some((mount, role)),
            _ => None,
        };
        Ok(places.into_iter().filter_map(role).collect())
    }

    /// Fails where leases are out. A token that may not list them cannot know, and goes on.
    pub(super) async fn no_leases(
        &self,
        spec: &Spec,
        mount: &str,
        role: &str,
    ) -> Result<(), FacetError> {
        let path = format!("sys/leases/lookup/{mount}/creds/{role}");
        let reply = match self.wire.call(Request::list(&path)).await {
            Ok(reply) => reply,
            Err(error) if error.is_denied() => {
                tracing::debug!(%error, "leases cannot be listed");
                return Ok(());
            }
            Err(error) => return Err(error.doing("list the leased logins")),
        };
        let out = reply.data()["keys"].as_array().map_or(0, Vec::len);
        if out == 0 {
            return Ok(());
        }
        Err(FacetError {
            fault: Fault::Occupied,
            summary: format!("Leased logins of {} are out", shown(spec)),
            attempted: format!("LIST {path} on {}", self.wire.server()),
            cause: format!("{out} leased logins of the database role \"{role}\" are out"),
            next: format!(
                "Nothing was changed. Stop what uses them and let them expire, revoke them (bao lease revoke -prefix \
                 {mount}/creds/{role}), or set force_disconnect = true."
            ),
            attribute: Some("force_disconnect"),
        })
    }

    /// Ends every lease of a role, and waits until it is done.
    pub(super) async fn revoke_leases(&self, mount: &str, role: &str) -> Result<(), FacetError> {
        let path = format!("sys/leases/revoke-prefix/{mount}/creds/{role}");
        let doing = "revoke the leased logins";
        for attempt in 1..=3 {
            match self.wire.call(Request::write(&path, &json!({ "sync": true }))).await {
                Ok(_) => return Ok(()),
                // Revoking what is revoked does nothing: no need to read back.
                Err(error) if error.may_have_landed() && attempt < 3 => {
                    tokio::time::sleep(self.wire.pause(attempt)).await;
                }
                Err(error) => return Err(error.doing(doing)),
            }
        }
        Ok(())
    }
}
