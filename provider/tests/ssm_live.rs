// SPDX-License-Identifier: MPL-2.0
//! The store of secrets in Parameter Store against moto, which answers like AWS; the oracle asks it by plain HTTP.
//!
//! moto is the repository's own, in `.tools/venv`. The SDK takes credentials from the environment of its process, so each
//! test runs once more in a process of its own that has them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests and their doubles are the world"
)]

#[path = "ssm_live/floors.rs"]
mod floors;
#[path = "ssm_live/keys.rs"]
mod keys;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use appenv::facet::Fault;
use appenv::facet::aws::{Session, Settings};
use appenv::naming::{Coordinate, Environments, Inputs, Names};
use appenv::store::ssm::Ssm;
use appenv::store::{Change, Place, Previous, Record, SecretStore, SecretValue, Standing};
use serde_json::{Value, json};

const REGION: &str = "eu-west-3";
const PORT: &str = "APPENV_TEST_MOTO_PORT";
const NOW: &str = "2026-01-01T00:00:00Z";

/// A server of one test, ended with it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Runs a test in a process that has credentials, on a server of its own.
fn on_moto<F: Future<Output = ()>>(test: &str, body: impl FnOnce(Bench) -> F) {
    if let Ok(port) = std::env::var(PORT) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime
            .block_on(body(Bench { port: port.parse().unwrap(), http: reqwest::Client::new() }));
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.tools/venv/bin/python");
    let server = Command::new(python)
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("`make tools` installs moto");
    let _server = Server(server);
    let deadline = Instant::now() + Duration::from_secs(60);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "moto does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PORT, port.to_string())
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("AWS_PROFILE")
        .status()
        .unwrap();
    assert!(again.success(), "{test} failed in its own process");
}

struct Bench {
    port: u16,
    http: reqwest::Client,
}

impl Bench {
    fn store(&self) -> Ssm {
        let settings = Settings {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(format!("http://127.0.0.1:{}", self.port)),
            kms_key: Some("alias/erp".to_owned()),
            ..Settings::default()
        };
        Ssm::new(Arc::new(Session::new(settings, "run-1")))
    }

