// SPDX-License-Identifier: MPL-2.0
//! What instances of one app share: parts, scopes, the CI role, and two runs at once.

use appenv::facet::vault::Vault;
use appenv::facet::{Facet, Fault};
use appenv::plan::vault::OpsScope;
use serde_json::json;

use crate::bao::Bao;
use crate::wish::{assert_ok, create, delete, spec, states, wishing};

const OPS: &str = "sys/policies/acl/erp-ops";
const CI: &str = "auth/gitea_jwt/role/gitea_cicd_erp";

async fn ops_text(bao: &Bao) -> String {
    let policy = bao.get(OPS).await.unwrap_or_default();
    policy["policy"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_instance_owns_its_part_only() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let (prod, sandbox) = (spec("erp", "prod"), spec("erp", "sandbox"));
    create(&vault, &prod).await.unwrap();
    create(&vault, &sandbox).await.unwrap();
    assert_ok(&vault, &prod).await;
    // The other's part, taken away by hand, is the other's difference.
    let text = ops_text(&bao).await;
    let cut: String = text
        .split("\n\n")
        .filter(|stanza| !stanza.contains("erp-sandbox"))
        .collect::<Vec<_>>()
        .join("\n\n");
    bao.ok("POST", OPS, json!({ "policy": cut })).await;
    let fresh = Vault::new(bao.settings(&bao.plan_token().await), "plan");
    assert_ok(&fresh, &prod).await;
    assert!(states(&fresh, &sandbox).await["vault_ops_policy"].starts_with("differs: "));
    create(&vault, &sandbox).await.unwrap();
    assert_eq!(ops_text(&bao).await, text);
    // The one that goes takes its part; the last takes all.
    delete(&vault, &prod, false).await.unwrap();
    let left = ops_text(&bao).await;
    assert!(left.contains("erp-sandbox/config") && !left.contains("erp/config"));
    assert!(bao.get(CI).await.is_some());
    delete(&vault, &sandbox, false).await.unwrap();
    assert_eq!(bao.get(OPS).await, None);
    assert_eq!(bao.get(CI).await, None);
}

#[tokio::test]
async fn two_runs_at_once_keep_both_and_leave_nothing() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    let (prod, sandbox, dev) = (spec("erp", "prod"), spec("erp", "sandbox"), spec("erp", "dev"));
    // The registry is founded by a third.
    let first = Vault::new(bao.settings(&token), "first");
    create(&first, &spec("cms", "prod")).await.unwrap();
    for round in 0..12 {
        let run = |n: usize| Vault::new(bao.settings(&token), format!("run-{round}-{n}"));
        let vaults = [run(0), run(1), run(2)];
        let (a, b, c) = tokio::join!(
            create(&vaults[0], &prod),
            create(&vaults[1], &sandbox),
            create(&vaults[2], &dev)
        );
        a.unwrap();
        b.unwrap();
        c.unwrap();
        let text = ops_text(&bao).await;
        for path in
            ["kvv2/data/erp/config", "kvv2/data/erp-sandbox/config", "kvv2/data/erp-dev/config"]
        {
            assert!(text.contains(&format!("path \"{path}\"")), "round {round}: {path} in {text}");
        }
        assert!(bao.get(CI).await.is_some());
        // One that goes while another comes back leaves the other's part.
        let (a, b) = tokio::join!(delete(&vaults[0], &prod, false), create(&vaults[1], &sandbox));
        a.unwrap();
        b.unwrap();
        let text = ops_text(&bao).await;
        assert!(text.contains("erp-sandbox/config") && !text.contains("erp/config"), "{text}");
        let (a, b) =
            tokio::join!(delete(&vaults[1], &sandbox, false), delete(&vaults[2], &dev, false));
        a.unwrap();
        b.unwrap();
        assert_eq!(bao.get(OPS).await, None, "round {round}");
        assert_eq!(bao.get(CI).await, None, "round {round}");
    }
}

#[tokio::test]
async fn the_last_one_out_meets_the_first_one_in() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    let (prod, sandbox) = (spec("erp", "prod"), spec("erp", "sandbox"));
    let first = Vault::new(bao.settings(&token), "first");
    create(&first, &prod).await.unwrap();
    for round in 0..12 {
        let (out, into) = if round % 2 == 0 { (&prod, &sandbox) } else { (&sandbox, &prod) };
        let vaults = [
            Vault::new(bao.settings(&token), format!("out-{round}")),
            Vault::new(bao.settings(&token), format!("in-{round}")),
        ];
        let (a, b) = tokio::join!(delete(&vaults[0], out, false), create(&vaults[1], into));
        a.unwrap();
        b.unwrap();
        assert_ok(&Vault::new(bao.settings(&token), "look"), into).await;
    }
}

#[tokio::test]
async fn scopes_change_in_place() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let scoped = |scope| wishing(spec("erp", "sandbox"), |wish| wish.ops_scope = scope);
    let own_policy = "sys/policies/acl/erp-sandbox-ops";

    create(&vault, &scoped(OpsScope::Instances)).await.unwrap();
    assert_eq!(states(&vault, &scoped(OpsScope::Own)).await["vault_own_ops_policy"], "missing");

    create(&vault, &scoped(OpsScope::Own)).await.unwrap();
    assert_ok(&vault, &scoped(OpsScope::Own)).await;
    assert!(bao.get(own_policy).await.is_some());
    assert_eq!(bao.get(OPS).await, None);
    assert!(bao.get(CI).await.is_some());

    create(&vault, &scoped(OpsScope::Family)).await.unwrap();
    assert_ok(&vault, &scoped(OpsScope::Family)).await;
    assert_eq!(bao.get(own_policy).await, None);
    assert!(ops_text(&bao).await.contains("path \"kvv2/data/erp-*\""));

    create(&vault, &scoped(OpsScope::Own)).await.unwrap();
    delete(&vault, &scoped(OpsScope::Own), false).await.unwrap();
    assert_eq!(bao.get(own_policy).await, None);
    assert_eq!(bao.get(CI).await, None);
}

