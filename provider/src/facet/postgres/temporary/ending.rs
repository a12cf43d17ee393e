// SPDX-License-Identifier: MPL-2.0
//! Ending temporary logins: one that its run closes, and those that nobody closed.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use super::TemporaryLogin;
use crate::facet::Fault;
use crate::facet::postgres::failure::Failure;
use crate::facet::postgres::link::Link;
use crate::facet::postgres::session::{Session, one};
use crate::facet::postgres::trouble::Trouble;
use crate::facet::postgres::{dismantle, refusal, registry, sql, sql_temporary};
use crate::plan::Spec;
use crate::plan::postgres::{Login, PostgresWish, escaped, quoted};

/// How long its sessions may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at its sessions; one that was let in before the login was shut may show only after the first.
const PAUSE: Duration = Duration::from_millis(20);

/// Which logins of an instance a sweep ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::facet::postgres) enum Which {
    /// Those whose time is over, or that are shut: nobody can be using them.
    Over,
    /// All: their users are cut off.
    All,
}

/// Ends the logins of an instance under its registered names. One that cannot be ended, such as another login's of the
/// provider from PostgreSQL 16 on, is left and logged: whose time is over can do nothing any more, and must not hold up
/// anybody.
pub(in crate::facet::postgres) async fn sweep(
    link: &Link,
    session: &Session,
    spec: &Spec,
    wish: &PostgresWish,
    which: Which,
) {
    let marker = spec.marker();
    let begins = sql_temporary::comment_begins(&marker);
    let texts = [Some(begins.as_str()), Some(sql_temporary::TEMPORARY)];
    let found = async {
        let rows = session.rows(sql_temporary::OF_INSTANCE, &texts).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    };
    let found: Result<Vec<(String, bool)>, Failure> = found.await;
    let found = found.unwrap_or_else(|failure| {
        warn!(cause = %failure, "temporary logins could not be looked for");
        Vec::new()
    });
    for (name, _) in found.into_iter().filter(|(_, over)| *over || which == Which::All) {
        let login = TemporaryLogin {
            name,
            marker: marker.clone(),
            database: wish.database.clone(),
            owner_role: wish.owner_role.clone(),
        };
        let ended = async {
            let provider = provider(session).await.map_err(|f| failed(&login, f))?;
            end(link, session, &login, &provider).await
        };
        match ended.await {
            Ok(left) if left.is_empty() => {}
            Ok(left) => {
                warn!(role = %escaped(&login.name), ?left, "a temporary login remains, shut");
            }
            Err(trouble) => {
                let cause = trouble.into_error(link.settings()).cause;
                warn!(role = %escaped(&login.name), %cause, "a temporary login could not be ended");
            }
        }
    }
}

/// Ends one login under the lock of all writes.
pub(super) async fn end_locked(
    link: &Link,
    login: &TemporaryLogin,
) -> Result<Vec<String>, Trouble> {
    let writer = link.writer().await?;
    let ended = async {
        let provider = provider(writer.session()).await.map_err(|f| failed(login, f))?;
        end(link, writer.session(), login, &provider).await
    };
    match ended.await {
        Ok(left) => {
            writer.release().await;
            Ok(left)
        }
        Err(trouble) => {
            registry::give_back(writer, &trouble).await;
            Err(trouble)
        }
    }
}

/// Shut first, so that nobody comes back; then its sessions; then what it owns, and itself.
async fn end(
    link: &Link,
    session: &Session,
    login: &TemporaryLogin,
    provider: &Login,
) -> Result<Vec<String>, Trouble> {
    let failed = |failure| failed(login, failure);
    if !is_ours(session, login).await.map_err(failed)? {
        return Ok(Vec::new());
    }
    let grant = || sql::let_administer(&login.name, &provider.name);
    let shut = sql_temporary::shut(&login.name, provider);
    session.run(&shut).await.map_err(|failure| failed(failure).or_grant(grant()))?;
    end_sessions(link, session, login).await?;
    let settle = sql::settle(&login.name, &login.owner_role, provider);
    let dropped = match link.guest(&login.database).await {
        Ok(guest) => guest.session().run(&settle).await,
        // Its database went before it did.
        Err(failure) if failure.code() == Some("3D000") => {
            session.run(&sql::drop_role(&login.name)).await
        }
        Err(failure) => Err(failure),
    };
    match dropped {
        Ok(()) => Ok(Vec::new()),
        // It owns something outside of its database, which is not ours to give away.
        Err(failure) if failure.code() == Some("2BP01") => {
            dismantle::dependents(session, &login.name).await.map_err(failed)
        }
        Err(failure) => Err(failed(failure)),
    }
}

async fn end_sessions(
    link: &Link,
    session: &Session,
    login: &TemporaryLogin,
) -> Result<(), Trouble> {
    let begun = Instant::now();
    let mut quiet = 0;
    while quiet < 2 {
        let rows = session.rows(sql_temporary::END_SESSIONS, &[Some(&login.name)]).await;
        let ended: i64 = rows.and_then(|rows| one(&rows)).map_err(|f| failed(login, f))?;
        quiet = if ended == 0 { quiet + 1 } else { 0 };
        if begun.elapsed() > PATIENCE {
            return Err(Trouble::told(refusal::told(
                link.settings(),
                Fault::Occupied,
                format!("Could not end temporary login {}", quoted(&login.name)),
                format!("its sessions do not end within {} s", PATIENCE.as_secs()),
                "It is shut: nobody can log in with it. The next opening, deletion or renaming of the instance drops it.",
            )));
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Who the provider is on this server.
async fn provider(session: &Session) -> Result<Login, Failure> {
    let text: String = one(&session.rows(sql_temporary::PROVIDER, &[]).await?)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Driver(format!("an unreadable answer: {error}")))
}

/// Whether there is such a role, and it is what we made.
pub(super) async fn is_ours(session: &Session, login: &TemporaryLogin) -> Result<bool, Failure> {
    let begins = sql_temporary::comment_begins(&login.marker);
    let texts = [Some(login.name.as_str()), Some(begins.as_str()), Some(sql_temporary::TEMPORARY)];
    Ok(!session.rows(sql_temporary::IS_OURS, &texts).await?.is_empty())
}

fn failed(login: &TemporaryLogin, failure: Failure) -> Trouble {
    Trouble::server(failure, format!("Could not end temporary login {}", quoted(&login.name)))
}
