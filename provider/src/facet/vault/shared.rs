//! What the app's instances share: the ops policy of their parts, and the CI role.
//!
//! Both are rendered from the app's document alone, and rendered again until the document stands still over the
//! write. Two runs at once thus end at the same text: whoever writes last has read after the other registered.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::document::{AppDocument, CiRecord, CiStanding};
use super::object::Object;
use super::{Vault, rendering};
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::Spec;
use crate::plan::vault::{CiRoleWish, VaultWish, policy::Policy, roles};

/// How often the document may move under the writes.
const ROUNDS: u32 = 24;

// === impl Vault ===

impl Vault {
    /// Brings the shared objects to what the app's document says; with the last part they go.
    pub(super) async fn settle_shared(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let app = spec.coordinate.app();
        let mut seen = self.read_app(&wish.kv_mount, app).await?;
        for round in 1..=ROUNDS {
            self.settle_ops_policies(app, wish, &seen.0, stop).await?;
            self.settle_ci_roles(app, wish, &seen.0, stop).await?;
            let now = self.read_app(&wish.kv_mount, app).await?;
            if now.1 == seen.1 {
                return Ok(());
            }
            seen = now;
            tokio::time::sleep(self.wire.pause(round.min(3))).await;
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not bring the shared objects of app \"{app}\" to rest"),
            attempted: format!("{ROUNDS} rounds on {}", self.wire.server()),
            cause: "the app's registration changed each time".to_owned(),
            next: "Apply again when the other runs for this app are done.".to_owned(),
            attribute: None,
        })
    }

    async fn settle_ops_policies(
        &self,
        app: &str,
        wish: &VaultWish,
        document: &AppDocument,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let names: BTreeSet<String> =
            document.ops_policies().into_iter().chain([wish.ops_policy.clone()]).collect();
        for name in names {
            let object = Object::policy(&name);
            let policy = document.ops_policy(app, &wish.kv_mount, &name);
            let settled = self.settle_ops_policy(app, &object, policy, stop).await;
            // Whoever wrote it, what this run has read may be from before.
            self.shared_reads.forget(&object.path);
            settled?;
        }
        Ok(())
    }

    async fn settle_ops_policy(
        &self,
        app: &str,
        object: &Object,
        policy: Option<Policy>,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let held = self.read_policy(object).await?;
        match policy {
            Some(policy) => {
                let text = policy.render().map_err(|error| rendering(object, &error))?;
                if held.is_some_and(|held| held.trim() == text.trim()) {
                    return Ok(());
                }
                let body = serde_json::json!({ "policy": text });
                if let Err(error) = self.write(object, &body, stop).await? {
                    // It may have landed; read back, and write again where it did not.
                    tracing::debug!(%error, "a shared policy is written again");
                    self.settle_policy(object, &text, stop).await?;
                }
                Ok(())
            }
            // Only one that says it is this app's: the name may be another's where no part was ever in it.
            None if held.as_deref().is_some_and(|text| is_marked(text, app)) => {
                self.remove(object, stop).await
            }
            None => Ok(()),
        }
    }

    async fn settle_ci_roles(
        &self,
        app: &str,
        wish: &VaultWish,
        document: &AppDocument,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        let Some(record) = &document.ci else { return Ok(()) };
        let object = Object::ci_role(&record.wish.mount, &record.wish.role);
        for (mount, role) in &record.former {
            self.remove(&Object::ci_role(mount, role), stop).await?;
        }
        let settled = if document.is_deserted() {
            self.remove(&object, stop).await
        } else {
            let body = roles::ci(&record.wish, &record.policy);
            self.settle_role(&object, &body, stop).await
        };
        self.shared_reads.forget(&object.path);
        settled?;
        self.forget_ci_leftovers(app, wish, record).await
    }

    /// Takes out of the document what has been removed: the former roles, and the record itself with the last part.
    async fn forget_ci_leftovers(
        &self,
        app: &str,
        wish: &VaultWish,
        done: &CiRecord,
    ) -> Result<(), FacetError> {
        self.change_app(wish, app, |document| {
            let deserted = document.is_deserted();
            match &mut document.ci {
                Some(record) if record == done && deserted => document.ci = None,
                Some(record) if record == done && !record.former.is_empty() => {
                    record.former.clear();
                }
                _ => return Ok(false),
            }
            Ok(true)
        })
        .await
    }

    /// The refusal of a CI wish that clashes with what was set.
    pub(super) fn ci_refusal(document: &AppDocument, wish: &CiRoleWish) -> Refusal {
        let set = document.ci.as_ref().map(|record| told(&record.wish)).unwrap_or_default();
        Refusal {
            summary: format!(
                "The CI role \"{}\" was set otherwise at revision {}",
                wish.role, wish.revision
            ),
            detail: format!(
                "The role is shared by the instances of the app and set once.\n  set:    {set}\n  wished: {}\nWish \
                 it as it was set, or raise vault.ci.revision to change it for all of them.",
                told(wish)
            ),
        }
    }

    /// Sets the CI role in the app's document where the wish is the first or of a higher revision; whether it did.
    pub(super) fn settle_ci_wish(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        document: &mut AppDocument,
    ) -> Result<bool, FacetError> {
        let Some(ci) = &wish.ci else { return Ok(false) };
        if document.ci_standing(ci) == CiStanding::Clashes {
            return Err(self.ci_clash(spec, document, ci));
        }
        Ok(document.set_ci(ci, &wish.ops_policy))
    }

    fn ci_clash(
        &self,
        spec: &Spec,
        document: &AppDocument,
        wish: &CiRoleWish,
    ) -> FacetError {
        let refusal = Self::ci_refusal(document, wish);
        FacetError {
            fault: Fault::Rejected,
            summary: refusal.summary,
            attempted: format!(
                "registering {}/{} on {}",
                spec.coordinate.app(),
                spec.coordinate.env(),
                self.wire.server()
            ),
            cause: "two states wish a shared object in two ways".to_owned(),
            next: refusal.detail,
            attribute: Some("provider.vault.ci"),
        }
    }
}

/// Whether a policy's header says it is the app's, shared or of one instance.
pub(super) fn is_marked(text: &str, app: &str) -> bool {
    let marker = format!("appenv:v1 app={app} ");
    Policy::parse(text)
        .is_ok_and(|policy| policy.header.iter().any(|line| line.starts_with(&marker)))
}

fn told(wish: &CiRoleWish) -> String {
    let claims: Vec<String> =
        wish.bound_claims.iter().map(|(claim, value)| format!("{claim} = {value:?}")).collect();
    format!(
        "auth/{}/role/{}, bound_claims {{ {} }}, bound_audiences {:?}, user_claim {:?}",
        wish.mount,
        wish.role,
        claims.join(", "),
        wish.bound_audiences,
        wish.user_claim
    )
}
