// SPDX-License-Identifier: MPL-2.0
//! The connections of one process: one that reads, one that writes, and short ones into instance databases.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use super::connect;
use super::failure::Failure;
use super::session::Session;
use super::settings::Settings;
use super::temporary::Temporary;
use super::trouble::Trouble;
use super::{refusal, sql_read};
use crate::facet::FacetError;

/// Short connections into instance databases at a time.
const GUESTS: usize = 2;
/// How long a failed connect is answered from memory: a plan over a thousand instances asks once, not a thousand
/// times.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How long a server that starts up or is full is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one that refuses connections is.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a verb goes on trying.
const BUDGET: Duration = Duration::from_secs(20);

/// What opens connections, lazily, and keeps two.
#[derive(Debug)]
pub(super) struct Link {
    settings: Settings,
    application_name: String,
    reader: Mutex<Slot>,
    writer: Mutex<Slot>,
    guests: Semaphore,
    /// Temporary logins that this process made and has not ended.
    pub(super) temporary: Temporary,
}

#[derive(Debug, Default)]
struct Slot {
    session: Option<Arc<Session>>,
    failed: Option<(Instant, Failure)>,
    held: Option<(Instant, FacetError)>,
}

/// The connection that writes, held alone and under the server-wide lock. Dropped without
/// [`release`](Self::release), the connection is closed, which ends its transaction and the lock.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    slot: MutexGuard<'a, Slot>,
    session: Arc<Session>,
}

/// A short connection into an instance's database.
#[derive(Debug)]
pub(super) struct Guest<'a> {
    session: Session,
    _permit: SemaphorePermit<'a>,
}

/// The tries of one verb.
#[derive(Debug)]
pub(super) struct Tries<'a> {
    link: &'a Link,
    made: u32,
    at_most: u32,
    begun: Instant,
}

// === impl Link ===

