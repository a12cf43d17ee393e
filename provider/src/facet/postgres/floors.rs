// SPDX-License-Identifier: MPL-2.0
//! The floors in the registry: what each owner's configurations may not loosen here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failure::Failure;
use super::foreign::{self, Founded, Schema};
use super::link::Link;
use super::observe::{forget, reader};
use super::registry::give_back;
use super::session::{Session, one};
use super::trouble::Trouble;
use super::{refusal, sql_registry};
use crate::plan::postgres::quoted;
use crate::registry::{Floor, FloorChange};

/// Adds what a registry of an earlier release has not, within the transaction that is the first to write it.
pub(super) async fn upgrade(
    link: &Link,
    session: &Session,
    schema: &Schema,
) -> Result<(), Trouble> {
    session.run(sql_registry::UPGRADE).await.map_err(|failure| {
        if failure.is_forbidden() {
            let (settings, cause) = (link.settings(), failure.to_string());
            return Trouble::told(refusal::not_upgraded(settings, &schema.owner, cause));
        }
        Trouble::server(failure, "Could not add to the registry what this release keeps there")
    })
}

/// A floor as the registry has it.
pub(super) fn parse(link: &Link, floor: Value) -> Result<Floor, Trouble> {
    serde_json::from_value(floor).map_err(|error| {
        Trouble::told(refusal::unreadable_floor(link.settings(), &error.to_string()))
    })
}

/// Changes the floor of an owner, in one transaction, under the lock of all writes.
pub(super) async fn change(
    link: &Link,
    owner: &str,
    change: &FloorChange<'_>,
) -> Result<(), Trouble> {
    let writer = link.writer().await?;
    match transact(link, writer.session(), owner, change).await {
        Ok(()) => {
            writer.release().await;
            Ok(())
        }
        Err(trouble) => {
            give_back(writer, &trouble).await;
            Err(trouble)
        }
    }
}

async fn transact(
    link: &Link,
    session: &Session,
    owner: &str,
    change: &FloorChange<'_>,
) -> Result<(), Trouble> {
    let settings = link.settings();
    let failed = |failure: Failure| {
        Trouble::server(failure, format!("Could not write the floor of owner {}", quoted(owner)))
            .or_grant(sql_registry::grant_write(&settings.user))
    };
    session.run("BEGIN").await.map_err(failed)?;
    match foreign::find(link, session).await? {
        Some(schema) if schema.founded == Founded::Earlier => {
            upgrade(link, session, &schema).await?;
        }
        Some(schema) if schema.founded == Founded::Whole => {}
        _ => return Err(Trouble::told(refusal::no_registry(settings))),
    }
    is_known(link, session).await?;
    let rows = session.rows(sql_registry::FLOOR, &[Some(owner)]).await.map_err(failed)?;
    let found = if rows.is_empty() {
        None
    } else {
        Some(read(link, &one::<String>(&rows).map_err(failed)?)?)
    };
    if let Some(next) = change(found.as_ref())
        && found.as_ref() != Some(&next)
    {
        let text = json!(next).to_string();
        let texts = [Some(owner), Some(text.as_str())];
        session.rows(sql_registry::WRITE_FLOOR, &texts).await.map_err(failed)?;
    }
    session.run("COMMIT").await.map_err(failed)
}

/// Every floor, by owner; none where there is no registry or one of an earlier release.
pub(super) async fn all(link: &Link) -> Result<BTreeMap<String, Floor>, Trouble> {
    let session = reader(link).await?;
    let answer = async {
        if foreign::find(link, &session).await?.is_none_or(|s| s.founded != Founded::Whole) {
            return Ok(BTreeMap::new());
        }
        is_known(link, &session).await?;
        let rows = session.rows(sql_registry::FLOORS, &[]).await;
        let rows = rows.map_err(|failure| unread(link, failure))?;
        let mut floors = BTreeMap::new();
        for row in &rows {
            let column = |at| row.try_get::<_, String>(at);
            let (owner, text) = (column(0), column(1));
            let owner = owner.map_err(|error| unread(link, error.into()))?;
            let text = text.map_err(|error| unread(link, error.into()))?;
            floors.insert(owner, read(link, &text)?);
        }
        Ok(floors)
    };
    kept(link, &session, answer.await).await
}

/// Whether any app was ever registered in an env.
pub(super) async fn has_env(link: &Link, env: &str) -> Result<bool, Trouble> {
    let session = reader(link).await?;
    let answer = async {
        if foreign::founded(link, &session).await? == Founded::No {
            return Ok(false);
        }
        let rows = session.rows(sql_registry::HAS_ENV, &[Some(env)]).await;
        rows.and_then(|rows| one(&rows)).map_err(|failure| unread(link, failure))
    };
    kept(link, &session, answer.await).await
}

/// Refuses a registry of a later version.
pub(super) async fn is_known(link: &Link, session: &Session) -> Result<(), Trouble> {
    let rows = session.rows(sql_registry::IDENTITY, &[]).await;
    let rows = rows.map_err(|failure| unread(link, failure))?;
    let Some(row) = rows.first() else {
        return Err(Trouble::told(refusal::no_registry(link.settings())));
    };
    let version: i32 = row.try_get(1).map_err(|error| unread(link, error.into()))?;
    if version > sql_registry::VERSION {
        return Err(Trouble::told(refusal::newer_registry(link.settings(), version)));
    }
    Ok(())
}

/// Gives up the reading connection where the answer says that it was lost.
pub(super) async fn kept<T>(
    link: &Link,
    session: &std::sync::Arc<Session>,
    answer: Result<T, Trouble>,
) -> Result<T, Trouble> {
    if let Err(trouble) = &answer {
        forget(link, session, trouble).await;
    }
    answer
}

fn read(link: &Link, text: &str) -> Result<Floor, Trouble> {
    parse(link, serde_json::from_str(text).unwrap_or_default())
}

pub(super) fn unread(link: &Link, failure: Failure) -> Trouble {
    Trouble::server(failure, "Could not read the registry of instances")
        .or_grant(sql_registry::grant_read(&link.settings().user))
}
