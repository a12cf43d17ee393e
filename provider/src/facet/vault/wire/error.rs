// SPDX-License-Identifier: MPL-2.0
//! Why a call failed, and how a user is told.

use std::time::Duration;

use http::Method;

use crate::facet::{FacetError, Fault};

use super::request::capabilities;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The path holds a segment that is no plain name; nothing was sent.
    #[error("the path is not made of plain segments (letters, digits, `.`, `_`, `-`)")]
    Path,
    /// The configuration cannot make a client.
    #[error("{why}")]
    Setup {
        /// The attribute at fault.
        attribute: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// No connection, or it broke.
    #[error("{why}")]
    Unreachable {
        /// Whether the request may have reached the server.
        sent: bool,
        /// The chain of causes.
        why: String,
    },
    /// The server's certificate or protocol was refused.
    #[error("TLS: {0}")]
    Tls(String),
    /// No answer in time.
    #[error("no answer within {:.1} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The server pointed elsewhere.
    #[error("the server answered with a redirect to {0}, which is not followed")]
    Redirected(String),
    /// The answer is longer than any of this API.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// The seal is closed.
    #[error("Vault is sealed")]
    Sealed,
    /// Over a rate limit for longer than the call may take.
    #[error("over a rate limit; the server asks to wait {} s", .0.as_secs())]
    Throttled(Duration),
    /// The server answered that it cannot answer now.
    #[error("status {status}: {words}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// The token lives and its policies do not allow it.
    #[error("permission denied: the token is alive, its policies do not allow this")]
    Denied,
    /// Refused, and whether the token lives could not be learnt.
    #[error("permission denied; whether the token is still alive could not be learnt")]
    DeniedOrDead,
    /// The token is not known (any more).
    #[error(
        "permission denied: the server does not know the token (expired, revoked, used up, or of another server)"
    )]
    Dead,
    /// The login was refused.
    #[error("the login was refused (status {status}): {words}")]
    Login {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
        /// The block it comes from.
        attribute: &'static str,
    },
    /// The server refused what was sent.
    #[error("status {status}: {words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// The answer is not what this API answers.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} on {server}: {cause}")]
pub struct CallError {
    /// The method sent.
    pub method: Method,
    /// The path, without `/v1/`.
    pub path: String,
    /// The server, and the namespace where there is one.
    pub server: String,
    /// Why.
    pub cause: Cause,
}

// === impl Cause ===

impl Cause {
    /// Whether the request did not take effect, and may if sent again.
    pub fn is_before_effect(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { sent: false, .. } | Self::Unavailable { status: 412, .. }
        )
    }

    /// Whether the request may have taken effect although no good answer came.
    pub fn is_ambiguous(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { sent: true, .. } | Self::TimedOut(_) | Self::Unavailable { .. }
        ) && !self.is_before_effect()
    }
}

// === impl CallError ===

impl CallError {
    /// Whether a write may have landed although no good answer came.
    pub fn may_have_landed(&self) -> bool {
        self.cause.is_ambiguous()
    }

    /// Whether the token may not do it.
    pub fn is_denied(&self) -> bool {
        matches!(self.cause, Cause::Denied)
    }

    /// Whether the server refused the request as such: a check-and-set that lost, among others.
    pub fn is_refused(&self) -> bool {
        matches!(self.cause, Cause::Refused { status: 400, .. })
    }

    /// Tells a user what was being done: `write policy "erp"`.
    pub fn doing(self, what: &str) -> FacetError {
        let (fault, next, attribute) = self.advice();
        FacetError {
            fault,
            summary: format!("Could not {what}"),
            attempted: format!("{} {} on {}", self.method, self.path, self.server),
            cause: self.cause.to_string(),
            next,
            attribute,
        }
    }

    /// The class, what to do next, and the attribute at fault.
    fn advice(&self) -> (Fault, String, Option<&'static str>) {
        const RESUME: &str = "The next apply looks again and continues.";
        let address = Some("provider.vault.address");
        match &self.cause {
            Cause::Path => (
                Fault::Rejected,
                "Nothing was sent. Correct the name, or the mount in the provider's vault block.".to_owned(),
                None,
            ),
            Cause::Setup { attribute, .. } => {
                (Fault::Rejected, "Nothing was sent. Correct that argument.".to_owned(), Some(attribute))
            }
            Cause::Unreachable { .. } | Cause::TimedOut(_) => (
                Fault::Unreachable,
                format!("Check that the server runs and that the address is right. {RESUME}"),
                address,
            ),
            Cause::Tls(_) => (
                Fault::Unreachable,
                "Nothing was sent. Check that the address has the name of the certificate, and that ca_cert_file \
                 holds the authority that signed it."
                    .to_owned(),
                Some("provider.vault.ca_cert_file"),
            ),
            Cause::Redirected(_) => (
                Fault::Rejected,
                "The token was not sent on. Set the address to the active server or to its load balancer."
                    .to_owned(),
                address,
            ),
            Cause::TooLarge(_) | Cause::Unreadable(_) => (
                Fault::Rejected,
                "Check that the address is that of a Vault or OpenBao server and that no proxy answers for it."
                    .to_owned(),
                address,
            ),
            Cause::Sealed => (
                Fault::Unreachable,
                format!("Unseal it (`bao operator unseal` or `vault operator unseal`). {RESUME}"),
                None,
            ),
            Cause::Throttled(_) => (
                Fault::Unreachable,
                format!("Raise the rate limit quota, or run with a smaller -parallelism. {RESUME}"),
                None,
            ),
            Cause::Unavailable { .. } => {
                (Fault::Unreachable, format!("Look at the server's log. {RESUME}"), None)
            }
            Cause::Denied | Cause::DeniedOrDead => {
                (Fault::Forbidden, format!("{}. {RESUME}", self.policy_line()), None)
            }
            Cause::Dead => (
                Fault::Unauthenticated,
                format!("Log in again, with a token that lives longer than the run. {RESUME}"),
                Some("provider.vault.token"),
            ),
            Cause::Login { attribute, .. } => (
                Fault::Unauthenticated,
                "Check the role and the credential of this block.".to_owned(),
                Some(attribute),
            ),
            Cause::Refused { .. } => (
                Fault::Rejected,
                "The server took nothing of it. Correct what it names, then apply again.".to_owned(),
                None,
            ),
        }
    }

    fn policy_line(&self) -> String {
        let mut words: Vec<String> =
            capabilities(&self.method).iter().map(|word| format!("\"{word}\"")).collect();
        // Vault keeps these for tokens with sudo (manual, "Root protected API endpoints").
        if self.path.starts_with("sys/leases/lookup/")
            || self.path.starts_with("sys/leases/revoke-prefix/")
        {
            words.push("\"sudo\"".to_owned());
        }
        format!(
            "Add to a policy of the token: path \"{}\" {{ capabilities = [{}] }}",
            self.path,
            words.join(", ")
        )
    }
}
