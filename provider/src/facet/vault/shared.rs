// SPDX-License-Identifier: MPL-2.0
//! What the app's instances share: the ops policy of their parts, and the CI role.
//!
//! Both are made from the app's document alone, in rounds: read the document, make what differs, and again until a
//! round finds nothing to do. Two runs at once thus end at the same objects: whoever wrote last reads after the other
//! registered. A round that only reads is also what reads back the writes of the one before.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::document::{AppDocument, CiRecord, CiStanding};
use super::object::Object;
use super::{Vault, rendering};
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::Spec;
use crate::plan::vault::{CiRoleWish, VaultWish, policy::Policy, roles};

/// How many rounds others may keep us busy.
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
        let mut wrote_ci = false;
        for round in 1..=ROUNDS {
            let (document, _) = self.read_app(&wish.kv_mount, app).await?;
            let policies = self.settle_ops_policies(app, wish, &document, stop).await?;
            let roles = self.settle_ci_roles(&document, wrote_ci, stop).await?;
            wrote_ci |= roles;
            if !policies && !roles {
                if document.ci.is_some() && document.is_ci_deserted() {
                    self.change_app(wish, app, |document| Ok(document.note_ci_removed())).await?;
                }
                return Ok(());
            }
            if round > 1 {
                tokio::time::sleep(self.wire.pause(round.min(3))).await;
            }
        }
        Err(FacetError {
            fault: Fault::Conflict,
            summary: format!("Could not bring the shared objects of app \"{app}\" to rest"),
            attempted: format!("{ROUNDS} rounds on {}", self.wire.server()),
            cause: "each time they were found otherwise than they had been written".to_owned(),
            next: "Apply again when the other runs for this app are done.".to_owned(),
            attribute: None,
        })
    }

    /// Whether there was anything to do.
    async fn settle_ops_policies(
        &self,
        app: &str,
        wish: &VaultWish,
        document: &AppDocument,
        stop: &CancellationToken,
    ) -> Result<bool, FacetError> {
        let names: BTreeSet<String> =
            document.ops_policies().into_iter().chain([wish.ops_policy.clone()]).collect();
        let mut busy = false;
        for name in names {
            let object = Object::policy(&name);
            let policy = document.ops_policy(app, &wish.kv_mount, &name);
            let settled = self.settle_ops_policy(app, &object, policy, stop).await;
            // However it went, what this run has read may be from before.
            self.shared_reads.forget(&object.path);
            busy |= settled?;
        }
        Ok(busy)
    }

    async fn settle_ops_policy(
        &self,
        app: &str,
        object: &Object,
        policy: Option<Policy>,
        stop: &CancellationToken,
    ) -> Result<bool, FacetError> {
        let held = self.read_policy(object).await?;
        match policy {
            Some(policy) => {
                let text = policy.render().map_err(|error| rendering(object, &error))?;
                let differs = held.is_none_or(|held| held.trim() != text.trim());
                if differs {
                    self.write_shared(object, &json!({ "policy": text }), stop).await?;
                }
                Ok(differs)
            }
            // Only one that says it is this app's: the name may be another's where no part was ever in it.
            None if held.as_deref().is_some_and(|text| is_marked(text, app)) => {
                self.remove(object, stop).await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Whether there was anything to do. `wrote`: in an earlier round of this run.
    async fn settle_ci_roles(
        &self,
        document: &AppDocument,
        wrote: bool,
        stop: &CancellationToken,
    ) -> Result<bool, FacetError> {
        let Some(record) = &document.ci else { return Ok(false) };
        // What was put there since it was removed is somebody else's, unless this run has put it there after a reading
        // from before.
        if record.removed && document.is_ci_deserted() && !wrote {
            return Ok(false);
        }
        let mut busy = false;
        for (mount, role) in &record.former {
            let former = Object::ci_role(mount, role);
            busy |= self.remove_former_ci(&former, record, stop).await?;
        }
        let object = Object::ci_role(&record.wish.mount, &record.wish.role);
        let settled = self.settle_ci_role(document, record, &object, stop).await;
        self.shared_reads.forget(&object.path);
        Ok(settled? || busy)
    }

    async fn settle_ci_role(
        &self,
        document: &AppDocument,
        record: &CiRecord,
        object: &Object,
        stop: &CancellationToken,
    ) -> Result<bool, FacetError> {
        let body = roles::ci(&record.wish, &record.policy);
        let held = self.read(object).await?;
        if document.is_ci_deserted() {
            if held.is_some() {
                self.remove(object, stop).await?;
                return Ok(true);
            }
        } else if held.is_none_or(|held| !body.differences(&held).is_empty()) {
            self.write_shared(object, &body.to_json(), stop).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Writes once; the next round reads back, and writes again what did not land.
    async fn write_shared(
        &self,
        object: &Object,
        body: &Value,
        stop: &CancellationToken,
    ) -> Result<(), FacetError> {
        if let Err(error) = self.write(object, body, stop).await? {
            tracing::debug!(%error, "a shared object is looked at again");
        }
        Ok(())
    }

    /// Removes the role at a place that was left, if it is still the app's. The place stays in the record: a run
    /// that read the document before the move may write there once more, and then comes by here.
    async fn remove_former_ci(
        &self,
        object: &Object,
        record: &CiRecord,
        stop: &CancellationToken,
    ) -> Result<bool, FacetError> {
        let Some(held) = self.read(object).await? else { return Ok(false) };
        let is_ours = held.get("token_policies") == Some(&json!([record.policy]));
        if is_ours {
            self.remove(object, stop).await?;
        }
        Ok(is_ours)
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

    fn ci_clash(&self, spec: &Spec, document: &AppDocument, wish: &CiRoleWish) -> FacetError {
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