#[tokio::test]
async fn a_family_does_not_reach_another_app() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let family = wishing(spec("erp", "sandbox"), |wish| wish.ops_scope = OpsScope::Family);
    assert!(vault.observe(&family).await.unwrap().refusals.is_empty());
    create(&vault, &spec("erp-tools", "prod")).await.unwrap();
    create(&vault, &spec("erpx", "prod")).await.unwrap();
    let refusals = vault.observe(&family).await.unwrap().refusals;
    assert_eq!(
        refusals.iter().map(|r| r.summary.as_str()).collect::<Vec<_>>(),
        ["ops_scope = \"family\" of app \"erp\" would reach app \"erp-tools\""]
    );
    // Gone is gone; and then the other way round.
    delete(&vault, &spec("erp-tools", "prod"), false).await.unwrap();
    assert!(vault.observe(&family).await.unwrap().refusals.is_empty());
    create(&vault, &family).await.unwrap();
    let refusals = vault.observe(&spec("erp-tools", "prod")).await.unwrap().refusals;
    assert_eq!(refusals[0].summary, "App \"erp-tools\" lies within the family of app \"erp\"");
}

#[tokio::test]
async fn the_ci_role_is_set_once_and_changed_by_its_revision() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let ci = |env: &str, revision: u64, audience: &str| {
        wishing(spec("erp", env), |wish| {
            let ci = wish.ci.as_mut().unwrap();
            ci.revision = revision;
            ci.bound_audiences = vec![audience.to_owned()];
        })
    };
    create(&vault, &ci("prod", 1, "a")).await.unwrap();

    // Another state, the same revision, another wish: refused at plan, and in apply.
    let refusals = vault.observe(&ci("sandbox", 1, "b")).await.unwrap().refusals;
    assert_eq!(refusals.len(), 1);
    assert!(refusals[0].detail.contains("bound_audiences [\"a\"]"), "{}", refusals[0].detail);
    assert!(refusals[0].detail.contains("bound_audiences [\"b\"]"), "{}", refusals[0].detail);
    let error = create(&vault, &ci("sandbox", 1, "b")).await.unwrap_err();
    assert_eq!((error.fault, error.attribute), (Fault::Rejected, Some("provider.vault.ci")));
    assert_eq!(bao.get(CI).await.unwrap()["bound_audiences"], json!(["a"]));

    // Raised, it changes; the lower revision reads it as theirs.
    let raised = ci("sandbox", 2, "b");
    assert!(vault.observe(&raised).await.unwrap().refusals.is_empty());
    assert_eq!(
        states(&vault, &raised).await["vault_ci_role"],
        "differs: bound_audiences is [\"a\"]"
    );
    create(&vault, &raised).await.unwrap();
    assert_eq!(bao.get(CI).await.unwrap()["bound_audiences"], json!(["b"]));
    assert_ok(&vault, &raised).await;
    assert_ok(&vault, &ci("prod", 1, "a")).await;
    create(&vault, &ci("prod", 1, "a")).await.unwrap();
    assert_eq!(bao.get(CI).await.unwrap()["bound_audiences"], json!(["b"]));

    // Raised without another difference it is still a change, once.
    let again = ci("sandbox", 3, "b");
    assert_eq!(states(&vault, &again).await["vault_ci_role"], "differs: revision is 2");
    create(&vault, &again).await.unwrap();
    assert_ok(&vault, &again).await;

    // Moved to another mount, the former role goes.
    bao.ok("POST", "sys/auth/other_jwt", json!({ "type": "jwt" })).await;
    bao.ok(
        "POST",
        "sys/policies/acl/appenv-apply",
        json!({ "policy": crate::servers::read("docs/policies/vault-apply.hcl")
            + "path \"auth/other_jwt/role/*\" { capabilities = [\"create\", \"update\", \"read\", \"delete\"] }" }),
    )
    .await;
    let moved =
        wishing(ci("sandbox", 4, "b"), |w| w.ci.as_mut().unwrap().mount = "other_jwt".to_owned());
    let raw = Vault::new(bao.settings(&raised_token(&bao).await), "moved");
    create(&raw, &moved).await.unwrap();
    assert_eq!(bao.get(CI).await, None);
    assert!(bao.get("auth/other_jwt/role/gitea_cicd_erp").await.is_some());
    delete(&raw, &moved, false).await.unwrap();
    delete(&raw, &ci("prod", 1, "a"), false).await.unwrap();
    assert_eq!(bao.get("auth/other_jwt/role/gitea_cicd_erp").await, None);
    // Deserted, the app starts over: what was set binds nobody.
    create(&raw, &ci("prod", 1, "c")).await.unwrap();
    assert_eq!(bao.get(CI).await.unwrap()["bound_audiences"], json!(["c"]));
}

/// A token of the policy as it stands now.
async fn raised_token(bao: &Bao) -> String {
    let made = bao
        .ok("POST", "auth/token/create", json!({ "policies": ["appenv-apply"], "no_parent": true }))
        .await;
    made["auth"]["client_token"].as_str().unwrap().to_owned()
}
