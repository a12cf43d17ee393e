// SPDX-License-Identifier: MPL-2.0
//! A look at every object of an instance. Reads only, side by side.

use std::collections::BTreeMap;

use serde_json::Value;

use super::converge::mounts;
use super::document::{AppDocument, CiStanding};
use super::object::{Held, Object, policy_text};
use super::place::Place;
use super::shared::is_marked;
use super::{Vault, rendering, standing, wish};
use crate::facet::{FacetError, Observation, Refusal, Renamed};
use crate::plan::vault::grants::{self, OpsPart};
use crate::plan::vault::policy::{self, Policy};
use crate::plan::vault::{CiRoleWish, OpsScope, VaultWish, roles};
use crate::plan::{ObjectState, Objects, Spec};
use crate::registry::Entry;

/// How often shared objects that seem to be another's are looked at again.
const LOOKS: u32 = 4;

/// What stands at the places of an instance's own objects.
struct Own {
    runtime: Option<Held>,
    ops: Option<Held>,
    database: Option<Held>,
    kubernetes: Option<Held>,
}

// === impl Vault ===

impl Vault {
    pub(super) async fn observe_all(&self, spec: &Spec) -> Result<Observation, FacetError> {
        let wish = wish(spec)?;
        let app = spec.coordinate.app();
        let ci_role = wish.ci.as_ref().map(|ci| Object::ci_role(&ci.mount, &ci.role));
        let (target, (document, _), floors, own, ops, _, warnings) = tokio::try_join!(
            self.target(&wish.kv_mount),
            self.read_app(&wish.kv_mount, app),
            self.known_floors(&wish.kv_mount),
            self.read_own(spec, wish),
            self.read_shared(
                (wish.ops_scope != OpsScope::Own).then(|| Object::policy(&wish.ops_policy))
            ),
            // Asked for beside the document, which tells only then what it is to be held against.
            self.read_shared(ci_role),
            self.warnings(wish),
        )?;
        let look = Self::look_at(target, &document, &floors, spec);
        let is_new = look.entry.as_ref().is_none_or(Entry::is_gone);
        let mut refusals = self.family_refusals(spec, wish, is_new).await?;
        let mut objects = own.states(spec, wish)?;
        if wish.ops_scope != OpsScope::Own {
            let state = ops_state(spec, wish, &document, ops.as_ref());
            objects.insert("vault_ops_policy".to_owned(), state);
        }
        if let Some(ci) = &wish.ci {
            if document.ci_standing(ci) == CiStanding::Clashes {
                refusals.push(Self::ci_refusal(&document, ci));
            }
            let state = self.ci_state(wish, ci, &document).await?;
            objects.insert("vault_ci_role".to_owned(), state);
        }
        // Nothing there is also what a missing mount answers, which is better said now than by the apply.
        if objects.values().any(|state| *state == ObjectState::Missing) {
            self.ensure(&mounts(wish)).await?;
        }
        let own_found = own.found(spec, wish);
        let shared = self.foreign_shared(spec, wish, &document, ops.as_ref()).await?;
        let (mut occupied, mut foreign) = (Vec::new(), BTreeMap::new());
        if is_new {
            occupied = own_found.into_iter().map(|(_, told)| told).collect();
            occupied.extend(shared.into_iter().map(|(_, told)| told));
        } else {
            let noted = document.places(spec.coordinate.env());
            let own = own_found.into_iter().filter(|(place, _)| !noted.contains(place));
            foreign = own.map(|(place, told)| (place.key().to_owned(), told)).collect();
            foreign.extend(shared.into_iter().map(|(key, told)| (key.to_owned(), told)));
            standing::tell(&mut objects, &foreign, spec, wish, &document);
        }
        let way = document.way(spec.coordinate.env(), &wish.kv_path);
        if let Some(way) = &way
            && let Some(what) = self.blocked(spec, wish, &document, way).await?
        {
            refusals.push(Refusal {
                summary: format!("Secrets cannot be moved from {} to {}", way.from, way.to),
                detail: format!("In the way is {what}. Nothing was moved."),
            });
        }
        if is_new || way.is_some() {
            refusals.extend(self.path_refusals(spec, wish).await?);
        }
        if is_new {
            refusals.extend(self.policy_refusal(spec, wish, own.runtime.as_ref()).await?);
        }
        // Secrets that a run was moving elsewhere come back, too.
        let astray = document.astray(spec.coordinate.env(), &wish.kv_path).map(|noted| &noted.to);
        let registered = astray.filter(|_| !is_new).or(way.as_ref().map(|way| &way.from));
        let renamed = registered.map(|registered| Renamed {
            key: "kv_path",
            registered: registered.clone(),
            wished: wish.kv_path.clone(),
        });
        Ok(Observation {
            look,
            objects,
            occupied,
            foreign,
            blocked: Vec::new(),
            kept: BTreeMap::new(),
            renamed: renamed.into_iter().collect(),
            refusals,
            warnings,
        })
    }

