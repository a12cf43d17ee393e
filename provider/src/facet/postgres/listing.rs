// SPDX-License-Identifier: MPL-2.0
//! Every instance of a server at once: two statements, whatever there is.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::failure::Failure;
use super::floors::{is_known, kept, unread};
use super::foreign::{self, Founded};
use super::link::Link;
use super::observe::reader;
use super::registered::Row;
use super::session::{Session, one};
use super::trouble::Trouble;
use super::{sql_listing, sql_temporary};
use crate::plan::Marker;
use crate::plan::postgres::quoted;
use crate::registry::{Listing, Overdue, Phase, Registration, Stray};

#[derive(Deserialize)]
struct Document {
    instances: Vec<Line>,
    overdue: Vec<Login>,
}

#[derive(Deserialize)]
struct Line {
    app: String,
    env: String,
    row: Row,
    has_database: bool,
    has_role: bool,
}

#[derive(Deserialize)]
struct Login {
    app: String,
    env: String,
    #[serde(rename = "login")]
    name: String,
    until: Option<String>,
    shut: bool,
}

/// Every registration, what is marked without one, and logins that are over.
pub(super) async fn all(link: &Link) -> Result<Listing, Trouble> {
    let session = reader(link).await?;
    let answer = async {
        let mut listing = Listing::default();
        if foreign::founded(link, &session).await? != Founded::No {
            is_known(link, &session).await?;
            let document = registered(&session).await.map_err(|failure| unread(link, failure))?;
            listing.founded = true;
            listing.registrations = document.instances.into_iter().map(Line::told).collect();
            listing.overdue = document.overdue.into_iter().map(Login::told).collect();
        }
        let marked = marked(&session).await.map_err(|failure| unread(link, failure))?;
        listing.strays = strays(marked, &listing.registrations);
        Ok(listing)
    };
    kept(link, &session, answer.await).await
}

async fn registered(session: &Session) -> Result<Document, Failure> {
    let text: String = one(&session.rows(sql_listing::REGISTERED, &[]).await?)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Driver(format!("an unreadable registry entry: {error}")))
}

/// What carries our marker: what it is, its name, its comment.
async fn marked(session: &Session) -> Result<Vec<[String; 3]>, Failure> {
    let rows = session.rows(sql_listing::MARKED, &[Some(sql_temporary::TEMPORARY)]).await?;
    rows.iter().map(|row| Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?])).collect()
}

/// What no living instance has. A role that an app's instances share carries no env, and is nobody's stray.
fn strays(marked: Vec<[String; 3]>, registrations: &[Registration]) -> Vec<Stray> {
    let living = registrations.iter().filter(|one| !one.entry.is_gone());
    let living: BTreeSet<_> = living.map(|one| (one.app.as_str(), one.env.as_str())).collect();
    let stray = |[what, name, comment]: [String; 3]| {
        let Marker { app, env, owner } = Marker::parse(&comment)?;
        let is_stray = !living.contains(&(app.as_str(), env.as_str()));
        is_stray.then(|| Stray { app, env, owner, object: format!("{what} {}", quoted(&name)) })
    };
    marked.into_iter().filter_map(stray).collect()
}

// === impl Line ===

impl Line {
    fn told(self) -> Registration {
        let Row { entry, database, owner_role, copying, .. } = self.row;
        let mut missing = Vec::new();
        if entry.phase == Phase::Live {
            missing.extend((!self.has_database).then(|| format!("database {}", quoted(&database))));
            missing.extend((!self.has_role).then(|| format!("role {}", quoted(&owner_role))));
        }
        let copying = copying.filter(|_| !entry.is_gone());
        Registration {
            unfinished: copying.map(|to| format!("a copy to database {} was begun", quoted(&to))),
            missing,
            ..Registration::new(self.app, self.env, entry)
        }
    }
}

// === impl Login ===

impl Login {
    fn told(self) -> Overdue {
        Overdue {
            app: self.app,
            env: self.env,
            login: self.name,
            until: self.until,
            shut: self.shut,
        }
    }
}
