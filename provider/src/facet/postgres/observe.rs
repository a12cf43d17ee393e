// SPDX-License-Identifier: MPL-2.0
//! Looking: no lock, no write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::foreign::Founded;
use super::link::Link;
use super::neighbours::{self, Neighbour};
use super::registered::Registered;
use super::session::{Ask, Session, Text};
use super::settings::{Host, SslMode};
use super::trouble::Trouble;
use super::{foreign, refusal, sql_read, sql_registry};
use crate::facet::{Observation, Refusal};
use crate::plan::postgres::{self, Login, PostgresWish, Seen, quoted};
use crate::plan::{ObjectState, Spec};
use crate::registry::Look;

/// Tries of a look; each of them waits for a server that starts up.
const TRIES: u32 = 4;

/// What the read statement answers.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(flatten)]
    pub(super) registered: Registered,
    #[serde(default)]
    pub(super) neighbours: Vec<Neighbour>,
    #[serde(flatten)]
    pub(super) seen: Seen,
}

/// The whole observation.
pub(super) async fn observe(
    link: &Link,
    spec: &Spec,
    wish: &PostgresWish,
    warned: &AtomicBool,
) -> Result<Observation, Trouble> {
    let mut tries = link.tries(TRIES);
    let mut document = loop {
        let session = reader(link).await?;
        match read(link, &session, spec, wish).await {
            Ok(document) => break document,
            Err(trouble) => {
                forget(link, &session, &trouble).await;
                tries.again(trouble).await?;
            }
        }
    };
    if !wish.extensions.is_empty()
        && document.seen.database.as_ref().is_some_and(|database| database.allow_connections)
    {
        document.seen.extensions = extensions(link, &wish.database).await?;
    }
    let seen = &document.seen;
    let occupied = if document.registered.has(wish) {
        Vec::new()
    } else {
        let mut standing = seen.clone();
        // What it has under a name that stays is its own.
        if let Some(row) = document.registered.under_other_names(wish) {
            standing.role = standing.role.filter(|_| row.owner_role != wish.owner_role);
            standing.database = standing.database.filter(|found| {
                // A copy is made closed.
                let copied = row.copying.as_ref() == Some(&wish.database)
                    && found.owner == row.owner_role
                    && !found.allow_connections;
                row.database != wish.database && !copied
            });
        }
        if wish.owner_role_shared && neighbours::shares(&document.neighbours, spec, wish) {
            standing.role = None;
        }
        postgres::occupied(wish, &standing)
    };
    let mut refusals = refusals(link, &document.neighbours, spec, wish).await?;
    refusals.extend(shared_role(link, spec, wish, &document).await?);
    let mut warnings =
        if warned.swap(true, Ordering::Relaxed) { Vec::new() } else { warnings(link, &seen.login) };
    if !document.registered.has(wish) && refusals.is_empty() {
        warnings.extend(neighbours::warning(&document.neighbours, spec, wish));
    }
    let renamed = document.registered.under_other_names(wish).map(|row| row.renamed(wish));
    let mut objects = postgres::objects(wish, &spec.marker(), seen);
    if document.registered.has(wish)
        && let Some(copy) = document.registered.entry.as_ref().and_then(|row| row.copying.as_ref())
    {
        let told = ObjectState::Differs(vec![format!("a copy to {} was begun", quoted(copy))]);
        objects.insert(postgres::DATABASE.to_owned(), told);
    }
    let is_new = document.registered.entry.as_ref().is_none_or(|row| row.entry.is_gone());
    let blocked = if is_new { in_the_way(wish, &document.seen) } else { Vec::new() };
    Ok(Observation {
        objects,
        occupied,
        foreign: BTreeMap::new(),
        blocked,
        kept: document.registered.entry.as_ref().map(|row| row.kept.clone()).unwrap_or_default(),
        renamed: renamed.unwrap_or_default(),
        refusals,
        warnings,
        look: document.registered.into_look(),
    })
}