    async fn ask(&self, action: &str, body: Value) -> Value {
        let credential = format!("testing/20260101/{REGION}/ssm/aws4_request");
        let asked = self
            .http
            .post(format!("http://127.0.0.1:{}/", self.port))
            .header(
                "Authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
                ),
            )
            .header("X-Amz-Target", format!("AmazonSSM.{action}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let text = asked.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Type, version and value in the clear; null where there is none.
    async fn parameter(&self, name: &str) -> Value {
        let answer =
            self.ask("GetParameter", json!({ "Name": name, "WithDecryption": true })).await;
        let found = &answer["Parameter"];
        if found.is_null() {
            Value::Null
        } else {
            json!([found["Type"], found["Version"], found["Value"]])
        }
    }

    async fn put(&self, name: &str, kind: &str, value: &str) {
        let body = json!({ "Name": name, "Value": value, "Type": kind, "Overwrite": true });
        assert!(self.ask("PutParameter", body).await["Version"].is_number());
    }

    async fn names(&self) -> Vec<String> {
        let answer = self.ask("DescribeParameters", json!({})).await;
        let mut names: Vec<String> = answer["Parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["Name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    async fn tag(&self, name: &str, key: &str) -> String {
        let body = json!({ "ResourceType": "Parameter", "ResourceId": name });
        let answer = self.ask("ListTagsForResource", body).await;
        let tags = answer["TagList"].as_array().unwrap().clone();
        let found = tags.iter().find(|tag| tag["Key"] == key);
        found.map(|tag| tag["Value"].as_str().unwrap().to_owned()).unwrap_or_default()
    }
}

fn place(app: &str, key: &str, parameter_name: Option<&str>) -> Place {
    let environments = Environments::new("suffixed-v1", None, Vec::new()).unwrap();
    let coordinate = Coordinate::new(app, "dev").unwrap();
    let names =
        Names::derive(&environments, &coordinate, &BTreeSet::new(), &Inputs::default()).unwrap();
    Place {
        coordinate,
        names,
        key: key.to_owned(),
        parameter_name: parameter_name.map(str::to_owned),
        file: String::new(),
    }
}

fn change(value: Option<&SecretValue>, previous: Previous) -> Change<'_> {
    Change {
        value,
        previous,
        owner: "acme/shop",
        holder: "holder-1",
        state_address: Some("s3://b/k"),
        now: NOW,
    }
}

fn keep() -> Previous {
    Previous::Keep { until: "2026-01-08T00:00:00Z".to_owned() }
}

fn secret(value: &str) -> SecretValue {
    SecretValue::new(value)
}

#[test]
fn a_secret_lives_and_ends() {
    on_moto("a_secret_lives_and_ends", |bench| async move {
        let (store, place) =
            (bench.store(), place("smartstack", "DB_PASSWORD", Some("db-password")));
        let name = "/smartstack/dev/db-password";
        assert_eq!(store.path(&place).as_deref(), Some(name));
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record, seen.value, seen.has_previous), (None, Standing::Missing, false));

        let first = store
            .write(&place, None, &change(Some(&secret("one")), Previous::Leave))
            .await
            .unwrap();
        assert_eq!((first.version, first.time.as_str()), (1, NOW));
        assert_eq!(bench.parameter(name).await, json!(["SecureString", 1, "one"]));
        for (key, value) in [
            ("owner", "acme/shop"),
            ("app", "smartstack"),
            ("env", "dev"),
            ("holder", "holder-1"),
            ("version", "1"),
        ] {
            assert_eq!(bench.tag(name, &format!("appenv:{key}")).await, value, "{key}");
        }
        let described = bench.ask("DescribeParameters", json!({})).await;
        assert_eq!(described["Parameters"][0]["KeyId"], "alias/erp");
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&first), Standing::AsRecorded));

        // Rotated, the value before kept; then its time is over.
        let second =
            store.write(&place, Some(&first), &change(Some(&secret("two")), keep())).await.unwrap();
        assert_eq!(
            (second.version, second.previous_until.as_deref()),
            (2, Some("2026-01-08T00:00:00Z"))
        );
        assert_eq!(bench.parameter(name).await, json!(["SecureString", 2, "two"]));
        assert_eq!(
            bench.parameter(&format!("{name}_PREVIOUS")).await,
            json!(["SecureString", 1, "one"])
        );
        let third = store
            .write(&place, Some(&second), &change(Some(&secret("three")), keep()))
            .await
            .unwrap();
        assert_eq!(
            bench.parameter(&format!("{name}_PREVIOUS")).await,
            json!(["SecureString", 2, "two"])
        );
        let seen = store.look(&place).await.unwrap();
        assert_eq!(
            (seen.record.as_ref(), seen.value, seen.has_previous),
            (Some(&third), Standing::AsRecorded, true)
        );
        // The same value once more is no write of one.
        let same = store
            .write(&place, Some(&third), &change(Some(&secret("three")), keep()))
            .await
            .unwrap();
        assert_eq!(same.version, 3);
        let over = store.write(&place, Some(&same), &change(None, Previous::Remove)).await.unwrap();
        assert_eq!((over.version, over.previous_until.as_ref()), (3, None));
        assert_eq!(bench.parameter(name).await, json!(["SecureString", 3, "three"]));
        assert_eq!(bench.names().await, [name]);
        assert_eq!(store.read(&place).await.unwrap(), Some(secret("three")));

        store.remove(&place, &over).await.unwrap();
        assert!(bench.names().await.is_empty());
        store.remove(&place, &over).await.unwrap();
        assert_eq!(store.read(&place).await.unwrap(), None);
    });
}