    async fn warnings(&self, wish: &VaultWish) -> Result<Vec<Refusal>, FacetError> {
        match &wish.database {
            Some(database) => self.connection_warnings(database).await,
            None => Ok(Vec::new()),
        }
    }

    async fn read_own(&self, spec: &Spec, wish: &VaultWish) -> Result<Own, FacetError> {
        let runtime = Object::policy(&wish.runtime_policy);
        let own_ops = Object::policy(&spec.names.own_ops_policy);
        let database = wish.database.as_ref().map(|w| Object::database_role(&w.mount, &w.role));
        let kubernetes =
            wish.kubernetes.as_ref().map(|w| Object::kubernetes_role(&w.mount, &w.role));
        let (runtime, ops, database, kubernetes) = tokio::try_join!(
            self.read(&runtime),
            self.read_if((wish.ops_scope == OpsScope::Own).then_some(own_ops)),
            self.read_if(database),
            self.read_if(kubernetes),
        )?;
        Ok(Own { runtime, ops, database, kubernetes })
    }

    async fn read_if(&self, object: Option<Object>) -> Result<Option<Held>, FacetError> {
        match object {
            Some(object) => self.read(&object).await,
            None => Ok(None),
        }
    }

    /// Reads a shared object once a run, until this run writes it.
    async fn read_shared(&self, object: Option<Object>) -> Result<Option<Held>, FacetError> {
        let Some(object) = object else { return Ok(None) };
        self.shared_reads.get(&object.path, self.read(&object)).await
    }

    /// Shared objects that are there although none of the app's instances made them, by their line of `objects`.
    async fn foreign_shared(
        &self,
        spec: &Spec,
        wish: &VaultWish,
        document: &AppDocument,
        ops: Option<&Held>,
    ) -> Result<Vec<(&'static str, String)>, FacetError> {
        let app = spec.coordinate.app();
        let ci_object = wish.ci.as_ref().map(|ci| Object::ci_role(&ci.mount, &ci.role));
        let found = |document: &AppDocument, ops: Option<&Held>, ci: Option<&Held>| {
            let mut found = Vec::new();
            if let Some(text) = ops.map(policy_text)
                && document.is_foreign_ops(app, &wish.ops_policy, is_marked(&text, app))
            {
                let told = format!("policy \"{}\" ({})", wish.ops_policy, whose(&text, app));
                found.push(("vault_ops_policy", told));
            }
            if let (Some(held), Some(ci)) = (ci, &wish.ci)
                && document.is_foreign_ci(ci)
            {
                let claims = held.get("bound_claims").unwrap_or(&Value::Null);
                let told = format!(
                    "CI role \"{}\" at \"{}\" (bound to claims {claims})",
                    ci.role, ci.mount
                );
                found.push(("vault_ci_role", told));
            }
            found
        };
        let ci = self.read_shared(ci_object.clone()).await?;
        let mut there = found(document, ops, ci.as_ref());
        let mut before = document.write.clone();
        // Another env of the app may have come or gone between the reads: what holds is what was read while the document
        // stayed the same.
        for _ in 0..LOOKS {
            if there.is_empty() {
                break;
            }
            let ops_object = ops.map(|_| Object::policy(&wish.ops_policy));
            let (ops, ci) =
                tokio::try_join!(self.read_if(ops_object), self.read_if(ci_object.clone()))?;
            let (now, _) = self.read_app(&wish.kv_mount, app).await?;
            there = found(&now, ops.as_ref(), ci.as_ref());
            if now.write == before {
                break;
            }
            before = now.write;
        }
        Ok(there)
    }

    async fn ci_state(
        &self,
        wish: &VaultWish,
        ci: &CiRoleWish,
        document: &AppDocument,
    ) -> Result<ObjectState, FacetError> {
        let standing = document.ci_standing(ci);
        let set = document.ci.as_ref().filter(|_| standing != CiStanding::Sets);
        let (due, ops_policy) = match set {
            Some(record) => (&record.wish, record.policy.as_str()),
            None => (ci, wish.ops_policy.as_str()),
        };
        let object = Object::ci_role(&due.mount, &due.role);
        let held = self.read_shared(Some(object)).await?;
        let mut state = against(held.as_ref(), &roles::ci(due, ops_policy));
        // What is set says the old revision even where the role would look the same.
        if let (CiStanding::Sets, Some(record), ObjectState::Ok) = (standing, &document.ci, &state)
        {
            state = ObjectState::Differs(vec![format!("revision is {}", record.wish.revision)]);
        }
        Ok(state)
    }
}

