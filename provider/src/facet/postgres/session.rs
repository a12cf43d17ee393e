// SPDX-License-Identifier: MPL-2.0
//! One connection, with a deadline on every call.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Connection, Row, Statement};
use tracing::debug;

use super::failure::Failure;
use super::foreign::Founded;
use super::{sql, sql_read};
use crate::plan::postgres::escaped;

/// How much longer than the server's own limit a call is waited for.
const SLACK: Duration = Duration::from_secs(5);

/// A parameter of type text.
pub(super) type Text<'a> = Option<&'a str>;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    /// Registry and catalogs of one instance.
    Read,
    /// The registry's part of it alone.
    Look,
}

/// An open session; dropped, the connection is closed and the server undoes what was not committed.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    statement_timeout: Duration,
    trusted: Mutex<Founded>,
    read: OnceCell<Statement>,
    look: OnceCell<Statement>,
}

// === impl Session ===

impl Session {
    /// Drives the connection in a task of its own and sets the session up.
    pub(super) async fn start<S, T>(
        client: Client,
        mut connection: Connection<S, T>,
        statement_timeout: Duration,
    ) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(async move {
            // The driver logs each notice unless they are taken here; their texts are of no use to us.
            while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                match message {
                    Ok(_) => {}
                    // Whoever waits for an answer is told by the client.
                    Err(_) => break,
                }
            }
        });
        let session = Self {
            client,
            statement_timeout,
            trusted: Mutex::new(Founded::No),
            read: OnceCell::new(),
            look: OnceCell::new(),
        };
        let lock_timeout = statement_timeout.mul_f32(0.8);
        session.run(&sql::session(statement_timeout.as_millis(), lock_timeout.as_millis())).await?;
        Ok(session)
    }

    /// Whether the connection is over.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether the server replays another's log.
    pub(super) async fn is_standby(&self) -> Result<bool, Failure> {
        let rows = self.rows("SELECT pg_catalog.pg_is_in_recovery()", &[]).await?;
        one(&rows)
    }

    /// Runs statements that answer nothing of interest; several are separated by semicolons.
    pub(super) async fn run(&self, sql: &str) -> Result<(), Failure> {
        debug!(target: "postgres", statement = sql, "run");
        self.limited(self.client.batch_execute(sql)).await
    }

    /// The same for statements that hold what no log should.
    pub(super) async fn run_unlogged(&self, sql: &str) -> Result<(), Failure> {
        self.limited(self.client.batch_execute(sql)).await
    }

    /// Runs statements that may be slow: each may take as long as is left until then, and at least as long as any
    /// other. The server gives up a second before the caller does, so that nothing goes on behind his back.
    pub(super) async fn run_long(&self, sql: &str, until: Option<Instant>) -> Result<(), Failure> {
        let left =
            until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        let left = left.saturating_sub(Duration::from_secs(1));
        if left <= self.statement_timeout {
            return self.run(sql).await;
        }
        self.run(&sql::statement_timeout(left.as_millis())).await?;
        debug!(target: "postgres", statement = sql, "run");
        let done = self.limited_to(left, self.client.batch_execute(sql)).await;
        let back = self.run(&sql::statement_timeout(self.statement_timeout.as_millis())).await;
        done.and(back)
    }

    /// What [`trust`](Self::trust) was said of.
    pub(super) fn trusted(&self) -> Founded {
        *self.trusted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the registry's owner was looked at and what there is, or, with none, that it has to be again.
    pub(super) fn trust(&self, found: Founded) {
        *self.trusted.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Asks with text parameters.
    pub(super) async fn rows(&self, sql: &str, texts: &[Text<'_>]) -> Result<Vec<Row>, Failure> {
        self.limited(self.client.query(sql, &parameters(texts))).await
    }

    /// Asks for a document; prepared once a session where the registry is whole, as it is from the first apply on.
    pub(super) async fn ask<D: DeserializeOwned>(
        &self,
        what: Ask,
        registry: Founded,
        texts: &[Text<'_>],
    ) -> Result<D, Failure> {
        let (prepared, sql) = match what {
            Ask::Read => (&self.read, sql_read::read(registry)),
            Ask::Look => (&self.look, sql_read::look(registry)),
        };
        if registry != Founded::Whole {
            return document(&self.rows(&sql, texts).await?);
        }
        let statement = self.prepared(prepared, &sql).await?;
        document(&self.limited(self.client.query(&statement, &parameters(texts))).await?)
    }

    async fn prepared(&self, cell: &OnceCell<Statement>, sql: &str) -> Result<Statement, Failure> {
        cell.get_or_try_init(|| self.limited(self.client.prepare(sql))).await.cloned()
    }

    async fn limited<T>(
        &self,
        call: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        self.limited_to(self.statement_timeout, call).await
    }

    async fn limited_to<T>(
        &self,
        statement_timeout: Duration,
        call: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        let deadline = statement_timeout + SLACK;
        match timeout(deadline, call).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Deadline { seconds: deadline.as_secs() }),
        }
    }
}

fn parameters<'a>(texts: &'a [Text<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    texts.iter().map(|text| text as &(dyn ToSql + Sync)).collect()
}

/// The first column of the only row.
pub(super) fn one<T>(rows: &[Row]) -> Result<T, Failure>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let row = rows.first().ok_or_else(|| Failure::Driver("an empty answer".to_owned()))?;
    Ok(row.try_get(0)?)
}

fn document<D: DeserializeOwned>(rows: &[Row]) -> Result<D, Failure> {
    let text: String = one(rows)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Driver(escaped(&format!("an unreadable answer: {error}"))))
}