#[test]
fn drift_is_told_by_the_version_and_nobody_is_written_over() {
    on_moto("drift_is_told_by_the_version_and_nobody_is_written_over", |bench| async move {
        let (store, place, name) = (bench.store(), place("erp", "TOKEN", None), "/erp/dev/TOKEN");
        let record = store
            .write(&place, None, &change(Some(&secret("ours")), Previous::Leave))
            .await
            .unwrap();
        bench.put(name, "SecureString", "by hand").await;
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&record), Standing::Changed));
        let mended = store
            .write(&place, Some(&record), &change(Some(&secret("again")), Previous::Leave))
            .await
            .unwrap();
        assert_eq!(mended.version, 3);
        assert_eq!(store.look(&place).await.unwrap().value, Standing::AsRecorded);

        // Another state's record, a stale one, none: nothing is written.
        let before = bench.parameter(name).await;
        let theirs = Record { holder: "holder-2".to_owned(), ..mended.clone() };
        for expected in [Some(&theirs), Some(&record), None] {
            let error = store
                .write(&place, expected, &change(Some(&secret("canary-7")), keep()))
                .await
                .unwrap_err();
            assert_eq!(error.fault, Fault::Conflict);
            assert!(!format!("{error:?}").contains("canary-7"));
        }
        assert_eq!(store.remove(&place, &theirs).await.unwrap_err().fault, Fault::Conflict);
        assert_eq!(bench.parameter(name).await, before);

        // Gone by hand, its record with it; then somebody else's.
        bench.ask("DeleteParameter", json!({ "Name": name })).await;
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record, seen.value), (None, Standing::Missing));
        for kind in ["String", "SecureString"] {
            bench.put(name, kind, "theirs").await;
            assert_eq!(store.look(&place).await.unwrap().value, Standing::Unrecorded);
            let error = store
                .write(&place, None, &change(Some(&secret("x")), Previous::Leave))
                .await
                .unwrap_err();
            assert_eq!(error.fault, Fault::Occupied);
            let taken = store.write(&place, None, &change(None, Previous::Leave)).await;
            assert_eq!(taken.is_ok(), kind == "SecureString");
            bench.ask("DeleteParameter", json!({ "Name": name })).await;
        }
        assert_eq!(
            store.write(&place, None, &change(None, Previous::Leave)).await.unwrap_err().fault,
            Fault::Missing
        );
    });
}

#[test]
fn a_write_that_was_cut_off_is_known() {
    on_moto("a_write_that_was_cut_off_is_known", |bench| async move {
        let (store, place, name) = (bench.store(), place("erp", "TOKEN", None), "/erp/dev/TOKEN");
        let record = store
            .write(&place, None, &change(Some(&secret("one")), Previous::Leave))
            .await
            .unwrap();
        let intent = json!({
            "ResourceType": "Parameter", "ResourceId": name,
            "Tags": [{ "Key": "appenv:intent", "Value": "w-1 2 2026-02-01T00:00:00Z -" }],
        });
        bench.ask("AddTagsToResource", intent).await;
        // Before the value.
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&record), Standing::AsRecorded));
        // After it.
        let body = json!({
            "Name": name, "Value": "two", "Type": "SecureString", "Overwrite": true, "Description": "appenv write w-1",
        });
        bench.ask("PutParameter", body).await;
        let seen = store.look(&place).await.unwrap();
        let finished = seen.record.unwrap();
        assert_eq!(
            (finished.version, finished.time.as_str(), seen.value),
            (2, "2026-02-01T00:00:00Z", Standing::AsRecorded)
        );
        // Somebody else's after it, which keeps the description.
        bench.put(name, "SecureString", "by hand").await;
        let seen = store.look(&place).await.unwrap();
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&record), Standing::Changed));
    });
}

