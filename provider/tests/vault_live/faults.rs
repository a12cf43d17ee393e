// SPDX-License-Identifier: MPL-2.0
//! Lost requests, lost answers, stops, limits, redirects, frozen and talkative servers.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use appenv::facet::vault::{Settings, Vault};
use appenv::facet::{Facet, Fault as Class};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::bao::{Bao, settings};
use crate::proxy::{Fault, Proxy, Stub, response};
use crate::wish::{assert_ok, create, create_until, delete, spec};

fn short(address: &str, token: &str) -> Settings {
    Settings { timeout: Duration::from_secs(6), ..settings(address, token) }
}

fn app(number: usize) -> String {
    format!("app{number}")
}

/// Every write of a create and of a delete, lost before and after its effect: the run goes through, or the next one
/// does, and everything is as wished.
#[tokio::test]
async fn a_lost_request_or_answer_is_made_good() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    create(&Vault::new(bao.settings(&token), "founder"), &spec("founder", "dev")).await.unwrap();
    let clean = Proxy::start(&bao.address, 0, None, Arc::new(|_| {})).await;
    let whole = Vault::new(short(&clean.address, &token), "whole");
    create(&whole, &spec("whole", "dev")).await.unwrap();
    let to_create = clean.writes();
    delete(&whole, &spec("whole", "dev"), false).await.unwrap();
    let to_delete = clean.writes() - to_create;
    assert!(to_create >= 7 && to_delete >= 7, "{to_create} {to_delete}");

    let mut number = 0;
    for fault in [Fault::LoseRequest, Fault::LoseAnswer] {
        for at in 1..=to_create + to_delete {
            number += 1;
            let spec = spec(&app(number), "dev");
            let proxy = Proxy::start(&bao.address, at, Some(fault), Arc::new(|_| {})).await;
            let vault = Vault::new(short(&proxy.address, &token), format!("run-{number}"));
            create(&vault, &spec).await.unwrap_or_else(|e| panic!("{fault:?} at {at}: {e}"));
            if at <= to_create {
                assert_ok(&Vault::new(bao.settings(&token), "look"), &spec).await;
            }
            delete(&vault, &spec, false).await.unwrap_or_else(|e| panic!("{fault:?} at {at}: {e}"));
            assert!(proxy.writes() >= at, "{fault:?} at {at} did not strike");
            assert_eq!(bao.get(&format!("sys/policies/acl/{}-dev", app(number))).await, None);
            assert_eq!(bao.get(&format!("sys/policies/acl/{}-ops", app(number))).await, None);
        }
    }
}

/// Whoever is outrun in founding the registry is denied, since the least rights do not let it be changed.
#[tokio::test]
async fn who_is_outrun_in_founding_takes_what_was_founded() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    let proxy = Proxy::start(&bao.address, 1, Some(Fault::Outrun), Arc::new(|_| {})).await;
    create(&Vault::new(short(&proxy.address, &token), "second"), &spec("erp", "dev"))
        .await
        .unwrap();
    assert_ok(&Vault::new(bao.settings(&token), "look"), &spec("erp", "dev")).await;
    let founded = bao.get("kvv2/data/appenv/_registry").await.unwrap();
    assert_eq!(founded["metadata"]["version"], 1, "{founded}");
    // Denied, and nobody was first: that is told.
    let none = bao.token("none", "path \"kvv2/data/appenv/*\" { capabilities = [\"read\"] }").await;
    bao.ok("DELETE", "kvv2/metadata/appenv/_registry", serde_json::Value::Null).await;
    let vault = Vault::new(bao.settings(&none), "none");
    let error = create(&vault, &spec("crm", "dev")).await.unwrap_err();
    assert!(error.summary.contains("Could not found the registry"), "{error}");
}

#[tokio::test]
async fn a_late_answer_is_read_back() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    create(&Vault::new(bao.settings(&token), "founder"), &spec("founder", "dev")).await.unwrap();
    for at in 1..=3 {
        let spec = spec(&app(at), "dev");
        let proxy = Proxy::start(&bao.address, at, Some(Fault::LateAnswer), Arc::new(|_| {})).await;
        let vault = Vault::new(short(&proxy.address, &token), "late");
        create(&vault, &spec).await.unwrap();
        assert_ok(&Vault::new(bao.settings(&token), "look"), &spec).await;
    }
}

