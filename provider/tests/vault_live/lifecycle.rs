// SPDX-License-Identifier: MPL-2.0
//! From nothing to everything and back, and whatever a hand changes in between.

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, Fault};
use appenv::plan::ObjectState;
use appenv::registry::{Expected, Phase};
use serde_json::{Value, json};

use crate::bao::Bao;
use crate::wish::{assert_ok, create, delete, spec, states, wishing};

#[tokio::test]
async fn create_read_delete() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");

    let seen = vault.observe(&spec).await.unwrap();
    assert_eq!(seen.look.target, None);
    assert_eq!(seen.look.entry, None);
    assert!(seen.occupied.is_empty() && seen.refusals.is_empty());
    assert_eq!(
        seen.objects.keys().collect::<Vec<_>>(),
        [
            "vault_ci_role",
            "vault_database_role",
            "vault_kubernetes_role",
            "vault_ops_policy",
            "vault_runtime_policy"
        ]
    );
    assert!(seen.objects.values().all(|state| *state == ObjectState::Missing));

    create(&vault, &spec).await.unwrap();
    // A plan in another process, with the token that only reads.
    let plan = Vault::new(bao.settings(&bao.plan_token().await), "plan");
    assert_ok(&plan, &spec).await;
    let look = plan.look(&spec).await.unwrap();
    assert!(look.target.is_some());
    assert_eq!(look.app_owner.as_deref(), Some("arcodange/erp"));
    assert_eq!(look.entry.as_ref().unwrap().phase, Phase::Live);

    // Nothing is written where nothing differs: a second apply only moves the registry.
    let before = bao.get("sys/policies/acl/erp-sandbox").await.unwrap();
    create(&vault, &spec).await.unwrap();
    assert_eq!(bao.get("sys/policies/acl/erp-sandbox").await.unwrap(), before);

    delete(&vault, &spec, false).await.unwrap();
    for path in [
        "sys/policies/acl/erp-sandbox",
        "sys/policies/acl/erp-ops",
        "postgres/roles/erp-sandbox",
        "auth/kubernetes/role/erp-sandbox",
        "auth/gitea_jwt/role/gitea_cicd_erp",
    ] {
        assert_eq!(bao.get(path).await, None, "{path}");
    }
    let look = plan.look(&spec).await.unwrap();
    assert_eq!(look.app_owner, None);
    let tombstone = look.entry.unwrap();
    assert_eq!((tombstone.phase, tombstone.generation, tombstone.holder), (Phase::Gone, 3, None));

    create(&vault, &spec).await.unwrap();
    assert_eq!(plan.look(&spec).await.unwrap().entry.unwrap().generation, 4);
}

#[tokio::test]
async fn dismantling_twice_is_dismantling_once() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    let stop = tokio_util::sync::CancellationToken::new();
    let expected = Expected::default();
    vault.dismantle(&spec, &expected, false, &stop).await.unwrap();
    create(&vault, &spec).await.unwrap();
    // Somebody else's by now.
    let error = vault.dismantle(&spec, &expected, false, &stop).await.unwrap_err();
    assert_eq!(error.fault, Fault::Conflict, "{error:?}");
    assert_ok(&vault, &spec).await;
    let expected = Expected::from(&vault.look(&spec).await.unwrap());
    vault.dismantle(&spec, &expected, false, &stop).await.unwrap();
    vault.dismantle(&spec, &expected, false, &stop).await.unwrap();
    let missing = vault.observe(&spec).await.unwrap().objects;
    assert!(missing.values().all(|state| *state == ObjectState::Missing));
}

/// A change by hand: where, what is written (null: removed), the object, and how it then reads.
const BY_HAND: [(&str, &str, &str, &str); 13] = [
    ("sys/policies/acl/erp-sandbox", "null", "vault_runtime_policy", "missing"),
    (
        "sys/policies/acl/erp-sandbox",
        r#"{"policy": "path \"kvv2/data/erp-sandbox/config\" { capabilities = [\"read\", \"delete\"] }"}"#,
        "vault_runtime_policy",
        "differs: path \"kvv2/data/erp-sandbox/config\" also grants delete; \
         path \"postgres/creds/erp-sandbox\" lacks read",
    ),
    ("sys/policies/acl/erp-ops", "null", "vault_ops_policy", "missing"),
    (
        "sys/policies/acl/erp-ops",
        r#"{"policy": "path \"sys/*\" { capabilities = [\"sudo\"] }"}"#,
        "vault_ops_policy",
        "differs: path \"kvv2/data/erp-sandbox/config\" lacks create, update, patch, read; \
         path \"kvv2/metadata/erp-sandbox/config\" lacks read; \
         path \"sys/*\" also grants sudo",
    ),
    ("postgres/roles/erp-sandbox", "null", "vault_database_role", "missing"),
    (
        "postgres/roles/erp-sandbox",
        r#"{"db_name": "postgres", "default_ttl": "2h"}"#,
        "vault_database_role",
        "differs: default_ttl is 7200",
    ),
    (
        "postgres/roles/erp-sandbox",
        r#"{"db_name": "other", "creation_statements": ["CREATE ROLE x SUPERUSER"]}"#,
        "vault_database_role",
        "differs: creation_statements is not the convention's; db_name is \"other\"",
    ),
    ("auth/kubernetes/role/erp-sandbox", "null", "vault_kubernetes_role", "missing"),
    (
        "auth/kubernetes/role/erp-sandbox",
        r#"{"bound_service_account_names": ["x"], "token_policies": ["root-like"]}"#,
        "vault_kubernetes_role",
        "differs: bound_service_account_names is [\"x\"]; token_policies is [\"root-like\"]",
    ),
    (
        "auth/kubernetes/role/erp-sandbox",
        r#"{"token_period": "24h", "token_bound_cidrs": ["10.0.0.0/8"]}"#,
        "vault_kubernetes_role",
        "differs: token_bound_cidrs is [\"10.0.0.0/8\"]; token_period is 86400",
    ),
    ("auth/gitea_jwt/role/gitea_cicd_erp", "null", "vault_ci_role", "missing"),
    (
        "auth/gitea_jwt/role/gitea_cicd_erp",
        r#"{"role_type": "jwt", "user_claim": "sub", "bound_claims": {"repository": "evil/*"}, "bound_claims_type": "glob"}"#,
        "vault_ci_role",
        "differs: bound_claims is {\"repository\":\"evil/*\"}; bound_claims_type is \"glob\"",
    ),
    (
        "auth/gitea_jwt/role/gitea_cicd_erp",
        r#"{"role_type": "jwt", "user_claim": "sub", "token_policies": ["erp-ops", "admin"]}"#,
        "vault_ci_role",
        "differs: token_policies is [\"erp-ops\",\"admin\"]",
    ),
];