#[test]
fn what_is_under_the_name_of_the_value_before_is_kept_unless_it_is_ours() {
    on_moto(
        "what_is_under_the_name_of_the_value_before_is_kept_unless_it_is_ours",
        |bench| async move {
            let (store, place) = (bench.store(), place("erp", "TOKEN", None));
            bench.put("/erp/dev/TOKEN_PREVIOUS", "SecureString", "theirs").await;
            let record = store
                .write(&place, None, &change(Some(&secret("one")), Previous::Leave))
                .await
                .unwrap();
            let error = store
                .write(&place, Some(&record), &change(Some(&secret("two")), keep()))
                .await
                .unwrap_err();
            assert_eq!(error.fault, Fault::Occupied);
            assert_eq!(bench.parameter("/erp/dev/TOKEN").await, json!(["SecureString", 1, "one"]));
            store.remove(&place, &record).await.unwrap();
            assert_eq!(
                bench.parameter("/erp/dev/TOKEN_PREVIOUS").await,
                json!(["SecureString", 1, "theirs"])
            );
        },
    );
}

#[test]
fn another_path_takes_the_value_and_its_record_along() {
    on_moto("another_path_takes_the_value_and_its_record_along", |bench| async move {
        let (store, from) = (bench.store(), place("erp", "TOKEN", None));
        let mut to = from.clone();
        "/shop/dev".clone_into(&mut to.names.parameter_path);
        let first =
            store.write(&from, None, &change(Some(&secret("one")), Previous::Leave)).await.unwrap();
        let record =
            store.write(&from, Some(&first), &change(Some(&secret("two")), keep())).await.unwrap();
        bench.put("/shop/dev/TOKEN", "SecureString", "theirs").await;
        let error = store.relocate(&from, &to, &record).await.unwrap_err();
        assert_eq!(error.fault, Fault::Occupied);
        bench.ask("DeleteParameter", json!({ "Name": "/shop/dev/TOKEN" })).await;
        for _ in 0..2 {
            store.relocate(&from, &to, &record).await.unwrap();
            assert_eq!(bench.names().await, ["/shop/dev/TOKEN", "/shop/dev/TOKEN_PREVIOUS"]);
        }
        assert_eq!(bench.parameter("/shop/dev/TOKEN").await, json!(["SecureString", 1, "two"]));
        assert_eq!(
            bench.parameter("/shop/dev/TOKEN_PREVIOUS").await,
            json!(["SecureString", 1, "one"])
        );
        let seen = store.look(&to).await.unwrap();
        assert_eq!((seen.record.as_ref(), seen.value), (Some(&record), Standing::AsRecorded));
        let next = store
            .write(&to, Some(&record), &change(Some(&secret("three")), Previous::Leave))
            .await
            .unwrap();
        assert_eq!(next.version, 3);
    });
}

#[test]
fn what_aws_refuses_is_refused_before_anything_is_sent() {
    // No server: nothing is asked.
    let settings = Settings { region: Some(REGION.to_owned()), ..Settings::default() };
    let store = Ssm::new(Arc::new(Session::new(settings, "run-1")));
    let good = place("erp", "TOKEN", None);
    assert!(store.check(&good, Some(&secret("v"))).is_ok());
    for name in ["a b", "caf\u{e9}", "..", "a/b", "", &"x".repeat(1021)] {
        let error = store.check(&place("erp", "TOKEN", Some(name)), None).unwrap_err();
        assert_eq!(
            (error.fault, error.attribute),
            (Fault::Rejected, Some("parameter_name")),
            "{name}"
        );
    }
    for path in ["/aws-tools/dev", "/appenv/erp", "erp/dev"] {
        let mut place = good.clone();
        path.clone_into(&mut place.names.parameter_path);
        assert!(store.check(&place, None).is_err(), "{path}");
    }
    let long = format!("canary-7{}", "x".repeat(4096));
    for value in ["", "{{canary-7}}", &long] {
        let error = store.check(&good, Some(&secret(value))).unwrap_err();
        assert!(!format!("{error:?}").contains("canary-7"), "{error:?}");
    }
}