// === impl Own ===

impl Own {
    fn states(&self, spec: &Spec, wish: &VaultWish) -> Result<Objects, FacetError> {
        let marker = spec.marker();
        let mut objects = Objects::new();
        let mut put = |key: &str, state| objects.insert(key.to_owned(), state);
        let runtime = grants::runtime(wish, &marker);
        put("vault_runtime_policy", policy_state(self.runtime.as_ref(), &runtime));
        if wish.ops_scope == OpsScope::Own {
            let ops = grants::own_ops(wish, &marker);
            put("vault_own_ops_policy", policy_state(self.ops.as_ref(), &ops));
        }
        if let Some(database) = &wish.database {
            let object = Object::database_role(&database.mount, &database.role);
            let body = roles::database(database).map_err(|error| rendering(&object, &error))?;
            put("vault_database_role", against(self.database.as_ref(), &body));
        }
        if let Some(kubernetes) = &wish.kubernetes {
            let body = roles::kubernetes(kubernetes, &wish.runtime_policy);
            put("vault_kubernetes_role", against(self.kubernetes.as_ref(), &body));
        }
        Ok(objects)
    }

    /// What stands at each place, and what is known of whose it is.
    fn found(&self, spec: &Spec, wish: &VaultWish) -> Vec<(Place, String)> {
        let app = spec.coordinate.app();
        let policy = |name: &str, held: &Held| {
            format!("policy \"{name}\" ({})", whose(&policy_text(held), app))
        };
        let mut found = Vec::new();
        for place in Place::listed(spec, wish) {
            let told = match &place {
                Place::RuntimePolicy { name } => self.runtime.as_ref().map(|held| policy(name, held)),
                Place::OwnOpsPolicy { name } => self.ops.as_ref().map(|held| policy(name, held)),
                Place::DatabaseRole { mount, role } => self.database.as_ref().map(|held| {
                    let connection = held.get("db_name").and_then(Value::as_str).unwrap_or_default();
                    format!("database role \"{role}\" at \"{mount}\" (of connection {connection:?})")
                }),
                Place::KubernetesRole { mount, role } => self.kubernetes.as_ref().map(|held| {
                    let namespaces =
                        held.get("bound_service_account_namespaces").unwrap_or(&Value::Null);
                    format!(
                        "Kubernetes auth role \"{role}\" at \"{mount}\" (bound to namespaces {namespaces})"
                    )
                }),
            };
            found.extend(told.map(|told| (place, told)));
        }
        found
    }
}

/// The instance's own part of the shared policy, as wished now; other envs' parts are no difference.
fn ops_state(
    spec: &Spec,
    wish: &VaultWish,
    document: &AppDocument,
    held: Option<&Held>,
) -> ObjectState {
    let Some(held) = held else { return ObjectState::Missing };
    let app = spec.coordinate.app();
    let part = OpsPart::of(wish).shared(&wish.kv_mount, app);
    let elsewhere = document.grants_elsewhere(app, &wish.kv_mount, spec.coordinate.env());
    ObjectState::from_differences(policy::differences(&policy_text(held), &part, |path| {
        elsewhere.contains_key(path)
    }))
}

fn policy_state(held: Option<&Held>, wished: &Policy) -> ObjectState {
    match held {
        None => ObjectState::Missing,
        Some(held) => ObjectState::from_differences(policy::differences(
            &policy_text(held),
            &wished.grants,
            |_| false,
        )),
    }
}

fn against(held: Option<&Held>, wished: &crate::plan::vault::body::Body) -> ObjectState {
    match held {
        None => ObjectState::Missing,
        Some(held) => ObjectState::from_differences(wished.differences(held)),
    }
}

/// What a policy's header tells of whose it is.
fn whose(text: &str, app: &str) -> String {
    let header = Policy::parse(text).map(|policy| policy.header).unwrap_or_default();
    match header.into_iter().find(|line| line.starts_with("appenv:v1 ")) {
        Some(line) if is_marked(text, app) => format!("its header says {}", line.escape_debug()),
        Some(line) => format!("of another app: {}", line.escape_debug()),
        None => "no marker".to_owned(),
    }
}