#[tokio::test]
async fn every_change_by_hand_is_seen_and_mended() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    for (path, body, object, reads) in BY_HAND {
        let body: Value = serde_json::from_str(body).unwrap();
        if body.is_null() {
            bao.ok("DELETE", path, Value::Null).await;
        } else {
            bao.ok("POST", path, body).await;
        }
        // A process of its own, as the next plan is.
        let seen = states(&Vault::new(bao.settings(&bao.plan_token().await), "plan"), &spec).await;
        for (key, state) in &seen {
            let due = if key == object { reads } else { "ok" };
            assert_eq!(state, due, "{key} after {path}");
        }
        create(&vault, &spec).await.unwrap();
        assert_ok(&vault, &spec).await;
    }
}

#[tokio::test]
async fn the_server_s_own_forms_are_no_difference() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = wishing(spec("erp", "sandbox"), |wish| {
        wish.database.as_mut().unwrap().default_ttl = None;
        wish.kubernetes.as_mut().unwrap().namespaces = vec!["b".to_owned(), "a".to_owned()];
        wish.ci.as_mut().unwrap().bound_audiences = vec!["y".to_owned(), "x".to_owned()];
    });
    create(&vault, &spec).await.unwrap();
    assert_ok(&vault, &spec).await;
    let policy = bao.get("sys/policies/acl/erp-sandbox").await.unwrap();
    let text = policy["policy"].as_str().unwrap().replace('\n', "\n\n") + "  \n# a remark\n";
    bao.ok("POST", "sys/policies/acl/erp-sandbox", json!({ "policy": text })).await;
    let role = bao.get("postgres/roles/erp-sandbox").await.unwrap();
    let statement = role["creation_statements"][0].as_str().unwrap();
    let rest = role["creation_statements"][1].as_str().unwrap();
    bao.ok(
        "POST",
        "postgres/roles/erp-sandbox",
        json!({ "db_name": "postgres", "creation_statements": [format!("  {statement};\n"), rest], "max_ttl": "24h" }),
    )
    .await;
    assert_ok(&vault, &spec).await;
}

#[tokio::test]
async fn what_stands_under_our_names_is_told_before_a_create() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    bao.ok(
        "POST",
        "sys/policies/acl/erp-sandbox",
        json!({ "policy": "path \"a\" { capabilities = [\"read\"] }" }),
    )
    .await;
    bao.ok("POST", "postgres/roles/erp-sandbox", json!({ "db_name": "legacy" })).await;
    bao.ok(
        "POST",
        "auth/kubernetes/role/erp-sandbox",
        json!({ "bound_service_account_names": ["x"], "bound_service_account_namespaces": ["y"] }),
    )
    .await;
    // A shared one that nobody registered stands in the way as well.
    bao.ok("POST", "sys/policies/acl/erp-ops", json!({ "policy": "# empty" })).await;
    assert_eq!(
        vault.observe(&spec).await.unwrap().occupied,
        [
            "policy \"erp-sandbox\" (no marker)",
            "database role \"erp-sandbox\" at \"postgres\" (of connection \"legacy\")",
            "Kubernetes auth role \"erp-sandbox\" at \"kubernetes\" (bound to namespaces [\"y\"])",
            "policy \"erp-ops\" (no marker)",
        ]
    );
    create(&vault, &spec).await.unwrap();
    assert!(vault.observe(&spec).await.unwrap().occupied.is_empty());
}

#[tokio::test]
async fn parts_that_are_not_wished_are_not_made() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = wishing(spec("erp", "sandbox"), |wish| {
        wish.database = None;
        wish.kubernetes = None;
        wish.ci = None;
    });
    create(&vault, &spec).await.unwrap();
    assert_eq!(
        states(&vault, &spec).await.into_keys().collect::<Vec<_>>(),
        ["vault_ops_policy", "vault_runtime_policy"]
    );
    assert_eq!(bao.get("auth/gitea_jwt/role/gitea_cicd_erp").await, None);
    delete(&vault, &spec, false).await.unwrap();
    assert_eq!(bao.get("sys/policies/acl/erp-ops").await, None);
}
