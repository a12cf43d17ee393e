// SPDX-License-Identifier: MPL-2.0
//! The HTTP API: what sets a server up and takes snapshots, thousands of calls to the one of the CLI.

use std::time::Duration;

use serde_json::Value;

/// One token at one server.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    address: String,
    token: String,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where there is none.
    pub body: Value,
}

// === impl Api ===

impl Api {
    /// A client for `http://host:port`.
    pub fn new(address: &str, token: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(30)))
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        Self { agent, address: address.to_owned(), token: token.to_owned() }
    }

    /// The same server with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Sends one request; an answer of any status is an answer.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body)
            .unwrap_or_else(|why| panic!("{method} {path} at {}: {why}", self.address))
    }

    /// Sends one request; `Err` where the server does not answer.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/v1/{path}", self.address))
            .header("X-Vault-Token", &self.token)
            .header("Content-Type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .map_err(|error| error.to_string())?;
        let mut response = self.agent.run(request).map_err(|error| error.to_string())?;
        let text = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        })
    }

    /// Reads a path; `None` where there is nothing.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.found("GET", path)
    }

    /// Lists the keys below a path; none where there is nothing.
    pub fn list(&self, path: &str) -> Vec<String> {
        let keys = self.found("LIST", path).and_then(|body| {
            serde_json::from_value::<Vec<String>>(body["data"]["keys"].clone()).ok()
        });
        keys.unwrap_or_default()
    }

    /// Writes a path and answers the body.
    pub fn put(&self, path: &str, body: &Value) -> Value {
        let answer = self.send("PUT", path, Some(body));
        assert!(answer.is_success(), "PUT {path}: {answer:?}");
        answer.body
    }

    /// Deletes a path.
    pub fn delete(&self, path: &str) {
        let answer = self.send("DELETE", path, None);
        assert!(answer.is_success(), "DELETE {path}: {answer:?}");
    }

    fn found(&self, method: &str, path: &str) -> Option<Value> {
        let answer = self.send(method, path, None);
        assert!(answer.is_success() || answer.status == 404, "{method} {path}: {answer:?}");
        answer.is_success().then_some(answer.body)
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("address", &self.address).finish_non_exhaustive()
    }
}

// === impl Answer ===

impl Answer {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the token may not do it (or is dead: the server answers both alike).
    pub fn is_forbidden(&self) -> bool {
        self.status == 403
    }
}
