// SPDX-License-Identifier: MPL-2.0
//! A health address answers with the status it should, in time.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use tokio::time::Instant;

use super::tls::{Authorities, NO_AUTHORITY};
use crate::finding::Finding;
use crate::preflight::Check;
use crate::preflight::latency::within;

const CHECK: &str = "http";

/// A health address.
#[derive(Clone, Debug)]
pub struct HttpTarget {
    /// What the user calls it.
    pub name: String,
    /// Where it is, `http` or `https`. Of its user, password and query nothing is ever told.
    pub url: Url,
    /// The status it should answer with.
    pub status: u16,
    /// The longest time until the head of the answer that is not worth a warning.
    pub max_latency: Option<Duration>,
    /// Whose certificate it may show.
    pub authorities: Authorities,
}

// === impl HttpTarget ===

impl HttpTarget {
    /// Sends one GET and reads the head of the answer; a redirect is an answer as any other. Its finding is `http`.
    pub fn check(self) -> Check<'static> {
        let target = format!("health address {:?}, {}", self.name, shown(&self.url));
        Check::new(CHECK, target.clone(), async move { vec![self.ask(target).await] })
    }

    async fn ask(&self, target: String) -> Finding {
        let client = match self.client() {
            Ok(client) => client,
            Err(why) => {
                return Finding::fail(
                    CHECK,
                    target,
                    format!("It cannot be asked: {why}."),
                    "Name a file of certificates in PEM form in `ca_cert_file`.",
                );
            }
        };
        let began = Instant::now();
        let answer = match client.get(self.url.clone()).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return Finding::fail(
                    CHECK,
                    target,
                    format!("No answer: {}.", cause(error)),
                    "Start what should answer there, or correct `url`; an authority that this machine does not know is \
                     named in `ca_cert_file`.",
                );
            }
        };
        let took = began.elapsed();
        let status = answer.status();
        let seen = format!("{} {}", status.as_u16(), within(took));
        if status.as_u16() != self.status {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| self.url.join(to).ok()).filter(|_| status.is_redirection());
            return match to {
                Some(to) => Finding::fail(
                    CHECK,
                    target,
                    format!("{seen}, not {}: it leads to {}.", self.status, shown(&to)),
                    "Give the address that it leads to, or name that status as `expected_status`.",
                ),
                None => Finding::fail(
                    CHECK,
                    target,
                    format!("{seen}, not {}.", self.status),
                    "See the log of the application, or correct `url` and `expected_status`.",
                ),
            };
        }
        match self.max_latency {
            Some(most) if took > most => Finding::warn(
                CHECK,
                target,
                format!("{seen}; it should not take longer than {} ms.", most.as_millis()),
                "See what slows the application down, or raise `max_latency_ms`.",
            ),
            _ => Finding::ok(CHECK, target, format!("{seen}.")),
        }
    }

    fn client(&self) -> Result<Client, String> {
        let mut builder = Client::builder()
            .tls_backend_rustls()
            .redirect(Policy::none())
            .user_agent(concat!("terraform-provider-appenv/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&self.url) {
            builder = builder.no_proxy();
        }
        if self.url.scheme() == "http" {
            // Without this the client would look for the system's authorities, which may not be there.
            builder = builder.tls_certs_only([]);
        } else {
            match &self.authorities {
                Authorities::Machine => {}
                Authorities::Only(pem) => {
                    let authorities = Certificate::from_pem_bundle(pem)
                        .ok()
                        .filter(|authorities| !authorities.is_empty())
                        .ok_or(NO_AUTHORITY)?;
                    builder = builder.tls_certs_only(authorities);
                }
                Authorities::Unread(why) => return Err(why.clone()),
            }
        }
        builder.build().map_err(|error| error.to_string())
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An address without what may be secret in it: user, password, query and fragment.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // An address that takes no user has none to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    let has_query = url.query().is_some();
    shown.set_query(None);
    format!("{shown}{}", if has_query { "?..." } else { "" })
}

/// The innermost reason, which is what the system said; the outer ones repeat the address.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut last = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        last = inner.to_string();
        source = inner.source();
    }
    last
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (url, expected) in [
            ("https://erp.example/health", "https://erp.example/health"),
            (
                "https://u:canary@erp.example:8443/h?key=canary#canary",
                "https://erp.example:8443/h?...",
            ),
            ("http://[::1]:80/", "http://[::1]/"),
        ] {
            assert_eq!(shown(&url.parse().unwrap()), expected);
        }
    }
}
