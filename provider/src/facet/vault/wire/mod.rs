// SPDX-License-Identifier: MPL-2.0
//! Calls: a request becomes an answer, through refusals, limits and broken connections.
//!
//! # Layout
//!
//! - [`request`]: what is asked; descriptions of `vaultrs`, or our own where it has none that is whole.
//! - `transport`: the HTTP client, and one attempt.
//! - `call`: attempts, until there is an answer or a reason.
//! - `session`: whose token is sent; login, renewal, end.
//! - [`error`]: why a call failed, and how a user is told.

mod call;
pub mod error;
pub mod request;
mod session;
mod transport;

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::error::{CallError, Cause};
use self::request::Request;
use self::session::Session;
use self::transport::Transport;
use super::settings::Settings;

/// The connection to one server, with one identity.
pub struct Wire {
    settings: Settings,
    run_id: String,
    transport: OnceCell<Transport>,
    session: Session,
    /// No request before this moment: the server said so, to all of us.
    hold: Mutex<Option<Instant>>,
    closing: CancellationToken,
    _closed_with_us: DropGuard,
}

/// A good answer, or that there is nothing there.
pub struct Reply {
    /// 200, 204 or 404.
    pub status: u16,
    /// The envelope; null where there was no body.
    pub body: Value,
}

// === impl Wire ===

impl Wire {
    /// A wire that opens when first used.
    pub fn new(settings: Settings, run_id: String) -> Arc<Self> {
        let closing = CancellationToken::new();
        Arc::new(Self {
            session: Session::new(),
            settings,
            run_id,
            transport: OnceCell::new(),
            hold: Mutex::new(None),
            _closed_with_us: closing.clone().drop_guard(),
            closing,
        })
    }

    /// The server as messages name it.
    pub fn server(&self) -> String {
        match &self.settings.namespace {
            Some(namespace) => format!("{} (namespace {namespace})", self.settings.address),
            None => self.settings.address.clone(),
        }
    }

    /// The id of this run, as writes carry it.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    fn error(&self, request: &Request, cause: Cause) -> CallError {
        CallError {
            method: request.method.clone(),
            path: request.path.clone(),
            server: self.server(),
            cause,
        }
    }
}

// === impl Reply ===

impl Reply {
    /// Whether there is nothing there.
    pub fn is_missing(&self) -> bool {
        self.status == 404
    }

    /// The `data` of the envelope.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }
}
