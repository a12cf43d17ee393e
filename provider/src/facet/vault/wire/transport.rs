// SPDX-License-Identifier: MPL-2.0
//! The HTTP client: one request out, one bounded answer in.

use std::error::Error as _;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};

use super::error::Cause;
use super::request::Request;
use crate::facet::vault::sensitive::Sensitive;
use crate::facet::vault::settings::Settings;
use crate::plan::vault::policy::is_plain;

/// The longest answer read. Control calls answer a few KiB; OpenBao itself takes at most 32 MiB.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Connections kept for the next request. Ten reads at a time, as the CLI makes by default, have fifty requests under
/// way, and over HTTP/1 each is a connection: with fewer kept, most requests would open one of their own.
const IDLE_CONNECTIONS: usize = 64;

/// The client and what every request carries.
pub(super) struct Transport {
    http: Client,
    base: String,
    headers: http::HeaderMap,
    attempt: Duration,
}

/// An answer, whatever its status.
pub(super) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

// === impl Transport ===

impl Transport {
    /// Builds the client; sends nothing.
    pub fn new(settings: &Settings, run_id: &str) -> Result<Self, Cause> {
        let url = address(&settings.address)?;
        let loopback = is_loopback(&url);
        let mut builder = Client::builder()
            .tls_backend_rustls()
            .redirect(Policy::none())
            .connect_timeout(settings.timeout / 3)
            .tcp_keepalive(Duration::from_secs(15))
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(concat!("terraform-provider-appenv/", env!("CARGO_PKG_VERSION")));
        if loopback {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // Without this the client would look for the system's authorities, which may not be there.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &settings.ca_cert {
            builder = builder.tls_certs_only(authorities(pem)?);
        }
        let http = builder.build().map_err(|error| Cause::Setup {
            attribute: "provider.vault.ca_cert_file",
            why: chain(&error),
        })?;
        let mut headers = http::HeaderMap::new();
        headers.insert("x-vault-request", HeaderValue::from_static("true"));
        let run = HeaderValue::from_str(run_id).map_err(|_| Cause::Setup {
            attribute: "provider.vault",
            why: "the run's id holds a control character".to_owned(),
        })?;
        headers.insert("x-appenv-run", run);
        if let Some(namespace) = &settings.namespace {
            let value = HeaderValue::from_str(namespace.trim_matches('/'))
                .ok()
                .filter(|_| is_plain(namespace.trim_matches('/')))
                .ok_or_else(|| Cause::Setup {
                    attribute: "provider.vault.namespace",
                    why: format!("the namespace {namespace:?} is not made of plain segments"),
                })?;
            headers.insert("x-vault-namespace", value);
        }
        Ok(Self {
            http,
            base: url.as_str().trim_end_matches('/').to_owned(),
            headers,
            attempt: (settings.timeout / 3).max(Duration::from_millis(200)),
        })
    }

    /// Sends once. A write goes on in the background when the caller is dropped: its step ends either way.
    pub async fn send(
        &self,
        request: &Request,
        token: Option<&Sensitive>,
        left: Duration,
    ) -> Result<Answer, Cause> {
        let budget = self.attempt.min(left);
        let sending = exchange(self.build(request, token)?);
        let timed = async move {
            tokio::time::timeout(budget, sending).await.unwrap_or(Err(Cause::TimedOut(budget)))
        };
        if request.is_write() {
            tokio::spawn(timed).await.unwrap_or_else(|_| {
                Err(Cause::Unreachable { sent: true, why: "the run ended".to_owned() })
            })
        } else {
            timed.await
        }
    }

    fn build(
        &self,
        request: &Request,
        token: Option<&Sensitive>,
    ) -> Result<reqwest::RequestBuilder, Cause> {
        if !is_plain(&request.path) {
            return Err(Cause::Path);
        }
        let version = request.version.map(|version| format!("?version={version}"));
        let text = format!("{}/v1/{}{}", self.base, request.path, version.unwrap_or_default());
        let url = Url::parse(&text).map_err(|_| Cause::Path)?;
        if url.as_str() != text {
            return Err(Cause::Path);
        }
        let mut builder =
            self.http.request(request.method.clone(), url).headers(self.headers.clone());
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(token.expose()).map_err(|_| Cause::Setup {
                attribute: "provider.vault.token",
                why: "the token holds a character that no token has".to_owned(),
            })?;
            value.set_sensitive(true);
            builder = builder.header(HeaderName::from_static("x-vault-token"), value);
        }
        if let Some(body) = &request.body {
            builder =
                builder.header(http::header::CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        Ok(builder)
    }
}

async fn exchange(builder: reqwest::RequestBuilder) -> Result<Answer, Cause> {
    let mut response = builder.send().await.map_err(failure)?;
    let text = |name: HeaderName| {
        response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
    };
    let retry_after =
        text(RETRY_AFTER).and_then(|v| v.trim().parse().ok()).map(Duration::from_secs);
    let location = text(LOCATION);
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Cause::TooLarge(LONGEST_ANSWER));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, location, body })
}

fn failure(error: reqwest::Error) -> Cause {
    let error = error.without_url();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(tls) = as_tls(inner) {
            return Cause::Tls(tls.to_string());
        }
        cause = inner.source();
    }
    Cause::Unreachable { sent: !error.is_connect(), why: chain(&error) }
}

/// The TLS error in an error: the transport wraps it in an I/O error, whose inner error is not its source.
fn as_tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref().or_else(|| {
        let inner: &'a (dyn std::error::Error + 'static) =
            error.downcast_ref::<std::io::Error>()?.get_ref()?;
        as_tls(inner)
    })
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        cause = inner.source();
    }
    words.join(": ")
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, Cause> {
    let setup = |why: String| Cause::Setup { attribute: "provider.vault.ca_cert_file", why };
    let found = Certificate::from_pem_bundle(pem).map_err(|error| setup(chain(&error)))?;
    if found.is_empty() { Err(setup("it holds no certificate".to_owned())) } else { Ok(found) }
}

fn address(text: &str) -> Result<Url, Cause> {
    let setup = |why: &str| Cause::Setup {
        attribute: "provider.vault.address",
        why: format!("the address {why}"),
    };
    let url = Url::parse(text).map_err(|_| setup("is not a URL like https://bao:8200"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(setup("holds credentials, which belong into token or an auth block"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(setup("holds a query or a fragment"));
    }
    let path = url.path().trim_matches('/');
    if !path.is_empty() && !is_plain(path) {
        return Err(setup("has a path that is not made of plain segments"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(setup(
            "is plain http beyond this machine, which would show the token to the network: use https",
        )),
        _ => Err(setup("begins with neither https:// nor http://")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
