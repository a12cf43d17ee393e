// SPDX-License-Identifier: MPL-2.0
//! Instances as tests wish them, and the steps of an apply.

use std::collections::{BTreeMap, BTreeSet};

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, FacetError};
use appenv::naming::{Environments, Inputs, Names};
use appenv::plan::vault::{CiRoleWish, DatabaseRoleWish, KubernetesRoleWish, OpsScope, VaultWish};
use appenv::plan::{ObjectState, Objects, Spec};
use appenv::registry::{Entry, Expected, Phase};
use tokio_util::sync::CancellationToken;

/// An instance with every part.
pub fn spec(app: &str, env: &str) -> Spec {
    let environments = Environments::new("elided-v1", None, vec![]).unwrap();
    let coordinate = environments.coordinate(app, env).unwrap();
    let inputs = Inputs { organization: Some("arcodange-org".to_owned()), ..Inputs::default() };
    let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &inputs).unwrap();
    let vault = VaultWish {
        kv_mount: "kvv2".to_owned(),
        kv_path: names.kv_path.clone(),
        runtime_policy: names.runtime_policy.clone(),
        ops_policy: names.ops_policy.clone(),
        ops_scope: OpsScope::Instances,
        database: Some(DatabaseRoleWish {
            mount: "postgres".to_owned(),
            connection: "postgres".to_owned(),
            role: names.vault_database_role.clone(),
            database: names.database.clone(),
            owner_role: names.owner_role.clone(),
            default_ttl: Some(3600),
            max_ttl: Some(86_400),
        }),
        kubernetes: Some(KubernetesRoleWish {
            mount: "kubernetes".to_owned(),
            role: names.kubernetes_role.clone(),
            service_accounts: vec![names.service_account.clone()],
            namespaces: vec![names.namespace.clone()],
        }),
        ci: Some(CiRoleWish {
            mount: "gitea_jwt".to_owned(),
            role: names.ci_role.clone(),
            bound_claims: BTreeMap::from([(
                "repository".to_owned(),
                names.repository.clone().unwrap(),
            )]),
            bound_audiences: vec![],
            user_claim: "sub".to_owned(),
            revision: 1,
        }),
    };
    let production = environments.is_production(env);
    Spec { vault: Some(vault), ..Spec::of(coordinate, names, production, "arcodange/erp") }
}

/// The same with another Vault wish.
pub fn wishing(mut spec: Spec, change: impl FnOnce(&mut VaultWish)) -> Spec {
    change(spec.vault.as_mut().unwrap());
    spec
}

/// An entry of the instance.
pub fn entry(spec: &Spec, phase: Phase, generation: u64) -> Entry {
    Entry {
        owner: spec.owner.clone(),
        phase,
        holder: (phase != Phase::Gone).then(|| format!("holder of {}", spec.names.instance)),
        generation,
        state_address: None,
        production: spec.production,
        spec_digest: "sha256:0".to_owned(),
        spec: serde_json::json!({}),
        written_at: "2026-11-21T10:00:00Z".to_owned(),
        applied: BTreeMap::new(),
        pending: None,
    }
}

/// What an apply of a create or an update does.
pub async fn create(vault: &Vault, spec: &Spec) -> Result<(), FacetError> {
    create_until(vault, spec, &CancellationToken::new()).await
}

/// The same, with a stop that may come.
pub async fn create_until(
    vault: &Vault,
    spec: &Spec,
    stop: &CancellationToken,
) -> Result<(), FacetError> {
    let look = vault.look(spec).await?;
    let generation = look.entry.as_ref().map_or(0, |e| e.generation) + 1;
    let pending = entry(spec, Phase::Pending, generation);
    let target = vault.record(spec, &Expected::from(&look), &pending, false).await?;
    vault.converge(spec, stop).await?;
    let expected = Expected { target: Some(target), entry: Some(pending) };
    vault.record(spec, &expected, &entry(spec, Phase::Live, generation), false).await?;
    Ok(())
}

/// What an apply of a delete does.
pub async fn delete(vault: &Vault, spec: &Spec, force: bool) -> Result<(), FacetError> {
    let look = vault.look(spec).await?;
    let generation = look.entry.as_ref().map_or(0, |e| e.generation) + 1;
    let deleting = entry(spec, Phase::Deleting, generation);
    let target = vault.record(spec, &Expected::from(&look), &deleting, false).await?;
    let expected = Expected { target: Some(target), entry: Some(deleting) };
    vault.dismantle(spec, &expected, force, &CancellationToken::new()).await?;
    vault.record(spec, &expected, &entry(spec, Phase::Gone, generation), false).await?;
    Ok(())
}

/// The objects as their attribute shows them.
pub async fn states(vault: &Vault, spec: &Spec) -> BTreeMap<String, String> {
    shown(&vault.observe(spec).await.unwrap().objects)
}

/// Objects as their attribute shows them.
pub fn shown(objects: &Objects) -> BTreeMap<String, String> {
    objects.iter().map(|(key, state)| (key.clone(), state.to_string())).collect()
}

/// Fails unless every object is as wished.
pub async fn assert_ok(vault: &Vault, spec: &Spec) {
    let objects = vault.observe(spec).await.unwrap().objects;
    assert!(objects.values().all(|s| *s == ObjectState::Ok), "{:?}", shown(&objects));
}
