// SPDX-License-Identifier: MPL-2.0
//! What a user is told when a server cannot or will not.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use appenv::facet::vault::{Settings, Vault};
use appenv::facet::{Facet, FacetError, Fault};
use appenv::plan::vault::policy::Policy;
use appenv::registry::Expected;
use serde_json::{Value, json};

use crate::bao::{Bao, settings};
use crate::servers::read;
use crate::wish::{create, delete, spec, wishing};

fn told(error: &FacetError) -> String {
    format!("{}\n{}\n{}\n{}", error.summary, error.attempted, error.cause, error.next)
}

#[tokio::test]
async fn a_dead_token_is_told_from_a_missing_policy() {
    let bao = Bao::start().await;
    let spec = spec("erp", "sandbox");
    let wrong = Vault::new(bao.settings("s.no-such-token"), "run");
    let error = wrong.observe(&spec).await.unwrap_err();
    assert_eq!(
        (error.fault, error.attribute),
        (Fault::Unauthenticated, Some("provider.vault.token"))
    );
    assert!(!told(&error).contains("no-such-token"));

    let weak = bao.token("weak", "path \"kvv2/data/appenv/*\" { capabilities = [\"read\"] }").await;
    let error = Vault::new(bao.settings(&weak), "run").observe(&spec).await.unwrap_err();
    // A mount that no policy of the token reaches looks like one that is not there; the text tells both.
    assert_eq!(error.fault, Fault::Missing);
    assert!(error.next.contains("{ capabilities = [\"read\"] }"), "{}", told(&error));
    assert!(!told(&error).contains(&weak));

    bao.ok("POST", "auth/token/revoke", json!({ "token": weak })).await;
    let error = Vault::new(bao.settings(&weak), "run").observe(&spec).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unauthenticated);
}

/// Any policy as a text; the templates' own rendering would refuse what operators need.
fn hcl(policy: &Policy) -> String {
    let mut text = String::new();
    for (path, capabilities) in &policy.grants {
        let words: Vec<_> = capabilities.iter().map(|c| format!("\"{}\"", c.word())).collect();
        writeln!(text, "path \"{path}\" {{ capabilities = [{}] }}", words.join(", ")).unwrap();
    }
    text
}

/// The stanza for notes on secrets.
const NOTES: &str = "kvv2/data/appenv/+";

/// Every stanza of the documented policy is needed: without it some step fails and names the path.
#[tokio::test]
async fn each_capability_taken_away_is_named() {
    let bao = Bao::start().await;
    let policy = Policy::parse(&read("docs/policies/vault-apply.hcl")).unwrap();
    let family = wishing(spec("erp", "sandbox"), |wish| {
        wish.ops_scope = appenv::plan::vault::OpsScope::Family;
    });
    for (number, without) in policy.grants.keys().enumerate() {
        // Of a renaming alone: below. Of secrets alone: the acceptance tests take each of them away.
        if without.ends_with("+/config") || without == NOTES {
            continue;
        }
        // Of a login for one run alone: the acceptance tests take each of them away.
        if without.ends_with("postgres/creds/*")
            && !without.starts_with("sys/leases/lookup/")
            && !without.starts_with("sys/leases/revoke-prefix/")
        {
            continue;
        }
        if without.ends_with("appenv-*") || without == "sys/leases/lookup/postgres/creds/*" {
            continue;
        }
        let less = Policy {
            header: Vec::new(),
            // The stanza for notes on secrets covers the registry's too.
            grants: policy
                .grants
                .clone()
                .into_iter()
                .filter(|(path, _)| path != without && path != NOTES)
                .collect(),
        };
        let text = hcl(&less);
        let vault =
            Vault::new(bao.settings(&bao.token(&format!("less-{number}"), &text).await), "run");
        let outcome = async {
            vault.observe(&family).await.and_then(|seen| match seen.warnings.first() {
                // A connection that cannot be read is no reason to refuse a plan.
                Some(warning) if without.contains("/config/") => Err(FacetError {
                    fault: Fault::Forbidden,
                    summary: warning.summary.clone(),
                    attempted: String::new(),
                    cause: String::new(),
                    next: warning.detail.clone(),
                    attribute: None,
                }),
                _ => Ok(()),
            })?;
            create(&vault, &family).await?;
            delete(&vault, &family, true).await
        };
        let error = outcome.await.expect_err(without);
        // Of a mount that nothing else reaches it cannot be told whether it is there.
        let unseen = without.starts_with("auth/") && error.fault == Fault::Missing;
        assert!(error.fault == Fault::Forbidden || unseen, "{without}: {}", told(&error));
        let stem = without.trim_end_matches('*').trim_end_matches('/');
        assert!(error.next.contains(stem), "{without}: {}", told(&error));
    }
}