impl Link {
    pub(super) fn new(settings: Settings, run_id: &str) -> Self {
        Self {
            settings,
            application_name: format!("appenv/{run_id}"),
            reader: Mutex::default(),
            writer: Mutex::default(),
            guests: Semaphore::new(GUESTS),
            temporary: Temporary::default(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How the sessions of this run call themselves.
    pub(super) fn application_name(&self) -> &str {
        &self.application_name
    }

    /// The reading connection, opened where there is none; many may use it at a time.
    pub(super) async fn reader(&self) -> Result<Arc<Session>, Failure> {
        let mut slot = self.reader.lock().await;
        let session = self.open(&mut slot).await?;
        slot.session = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Gives up a reading connection that failed.
    pub(super) async fn forget_reader(&self, failed: &Arc<Session>) {
        let mut slot = self.reader.lock().await;
        if slot.session.as_ref().is_some_and(|session| Arc::ptr_eq(session, failed)) {
            slot.session = None;
        }
    }

    /// The writing connection, once nobody else in this process or on this server writes.
    pub(super) async fn writer(&self) -> Result<Writer<'_>, Trouble> {
        let doing = || "Could not begin to change the PostgreSQL server".to_owned();
        let mut slot = self.writer.lock().await;
        // Whoever queued behind a wait that was in vain does not wait as long again.
        if let Some((when, held)) = &slot.held
            && when.elapsed() < REMEMBERED
        {
            return Err(Trouble::told(held.clone()));
        }
        let session = self.open(&mut slot).await.map_err(|f| Trouble::server(f, doing()))?;
        match session.run(&sql_read::lock()).await {
            Ok(()) => Ok(Writer { slot, session }),
            Err(failure) if failure.code() == Some("55P03") => {
                let held = refusal::lock_is_held(&self.settings, self.lock_holder().await);
                slot.session = Some(session);
                slot.held = Some((Instant::now(), held.clone()));
                Err(Trouble::told(held))
            }
            Err(failure) => Err(Trouble::server(failure, doing())),
        }
    }

    /// A connection into an instance's database, two at a time.
    pub(super) async fn guest(&self, database: &str) -> Result<Guest<'_>, Failure> {
        let permit = self.guests.acquire().await;
        let permit = permit.map_err(|_| Failure::Driver("shutting down".to_owned()))?;
        let opened = connect::open(&self.settings, &self.application_name, database).await?;
        // The database's owner may have set a role for whoever logs in here.
        opened.run("SET ROLE NONE").await?;
        Ok(Guest { session: opened, _permit: permit })
    }

    /// Counts the tries of one verb.
    pub(super) fn tries(&self, at_most: u32) -> Tries<'_> {
        Tries { link: self, made: 0, at_most, begun: Instant::now() }
    }

    /// Takes the slot's session out, or opens one.
    async fn open(&self, slot: &mut Slot) -> Result<Arc<Session>, Failure> {
        if let Some(session) = slot.session.take()
            && !session.is_closed()
        {
            return Ok(session);
        }
        if let Some((when, failure)) = &slot.failed
            && when.elapsed() < REMEMBERED
        {
            return Err(failure.clone());
        }
        let begun = Instant::now();
        let mut attempt = 0;
        loop {
            let database = &self.settings.database;
            match connect::open(&self.settings, &self.application_name, database).await {
                Ok(session) => {
                    slot.failed = None;
                    return Ok(Arc::new(session));
                }
                Err(failure) => {
                    let patience = if failure.code().is_some() { PATIENCE } else { SHORT_PATIENCE };
                    let wait = backoff(&self.application_name, attempt);
                    if !failure.is_transient() || begun.elapsed() + wait > patience {
                        slot.failed = Some((Instant::now(), failure.clone()));
                        return Err(failure);
                    }
                    sleep(wait).await;
                    attempt += 1;
                }
            }
        }
    }

    async fn lock_holder(&self) -> Option<(i32, String)> {
        let reader = self.reader().await.ok()?;
        let rows = reader.rows(&sql_read::lock_holder(), &[]).await.ok()?;
        let row = rows.first()?;
        Some((row.try_get(0).ok()?, row.try_get(1).ok()?))
    }
}

/// 50 ms, doubled each time up to 1.6 s, and up to half of it more.
fn backoff(seed: &str, attempt: u32) -> Duration {
    let base = 50_u64 << attempt.min(5);
    let mut hasher = DefaultHasher::new();
    (seed, attempt).hash(&mut hasher);
    Duration::from_millis(base + hasher.finish() % (base / 2))
}

// === impl Tries ===

impl Tries<'_> {
    /// Waits before another try, where one is worth it and left; else answers the trouble. The wait differs between
    /// processes by their run id, so that two of them do not meet again and again.
    pub(super) async fn again(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        self.made += 1;
        let spent = self.made >= self.at_most || self.begun.elapsed() > BUDGET;
        if spent || !trouble.is_worth_another_try() {
            return Err(trouble);
        }
        sleep(backoff(&self.link.application_name, self.made - 1)).await;
        Ok(())
    }
}

// === impl Writer ===

impl Writer<'_> {
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Gives the lock back and keeps the connection. A failure costs the connection and nothing else.
    pub(super) async fn release(mut self) {
        if self.session.run(&sql_read::unlock()).await.is_ok() {
            self.slot.session = Some(self.session);
        }
    }

    /// The same after an error within a transaction.
    pub(super) async fn roll_back(self) {
        if self.session.run("ROLLBACK").await.is_ok() {
            self.release().await;
        }
    }
}

// === impl Guest ===

impl Guest<'_> {
    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_bounded_and_differ() {
        for attempt in 0..40 {
            let wait = backoff("appenv/a", attempt);
            assert!(wait >= Duration::from_millis(50) && wait < Duration::from_millis(2_400));
        }
        let waits = |seed| (0..6).map(|at| backoff(seed, at)).collect::<Vec<_>>();
        assert_ne!(waits("appenv/a"), waits("appenv/b"));
        assert!(backoff("appenv/a", 5) > backoff("appenv/a", 0));
    }
}