/// What no apply changes in place, of an instance that nobody registered.
fn in_the_way(wish: &PostgresWish, seen: &Seen) -> Vec<Refusal> {
    let fixed = seen.database.as_ref().map(|there| postgres::unmendable(wish, there));
    let fixed = fixed.filter(|differences| !differences.is_empty());
    let role = seen.role.as_ref().filter(|role| role.superuser);
    fixed
        .map(|differences| refusal::fixed_at_creation(&wish.database, &differences))
        .into_iter()
        .chain(role.map(|_| refusal::superuser_owner(&wish.owner_role)))
        .collect()
}

/// The registry alone.
pub(super) async fn look(link: &Link, spec: &Spec) -> Result<Look, Trouble> {
    let texts: [Text<'_>; 3] =
        [Some(spec.coordinate.app()), Some(spec.coordinate.env()), Some(&spec.owner)];
    let mut tries = link.tries(TRIES);
    loop {
        let session = reader(link).await?;
        let looked = match ask::<Registered>(link, &session, Ask::Look, &texts).await {
            Ok(Ok(registered)) => registered.known(link).map(Registered::into_look),
            Ok(Err(failure)) => Err(unread(link, spec, failure)),
            Err(trouble) => Err(trouble),
        };
        let trouble = match looked {
            Ok(look) => return Ok(look),
            Err(trouble) => trouble,
        };
        forget(link, &session, &trouble).await;
        tries.again(trouble).await?;
    }
}

/// Registry and catalogs of one instance, on whichever connection.
pub(super) async fn read(
    link: &Link,
    session: &Session,
    spec: &Spec,
    wish: &PostgresWish,
) -> Result<Document, Trouble> {
    let texts: [Text<'_>; 7] = [
        Some(spec.coordinate.app()),
        Some(spec.coordinate.env()),
        Some(&wish.database),
        Some(&wish.owner_role),
        wish.vault_login.as_deref(),
        wish.encoding.as_deref(),
        Some(&spec.owner),
    ];
    let mut answer = ask::<Document>(link, session, Ask::Read, &texts).await?;
    // Objects that stand where no registry was a moment ago may come from whoever has founded it since.
    let has_objects =
        |document: &Document| document.seen.role.is_some() || document.seen.database.is_some();
    if session.trusted() == Founded::No && answer.as_ref().is_ok_and(has_objects) {
        answer = ask(link, session, Ask::Read, &texts).await?;
    }
    let mut document = answer.map_err(|failure| unread(link, spec, failure))?;
    document.registered = document.registered.known(link)?;
    Ok(document)
}

/// Asks by what the registry is, and once more where that turns out to have changed under the session: another run gave
/// it floors, or took a table away.
async fn ask<D: DeserializeOwned + AsRef<Registered>>(
    link: &Link,
    session: &Session,
    what: Ask,
    texts: &[Text<'_>],
) -> Result<Result<D, Failure>, Trouble> {
    let answer = session.ask::<D>(what, foreign::founded(link, session).await?, texts).await;
    let is_stale = match &answer {
        Ok(document) => document.as_ref().upgraded,
        Err(failure) => failure.is_undefined_table(),
    };
    if !is_stale {
        return Ok(answer);
    }
    session.trust(Founded::No);
    Ok(session.ask(what, foreign::founded(link, session).await?, texts).await)
}

// === impl Document ===

impl AsRef<Registered> for Document {
    fn as_ref(&self) -> &Registered {
        &self.registered
    }
}

/// What holds for the whole connection and is said once a process.
fn warnings(link: &Link, login: &Login) -> Vec<Refusal> {
    let mut warnings = Vec::new();
    if !login.superuser && login.createrole && !login.has_membership_options() {
        warnings.push(Refusal {
            summary: "The provider's login could take over every other role of this server".to_owned(),
            detail: format!(
                "Before PostgreSQL 16 a login with CREATEROLE, as {} has, may reset the password of any role \
                 that is no superuser and grant itself any such role. Use PostgreSQL 16 or later, or a server \
                 for these apps alone.",
                quoted(&login.name)
            ),
        });
    }
    let settings = link.settings();
    let remote = settings.hosts.iter().any(|host| matches!(host, Host::Tcp { .. }));
    if remote && settings.sslmode == Some(SslMode::Require) && settings.sslrootcert.is_none() {
        warnings.push(Refusal {
            summary: "The PostgreSQL server's certificate is not checked".to_owned(),
            detail: "sslmode = \"require\" encrypts, but speaks with whoever answers. Give sslrootcert and use \
                     verify-full."
                .to_owned(),
        });
    }
    warnings
}

/// The reading connection.
pub(super) async fn reader(link: &Link) -> Result<Arc<Session>, Trouble> {
    let opened = link.reader().await;
    opened.map_err(|failure| Trouble::server(failure, "Could not look at the PostgreSQL server"))
}

/// Gives up the reading connection where it was lost.
pub(super) async fn forget(link: &Link, session: &Arc<Session>, trouble: &Trouble) {
    if let Trouble::Server { failure, .. } = trouble
        && failure.ends_session()
    {
        link.forget_reader(session).await;
    }
}

/// The extensions of the instance's database; `None` where this login may not look.
pub(super) async fn extensions(
    link: &Link,
    database: &str,
) -> Result<Option<BTreeSet<String>>, Trouble> {
    let doing = || format!("Could not read the extensions of database {}", quoted(database));
    let guest = match link.guest(database).await {
        Ok(guest) => guest,
        Err(failure) if failure.is_closed_door() => return Ok(None),
        Err(failure) => return Err(Trouble::server(failure, doing())),
    };
    let there = installed(guest.session()).await;
    there.map(Some).map_err(|failure| Trouble::server(failure, doing()))
}

/// The extensions of the database a session is in.
pub(super) async fn installed(session: &Session) -> Result<BTreeSet<String>, Failure> {
    let rows = session.rows(sql_read::EXTENSIONS, &[]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A renaming between a role that other instances have too and one that is not the same.
async fn shared_role(
    link: &Link,
    spec: &Spec,
    wish: &PostgresWish,
    document: &Document,
) -> Result<Option<Refusal>, Trouble> {
    let renamed = document.registered.under_other_names(wish);
    let Some(row) = renamed.filter(|row| row.owner_role != wish.owner_role) else {
        return Ok(None);
    };
    let told = |role: &str| {
        let error = refusal::rename_shared(link.settings(), role, &row.owner_role);
        Some(Refusal { summary: error.summary, detail: format!("{}. {}", error.cause, error.next) })
    };
    if neighbours::shares(&document.neighbours, spec, wish) {
        return Ok(told(&wish.owner_role));
    }
    let was = PostgresWish {
        database: row.database.clone(),
        owner_role: row.owner_role.clone(),
        ..wish.clone()
    };
    let session = reader(link).await?;
    let before = read(link, &session, spec, &was).await;
    if let Err(trouble) = &before {
        forget(link, &session, trouble).await;
    }
    Ok(if neighbours::shares(&before?.neighbours, spec, &was) {
        told(&was.owner_role)
    } else {
        None
    })
}

/// What other instances have; where it is the role, with a name that is free.
async fn refusals(
    link: &Link,
    beside: &[Neighbour],
    spec: &Spec,
    wish: &PostgresWish,
) -> Result<Vec<Refusal>, Trouble> {
    if neighbours::clashes(beside, spec, wish).is_empty() {
        return Ok(Vec::new());
    }
    let session = reader(link).await?;
    let free = neighbours::free_role(&session, spec, wish).await;
    let free = free.map_err(|failure| unread(link, spec, failure))?;
    Ok(neighbours::refusals(beside, spec, wish, free.as_deref()))
}

fn unread(link: &Link, spec: &Spec, failure: Failure) -> Trouble {
    let instance = quoted(&spec.names.instance);
    Trouble::server(failure, format!("Could not read what instance {instance} has in PostgreSQL"))
        .or_grant(sql_registry::grant_read(&link.settings().user))
}
