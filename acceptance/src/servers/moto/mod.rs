// SPDX-License-Identifier: MPL-2.0
//! A private Parameter Store: moto, which answers like AWS, in memory.
//!
//! It takes names and values that AWS refuses, and encrypts nothing: what AWS is strict about is tested otherwise. Its
//! account is [`ACCOUNT`]; any credentials will do. Questions are asked by plain HTTP, not by an SDK.

mod relay;
mod states;

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

pub use relay::{Relay, Twist};

use crate::daemon::{self, Daemon, Launch};
use crate::provider;
use crate::scratch::Scratch;

/// The account of every caller.
pub const ACCOUNT: &str = "123456789012";
/// The region where the provider works.
pub const REGION: &str = "eu-west-3";
/// What the provider signs with.
pub const SECRET_KEY: &str = "testing-secret-access-key";

/// A running server.
#[derive(Debug)]
pub struct Moto {
    // Stopped before its directory is removed.
    _daemon: Daemon,
    agent: ureq::Agent,
    port: u16,
    _scratch: Scratch,
}

// === impl Moto ===

impl Moto {
    /// Starts one; nothing is in it.
    pub fn start() -> Self {
        let python = provider::site_packages()
            .find(|packages| packages.join("moto").is_dir())
            .map(|packages| packages.join("../../../bin/python"))
            .expect("no moto in .tools/venv; `make tools` installs it");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        let scratch = Scratch::new("moto");
        let mut why = String::new();
        for _ in 0..5 {
            let port = daemon::free_port();
            let mut daemon = Daemon::start(Launch {
                program: python.clone(),
                args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]
                    .map(str::to_owned)
                    .into(),
                env: vec![("HOME".to_owned(), ".".to_owned())],
                dir: scratch.dir("s"),
                account: None,
                log: scratch.join("server.log"),
                stop: Signal::KILL,
            });
            let url = format!("http://127.0.0.1:{port}/moto-api/");
            match daemon.wait_until(|| agent.get(&url).call().is_ok()) {
                Ok(()) => return Self { _daemon: daemon, agent, port, _scratch: scratch },
                Err(error) => why = error,
            }
        }
        panic!("moto does not start: {why}")
    }

    /// The port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The environment from which the provider reaches it.
    pub fn env(&self) -> Vec<(String, String)> {
        env_at(self.port)
    }

    /// Asks Parameter Store of a region; `Err` has the code of the error.
    pub fn ask_in(&self, region: &str, action: &str, body: &Value) -> Result<Value, String> {
        let credential = format!("testing/20260101/{region}/ssm/aws4_request");
        let request = ureq::http::Request::builder()
            .method("POST")
            .uri(format!("http://127.0.0.1:{}/", self.port))
            .header(
                "Authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
                ),
            )
            .header("X-Amz-Target", format!("AmazonSSM.{action}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .body(body.to_string())
            .expect("a request");
        let mut response = self.agent.run(request).expect("the server answers");
        let text = response.body_mut().read_to_string().expect("the server answers");
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if response.status().is_success() {
            return Ok(answer);
        }
        Err(answer["__type"].as_str().unwrap_or(&text).to_owned())
    }

    /// Asks Parameter Store what must succeed.
    pub fn ask(&self, action: &str, body: &Value) -> Value {
        self.ask_in(REGION, action, body).unwrap_or_else(|error| panic!("{action} {body}: {error}"))
    }

    /// A parameter with its value in the clear; `None` where there is none.
    pub fn parameter(&self, name: &str) -> Option<Value> {
        let body = json!({ "Name": name, "WithDecryption": true });
        match self.ask_in(REGION, "GetParameter", &body) {
            Ok(answer) => Some(answer["Parameter"].clone()),
            Err(error) if error == "ParameterNotFound" => None,
            Err(error) => panic!("GetParameter {name}: {error}"),
        }
    }

    /// The value of a parameter that is JSON; null where there is none.
    pub fn document(&self, name: &str) -> Value {
        let value = self.parameter(name).map(|parameter| parameter["Value"].clone());
        let text = value.as_ref().and_then(Value::as_str).unwrap_or("null");
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
    }

    /// The names of all parameters, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut next = Value::Null;
        loop {
            let mut body = json!({ "MaxResults": 50 });
            if next.is_string() {
                body["NextToken"] = next;
            }
            let answer = self.ask("DescribeParameters", &body);
            let found = answer["Parameters"].as_array().into_iter().flatten();
            names.extend(found.filter_map(|one| one["Name"].as_str().map(str::to_owned)));
            next = answer["NextToken"].clone();
            if !next.is_string() {
                break;
            }
        }
        names.sort();
        names
    }

    /// Everything that is there, values and versions too; for comparing before and after.
    pub fn everything(&self) -> Vec<Value> {
        self.names().iter().filter_map(|name| self.parameter(name)).collect()
    }

    /// The tags of a parameter, by key.
    pub fn tags(&self, name: &str) -> std::collections::BTreeMap<String, String> {
        let body = json!({ "ResourceType": "Parameter", "ResourceId": name });
        let answer = self.ask("ListTagsForResource", &body);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = answer["TagList"].as_array().cloned().unwrap_or_default();
        tags.iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect()
    }

    /// Writes a parameter by hand, over one that is there.
    pub fn put(&self, name: &str, kind: &str, value: &str) {
        self.ask(
            "PutParameter",
            &json!({ "Name": name, "Value": value, "Type": kind, "Overwrite": true }),
        );
    }

    /// Removes a parameter by hand.
    pub fn delete(&self, name: &str) {
        self.ask("DeleteParameter", &json!({ "Name": name }));
    }
}

/// The environment from which the provider reaches what listens on that port.
pub fn env_at(port: u16) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}