/// Stopped after any write, the next run takes up what is there.
#[tokio::test]
async fn a_stopped_run_is_taken_up() {
    let bao = Bao::start().await;
    let token = bao.apply_token().await;
    create(&Vault::new(bao.settings(&token), "founder"), &spec("founder", "dev")).await.unwrap();
    let mut stopped = 0;
    for at in 1..=7 {
        let spec = spec(&app(at), "dev");
        let stop = CancellationToken::new();
        let trigger = stop.clone();
        let proxy = Proxy::start(
            &bao.address,
            0,
            None,
            Arc::new(move |writes| {
                if writes == at {
                    trigger.cancel();
                }
            }),
        )
        .await;
        let vault = Vault::new(short(&proxy.address, &token), "stopped");
        if let Err(error) = create_until(&vault, &spec, &stop).await {
            assert_eq!(error.fault, Class::Stopped, "{error}");
            stopped += 1;
        }
        let next = Vault::new(bao.settings(&token), "next");
        create(&next, &spec).await.unwrap();
        assert_ok(&next, &spec).await;
    }
    assert!(stopped >= 5, "{stopped}");
}

#[tokio::test]
async fn a_frozen_server_ends_at_the_deadline() {
    let bao = Bao::start().await;
    let vault = Vault::new(
        Settings { timeout: Duration::from_secs(3), ..bao.settings(&bao.apply_token().await) },
        "run",
    );
    let spec = spec("erp", "sandbox");
    create(&vault, &spec).await.unwrap();
    let signal = |name: &str| {
        assert!(
            Command::new("kill").args([name, &bao.pid().to_string()]).status().unwrap().success()
        );
    };
    signal("-STOP");
    let started = Instant::now();
    let error = vault.observe(&spec).await.unwrap_err();
    signal("-CONT");
    assert_eq!(error.fault, Class::Unreachable);
    assert!(error.attempted.contains(&bao.address), "{}", error.attempted);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_ok(&vault, &spec).await;
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_token_stays() {
    let elsewhere = Stub::start(vec![response("200 OK", "", "{}")]).await;
    let location = format!("Location: {}/v1/kvv2/data/x?a=b\r\n", elsewhere.address);
    for status in ["307 Temporary Redirect", "301 Moved Permanently", "302 Found"] {
        let stub = Stub::start(vec![response(status, &location, "")]).await;
        let vault = Vault::new(short(&stub.address, "s.canary"), "run");
        let error = vault.look(&spec("erp", "sandbox")).await.unwrap_err();
        assert_eq!(
            (error.fault, error.attribute),
            (Class::Rejected, Some("provider.vault.address"))
        );
        assert!(
            error.cause.contains(&elsewhere.address) && !error.cause.contains("a=b"),
            "{}",
            error.cause
        );
        assert!(stub.asked()[0].contains("s.canary"));
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
}

/// Where the mounts are asked for, once the documents are found missing.
const MOUNTS: &str = "sys/internal/ui/mounts";

#[tokio::test]
async fn a_rate_limit_is_honoured() {
    let limited =
        response("429 Too Many Requests", "Retry-After: 2\r\n", r#"{"errors":["quota"]}"#);
    let nothing = response("404 Not Found", "", r#"{"errors":[]}"#);
    let mounts = response(
        "200 OK",
        "",
        r#"{"data":{"secret":{"kvv2/":{"type":"kv","options":{"version":"2"}}},"auth":{}}}"#,
    );
    // A look asks for three documents at once: the founding, the app's and the floors.
    let script = [vec![limited; 3], vec![nothing]].concat();
    let stub = Stub::start_with(script, Some((MOUNTS, mounts))).await;
    let vault = Vault::new(short(&stub.address, "t"), "run");
    let started = Instant::now();
    let look = vault.look(&spec("erp", "sandbox")).await.unwrap();
    assert_eq!(look.target, None);
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(stub.asked().len(), 7);

    let patient = response("429 Too Many Requests", "Retry-After: 3600\r\n", "{}");
    let stub = Stub::start(vec![patient]).await;
    let vault = Vault::new(short(&stub.address, "t"), "run");
    let started = Instant::now();
    let error = vault.look(&spec("erp", "sandbox")).await.unwrap_err();
    assert_eq!(error.fault, Class::Unreachable);
    assert!(error.cause.contains("rate limit"), "{}", error.cause);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_real_quota_slows_a_run_and_does_not_break_it() {
    let bao = Bao::start().await;
    let vault = Vault::new(
        Settings { timeout: Duration::from_secs(60), ..bao.settings(&bao.apply_token().await) },
        "run",
    );
    bao.ok(
        "POST",
        "sys/quotas/rate-limit/slow",
        json!({ "rate": 12, "interval": "1s", "path": "kvv2" }),
    )
    .await;
    let specs: Vec<_> = (1..=4).map(|n| spec(&app(n), "dev")).collect();
    let runs = specs.iter().map(|spec| create(&vault, spec));
    for outcome in futures_util::future::join_all(runs).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn statuses_of_a_server_that_cannot_answer_now_are_tried_again() {
    let nothing = response("404 Not Found", "", r#"{"errors":[]}"#);
    let mounts = response(
        "200 OK",
        "",
        r#"{"data":{"secret":{"kvv2/":{"type":"kv","options":{"version":"2"}}},"auth":{}}}"#,
    );
    for status in [
        "412 Precondition Failed",
        "472 DR",
        "473 Standby",
        "500 Internal Server Error",
        "502 Bad Gateway",
    ] {
        let bad = response(status, "", r#"{"errors":["not now"]}"#);
        let script = [vec![bad; 3], vec![nothing.clone()]].concat();
        let stub = Stub::start_with(script, Some((MOUNTS, mounts.clone()))).await;
        let vault = Vault::new(short(&stub.address, "t"), "run");
        assert_eq!(vault.look(&spec("erp", "sandbox")).await.unwrap().target, None, "{status}");
    }
    let bad = response(
        "500 Internal Server Error",
        "",
        "{\"errors\":[\"in\u{1b}[31m \\u202e s.canary\"]}",
    );
    let stub = Stub::start(vec![bad]).await;
    let vault = Vault::new(short(&stub.address, "s.canary"), "run");
    let error = vault.look(&spec("erp", "sandbox")).await.unwrap_err();
    assert_eq!(error.fault, Class::Unreachable);
    assert!(!error.to_string().contains(['\u{1b}', '\u{202e}']), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    // Six attempts for each of the three documents of a look.
    assert!(stub.asked().len() <= 18, "{}", stub.asked().len());
}

#[tokio::test]
async fn an_endless_or_foreign_answer_is_not_taken() {
    let huge = response("200 OK", "", &"x".repeat(1024 * 1024 + 1));
    let page =
        response("404 Not Found", "Content-Type: text/html\r\n", "<html>no such page</html>");
    let odd = response("200 OK", "", r#"{"data":{"data":{}}}"#);
    for (answer, says) in [(huge, "longer than"), (page, "no JSON"), (odd, "without version")] {
        let stub = Stub::start(vec![answer]).await;
        let error = Vault::new(short(&stub.address, "t"), "run")
            .look(&spec("erp", "sandbox"))
            .await
            .unwrap_err();
        assert_eq!(error.fault, Class::Rejected, "{error}");
        assert!(error.cause.contains(says), "{error}");
    }
}

/// One byte a second never ends; the deadline does.
#[tokio::test]
async fn a_dripping_answer_ends_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ =
                    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await;
                while client.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        }
    });
    let vault =
        Vault::new(Settings { timeout: Duration::from_secs(3), ..settings(&address, "t") }, "run");
    let started = Instant::now();
    let error = vault.look(&spec("erp", "sandbox")).await.unwrap_err();
    assert_eq!(error.fault, Class::Unreachable, "{error}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
