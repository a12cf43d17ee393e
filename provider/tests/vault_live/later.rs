// SPDX-License-Identifier: MPL-2.0
//! What is asked for later, and what is asked for no longer: only what the registry notes as the instance's own is
//! changed or removed.

use std::collections::BTreeMap;

use appenv::facet::Facet;
use appenv::facet::vault::Vault;
use appenv::plan::Spec;
use appenv::plan::vault::{OpsScope, VaultWish};
use appenv::registry::Expected;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::bao::Bao;
use crate::wish::{assert_ok, create, delete, shown, spec, states, wishing};

const KUBERNETES: &str = "auth/kubernetes/role/erp-sandbox";
const CI: &str = "auth/gitea_jwt/role/gitea_cicd_erp";
const OWN: &str = "sys/policies/acl/erp-sandbox-ops";
const OPS: &str = "sys/policies/acl/erp-ops";

/// What makes a wish one that no longer asks for something.
type Dropped = fn(&mut VaultWish);

/// Without what can be asked for later.
fn bare(env: &str) -> Spec {
    wishing(spec("erp", env), |wish| {
        wish.kubernetes = None;
        wish.ci = None;
    })
}

/// Three objects under our names, of another hand.
async fn by_hand(bao: &Bao) -> BTreeMap<&'static str, Value> {
    let kubernetes =
        json!({ "bound_service_account_names": ["x"], "bound_service_account_namespaces": ["y"] });
    bao.ok("POST", KUBERNETES, kubernetes).await;
    let ci =
        json!({ "role_type": "jwt", "user_claim": "sub", "bound_claims": { "repository": "o/x" } });
    bao.ok("POST", CI, ci).await;
    bao.ok("POST", OWN, json!({ "policy": "path \"a\" { capabilities = [\"read\"] }" })).await;
    hand_s(bao).await
}

async fn hand_s(bao: &Bao) -> BTreeMap<&'static str, Value> {
    let mut held = BTreeMap::new();
    for path in [KUBERNETES, CI, OWN] {
        held.insert(path, bao.get(path).await.unwrap_or_default());
    }
    held
}

#[tokio::test]
async fn an_object_of_another_hand_is_told_once_it_is_asked_for() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    create(&vault, &bare("sandbox")).await.unwrap();
    let made = by_hand(&bao).await;
    let look = || async { Vault::new(bao.settings(&bao.plan_token().await), "plan") };
    // Not asked for, not told.
    let seen = look().await.observe(&bare("sandbox")).await.unwrap();
    assert!(seen.foreign.is_empty(), "{:?}", seen.foreign);

    let all = wishing(spec("erp", "sandbox"), |wish| wish.ops_scope = OpsScope::Own);
    let seen = look().await.observe(&all).await.unwrap();
    assert!(seen.occupied.is_empty());
    let told: Vec<_> = seen.foreign.values().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "CI role \"gitea_cicd_erp\" at \"gitea_jwt\" (bound to claims {\"repository\":\"o/x\"})",
            "Kubernetes auth role \"erp-sandbox\" at \"kubernetes\" (bound to namespaces [\"y\"])",
            "policy \"erp-sandbox-ops\" (no marker)",
        ]
    );
    for (key, state) in shown(&seen.objects) {
        let is_foreign = seen.foreign.contains_key(&key);
        assert_eq!(
            state.starts_with("differs: appenv did not make it"),
            is_foreign,
            "{key} {state}"
        );
    }

    // Neither an apply that does not ask for them nor the end of the instance touches them.
    create(&vault, &bare("sandbox")).await.unwrap();
    let expected = Expected::from(&vault.look(&all).await.unwrap());
    vault.dismantle(&all, &expected, false, &CancellationToken::new()).await.unwrap();
    delete(&vault, &bare("sandbox"), false).await.unwrap();
    assert_eq!(hand_s(&bao).await, made);
    assert_eq!(bao.get(OPS).await, None);
}

#[tokio::test]
async fn an_equal_object_of_another_hand_is_not_taken_for_ours() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let whole = spec("erp", "sandbox");
    create(&vault, &whole).await.unwrap();
    let role = bao.get(KUBERNETES).await.unwrap();
    create(&vault, &bare("sandbox")).await.unwrap();
    assert_eq!(bao.get(KUBERNETES).await, None);
    bao.ok("POST", KUBERNETES, role).await;
    let seen = vault.observe(&whole).await.unwrap();
    assert_eq!(shown(&seen.objects)["vault_kubernetes_role"], "differs: appenv did not make it");
    assert_eq!(seen.foreign.keys().collect::<Vec<_>>(), ["vault_kubernetes_role"]);
}