/// The stanzas that are there for renaming alone, each capability by itself: what lacks is named, and once it is there
/// again the renaming goes on.
#[tokio::test]
async fn each_capability_of_a_renaming_is_named() {
    let policy = Policy::parse(&read("docs/policies/vault-apply.hcl")).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    for (path, capabilities) in policy.grants.iter().filter(|(path, _)| path.ends_with("+/config"))
    {
        // Names of secrets: an instance does not ask for them.
        if path.starts_with("kvv2/subkeys/") {
            continue;
        }
        for without in capabilities {
            let bao = Bao::start().await;
            let whole = bao.facet().await;
            let was = spec("erp", "sandbox");
            create(&whole, &was).await.unwrap();
            bao.ok("POST", "kvv2/data/erp-sandbox/config", json!({ "data": { "A": "b" } })).await;
            let now = wishing(was.clone(), |wish| wish.kv_path = "erp-new/config".to_owned());
            let mut less = policy.grants.clone();
            less.get_mut(path).unwrap().remove(without);
            let text = hcl(&Policy { header: Vec::new(), grants: less });
            let vault = Vault::new(bao.settings(&bao.token("less", &text).await), "run");
            let rename = async |vault: &Vault| {
                let look = vault.look(&now).await?;
                let next = look.entry.clone().unwrap();
                vault.observe(&now).await?;
                vault.rename(&now, &Expected::from(&look), &next, &stop).await?;
                vault.converge(&now, &stop).await
            };
            // What is written where nothing was takes the one, over what was there the other.
            let Err(error) = rename(&vault).await else {
                assert!(
                    ["create", "update"].contains(&without.word()),
                    "{path} {}",
                    without.word()
                );
                continue;
            };
            assert_eq!(error.fault, Fault::Forbidden, "{path}: {}", told(&error));
            let stem = path.split('+').next().unwrap();
            assert!(error.next.contains(stem), "{path}: {}", told(&error));
            rename(&whole).await.unwrap();
            let moved = bao.get("kvv2/data/erp-new/config").await.unwrap();
            assert_eq!(moved["data"]["A"], "b");
            assert_eq!(bao.get("kvv2/metadata/erp-sandbox/config").await, None);
        }
    }
}

#[tokio::test]
async fn a_sealed_server_is_said_to_be_sealed() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    bao.ok("PUT", "sys/seal", Value::Null).await;
    let started = Instant::now();
    let error = vault.observe(&spec).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable);
    assert!(
        error.cause.contains("sealed") && error.next.contains("operator unseal"),
        "{}",
        told(&error)
    );
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn mounts_that_do_not_fit_are_found_before_any_write() {
    let bao = Bao::start().await;
    bao.ok("POST", "sys/mounts/old", json!({ "type": "kv", "options": { "version": "1" } })).await;
    let every =
        "path \"*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\"] }";
    let vault = Vault::new(bao.settings(&bao.token("every", every).await), "run");
    let with =
        |change: fn(&mut appenv::plan::vault::VaultWish)| wishing(spec("erp", "sandbox"), change);
    for (spec, attribute, says) in [
        (
            with(|w| w.kv_mount = "nope".to_owned()),
            "provider.vault.kv_mount",
            "bao secrets enable -path=nope -version=2 kv",
        ),
        (
            with(|w| w.kv_mount = "old".to_owned()),
            "provider.vault.kv_mount",
            "bao kv enable-versioning old",
        ),
        (with(|w| w.kv_mount = "postgres".to_owned()), "provider.vault.kv_mount", "enable one"),
        (
            with(|w| w.database.as_mut().unwrap().mount = "pg".to_owned()),
            "provider.vault.database_mount",
            "bao secrets enable -path=pg database",
        ),
        (
            with(|w| w.kubernetes.as_mut().unwrap().mount = "k8s".to_owned()),
            "provider.vault.kubernetes.mount",
            "bao auth enable -path=k8s kubernetes",
        ),
        (
            with(|w| w.ci.as_mut().unwrap().mount = "ci".to_owned()),
            "provider.vault.ci.mount",
            "bao auth enable -path=ci jwt",
        ),
    ] {
        let error = vault.observe(&spec).await.unwrap_err();
        assert_eq!(
            (error.fault, error.attribute),
            (Fault::Missing, Some(attribute)),
            "{}",
            told(&error)
        );
        assert!(error.next.contains(says), "{}", told(&error));
        if error.cause.contains("nothing") {
            assert!(
                error.next.contains("kvv2/") || error.next.contains("gitea_jwt/"),
                "{}",
                told(&error)
            );
        }
        let stop = tokio_util::sync::CancellationToken::new();
        assert!(vault.converge(&spec, &stop).await.is_err());
    }
    assert_eq!(bao.get("kvv2/data/appenv/_registry").await, None);
    assert_eq!(bao.get("old/data/appenv/_registry").await, None);
}

