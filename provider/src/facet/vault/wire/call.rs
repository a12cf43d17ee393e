// SPDX-License-Identifier: MPL-2.0
//! Attempts, until there is an answer or a reason.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::error::{CallError, Cause};
use super::request::Request;
use super::session::Token;
use super::transport::{Answer, Transport};
use super::{Reply, Wire};

/// The most attempts of one call; the time it may take ends it sooner.
const ATTEMPTS: u32 = 5;

/// What the server says beside an error status.
#[derive(Default, Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<String>,
}

// === impl Wire ===

impl Wire {
    /// Sends until there is an answer or a reason. A write that may have landed is not sent again: the caller reads
    /// back first ([`CallError::may_have_landed`]).
    pub async fn call(self: &Arc<Self>, request: Request) -> Result<Reply, CallError> {
        let deadline = Instant::now() + self.settings.timeout;
        let mut dead_before = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.attempt(&request, deadline, &mut dead_before).await {
                Ok(Some(reply)) => return Ok(reply),
                // The token was dead and a new login is due: that was no attempt of this request.
                Ok(None) => continue,
                Err(error) => error,
            };
            let limited = matches!(error.cause, Cause::Throttled(_));
            let again = limited
                || error.cause.is_before_effect()
                || (error.cause.is_ambiguous() && request.is_repeatable());
            // Under a limit the server sets the pace; the deadline alone ends it.
            let pause = if limited { Duration::ZERO } else { self.pause(attempt) };
            let spent = !limited && attempt >= ATTEMPTS;
            if !again || spent || self.held_until().unwrap_or_else(Instant::now) + pause >= deadline
            {
                return Err(error);
            }
            tracing::debug!(path = %request.path, attempt, cause = %error.cause, "call is repeated");
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(
        self: &Arc<Self>,
        request: &Request,
        deadline: Instant,
        dead_before: &mut bool,
    ) -> Result<Option<Reply>, CallError> {
        let fail = |cause| self.error(request, cause);
        self.wait_for_limit(deadline).await.map_err(fail)?;
        let transport = self.transport().await.map_err(fail)?;
        let token = if request.anonymous { None } else { Some(self.token().await?) };
        let left = deadline.saturating_duration_since(Instant::now());
        let answer =
            transport.send(request, token.as_ref().map(|t| &t.value), left).await.map_err(fail)?;
        match answer.status {
            200..=204 | 404 => reply(&answer).map(Some).map_err(fail),
            300..=399 => Err(fail(Cause::Redirected(elsewhere(&answer)))),
            403 => match token {
                None => Err(fail(self.refused(&answer))),
                Some(token) => match self.why_denied(transport, &token, deadline).await {
                    Cause::Dead if !*dead_before && self.session.forget(&token).await => {
                        *dead_before = true;
                        Ok(None)
                    }
                    cause => Err(fail(cause)),
                },
            },
            429 => {
                // A server may ask for any number of seconds, also for more than the clock has.
                let wait = answer.retry_after.unwrap_or_default();
                let wait = wait.clamp(Duration::from_secs(1), Duration::from_secs(3600));
                let until = Instant::now() + wait + self.pause(1) / 2;
                *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                Err(fail(Cause::Throttled(wait)))
            }
            503 if self.is_sealed(transport, deadline).await => Err(fail(Cause::Sealed)),
            status @ (412 | 472 | 473 | 500..=599) => {
                Err(fail(Cause::Unavailable { status, words: self.words(&answer) }))
            }
            _ => Err(fail(self.refused(&answer))),
        }
    }

    /// The client, made once.
    pub(super) async fn transport(&self) -> Result<&Transport, Cause> {
        self.transport
            .get_or_try_init(|| async { Transport::new(&self.settings, &self.run_id) })
            .await
    }

    fn held_until(&self) -> Option<Instant> {
        let held = *self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        held.filter(|until| *until > Instant::now())
    }

    async fn wait_for_limit(&self, deadline: Instant) -> Result<(), Cause> {
        let Some(until) = self.held_until() else { return Ok(()) };
        if until > deadline {
            return Err(Cause::Throttled(until.saturating_duration_since(Instant::now())));
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }

    /// The server says the same to a dead token and to a living one that may not: the look-up tells them apart. It
    /// costs a use of a token with limited uses, hence only here.
    async fn why_denied(&self, transport: &Transport, token: &Token, deadline: Instant) -> Cause {
        let request = Request::of(&vaultrs::api::token::requests::LookupTokenSelfRequest {});
        let left = deadline.saturating_duration_since(Instant::now());
        match transport.send(&request, Some(&token.value), left).await.map(|a| a.status) {
            Ok(200) => Cause::Denied,
            Ok(403) => Cause::Dead,
            _ => Cause::DeniedOrDead,
        }
    }

    async fn is_sealed(&self, transport: &Transport, deadline: Instant) -> bool {
        let request = Request::read("sys/seal-status").anonymous();
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(answer) = transport.send(&request, None, left).await else { return false };
        serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["sealed"] == true)
    }

    fn refused(&self, answer: &Answer) -> Cause {
        Cause::Refused { status: answer.status, words: self.words(answer) }
    }

    /// The server's words, safe to print: escaped, bounded, without any credential of ours.
    fn words(&self, answer: &Answer) -> String {
        const LONGEST: usize = 600;
        let said = serde_json::from_slice::<Errors>(&answer.body).unwrap_or_default().errors;
        let mut said = said.join("; ");
        for credential in self.settings.login.credentials() {
            if !credential.expose().is_empty() {
                said = said.replace(credential.expose(), "***");
            }
        }
        let mut words = String::new();
        for c in said.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
            if words.len() > LONGEST {
                words.push('…');
                break;
            }
            if c.is_ascii() && !c.is_control() {
                words.push(c);
            } else {
                words.extend(c.escape_unicode());
            }
        }
        if words.is_empty() { "no reason given".to_owned() } else { words }
    }

    /// A growing pause, spread so that several runs do not step together.
    pub fn pause(&self, attempt: u32) -> Duration {
        let mut hasher = DefaultHasher::new();
        (&self.run_id, attempt, std::thread::current().id()).hash(&mut hasher);
        let step = 50 * (1_u64 << attempt.min(5));
        Duration::from_millis(step / 2 + hasher.finish() % step)
    }
}

fn reply(answer: &Answer) -> Result<Reply, Cause> {
    let body = if answer.body.is_empty() {
        Value::Null
    } else {
        match serde_json::from_slice(&answer.body) {
            Ok(body) => body,
            // A proxy's page in place of the server's answer is not "nothing there".
            Err(error) => {
                return Err(Cause::Unreadable(format!(
                    "status {}, no JSON: {error}",
                    answer.status
                )));
            }
        }
    };
    Ok(Reply { status: answer.status, body })
}

/// Scheme and host of a redirect; the rest of it may hold anything.
fn elsewhere(answer: &Answer) -> String {
    let target = answer.location.as_deref().and_then(|l| reqwest::Url::parse(l).ok());
    match target {
        Some(url) => url.origin().ascii_serialization(),
        None => "another path".to_owned(),
    }
}