#[tokio::test]
async fn the_shared_ops_policy_of_another_hand_is_told_as_well() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let own = wishing(bare("sandbox"), |wish| wish.ops_scope = OpsScope::Own);
    create(&vault, &own).await.unwrap();
    bao.ok("POST", OPS, json!({ "policy": "path \"a\" { capabilities = [\"read\"] }" })).await;
    let seen = vault.observe(&bare("sandbox")).await.unwrap();
    assert_eq!(seen.foreign["vault_ops_policy"], "policy \"erp-ops\" (no marker)");
}

#[tokio::test]
async fn what_is_no_longer_asked_for_is_told_and_goes() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let whole = wishing(spec("erp", "sandbox"), |wish| wish.ops_scope = OpsScope::Own);
    let dropped: [(&str, &str, Dropped); 3] = [
        (KUBERNETES, "vault_kubernetes_role", |wish| wish.kubernetes = None),
        (CI, "vault_ci_role", |wish| wish.ci = None),
        (OWN, "vault_own_ops_policy", |wish| wish.ops_scope = OpsScope::Instances),
    ];
    for (path, key, change) in dropped {
        create(&vault, &whole).await.unwrap();
        assert_ok(&vault, &whole).await;
        let less = wishing(whole.clone(), change);
        let told = states(&vault, &less).await;
        assert!(told[key].contains("no longer wished"), "{key}: {}", told[key]);
        create(&vault, &less).await.unwrap();
        assert_eq!(bao.get(path).await, None, "{path}");
        assert_ok(&vault, &less).await;
        assert!(!states(&vault, &less).await.contains_key(key));

        // What another hand makes there then is not ours, whatever we do.
        let made = by_hand(&bao).await[path].clone();
        create(&vault, &less).await.unwrap();
        assert_eq!(bao.get(path).await.unwrap(), made);
        bao.ok("DELETE", path, Value::Null).await;
    }
}

#[tokio::test]
async fn an_end_takes_what_was_dropped_but_never_applied() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let whole = wishing(spec("erp", "sandbox"), |wish| wish.ops_scope = OpsScope::Own);
    create(&vault, &whole).await.unwrap();
    delete(&vault, &bare("sandbox"), false).await.unwrap();
    for path in [KUBERNETES, CI, OWN, OPS, "sys/policies/acl/erp-sandbox"] {
        assert_eq!(bao.get(path).await, None, "{path}");
    }
}

#[tokio::test]
async fn a_role_moves_with_its_mount() {
    let bao = Bao::start().await;
    bao.ok("POST", "sys/auth/k8s", json!({ "type": "kubernetes" })).await;
    let vault = Vault::new(bao.settings(&bao.root), "test-run");
    let before = spec("erp", "sandbox");
    create(&vault, &before).await.unwrap();
    let after = wishing(before, |wish| {
        wish.kubernetes.as_mut().unwrap().mount = "k8s".to_owned();
    });
    create(&vault, &after).await.unwrap();
    assert_ok(&vault, &after).await;
    assert_eq!(bao.get(KUBERNETES).await, None);
    assert!(bao.get("auth/k8s/role/erp-sandbox").await.is_some());
}

#[tokio::test]
async fn the_ci_role_goes_with_the_last_that_wants_it() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let (prod, sandbox) = (spec("erp", "prod"), spec("erp", "sandbox"));
    create(&vault, &prod).await.unwrap();
    // An instance that wants it later gets its part in what is there.
    create(&vault, &bare("sandbox")).await.unwrap();
    let seen = vault.observe(&sandbox).await.unwrap();
    assert!(seen.foreign.is_empty());
    assert_eq!(
        shown(&seen.objects)["vault_ci_role"],
        "differs: this instance has no part in it yet"
    );
    create(&vault, &sandbox).await.unwrap();
    assert_ok(&vault, &sandbox).await;
    create(&vault, &bare("prod")).await.unwrap();
    assert!(bao.get(CI).await.is_some());
    assert_ok(&vault, &sandbox).await;
    create(&vault, &bare("sandbox")).await.unwrap();
    assert_eq!(bao.get(CI).await, None);
    // And comes back with the first.
    create(&vault, &prod).await.unwrap();
    assert_ok(&vault, &prod).await;
}