#[tokio::test]
async fn names_outside_the_grammar_are_never_sent() {
    let bao = Bao::start().await;
    let vault = bao.facet().await;
    for mount in
        ["../sys", "kv%2e%2e", "kv v2", "kv?x", "kv#x", "a//b", "caf\u{e9}", "a\\b", "", "kv\n"]
    {
        let spec = wishing(spec("erp", "sandbox"), |w| w.kv_mount = mount.to_owned());
        let error = vault.look(&spec).await.unwrap_err();
        assert_eq!(error.fault, Fault::Rejected, "{mount:?}: {}", told(&error));
        assert!(error.next.starts_with("Nothing was sent."), "{mount:?}: {}", told(&error));
    }
}

#[tokio::test]
async fn settings_that_cannot_work_name_their_attribute() {
    let spec = spec("erp", "sandbox");
    let base = || settings("https://127.0.0.1:1", "t");
    for (settings, attribute, says) in [
        (Settings { address: "bao:8200".to_owned(), ..base() }, "provider.vault.address", "http"),
        (
            Settings { address: "ftp://bao".to_owned(), ..base() },
            "provider.vault.address",
            "neither",
        ),
        (
            Settings { address: "http://bao.example.org:8200".to_owned(), ..base() },
            "provider.vault.address",
            "plain http",
        ),
        (
            Settings { address: "https://u:secret@bao".to_owned(), ..base() },
            "provider.vault.address",
            "holds credentials",
        ),
        (
            Settings { address: "https://bao/?x=1".to_owned(), ..base() },
            "provider.vault.address",
            "query",
        ),
        (
            Settings { namespace: Some("a\nb".to_owned()), ..base() },
            "provider.vault.namespace",
            "plain segments",
        ),
        (
            Settings { ca_cert: Some(b"nonsense".to_vec()), ..base() },
            "provider.vault.ca_cert_file",
            "certificate",
        ),
    ] {
        let error = Vault::new(settings, "run").look(&spec).await.unwrap_err();
        assert_eq!(
            (error.fault, error.attribute),
            (Fault::Rejected, Some(attribute)),
            "{}",
            told(&error)
        );
        assert!(error.cause.contains(says), "{}", told(&error));
        assert!(!error.cause.contains("secret"));
    }
    let nobody = settings("http://127.0.0.1:1", "t");
    let error = Vault::new(Settings { timeout: Duration::from_secs(2), ..nobody }, "run")
        .look(&spec)
        .await
        .unwrap_err();
    assert_eq!(
        (error.fault, error.attribute),
        (Fault::Unreachable, Some("provider.vault.address"))
    );
    let odd = Vault::new(settings("http://127.0.0.1:1", "to\nken"), "run");
    assert_eq!(odd.look(&spec).await.unwrap_err().attribute, Some("provider.vault.token"));
}

#[tokio::test]
async fn tls_is_verified() {
    let bao = Bao::bare(true).await;
    bao.ok("POST", "sys/mounts/kvv2", json!({"type": "kv", "options": {"version": "2"}})).await;
    let spec = spec("erp", "sandbox");
    let base = bao.settings(&bao.apply_token().await);
    let mut failures = 0;
    for ca_cert in [None, Some(other_authority())] {
        let vault = Vault::new(Settings { ca_cert, ..base.clone() }, "run");
        let started = Instant::now();
        let error = vault.look(&spec).await.unwrap_err();
        assert_eq!(error.attribute, Some("provider.vault.ca_cert_file"), "{}", told(&error));
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "a refused certificate is not tried again"
        );
        failures += 1;
    }
    assert_eq!(failures, 2);
    let vault = Vault::new(Settings { ca_cert: bao.ca.clone(), ..base }, "run");
    assert_eq!(vault.look(&spec).await.unwrap().target, None);
}

/// An authority that did not sign the server's certificate.
fn other_authority() -> Vec<u8> {
    rustls_native_certs::load_native_certs()
        .certs
        .first()
        .map(|der| {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
        })
        .expect("the system has authorities")
}
