// SPDX-License-Identifier: MPL-2.0
//! The family's glob: `{app}-*` also matches an app whose name begins so.

use vaultrs::api::kv2::requests::ListSecretsRequest;

use super::Vault;
use super::wire::request::Request;
use crate::facet::{FacetError, Refusal};
use crate::plan::Spec;
use crate::plan::vault::{OpsScope, VaultWish};

// === impl Vault ===

impl Vault {
    /// What stands against the wish: an app within our glob, or we within another's. The latter is asked only before
    /// a first registration.
    pub(super) async fn family_refusals(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        is_new: bool,
    ) -> Result<Vec<Refusal>, FacetError> {
        let app = spec.coordinate.app();
        let mut refusals = Vec::new();
        if wish.ops_scope == OpsScope::Family {
            for other in self.registered_apps(&wish.kv_mount).await? {
                if other.starts_with(&format!("{app}-")) && self.lives(wish, &other).await? {
                    refusals.push(Refusal {
                        summary: format!("ops_scope = \"family\" of app \"{app}\" would reach app \"{other}\""),
                        detail: format!(
                            "The glob \"{app}-*\" matches the documents of \"{other}\", which is an app of its own \
                             here. Use ops_scope = \"instances\" (the default) or \"own\"."
                        ),
                    });
                }
            }
        }
        if is_new {
            for (end, _) in app.match_indices('-') {
                let stem = &app[..end];
                if self.read_app(&wish.kv_mount, stem).await?.0.has_family() {
                    refusals.push(Refusal {
                        summary: format!("App \"{app}\" lies within the family of app \"{stem}\""),
                        detail: format!(
                            "An instance of \"{stem}\" has ops_scope = \"family\", whose glob \"{stem}-*\" matches \
                             the documents of \"{app}\". Have it apply ops_scope = \"instances\" first."
                        ),
                    });
                }
            }
        }
        Ok(refusals)
    }

    pub(super) async fn registered_apps(&self, kv_mount: &str) -> Result<Vec<String>, FacetError> {
        let request = Request::of(&ListSecretsRequest {
            mount: kv_mount.to_owned(),
            path: "appenv/_apps".to_owned(),
        });
        let reply = self
            .wire
            .call(request)
            .await
            .map_err(|error| error.doing("list the registered apps"))?;
        let keys = reply.data()["keys"].as_array().cloned().unwrap_or_default();
        Ok(keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect())
    }

    async fn lives(&self, wish: &VaultWish, app: &str) -> Result<bool, FacetError> {
        Ok(self.read_app(&wish.kv_mount, app).await?.0.live_owner().is_some())
    }
}
