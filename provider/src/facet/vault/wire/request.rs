// SPDX-License-Identifier: MPL-2.0
//! One request, before it is sent.

use http::Method;
use rustify::Endpoint;
use serde_json::Value;
use zeroize::Zeroizing;

/// One request: what is asked, without server and token.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) anonymous: bool,
    /// Of a KV document: which version; the last where none is named.
    pub(super) version: Option<u64>,
    /// A read that makes something: sent again, it would make another.
    pub(super) makes: bool,
}

// === impl Request ===

impl Request {
    /// What an endpoint of `vaultrs` describes.
    pub fn of(endpoint: &impl Endpoint) -> Self {
        // The descriptions serialize to JSON with string keys only, which cannot fail.
        let body = endpoint.body().ok().flatten().filter(|body| !body.is_empty());
        let path = endpoint.path();
        // Descriptions of auth methods begin with a slash, the others do not.
        let path = match path.strip_prefix("/auth/") {
            Some(rest) => format!("auth/{rest}"),
            None => path,
        };
        Self {
            method: endpoint.method().into(),
            path,
            body: body.map(Zeroizing::new),
            anonymous: false,
            version: None,
            makes: false,
        }
    }

    /// Reads an object.
    pub fn read(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            anonymous: false,
            version: None,
            makes: false,
        }
    }

    /// Reads what is made by reading it: a leased credential.
    pub fn lease(path: impl Into<String>) -> Self {
        Self { makes: true, ..Self::read(path) }
    }

    /// Lists what is below a path.
    pub fn list(path: impl Into<String>) -> Self {
        let method = Method::from_bytes(b"LIST").expect("LIST is a legal method token");
        Self { method, ..Self::read(path) }
    }

    /// Writes an object whole.
    pub fn write(path: impl Into<String>, body: &Value) -> Self {
        let body = Some(Zeroizing::new(body.to_string().into_bytes()));
        Self { method: Method::POST, body, ..Self::read(path) }
    }

    /// Removes an object.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::read(path) }
    }

    /// The same, sent without a token: a login, the seal's state.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { anonymous: true, ..self }
    }

    /// The same for one version of a KV document.
    #[must_use]
    pub fn of_version(self, version: u64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, without `/v1/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether sending it twice does no more than sending it once, whoever else writes.
    pub(super) fn is_repeatable(&self) -> bool {
        self.method != Method::POST && self.method != Method::PUT && !self.makes
    }

    /// Whether it changes anything.
    pub(super) fn is_write(&self) -> bool {
        self.makes
            || self.method == Method::POST
            || self.method == Method::PUT
            || self.method == Method::DELETE
    }
}

/// The capabilities a policy must hold for a method on a path.
pub(super) fn capabilities(method: &Method) -> &'static [&'static str] {
    match method.as_str() {
        "GET" => &["read"],
        "LIST" => &["list"],
        "DELETE" => &["delete"],
        _ => &["create", "update"],
    }
}
