// SPDX-License-Identifier: MPL-2.0
//! Logins for the time of one run: made for it, kept while it lasts, ended with it; and what a run that was killed left.
//!
//! A login is a member of the owner role and becomes it in the instance's database, as one that Vault leases. Its
//! password is known to whoever opened it and to nobody else; the server gets a verifier. It ends by itself: its time is
//! that of the server's clock, and a login whose time is over is dropped by the next opening, deletion or renaming of the
//! instance.

mod ending;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::link::Link;
use super::observe::{self, Document};
use super::session::{Session, one};
use super::settings::Password;
use super::trouble::Trouble;
use super::verifier::verifier;
use super::{Postgres, TRIES, refusal, registry, sql, sql_temporary, wish};
use crate::facet::{FacetError, Fault};
use crate::plan::postgres::{Login, PostgresWish, quoted};
use crate::plan::{Marker, Spec};
use crate::registry::{Entry, Phase};

pub(super) use ending::{Which, sweep};

/// A temporary login, with all that it takes to keep and to end it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryLogin {
    /// The role's name.
    pub name: String,
    /// Whose it is.
    pub marker: Marker,
    /// The database it is for.
    pub database: String,
    /// The role that it becomes there, and that gets what it leaves.
    pub owner_role: String,
}

/// What the registry says of an instance: the entry, and the names it was made under.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The entry.
    pub entry: Entry,
    /// The database.
    pub database: String,
    /// Its owner role.
    pub owner_role: String,
}

/// The temporary logins that one process has made and not ended.
#[derive(Debug, Default)]
pub(super) struct Temporary(Mutex<BTreeMap<String, TemporaryLogin>>);

// === impl Postgres ===

