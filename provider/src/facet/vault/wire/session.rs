// SPDX-License-Identifier: MPL-2.0
//! Whose token is sent: given or logged in for, renewed while an apply writes, ended with it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;
use vaultrs::api::token::requests::LookupTokenSelfRequest;

use super::Wire;
use super::error::{CallError, Cause};
use super::request::Request;
use crate::facet::vault::sensitive::Sensitive;
use crate::facet::vault::settings::Login;

/// A token in use.
#[derive(Clone)]
pub(super) struct Token {
    pub value: Sensitive,
    /// Whether a login of ours made it: we end it, and may make another.
    ours: bool,
    /// How long it lives, and whether renewing helps; known of our own only.
    lease: Option<Lease>,
}

#[derive(Clone, Copy)]
struct Lease {
    ttl: Duration,
    renewable: bool,
}

/// The token in use, once there is one.
pub(super) struct Session {
    token: Mutex<Option<Token>>,
    kept: tokio::sync::OnceCell<()>,
}

// === impl Session ===

impl Session {
    pub fn new() -> Self {
        Self { token: Mutex::new(None), kept: tokio::sync::OnceCell::new() }
    }

    /// Forgets a dead token; whether another can be had.
    pub async fn forget(&self, dead: &Token) -> bool {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|t| t.value == dead.value && t.ours) {
            *token = None;
        }
        dead.ours
    }
}

// === impl Wire ===

impl Wire {
    /// The token to send, logging in where there is none yet.
    pub(super) async fn token(self: &Arc<Self>) -> Result<Token, CallError> {
        let mut slot = self.session.token.lock().await;
        if let Some(token) = &*slot {
            return Ok(token.clone());
        }
        let token = match &self.settings.login {
            Login::Token(value) => Token { value: value.clone(), ours: false, lease: None },
            login => Box::pin(self.log_in(login)).await?,
        };
        *slot = Some(token.clone());
        Ok(token)
    }

    async fn log_in(self: &Arc<Self>, login: &Login) -> Result<Token, CallError> {
        let request = match login {
            Login::Token(_) => unreachable!("a given token needs no login"),
            Login::AppRole { mount, role_id, secret_id } => Request::of(&LoginWithApproleRequest {
                mount: mount.clone(),
                role_id: role_id.expose().to_owned(),
                secret_id: secret_id.expose().to_owned(),
            }),
            Login::Kubernetes { mount, role, jwt } => Request::of(&LoginWithKubernetesRequest {
                mount: mount.clone(),
                role: role.clone(),
                jwt: jwt.expose().to_owned(),
            }),
            Login::Jwt { mount, role, jwt } => Request::of(&JWTLoginRequest {
                mount: mount.clone(),
                jwt: jwt.expose().to_owned(),
                role: Some(role.clone()),
            }),
        }
        .anonymous();
        let refused = |status, words| Cause::Login { status, words, attribute: login.attribute() };
        let reply = self.call(request.clone()).await.map_err(|error| match error.cause {
            Cause::Refused { status, words } => {
                CallError { cause: refused(status, words), ..error }
            }
            _ => error,
        })?;
        if reply.is_missing() {
            let words = "no auth method is mounted there".to_owned();
            return Err(self.error(&request, refused(404, words)));
        }
        let auth = &reply.body["auth"];
        let Some(value) = auth["client_token"].as_str() else {
            let cause = Cause::Unreadable("a login without a token".to_owned());
            return Err(self.error(&request, cause));
        };
        let lease = Lease::read(&auth["lease_duration"], &auth["renewable"]);
        Ok(Token { value: Sensitive::new(value), ours: true, lease: Some(lease) })
    }

    /// Renews the token from now on, at two thirds of its life, as long as the wire is there. Called before the
    /// first write; a run that only reads renews nothing.
    pub async fn keep_alive(self: &Arc<Self>) -> Result<(), CallError> {
        self.session
            .kept
            .get_or_try_init(|| async {
                let lease = match self.token().await?.lease {
                    Some(lease) => lease,
                    None => self.lease().await,
                };
                if lease.renewable && !lease.ttl.is_zero() {
                    let wire = Arc::downgrade(self);
                    tokio::spawn(keep(wire, self.closing.clone(), lease.ttl));
                }
                Ok(())
            })
            .await
            .copied()
    }

    /// How long a given token lives; one that may not look itself up is taken as it is.
    async fn lease(self: &Arc<Self>) -> Lease {
        match self.call(Request::of(&LookupTokenSelfRequest {})).await {
            Ok(reply) => Lease::read(&reply.data()["ttl"], &reply.data()["renewable"]),
            Err(_) => Lease { ttl: Duration::ZERO, renewable: false },
        }
    }

    async fn renew(self: &Arc<Self>) -> Result<Lease, CallError> {
        let reply = self.call(Request::write("auth/token/renew-self", &json!({}))).await?;
        let auth = &reply.body["auth"];
        Ok(Lease::read(&auth["lease_duration"], &auth["renewable"]))
    }

    /// Ends a token that a login of ours made; a given one stays.
    pub async fn close(self: &Arc<Self>) {
        self.closing.cancel();
        let ours = self.session.token.lock().await.as_ref().is_some_and(|t| t.ours);
        if ours {
            let end = self.call(Request::write("auth/token/revoke-self", &json!({}))).await;
            if let Err(error) = end {
                tracing::debug!(%error, "the login's token was left to expire");
            }
            *self.session.token.lock().await = None;
        }
    }
}

// === impl Lease ===

impl Lease {
    fn read(ttl: &Value, renewable: &Value) -> Self {
        Self {
            ttl: Duration::from_secs(ttl.as_u64().unwrap_or(0)),
            renewable: renewable.as_bool().unwrap_or(false),
        }
    }
}

/// No renewal waits longer, whatever the server says of a token's life.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

async fn keep(wire: Weak<Wire>, closing: tokio_util::sync::CancellationToken, mut ttl: Duration) {
    loop {
        let rest = (ttl.min(MONTH) * 2 / 3).max(Duration::from_secs(1));
        tokio::select! {
            () = closing.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
        let Some(wire) = wire.upgrade() else { return };
        match wire.renew().await {
            // At the end of its longest life a token is renewed to less and less.
            Ok(lease) if lease.renewable && lease.ttl > Duration::from_secs(1) => ttl = lease.ttl,
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "the token could not be renewed");
                return;
            }
        }
    }
}
