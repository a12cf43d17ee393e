// SPDX-License-Identifier: MPL-2.0
//! Tokens: logged in for, renewed, replaced when dead, ended.

use std::time::Duration;

use appenv::facet::vault::{Login, Sensitive, Settings, Vault};
use appenv::facet::{Facet, Fault};
use serde_json::{Value, json};

use crate::bao::Bao;
use crate::servers::read;
use crate::wish::{create, spec};

/// An AppRole with the apply policy; its tokens live as long as said.
async fn app_role(bao: &Bao, token_ttl: &str) -> Login {
    bao.apply_token().await;
    bao.ok("POST", "sys/auth/approle", json!({ "type": "approle" })).await;
    bao.ok(
        "POST",
        "auth/approle/role/ci",
        json!({ "token_policies": ["appenv-apply"], "token_ttl": token_ttl }),
    )
    .await;
    let role_id = bao.get("auth/approle/role/ci/role-id").await.unwrap();
    let secret_id = bao.ok("POST", "auth/approle/role/ci/secret-id", json!({})).await;
    Login::AppRole {
        mount: "approle".to_owned(),
        role_id: Sensitive::new(role_id["role_id"].as_str().unwrap()),
        secret_id: Sensitive::new(secret_id["data"]["secret_id"].as_str().unwrap()),
    }
}

async fn accessors(bao: &Bao) -> usize {
    bao.ok("LIST", "auth/token/accessors", Value::Null).await["data"]["keys"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_login_is_made_once_and_ended() {
    let bao = Bao::start().await;
    let login = app_role(&bao, "1h").await;
    let before = accessors(&bao).await;
    let vault = Vault::new(Settings { login, ..bao.settings("") }, "run");
    let (a, b) = (spec("erp", "sandbox"), spec("cms", "dev"));
    let (first, second) = tokio::join!(create(&vault, &a), create(&vault, &b));
    first.unwrap();
    second.unwrap();
    assert_eq!(accessors(&bao).await, before + 1, "one login a run");
    vault.close().await;
    assert_eq!(accessors(&bao).await, before);
}

#[tokio::test]
async fn a_given_token_is_not_ended() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    let vault = Vault::new(bao.settings(&token), "run");
    let before = accessors(&bao).await;
    create(&vault, &spec("erp", "sandbox")).await.unwrap();
    assert_eq!(accessors(&bao).await, before, "no child token is made");
    vault.close().await;
    assert_eq!(bao.api_as(&token, "GET", "auth/token/lookup-self", Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_dead_login_is_made_again() {
    let bao = Bao::start().await;
    let login = app_role(&bao, "1h").await;
    let vault = Vault::new(Settings { login, ..bao.settings("") }, "run");
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    bao.ok("POST", "sys/leases/revoke-force/auth/approle/login", json!({})).await;
    create(&vault, &spec).await.unwrap();
}

#[tokio::test]
async fn a_refused_login_names_its_block() {
    let bao = Bao::start().await;
    app_role(&bao, "1h").await;
    let jwt = || Sensitive::new("eyJ.canary.x");
    for (login, attribute) in [
        (
            Login::AppRole {
                mount: "approle".to_owned(),
                role_id: Sensitive::new("x"),
                secret_id: Sensitive::new("canary"),
            },
            "provider.vault.auth_approle",
        ),
        (
            Login::Kubernetes { mount: "kubernetes".to_owned(), role: "ci".to_owned(), jwt: jwt() },
            "provider.vault.auth_kubernetes",
        ),
        (
            Login::Jwt { mount: "gitea_jwt".to_owned(), role: "ci".to_owned(), jwt: jwt() },
            "provider.vault.auth_jwt",
        ),
        (
            Login::Jwt { mount: "nope".to_owned(), role: "ci".to_owned(), jwt: jwt() },
            "provider.vault.auth_jwt",
        ),
    ] {
        let settings = Settings { login, timeout: Duration::from_secs(5), ..bao.settings("") };
        assert!(!format!("{settings:?}").contains("canary"));
        let error = Vault::new(settings, "run").look(&spec("erp", "sandbox")).await.unwrap_err();
        assert_eq!(error.attribute, Some(attribute), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

/// A token of eight seconds is alive after twelve, since the run that writes renews it; one that only reads does not.
#[tokio::test]
async fn a_renewable_token_is_kept_alive_while_writing() {
    let bao = Bao::start().await;
    bao.apply_token().await;
    let made = |ttl: &'static str| json!({ "policies": ["appenv-apply"], "no_parent": true, "ttl": ttl, "renewable": true });
    let spec = spec("erp", "sandbox");
    let writing = bao.ok("POST", "auth/token/create", made("8s")).await;
    let reading = bao.ok("POST", "auth/token/create", made("8s")).await;
    let token = |answer: &Value| answer["auth"]["client_token"].as_str().unwrap().to_owned();
    let (writer, reader) = (
        Vault::new(bao.settings(&token(&writing)), "writer"),
        Vault::new(bao.settings(&token(&reading)), "reader"),
    );
    create(&writer, &spec).await.unwrap();
    reader.look(&spec).await.unwrap();
    tokio::time::sleep(Duration::from_secs(12)).await;
    create(&writer, &spec).await.unwrap();
    assert_eq!(reader.look(&spec).await.unwrap_err().fault, Fault::Unauthenticated);
    // With the facet goes the renewal.
    drop(writer);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(
        bao.api_as(&token(&writing), "GET", "auth/token/lookup-self", Value::Null).await.0,
        403
    );
}

#[tokio::test]
async fn a_token_that_dies_under_way_stops_the_run_and_the_next_one_goes_on() {
    let bao = Bao::start().await;
    let made = bao.token("appenv-apply", &read("docs/policies/vault-apply.hcl")).await;
    let limited = bao
        .ok(
            "POST",
            "auth/token/create",
            json!({ "policies": ["appenv-apply"], "no_parent": true, "num_uses": 14 }),
        )
        .await;
    let limited = limited["auth"]["client_token"].as_str().unwrap();
    let spec = spec("erp", "sandbox");
    let error = create(&Vault::new(bao.settings(limited), "limited"), &spec).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unauthenticated, "{error:?}");
    create(&Vault::new(bao.settings(&made), "next"), &spec).await.unwrap();
}

#[tokio::test]
async fn every_request_carries_the_run() {
    let stub = crate::proxy::Stub::start(vec![crate::proxy::response("500 x", "", "{}")]).await;
    let settings = Settings {
        namespace: Some("team/a".to_owned()),
        timeout: Duration::from_secs(1),
        ..crate::bao::settings(&stub.address, "t")
    };
    let vault = Vault::new(settings, "run-4711");
    let error = vault.look(&spec("erp", "sandbox")).await.unwrap_err();
    assert!(error.attempted.contains("namespace team/a"), "{}", error.attempted);
    for request in stub.asked() {
        let request = request.to_lowercase();
        for header in
            ["x-appenv-run: run-4711", "x-vault-namespace: team/a", "x-vault-request: true"]
        {
            assert!(request.contains(header), "{header} in {request}");
        }
    }
}