impl Postgres {
    /// Looks what is registered; `None`: nothing, or a tombstone.
    pub async fn registration(&self, spec: &Spec) -> Result<Option<Registration>, FacetError> {
        let wish = wish(spec)?;
        let mut tries = self.link.tries(TRIES);
        let document = loop {
            match read(&self.link, spec, wish).await {
                Ok(document) => break document,
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        };
        let row = document.registered.entry.filter(|row| !row.entry.is_gone());
        Ok(row.map(|row| Registration {
            entry: row.entry,
            database: row.database,
            owner_role: row.owner_role,
        }))
    }

    /// Makes a login of a registered instance and answers when it ends, RFC 3339 in UTC, unless it is kept. Drops those
    /// of its kind whose time is over.
    pub async fn open_login(
        &self,
        spec: &Spec,
        login: &TemporaryLogin,
        password: &Password,
        time: Duration,
    ) -> Result<String, FacetError> {
        let wish = wish(spec)?;
        // Noted before it is made, so that a run that is cut off here ends it too.
        self.link.temporary.note(login);
        let opening = Opening { link: &self.link, spec, wish, login, password, time };
        let mut tries = self.link.tries(TRIES);
        loop {
            let Err(trouble) = (match opening.once().await {
                Ok(until) => return Ok(until),
                Err(trouble) => tries.again(trouble).await,
            }) else {
                continue;
            };
            if !trouble.may_have_landed() {
                self.link.temporary.forget(&login.name);
            }
            return Err(self.told(trouble));
        }
    }

    /// Lets a login live that long from now on; answers until when. Without the lock: nobody else writes this role, and
    /// whoever makes a database holds the lock for as long as that takes.
    pub async fn keep_login(
        &self,
        login: &TemporaryLogin,
        time: Duration,
    ) -> Result<String, FacetError> {
        let mut tries = self.link.tries(TRIES);
        loop {
            match self.keep_once(login, time).await {
                Ok(until) => return Ok(until),
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    async fn keep_once(&self, login: &TemporaryLogin, time: Duration) -> Result<String, Trouble> {
        let session = observe::reader(&self.link).await?;
        let failed = |failure| {
            let doing = format!("Could not keep temporary login {}", quoted(&login.name));
            Trouble::server(failure, doing)
        };
        let kept = async {
            if !ending::is_ours(&session, login).await.map_err(failed)? {
                return Err(Trouble::told(gone(&self.link, login)));
            }
            let until = later(&session, time).await.map_err(failed)?;
            let extend = sql_temporary::extend(&login.name, &until);
            session.run(&extend).await.map_err(failed)?;
            Ok(until)
        };
        let kept = kept.await;
        if let Err(trouble) = &kept {
            observe::forget(&self.link, &session, trouble).await;
        }
        kept
    }

    /// Ends a login: its sessions, then the role; what it owns in its database goes to the owner role. One that is gone
    /// is no error. Answers what is left: what it owns elsewhere, for which it stays, shut.
    pub async fn close_login(&self, login: &TemporaryLogin) -> Result<Vec<String>, FacetError> {
        let mut tries = self.link.tries(TRIES);
        loop {
            match ending::end_locked(&self.link, login).await {
                Ok(left) => {
                    self.link.temporary.forget(&login.name);
                    return Ok(left);
                }
                Err(trouble) => tries.again(trouble).await.map_err(|trouble| self.told(trouble))?,
            }
        }
    }

    /// Ends what this process opened and nobody closed; nothing may follow.
    pub async fn close(&self) {
        let open: Vec<_> = self.link.temporary.open().values().cloned().collect();
        for login in open {
            if let Err(error) = self.close_login(&login).await {
                tracing::warn!(login = %login.name, %error, "a temporary login was left to its end");
            }
        }
    }
}

/// What an opening works on.
struct Opening<'a> {
    link: &'a Link,
    spec: &'a Spec,
    wish: &'a PostgresWish,
    login: &'a TemporaryLogin,
    password: &'a Password,
    time: Duration,
}

// === impl Opening ===

impl Opening<'_> {
    /// One try, from a fresh look.
    async fn once(&self) -> Result<String, Trouble> {
        let writer = self.link.writer().await?;
        match self.make(writer.session()).await {
            Ok(until) => {
                writer.release().await;
                Ok(until)
            }
            Err(trouble) => {
                registry::give_back(writer, &trouble).await;
                Err(trouble)
            }
        }
    }

    async fn make(&self, session: &Session) -> Result<String, Trouble> {
        let document = observe::read(self.link, session, self.spec, self.wish).await?;
        self.judge(&document)?;
        let provider = &document.seen.login;
        sweep(self.link, session, self.spec, self.wish, Which::Over).await;
        let failed = |failure| self.failed(failure, provider);
        let until = later(session, self.time).await.map_err(failed)?;
        let Some(verifier) = verifier(self.password.expose()) else {
            let what = "the verifier that was made does not fit its password";
            return Err(failed(Failure::Driver(what.to_owned())));
        };
        let (name, marker) = (&self.login.name, &self.login.marker);
        let create = sql_temporary::create(name, &verifier, &until, self.wish, marker, provider);
        session.run_unlogged(&create).await.map_err(failed)?;
        Ok(until)
    }

    /// Under the lock: the instance may have been deleted or renamed since it was looked at.
    fn judge(&self, document: &Document) -> Result<(), Trouble> {
        let live = |entry: &Entry| entry.phase == Phase::Live && entry.owner == self.spec.owner;
        let registered = document.registered.entry.as_ref();
        let registered = registered.is_some_and(|row| row.has(self.wish) && live(&row.entry));
        let there = document.seen.database.as_ref().is_some_and(|found| found.allow_connections)
            && document.seen.role.is_some();
        if registered && there {
            return Ok(());
        }
        let cause = if registered {
            "its database or its owner role is missing, or shut"
        } else {
            "its registration changed since it was looked at"
        };
        Err(Trouble::told(refusal::told(
            self.link.settings(),
            Fault::Conflict,
            format!("Could not open credentials of {}", quoted(&self.spec.names.instance)),
            cause.to_owned(),
            "Nothing was made. Apply the instance, then run this again.",
        )))
    }

    fn failed(&self, failure: Failure, provider: &Login) -> Trouble {
        let grant = if provider.createrole || provider.superuser {
            sql::let_administer(&self.wish.owner_role, &provider.name)
        } else {
            sql::let_create_roles(&provider.name)
        };
        let doing = format!("Could not make a temporary login of {}", quoted(&self.wish.database));
        Trouble::server(failure, doing).or_grant(grant)
    }
}

// === impl Temporary ===

impl Temporary {
    fn open(&self) -> MutexGuard<'_, BTreeMap<String, TemporaryLogin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, login: &TemporaryLogin) {
        self.open().insert(login.name.clone(), login.clone());
    }

    fn forget(&self, name: &str) {
        self.open().remove(name);
    }
}

async fn read(link: &Link, spec: &Spec, wish: &PostgresWish) -> Result<Document, Trouble> {
    let session = observe::reader(link).await?;
    let document = observe::read(link, &session, spec, wish).await;
    if let Err(trouble) = &document {
        observe::forget(link, &session, trouble).await;
    }
    document
}

async fn later(session: &Session, time: Duration) -> Result<String, Failure> {
    let seconds = time.as_secs().to_string();
    one(&session.rows(sql_temporary::LATER, &[Some(&seconds)]).await?)
}

fn gone(link: &Link, login: &TemporaryLogin) -> FacetError {
    refusal::told(
        link.settings(),
        Fault::Missing,
        format!("Temporary login {} is gone", quoted(&login.name)),
        "somebody dropped it, or its time was over and another run swept it".to_owned(),
        "Run the same command again: it opens another one.",
    )
}
