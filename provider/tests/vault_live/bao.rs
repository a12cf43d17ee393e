// SPDX-License-Identifier: MPL-2.0
//! A private OpenBao.

use std::process::Stdio;
use std::time::{Duration, Instant};

use appenv::facet::vault::{Login, Sensitive, Settings, Vault};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::servers::{Process, bao, command, free_port, read};

/// A private server in memory, prepared as an operator would; ended when dropped.
pub struct Bao {
    pub address: String,
    pub root: String,
    pub ca: Option<Vec<u8>>,
    http: reqwest::Client,
    process: Process,
    _home: TempDir,
}

impl Bao {
    /// A server with the mounts of the documented policies.
    pub async fn start() -> Self {
        let bao = Self::bare(false).await;
        bao.ok("POST", "sys/mounts/kvv2", json!({"type": "kv", "options": {"version": "2"}})).await;
        bao.ok("POST", "sys/mounts/postgres", json!({"type": "database"})).await;
        bao.ok("POST", "sys/auth/kubernetes", json!({"type": "kubernetes"})).await;
        bao.ok("POST", "sys/auth/gitea_jwt", json!({"type": "jwt"})).await;
        bao.until_kv_is_ready("kvv2").await;
        bao
    }

    /// A server with nothing mounted.
    pub async fn bare(tls: bool) -> Self {
        for _ in 0..3 {
            if let Some(bao) = Self::try_start(tls).await {
                return bao;
            }
        }
        panic!("bao did not start");
    }

    async fn try_start(tls: bool) -> Option<Self> {
        let home = TempDir::new().unwrap();
        let port = free_port();
        let root = format!("root-{port}");
        let log = std::fs::File::create(home.path().join("log")).unwrap();
        let mut server = command(&bao(), home.path());
        server.arg("server").arg(if tls { "-dev-tls" } else { "-dev" });
        if tls {
            server.arg(format!("-dev-tls-cert-dir={}", home.path().display()));
        }
        server
            .arg("-dev-no-store-token")
            .arg(format!("-dev-root-token-id={root}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log));
        let mut process = Process(server.spawn().unwrap());
        let scheme = if tls { "https" } else { "http" };
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        let address = format!("{scheme}://127.0.0.1:{port}");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let health = http.get(format!("{address}/v1/sys/health")).send().await;
            if health.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            if process.0.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "bao does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ca = tls.then(|| {
            let file = std::fs::read_dir(home.path())
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .find(|path| path.file_name().unwrap().to_string_lossy().contains("-ca."))
                .unwrap();
            std::fs::read(file).unwrap()
        });
        Some(Self { address, root, ca, http, process, _home: home })
    }

    /// A mount becomes version 2 in the background; until then it refuses.
    async fn until_kv_is_ready(&self, mount: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.api("GET", &format!("{mount}/config"), Value::Null).await.0 != 200 {
            assert!(Instant::now() < deadline, "{mount} does not become KV v2");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// One call as root.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.api_as(&self.root, method, path, body).await
    }

    /// One call with a token.
    pub async fn api_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .http
            .request(method, format!("{}/v1/{path}", self.address))
            .header("X-Vault-Token", token);
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// One call as root that must succeed.
    pub async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.api(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// What is at a path; `None`: nothing.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let (status, answer) = self.api("GET", path, Value::Null).await;
        (status == 200).then(|| answer["data"].clone())
    }

    /// A token with one policy text and no other right than `default`.
    pub async fn token(&self, name: &str, policy: &str) -> String {
        self.ok("POST", &format!("sys/policies/acl/{name}"), json!({ "policy": policy })).await;
        let made = self
            .ok(
                "POST",
                "auth/token/create",
                json!({ "policies": [name], "no_parent": true, "ttl": "1h" }),
            )
            .await;
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// The token of `docs/policies/vault-apply.hcl`.
    pub async fn apply_token(&self) -> String {
        self.token("appenv-apply", &read("docs/policies/vault-apply.hcl")).await
    }

    /// The token of `docs/policies/vault-plan.hcl`.
    pub async fn plan_token(&self) -> String {
        self.token("appenv-plan", &read("docs/policies/vault-plan.hcl")).await
    }

    /// A facet with the apply token.
    pub async fn facet(&self) -> Vault {
        Vault::new(self.settings(&self.apply_token().await), "test-run")
    }

    /// Settings with a token.
    pub fn settings(&self, token: &str) -> Settings {
        settings(&self.address, token)
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

/// Settings for any address.
pub fn settings(address: &str, token: &str) -> Settings {
    Settings {
        address: address.to_owned(),
        login: Login::Token(Sensitive::new(token)),
        namespace: None,
        ca_cert: None,
        timeout: Duration::from_secs(15),
    }
}
